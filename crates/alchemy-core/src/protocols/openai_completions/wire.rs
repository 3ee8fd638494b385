//! The shapes that chat completions come in, read without copying where the text allows it.
//!
//! Source: <https://platform.openai.com/docs/api-reference/chat> and the recorded answers of some
//! thirty servers that imitate it (2026-11). Visitors are written by hand since derived ones can
//! either drop unknown keys or buffer the whole value; here unknown keys are kept as raw JSON.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::repeat::Kind;

/// Keys that are not part of our types, with their values.
pub(super) type Extras<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

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
    pub(super) extras: Extras<'a>,
}

impl<'a> Chunk<'a> {
    /// The text that the chunk adds, if that is all it does and the text stands in the JSON as it is. The keys that
    /// it may have beside it do nothing when they come again.
    pub(super) fn only_text(&self) -> Option<(&'a str, Kind)> {
        let choice = self.choice.as_ref()?;
        let delta = choice.delta.as_ref()?;
        let silent = self.error.is_none() && self.usage.is_none() && choice.is_silent() && delta.is_silent();
        match (&delta.content, &delta.reasoning_content) {
            _ if !silent => None,
            (Content::Text(Cow::Borrowed(text)), None) if !text.is_empty() => Some((text, Kind::Text)),
            (Content::None, Some(Cow::Borrowed(text))) if !text.is_empty() => Some((text, Kind::Thinking)),
            _ => None,
        }
    }
}

impl Choice<'_> {
    /// Whether nothing but the delta has an effect.
    fn is_silent(&self) -> bool {
        self.message.is_none()
            && self.finish_reason.is_none()
            && self.native_finish_reason.is_none()
            && self.usage.is_none()
            && self.error.is_none()
            && self.extras.is_empty()
    }
}

impl Delta<'_> {
    /// Whether nothing but `content` and `reasoning_content` has an effect.
    fn is_silent(&self) -> bool {
        self.reasoning.is_none()
            && self.reasoning_details.is_none()
            && self.refusal.is_none()
            && self.tool_calls.is_empty()
            && self.function_call.is_none()
            && self.annotations.is_none()
            && self.audio.is_none()
            && self.images.is_none()
            && self.extras.is_empty()
    }
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
    pub(super) extras: Extras<'a>,
}

/// A piece of the message, or the whole of it.
#[derive(Default)]
pub(super) struct Delta<'a> {
    pub(super) content: Content<'a>,
    pub(super) reasoning_content: Option<Cow<'a, str>>,
    pub(super) reasoning: Option<Cow<'a, str>>,
    pub(super) reasoning_details: Option<&'a RawValue>,
    pub(super) refusal: Option<Cow<'a, str>>,
    pub(super) tool_calls: Vec<ToolCallDelta<'a>>,
    pub(super) function_call: Option<FunctionDelta<'a>>,
    pub(super) annotations: Option<&'a RawValue>,
    pub(super) audio: Option<&'a RawValue>,
    pub(super) images: Option<&'a RawValue>,
    pub(super) extras: Extras<'a>,
}

/// Text, or a list of parts as Mistral and some gateways send it.
#[derive(Default)]
pub(super) enum Content<'a> {
    #[default]
    None,
    Text(Cow<'a, str>),
    Parts(Vec<&'a RawValue>),
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

/// A string that may be null and is borrowed where it has no escapes.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or null")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    /// Numeric ids and reasons (seen from Vertex) are read as their digits.
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }
}

impl<'de> Deserialize<'de> for Content<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContentVisitor;

        impl<'de> Visitor<'de> for ContentVisitor {
            type Value = Content<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string, a list of parts or null")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Content::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Content::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Content::None)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = sequence.next_element()? {
                    parts.push(part);
                }
                Ok(Content::Parts(parts))
            }
        }

        deserializer.deserialize_any(ContentVisitor)
    }
}

/// Reads the next value; null is None.
fn raw<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<&'de RawValue>, A::Error> {
    let value: &'de RawValue = map.next_value()?;
    Ok((value.get() != "null").then_some(value))
}

