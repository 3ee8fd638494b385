//! Chat completions, streamed or whole, to events.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use super::calls::Calls;
use super::details::Details;
use super::repeat::{Kind, Repeat};
use super::think_tags::{Piece, ThinkTags};
use super::wire::{Choice, Chunk, Delta};
use super::{extras, finish, output, usage};
use crate::assembler::Assembler;
use crate::error::Result;
use crate::json::Json;
use crate::protocols::decoding::answer::{self, first, keep, malformed};
use crate::protocols::decoding::surrogates::{Joiner, read_halves};
use crate::protocols::decoding::wire::Parts;
use crate::protocols::failure::{inner_error, response_error};
use crate::protocols::{Decode, Flow};
use crate::quirks::Quirks;
use crate::types::{Api, ModelCost, StopReason};

/// Decodes the answer to one chat completions request.
///
/// The terminal marker is a `finish_reason`. Usage, a second reason or an error may follow it;
/// `[DONE]` may or may not. `[DONE]` without a reason is a truncation, save where a quirk says otherwise.
///
/// What each chunk of text touches comes first and in a row, since it has to be fetched from memory.
#[repr(C)]
pub struct Decoder {
    repeat: Repeat,
    /// Whether halves of surrogate pairs travel in the chunk at hand.
    halves: bool,
    text_halves: Joiner,
    finish_reason: Option<String>,
    think_tags: Option<ThinkTags>,
    details: Details,
    /// Sources that came while no text was open.
    citations: Vec<Json>,
    thinking_halves: Joiner,
    refused: bool,
    /// `[DONE]` was there, or the answer was one closed JSON text.
    done: bool,
    done_ends: bool,
    calls: Calls,
    native_finish_reason: Option<String>,
    audio: output::AudioParts,
    logprobs: Vec<Value>,
    prices: Option<ModelCost>,
}

impl Decoder {
    /// A decoder for a server with these quirks and a model with these prices.
    #[must_use]
    pub fn new(quirks: &Quirks, prices: Option<ModelCost>) -> Self {
        Decoder {
            repeat: Repeat::default(),
            halves: false,
            text_halves: Joiner::default(),
            finish_reason: None,
            think_tags: quirks.think_tags.then(ThinkTags::default),
            details: Details::default(),
            citations: Vec::new(),
            thinking_halves: Joiner::default(),
            refused: false,
            done: false,
            done_ends: quirks.done_ends,
            calls: Calls::default(),
            native_finish_reason: None,
            audio: output::AudioParts::default(),
            logprobs: Vec::new(),
            prices,
        }
    }

