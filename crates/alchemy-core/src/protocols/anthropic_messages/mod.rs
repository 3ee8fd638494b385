//! Anthropic Messages, and the servers that imitate it: requests and answers.

mod blocks;
mod decode;
mod opaque;
mod repeat;
mod stop;
mod usage;
mod wire;

mod assistant;
mod betas;
mod cache;
mod conversation;
mod encode;
mod media;
mod options;
mod output;
mod request;
mod thinking;
mod tools;

pub use decode::Decoder;
pub use encode::encode;
