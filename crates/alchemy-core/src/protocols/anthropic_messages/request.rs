//! The shapes of a request on the wire. They borrow from the conversation; base64 is written straight into the body.

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json::{Json, Object};
use crate::protocols::encoding::cache::CacheMark;
use crate::protocols::encoding::media::Base64;

/// A message.
pub(super) struct WireMessage<'a> {
    pub(super) role: &'static str,
    pub(super) content: Vec<Block<'a>>,
}

impl Serialize for WireMessage<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("role", self.role)?;
        map.serialize_entry("content", &Content(&self.content))?;
        map.end()
    }
}

/// Blocks, or a string where that says the same.
pub(super) struct Content<'b, 'a>(pub(super) &'b [Block<'a>]);

impl Serialize for Content<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            [
                Block {
                    body: Body::Text { text, citations: [] },
                    mark: None,
                },
            ] => serializer.serialize_str(text),
            blocks => serializer.collect_seq(blocks),
        }
    }
}

/// A block of a message.
pub(super) struct Block<'a> {
    pub(super) body: Body<'a>,
    pub(super) mark: Option<CacheMark>,
}

impl<'a> Block<'a> {
    /// A block of text.
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Body::Text {
            text: text.into(),
            citations: &[],
        }
        .into()
    }

    /// Whether the block can carry a mark. The forms of others are not touched.
    pub(super) fn takes_mark(&self) -> bool {
        !matches!(self.body, Body::Raw(_)) && !self.is_thinking()
    }

    /// Whether the block is thinking, which may be withheld.
    pub(super) fn is_thinking(&self) -> bool {
        matches!(self.body, Body::Thinking { .. } | Body::Redacted { .. })
    }
}

impl<'a> From<Body<'a>> for Block<'a> {
    fn from(body: Body<'a>) -> Self {
        Block { body, mark: None }
    }
}

/// What a block says.
pub(super) enum Body<'a> {
    Text {
        text: Cow<'a, str>,
        citations: &'a [Json],
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    Redacted {
        data: &'a str,
    },
    Image {
        source: Source<'a>,
    },
    Document {
        source: Source<'a>,
        title: Option<&'a str>,
        citations: Option<bool>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Cow<'a, RawValue>,
        /// Further keys that the server sent.
        rest: Object,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        content: Vec<Block<'a>>,
        is_error: bool,
    },
    /// The protocol's own form, as it was given.
    Raw(&'a Json),
}

impl Serialize for Block<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Body::Raw(json) = &self.body {
            return json.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        match &self.body {
            Body::Text { text, citations } => {
                map.serialize_entry("type", "text")?;
                map.serialize_entry("text", text)?;
                if !citations.is_empty() {
                    map.serialize_entry("citations", citations)?;
                }
            }
            Body::Thinking { thinking, signature } => {
                map.serialize_entry("type", "thinking")?;
                map.serialize_entry("thinking", thinking)?;
                map.serialize_entry("signature", signature)?;
            }
            Body::Redacted { data } => {
                map.serialize_entry("type", "redacted_thinking")?;
                map.serialize_entry("data", data)?;
            }
            Body::Image { source } => {
                map.serialize_entry("type", "image")?;
                map.serialize_entry("source", source)?;
            }
            Body::Document {
                source,
                title,
                citations,
            } => {
                map.serialize_entry("type", "document")?;
                map.serialize_entry("source", source)?;
                if let Some(title) = title {
                    map.serialize_entry("title", title)?;
                }
                if let Some(enabled) = citations {
                    map.serialize_entry("citations", &serde_json::json!({ "enabled": enabled }))?;
                }
            }
            Body::ToolUse { id, name, input, rest } => {
                map.serialize_entry("type", "tool_use")?;
                map.serialize_entry("id", id)?;
                map.serialize_entry("name", name)?;
                map.serialize_entry("input", input)?;
                for (key, value) in rest {
                    map.serialize_entry(key, value)?;
                }
            }
            Body::ToolResult {
                tool_use_id,
                content,
                is_error,
            } => {
                map.serialize_entry("type", "tool_result")?;
                map.serialize_entry("tool_use_id", tool_use_id)?;
                if !content.is_empty() {
                    map.serialize_entry("content", &Content(content))?;
                }
                if *is_error {
                    map.serialize_entry("is_error", &true)?;
                }
            }
            Body::Raw(_) => {}
        }
        if let Some(mark) = self.mark {
            map.serialize_entry("cache_control", &mark)?;
        }
        map.end()
    }
}

/// Where the content of an image or a document is.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Source<'a> {
    Base64 { media_type: Cow<'a, str>, data: Base64<'a> },
    Text { media_type: &'static str, data: &'a str },
    Url { url: &'a str },
    File { file_id: &'a str },
}

/// A tool that the model may call.
pub(super) struct WireTool<'a> {
    pub(super) form: ToolForm<'a>,
    pub(super) mark: Option<CacheMark>,
}

/// What a tool is.
pub(super) enum ToolForm<'a> {
    /// The protocol's own form, as it was given.
    Native(&'a Object),
    Function {
        name: &'a str,
        description: &'a str,
        input_schema: Cow<'a, Json>,
        strict: Option<bool>,
    },
}

impl Serialize for WireTool<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.form {
            ToolForm::Native(keys) => {
                for (key, value) in *keys {
                    map.serialize_entry(key, value)?;
                }
            }
            ToolForm::Function {
                name,
                description,
                input_schema,
                strict,
            } => {
                map.serialize_entry("name", name)?;
                if !description.is_empty() {
                    map.serialize_entry("description", description)?;
                }
                map.serialize_entry("input_schema", input_schema)?;
                if let Some(strict) = strict {
                    map.serialize_entry("strict", strict)?;
                }
            }
        }
        if let Some(mark) = self.mark {
            map.serialize_entry("cache_control", &mark)?;
        }
        map.end()
    }
}