    fn chunk(&mut self, json: &str, whole: bool, assembler: &mut Assembler) -> Result<()> {
        let read = read_halves::<Chunk<'static>, _>(json, |chunk, json, halves| {
            self.halves = halves;
            self.take(chunk, json, whole, assembler)
        });
        read.unwrap_or_else(|error| Err(malformed(assembler, json, error)))
    }

    /// Takes a chunk that says what the last one said, with another piece of text; false for any other.
    fn repeats(&mut self, json: &str, assembler: &mut Assembler) -> bool {
        let Some((text, kind)) = self.repeat.read(json) else {
            return false;
        };
        self.halves = false;
        match kind {
            Kind::Text => self.text(text, assembler),
            Kind::Thinking => self.thinking(text, assembler),
            Kind::Arguments => {
                self.flush(assembler);
                self.calls.piece(self.repeat.call.piece(text), &[], assembler);
            }
        }
        true
    }

    fn take(&mut self, chunk: Chunk<'_>, json: &str, whole: bool, assembler: &mut Assembler) -> Result<()> {
        if let Some(error) = chunk.error.filter(|_| chunk.choice.is_none()) {
            return Err(inner_error(assembler.message(), error.get()));
        }
        if chunk.choice.is_none() && chunk.usage.is_none() && extras::tell_a_failure(&chunk.extras) {
            return Err(inner_error(assembler.message(), json));
        }
        match whole || self.halves {
            true => self.repeat.forget(),
            false => self.repeat.learn(json, &chunk),
        }
        self.facts(&chunk, assembler);
        assembler.start();
        if chunk.other_choices {
            answer::choice_dropped("choices", assembler);
        }
        for (key, value) in chunk.extras.iter() {
            keep(assembler, key, value);
        }
        if let Some(choice) = chunk.choice {
            self.choice(choice, whole, assembler)?;
        }
        match chunk.error {
            Some(error) => Err(inner_error(assembler.message(), error.get())),
            None => Ok(()),
        }
    }

    fn facts(&mut self, chunk: &Chunk<'_>, assembler: &mut Assembler) {
        let facts = assembler.facts();
        first(&mut facts.response_id, chunk.id.as_deref());
        first(&mut facts.response_model, chunk.model.as_deref());
        // Groq's compound models tell usage in a key of its own.
        let groq = extras::groq_usage(&chunk.extras);
        let usages = [chunk.choice.as_ref().and_then(|choice| choice.usage), chunk.usage, groq];
        for raw in usages.into_iter().flatten() {
            let usage = usage::read(raw, self.prices.as_ref());
            let known = usage.is_some();
            if let Some(usage) = usage {
                assembler.facts().usage = usage;
            }
            keep(assembler, "usage", raw);
            if known {
                return;
            }
        }
    }

    fn choice(&mut self, choice: Choice<'_>, whole: bool, assembler: &mut Assembler) -> Result<()> {
        // Perplexity sends both: beside each delta the whole message so far, and beside a whole
        // message an empty delta.
        let delta = match (choice.delta, choice.message) {
            (_, Some(message)) if whole => Some(message),
            (None, Some(message)) if assembler.message().content.is_empty() => Some(message),
            (delta, _) => delta,
        };
        if let Some(delta) = delta {
            self.delta(delta, assembler)?;
        }
        for (key, value) in choice.extras.iter() {
            if key == "logprobs" {
                self.logprobs.extend(serde_json::from_str::<Value>(value.get()));
            } else if key != "text" {
                keep(assembler, key, value);
            }
        }
        if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
            self.finish_reason = Some(reason.into_owned());
        }
        if let Some(native) = choice.native_finish_reason.filter(|native| !native.is_empty()) {
            self.native_finish_reason = Some(native.into_owned());
        }
        match choice.error {
            Some(error) => Err(inner_error(assembler.message(), error.get())),
            None => Ok(()),
        }
    }

    fn delta(&mut self, delta: Delta<'_>, assembler: &mut Assembler) -> Result<()> {
        let text = |text: &Option<Cow<'_, str>>| text.as_deref().is_some_and(|text| !text.is_empty());
        let told = [&delta.reasoning_content, &delta.reasoning]
            .into_iter()
            .find(|field| text(field));
        if let Some(thinking) = told.and_then(|field| field.as_deref()) {
            self.thinking(thinking.into(), assembler);
        }
        if let Some(details) = delta.reasoning_details.filter(|details| details.get() != "[]") {
            let told = told.is_some();
            let readable = self.details.take(details.get());
            // The same text may stand in both fields: it counts once.
            assembler.thinking(if told { String::new() } else { readable });
        }
        match delta.content {
            Parts::None => {}
            Parts::Text(text) => self.text(text, assembler),
            Parts::List(parts) => {
                for part in parts {
                    self.part(part, assembler)?;
                }
            }
        }
        if let Some(refusal) = delta.refusal.filter(|refusal| !refusal.is_empty()) {
            if !std::mem::replace(&mut self.refused, true) {
                assembler.close_open();
            }
            self.text(refusal, assembler);
        }
        if let Some(annotations) = delta.annotations {
            self.cite(annotations, assembler);
        }
        if let Some(images) = delta.images {
            self.seal(assembler);
            for image in output::images(images.get()) {
                assembler.block(image);
            }
        }
        if let Some(audio) = delta.audio {
            self.audio
                .take(audio.get())
                .map_err(|what| response_error(assembler.message(), &what))?;
        }
        if !delta.tool_calls.is_empty() {
            self.flush(assembler);
            self.calls.take(delta.tool_calls, self.halves, assembler);
        }
        if let Some(function) = delta.function_call {
            self.flush(assembler);
            self.calls.take_function(function, self.halves, assembler);
        }
        for (key, value) in delta.extras.iter() {
            keep(assembler, key, value);
        }
        Ok(())
    }

    /// One part of a content list: text and thinking (Mistral), or a kind that we keep whole.
    fn part(&mut self, part: &RawValue, assembler: &mut Assembler) -> Result<()> {
        let read = read_halves::<Value, _>(part.get(), |value, _, halves| (value, halves));
        let (value, halves) = read.map_err(|error| malformed(assembler, part.get(), error))?;
        self.halves |= halves;
        let text = |key: &str| match value.get(key) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Array(parts)) => Some(
                parts
                    .iter()
                    .filter_map(|part| part.get("text").and_then(Value::as_str))
                    .collect(),
            ),
            _ => None,
        };
        let kind = value.get("type").and_then(Value::as_str).unwrap_or("text");
        match (kind, text("text"), text("thinking")) {
            ("text" | "output_text", Some(text), _) => self.text(text.into(), assembler),
            ("thinking" | "reasoning", _, Some(thinking)) => self.thinking(thinking.into(), assembler),
            ("reasoning", Some(thinking), None) => self.thinking(thinking.into(), assembler),
            ("refusal", _, _) => {
                self.refused = true;
                let refusal = text("refusal").unwrap_or_default();
                self.text(refusal.into(), assembler);
            }
            _ => {
                self.flush(assembler);
                assembler.block(answer::opaque(Api::OpenAiCompletions, kind, part.get()));
            }
        }
        Ok(())
    }

    fn text(&mut self, piece: Cow<'_, str>, assembler: &mut Assembler) {
        let plain = !self.halves && !self.text_halves.is_holding();
        if plain && self.think_tags.is_none() && self.details.is_empty() && self.citations.is_empty() {
            assembler.text(piece);
            return;
        }
        let joined = self.text_halves.join(piece, self.halves);
        let Some(tags) = &mut self.think_tags else {
            return self.plain_text(joined, assembler);
        };
        for piece in tags.feed(&joined) {
            self.piece(piece, assembler);
        }
    }

    fn piece(&mut self, piece: Piece, assembler: &mut Assembler) {
        match piece {
            Piece::Text(text) => self.plain_text(text.into(), assembler),
            Piece::Thinking(thinking) => assembler.thinking(thinking),
        }
    }

    fn plain_text(&mut self, text: Cow<'_, str>, assembler: &mut Assembler) {
        if text.is_empty() {
            return;
        }
        self.seal(assembler);
        assembler.text(text);
        if let Some(block) = assembler.open_text() {
            block.citations.append(&mut self.citations);
        }
    }

    fn thinking(&mut self, piece: Cow<'_, str>, assembler: &mut Assembler) {
        assembler.thinking(self.thinking_halves.join(piece, self.halves));
    }

    fn cite(&mut self, annotations: &RawValue, assembler: &mut Assembler) {
        let citations: Vec<Json> = serde_json::from_str(annotations.get()).unwrap_or_default();
        match assembler.open_text() {
            Some(block) => block.citations.extend(citations),
            None => self.citations.extend(citations),
        }
    }

    /// Gives the open thinking block its signature, before it is closed.
    fn seal(&mut self, assembler: &mut Assembler) {
        if self.details.is_empty() {
            return;
        }
        if let Some(block) = assembler.open_thinking()
            && let Some((signature, encrypted)) = self.details.seal()
        {
            block.redacted = encrypted && block.thinking.is_empty();
            block.signature = Some(signature);
        }
    }

    /// Tells what was held back of the open block, before another one opens.
    fn flush(&mut self, assembler: &mut Assembler) {
        let rest = self.thinking_halves.rest();
        if !rest.is_empty() {
            assembler.thinking(rest);
        }
        if let Some(piece) = self.think_tags.as_mut().and_then(ThinkTags::finish) {
            self.piece(piece, assembler);
        }
        let rest = self.text_halves.rest();
        assembler.text(rest);
        self.seal(assembler);
    }

    /// Tells whatever is still held back.
    fn settle(&mut self, assembler: &mut Assembler) {
        self.flush(assembler);
        self.calls.finish(assembler);
        if let Some((audio, expires_at)) = self.audio.finish() {
            assembler.block(audio);
            if let Some(expires_at) = expires_at {
                assembler.facts().raw.insert("audio_expires_at".to_owned(), expires_at);
            }
        }
        if !self.citations.is_empty() {
            // Sources without a text to stand on are kept beside the message.
            if let Ok(citations) = Json::of(&std::mem::take(&mut self.citations)) {
                assembler.facts().raw.insert("annotations".to_owned(), citations);
            }
        }
        if let Some(logprobs) = extras::join_logprobs(std::mem::take(&mut self.logprobs)) {
            assembler.facts().raw.insert("logprobs".to_owned(), logprobs);
        }
    }
}