/// Keeps an unknown key unless its value is null.
fn keep<'de, A: MapAccess<'de>>(extras: &mut Extras<'de>, key: Cow<'de, str>, map: &mut A) -> Result<(), A::Error> {
    if let Some(value) = raw(map)? {
        extras.push((key, value));
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Delta<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DeltaVisitor;

        impl<'de> Visitor<'de> for DeltaVisitor {
            type Value = Delta<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a message or a piece of one")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut delta = Delta::default();
                while let Some(key) = map.next_key_seed(Text)?.flatten_key() {
                    match &*key {
                        "content" => delta.content = map.next_value()?,
                        "reasoning_content" => delta.reasoning_content = map.next_value_seed(Text)?,
                        "reasoning" => delta.reasoning = map.next_value_seed(Text)?,
                        "reasoning_details" => delta.reasoning_details = raw(&mut map)?,
                        "refusal" => delta.refusal = map.next_value_seed(Text)?,
                        "tool_calls" => delta.tool_calls = map.next_value::<Option<_>>()?.unwrap_or_default(),
                        "function_call" => delta.function_call = map.next_value()?,
                        "annotations" => delta.annotations = raw(&mut map)?,
                        "audio" => delta.audio = raw(&mut map)?,
                        "images" => delta.images = raw(&mut map)?,
                        "role" | "obfuscation" | "padding" => {
                            map.next_value::<IgnoredAny>()?;
                        }
                        _ => keep(&mut delta.extras, key, &mut map)?,
                    }
                }
                Ok(delta)
            }
        }

        deserializer.deserialize_map(DeltaVisitor)
    }
}

impl<'de> Deserialize<'de> for Choice<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoiceVisitor;

        impl<'de> Visitor<'de> for ChoiceVisitor {
            type Value = Choice<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a choice")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut choice = Choice::default();
                while let Some(key) = map.next_key_seed(Text)?.flatten_key() {
                    match &*key {
                        "index" => choice.index = map.next_value::<Option<_>>()?.unwrap_or_default(),
                        "delta" => choice.delta = map.next_value()?,
                        "message" => choice.message = map.next_value()?,
                        "finish_reason" => choice.finish_reason = map.next_value_seed(Text)?,
                        "native_finish_reason" => choice.native_finish_reason = map.next_value_seed(Text)?,
                        "usage" => choice.usage = raw(&mut map)?,
                        "error" => choice.error = raw(&mut map)?,
                        _ => keep(&mut choice.extras, key, &mut map)?,
                    }
                }
                Ok(choice)
            }
        }

        deserializer.deserialize_map(ChoiceVisitor)
    }
}

/// The choices of a chunk: the first, and whether there were others.
#[derive(Default)]
struct Choices<'a> {
    first: Option<Choice<'a>>,
    others: bool,
}

impl<'de> Deserialize<'de> for Choices<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChoicesVisitor;

        impl<'de> Visitor<'de> for ChoicesVisitor {
            type Value = Choices<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of choices or null")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Choices::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut choices = Choices::default();
                while let Some(choice) = sequence.next_element::<Choice<'de>>()? {
                    if choice.index == 0 && choices.first.is_none() {
                        choices.first = Some(choice);
                    } else {
                        choices.others = true;
                    }
                }
                Ok(choices)
            }
        }

        deserializer.deserialize_any(ChoicesVisitor)
    }
}

impl<'de> Deserialize<'de> for Chunk<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChunkVisitor;

        impl<'de> Visitor<'de> for ChunkVisitor {
            type Value = Chunk<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a chat completion")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut chunk = Chunk::default();
                while let Some(key) = map.next_key_seed(Text)?.flatten_key() {
                    match &*key {
                        "id" => chunk.id = map.next_value_seed(Text)?,
                        "model" => chunk.model = map.next_value_seed(Text)?,
                        "choices" => {
                            let choices: Choices<'de> = map.next_value()?;
                            chunk.choice = choices.first;
                            chunk.other_choices = choices.others;
                        }
                        "usage" => chunk.usage = raw(&mut map)?,
                        "error" => chunk.error = raw(&mut map)?,
                        "object" | "created" | "obfuscation" => {
                            map.next_value::<IgnoredAny>()?;
                        }
                        _ => keep(&mut chunk.extras, key, &mut map)?,
                    }
                }
                Ok(chunk)
            }
        }

        deserializer.deserialize_map(ChunkVisitor)
    }
}

/// A key is a string that cannot be null.
trait FlattenKey<'a> {
    fn flatten_key(self) -> Option<Cow<'a, str>>;
}

impl<'a> FlattenKey<'a> for Option<Option<Cow<'a, str>>> {
    fn flatten_key(self) -> Option<Cow<'a, str>> {
        self.flatten()
    }
}
