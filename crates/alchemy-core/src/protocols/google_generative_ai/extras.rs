//! What Gemini's answers hold beyond their parts: kept beside the message, or told as blocks of their own at its end.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::finish;
use crate::assembler::Assembler;
use crate::json::Json;
use crate::protocols::decoding::answer;
use crate::protocols::decoding::wire::Word;
use crate::types::{Api, ContentBlock};

/// Why the prompt was blocked, by the feedback on it.
pub(super) fn block_reason(feedback: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Feedback<'a> {
        #[serde(borrow, default)]
        block_reason: Option<Word<'a>>,
    }

    let feedback: Feedback<'_> = serde_json::from_str(feedback.get()).ok()?;
    finish::block_name(feedback.block_reason?)
}

/// A part, or metadata, that has no block of its own.
pub(super) fn opaque(kind: &str, json: &str) -> ContentBlock {
    answer::opaque(Api::GoogleGenerativeAi, kind, json)
}

/// The sources of an answer, of which each chunk may tell more: the last of each counts.
#[derive(Default)]
pub(super) struct Sources {
    grounding: Option<Box<RawValue>>,
    url_context: Option<Box<RawValue>>,
    citations: Option<Box<RawValue>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Listed {
    grounding_chunks: Option<Vec<Json>>,
    citation_sources: Option<Vec<Json>>,
    /// Vertex AI's name.
    citations: Option<Vec<Json>>,
}

impl Sources {
    pub(super) fn grounding(&mut self, value: &RawValue) {
        self.grounding = Some(value.to_owned());
    }

    pub(super) fn url_context(&mut self, value: &RawValue) {
        self.url_context = Some(value.to_owned());
    }

    pub(super) fn citations(&mut self, value: &RawValue) {
        self.citations = Some(value.to_owned());
    }

    /// Gives the text that is open its sources, and tells the metadata as blocks after it.
    pub(super) fn tell(&mut self, assembler: &mut Assembler) {
        let read = |value: &RawValue| serde_json::from_str::<Listed>(value.get()).unwrap_or_default();
        if let Some(block) = assembler.open_text() {
            for value in [&self.grounding, &self.citations].into_iter().flatten() {
                let listed = read(value);
                let lists = [listed.grounding_chunks, listed.citation_sources, listed.citations];
                block.citations.extend(lists.into_iter().flatten().flatten());
            }
        }
        self.citations = None;
        if let Some(grounding) = self.grounding.take() {
            assembler.block(opaque("groundingMetadata", grounding.get()));
        }
        if let Some(url_context) = self.url_context.take() {
            assembler.block(opaque("urlContextMetadata", url_context.get()));
        }
    }
}
