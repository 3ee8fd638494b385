//! Says which answer a request asks for.

use alchemy_loopback::words::number;
use memchr::memmem::find;

use crate::vendors::Arguments;

/// More deltas than this in one answer are refused: the bytes of an answer are held in memory.
const MOST_EVENTS: usize = 2_000_000;
/// The longest arguments of a call, in bytes.
const MOST_ARGUMENTS: usize = 64 * 1024 * 1024;
/// The longest pause between two deltas, in milliseconds.
const MOST_PAUSE: usize = 60_000;
/// The deltas of a stream whose request names no number.
const DEFAULT_EVENTS: usize = 100;

/// The wire protocols that are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Protocol {
    /// `openai-completions`
    Completions,
    /// `openai-responses`
    Responses,
    /// `anthropic-messages`
    Messages,
    /// `google-generative-ai`
    Gemini,
}

/// What a stream consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Shape {
    /// So many deltas of text.
    Text(usize),
    /// One tool call whose arguments have so many bytes and come so many at a time.
    Call { bytes: usize, step: usize },
}

impl Shape {
    /// How many deltas there are.
    pub(crate) fn deltas(self) -> usize {
        match self {
            Shape::Text(count) => count,
            Shape::Call { bytes, step } => bytes.div_ceil(step),
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

/// What a request asks for, given the value of the header `x-events`.
pub(crate) fn wanted(method: &str, path: &str, events: Option<&str>, body: &[u8]) -> Wanted {
    match (method, path) {
        ("GET", "/stats") => return Wanted::Stats,
        ("POST", "/stats/reset") => return Wanted::Reset,
        ("POST", _) => {}
        _ => return Wanted::NotFound,
    }
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let (protocol, model, streamed) =
        if let Some((model, verb)) = path.rsplit('/').next().and_then(|end| end.split_once(':')) {
            match verb {
                "generateContent" => (Protocol::Gemini, model, false),
                "streamGenerateContent" => (Protocol::Gemini, model, true),
                _ => return Wanted::NotFound,
            }
        } else {
            let protocol = match path.rsplit('/').next() {
                Some("completions") if path.ends_with("/chat/completions") => Protocol::Completions,
                Some("responses") => Protocol::Responses,
                Some("messages") => Protocol::Messages,
                _ => return Wanted::NotFound,
            };
            let model = member(body, b"\"model\"").and_then(quoted).unwrap_or_default();
            (
                protocol,
                model,
                member(body, b"\"stream\"").is_some_and(|value| value.starts_with(b"true")),
            )
        };
    if !streamed {
        return Wanted::Whole(protocol);
    }
    stream(protocol, model, events).unwrap_or_else(Wanted::Refused)
}

fn stream(protocol: Protocol, model: &str, events: Option<&str>) -> Result<Wanted, String> {
    let pair = |rest: &str| -> Option<(usize, usize)> {
        let (first, second) = rest.split_once('-')?;
        Some((first.parse().ok()?, second.parse().ok()?))
    };
    let shape = if let Some(rest) = model.strip_prefix("paced-") {
        let (events, pause) = pair(rest)
            .filter(|(_, pause)| (1..=MOST_PAUSE).contains(pause))
            .ok_or_else(|| format!("model {model:?}: write paced-<events>-<milliseconds>, up to {MOST_PAUSE}"))?;
        limited(events)?;
        return Ok(Wanted::Paced(protocol, events, pause as u64));
    } else if let Some(rest) = model.strip_prefix("calls-") {
        let (bytes, step) = pair(rest)
            .filter(|(bytes, step)| (Arguments::LEAST..=MOST_ARGUMENTS).contains(bytes) && *step > 0)
            .ok_or_else(|| {
                let least = Arguments::LEAST;
                format!("model {model:?}: write calls-<bytes>-<step>, bytes from {least} to {MOST_ARGUMENTS}")
            })?;
        Shape::Call { bytes, step }
    } else {
        let events = events.or_else(|| model.strip_prefix("events-"));
        let events = events.map_or(Ok(DEFAULT_EVENTS), |events| number("the number of events", events))?;
        Shape::Text(events)
    };
    limited(shape.deltas())?;
    Ok(Wanted::Burst(protocol, shape))
}

fn limited(deltas: usize) -> Result<(), String> {
    if deltas > MOST_EVENTS {
        return Err(format!("{deltas} deltas are more than {MOST_EVENTS}"));
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::{Protocol, Shape, Wanted, wanted};

    fn ask(events: Option<&str>, body: &str) -> Wanted {
        wanted("POST", "/v1/chat/completions", events, body.as_bytes())
    }

    fn burst(count: usize) -> Wanted {
        Wanted::Burst(Protocol::Completions, Shape::Text(count))
    }

    #[test]
    fn the_body_and_the_header_say_what_is_wanted() {
        assert_eq!(ask(None, r#"{"model":"any"}"#), Wanted::Whole(Protocol::Completions));
        assert_eq!(
            ask(None, r#"{"model":"events-7","stream":false}"#),
            Wanted::Whole(Protocol::Completions)
        );
        assert_eq!(ask(None, r#"{"model":"any","stream":true}"#), burst(100));
        assert_eq!(ask(None, r#"{"model":"events-7","stream":true}"#), burst(7));
        assert_eq!(ask(Some("9"), r#"{"model": "events-7", "stream": true}"#), burst(9));
        assert_eq!(
            ask(None, r#"{"stream":true,"model":"paced-50-20"}"#),
            Wanted::Paced(Protocol::Completions, 50, 20)
        );
        assert_eq!(
            ask(None, r#"{"stream":true,"model":"calls-400000-8"}"#),
            Wanted::Burst(
                Protocol::Completions,
                Shape::Call {
                    bytes: 400_000,
                    step: 8
                }
            )
        );
        for (events, model) in [
            (None, "paced-50"),
            (None, "paced-50-0"),
            (None, "paced-3000000-1"),
            (None, "calls-20-8"),
            (None, "calls-400-0"),
            (None, "events-many"),
            (Some("3000000"), ""),
        ] {
            let asked = ask(events, &format!(r#"{{"stream":true,"model":"{model}"}}"#));
            assert!(matches!(asked, Wanted::Refused(_)), "{events:?} {model}");
        }
    }

    #[test]
    fn the_path_says_the_protocol_and_for_google_the_model_as_well() {
        let ask = |path| wanted("POST", path, None, br#"{"model":"events-7","stream":true}"#);
        let text = |protocol| Wanted::Burst(protocol, Shape::Text(7));
        assert_eq!(ask("/v1/responses"), text(Protocol::Responses));
        assert_eq!(ask("/v1/messages?beta=true"), text(Protocol::Messages));
        assert_eq!(
            ask("/v1beta/models/events-7:streamGenerateContent?alt=sse"),
            text(Protocol::Gemini)
        );
        assert_eq!(
            ask("/v1beta/models/events-7:generateContent"),
            Wanted::Whole(Protocol::Gemini)
        );
        assert_eq!(ask("/v1/completions"), Wanted::NotFound);
        assert_eq!(wanted("GET", "/v1/responses", None, b""), Wanted::NotFound);
        assert_eq!(wanted("GET", "/stats", None, b""), Wanted::Stats);
        assert_eq!(wanted("POST", "/stats/reset", None, b""), Wanted::Reset);
    }
}
