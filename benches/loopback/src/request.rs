//! Takes a request apart and says which answer it asks for.

use memchr::memmem::find;

/// More deltas than this in one answer are refused: the bytes of an answer are held in memory.
const MOST_EVENTS: usize = 2_000_000;
/// A request above this size is refused; a conversation of a million words has about eight megabytes.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// The deltas of a stream whose request names no number.
const DEFAULT_EVENTS: usize = 100;

/// The wire protocols that are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Protocol {
    Completions,
}

/// What a stream consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Shape {
    /// So many deltas of text.
    Text(usize),
}

impl Shape {
    /// How many deltas there are.
    pub(crate) fn deltas(self) -> usize {
        match self {
            Shape::Text(count) => count,
        }
    }
}

/// The answer that a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The whole message as one JSON document.
    Whole(Protocol),
    /// A stream, as fast as the socket takes it.
    Burst(Protocol, Shape),
    /// So many deltas, one every so many milliseconds.
    Paced(Protocol, usize, u64),
    /// What the provider says of itself.
    Stats,
    /// The same from zero.
    Reset,
    /// No such path or method.
    NotFound,
    /// The request cannot be served; why.
    Refused(String),
}

/// Takes the next request out of the bytes that were read of a connection; `None` where it is not all there.
/// An error is a request that is too large to wait for.
pub(crate) fn take(kept: &mut Vec<u8>) -> Result<Option<Wanted>, String> {
    let Some(at) = find(kept, b"\r\n\r\n") else {
        return if kept.len() > MOST_BYTES {
            Err("the request's head is too large".to_owned())
        } else {
            Ok(None)
        };
    };
    let (head, rest) = kept.split_at(at + 4);
    let head = String::from_utf8_lossy(head);
    let length: usize = header(&head, "content-length")
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    if length > MOST_BYTES {
        return Err("the request's body is too large".to_owned());
    }
    let Some(body) = rest.get(..length) else {
        return Ok(None);
    };
    let mut words = head.split([' ', '\r']);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let wanted = wanted(method, path, header(&head, "x-events"), body);
    kept.drain(..at + 4 + length);
    Ok(Some(wanted))
}

/// What a request asks for, given the value of the header `x-events`.
pub(crate) fn wanted(method: &str, path: &str, events: Option<&str>, body: &[u8]) -> Wanted {
    match (method, path) {
        ("GET", "/stats") => return Wanted::Stats,
        ("POST", "/stats/reset") => return Wanted::Reset,
        ("POST", _) => {}
        _ => return Wanted::NotFound,
    }
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let protocol = if path.ends_with("/chat/completions") {
        Protocol::Completions
    } else {
        return Wanted::NotFound;
    };
    if member(body, b"\"stream\"").is_none_or(|value| !value.starts_with(b"true")) {
        return Wanted::Whole(protocol);
    }
    let model = member(body, b"\"model\"").and_then(quoted).unwrap_or_default();
    stream(protocol, model, events).unwrap_or_else(Wanted::Refused)
}

fn stream(protocol: Protocol, model: &str, events: Option<&str>) -> Result<Wanted, String> {
    if let Some(rest) = model.strip_prefix("paced-") {
        let parsed = rest
            .split_once('-')
            .and_then(|(events, pause)| Some((count(events)?, pause.parse().ok()?)));
        return parsed.map_or_else(
            || Err(format!("model {model:?}: write paced-<events>-<milliseconds>")),
            |(events, pause)| Ok(Wanted::Paced(protocol, events, pause)),
        );
    }
    let events = match (events, model.strip_prefix("events-")) {
        (Some(events), _) | (None, Some(events)) => count(events),
        (None, None) => Some(DEFAULT_EVENTS),
    };
    let events = events.ok_or_else(|| format!("the number of events must be a whole number up to {MOST_EVENTS}"))?;
    Ok(Wanted::Burst(protocol, Shape::Text(events)))
}

fn count(events: &str) -> Option<usize> {
    events.parse().ok().filter(|events| *events <= MOST_EVENTS)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// What follows a quoted name and a colon in a JSON text. The requests of the benchmarks hold these names only as
/// members of the outermost object, so a search for the bytes is enough.
fn member<'a>(body: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = body;
    while let Some(at) = find(rest, name) {
        rest = rest.get(at + name.len()..)?;
        if let Some(value) = rest.trim_ascii_start().strip_prefix(b":") {
            return Some(value.trim_ascii_start());
        }
    }
    None
}

fn quoted(value: &[u8]) -> Option<&str> {
    let inner = value.strip_prefix(b"\"")?;
    let end = inner.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(inner.get(..end)?).ok()
}
