//! The framers: the same frames at every split, and those that a slow and simple reading of the whole finds.

use alchemy_core::framing::Framer;
use alchemy_core::framing::json_array::JsonArrayFramer;
use alchemy_core::framing::sse::SseFramer;
use serde_json::value::RawValue;

use super::case::pieces;

/// The frames, whether the bytes ended well, and whether something followed the end.
type Framed = (Vec<String>, bool, bool);

fn framed(mut framer: Framer, pieces: &[&[u8]]) -> Framed {
    let mut frames = Vec::new();
    let mut sink = |frame: &str| {
        frames.push(frame.to_owned());
        Ok(())
    };
    let fed = pieces.iter().try_for_each(|piece| framer.feed(piece, &mut sink));
    let ended = fed.and_then(|()| framer.finish(&mut sink)).is_ok();
    (frames, ended, framer.has_trailing())
}

fn at_every_split(make: impl Fn() -> Framer, bytes: &[u8], cuts: u32) -> Framed {
    let whole = framed(make(), &[bytes]);
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(framed(make(), &single), whole, "byte by byte");
    let pieces = pieces(bytes, cuts);
    assert_eq!(framed(make(), &pieces), whole, "in {} pieces", pieces.len());
    let held: usize = whole.0.iter().map(String::len).sum();
    assert!(held <= bytes.len() + whole.0.len() && whole.0.len() <= bytes.len());
    whole
}

/// Panics where the framer of server-sent events is not what it must be.
pub fn check_sse(bytes: &[u8], cuts: u32) {
    let (frames, ended, _) = at_every_split(|| Framer::Sse(SseFramer::default()), bytes, cuts);
    let (expected, whole) = plain_sse(bytes);
    assert_eq!(
        (frames, ended),
        (expected, whole),
        "{:?}",
        String::from_utf8_lossy(bytes)
    );
}

/// The data of each event by the HTML standard's steps, with our allowances: spaces before a field, an event without
/// its blank line, and JSON outside of any field as the last event.
fn plain_sse(bytes: &[u8]) -> (Vec<String>, bool) {
    let (mut frames, mut stray) = (Vec::new(), Vec::new());
    let mut data: Option<Vec<u8>> = None;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let ended = |data: Option<Vec<u8>>, frames: &mut Vec<String>| match data.map(String::from_utf8) {
        None => true,
        Some(Ok(text)) => {
            frames.push(text);
            true
        }
        Some(Err(_)) => false,
    };
    for (line, closed) in lines(bytes) {
        let spaces = line.iter().take_while(|byte| **byte == b' ').count();
        let line = &line[spaces..];
        let other = [&b":"[..], b"event:", b"id:", b"retry:"];
        if line.is_empty() && closed {
            if !ended(data.take(), &mut frames) {
                return (frames, false);
            }
        } else if line == b"data" || line.starts_with(b"data:") {
            let value = line.get(5..).unwrap_or_default();
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &mut data {
                Some(data) => data.extend([b"\n", value].concat()),
                None => data = Some(value.to_vec()),
            }
        } else if line.starts_with(b"{")
            || line.starts_with(b"[")
            || (!line.is_empty() && !stray.is_empty() && !other.iter().any(|field| line.starts_with(field)))
        {
            stray.extend([line, b"\n"].concat());
        }
    }
    let whole = ended(data, &mut frames) && ended((!stray.is_empty()).then_some(stray), &mut frames);
    (frames, whole)
}

/// The lines, and whether each has its end.
fn lines(bytes: &[u8]) -> Vec<(&[u8], bool)> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        lines.push((&rest[..end], true));
        let long = rest[end..].starts_with(b"\r\n");
        rest = &rest[end + 1 + usize::from(long)..];
    }
    if !rest.is_empty() {
        lines.push((rest, false));
    }
    lines
}

/// Panics where the framer of JSON arrays is not what it must be.
pub fn check_json_array(bytes: &[u8], cuts: u32) {
    let make = || Framer::JsonArray(JsonArrayFramer::default());
    let (frames, ended, trailing) = at_every_split(make, bytes, cuts);
    // What is an array of JSON has its items, and nothing else, as frames.
    let items: Result<Vec<&RawValue>, _> = serde_json::from_slice(bytes);
    if let Ok(items) = items {
        let items: Vec<&str> = items.iter().map(|item| item.get()).collect();
        let frames: Vec<&str> = frames.iter().map(|frame| frame.trim_ascii_end()).collect();
        assert_eq!((frames, ended, trailing), (items, true, false));
    }
}
