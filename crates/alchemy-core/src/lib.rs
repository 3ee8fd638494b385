//! One streaming-first API to every large-language-model provider.
//!
//! The crate knows nothing of Python. Imports point one way, from the data to the client:
//! `json <- types <- {error, headers} <- head <- {env, framing, quirks, overflow, partial_json, random, rate_limits, runtimes, secrets} <- assembler <- protocols <- answer`,
//! and `providers <- client -> {transport, retry, limiter, stream} -> answer`.

pub mod answer;
pub mod assembler;
pub mod client;
mod deadlines;
pub mod env;
pub mod error;
pub mod framing;
pub mod head;
pub mod headers;
pub mod json;
pub mod limiter;
pub mod overflow;
pub mod partial_json;
pub mod protocols;
pub mod providers;
pub mod quirks;
pub mod random;
pub mod rate_limits;
pub mod retry;
pub mod runtimes;
pub mod secrets;
pub mod stream;
pub mod transport;
pub mod types;
