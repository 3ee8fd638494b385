//! Recognises a chunk that is the parsed one before it with another piece of text.
//!
//! In nearly every chunk of a stream all but the text is the same: ids, model, fingerprint. To compare bytes takes a
//! tenth of the time of parsing them. What is not recognised is parsed, so nothing depends on this but speed.

use std::borrow::Cow;

use crate::protocols::decoding::strings::{self, is_plain};

/// The key of the padding that hides a chunk's size; its value means nothing.
const PADDING: &str = ",\"obfuscation\":\"";
/// Lessons that no chunk has repeated, after which no more are taken.
const LESSONS: u32 = 16;

/// Which piece of the message the text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of its text.
    #[default]
    Text,
    /// Of its thinking.
    Thinking,
}

/// What stands around the text in the last chunk that was parsed.
#[derive(Default)]
pub(super) struct Repeat {
    kind: Kind,
    /// Up to the text's opening quote, which is its last byte; empty when there is nothing to repeat.
    before: String,
    /// From the text's closing quote to the end, or to the padding's value.
    after: String,
    /// Whether a padding's value and the end of the object follow.
    padded: bool,
    /// How many lessons were taken since a chunk was recognised.
    lessons: u32,
}

impl Repeat {
    /// Remembers a chunk that did nothing but add `text`, which is a part of `json`, to the message. The chunk's
    /// other keys must be without effect when they come again.
    pub(super) fn learn(&mut self, json: &str, text: &str, kind: Kind) {
        self.before.clear();
        let start = text.as_ptr().addr().checked_sub(json.as_ptr().addr());
        let parts = start.and_then(|start| Some((json.get(..start)?, json.get(start + text.len()..)?)));
        let Some((before, after)) = parts.filter(|(before, after)| before.ends_with('"') && after.starts_with('"'))
        else {
            return;
        };
        if self.lessons == LESSONS {
            return;
        }
        self.lessons += 1;
        // As the last key of the outermost object it can be skipped whatever its value.
        let padding = after.rfind(PADDING).map(|at| after.split_at(at + PADDING.len()));
        let padding = padding.filter(|(_, value)| value.strip_suffix("\"}").is_some_and(is_plain));
        self.padded = padding.is_some();
        self.after.clear();
        self.after.push_str(padding.map_or(after, |(fixed, _)| fixed));
        self.before.push_str(before);
        self.kind = kind;
    }

    /// Forgets the chunk: another one has had an effect of its own.
    pub(super) fn forget(&mut self) {
        self.before.clear();
    }

    /// The text of a chunk that repeats the one remembered; None for any other, valid or not.
    pub(super) fn text<'a>(&mut self, json: &'a str) -> Option<(Cow<'a, str>, Kind)> {
        // The text's opening quote is not compared, but read.
        let (text, rest) = strings::leading(json.strip_prefix(self.before.strip_suffix('"')?)?)?;
        let after = rest.strip_prefix(self.after.as_str())?;
        let closed = match self.padded {
            true => after.strip_suffix("\"}").is_some_and(is_plain),
            false => after.is_empty(),
        };
        if !closed || text.is_empty() {
            return None;
        }
        self.lessons = 0;
        Some((text, self.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(text: &str, rest: &str) -> String {
        format!(r#"{{"id":"1","choices":[{{"delta":{{"content":"{text}"}},"finish_reason":null}}]{rest}}}"#)
    }

    fn taught(rest: &str) -> Repeat {
        let json = chunk("a", rest);
        let start = json.find("\"content\":\"").unwrap() + "\"content\":\"".len();
        let mut repeat = Repeat::default();
        repeat.learn(&json, &json[start..=start], Kind::Text);
        repeat
    }

    fn text(repeat: &mut Repeat, json: &str) -> Option<String> {
        repeat.text(json).map(|(text, _)| text.into_owned())
    }

    #[test]
    fn the_text_alone_may_differ() {
        let mut repeat = taught("");
        assert_eq!(
            text(&mut repeat, &chunk("some words", "")).as_deref(),
            Some("some words")
        );
        assert_eq!(
            text(&mut repeat, &chunk(r#"\"\u00fc\n\\"#, "")).as_deref(),
            Some("\"\u{fc}\n\\")
        );
        assert_eq!(text(&mut repeat, &chunk("a", r#","usage":null"#)), None);
        assert_eq!(text(&mut repeat, &chunk("a", "").replace("\"1\"", "\"2\"")), None);
        assert_eq!(text(&mut repeat, &chunk(r#"a","role":"x"#, "")), None);
    }

    #[test]
    fn the_padding_may_differ_too() {
        let mut repeat = taught(r#","obfuscation":"xyz""#);
        assert_eq!(
            text(&mut repeat, &chunk("b", r#","obfuscation":"""#)).as_deref(),
            Some("b")
        );
        assert_eq!(
            text(&mut repeat, &chunk("b", r#","obfuscation":"q","usage":{"x":"y"}"#)),
            None
        );
        assert_eq!(text(&mut repeat, &chunk("b", r#","obfuscation":"\q""#)), None);
    }

    #[test]
    fn what_is_not_json_is_left_to_the_parser() {
        let mut repeat = taught("");
        for bad in ["\\ud83d", "\\x", "a\tb", "a\\", ""] {
            assert_eq!(text(&mut repeat, &chunk(bad, "")), None, "{bad:?}");
        }
        let whole = chunk("b", "");
        for end in 0..whole.len() {
            assert_eq!(text(&mut repeat, &whole[..end]), None);
        }
    }

    #[test]
    fn a_stream_without_repetition_is_not_learnt_for_ever() {
        let mut repeat = Repeat::default();
        for number in 0..=LESSONS {
            let json = format!(r#"{{"n":{number},"content":"a"}}"#);
            let at = json.len() - 3;
            repeat.learn(&json, &json[at..=at], Kind::Text);
        }
        assert!(repeat.before.is_empty());
    }
}
