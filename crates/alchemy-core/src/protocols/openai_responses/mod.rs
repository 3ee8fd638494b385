//! OpenAI Responses: requests and answers.

mod blocks;
mod calls;
mod decode;
mod finish;
mod items;
mod progress;
mod usage;
mod wire;

mod encode;

pub use decode::Decoder;
pub use encode::encode;
