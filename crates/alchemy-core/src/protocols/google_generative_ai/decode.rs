//! An answer, streamed or whole, to events.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::calls::Calls;
use super::finish::{self, Meaning};
use super::texts::{Piece, Texts};
use super::wire::{Candidate, Chunk, Part};
use super::{extras, output, usage};
use crate::assembler::Assembler;
use crate::error::{Error, Result};
use crate::json::Json;
use crate::protocols::failure::{inner_error, response_error};
use crate::protocols::surrogates::{self, clean, escape_halves};
use crate::protocols::{Decode, Flow};
use crate::quirks::Quirks;
use crate::types::{ModelCost, Notice, StopReason};

/// Decodes the answer to one request.
///
/// The terminal marker is the first candidate's `finishReason`, or the reason why the prompt was blocked. More text,
/// another reason, usage or an error may follow it.
pub struct Decoder {
    prices: Option<ModelCost>,
    texts: Texts,
    calls: Calls,
    sources: extras::Sources,
    /// The last usage, as it came; each one stands for the whole.
    usage: String,
    finish_reason: Option<String>,
    finish_message: Option<String>,
    /// Feedback on the prompt was there.
    feedback: bool,
    block_reason: Option<String>,
    /// A candidate was there.
    candidate: bool,
}

impl Decoder {
    /// A decoder for a server with these quirks and a model with these prices.
    #[must_use]
    pub fn new(_quirks: &Quirks, prices: Option<ModelCost>) -> Self {
        Decoder {
            prices,
            texts: Texts::default(),
            calls: Calls::default(),
            sources: extras::Sources::default(),
            usage: String::new(),
            finish_reason: None,
            finish_message: None,
            feedback: false,
            block_reason: None,
            candidate: false,
        }
    }

    fn chunk(&mut self, json: &str, whole: bool, assembler: &mut Assembler) -> Result<()> {
        match serde_json::from_str::<Chunk<'_>>(json) {
            Ok(chunk) => self.take(chunk, whole, assembler),
            Err(error) => {
                // Half of a surrogate pair is the one thing that is JSON and not a Rust string. Parts are read later.
                let repaired = clean(&escape_halves(json)).into_owned();
                match serde_json::from_str::<Chunk<'_>>(&repaired) {
                    Ok(chunk) if repaired != json => self.take(chunk, whole, assembler),
                    _ => Err(malformed(assembler, json, &error.to_string())),
                }
            }
        }
    }

    fn take(&mut self, chunk: Chunk<'_>, whole: bool, assembler: &mut Assembler) -> Result<()> {
        self.facts(&chunk, assembler);
        if let Some(error) = chunk.error {
            return Err(inner_error(assembler.message(), error.get()));
        }
        assembler.start();
        if chunk.other_candidates {
            assembler.notice(Notice::new(
                "choice_dropped",
                "candidates",
                "the server sent several candidates; only the first is kept",
            ));
        }
        for (key, value) in &chunk.extras {
            extras::keep(assembler, key, value);
        }
        if let Some(feedback) = chunk.prompt_feedback {
            self.feedback = true;
            extras::keep(assembler, "promptFeedback", feedback);
            if let Some(reason) = extras::block_reason(feedback) {
                self.block_reason = Some(reason.into_owned());
            }
        }
        match chunk.candidate {
            Some(candidate) => self.candidate(candidate, whole, assembler),
            None => Ok(()),
        }
    }

    fn facts(&mut self, chunk: &Chunk<'_>, assembler: &mut Assembler) {
        let facts = assembler.facts();
        let first = |field: &mut Option<String>, value: &Option<Cow<'_, str>>| {
            if field.is_none()
                && let Some(value) = value.as_deref().filter(|value| !value.is_empty())
            {
                *field = Some(value.to_owned());
            }
        };
        first(&mut facts.response_id, &chunk.response_id);
        first(&mut facts.response_model, &chunk.model_version);
        if let Some(raw) = chunk.usage.filter(|raw| raw.get() != self.usage)
            && let Some(usage) = usage::read(raw.get(), self.prices.as_ref())
        {
            facts.usage = usage;
            raw.get().clone_into(&mut self.usage);
        }
    }

    fn candidate(&mut self, candidate: Candidate<'_>, whole: bool, assembler: &mut Assembler) -> Result<()> {
        self.candidate = true;
        for part in candidate.content.parts.unwrap_or_default() {
            self.part(part, whole, assembler)?;
        }
        if let Some(grounding) = candidate.grounding {
            self.sources.grounding(grounding);
        }
        if let Some(url_context) = candidate.url_context {
            self.sources.url_context(url_context);
        }
        for (key, value) in &candidate.extras {
            match &**key {
                "citationMetadata" => self.sources.citations(value),
                "finishMessage" => self.finish_message = surrogates::read(value.get()).ok(),
                _ => {}
            }
            extras::keep(assembler, key, value);
        }
        if let Some(reason) = candidate.finish_reason.and_then(finish::name) {
            self.finish_reason = Some(reason.into_owned());
        }
        Ok(())
    }

    fn part(&mut self, raw: &RawValue, whole: bool, assembler: &mut Assembler) -> Result<()> {
        let repaired;
        let (part, halves): (Part<'_>, bool) = match serde_json::from_str(raw.get()) {
            Ok(part) => (part, false),
            Err(error) => {
                repaired = escape_halves(raw.get());
                let part = serde_json::from_str(&repaired);
                (
                    part.map_err(|_| malformed(assembler, raw.get(), &error.to_string()))?,
                    true,
                )
            }
        };
        let signature = part.signature.as_deref().filter(|signature| !signature.is_empty());
        let signature = signature.map(|signature| clean(signature).into_owned());
        let has_data = part.function_call.is_some() || part.inline_data.is_some() || part.file_data.is_some();
        if !has_data && (part.text.is_some() || part.others.is_empty()) {
            self.unknown_keys(&part, assembler);
            let piece = Piece {
                text: part.text.as_deref().unwrap_or_default(),
                thought: part.thought,
                signature,
                halves,
            };
            self.texts.take(piece, whole, assembler);
            return Ok(());
        }
        self.texts.close(assembler);
        if let Some(call) = part.function_call {
            self.unknown_keys(&part, assembler);
            let taken = self.calls.take(call, halves, signature, assembler);
            return taken.map_err(|what| malformed(assembler, raw.get(), &what));
        }
        // An image that is part of the thinking is none of the answer, and has to go back as what it is.
        let block = match (part.inline_data, part.file_data) {
            (Some(data), _) if !part.thought => output::inline(data, signature),
            (None, Some(data)) if !part.thought => output::file(data, signature),
            _ => {
                assembler.block(extras::opaque(&kind(&part), raw));
                return Ok(());
            }
        };
        self.unknown_keys(&part, assembler);
        assembler.block(block.map_err(|what| malformed(assembler, raw.get(), &what))?);
        Ok(())
    }

    /// Says that a part has keys beside its data for which its block has no field.
    fn unknown_keys(&self, part: &Part<'_>, assembler: &mut Assembler) {
        for key in &part.others {
            let path = format!("content[{}].{}", assembler.message().content.len(), clean(key));
            assembler.notice(Notice::new(
                "part_key_ignored",
                path,
                "the server sent a part with a key that is not known; it is not kept",
            ));
        }
    }

    /// Tells whatever is still held back.
    fn settle(&mut self, assembler: &mut Assembler) {
        self.texts.close(assembler);
        self.sources.tell(assembler);
        if let Some(usage) = Some(&self.usage).filter(|usage| !usage.is_empty())
            && let Ok(usage) = Json::parse(usage)
        {
            assembler.facts().raw.insert("usage".to_owned(), usage);
        }
    }
}

