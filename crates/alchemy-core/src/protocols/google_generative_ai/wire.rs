//! The shapes that Gemini's answers come in, read without copying where the text allows it.
//!
//! Source: <https://ai.google.dev/api/generate-content> and the recorded answers of the Gemini API and of Vertex AI,
//! which answers in the same form (2026-11).

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::protocols::decoding::keys::Keys;
use crate::protocols::decoding::wire::{First, Numbered, Str, Word, raw, read_object, shapes, text};

/// A chunk of a stream, or a whole answer.
#[derive(Default)]
pub(super) struct Chunk<'a> {
    pub(super) response_id: Option<Cow<'a, str>>,
    pub(super) model_version: Option<Cow<'a, str>>,
    pub(super) candidate: Option<Candidate<'a>>,
    /// Whether candidates other than the first were there.
    pub(super) other_candidates: bool,
    pub(super) usage: Option<&'a RawValue>,
    pub(super) prompt_feedback: Option<&'a RawValue>,
    pub(super) error: Option<&'a RawValue>,
    pub(super) extras: Keys<'a>,
}

/// The first candidate.
#[derive(Default)]
pub(super) struct Candidate<'a> {
    index: u64,
    pub(super) content: Content<'a>,
    pub(super) finish_reason: Option<Word<'a>>,
    pub(super) grounding: Option<&'a RawValue>,
    pub(super) url_context: Option<&'a RawValue>,
    pub(super) extras: Keys<'a>,
}

impl Numbered for Candidate<'_> {
    fn number(&self) -> u64 {
        self.index
    }
}

/// What a candidate says, a part each.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Content<'a> {
    #[serde(borrow)]
    pub(super) parts: Option<Vec<&'a RawValue>>,
}

/// One part: its data, and what is said about it.
#[derive(Default)]
pub(super) struct Part<'a> {
    pub(super) text: Option<Cow<'a, str>>,
    pub(super) thought: bool,
    pub(super) signature: Option<Cow<'a, str>>,
    pub(super) function_call: Option<&'a RawValue>,
    pub(super) inline_data: Option<&'a RawValue>,
    pub(super) file_data: Option<&'a RawValue>,
    pub(super) extras: Keys<'a>,
}

/// A call, or a piece of one.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct FunctionCall<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) args: Option<&'a RawValue>,
    #[serde(borrow, rename = "partialArgs")]
    pub(super) partial_args: Option<Vec<PartialArg<'a>>>,
    #[serde(rename = "willContinue")]
    pub(super) will_continue: Option<bool>,
}

/// One value of a call that is streamed, or a piece of a string.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct PartialArg<'a> {
    #[serde(borrow, rename = "jsonPath")]
    pub(super) path: Option<Str<'a>>,
    #[serde(borrow, rename = "stringValue")]
    pub(super) string: Option<Str<'a>>,
    #[serde(borrow, rename = "numberValue")]
    pub(super) number: Option<&'a RawValue>,
    #[serde(rename = "boolValue")]
    pub(super) boolean: Option<bool>,
    #[serde(rename = "willContinue")]
    pub(super) will_continue: Option<bool>,
}

/// Media in the part itself.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct InlineData<'a> {
    #[serde(borrow, rename = "mimeType")]
    pub(super) mime_type: Option<Str<'a>>,
    #[serde(borrow)]
    pub(super) data: Option<Str<'a>>,
    #[serde(borrow, rename = "displayName")]
    pub(super) name: Option<Str<'a>>,
}

/// Media at an address.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct FileData<'a> {
    #[serde(borrow, rename = "mimeType")]
    pub(super) mime_type: Option<Str<'a>>,
    #[serde(borrow, rename = "fileUri")]
    pub(super) uri: Option<Str<'a>>,
    #[serde(borrow, rename = "displayName")]
    pub(super) name: Option<Str<'a>>,
}

shapes!(Chunk, Part, FunctionCall, FileData);

read_object!(Part, "a part", |part, key, map| match &*key {
    "text" => part.text = text(&mut map)?,
    "thought" => part.thought = map.next_value::<Option<_>>()?.unwrap_or_default(),
    "thoughtSignature" => part.signature = text(&mut map)?,
    "functionCall" => part.function_call = raw(&mut map)?,
    "inlineData" => part.inline_data = raw(&mut map)?,
    "fileData" => part.file_data = raw(&mut map)?,
    _ => part.extras.keep(key, &mut map)?,
});

read_object!(Candidate, "a candidate", |candidate, key, map| match &*key {
    "index" => candidate.index = map.next_value::<Option<_>>()?.unwrap_or_default(),
    "content" => candidate.content = map.next_value::<Option<_>>()?.unwrap_or_default(),
    "finishReason" => candidate.finish_reason = map.next_value()?,
    "groundingMetadata" => candidate.grounding = raw(&mut map)?,
    "urlContextMetadata" => candidate.url_context = raw(&mut map)?,
    _ => candidate.extras.keep(key, &mut map)?,
});

read_object!(Chunk, "a generated content", |chunk, key, map| match &*key {
    "responseId" => chunk.response_id = text(&mut map)?,
    "modelVersion" => chunk.model_version = text(&mut map)?,
    "candidates" => {
        let candidates: First<Candidate<'de>> = map.next_value()?;
        chunk.candidate = candidates.first;
        chunk.other_candidates = candidates.others;
    }
    "usageMetadata" => chunk.usage = raw(&mut map)?,
    "promptFeedback" => chunk.prompt_feedback = raw(&mut map)?,
    "error" => chunk.error = raw(&mut map)?,
    _ => chunk.extras.keep(key, &mut map)?,
});
