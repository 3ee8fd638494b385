//! Google's Gemini API: requests and answers.

mod calls;
mod decode;
mod extras;
mod finish;
mod output;
mod partial_args;
mod repeat;
mod texts;
mod usage;
mod wire;

mod answers;
mod attachments;
mod config;
mod contents;
mod encode;
mod functions;
mod results;
mod schema;
mod thinking_config;

pub use decode::Decoder;
pub use encode::encode;
