//! The shapes of a request on the wire. They borrow from the conversation; base64 is written straight into the body.

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::json::{Json, Object};
use crate::protocols::encoding::cache::CacheMark;
use crate::protocols::encoding::media::{Base64, DataUrl};

/// A message: its role, and its other keys in order.
pub(super) struct WireMessage<'a> {
    pub(super) role: &'static str,
    pub(super) fields: Vec<(&'a str, Value<'a>)>,
}

impl<'a> WireMessage<'a> {
    /// A message that says something.
    pub(super) fn new(role: &'static str, content: impl Into<Value<'a>>) -> Self {
        WireMessage {
            role,
            fields: vec![("content", content.into())],
        }
    }

    /// Adds a key.
    pub(super) fn with(mut self, key: &'a str, value: impl Into<Value<'a>>) -> Self {
        self.fields.push((key, value.into()));
        self
    }

    /// The content, if there is some.
    pub(super) fn content_mut(&mut self) -> Option<&mut Value<'a>> {
        self.fields
            .iter_mut()
            .find(|(key, _)| *key == "content")
            .map(|(_, value)| value)
    }
}

impl Serialize for WireMessage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len() + 1))?;
        map.serialize_entry("role", self.role)?;
        for (key, value) in &self.fields {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// The value of a key of a message.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Value<'a> {
    Null,
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
    Calls(Vec<Call<'a>>),
    Jsons(Vec<Json>),
    Id { id: &'a str },
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

/// A part of a content that is a list.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part<'a> {
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheMark>,
    },
    ImageUrl {
        image_url: ImageUrl<'a>,
    },
    InputAudio {
        input_audio: AudioData<'a>,
    },
    File {
        file: File<'a>,
    },
    DocumentUrl {
        document_url: Source<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        document_name: Option<&'a str>,
    },
    Thinking {
        thinking: Vec<Part<'a>>,
    },
    #[serde(untagged)]
    Raw(&'a Json),
}

impl<'a> Part<'a> {
    /// A part of text.
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Part::Text {
            text: text.into(),
            cache_control: None,
        }
    }
}

#[derive(Serialize)]
pub(super) struct ImageUrl<'a> {
    pub(super) url: Source<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct AudioData<'a> {
    pub(super) data: Base64<'a>,
    pub(super) format: Cow<'a, str>,
}

#[derive(Serialize)]
pub(super) struct File<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filename: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_data: Option<Source<'a>>,
}

/// An address, or bytes as a data URL.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Source<'a> {
    Url(&'a str),
    Data(DataUrl<'a>),
}

/// A tool call of an earlier answer.
#[derive(Serialize)]
pub(super) struct Call<'a> {
    pub(super) id: Cow<'a, str>,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function: Option<Function<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) custom: Option<Custom<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extra_content: Option<Json>,
}

#[derive(Serialize)]
pub(super) struct Function<'a> {
    pub(super) name: &'a str,
    pub(super) arguments: Cow<'a, str>,
}

#[derive(Serialize)]
pub(super) struct Custom<'a> {
    pub(super) name: &'a str,
    pub(super) input: &'a str,
}

/// A tool that the model may call.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum WireTool<'a> {
    Function {
        #[serde(rename = "type")]
        kind: &'static str,
        function: ToolFunction<'a>,
    },
    Custom {
        #[serde(rename = "type")]
        kind: &'static str,
        custom: ToolCustom<'a>,
    },
    Native(&'a Object),
}

#[derive(Serialize)]
pub(super) struct ToolFunction<'a> {
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) description: &'a str,
    pub(super) parameters: Cow<'a, Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) strict: Option<bool>,
}

#[derive(Serialize)]
pub(super) struct ToolCustom<'a> {
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<Cow<'a, Json>>,
}
