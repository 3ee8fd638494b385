//! OpenAI Chat Completions, and the many servers that imitate it.

mod calls;
mod decode;
mod details;
mod extras;
mod finish;
mod output;
mod repeat;
mod think_tags;
mod usage;
mod wire;

mod assistant;
mod cache;
mod conversation;
mod encode;
mod media;
mod options;
mod reasoning;
mod request;
mod tool_results;
mod tools;

pub use decode::Decoder;
pub use encode::encode;
