//! An answer, streamed or whole, to events.

use serde_json::value::RawValue;

use super::repeat::Repeat;
use super::usage::Overlay;
use super::wire::{Delta, Event};
use super::{blocks, stop};
use crate::assembler::Assembler;
use crate::error::{Error, Result};
use crate::protocols::decoding::answer::{self, keep, malformed};
use crate::protocols::decoding::keys::Keys;
use crate::protocols::decoding::surrogates::{clean, read_halves};
use crate::protocols::failure::{inner_error, response_error};
use crate::protocols::{Decode, Flow};
use crate::quirks::Quirks;
use crate::types::{ContentBlock, ModelCost, Notice, StopReason};

/// The keys of a message that have fields of ours.
const MESSAGE_KEYS: &[&str] = &["id", "type", "role", "model", "content", "stop_reason", "usage"];

/// Decodes the answer to one request.
///
/// The terminal marker is `message_stop`; a body that is not streamed is whole by itself.
pub struct Decoder {
    prices: Option<ModelCost>,
    repeat: Repeat,
    blocks: blocks::Blocks,
    usage: Overlay,
    stop_reason: Option<String>,
    begun: bool,
    ended: bool,
}

impl Decoder {
    /// A decoder for a server with these quirks and a model with these prices.
    #[must_use]
    pub fn new(_quirks: &Quirks, prices: Option<ModelCost>) -> Self {
        Decoder {
            prices,
            repeat: Repeat::default(),
            blocks: blocks::Blocks::default(),
            usage: Overlay::default(),
            stop_reason: None,
            begun: false,
            ended: false,
        }
    }

    /// Takes an event; `halves` tells that halves of surrogate pairs travel in it.
    fn take(&mut self, event: Event<'_>, json: &str, halves: bool, assembler: &mut Assembler) -> Result<()> {
        if event.error.is_some() || event.kind == "error" {
            return Err(failed(assembler, json));
        }
        match &*event.kind {
            "content_block_delta" => {
                if !halves {
                    self.repeat.learn(json, &event);
                }
                self.blocks.piece(event.index, event.delta, halves, assembler)?;
            }
            "content_block_start" => {
                let block = event
                    .content_block
                    .ok_or_else(|| lacks(assembler, "content_block", json))?;
                self.blocks.open(event.index, block, assembler)?;
            }
            "content_block_stop" => self.blocks.close(event.index, assembler),
            "message_start" => {
                let message = event.message.ok_or_else(|| lacks(assembler, "message", json))?;
                if std::mem::replace(&mut self.begun, true) {
                    let what = "the server began another answer before this one had ended";
                    return Err(response_error(assembler.message(), what));
                }
                self.message(message, assembler)?;
            }
            "message_delta" => self.news(&event, json, assembler)?,
            "message_stop" => self.ended = true,
            // The body of an answer that is not streamed, under the label of one that is.
            "message" => {
                let raw: &RawValue = serde_json::from_str(json).map_err(|error| malformed(assembler, json, error))?;
                if Keys::of(raw).is_none_or(|keys| keys.get("content").is_none()) {
                    return Err(lacks(assembler, "content", json));
                }
                self.message(raw, assembler)?;
                self.ended = true;
            }
            "ping" => {}
            kind => answer::event_ignored(kind, assembler),
        }
        Ok(())
    }

    /// The message as it begins, or as it arrives whole.
    fn message(&mut self, raw: &RawValue, assembler: &mut Assembler) -> Result<()> {
        let Some(keys) = Keys::of(raw) else {
            return Err(lacks(assembler, "message", raw.get()));
        };
        let facts = assembler.facts();
        facts.response_id = keys.text("id").filter(|id| !id.is_empty());
        facts.response_model = keys.text("model").filter(|model| !model.is_empty());
        if let Some(usage) = keys.get("usage") {
            self.count(usage, assembler);
        }
        for (key, value) in keys.iter().filter(|(key, _)| !MESSAGE_KEYS.contains(key)) {
            keep(assembler, key, value);
        }
        self.stop_reason = keys.text("stop_reason");
        assembler.start();
        let limited = self.stop_reason.as_deref().and_then(stop::meaning) == Some(StopReason::Length);
        let content = keys.list("content");
        let last = content.len().saturating_sub(1);
        for (at, block) in content.into_iter().enumerate() {
            blocks::whole(block, limited && at == last, assembler)?;
        }
        match keys.get("error") {
            Some(error) => Err(failed(assembler, error.get())),
            None => Ok(()),
        }
    }

