//! The data that every protocol shares: messages, content blocks, events, options and models.
//!
//! `schema/data.toml` at the root of the repository lists every class and field; the test
//! `tests/parity.rs` holds these types against it.

mod content;
mod events;
mod literals;
mod messages;
mod models;
mod policies;
mod requests;
mod shared_object;
mod shared_text;
mod tagged;
mod tools;
mod usage;

pub use content::{Audio, Bytes, ContentBlock, Document, Image, Opaque, Text, Thinking, ToolCall};
pub use events::{
    Block, Done, ErrorEvent, Event, Start, TextDelta, TextEnd, TextStart, ThinkingDelta, ThinkingEnd, ThinkingStart,
    ToolCallDelta, ToolCallEnd, ToolCallStart,
};
pub use literals::{Api, CacheRetention, Modality, ReasoningLevel, StopReason, ToolCallState, ToolChoiceMode};
pub use messages::{AssistantMessage, Attempt, Content, Context, Message, ToolResultMessage, UserMessage};
pub use models::{Model, ModelCost};
pub use policies::{Limits, Retries, Retrying};
pub use requests::{Notice, Options, Reasoning, Response, ResponseFormat, Timeout, Timeouts};
pub use shared_object::SharedObject;
pub use shared_text::SharedText;
pub use tools::{Tool, ToolChoice};
pub use usage::{Cost, Usage};

/// Whether a field is at its default and so left out of the JSON form.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
