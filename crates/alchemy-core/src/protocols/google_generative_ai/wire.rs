//! The shapes that Gemini's answers come in, read without copying where the text allows it.
//!
//! Source: <https://ai.google.dev/api/generate-content> and the recorded answers of the Gemini API and of Vertex AI,
//! which answers in the same form (2026-11). Visitors are written by hand where unknown keys are kept as raw JSON.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Keys that are not part of our types, with their values.
pub(super) type Extras<'a> = Vec<(Cow<'a, str>, &'a RawValue)>;

/// A string that is borrowed where it has no escapes.
pub(super) struct Str<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StrVisitor;

        impl<'de> Visitor<'de> for StrVisitor {
            type Value = Str<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(StrVisitor)
    }
}

/// A word of an enum, or its number, as servers write it that have no names.
#[derive(Clone)]
pub(super) enum Word<'a> {
    Name(Cow<'a, str>),
    Number(u64),
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordVisitor;

        impl<'de> Visitor<'de> for WordVisitor {
            type Value = Word<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a word or its number")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Word::Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Word::Name(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Word::Number(number))
            }
        }

        deserializer.deserialize_any(WordVisitor)
    }
}

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
    pub(super) extras: Extras<'a>,
}

/// The first candidate.
#[derive(Default)]
pub(super) struct Candidate<'a> {
    index: u64,
    pub(super) content: Content<'a>,
    pub(super) finish_reason: Option<Word<'a>>,
    pub(super) grounding: Option<&'a RawValue>,
    pub(super) url_context: Option<&'a RawValue>,
    pub(super) extras: Extras<'a>,
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
    /// The keys that have no field here, in their order.
    pub(super) others: Vec<Cow<'a, str>>,
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

/// Reads the next value; null is None.
fn raw<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<&'de RawValue>, A::Error> {
    let value: &'de RawValue = map.next_value()?;
    Ok((value.get() != "null").then_some(value))
}

/// Reads the next value as a string; null is None.
fn text<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    Ok(map.next_value::<Option<Str<'de>>>()?.map(|text| text.0))
}

/// Keeps an unknown key unless its value is null.
fn keep<'de, A: MapAccess<'de>>(extras: &mut Extras<'de>, key: Cow<'de, str>, map: &mut A) -> Result<(), A::Error> {
    if let Some(value) = raw(map)? {
        extras.push((key, value));
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Part<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartVisitor;

        impl<'de> Visitor<'de> for PartVisitor {
            type Value = Part<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a part")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut part = Part::default();
                while let Some(Str(key)) = map.next_key()? {
                    match &*key {
                        "text" => part.text = text(&mut map)?,
                        "thought" => part.thought = map.next_value::<Option<_>>()?.unwrap_or_default(),
                        "thoughtSignature" => part.signature = text(&mut map)?,
                        "functionCall" => part.function_call = raw(&mut map)?,
                        "inlineData" => part.inline_data = raw(&mut map)?,
                        "fileData" => part.file_data = raw(&mut map)?,
                        _ => {
                            if raw(&mut map)?.is_some() {
                                part.others.push(key);
                            }
                        }
                    }
                }
                Ok(part)
            }
        }

        deserializer.deserialize_map(PartVisitor)
    }
}

impl<'de> Deserialize<'de> for Candidate<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CandidateVisitor;

        impl<'de> Visitor<'de> for CandidateVisitor {
            type Value = Candidate<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a candidate")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut candidate = Candidate::default();
                while let Some(Str(key)) = map.next_key()? {
                    match &*key {
                        "index" => candidate.index = map.next_value::<Option<_>>()?.unwrap_or_default(),
                        "content" => candidate.content = map.next_value::<Option<_>>()?.unwrap_or_default(),
                        "finishReason" => candidate.finish_reason = map.next_value()?,
                        "groundingMetadata" => candidate.grounding = raw(&mut map)?,
                        "urlContextMetadata" => candidate.url_context = raw(&mut map)?,
                        _ => keep(&mut candidate.extras, key, &mut map)?,
                    }
                }
                Ok(candidate)
            }
        }

        deserializer.deserialize_map(CandidateVisitor)
    }
}

/// The candidates of a chunk: the first, and whether there were others.
#[derive(Default)]
struct Candidates<'a> {
    first: Option<Candidate<'a>>,
    others: bool,
}

impl<'de> Deserialize<'de> for Candidates<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CandidatesVisitor;

        impl<'de> Visitor<'de> for CandidatesVisitor {
            type Value = Candidates<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of candidates or null")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Candidates::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
                let mut candidates = Candidates::default();
                while let Some(candidate) = sequence.next_element::<Candidate<'de>>()? {
                    if candidate.index == 0 && candidates.first.is_none() {
                        candidates.first = Some(candidate);
                    } else {
                        candidates.others = true;
                    }
                }
                Ok(candidates)
            }
        }

        deserializer.deserialize_any(CandidatesVisitor)
    }
}

impl<'de> Deserialize<'de> for Chunk<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChunkVisitor;

        impl<'de> Visitor<'de> for ChunkVisitor {
            type Value = Chunk<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a generated content")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut chunk = Chunk::default();
                while let Some(Str(key)) = map.next_key()? {
                    match &*key {
                        "responseId" => chunk.response_id = text(&mut map)?,
                        "modelVersion" => chunk.model_version = text(&mut map)?,
                        "candidates" => {
                            let candidates: Candidates<'de> = map.next_value()?;
                            chunk.candidate = candidates.first;
                            chunk.other_candidates = candidates.others;
                        }
                        "usageMetadata" => chunk.usage = raw(&mut map)?,
                        "promptFeedback" => chunk.prompt_feedback = raw(&mut map)?,
                        "error" => chunk.error = raw(&mut map)?,
                        _ => keep(&mut chunk.extras, key, &mut map)?,
                    }
                }
                Ok(chunk)
            }
        }

        deserializer.deserialize_map(ChunkVisitor)
    }
}
