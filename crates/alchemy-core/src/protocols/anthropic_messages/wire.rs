//! The shapes that answers come in, read without copying where the text allows it.
//!
//! Source: <https://platform.claude.com/docs/en/build-with-claude/streaming> and the recorded answers (2026-11).

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::Json;
use crate::protocols::surrogates;

/// Keys with their values.
type Pairs<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

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

/// The keys of an object, in order. A key that is null is as good as not there.
#[derive(Default)]
pub(super) struct Keys<'a>(Pairs<'a>);

impl<'a> Keys<'a> {
    /// The keys of an object; None if this is none.
    pub(super) fn of(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }

    /// The keys with their values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        let filled = self.0.iter().filter(|(_, value)| value.get() != "null");
        filled.map(|(key, value)| (&**key, *value))
    }

    /// The keys with their values, those that are null as well.
    pub(super) fn into_all(self) -> impl Iterator<Item = (Cow<'a, str>, &'a RawValue)> {
        self.0.into_iter()
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The value of a key, if it is text. Halves of surrogate pairs that stand alone in it become U+FFFD.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        surrogates::read(self.get(key)?.get()).ok()
    }

    /// The list that a key has, or an empty one.
    pub(super) fn list(&self, key: &str) -> Vec<&'a RawValue> {
        let raw = self.get(key).and_then(|raw| serde_json::from_str(raw.get()).ok());
        raw.unwrap_or_default()
    }

    /// The compact JSON text of the object without some keys; None if nothing is left.
    pub(super) fn rest(&self, known: &[&str]) -> Option<String> {
        let rest = self.iter().filter(|(key, _)| !known.contains(key));
        let fields: Vec<String> = rest
            .map(|(key, value)| format!("{}:{}", Json::of(&key).unwrap_or_default().text(), compact(value.get())))
            .collect();
        (!fields.is_empty()).then(|| format!("{{{}}}", fields.join(",")))
    }

    fn push<A: MapAccess<'a>>(&mut self, key: Cow<'a, str>, map: &mut A) -> Result<(), A::Error> {
        self.0.push((key, map.next_value()?));
        Ok(())
    }
}

/// A JSON text without the white space between its tokens.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let stays = |character: &char| {
        let stays = in_string || !character.is_ascii_whitespace();
        match character {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        stays
    };
    json.chars().filter(stays).collect()
}

/// A string that may be null and is borrowed where it has no escapes.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or null")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// The next key of an object.
fn next_key<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    Ok(map.next_key_seed(Text)?.flatten())
}

/// Reads the next value; null is None.
fn raw<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<&'de RawValue>, A::Error> {
    let value: &'de RawValue = map.next_value()?;
    Ok((value.get() != "null").then_some(value))
}

/// Reads an object by a function that takes each of its keys.
macro_rules! read_object {
    ($name:ident, $expected:literal, |$object:ident, $key:ident, $map:ident| $take:expr) => {
        impl<'de> Deserialize<'de> for $name<'de> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;

                impl<'de> Visitor<'de> for ObjectVisitor {
                    type Value = $name<'de>;

                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str($expected)
                    }

                    fn visit_unit<E>(self) -> Result<Self::Value, E> {
                        Ok($name::default())
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut $map: A) -> Result<Self::Value, A::Error> {
                        let mut $object = $name::default();
                        while let Some($key) = next_key(&mut $map)? {
                            $take
                        }
                        Ok($object)
                    }
                }

                deserializer.deserialize_any(ObjectVisitor)
            }
        }
    };
}

read_object!(Keys, "an object", |keys, key, map| keys.push(key, &mut map)?);

read_object!(Delta, "a piece of a block", |delta, key, map| match &*key {
    "type" => delta.kind = map.next_value_seed(Text)?.unwrap_or_default(),
    "text" => delta.text = map.next_value_seed(Text)?,
    "thinking" => delta.thinking = map.next_value_seed(Text)?,
    "partial_json" => delta.partial_json = map.next_value_seed(Text)?,
    "signature" => delta.signature = map.next_value_seed(Text)?,
    "stop_reason" => delta.stop_reason = map.next_value_seed(Text)?,
    _ => delta.extras.push(key, &mut map)?,
});

read_object!(Event, "an event", |event, key, map| match &*key {
    "type" => event.kind = map.next_value_seed(Text)?.unwrap_or_default(),
    "index" => event.index = map.next_value()?,
    "message" => event.message = raw(&mut map)?,
    "content_block" => event.content_block = raw(&mut map)?,
    "delta" => event.delta = map.next_value()?,
    "usage" => event.usage = raw(&mut map)?,
    "error" => event.error = raw(&mut map)?,
    _ => event.extras.push(key, &mut map)?,
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

    #[test]
    fn the_rest_of_an_object_is_compact() {
        let raw: &RawValue =
            serde_json::from_str("{\"id\": 1, \"a\": {\"b\" : [\"x \\\" y\"]},\n \"c\": null}").unwrap();
        let keys = Keys::of(raw).unwrap();
        assert_eq!(keys.rest(&["id"]).as_deref(), Some(r#"{"a":{"b":["x \" y"]}}"#));
        assert_eq!(keys.rest(&["id", "a"]), None);
    }
}
