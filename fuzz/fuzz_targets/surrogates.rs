//! Texts that a server cuts between the halves of a character.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| alchemy_fuzz::halves::check(bytes));
