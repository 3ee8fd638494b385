//! The shapes that answers come in, read without copying where the text allows it.
//!
//! Source: <https://platform.claude.com/docs/en/build-with-claude/streaming> and the recorded answers (2026-11).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::protocols::decoding::keys::Keys;
use crate::protocols::decoding::surrogates::Shape;
use crate::protocols::decoding::wire::{raw, read_object, text};

/// An event of a stream.
#[derive(Default)]
pub(super) struct Event<'a> {
    pub(super) kind: Cow<'a, str>,
    pub(super) index: u64,
    pub(super) message: Option<&'a RawValue>,
    pub(super) content_block: Option<&'a RawValue>,
    pub(super) delta: Delta<'a>,
    pub(super) usage: Option<&'a RawValue>,
    pub(super) error: Option<&'a RawValue>,
    pub(super) extras: Keys<'a>,
}

/// A piece of a block, or of the message.
#[derive(Default)]
pub(super) struct Delta<'a> {
    pub(super) kind: Cow<'a, str>,
    pub(super) text: Option<Cow<'a, str>>,
    pub(super) thinking: Option<Cow<'a, str>>,
    pub(super) partial_json: Option<Cow<'a, str>>,
    pub(super) signature: Option<Cow<'a, str>>,
    pub(super) stop_reason: Option<Cow<'a, str>>,
    pub(super) extras: Keys<'a>,
}

/// An event may be null.
impl Shape for Event<'static> {
    type Of<'a> = Option<Event<'a>>;
}

read_object!(Delta, "a piece of a block", |delta, key, map| match &*key {
    "type" => delta.kind = text(&mut map)?.unwrap_or_default(),
    "text" => delta.text = text(&mut map)?,
    "thinking" => delta.thinking = text(&mut map)?,
    "partial_json" => delta.partial_json = text(&mut map)?,
    "signature" => delta.signature = text(&mut map)?,
    "stop_reason" => delta.stop_reason = text(&mut map)?,
    _ => delta.extras.keep(key, &mut map)?,
});

read_object!(Event, "an event", |event, key, map| match &*key {
    "type" => event.kind = text(&mut map)?.unwrap_or_default(),
    "index" => event.index = map.next_value()?,
    "message" => event.message = raw(&mut map)?,
    "content_block" => event.content_block = raw(&mut map)?,
    "delta" => event.delta = map.next_value::<Option<_>>()?.unwrap_or_default(),
    "usage" => event.usage = raw(&mut map)?,
    "error" => event.error = raw(&mut map)?,
    _ => event.extras.keep(key, &mut map)?,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_borrowed() {
        let json = r#"{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"Grüße"}}"#;
        let event: Event<'_> = serde_json::from_str(json).unwrap();
        assert!(matches!(event.kind, Cow::Borrowed("content_block_delta")));
        assert!(matches!(event.delta.text, Some(Cow::Borrowed("Grüße"))));
        assert_eq!(event.index, 3);
    }
}
