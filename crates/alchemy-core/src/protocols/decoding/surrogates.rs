//! Emoji that a server cut in two.
//!
//! A JSON string may hold half of a surrogate pair (`"\ud83d"`), and servers that cut text at
//! UTF-16 units send the halves in two events. Rust strings cannot hold a half, so in the rare event
//! that has one it is written as a private-use character, and the halves are joined again in the text.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Halves U+D800..U+DFFF stand at U+10D800..U+10DFFF while they travel.
const OFFSET: u32 = 0x10_0000;

/// Writes the unpaired surrogate escapes of a JSON text as private-use characters.
pub(crate) fn escape_halves(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 16);
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        text.push_str(before);
        let taken = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(high @ 0xD800..0xDC00), Some(0xDC00..0xE000)) => {
                let _ = high;
                12
            }
            (Some(half @ 0xD800..0xE000), _) => {
                text.extend(char::from_u32(OFFSET + u32::from(half)));
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            (Some(_), _) => 6,
            (None, _) => 2,
        };
        // An escape that is cut short is left to the JSON parser to refuse.
        let taken = if escape.is_char_boundary(taken) {
            taken.min(escape.len())
        } else {
            1
        };
        let (escape, after) = escape.split_at(taken);
        text.push_str(escape);
        rest = after;
    }
    text.push_str(rest);
    text
}

/// A shape that borrows from the text that it is read from, of whatever lifetime.
pub(crate) trait Shape {
    /// The shape that borrows for so long.
    type Of<'a>: Deserialize<'a>;
}

impl Shape for String {
    type Of<'a> = String;
}

impl Shape for serde_json::Value {
    type Of<'a> = serde_json::Value;
}

/// Reads a JSON text in which halves of surrogate pairs may travel. `take` gets what was read, the text that it was
/// read from, and whether halves travel in it. (What is read can be large; handed over so, it is never moved.)
#[inline]
pub(crate) fn read_halves<S: Shape, T>(
    json: &str,
    take: impl FnOnce(S::Of<'_>, &str, bool) -> T,
) -> serde_json::Result<T> {
    read_repaired::<S, T>(json, escape_halves, take)
}

/// Reads a JSON text in which halves that stand alone become U+FFFD.
#[inline]
pub(crate) fn read_clean<S: Shape, T>(json: &str, take: impl FnOnce(S::Of<'_>) -> T) -> serde_json::Result<T> {
    let repair = |json: &str| clean(&escape_halves(json)).into_owned();
    read_repaired::<S, T>(json, repair, |value, _, _| take(value))
}

/// The same for what borrows nothing from the text.
pub(crate) fn read<T: DeserializeOwned>(json: &str) -> serde_json::Result<T> {
    serde_json::from_str(json).or_else(|error| serde_json::from_str(&clean(&escape_halves(json))).map_err(|_| error))
}

#[inline]
fn read_repaired<S: Shape, T>(
    json: &str,
    repair: impl FnOnce(&str) -> String,
    take: impl FnOnce(S::Of<'_>, &str, bool) -> T,
) -> serde_json::Result<T> {
    match serde_json::from_str(json) {
        Ok(value) => Ok(take(value, json, false)),
        Err(error) => read_again::<S, T>(&repair(json), error, take),
    }
}

/// Half of a surrogate pair is the one thing that is JSON and not a Rust string. It is rare.
#[cold]
fn read_again<S: Shape, T>(
    repaired: &str,
    error: serde_json::Error,
    take: impl FnOnce(S::Of<'_>, &str, bool) -> T,
) -> serde_json::Result<T> {
    match serde_json::from_str(repaired) {
        Ok(value) => Ok(take(value, repaired, true)),
        Err(_) => Err(error),
    }
}

/// A text in which halves that stand alone are U+FFFD.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let is_half = |character: char| half(character).is_some();
    if text.contains(is_half) {
        Cow::Owned(text.replace(is_half, "\u{FFFD}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The UTF-16 unit that a `\uXXXX` escape at the start of `text` names.
fn unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// Joins halves across pieces of one text.
#[derive(Default)]
pub(crate) struct Joiner {
    high: Option<u16>,
}

impl Joiner {
    /// Takes the next piece; `halves` tells that halves travel in it. A first half at its end is held
    /// back; a half that stays alone becomes U+FFFD.
    pub(crate) fn join<'a>(&mut self, piece: impl Into<Cow<'a, str>>, halves: bool) -> Cow<'a, str> {
        let piece = piece.into();
        if !halves && (self.high.is_none() || piece.is_empty()) {
            return piece;
        }
        let mut text = String::with_capacity(piece.len() + 4);
        for character in piece.chars() {
            match half(character).filter(|_| halves) {
                Some(low @ 0xDC00..0xE000) => match self.high.take() {
                    Some(high) => text.extend(char::decode_utf16([high, low]).map(|pair| pair.unwrap_or('\u{FFFD}'))),
                    None => text.push('\u{FFFD}'),
                },
                Some(high) => {
                    text.push_str(self.rest());
                    self.high = Some(high);
                }
                None => {
                    text.push_str(self.rest());
                    text.push(character);
                }
            }
        }
        Cow::Owned(text)
    }

    /// Whether a first half is held back.
    pub(crate) fn is_holding(&self) -> bool {
        self.high.is_some()
    }

    /// What stands for a first half that was held back and never met its second.
    pub(crate) fn rest(&mut self) -> &'static str {
        if self.high.take().is_some() { "\u{FFFD}" } else { "" }
    }
}

fn half(character: char) -> Option<u16> {
    u32::from(character)
        .checked_sub(OFFSET)
        .and_then(|unit| u16::try_from(unit).ok())
        .filter(|unit| (0xD800..0xE000).contains(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(json: &str) -> String {
        serde_json::from_str(&escape_halves(json)).unwrap()
    }

    #[test]
    fn halves_are_joined_across_pieces() {
        let mut joiner = Joiner::default();
        assert_eq!(joiner.join(parsed(r#""a\ud83d""#), true), "a");
        assert_eq!(joiner.join(parsed(r#""\ude00b""#), true), "\u{1f600}b");
        assert_eq!(joiner.rest(), "");
    }

    #[test]
    fn halves_that_stay_alone_are_replaced() {
        let mut joiner = Joiner::default();
        assert_eq!(
            joiner.join(parsed(r#""\ude00a\ud83db\ud83d""#), true),
            "\u{FFFD}a\u{FFFD}b"
        );
        assert_eq!(joiner.rest(), "\u{FFFD}");
    }

    #[test]
    fn private_characters_of_other_pieces_are_left_alone() {
        let mut joiner = Joiner::default();
        assert_eq!(joiner.join("a\u{10d83d}", false), "a\u{10d83d}");
        assert_eq!(joiner.join(parsed(r#""\ud83d""#), true), "");
        assert_eq!(joiner.join("\u{10de00}", false), "\u{FFFD}\u{10de00}");
    }

    #[test]
    fn other_escapes_are_left_alone() {
        for text in [r#""\\ud83d \n \" \u00e9 \ud83d\ude00""#, r#""é\\""#] {
            assert_eq!(escape_halves(text), text);
        }
    }

    #[test]
    fn cut_escapes_do_not_panic() {
        for text in ["\\", "\\u", "\\ud8", "\\ué", "\\é", "\\ud83d\\", "\\ud83d\\u12"] {
            escape_halves(text);
        }
    }
}
