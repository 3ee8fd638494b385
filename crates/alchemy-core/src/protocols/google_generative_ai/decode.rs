//! An answer, streamed or whole, to events.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::calls::Calls;
use super::finish::{self, Meaning};
use super::repeat::{Kind, Repeat};
use super::texts::{Piece, Texts};
use super::usage::Counts;
use super::wire::{Candidate, Chunk, Part};
use super::{extras, output};
use crate::assembler::Assembler;
use crate::error::Result;
use crate::json::Json;
use crate::protocols::decoding::answer::{self, first, keep, malformed};
use crate::protocols::decoding::surrogates::{self, clean, read_clean, read_halves};
use crate::protocols::failure::{inner_error, response_error};
use crate::protocols::{Decode, Flow};
use crate::quirks::Quirks;
use crate::types::{ModelCost, Notice, StopReason};

/// Decodes the answer to one request.
///
/// The terminal marker is the first candidate's `finishReason`, or the reason why the prompt was blocked. More text,
/// another reason, usage or an error may follow it.
pub struct Decoder {
    prices: Option<ModelCost>,
    repeat: Repeat,
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
            repeat: Repeat::default(),
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
        self.catch_up();
        // Parts, in which halves of surrogate pairs may travel, are read later.
        let read = read_clean::<Chunk<'static>, _>(json, |chunk| {
            if !whole {
                self.repeat.learn(json, &chunk);
            }
            self.take(chunk, whole, assembler)
        });
        read.unwrap_or_else(|error| Err(malformed(assembler, json, error)))
    }

    /// Takes a chunk that brings the next piece of what the last one brought a piece of; false for any other.
    fn repeats(&mut self, json: &str, assembler: &mut Assembler) -> bool {
        if self
            .repeat
            .argument()
            .is_some_and(|argument| !self.calls.goes_on(&argument.path))
        {
            return false;
        }
        let Some(again) = self.repeat.read(json, self.prices.as_ref()) else {
            return false;
        };
        if let Some(usage) = again.usage {
            assembler.facts().usage = usage;
        }
        let thought = match again.kind {
            Kind::Text => false,
            Kind::Thinking => true,
            Kind::Argument => {
                self.texts.close(assembler);
                if let Some(argument) = self.repeat.argument() {
                    self.calls.go_on(argument, &again.text, assembler);
                }
                return true;
            }
        };
        let piece = Piece {
            text: again.text,
            thought,
            signature: None,
            halves: false,
        };
        self.texts.take(piece, false, assembler);
        true
    }

    /// Reads of a chunk that was not parsed what it counts, as it came.
    fn catch_up(&mut self) {
        if let Some(json) = self.repeat.take_unread()
            && let Ok(chunk) = serde_json::from_str::<Chunk<'_>>(&json)
            && let Some(usage) = chunk.usage
        {
            usage.get().clone_into(&mut self.usage);
        }
    }

    fn take(&mut self, chunk: Chunk<'_>, whole: bool, assembler: &mut Assembler) -> Result<()> {
        self.facts(&chunk, assembler);
        if let Some(error) = chunk.error {
            return Err(inner_error(assembler.message(), error.get()));
        }
        assembler.start();
        if chunk.other_candidates {
            answer::choice_dropped("candidates", assembler);
        }
        for (key, value) in chunk.extras.iter() {
            keep(assembler, key, value);
        }
        if let Some(feedback) = chunk.prompt_feedback {
            self.feedback = true;
            keep(assembler, "promptFeedback", feedback);
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
        first(&mut facts.response_id, chunk.response_id.as_deref());
        first(&mut facts.response_model, chunk.model_version.as_deref());
        if let Some(raw) = chunk.usage.filter(|raw| raw.get() != self.usage)
            && let Some(counts) = Counts::read(raw.get())
        {
            facts.usage = counts.usage(self.prices.as_ref());
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
        for (key, value) in candidate.extras.iter() {
            match key {
                "citationMetadata" => self.sources.citations(value),
                "finishMessage" => self.finish_message = surrogates::read(value.get()).ok(),
                _ => {}
            }
            keep(assembler, key, value);
        }
        if let Some(reason) = candidate.finish_reason.and_then(finish::name) {
            self.finish_reason = Some(reason.into_owned());
        }
        Ok(())
    }

    fn part(&mut self, raw: &RawValue, whole: bool, assembler: &mut Assembler) -> Result<()> {
        let read = read_halves::<Part<'static>, _>(raw.get(), |part, _, halves| {
            self.take_part(raw, part, halves, whole, assembler)
        });
        read.unwrap_or_else(|error| Err(malformed(assembler, raw.get(), error)))
    }

    fn take_part(
        &mut self,
        raw: &RawValue,
        mut part: Part<'_>,
        halves: bool,
        whole: bool,
        assembler: &mut Assembler,
    ) -> Result<()> {
        let signature = part.signature.as_deref().filter(|signature| !signature.is_empty());
        let signature = signature.map(|signature| clean(signature).into_owned());
        let has_data = part.function_call.is_some() || part.inline_data.is_some() || part.file_data.is_some();
        if !has_data && (part.text.is_some() || part.extras.is_empty()) {
            self.unknown_keys(&part, assembler);
            let piece = Piece {
                text: part.text.take().unwrap_or_default(),
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
            return taken.map_err(|what| malformed(assembler, raw.get(), what));
        }
        // An image that is part of the thinking is none of the answer, and has to go back as what it is.
        let block = match (part.inline_data, part.file_data) {
            (Some(data), _) if !part.thought => output::inline(data, signature),
            (None, Some(data)) if !part.thought => output::file(data, signature),
            _ => {
                assembler.block(extras::opaque(&kind(&part), raw.get()));
                return Ok(());
            }
        };
        self.unknown_keys(&part, assembler);
        assembler.block(block.map_err(|what| malformed(assembler, raw.get(), what))?);
        Ok(())
    }

    /// Says that a part has keys beside its data for which its block has no field.
    fn unknown_keys(&self, part: &Part<'_>, assembler: &mut Assembler) {
        for (key, _) in part.extras.iter() {
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
        self.catch_up();
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
        if !self.repeats(data, assembler) {
            let data = data.trim();
            if !data.is_empty() {
                self.chunk(data, false, assembler)?;
            }
        }
        Ok(match (&self.finish_reason, &self.block_reason) {
            (None, None) => Flow::More,
            _ => Flow::Ending,
        })
    }

    fn body(&mut self, body: &str, assembler: &mut Assembler) -> Result<()> {
        self.chunk(answer::body(body, assembler)?, true, assembler)?;
        match self.candidate || self.feedback {
            true => Ok(()),
            false => Err(answer::holds_no("candidate", assembler)),
        }
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
                    answer::stop_reason_unknown("finishReason", reason, StopReason::Stop, assembler);
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

    fn read_in_full(&mut self) {
        self.repeat.turn_off();
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
    let keys = || part.extras.iter().map(|(key, _)| key);
    let data = keys().find(|key| !REMARKS.contains(key));
    clean(data.or(keys().next()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::AssistantMessage;

    #[test]
    fn counts_of_a_chunk_that_was_recognised_are_kept_as_they_came() {
        let mut assembler = Assembler::new(AssistantMessage::default());
        let mut decoder = Decoder::new(&Quirks::default(), None);
        let usage =
            |tokens: u32| format!(r#"{{"candidatesTokenCount": {tokens},"details":[{{"tokenCount":{tokens}}}]}}"#);
        for tokens in [1, 2, 30] {
            let json = format!(
                r#"{{"candidates":[{{"content":{{"parts":[{{"text":"a"}}]}}}}],"usageMetadata":{}}}"#,
                usage(tokens)
            );
            decoder.event(&json, &mut assembler).unwrap();
            assert_eq!(assembler.message().usage.output, Some(u64::from(tokens)));
        }
        decoder.interrupted(&mut assembler);
        assert_eq!(assembler.message().raw["usage"].text(), usage(30));
    }
}
