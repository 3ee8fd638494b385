//! What a stream delivers.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::content::{ContentBlock, Text, Thinking, ToolCall};
use super::is_default;
use super::messages::AssistantMessage;
use super::requests::Notice;

/// The answer has begun. Always the first event, once.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "start")]
pub struct Start {
    /// The wire protocol.
    pub api: String,
    /// The provider's id.
    pub provider: String,
    /// The model id that was asked for.
    pub model: String,
    /// The provider's id of the answer, where its first chunk has it.
    #[serde(skip_serializing_if = "is_default")]
    pub response_id: Option<String>,
    /// What the request could not honour exactly.
    #[serde(skip_serializing_if = "is_default")]
    pub notices: Vec<Notice>,
}

/// A text block begins.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "text_start")]
pub struct TextStart {
    /// Its place in the message's content, from 0.
    pub content_index: usize,
}

/// More text of a block.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "text_delta")]
pub struct TextDelta {
    /// The block's place in the message's content, from 0.
    pub content_index: usize,
    /// What is new, never empty.
    pub delta: String,
}

/// A text block is whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "text_end")]
pub struct TextEnd {
    /// The block's place in the message's content, from 0.
    pub content_index: usize,
    /// The block.
    pub block: Text,
}

/// A thinking block begins.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "thinking_start")]
pub struct ThinkingStart {
    /// Its place in the message's content, from 0.
    pub content_index: usize,
}

/// More of a thinking block.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "thinking_delta")]
pub struct ThinkingDelta {
    /// The block's place in the message's content, from 0.
    pub content_index: usize,
    /// What is new, never empty.
    pub delta: String,
}

/// A thinking block is whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "thinking_end")]
pub struct ThinkingEnd {
    /// The block's place in the message's content, from 0.
    pub content_index: usize,
    /// The block.
    pub block: Thinking,
}

/// A tool call begins.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "tool_call_start")]
pub struct ToolCallStart {
    /// Its place in the message's content, from 0.
    pub content_index: usize,
    /// The call's id.
    pub id: String,
    /// The tool's name.
    pub name: String,
}

/// More of a tool call's arguments.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "tool_call_delta")]
pub struct ToolCallDelta {
    /// The block's place in the message's content, from 0.
    pub content_index: usize,
    /// Raw text of the arguments, never empty.
    pub delta: String,
}

/// A tool call is over; look at its `state` before running it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "tool_call_end")]
pub struct ToolCallEnd {
    /// The block's place in the message's content, from 0.
    pub content_index: usize,
    /// The call.
    pub tool_call: ToolCall,
}

/// A block that arrives whole: opaque, image, audio or document.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "block")]
pub struct Block {
    /// Its place in the message's content, from 0.
    pub content_index: usize,
    /// The block.
    pub block: ContentBlock,
}

/// The answer is whole. The last event of a stream that did not fail.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "done")]
pub struct Done {
    /// The whole message.
    pub message: Arc<AssistantMessage>,
}

/// The answer failed. The last event of a stream that did.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "error")]
pub struct ErrorEvent {
    /// The kind of the error.
    pub kind: String,
    /// What had arrived; its `error_message` says what failed.
    pub message: Arc<AssistantMessage>,
}

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $tag:literal,)+) => {
        /// One event of a stream.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $($(#[$doc])* $variant($variant),)+
        }

        impl Event {
            /// The tags of the union, in the order of the table.
            pub const TAGS: &'static [&'static str] = &[$($tag,)+];

            /// The tag of this event.
            #[must_use]
            pub const fn tag(&self) -> &'static str {
                match self {
                    $(Event::$variant(_) => $tag,)+
                }
            }
        }

        $(
            impl From<$variant> for Event {
                fn from(event: $variant) -> Self {
                    Event::$variant(event)
                }
            }
        )+

        impl Serialize for Event {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Event::$variant(event) => event.serialize(serializer),)+
                }
            }
        }
    };
}

events! {
    /// The answer has begun.
    Start = "start",
    /// A text block begins.
    TextStart = "text_start",
    /// More text.
    TextDelta = "text_delta",
    /// A text block is whole.
    TextEnd = "text_end",
    /// A thinking block begins.
    ThinkingStart = "thinking_start",
    /// More thinking.
    ThinkingDelta = "thinking_delta",
    /// A thinking block is whole.
    ThinkingEnd = "thinking_end",
    /// A tool call begins.
    ToolCallStart = "tool_call_start",
    /// More arguments.
    ToolCallDelta = "tool_call_delta",
    /// A tool call is over.
    ToolCallEnd = "tool_call_end",
    /// A block that arrives whole.
    Block = "block",
    /// The answer is whole.
    Done = "done",
    /// The answer failed.
    ErrorEvent = "error",
}
