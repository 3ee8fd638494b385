//! Accounts of failures, in the many shapes of vendors and gateways.
#![no_main]

alchemy_fuzz::answers!(None, |case| alchemy_fuzz::failures::check(&case));
