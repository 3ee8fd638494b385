//! Recognises an event that brings the next piece of what the one before it brought a piece of.

use std::borrow::Cow;

use super::wire::{Delta, Event};
use crate::protocols::decoding::template::Template;

/// The last event that brought a piece of text, of thinking or of a call's input.
#[derive(Default)]
pub(super) struct Repeat {
    template: Template<()>,
    index: u64,
    kind: Kind,
}

#[derive(Clone, Copy, Default)]
enum Kind {
    #[default]
    Text,
    Thinking,
    Input,
}

impl Repeat {
    /// Remembers an event if a piece of a block is all that it brings.
    pub(super) fn learn(&mut self, json: &str, event: &Event<'_>) {
        let delta = &event.delta;
        let texts = (&delta.text, &delta.thinking, &delta.partial_json);
        let (text, kind) = match (&*delta.kind, texts) {
            ("text_delta", (Some(Cow::Borrowed(text)), None, None)) => (text, Kind::Text),
            ("thinking_delta", (None, Some(Cow::Borrowed(text)), None)) => (text, Kind::Thinking),
            ("input_json_delta", (None, None, Some(Cow::Borrowed(text)))) => (text, Kind::Input),
            _ => return,
        };
        let more = delta.signature.is_some() || delta.stop_reason.is_some() || !delta.extras.is_empty();
        if !more && self.template.learn(json, text, |_| None) {
            (self.index, self.kind) = (event.index, kind);
        }
    }

    /// Recognises nothing from now on.
    pub(super) fn turn_off(&mut self) {
        self.template.turn_off();
    }

    /// The piece that an event brings, if it repeats the one remembered, and the number of its block.
    #[inline]
    pub(super) fn read<'a>(&mut self, json: &'a str) -> Option<(u64, Delta<'a>)> {
        let text = self.template.read(json, |(), _| ())?;
        let mut delta = Delta::default();
        let (kind, field) = match self.kind {
            Kind::Text => ("text_delta", &mut delta.text),
            Kind::Thinking => ("thinking_delta", &mut delta.thinking),
            Kind::Input => ("input_json_delta", &mut delta.partial_json),
        };
        *field = Some(text);
        delta.kind = Cow::Borrowed(kind);
        Some((self.index, delta))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, key: &str, text: &str, space: &str) -> String {
        format!(r#"{{"type":"content_block_delta","index":3,"delta":{{"type":"{kind}","{key}":"{text}"}}{space}}}"#)
    }

    fn taught(json: &str) -> Repeat {
        let mut repeat = Repeat::default();
        repeat.learn(json, &serde_json::from_str(json).unwrap());
        repeat
    }

    #[test]
    fn a_piece_is_what_the_parser_reads() {
        for (kind, key) in [
            ("text_delta", "text"),
            ("thinking_delta", "thinking"),
            ("input_json_delta", "partial_json"),
        ] {
            let mut repeat = taught(&event(kind, key, "first", "  "));
            for text in ["Grüße", r#"\"a\\\" \u00fc\n"#, r"\ud83d\ude00", "}"] {
                for space in ["", "   ", "\n\t"] {
                    let json = event(kind, key, text, space);
                    let (index, fast) = repeat.read(&json).unwrap();
                    let slow: Event<'_> = serde_json::from_str(&json).unwrap();
                    assert_eq!((index, &fast.kind), (slow.index, &slow.delta.kind));
                    assert_eq!(
                        (fast.text, fast.thinking, fast.partial_json),
                        (slow.delta.text, slow.delta.thinking, slow.delta.partial_json)
                    );
                }
            }
        }
    }

    #[test]
    fn all_else_is_left_to_the_parser() {
        let whole = event("text_delta", "text", "a", " ");
        let mut repeat = taught(&whole);
        for json in [
            event("text_delta", "text", "", ""),
            event("text_delta", "text", r"\ud83d", ""),
            event("text_delta", "text", r#"a","more":"b"#, ""),
            event("text_delta", "text", "a", r#","error":{}"#),
            event("thinking_delta", "text", "a", ""),
            whole.replace('3', "4"),
        ] {
            assert!(repeat.read(&json).is_none(), "{json}");
        }
        for json in [
            event("signature_delta", "signature", "a", ""),
            event("text_delta", "thinking", "a", ""),
            event("text_delta", "text", r#"a","more":"b"#, ""),
        ] {
            assert!(taught(&json).read(&json).is_none(), "{json}");
        }
    }
}