    /// What is told of the message at its end.
    fn news(&mut self, event: &Event<'_>, json: &str, assembler: &mut Assembler) -> Result<()> {
        let Delta {
            stop_reason, extras, ..
        } = &event.delta;
        if let Some(reason) = stop_reason {
            self.stop_reason = Some(clean(reason).into_owned());
        }
        if let Some(usage) = event.usage {
            self.count(usage, assembler);
        }
        if extras.get("error").is_some() {
            return Err(failed(assembler, json));
        }
        for (key, value) in extras
            .iter()
            .filter(|(key, _)| *key != "type")
            .chain(event.extras.iter())
        {
            keep(assembler, key, value);
        }
        Ok(())
    }

    fn count(&mut self, raw: &RawValue, assembler: &mut Assembler) {
        self.usage.take(raw);
        assembler.facts().usage = self.usage.read(self.prices.as_ref());
        if let Some(usage) = self.usage.json() {
            assembler.facts().raw.insert("usage".to_owned(), usage);
        }
    }
}

impl Decode for Decoder {
    fn event(&mut self, data: &str, assembler: &mut Assembler) -> Result<Flow> {
        if let Some((index, delta)) = self.repeat.read(data) {
            self.blocks.piece(index, delta, false, assembler)?;
            return Ok(Flow::More);
        }
        let data = data.trim();
        if data.is_empty() {
            return Ok(Flow::More);
        }
        let read = read_halves::<Event<'static>, _>(data, |event, json, halves| {
            self.take(event.unwrap_or_default(), json, halves, assembler)
        });
        read.unwrap_or_else(|error| Err(malformed(assembler, data, error)))?;
        Ok(if self.ended { Flow::Ended } else { Flow::More })
    }

    fn body(&mut self, body: &str, assembler: &mut Assembler) -> Result<()> {
        let body = answer::body(body, assembler)?;
        let raw: &RawValue = serde_json::from_str(body).map_err(|error| malformed(assembler, body, error))?;
        let keys = Keys::of(raw).unwrap_or_default();
        if keys.get("content").is_none() {
            let told = ["error", "message", "detail"].iter().any(|key| keys.get(key).is_some());
            return Err(match told || keys.text("type").as_deref() == Some("error") {
                true => failed(assembler, body),
                false => answer::holds_no("content", assembler),
            });
        }
        self.message(raw, assembler)?;
        self.ended = true;
        Ok(())
    }

    fn end(&mut self, assembler: &mut Assembler) -> Result<()> {
        if !self.ended {
            let what = "the answer ended without message_stop; it is cut";
            return Err(response_error(assembler.message(), what));
        }
        self.blocks.close_all(assembler);
        let content = &assembler.message().content;
        let has_calls = content.iter().any(|block| matches!(block, ContentBlock::ToolCall(_)));
        let reason = stop::read(self.stop_reason.as_deref(), has_calls);
        match &self.stop_reason {
            None => {
                let text = format!("the server gave no stop_reason; it is taken as `{reason}`");
                assembler.notice(Notice::new("stop_reason_unknown", "stop_reason", text));
            }
            Some(word) if stop::meaning(word).is_none() => {
                answer::stop_reason_unknown("stop_reason", word, reason, assembler);
            }
            Some(_) => {}
        }
        assembler.facts().raw_stop_reason.clone_from(&self.stop_reason);
        assembler.done(reason);
        Ok(())
    }

    fn interrupted(&mut self, assembler: &mut Assembler) {
        self.blocks.break_off(assembler);
    }

    fn read_in_full(&mut self) {
        self.repeat.turn_off();
    }
}

/// A failure told inside an answer.
fn failed(assembler: &Assembler, json: &str) -> Error {
    #[derive(serde::Deserialize)]
    struct Told {
        error: Kind,
    }
    #[derive(serde::Deserialize)]
    struct Kind {
        #[serde(rename = "type")]
        kind: String,
    }
    let mut error = inner_error(assembler.message(), json);
    let told = serde_json::from_str::<Told>(json).map(|told| told.error);
    if let Ok(Kind { kind }) = told.or_else(|_| serde_json::from_str(json)) {
        error.status = error.status.or(status_of(&kind));
    }
    error
}

/// The HTTP status that a kind of error has where it is told before the answer begins.
///
/// Source: <https://platform.claude.com/docs/en/api/errors> (2026-11).
fn status_of(kind: &str) -> Option<u16> {
    Some(match kind {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "api_error" => 500,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => return None,
    })
}

/// An event without a key that makes it what it says it is.
fn lacks(assembler: &Assembler, key: &str, json: &str) -> Error {
    malformed(assembler, json, format_args!("it has no {key}"))
}
