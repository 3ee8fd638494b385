//! The framer of JSON arrays.
#![no_main]

alchemy_fuzz::answers!(None, |case| alchemy_fuzz::framers::check_json_array(
    &case.body, case.cuts
));
