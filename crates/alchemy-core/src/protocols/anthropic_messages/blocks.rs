//! The content blocks of an answer, whole or while they are written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::opaque::Pending;
use super::wire::Delta;
use crate::assembler::Assembler;
use crate::error::Result;
use crate::json::Json;
use crate::protocols::decoding::answer::{event_ignored, malformed};
use crate::protocols::decoding::call_ids;
use crate::protocols::decoding::keys::Keys;
use crate::protocols::decoding::surrogates::{Joiner, clean};
use crate::protocols::failure::response_error;
use crate::types::{Notice, ToolCall};

/// The keys of a call that are fields of ours; all others go back as its signature.
const CALL_KEYS: &[&str] = &["type", "id", "name", "input"];

/// The blocks that were opened and not closed, each with its number on the wire.
#[derive(Default)]
pub(super) struct Blocks(BTreeMap<u64, Open>);

/// A block that is being written.
enum Open {
    Text(Joiner),
    Thinking(Joiner),
    Call(OpenCall),
    Opaque(Pending),
}

struct OpenCall {
    /// The assembler's number of the call.
    told: usize,
    /// The input that the block was opened with, for a server that sends no pieces of it.
    given: Option<Json>,
    halves: Joiner,
}

impl Blocks {
    /// Opens a block.
    pub(super) fn open(&mut self, index: u64, raw: &RawValue, assembler: &mut Assembler) -> Result<()> {
        self.close(index, assembler);
        assembler.start();
        assembler.close_open();
        let keys = keys_of(raw, assembler)?;
        let open = match keys.text("type").unwrap_or_default().as_str() {
            "text" => {
                text(&keys, assembler);
                Open::Text(Joiner::default())
            }
            "thinking" => {
                thinking(&keys, assembler);
                Open::Thinking(Joiner::default())
            }
            "redacted_thinking" => {
                redacted_thinking(&keys, assembler);
                Open::Thinking(Joiner::default())
            }
            "tool_use" => Open::Call(OpenCall {
                told: call(&keys, assembler),
                given: keys.get("input").and_then(|input| Json::parse(input.get()).ok()),
                halves: Joiner::default(),
            }),
            kind => Open::Opaque(Pending::open(kind.to_owned(), raw)),
        };
        self.0.insert(index, open);
        Ok(())
    }

    /// Takes a piece of a block; `halves` tells that halves of surrogate pairs travel in it.
    pub(super) fn piece(
        &mut self,
        index: u64,
        mut delta: Delta<'_>,
        halves: bool,
        assembler: &mut Assembler,
    ) -> Result<()> {
        let Some(open) = self.0.get_mut(&index) else {
            let what = format!("the server sent a malformed event: a piece of block {index}, which is not open");
            return Err(response_error(assembler.message(), &what));
        };
        match (&*delta.kind, open) {
            (_, Open::Opaque(pending)) => pending.take(&delta, halves),
            ("text_delta", Open::Text(joiner)) => {
                let piece = delta.text.take().unwrap_or_default();
                assembler.text(joiner.join(piece, halves));
            }
            ("thinking_delta", Open::Thinking(joiner)) => {
                let piece = delta.thinking.take().unwrap_or_default();
                assembler.thinking(joiner.join(piece, halves));
            }
            ("signature_delta", Open::Thinking(_)) => {
                let signature = delta.signature.as_deref().map(clean);
                sign(signature, assembler);
            }
            ("input_json_delta", Open::Call(call)) => {
                let piece = delta.partial_json.take().unwrap_or_default();
                if !piece.is_empty() {
                    call.given = None;
                }
                assembler.tool_call_delta(call.told, call.halves.join(piece, halves));
            }
            ("citations_delta", Open::Text(_)) => {
                if let Some(citation) = delta.extras.get("citation") {
                    cite(vec![citation], assembler);
                }
            }
            (kind, _) => event_ignored(kind, assembler),
        }
        Ok(())
    }

    /// Closes a block.
    pub(super) fn close(&mut self, index: u64, assembler: &mut Assembler) {
        if let Some(open) = self.0.remove(&index) {
            end(open, assembler);
        }
    }

    /// Closes every block at the end of the answer.
    pub(super) fn close_all(&mut self, assembler: &mut Assembler) {
        for (_, open) in std::mem::take(&mut self.0) {
            end(open, assembler);
        }
    }

