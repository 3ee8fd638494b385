//! The wire protocols: what each vendor's events and messages look like.
//!
//! Text and arguments are handed over as they stand inside a JSON string, escapes and all.

mod completions;

use crate::events::Events;
use crate::request::Protocol;

/// The text of the answers that are not streamed.
const HELLO: &str = "Hello! How can I help you today?";
/// Bytes without a meaning that some vendors add so that the size of an event tells nothing about its text.
const PADDING: &str = "k3Vx8QzL0aWmT5rYcN1bHsJ7dGfE9uPo2iXvC4tB6nMqZyRwKjUhSgAeDlFp";

/// One vendor's shapes.
pub(crate) trait Vendor {
    /// The headers that its answers carry, so that reading them is part of the cost; name and value.
    fn headers(&self) -> &'static [(&'static str, &'static str)];
    /// The events before the first delta.
    fn opening(&self, out: &mut Events);
    /// The event of the delta with this number, counted from 0.
    fn delta(&self, out: &mut Events, index: usize, text: &str);
    /// The events after the last delta, given how many there were and the whole text.
    fn closing(&self, out: &mut Events, count: usize, text: &str);
    /// The answer that is not streamed, as JSON.
    fn whole(&self) -> String;
}

/// The shapes of a protocol.
pub(crate) fn vendor(protocol: Protocol) -> &'static dyn Vendor {
    match protocol {
        Protocol::Completions => &completions::Completions,
    }
}
