//! The shapes that answers come in, read without copying where the text allows it.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses-streaming> and the recorded answers of nine
//! servers (2026-11). Every key but `type` may be missing, and texts may be something else.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::protocols::decoding::keys::Keys;
use crate::protocols::decoding::wire::{Parts, shapes};

/// An event of a stream, as far as the protocol's events agree.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Event<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Piece<'a>,
    #[serde(borrow)]
    pub(super) delta: Piece<'a>,
    /// The item's place among the output. Its id may change from event to event (GitHub Copilot), the place does not.
    pub(super) output_index: Option<u64>,
    pub(super) content_index: Option<u64>,
    pub(super) summary_index: Option<u64>,
    #[serde(borrow)]
    pub(super) item_id: Piece<'a>,
    #[serde(borrow)]
    pub(super) item: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) response: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) annotation: Option<&'a RawValue>,
    /// The whole text of an event that ends one.
    #[serde(borrow)]
    pub(super) text: Piece<'a>,
    #[serde(borrow)]
    pub(super) refusal: Piece<'a>,
    #[serde(borrow)]
    pub(super) arguments: Piece<'a>,
    #[serde(borrow)]
    pub(super) input: Piece<'a>,
}

/// An item of the output, as far as decoding needs to know it.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Piece<'a>,
    #[serde(borrow)]
    pub(super) id: Piece<'a>,
    #[serde(borrow)]
    pub(super) call_id: Piece<'a>,
    #[serde(borrow)]
    pub(super) name: Piece<'a>,
    #[serde(borrow)]
    pub(super) status: Piece<'a>,
    #[serde(borrow)]
    pub(super) execution: Piece<'a>,
    #[serde(borrow)]
    pub(super) input: Piece<'a>,
    #[serde(borrow)]
    pub(super) result: Piece<'a>,
    #[serde(borrow)]
    pub(super) output_format: Piece<'a>,
    #[serde(borrow)]
    pub(super) arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) action: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) actions: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) operation: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) environment: Option<Environment<'a>>,
    #[serde(borrow)]
    pub(super) content: Parts<'a>,
    #[serde(borrow)]
    pub(super) summary: Parts<'a>,
    #[serde(borrow)]
    pub(super) encrypted_content: Option<&'a RawValue>,
}

/// Where a shell runs.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Environment<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Piece<'a>,
}

/// A part of a message's content, or of a reasoning's summary or content.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Part<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Piece<'a>,
    #[serde(borrow)]
    pub(super) text: Piece<'a>,
    #[serde(borrow)]
    pub(super) refusal: Piece<'a>,
    #[serde(borrow)]
    pub(super) annotations: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) logprobs: Option<&'a RawValue>,
}

shapes!(Event);

/// A text, or whatever else stands in its place.
#[derive(Default)]
pub(super) enum Piece<'a> {
    #[default]
    None,
    Text(Cow<'a, str>),
    Other,
}

impl<'a> Piece<'a> {
    /// The text; empty if there is none.
    pub(super) fn text(&self) -> &str {
        match self {
            Piece::Text(text) => text,
            _ => "",
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Piece<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PieceVisitor)
    }
}

struct PieceVisitor;

impl<'de> Visitor<'de> for PieceVisitor {
    type Value = Piece<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Piece::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Piece::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Piece::None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Piece::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Piece::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Piece::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Piece::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Piece::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Piece::Other)
    }
}

/// The keys of an item without those that are null or among `ours`, as compact JSON; None if there are none.
pub(super) fn rest(item: &str, ours: &[&str], refusal: bool) -> Option<String> {
    let mut keys: Keys<'_> = serde_json::from_str(item).ok()?;
    if refusal {
        keys.add("refusal", RawValue::TRUE);
    }
    keys.rest(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_read_past() {
        let event: Event<'_> =
            serde_json::from_str(r#"{"type":"x","delta":{"stdout":"a"},"text":[1],"input":null}"#).unwrap();
        assert_eq!((event.kind.text(), event.delta.text()), ("x", ""));
        assert!(matches!(event.delta, Piece::Other) && matches!(event.input, Piece::None));
    }
}
