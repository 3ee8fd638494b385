//! The shapes that answers come in, read without copying where the text allows it.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses-streaming> and the recorded answers of nine
//! servers (2026-11). Every key but `type` may be missing, and texts may be something else.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

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

/// A list of parts; a text stands for one part of text.
#[derive(Default)]
pub(super) enum Parts<'a> {
    #[default]
    None,
    Text(Cow<'a, str>),
    List(Vec<&'a RawValue>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Parts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartsVisitor)
    }
}

struct PartsVisitor;

impl<'de> Visitor<'de> for PartsVisitor {
    type Value = Parts<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of parts")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Parts::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Parts::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Parts::None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = list.next_element()? {
            parts.push(part);
        }
        Ok(Parts::List(parts))
    }
}

/// The keys of an object in their order.
pub(super) struct Entries<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Entries<'a> {
    /// The value of a key, unless it is null; of two the last.
    pub(super) fn get(&self, key: &str) -> Option<&'a RawValue> {
        let mut found = self.0.iter().rev().filter(|(name, _)| name == key);
        found.next().map(|(_, value)| *value).filter(|value| !is_null(value))
    }

    /// The text of a key.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.get(key)?.get()).ok()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            entries.push((key, map.next_value()?));
        }
        Ok(Entries(entries))
    }
}

/// A key, borrowed where it stands for itself.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Whether a value is `null`.
pub(super) fn is_null(value: &RawValue) -> bool {
    value.get() == "null"
}

/// A JSON text without the white space between its words.
pub(super) fn compact(json: &str) -> String {
    let (mut text, mut inside, mut escaped) = (String::with_capacity(json.len()), false, false);
    for character in json.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' if inside => escaped = true,
            '"' => inside = !inside,
            ' ' | '\t' | '\r' | '\n' if !inside => continue,
            _ => {}
        }
        text.push(character);
    }
    text
}

/// The object of those keys that are neither null nor among `ours`, as compact JSON; None if there are none.
pub(super) fn rest(item: &str, ours: &[&str], refusal: bool) -> Option<String> {
    let entries: Entries<'_> = serde_json::from_str(item).ok()?;
    let mut text = String::new();
    let kept = entries
        .0
        .iter()
        .filter(|(key, value)| !ours.contains(&&**key) && !is_null(value));
    for (key, value) in kept {
        text.push(if text.is_empty() { '{' } else { ',' });
        text.push_str(&serde_json::to_string(key).ok()?);
        text.push(':');
        text.push_str(&compact(value.get()));
    }
    if refusal {
        text.push(if text.is_empty() { '{' } else { ',' });
        text.push_str("\"refusal\":true");
    }
    if text.is_empty() {
        return None;
    }
    text.push('}');
    Some(text)
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

    #[test]
    fn the_rest_of_an_item_is_compact_and_without_nulls() {
        let item =
            r#"{ "type": "message", "id": "m 1", "phase": null, "big": 123456789012345678901, "x": [ "a\" b", 1 ] }"#;
        let expected = r#"{"id":"m 1","big":123456789012345678901,"x":["a\" b",1],"refusal":true}"#;
        assert_eq!(rest(item, &["type"], true).as_deref(), Some(expected));
        assert_eq!(rest(r#"{"type":"message"}"#, &["type"], false), None);
    }
}