impl Decode for Decoder {
    fn event(&mut self, data: &str, assembler: &mut Assembler) -> Result<Flow> {
        let data = data.trim();
        if !data.is_empty() {
            self.chunk(data, false, assembler)?;
        }
        Ok(match (&self.finish_reason, &self.block_reason) {
            (None, None) => Flow::More,
            _ => Flow::Ending,
        })
    }

    fn body(&mut self, body: &str, assembler: &mut Assembler) -> Result<()> {
        let body = body.trim();
        if body.starts_with('<') {
            return Err(response_error(
                assembler.message(),
                "the answer is a web page, not JSON; check base_url",
            ));
        }
        self.chunk(body, true, assembler)?;
        if !self.candidate && !self.feedback {
            return Err(response_error(
                assembler.message(),
                "the answer holds no candidate; check base_url",
            ));
        }
        Ok(())
    }

    fn end(&mut self, assembler: &mut Assembler) -> Result<()> {
        let reason = self.finish_reason.clone();
        let blocked = self.block_reason.is_some() || (self.feedback && !self.candidate);
        assembler.facts().raw_stop_reason = reason.clone().or_else(|| self.block_reason.clone());
        let stop_reason = match &reason {
            None if blocked => StopReason::ContentFilter,
            None => {
                return Err(response_error(
                    assembler.message(),
                    "the answer ended without a finishReason; it is cut",
                ));
            }
            Some(reason) => match finish::meaning(reason, !self.calls.is_empty()) {
                Meaning::Stop(stop_reason) => stop_reason,
                Meaning::Failure => {
                    let words = self.finish_message.as_deref().unwrap_or("the provider says no more");
                    let what = format!("the provider ended the answer with finishReason {reason}: {words}");
                    return Err(response_error(assembler.message(), &what));
                }
                Meaning::Unknown => {
                    let text = format!("the finishReason {reason:?} is not known and taken as `stop`");
                    assembler.notice(Notice::new("stop_reason_unknown", "finishReason", text));
                    match self.calls.is_empty() {
                        true => StopReason::Stop,
                        false => StopReason::ToolUse,
                    }
                }
            },
        };
        if matches!(stop_reason, StopReason::Stop | StopReason::ToolUse) {
            self.calls.finish(assembler);
        }
        self.settle(assembler);
        assembler.done(stop_reason);
        Ok(())
    }

    fn interrupted(&mut self, assembler: &mut Assembler) {
        self.settle(assembler);
    }
}

/// Google's name for what a part holds: the first key that is more than a remark.
fn kind<'a>(part: &'a Part<'_>) -> Cow<'a, str> {
    const REMARKS: [&str; 3] = ["videoMetadata", "mediaResolution", "partMetadata"];
    if part.inline_data.is_some() {
        return Cow::Borrowed("inlineData");
    }
    if part.file_data.is_some() {
        return Cow::Borrowed("fileData");
    }
    let data = part.others.iter().find(|key| !REMARKS.contains(&&***key));
    let key = data.or(part.others.first());
    clean(key.map(|key| &**key).unwrap_or_default())
}

/// An event that is not what the protocol says.
fn malformed(assembler: &Assembler, json: &str, what: &str) -> Error {
    let mut failure = response_error(
        assembler.message(),
        &format!("the server sent a malformed event: {what}"),
    );
    failure.body = Some(json.chars().take(2000).collect());
    failure
}
