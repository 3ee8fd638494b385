//! The reader of JSON that is still arriving.
#![no_main]

use alchemy_fuzz::case::Case;
use alchemy_fuzz::{arguments, change_request};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_mutator!(|room: &mut [u8], size: usize, max_size: usize, seed: u32| {
    change_request(room, size, max_size, seed)
});

fuzz_target!(|bytes: &[u8]| {
    if let Some(case) = Case::read(bytes) {
        arguments::check(&case.text(), case.cuts);
    }
});
