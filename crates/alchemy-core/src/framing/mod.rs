//! Bytes to frames, at any split of the bytes and without I/O.

pub mod json_array;
pub mod sse;

use std::borrow::Cow;

use self::json_array::JsonArrayFramer;
use self::sse::SseFramer;
use crate::error::{Error, ErrorKind, Result};

/// The most bytes that one event may have, unless something else is asked for.
pub const EVENT_LIMIT: usize = 64 * 1024 * 1024;

/// Cuts the bytes of a stream into events.
pub enum Framer {
    /// Server-sent events.
    Sse(SseFramer),
    /// A JSON array whose items are the events.
    JsonArray(JsonArrayFramer),
}

impl Framer {
    /// Takes the next bytes and hands each event that they complete to `sink`.
    ///
    /// # Errors
    /// What `sink` returns, an event over the limit, or data that is not UTF-8.
    pub fn feed(&mut self, bytes: &[u8], sink: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
        match self {
            Framer::Sse(framer) => framer.feed(bytes, sink),
            Framer::JsonArray(framer) => framer.feed(bytes, sink),
        }
    }

    /// Takes the end of the bytes.
    ///
    /// # Errors
    /// As [`Framer::feed`], or an event that was cut.
    pub fn finish(&mut self, sink: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
        match self {
            Framer::Sse(framer) => framer.finish(sink),
            Framer::JsonArray(framer) => framer.finish(),
        }
    }

    /// Whether something followed the end of the stream, which its form tells where it is an array.
    #[must_use]
    pub fn has_trailing(&self) -> bool {
        matches!(self, Framer::JsonArray(framer) if framer.has_trailing())
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>> {
    std::str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|_| Error::new(ErrorKind::ResponseError, "the stream holds bytes that are not UTF-8"))
}

fn too_large(limit: usize) -> Error {
    Error::new(ErrorKind::ResponseError, over_limit("one event of the stream", limit))
}

/// Says that something is over the limit, and by which option that is set.
pub(crate) fn over_limit(what: &str, limit: usize) -> String {
    let (figure, unit) = match limit {
        1 => (1, "byte"),
        _ if limit.is_multiple_of(1 << 20) => (limit >> 20, "MB"),
        _ => (limit, "bytes"),
    };
    format!("{what} is larger than {figure} {unit} (max_event_bytes)")
}
