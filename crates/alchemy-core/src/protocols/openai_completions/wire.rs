//! The shapes that chat completions come in, read without copying where the text allows it.
//!
//! Source: <https://platform.openai.com/docs/api-reference/chat> and the recorded answers of some
//! thirty servers that imitate it (2026-11).

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::protocols::decoding::keys::Keys;
use crate::protocols::decoding::wire::{First, Numbered, Parts, raw, read_object, shapes, text_or_digits};

/// A chunk of a stream, or a whole answer.
#[derive(Default)]
pub(super) struct Chunk<'a> {
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) model: Option<Cow<'a, str>>,
    pub(super) choice: Option<Choice<'a>>,
    /// Whether choices other than the first were there.
    pub(super) other_choices: bool,
    pub(super) usage: Option<&'a RawValue>,
    pub(super) error: Option<&'a RawValue>,
    pub(super) extras: Keys<'a>,
}

/// The first choice.
#[derive(Default)]
pub(super) struct Choice<'a> {
    index: u64,
    pub(super) delta: Option<Delta<'a>>,
    pub(super) message: Option<Delta<'a>>,
    pub(super) finish_reason: Option<Cow<'a, str>>,
    pub(super) native_finish_reason: Option<Cow<'a, str>>,
    pub(super) usage: Option<&'a RawValue>,
    pub(super) error: Option<&'a RawValue>,
    pub(super) extras: Keys<'a>,
}

impl Numbered for Choice<'_> {
    fn number(&self) -> u64 {
        self.index
    }
}

/// A piece of the message, or the whole of it.
#[derive(Default)]
pub(super) struct Delta<'a> {
    /// A list of parts is what Mistral and some gateways send.
    pub(super) content: Parts<'a>,
    pub(super) reasoning_content: Option<Cow<'a, str>>,
    pub(super) reasoning: Option<Cow<'a, str>>,
    pub(super) reasoning_details: Option<&'a RawValue>,
    pub(super) refusal: Option<Cow<'a, str>>,
    pub(super) tool_calls: Vec<ToolCallDelta<'a>>,
    pub(super) function_call: Option<FunctionDelta<'a>>,
    pub(super) annotations: Option<&'a RawValue>,
    pub(super) audio: Option<&'a RawValue>,
    pub(super) images: Option<&'a RawValue>,
    pub(super) extras: Keys<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ToolCallDelta<'a> {
    pub(super) index: Option<u64>,
    #[serde(borrow)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) function: Option<FunctionDelta<'a>>,
    #[serde(borrow)]
    pub(super) custom: Option<CustomDelta<'a>>,
    #[serde(borrow)]
    pub(super) extra_content: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct FunctionDelta<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) arguments: Option<&'a RawValue>,
}

impl ToolCallDelta<'_> {
    /// What it calls, if that is neither a function nor a tool of free text.
    pub(super) fn unknown_kind(&self) -> Option<&str> {
        let kind = self
            .kind
            .as_deref()
            .filter(|kind| !matches!(*kind, "" | "function" | "custom"));
        kind.filter(|_| self.function.is_none() && self.custom.is_none())
    }
}

/// The call of a tool that takes free text.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct CustomDelta<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) input: Option<Cow<'a, str>>,
}

impl CustomDelta<'_> {
    /// Whether it says something.
    pub(super) fn is_told(&self) -> bool {
        [&self.name, &self.input]
            .iter()
            .any(|text| text.as_deref().is_some_and(|text| !text.is_empty()))
    }
}

shapes!(Chunk);

// Numeric ids and reasons (seen from Vertex) are read as their digits.

read_object!(Delta, "a message or a piece of one", |delta, key, map| match &*key {
    "content" => delta.content = map.next_value()?,
    "reasoning_content" => delta.reasoning_content = text_or_digits(&mut map)?,
    "reasoning" => delta.reasoning = text_or_digits(&mut map)?,
    "reasoning_details" => delta.reasoning_details = raw(&mut map)?,
    "refusal" => delta.refusal = text_or_digits(&mut map)?,
    "tool_calls" => delta.tool_calls = map.next_value::<Option<_>>()?.unwrap_or_default(),
    "function_call" => delta.function_call = map.next_value()?,
    "annotations" => delta.annotations = raw(&mut map)?,
    "audio" => delta.audio = raw(&mut map)?,
    "images" => delta.images = raw(&mut map)?,
    "role" | "obfuscation" | "padding" => drop(map.next_value::<IgnoredAny>()?),
    _ => delta.extras.keep(key, &mut map)?,
});

read_object!(Choice, "a choice", |choice, key, map| match &*key {
    "index" => choice.index = map.next_value::<Option<_>>()?.unwrap_or_default(),
    "delta" => choice.delta = map.next_value()?,
    "message" => choice.message = map.next_value()?,
    "finish_reason" => choice.finish_reason = text_or_digits(&mut map)?,
    "native_finish_reason" => choice.native_finish_reason = text_or_digits(&mut map)?,
    "usage" => choice.usage = raw(&mut map)?,
    "error" => choice.error = raw(&mut map)?,
    _ => choice.extras.keep(key, &mut map)?,
});

read_object!(Chunk, "a chat completion", |chunk, key, map| match &*key {
    "id" => chunk.id = text_or_digits(&mut map)?,
    "model" => chunk.model = text_or_digits(&mut map)?,
    "choices" => {
        let choices: First<Choice<'de>> = map.next_value()?;
        chunk.choice = choices.first;
        chunk.other_choices = choices.others;
    }
    "usage" => chunk.usage = raw(&mut map)?,
    "error" => chunk.error = raw(&mut map)?,
    "object" | "created" | "obfuscation" => drop(map.next_value::<IgnoredAny>()?),
    _ => chunk.extras.keep(key, &mut map)?,
});
