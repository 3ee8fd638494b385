//! The framer of server-sent events.
#![no_main]

alchemy_fuzz::answers!(None, |case| alchemy_fuzz::framers::check_sse(&case.body, case.cuts));
