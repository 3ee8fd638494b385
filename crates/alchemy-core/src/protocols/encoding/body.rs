//! The body of a request: the keys that the encoder sets, those of a quirk, and the caller's own last.

use std::io;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::error::{Error, Result};
use crate::json::{Json, Object};
use crate::protocols::Request;

/// The keys of a body besides the conversation, in the order in which they are sent.
#[derive(Default)]
pub(crate) struct Fields(Vec<(&'static str, Json)>);

impl Fields {
    /// Adds a key.
    pub(crate) fn set<T: Serialize>(&mut self, key: &'static str, value: T) -> Result<()> {
        self.0
            .push((key, Json::of(&value).map_err(|error| Error::shape(key, &error))?));
        Ok(())
    }

    /// The keys with their values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &Json)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    /// Whether a key is there.
    pub(crate) fn contains(&self, key: &str) -> bool {
        self.0.iter().any(|(field, _)| *field == key)
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Writes a body: `first` (the model), the conversation, the other keys, those that a quirk adds, and last
/// `extra_body`, each of whose keys replaces the key of the same name as a whole, or takes it away if it is null.
pub(crate) fn write<T: Serialize>(
    request: &Request<'_>,
    first: Option<(&'static str, &str)>,
    conversation: (&'static str, &T),
    fields: &Fields,
) -> Result<Vec<u8>> {
    let body = Body {
        first,
        conversation,
        fields,
        quirk: &request.quirks.body,
        extra: &request.options.extra_body,
    };
    bytes_of(&body).map_err(|error| Error::invalid("", &format!("cannot be encoded: {error}")))
}

/// Bodies up to so many bytes are written into a buffer that grows.
const SMALL: usize = 32 * 1024;

/// The JSON form. A large one is measured before it is written: a buffer that grows is up to twice as large as what it
/// holds, and there twice while it is moved.
fn bytes_of(body: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut measured = Measured {
        bytes: Vec::with_capacity(512),
        length: 0,
    };
    serde_json::to_writer(&mut measured, body)?;
    if measured.length <= SMALL {
        return Ok(measured.bytes);
    }
    let mut bytes = Vec::with_capacity(measured.length);
    drop(measured);
    serde_json::to_writer(&mut bytes, body)?;
    Ok(bytes)
}

/// Keeps what is written as long as it is small, and counts all of it.
struct Measured {
    bytes: Vec<u8>,
    length: usize,
}

impl io::Write for Measured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.length += bytes.len();
        if self.length <= SMALL {
            self.bytes.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Body<'a, T> {
    first: Option<(&'static str, &'a str)>,
    conversation: (&'static str, &'a T),
    fields: &'a Fields,
    quirk: &'a Object,
    extra: &'a Object,
}

impl<T: Serialize> Serialize for Body<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let own = |key: &str| !self.extra.contains_key(key);
        let mut map = serializer.serialize_map(None)?;
        if let Some((key, value)) = self.first.filter(|(key, _)| own(key)) {
            map.serialize_entry(key, value)?;
        }
        let (key, conversation) = self.conversation;
        if own(key) {
            map.serialize_entry(key, conversation)?;
        }
        for (key, value) in self.fields.iter().filter(|(key, _)| own(key)) {
            map.serialize_entry(key, value)?;
        }
        let free = |key: &str| own(key) && !self.fields.contains(key);
        for (key, value) in self.quirk.iter().filter(|(key, _)| free(key)) {
            map.serialize_entry(key, value)?;
        }
        for (key, value) in self.extra.iter().filter(|(_, value)| !value.is_null()) {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}