impl Decode for Decoder {
    fn event(&mut self, data: &str, assembler: &mut Assembler) -> Result<Flow> {
        if !self.repeats(data, assembler) {
            let data = data.trim();
            if data == "[DONE]" {
                self.done = true;
                return Ok(Flow::Ended);
            }
            if !data.is_empty() {
                self.chunk(data, false, assembler)?;
            }
        }
        Ok(if self.finish_reason.is_some() {
            Flow::Ending
        } else {
            Flow::More
        })
    }

    fn body(&mut self, body: &str, assembler: &mut Assembler) -> Result<()> {
        self.chunk(answer::body(body, assembler)?, true, assembler)?;
        self.done = true;
        let empty = assembler.message().content.is_empty() && self.calls.is_empty() && self.audio.is_empty();
        if empty && self.finish_reason.is_none() {
            return Err(answer::holds_no("choice", assembler));
        }
        Ok(())
    }

    fn end(&mut self, assembler: &mut Assembler) -> Result<()> {
        let message = assembler.message();
        let reason = match (&self.finish_reason, self.done) {
            (Some(reason), _) => reason.clone(),
            (None, true) if self.done_ends => String::new(),
            (None, _) => {
                return Err(response_error(
                    message,
                    "the answer ended without a finish_reason; it is cut",
                ));
            }
        };
        let native = self.native_finish_reason.as_deref();
        let has_calls = !self.calls.is_empty();
        let finish = finish::read(
            if reason.is_empty() { "stop" } else { &reason },
            native,
            has_calls,
            self.refused,
        );
        assembler.facts().raw_stop_reason = Some(native.unwrap_or(&reason).to_owned());
        if matches!(finish.reason, StopReason::Error | StopReason::Aborted) {
            let what = format!("the provider ended the answer with finish_reason {reason:?}");
            return Err(response_error(assembler.message(), &what));
        }
        if finish.unknown {
            answer::stop_reason_unknown("finish_reason", &reason, StopReason::Stop, assembler);
        }
        self.settle(assembler);
        assembler.done(finish.reason);
        Ok(())
    }

    fn interrupted(&mut self, assembler: &mut Assembler) {
        self.settle(assembler);
    }

    fn read_in_full(&mut self) {
        self.repeat.turn_off();
    }
}
