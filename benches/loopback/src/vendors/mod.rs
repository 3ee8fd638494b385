//! The wire protocols: what each vendor's events and messages look like.
//!
//! Sizes, members and their order are those of the vendors' servers. Text and arguments are handed over as they stand
//! inside a JSON string, escapes and all.

mod arguments;
mod completions;
mod gemini;
mod messages;
mod responses;

pub(crate) use arguments::Arguments;

use crate::events::Events;
use crate::wanted::Protocol;

/// The text of the answers that are not streamed.
const HELLO: &str = "Hello! How can I help you today?";
/// The tool that the calls are for.
const TOOL: &str = "write_file";
/// Bytes without a meaning that some vendors add so that the size of an event tells nothing about its text.
const PADDING: &str = "k3Vx8QzL0aWmT5rYcN1bHsJ7dGfE9uPo2iXvC4tB6nMqZyRwKjUhSgAeDlFp";

/// Names and values of HTTP headers.
pub(crate) type Headers = &'static [(&'static str, &'static str)];

/// One vendor's shapes.
pub(crate) trait Vendor {
    /// The headers that its answers carry, so that reading them is part of the cost.
    fn headers(&self) -> Headers;
    /// The events before the first delta.
    fn opening(&self, out: &mut Events);
    /// The event of the delta with this number, counted from 0.
    fn delta(&self, out: &mut Events, index: usize, text: &str);
    /// The events after the last delta, given how many there were and the whole text.
    fn closing(&self, out: &mut Events, count: usize, text: &str);
    /// All events of an answer that is one tool call, its arguments in pieces of `step` bytes.
    fn call(&self, out: &mut Events, arguments: &Arguments, step: usize);
    /// The answer that is not streamed, as JSON.
    fn whole(&self) -> String;
}

/// The shapes of a protocol.
pub(crate) fn vendor(protocol: Protocol) -> &'static dyn Vendor {
    match protocol {
        Protocol::Completions => &completions::Completions,
        Protocol::Responses => &responses::Responses,
        Protocol::Messages => &messages::Messages,
        Protocol::Gemini => &gemini::Gemini,
    }
}

/// So much padding that `text` and it come to a multiple of 16 bytes.
fn padding(text: &str) -> &'static str {
    PADDING.get(..16 - text.len() % 16).unwrap_or_default()
}
