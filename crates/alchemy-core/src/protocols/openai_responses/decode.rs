//! An answer, streamed or whole, to events.
//!
//! A stream tells each item three times: in pieces, whole when it is done, and in the response that ends the stream.
//! The pieces are told as they come, the done item has the last word, and of the last response only those items are
//! taken that were not done before: some servers leave its output empty, and its encrypted reasoning may differ.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::items::{Items, Slot, Whereabouts};
use super::repeat::Repeat;
use super::wire::Event;
use super::{calls, finish, progress, usage};
use crate::assembler::Assembler;
use crate::error::Result;
use crate::json::Json;
use crate::protocols::decoding::answer::{self, first, keep, malformed};
use crate::protocols::decoding::keys::Keys;
use crate::protocols::decoding::surrogates::{clean, read_halves};
use crate::protocols::failure::{inner_error, response_error};
use crate::protocols::{Decode, Flow};
use crate::quirks::Quirks;
use crate::types::{ModelCost, Notice, StopReason};

/// Decodes the answer to one request.
///
/// The terminal marker is the event that brings the whole response, whatever it says of it.
pub struct Decoder {
    prices: Option<ModelCost>,
    repeat: Repeat,
    items: Items,
    /// How the answer ended.
    stop: Option<StopReason>,
}

impl Decoder {
    /// A decoder for a server with these quirks and a model with these prices.
    #[must_use]
    pub fn new(_quirks: &Quirks, prices: Option<ModelCost>) -> Self {
        Decoder {
            prices,
            repeat: Repeat::default(),
            items: Items::default(),
            stop: None,
        }
    }

    fn take(&mut self, event: Event<'_>, json: &str, halves: bool, out: &mut Assembler) -> Result<Flow> {
        let at = Whereabouts {
            place: event.output_index,
            id: event.item_id.text(),
        };
        let content = event.content_index.unwrap_or(0);
        let summary = event.summary_index.unwrap_or(0);
        let slot = match event.kind.text() {
            "response.output_text.delta" => Some(Slot::Text(content)),
            "response.reasoning_summary_text.delta" => Some(Slot::Summary(summary)),
            "response.reasoning_text.delta" => Some(Slot::Reasoning(content)),
            "response.refusal.delta" => Some(Slot::Refusal(content)),
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => None,
            _ => return self.other(&event, at, json, out),
        };
        if !halves {
            self.repeat.learn(json, &event, slot);
        }
        piece(&mut self.items, at, slot, event.delta.text().into(), halves, out);
        Ok(Flow::More)
    }

    fn other(&mut self, event: &Event<'_>, at: Whereabouts<'_>, json: &str, out: &mut Assembler) -> Result<Flow> {
        let content = event.content_index.unwrap_or(0);
        match (event.kind.text(), event.item, event.response) {
            ("response.output_item.added", Some(item), _) => {
                let added = self.items.added(at, item, out);
                added.map_err(|error| malformed(out, json, error))?;
            }
            ("response.output_item.done", Some(item), _) => {
                let done = self.items.done(at, item, out);
                done.map_err(|error| malformed(out, json, error))?;
            }
            ("response.output_text.done", _, _) => {
                self.items
                    .whole_text(at, Slot::Text(content), &clean(event.text.text()), out);
            }
            ("response.refusal.done", _, _) => {
                let refusal = clean(event.refusal.text());
                self.items.whole_text(at, Slot::Refusal(content), &refusal, out);
            }
            ("response.function_call_arguments.done", _, _) => {
                calls::whole(&mut self.items, at, &clean(event.arguments.text()), out);
            }
            ("response.custom_tool_call_input.done", _, _) => {
                calls::whole(&mut self.items, at, &clean(event.input.text()), out);
            }
            ("response.output_text.annotation.added", _, _) => {
                if let Some(annotation) = event.annotation {
                    self.items.annotation(at, content, annotation, out);
                }
            }
            (
                "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled",
                _,
                Some(response),
            ) => {
                let beside: Keys<'_> = serde_json::from_str(json).map_err(|error| malformed(out, json, error))?;
                let ours = ["type", "response", "sequence_number"];
                for (key, value) in beside.all().filter(|(key, _)| !ours.contains(key)) {
                    keep(out, key, value);
                }
                let status = event.kind.text().strip_prefix("response.");
                self.response(response.get(), status, out)?;
                return Ok(Flow::Ended);
            }
            ("response.created" | "response.in_progress" | "response.queued", _, Some(response)) => {
                if out.message().response_id.is_none() {
                    let response = serde_json::from_str(response.get());
                    first_facts(&response.map_err(|error| malformed(out, json, error))?, out);
                }
                out.start();
            }
            ("error", _, _) => return Err(inner_error(out.message(), json)),
            (kind, _, _) if progress::must_hold_more(kind) => {
                let what = format!("the server sent a malformed event: {kind:?} lacks its object");
                return Err(match event.error {
                    Some(_) => inner_error(out.message(), json),
                    None => response_error(out.message(), &what),
                });
            }
            (kind, _, _) if progress::is_news(kind) => {}
            _ if event.error.is_some() => return Err(inner_error(out.message(), json)),
            (kind, _, _) => {
                let text = format!("an event of the type {kind:?} is not known and was ignored");
                out.notice(Notice::new("event_ignored", kind, text));
            }
        }
        Ok(Flow::More)
    }

