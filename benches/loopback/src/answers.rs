//! Makes the bytes of the answers, each once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;

use bytes::Bytes;

use crate::events::{Events, Framing};
use crate::script::Script;
use crate::vendors::{Arguments, Headers, vendor};
use crate::wanted::{Protocol, Shape};

/// Once the answers that are kept come to more than this, they are made anew when they are asked for again.
const KEPT_BYTES: usize = 1024 * 1024 * 1024;
/// The same for the deltas of paced streams.
const KEPT_DELTAS: usize = 3_000_000;
const WORDS: [&str; 16] = [
    " the",
    " quick",
    " brown",
    " fox",
    " jumps",
    " over",
    ",",
    " a",
    " lazy",
    " dog",
    ".",
    "\\n",
    " \\u00fcber",
    " caf\u{e9}",
    " \\\"so\\\"",
    " understanding",
];
pub(crate) const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";
pub(crate) const JSON: &str = "application/json";

/// The answers that were asked for so far.
#[derive(Default)]
pub(crate) struct Answers {
    bursts: RefCell<HashMap<(Protocol, Shape, Framing), Bytes>>,
    scripts: RefCell<HashMap<(Protocol, usize, Framing), Rc<Script>>>,
}

impl Answers {
    /// The body of a stream that is sent at once; in chunks it has the head of its answer before it.
    pub(crate) fn burst(&self, protocol: Protocol, shape: Shape, framing: Framing) -> Bytes {
        let mut made = self.bursts.borrow_mut();
        if let Some(bytes) = made.get(&(protocol, shape, framing)) {
            return bytes.clone();
        }
        let mut out = opened(protocol, framing);
        match shape {
            Shape::Text(count) => text(protocol, count, &mut out),
            Shape::Call { bytes, step } => vendor(protocol).call(&mut out, &Arguments::of(bytes), step),
        }
        let bytes = Bytes::from(out.finished());
        if made.values().map(Bytes::len).sum::<usize>() + bytes.len() > KEPT_BYTES {
            made.clear();
        }
        made.insert((protocol, shape, framing), bytes.clone());
        bytes
    }

    /// The deltas of a paced stream.
    pub(crate) fn script(&self, protocol: Protocol, count: usize, framing: Framing) -> Rc<Script> {
        let mut made = self.scripts.borrow_mut();
        if let Some(script) = made.get(&(protocol, count, framing)) {
            return Rc::clone(script);
        }
        if made.values().map(|script| script.count()).sum::<usize>() + count > KEPT_DELTAS {
            made.clear();
        }
        let script = Rc::new(Script::new(protocol, count, framing));
        made.insert((protocol, count, framing), Rc::clone(&script));
        script
    }
}

fn text(protocol: Protocol, count: usize, out: &mut Events) {
    let vendor = vendor(protocol);
    let mut text = String::new();
    vendor.opening(out);
    for (index, word) in WORDS.iter().cycle().take(count).enumerate() {
        vendor.delta(out, index, word);
        text.push_str(word);
    }
    vendor.closing(out, count, &text);
}

/// The begin of a stream: in chunks, the head of the answer.
pub(crate) fn opened(protocol: Protocol, framing: Framing) -> Events {
    let head = match framing {
        Framing::Chunked => head("200 OK", EVENT_STREAM, vendor(protocol).headers(), None).into_bytes(),
        Framing::Bare => Vec::new(),
    };
    Events::after(head, framing)
}

/// A response with JSON in it.
pub(crate) fn response(status: &str, headers: Headers, body: &str) -> String {
    head(status, JSON, headers, Some(body.len())) + body
}

/// The body of an answer that refuses.
pub(crate) fn error(message: &str) -> String {
    let quoted = message.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{{\"error\":{{\"message\":\"{quoted}\",\"type\":\"invalid_request_error\"}}}}")
}

fn head(status: &str, kind: &str, headers: Headers, length: Option<usize>) -> String {
    let mut head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ndate: Sat, 01 Nov 2025 12:00:00 GMT\r\nserver: loopback\r\n"
    );
    // Writing to a String cannot fail.
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = match length {
        Some(length) => write!(head, "content-length: {length}\r\n\r\n"),
        None => write!(head, "transfer-encoding: chunked\r\n\r\n"),
    };
    head
}
