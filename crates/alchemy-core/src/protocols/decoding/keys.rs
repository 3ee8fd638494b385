//! The keys of an object with their values as they came, such as those that no field of ours stands for.

use std::borrow::Cow;

use serde::de::MapAccess;
use serde_json::value::RawValue;

use super::surrogates;
use super::wire::{raw, read_object};
use crate::json::Json;

/// Keys in their order. One that is null is as good as not there.
#[derive(Default)]
pub(crate) struct Keys<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

read_object!(Keys, "an object", |keys, key, map| keys
    .0
    .push((key, map.next_value()?)));

impl<'a> Keys<'a> {
    /// The keys of an object, of which null has none; None if this is no object.
    pub(crate) fn of(raw: &'a RawValue) -> Option<Self> {
        let keys = serde_json::from_str::<Option<Self>>(raw.get()).ok()?;
        Some(keys.unwrap_or_default())
    }

    /// Reads the value of a key, and keeps both unless it is null.
    pub(crate) fn keep<A: MapAccess<'a>>(&mut self, key: Cow<'a, str>, map: &mut A) -> Result<(), A::Error> {
        if let Some(value) = raw(map)? {
            self.0.push((key, value));
        }
        Ok(())
    }

    /// Adds a key that is not of the server's.
    pub(crate) fn add(&mut self, key: &'static str, value: &'static RawValue) {
        self.0.push((Cow::Borrowed(key), value));
    }

    /// Whether there are none, not even one that is null.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys with their values.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &'a RawValue)> {
        self.all().filter(|(_, value)| value.get() != "null")
    }

    /// The keys with their values, those that are null as well.
    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(key, value)| (&**key, *value))
    }

    /// The value of a key; of two the last.
    pub(crate) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.iter().rfind(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The value of a key, if it is text. Halves of surrogate pairs that stand alone in it become U+FFFD.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        surrogates::read(self.get(key)?.get()).ok()
    }

    /// The list that a key has, or an empty one.
    pub(crate) fn list(&self, key: &str) -> Vec<&'a RawValue> {
        let raw = self.get(key).and_then(|raw| serde_json::from_str(raw.get()).ok());
        raw.unwrap_or_default()
    }

    /// The compact JSON text of the object without some keys; None if nothing is left.
    pub(crate) fn rest(&self, known: &[&str]) -> Option<String> {
        let rest = self.iter().filter(|(key, _)| !known.contains(key));
        let fields: Vec<String> = rest
            .map(|(key, value)| format!("{}:{}", Json::of(&key).unwrap_or_default().text(), compact(value.get())))
            .collect();
        (!fields.is_empty()).then(|| format!("{{{}}}", fields.join(",")))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(json: &str) -> Keys<'_> {
        Keys::of(serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn the_rest_of_an_object_is_compact_and_without_nulls() {
        let mut keys = keys(
            "{\"id\": 1, \"a\": {\"b\" : [\"x \\\" y\"]},\n \"c\": null, \"big\": 123456789012345678901, \"id 2\": 2}",
        );
        let rest = r#"{"a":{"b":["x \" y"]},"big":123456789012345678901,"id 2":2}"#;
        assert_eq!(keys.rest(&["id"]).as_deref(), Some(rest));
        assert_eq!(keys.rest(&["id", "a", "big", "id 2"]), None);
        keys.add("refusal", RawValue::TRUE);
        let rest = r#"{"id 2":2,"refusal":true}"#;
        assert_eq!(keys.rest(&["id", "a", "big"]).as_deref(), Some(rest));
    }

    #[test]
    fn of_two_values_the_last_counts_and_null_does_not() {
        let keys = keys(r#"{"a":"x","a":"y","a":null,"b":"\ud83d"}"#);
        assert_eq!(
            (keys.text("a").as_deref(), keys.text("b").as_deref()),
            (Some("y"), Some("\u{FFFD}"))
        );
        assert_eq!((keys.all().count(), keys.iter().count()), (4, 3));
    }
}
