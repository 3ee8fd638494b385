//! Models, conversations and options from JSON, and the requests that they become.
#![no_main]

use alchemy_fuzz::case::Case;
use alchemy_fuzz::{change_request, data};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_mutator!(|room: &mut [u8], size: usize, max_size: usize, seed: u32| {
    change_request(room, size, max_size, seed)
});

fuzz_target!(|bytes: &[u8]| {
    if let Some(case) = Case::read(bytes) {
        data::check(&case.text());
    }
});
