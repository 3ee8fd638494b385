//! Content blocks: what messages are made of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::is_default;
use super::literals::ToolCallState;
use super::shared_text::SharedText;
use super::tagged::tagged_union;
use crate::json::{Json, optional_object};

/// Bytes, base64 text in the JSON form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub bytes::Bytes);

impl From<Vec<u8>> for Bytes {
    fn from(data: Vec<u8>) -> Self {
        Bytes(data.into())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        STANDARD
            .decode(text.as_bytes())
            .map(Bytes::from)
            .map_err(|error| serde::de::Error::custom(format!("not base64: {error}")))
    }
}

/// Text, from the user, a tool or the model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "text", deny_unknown_fields)]
pub struct Text {
    /// The text.
    pub text: SharedText,
    /// The provider's opaque mark on the block, sent back unchanged.
    #[serde(default, skip_serializing_if = "is_default")]
    pub signature: Option<String>,
    /// Sources the provider names for the text, in the provider's own form and order.
    #[serde(default, skip_serializing_if = "is_default")]
    pub citations: Vec<Json>,
}

/// The model's reasoning, as far as the provider shows it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "thinking", deny_unknown_fields)]
pub struct Thinking {
    /// The reasoning, or a summary of it; empty where only a signature was sent.
    pub thinking: SharedText,
    /// What the provider needs to accept the block again: an opaque string, never interpreted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub signature: Option<String>,
    /// Whether the provider withheld the reasoning; `signature` then carries it encrypted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub redacted: bool,
}

/// An image; exactly one of `data`, `url` and `file_id`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "image", deny_unknown_fields, default)]
pub struct Image {
    /// The encoded image file.
    #[serde(skip_serializing_if = "is_default")]
    pub data: Option<Bytes>,
    /// An address that the provider can fetch.
    #[serde(skip_serializing_if = "is_default")]
    pub url: Option<String>,
    /// The name of a file uploaded to the provider before.
    #[serde(skip_serializing_if = "is_default")]
    pub file_id: Option<String>,
    /// For example `image/png`; None: told from the first bytes of `data`.
    #[serde(skip_serializing_if = "is_default")]
    pub mime_type: Option<String>,
    /// How closely to look, where the provider offers it: `low`, `high` or `auto`.
    #[serde(skip_serializing_if = "is_default")]
    pub detail: Option<String>,
    /// The provider's opaque mark on the block, sent back unchanged.
    #[serde(skip_serializing_if = "is_default")]
    pub signature: Option<String>,
}

/// Audio, heard or spoken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "audio", deny_unknown_fields, default)]
pub struct Audio {
    /// The encoded audio file.
    #[serde(skip_serializing_if = "is_default")]
    pub data: Option<Bytes>,
    /// An address that the provider can fetch.
    #[serde(skip_serializing_if = "is_default")]
    pub url: Option<String>,
    /// For example `audio/wav`; None: told from the first bytes of `data`.
    #[serde(skip_serializing_if = "is_default")]
    pub mime_type: Option<String>,
    /// The spoken words, where the provider sends them.
    #[serde(skip_serializing_if = "is_default")]
    pub transcript: Option<String>,
    /// The provider's name for audio it made, by which a later request refers to it.
    #[serde(skip_serializing_if = "is_default")]
    pub id: Option<String>,
    /// The provider's opaque mark on the block, sent back unchanged.
    #[serde(skip_serializing_if = "is_default")]
    pub signature: Option<String>,
}

/// A document such as a PDF; exactly one of `data`, `url` and `file_id`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "document", deny_unknown_fields, default)]
pub struct Document {
    /// The encoded document.
    #[serde(skip_serializing_if = "is_default")]
    pub data: Option<Bytes>,
    /// An address that the provider can fetch.
    #[serde(skip_serializing_if = "is_default")]
    pub url: Option<String>,
    /// The name of a file uploaded to the provider before.
    #[serde(skip_serializing_if = "is_default")]
    pub file_id: Option<String>,
    /// For example `application/pdf`; None: told from the first bytes of `data`.
    #[serde(skip_serializing_if = "is_default")]
    pub mime_type: Option<String>,
    /// A file name or title shown to the model.
    #[serde(skip_serializing_if = "is_default")]
    pub name: Option<String>,
    /// Whether the answer is to cite it, where that is asked for by document; None: the provider's default.
    #[serde(skip_serializing_if = "is_default")]
    pub citations: Option<bool>,
    /// The provider's opaque mark on the block, sent back unchanged.
    #[serde(skip_serializing_if = "is_default")]
    pub signature: Option<String>,
}

/// The model's wish to run a tool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "tool_call", deny_unknown_fields)]
pub struct ToolCall {
    /// Ties the result to the call.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments; None unless `state` is `complete` and they are a JSON object.
    #[serde(default, deserialize_with = "optional_object", skip_serializing_if = "is_default")]
    pub arguments: Option<Json>,
    /// The arguments as the model wrote them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub raw_arguments: SharedText,
    /// Whether the arguments are whole and valid.
    #[serde(default, skip_serializing_if = "is_default")]
    pub state: ToolCallState,
    /// Whether the tool takes free text; `raw_arguments` is then that text.
    #[serde(default, skip_serializing_if = "is_default")]
    pub custom: bool,
    /// The provider's opaque mark on the call, sent back unchanged.
    #[serde(default, skip_serializing_if = "is_default")]
    pub signature: Option<String>,
}

/// Whatever a provider sends that has no block of its own, kept whole and sent back to the same model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "opaque", deny_unknown_fields)]
pub struct Opaque {
    /// The wire protocol that it belongs to.
    pub api: String,
    /// The provider's name for it.
    pub kind: String,
    /// The provider's own form.
    pub data: Json,
    /// A readable rendering, where there is one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub text: Option<String>,
}

/// Every kind of content block.
#[derive(Clone, Debug, PartialEq)]
pub enum ContentBlock {
    /// Text.
    Text(Text),
    /// Reasoning.
    Thinking(Thinking),
    /// The wish to run a tool.
    ToolCall(ToolCall),
    /// An image.
    Image(Image),
    /// Audio.
    Audio(Audio),
    /// A document.
    Document(Document),
    /// Anything else.
    Opaque(Opaque),
}

tagged_union!(ContentBlock, "type", {
    Text = "text",
    Thinking = "thinking",
    ToolCall = "tool_call",
    Image = "image",
    Audio = "audio",
    Document = "document",
    Opaque = "opaque",
});