    /// Takes the whole response; `told` is the status by the event's own name.
    fn response(&mut self, json: &str, told: Option<&str>, out: &mut Assembler) -> Result<()> {
        let response: Keys<'_> = serde_json::from_str(json).map_err(|error| malformed(out, json, error))?;
        first_facts(&response, out);
        let status = response.text("status").or_else(|| told.map(str::to_owned));
        let status = status.unwrap_or_default();
        let output: Vec<&RawValue> = match response.get("output") {
            Some(output) => serde_json::from_str(output.get()).map_err(|error| malformed(out, json, error))?,
            None => Vec::new(),
        };
        if matches!(status.as_str(), "queued" | "in_progress") && told.is_none() {
            let what = format!("no answer yet: the response is {status}; background answers are not supported");
            return Err(response_error(out.message(), &what));
        }
        if let Some(raw) = response.get("usage")
            && let Some(usage) = usage::read(raw, self.prices.as_ref())
        {
            out.facts().usage = usage;
        }
        finish::keep(&response, out);
        out.start();
        let last = self.items.last(&output, out);
        last.map_err(|error| malformed(out, json, error))?;
        self.end_by(&response, &status, out)
    }

    fn end_by(&mut self, response: &Keys<'_>, status: &str, out: &mut Assembler) -> Result<()> {
        if !self.items.logprobs.is_empty()
            && let Ok(logprobs) = Json::of(&std::mem::take(&mut self.items.logprobs))
        {
            out.facts().raw.insert("logprobs".to_owned(), logprobs);
        }
        let details = response.get("incomplete_details");
        let reason = details.and_then(|details| serde_json::from_str::<Keys<'_>>(details.get()).ok()?.text("reason"));
        let word = reason.as_deref().unwrap_or(status);
        out.facts().raw_stop_reason = (!word.is_empty()).then(|| word.to_owned());
        match finish::read(status, reason.as_deref(), self.items.calls > 0, self.items.refused) {
            finish::Ending::Stop { reason, unknown } => {
                if unknown {
                    let text = format!("the answer is {word:?}, which is not known and taken as `{reason}`");
                    out.notice(Notice::new("stop_reason_unknown", "status", text));
                }
                self.stop = Some(reason);
                Ok(())
            }
            finish::Ending::Pending => {
                let what = format!("the provider ended the answer while it is {status}");
                Err(response_error(out.message(), &what))
            }
            finish::Ending::Failed => Err(match response.get("error") {
                Some(error) => inner_error(out.message(), error.get()),
                None => response_error(out.message(), &format!("the provider ended the answer as {status}")),
            }),
        }
    }
}

impl Decode for Decoder {
    fn event(&mut self, data: &str, assembler: &mut Assembler) -> Result<Flow> {
        if let Some((text, at, slot)) = self.repeat.read(data) {
            piece(&mut self.items, at, slot, text, false, assembler);
            return Ok(Flow::More);
        }
        let data = data.trim();
        if data.is_empty() || data == "[DONE]" {
            return Ok(Flow::More);
        }
        let read =
            read_halves::<Event<'static>, _>(data, |event, json, halves| self.take(event, json, halves, assembler));
        read.unwrap_or_else(|error| Err(malformed(assembler, data, error)))
    }

    fn body(&mut self, body: &str, assembler: &mut Assembler) -> Result<()> {
        let body = answer::body(body, assembler)?;
        let response: Keys<'_> = serde_json::from_str(body).map_err(|error| malformed(assembler, body, error))?;
        let failed = response.get("error").is_some();
        if response.get("output").is_none() && (failed || response.text("status").is_none()) {
            let failed = ["error", "message", "detail", "title"]
                .iter()
                .any(|key| response.get(key).is_some());
            return Err(match failed {
                true => inner_error(assembler.message(), body),
                false => answer::holds_no("output", assembler),
            });
        }
        self.response(body, None, assembler)
    }

    fn end(&mut self, assembler: &mut Assembler) -> Result<()> {
        let Some(stop) = self.stop else {
            let what = "the answer ended without the response that completes it; it is cut";
            return Err(response_error(assembler.message(), what));
        };
        self.items.flush(assembler);
        assembler.done(stop);
        Ok(())
    }

    fn interrupted(&mut self, assembler: &mut Assembler) {
        self.items.flush(assembler);
    }

    fn read_in_full(&mut self) {
        self.repeat.turn_off();
    }
}

/// A piece of a text, or of the arguments of a call, which have no slot.
fn piece(
    items: &mut Items,
    at: Whereabouts<'_>,
    slot: Option<Slot>,
    piece: Cow<'_, str>,
    halves: bool,
    out: &mut Assembler,
) {
    match slot {
        Some(slot) => items.piece(at, slot, piece, halves, out),
        None => calls::piece(items, at, piece, halves, out),
    }
}

/// The answer's id and the model that gave it, as they are told first.
fn first_facts(response: &Keys<'_>, out: &mut Assembler) {
    let facts = out.facts();
    first(&mut facts.response_id, response.text("id").as_deref());
    first(&mut facts.response_model, response.text("model").as_deref());
}
