//! Google's Gemini API: requests and answers.

mod calls;
mod decode;
mod extras;
mod finish;
mod media;
mod partial_args;
mod texts;
mod usage;
mod wire;

mod encode;

pub use decode::Decoder;
pub use encode::encode;
