//! Bytes to frames, at any split of the bytes and without I/O.

pub mod sse;
