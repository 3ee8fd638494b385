//! Puts the events of a stream one after another, as the framing of HTTP wants them.

use std::ops::Range;

/// How the body of a stream is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Framing {
    /// HTTP/1.1: each event is one HTTP chunk, as the vendors' servers flush them.
    Chunked,
    /// HTTP/2, which frames by itself.
    Bare,
}

/// The events of a stream, as bytes.
pub(crate) struct Events {
    framing: Framing,
    bytes: Vec<u8>,
    /// Where the last event is, its framing included.
    last: Range<usize>,
}

impl Events {
    /// Events after what is there already, the head of an answer for one.
    pub(crate) fn after(bytes: Vec<u8>, framing: Framing) -> Self {
        Self {
            framing,
            bytes,
            last: 0..0,
        }
    }

    pub(crate) fn new(framing: Framing) -> Self {
        Self::after(Vec::new(), framing)
    }

    /// Adds an event without a name.
    pub(crate) fn data(&mut self, data: &str) {
        self.add(&["data: ", data, "\n\n"]);
    }

    /// Adds an event that says its name.
    pub(crate) fn named(&mut self, name: &str, data: &str) {
        self.add(&["event: ", name, "\ndata: ", data, "\n\n"]);
    }

    /// Adds an event without a name whose lines end as Google's do.
    pub(crate) fn data_with_carriage_returns(&mut self, data: &str) {
        self.add(&["data: ", data, "\r\n\r\n"]);
    }

    fn add(&mut self, parts: &[&str]) {
        let start = self.bytes.len();
        let size: usize = parts.iter().map(|part| part.len()).sum();
        if self.framing == Framing::Chunked {
            self.bytes.extend_from_slice(format!("{size:x}\r\n").as_bytes());
        }
        for part in parts {
            self.bytes.extend_from_slice(part.as_bytes());
        }
        if self.framing == Framing::Chunked {
            self.bytes.extend_from_slice(b"\r\n");
        }
        self.last = start..self.bytes.len();
    }

    /// Where the last event is, its framing included, and its bytes.
    pub(crate) fn last(&self) -> (Range<usize>, &[u8]) {
        (self.last.clone(), self.bytes.get(self.last.clone()).unwrap_or_default())
    }

    /// The bytes so far: the body goes on.
    pub(crate) fn open(self) -> Vec<u8> {
        self.bytes
    }

    /// The bytes with the end of the body.
    pub(crate) fn finished(mut self) -> Vec<u8> {
        if self.framing == Framing::Chunked {
            self.bytes.extend_from_slice(b"0\r\n\r\n");
        }
        self.bytes
    }
}
