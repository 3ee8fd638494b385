//! Answers as a whole: any status, any header, any bytes over any protocol.
#![no_main]

alchemy_fuzz::answers!(None, |case| alchemy_fuzz::answers::check(&case));
