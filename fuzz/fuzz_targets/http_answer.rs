//! What a server sends over HTTP/1.1: heads, lengths, chunks and gzip, cut anywhere.
#![no_main]

use alchemy_core::transport::replay::cuts;

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if seed % 4 == 0 && size > 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let changed = cuts::changed(&data[..size], seed.into());
    let size = changed.len().min(max_size).min(data.len());
    data[..size].copy_from_slice(&changed[..size]);
    size
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| cuts::check(bytes));
