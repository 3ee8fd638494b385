//! The shapes of a request on the wire. They borrow from the conversation; base64 is written straight into the body.

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::json::Json;
use crate::protocols::encoding::media::{Base64, DataUrl};

/// An object: an item of the input, or a part of one.
pub(super) struct Entry<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Entry<'a> {
    /// An object of a type.
    pub(super) fn of(kind: &'static str) -> Self {
        Entry::begun("type", kind)
    }

    /// A message.
    pub(super) fn message(role: &'static str, content: impl Into<Value<'a>>) -> Self {
        Entry::begun("role", role).with("content", content)
    }

    /// An object of which the first key is there. Most have one more, so there is room for that.
    fn begun(key: &'static str, value: &'static str) -> Self {
        let mut keys = Vec::with_capacity(2);
        keys.push((Cow::Borrowed(key), Value::from(value)));
        Entry(keys)
    }

    /// Adds a key.
    pub(super) fn with(mut self, key: impl Into<Cow<'a, str>>, value: impl Into<Value<'a>>) -> Self {
        self.0.push((key.into(), value.into()));
        self
    }

    /// Adds a key that has a value.
    pub(super) fn with_some(self, key: &'static str, value: Option<impl Into<Value<'a>>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// A part of a user's text.
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Entry::of("input_text").with("text", Value::Text(text.into()))
    }

    /// The text, if this is a part of a user's text.
    pub(super) fn as_text(&self) -> Option<&Cow<'a, str>> {
        match self.0.as_slice() {
            [(_, Value::Text(kind)), (_, Value::Text(text))] if kind == "input_text" => Some(text),
            _ => None,
        }
    }
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// The value of a key, or an item of the input.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    Json(Json),
    Verbatim(&'a Json),
    Data(DataUrl<'a>),
    Bytes(Base64<'a>),
    Entry(Entry<'a>),
    List(Vec<Value<'a>>),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Value::Text(text)
    }
}

impl From<Json> for Value<'_> {
    fn from(json: Json) -> Self {
        Value::Json(json)
    }
}

impl<'a> From<Entry<'a>> for Value<'a> {
    fn from(entry: Entry<'a>) -> Self {
        Value::Entry(entry)
    }
}

impl<'a> From<Vec<Value<'a>>> for Value<'a> {
    fn from(list: Vec<Value<'a>>) -> Self {
        Value::List(list)
    }
}

/// The parts as one string if there is but one text, or as a list. Without parts it is an empty string.
pub(super) fn content(mut parts: Vec<Value<'_>>) -> Value<'_> {
    let only = match parts.as_slice() {
        [] => return Value::from(""),
        [Value::Entry(entry)] => entry.as_text().cloned(),
        _ => None,
    };
    match only {
        Some(text) => Value::Text(text),
        None => Value::List(std::mem::take(&mut parts)),
    }
}
