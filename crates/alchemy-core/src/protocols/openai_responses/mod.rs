//! OpenAI Responses: requests and answers.

mod blocks;
mod calls;
mod decode;
mod finish;
mod items;
mod progress;
mod repeat;
mod usage;
mod wire;

mod assistant;
mod encode;
mod input;
mod media;
mod options;
mod request;
mod results;
mod tools;

pub use decode::Decoder;
pub use encode::encode;
