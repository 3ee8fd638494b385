//! Google's Gemini API: requests and answers.

mod decode;
mod encode;

pub use decode::Decoder;
pub use encode::encode;