    /// Tells what was held back when the answer broke off. A cut block of no class of ours means nothing to anyone.
    pub(super) fn break_off(&mut self, assembler: &mut Assembler) {
        for (_, open) in std::mem::take(&mut self.0) {
            match open {
                Open::Text(mut joiner) => assembler.text(joiner.rest()),
                Open::Thinking(mut joiner) if joiner.is_holding() => assembler.thinking(joiner.rest()),
                Open::Thinking(_) => {}
                Open::Call(mut call) => assembler.tool_call_delta(call.told, call.halves.rest()),
                Open::Opaque(pending) => {
                    let path = format!("content[{}]", assembler.message().content.len());
                    let text = format!("a block {:?} was cut and is left out", pending.kind());
                    assembler.notice(Notice::new("block_dropped", path, text));
                }
            }
        }
    }
}

/// Tells a block that arrives whole. `cut` tells that the answer ended by a limit inside or behind it.
pub(super) fn whole(raw: &RawValue, cut: bool, assembler: &mut Assembler) -> Result<()> {
    assembler.start();
    assembler.close_open();
    let keys = keys_of(raw, assembler)?;
    match keys.text("type").unwrap_or_default().as_str() {
        "text" => text(&keys, assembler),
        "thinking" => thinking(&keys, assembler),
        "redacted_thinking" => redacted_thinking(&keys, assembler),
        "tool_use" => {
            let told = call(&keys, assembler);
            let input = keys.get("input").and_then(|input| Json::parse(input.get()).ok());
            // Where the limit cut the input the server sends an empty one.
            if let Some(input) = input.filter(|input| !(cut && input.is_empty_object())) {
                assembler.tool_call_delta(told, input.text());
            }
            assembler.call_written(told);
        }
        kind => assembler.block(Pending::open(kind.to_owned(), raw).finish()),
    }
    assembler.close_open();
    Ok(())
}

fn keys_of<'a>(raw: &'a RawValue, assembler: &Assembler) -> Result<Keys<'a>> {
    Keys::of(raw).ok_or_else(|| malformed(assembler, raw.get(), "a content block that is no object"))
}

fn end(open: Open, assembler: &mut Assembler) {
    match open {
        Open::Text(mut joiner) => assembler.text(joiner.rest()),
        Open::Thinking(mut joiner) if joiner.is_holding() => assembler.thinking(joiner.rest()),
        Open::Thinking(_) => {}
        Open::Call(mut call) => {
            assembler.tool_call_delta(call.told, call.halves.rest());
            if let Some(given) = call.given.filter(|given| !given.is_empty_object()) {
                assembler.tool_call_delta(call.told, given.text());
            }
            assembler.call_written(call.told);
        }
        Open::Opaque(pending) => assembler.block(pending.finish()),
    }
    assembler.close_open();
}

/// A text block opens with its first text or source, so that an empty one is none.
fn text(keys: &Keys<'_>, assembler: &mut Assembler) {
    assembler.text(keys.text("text").unwrap_or_default());
    cite(keys.list("citations"), assembler);
}

fn cite(citations: Vec<&RawValue>, assembler: &mut Assembler) {
    let citations = citations.into_iter().filter_map(|raw| Json::parse(raw.get()).ok());
    for citation in citations {
        if assembler.open_text().is_none() {
            assembler.text_block();
        }
        if let Some(block) = assembler.open_text() {
            block.citations.push(citation);
        }
    }
}

/// A thinking block opens at once: its signature may be all there is.
fn thinking(keys: &Keys<'_>, assembler: &mut Assembler) {
    assembler.thinking(keys.text("thinking").unwrap_or_default());
    sign(keys.text("signature").map(Cow::Owned), assembler);
}

fn redacted_thinking(keys: &Keys<'_>, assembler: &mut Assembler) {
    assembler.thinking("");
    if let Some(block) = assembler.open_thinking() {
        block.redacted = true;
        block.signature = keys.text("data");
    }
}

fn sign(signature: Option<Cow<'_, str>>, assembler: &mut Assembler) {
    let Some(signature) = signature.filter(|signature| !signature.is_empty()) else {
        return;
    };
    if assembler.open_thinking().is_none() {
        assembler.thinking("");
    }
    if let Some(block) = assembler.open_thinking() {
        block.signature = Some(signature.into_owned());
    }
}

/// Tells that a call begins, and gives the assembler's number of it.
fn call(keys: &Keys<'_>, assembler: &mut Assembler) -> usize {
    let id = keys.text("id").unwrap_or_default();
    let number = assembler.calls();
    let taken = assembler.has_call(&id);
    let id = call_ids::own(&id, number, taken, assembler);
    assembler.tool_call(ToolCall {
        id,
        name: keys.text("name").unwrap_or_default(),
        signature: keys.rest(CALL_KEYS),
        ..ToolCall::default()
    })
}
