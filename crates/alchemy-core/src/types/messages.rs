//! Messages and the conversation they form.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::content::{ContentBlock, Text};
use super::is_default;
use super::literals::StopReason;
use super::requests::Notice;
use super::shared_object::SharedObject;
use super::shared_text::SharedText;
use super::tagged::tagged_union;
use super::tools::Tool;
use super::usage::Usage;
use crate::json::{self, Json};

/// Text, or blocks in the order the model is to read them.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Text alone.
    Text(SharedText),
    /// Blocks.
    Blocks(Vec<ContentBlock>),
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Content::Text(text) => serializer.serialize_str(text),
            Content::Blocks(blocks) => blocks.serialize(serializer),
        }
    }
}

/// Reads text or blocks, and refuses blocks that the speaker cannot say.
fn read_content<'de, D: Deserializer<'de>>(
    deserializer: D,
    speaker: &str,
    allowed: &[&str],
) -> Result<Content, D::Error> {
    let raw = json::raw(deserializer)?;
    let text = raw.get();
    if text.starts_with('"') {
        return json::read(text)
            .map(Content::Text)
            .map_err(json::ShapeError::into_custom);
    }
    if !text.starts_with('[') {
        return Err(json::shape_error(
            "",
            &format!(
                "expected a string or a list of content blocks, got {}",
                json::kind_of(text)
            ),
        ));
    }
    let blocks: Vec<ContentBlock> = json::read(text).map_err(json::ShapeError::into_custom)?;
    for (index, block) in blocks.iter().enumerate() {
        if !allowed.contains(&block.tag()) {
            let message = format!(
                "{speaker} cannot hold a {} block, only {}",
                block.tag(),
                allowed.join(", ")
            );
            return Err(json::shape_error(&format!("[{index}]"), &message));
        }
    }
    Ok(Content::Blocks(blocks))
}

fn user_content<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Content, D::Error> {
    read_content(
        deserializer,
        "a user message",
        &["text", "image", "audio", "document", "opaque"],
    )
}

fn tool_result_content<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Content, D::Error> {
    read_content(
        deserializer,
        "a tool result",
        &["text", "image", "audio", "document", "opaque"],
    )
}

fn assistant_content<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ContentBlock>, D::Error> {
    Ok(
        match read_content(deserializer, "an assistant message", ContentBlock::TAGS)? {
            Content::Text(text) => vec![
                Text {
                    text,
                    ..Text::default()
                }
                .into(),
            ],
            Content::Blocks(blocks) => blocks,
        },
    )
}

/// What the user says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename = "user", deny_unknown_fields)]
pub struct UserMessage {
    /// Text, or blocks in the order the model is to read them.
    #[serde(deserialize_with = "user_content")]
    pub content: Content,
    /// When it was said, in milliseconds since 1970; never sent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub timestamp_ms: Option<i64>,
}

/// One time that a request was sent, or that its connection was tried.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attempt {
    /// The HTTP status; None where no answer came.
    #[serde(skip_serializing_if = "is_default")]
    pub status: Option<u16>,
    /// The provider's id of the exchange.
    #[serde(skip_serializing_if = "is_default")]
    pub request_id: Option<String>,
    /// The name of the error class that it failed by; None where it answered.
    #[serde(skip_serializing_if = "is_default")]
    pub error: Option<String>,
    /// What failed, in one line.
    #[serde(skip_serializing_if = "is_default")]
    pub reason: Option<String>,
    /// How long it was held back, in seconds: by the wait before a retry, or by the client's limits.
    #[serde(skip_serializing_if = "is_default")]
    pub waited: f64,
    /// From the send to the head of the answer, or to the failure, in seconds.
    #[serde(skip_serializing_if = "is_default")]
    pub duration: f64,
}

/// What the model answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename = "assistant", deny_unknown_fields)]
pub struct AssistantMessage {
    /// Content blocks in the order the model produced them.
    #[serde(deserialize_with = "assistant_content")]
    pub content: Vec<ContentBlock>,
    /// The wire protocol that carried it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub api: Option<String>,
    /// The provider that answered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub provider: Option<String>,
    /// The model id that was asked for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub model: Option<String>,
    /// The model id that the provider says answered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub response_model: Option<String>,
    /// The provider's id of the answer.
    #[serde(default, skip_serializing_if = "is_default")]
    pub response_id: Option<String>,
    /// The provider's id of the HTTP exchange, for its support.
    #[serde(default, skip_serializing_if = "is_default")]
    pub request_id: Option<String>,
    /// Tokens and cost.
    #[serde(default, skip_serializing_if = "is_default")]
    pub usage: Usage,
    /// Why the model stopped.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stop_reason: StopReason,
    /// The provider's own word for it; None where it sent none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub raw_stop_reason: Option<String>,
    /// What failed, in one line, where `stop_reason` is `error` or `aborted`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub error_message: Option<String>,
    /// What could not be honoured exactly, in the order it was met.
    #[serde(default, skip_serializing_if = "is_default")]
    pub notices: Vec<Notice>,
    /// When the answer began, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "is_default")]
    pub timestamp_ms: Option<i64>,
    /// Every time the request was sent, in order; the last is the one that answered.
    #[serde(default, skip_serializing_if = "is_default")]
    pub attempts: Vec<Attempt>,
    /// What the protocol sent beyond these fields, such as `logprobs`: a JSON object.
    #[serde(default, skip_serializing_if = "is_default")]
    pub raw: SharedObject,
}

/// What a tool call gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename = "tool_result", deny_unknown_fields)]
pub struct ToolResultMessage {
    /// The `id` of the tool call it answers.
    pub tool_call_id: String,
    /// Text, or blocks in order.
    #[serde(deserialize_with = "tool_result_content")]
    pub content: Content,
    /// The tool's name, for providers that want it; None: taken from the call.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tool_name: Option<String>,
    /// Whether the tool failed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_error: bool,
    /// The application's own record of the run; never sent.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub details: Json,
    /// When the tool ended, in milliseconds since 1970; never sent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub timestamp_ms: Option<i64>,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// What the user says.
    UserMessage(UserMessage),
    /// What the model answered; boxed, since it is several times the size of the others.
    AssistantMessage(Box<AssistantMessage>),
    /// What a tool call gave.
    ToolResultMessage(ToolResultMessage),
}

tagged_union!(Message, "role", {
    UserMessage = "user",
    AssistantMessage = "assistant",
    ToolResultMessage = "tool_result",
});

/// A conversation: what the model is to read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Context {
    /// Instructions that stand above the conversation.
    #[serde(skip_serializing_if = "is_default")]
    pub system_prompt: Option<String>,
    /// The messages, oldest first.
    #[serde(skip_serializing_if = "is_default")]
    pub messages: Vec<Message>,
    /// The tools that the model may call.
    #[serde(skip_serializing_if = "is_default")]
    pub tools: Vec<Tool>,
}
