//! A request as bytes.
//!
//! Unset options send nothing. What the server cannot be told is left out, with a notice; what no server
//! can make sense of is an error. `extra_body` has the last word: each of its keys replaces the key of the
//! same name in the body as a whole, and a key that is null takes it away.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::request::{Notices, WireMessage};
use super::{cache, conversation, options, reasoning};
use crate::error::{self, Error};
use crate::json::{Json, Object};
use crate::protocols::{Encoded, Endpoint, Request};

/// Encodes a request.
///
/// # Errors
/// `InvalidRequestError` with the path of what cannot be encoded.
pub fn encode(request: &Request<'_>) -> error::Result<Encoded> {
    let mut notices = Notices::default();
    let messages = conversation::encode(request, &mut notices)?;
    let mut fields = Fields::default();
    options::encode(request, &mut fields, &mut notices)?;
    reasoning::encode(request, &mut fields, &mut notices)?;
    let headers = cache::headers(request, &mut notices);
    let body = Body {
        model: &request.model.id,
        messages,
        fields: fields.0,
        request: *request,
    };
    let body = serde_json::to_vec(&body).map_err(|error| Error::invalid("", &format!("cannot be encoded: {error}")))?;
    Ok(Encoded {
        endpoint: Endpoint {
            path: "chat/completions".into(),
            version: "v1",
            version_left_out: false,
        },
        headers,
        list_headers: &[],
        body,
        notices: notices.0,
    })
}

/// The keys of a body besides the model and the messages.
#[derive(Default)]
pub(super) struct Fields(Vec<(&'static str, Json)>);

impl Fields {
    /// Adds a key.
    pub(super) fn set<T: Serialize>(&mut self, key: &'static str, value: T) -> error::Result<()> {
        self.0
            .push((key, Json::of(&value).map_err(|error| Error::shape(key, &error))?));
        Ok(())
    }
}

struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    fields: Vec<(&'static str, Json)>,
    request: Request<'a>,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let extra: &Object = &self.request.options.extra_body;
        let own = |key: &str| !extra.contains_key(key);
        let mut map = serializer.serialize_map(None)?;
        if own("model") {
            map.serialize_entry("model", self.model)?;
        }
        if own("messages") {
            map.serialize_entry("messages", &self.messages)?;
        }
        for (key, value) in self.fields.iter().filter(|(key, _)| own(key)) {
            map.serialize_entry(key, value)?;
        }
        let set = |key: &str| self.fields.iter().any(|(field, _)| *field == key);
        for (key, value) in self.request.quirks.body.iter().filter(|(key, _)| own(key) && !set(key)) {
            map.serialize_entry(key, value)?;
        }
        for (key, value) in extra.iter().filter(|(_, value)| !value.is_null()) {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}
