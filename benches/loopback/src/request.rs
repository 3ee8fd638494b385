//! Reads one HTTP/1.1 request from a socket and says which answer it asks for.

use std::io::{self, Read};

/// More deltas than this in one answer are refused: the bytes of an answer are held in memory.
const MOST_EVENTS: usize = 2_000_000;
/// A request above this size is refused; the benchmarks send a few hundred bytes.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// The deltas of a stream whose request names no number.
const DEFAULT_EVENTS: usize = 100;

/// The answer that a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The whole message as one JSON document.
    Whole,
    /// So many deltas, as fast as the socket takes them.
    Burst(usize),
    /// So many deltas, one every so many milliseconds.
    Paced(usize, u64),
    /// No such path or method.
    NotFound,
    /// The request cannot be served; why.
    Refused(String),
}

/// Reads the next request. `kept` holds bytes read beyond the one before and is left with those beyond
/// this one. `None` when the client closed the connection between two requests.
pub(crate) fn read(socket: &mut impl Read, kept: &mut Vec<u8>) -> io::Result<Option<Wanted>> {
    let head_end = loop {
        if let Some(at) = find(kept, b"\r\n\r\n") {
            break at + 4;
        }
        if !more(socket, kept)? {
            return if kept.is_empty() {
                Ok(None)
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            };
        }
    };
    let head = String::from_utf8_lossy(kept.get(..head_end).unwrap_or_default()).into_owned();
    let length: usize = header(&head, "content-length")
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    if length > MOST_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "request body too large"));
    }
    let end = head_end + length;
    while kept.len() < end {
        if !more(socket, kept)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let wanted = wanted(&head, kept.get(head_end..end).unwrap_or_default());
    kept.drain(..end);
    Ok(Some(wanted))
}

fn more(socket: &mut impl Read, kept: &mut Vec<u8>) -> io::Result<bool> {
    let mut scratch = [0_u8; 16 * 1024];
    let count = socket.read(&mut scratch)?;
    kept.extend_from_slice(scratch.get(..count).unwrap_or_default());
    if kept.len() > 2 * MOST_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "request too large"));
    }
    Ok(count > 0)
}

fn wanted(head: &str, body: &[u8]) -> Wanted {
    let mut words = head.split([' ', '\r']);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if method != "POST" || !path.ends_with("/chat/completions") {
        return Wanted::NotFound;
    }
    if member(body, b"stream").is_none_or(|value| !value.starts_with(b"true")) {
        return Wanted::Whole;
    }
    let model = member(body, b"model").and_then(quoted).unwrap_or_default();
    if let Some(rest) = model.strip_prefix("paced-") {
        let parsed = rest
            .split_once('-')
            .and_then(|(count, pause)| Some((events(count)?, pause.parse().ok()?)));
        return parsed.map_or_else(
            || Wanted::Refused(format!("model {model:?}: write paced-<events>-<milliseconds>")),
            |(count, pause)| Wanted::Paced(count, pause),
        );
    }
    let count = match (header(head, "x-events"), model.strip_prefix("events-")) {
        (Some(count), _) | (None, Some(count)) => events(count),
        (None, None) => Some(DEFAULT_EVENTS),
    };
    count.map_or_else(
        || {
            Wanted::Refused(format!(
                "the number of events must be a whole number up to {MOST_EVENTS}"
            ))
        },
        Wanted::Burst,
    )
}

fn events(count: &str) -> Option<usize> {
    count.parse().ok().filter(|count| *count <= MOST_EVENTS)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// What follows `"name":` in a JSON text. The requests of the benchmarks hold these names only as
/// members of the outermost object, so a search for the bytes is enough.
fn member<'a>(body: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let key = [b"\"", name, b"\""].concat();
    let mut rest = body;
    while let Some(at) = find(rest, &key) {
        rest = rest.get(at + key.len()..)?;
        let value = rest.trim_ascii_start();
        if let Some(value) = value.strip_prefix(b":") {
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

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::{Wanted, read};

    fn request(head: &str, body: &str) -> String {
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn ask(head: &str, body: &str) -> Wanted {
        read(&mut request(head, body).as_bytes(), &mut Vec::new())
            .unwrap()
            .unwrap()
    }

    #[test]
    fn the_body_and_the_header_say_what_is_wanted() {
        assert_eq!(ask("", r#"{"model":"any"}"#), Wanted::Whole);
        assert_eq!(ask("", r#"{"model":"events-7","stream":false}"#), Wanted::Whole);
        assert_eq!(ask("", r#"{"model":"events-7","stream":true}"#), Wanted::Burst(7));
        assert_eq!(
            ask("X-Events: 9\r\n", r#"{"model": "events-7", "stream": true}"#),
            Wanted::Burst(9)
        );
        assert_eq!(
            ask("", r#"{"stream":true,"model":"paced-50-20"}"#),
            Wanted::Paced(50, 20)
        );
        assert!(matches!(
            ask("", r#"{"stream":true,"model":"paced-50"}"#),
            Wanted::Refused(_)
        ));
        assert!(matches!(
            ask("x-events: 3000000\r\n", r#"{"stream":true}"#),
            Wanted::Refused(_)
        ));
    }

    #[test]
    fn two_requests_in_one_read_are_both_served_and_then_the_end_is_seen() {
        let both = request("", r#"{"model":"events-1","stream":true}"#) + &request("", "{}");
        let (mut socket, mut kept) = (both.as_bytes(), Vec::new());
        assert_eq!(read(&mut socket, &mut kept).unwrap(), Some(Wanted::Burst(1)));
        assert_eq!(read(&mut socket, &mut kept).unwrap(), Some(Wanted::Whole));
        assert_eq!(read(&mut socket, &mut kept).unwrap(), None);
    }

    #[test]
    fn other_paths_are_not_found_and_a_cut_request_is_an_error() {
        let other = read(&mut b"GET / HTTP/1.1\r\n\r\n".as_slice(), &mut Vec::new()).unwrap();
        assert_eq!(other, Some(Wanted::NotFound));
        assert!(read(&mut b"POST / HT".as_slice(), &mut Vec::new()).is_err());
    }
}
