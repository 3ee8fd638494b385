//! Anthropic Messages, and the servers that imitate it: requests and answers.

mod blocks;
mod decode;
mod opaque;
mod stop;
mod usage;
mod wire;

mod encode;

pub use decode::Decoder;
pub use encode::encode;
