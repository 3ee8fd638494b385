//! The body of a request: the keys that the encoder sets, those of a quirk, and the caller's own last.

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
    serde_json::to_vec(&body).map_err(|error| Error::invalid("", &format!("cannot be encoded: {error}")))
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
