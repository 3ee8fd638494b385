//! The items of an answer while they are written, told apart by their place among the output.

use std::borrow::Cow;
use std::collections::HashMap;

use super::calls;
use super::wire::Item;
use crate::assembler::Assembler;
use crate::protocols::decoding::surrogates::{Joiner, clean, escape_halves};
use crate::types::ContentBlock;

/// The items of an answer.
///
/// Servers interleave them: a text may be told while the reasoning before it is not done, and calls side by side. A
/// block stays open until its item is done, since only then it is known what must go back with it.
#[derive(Default)]
pub(super) struct Items {
    pub(super) list: Vec<Written>,
    /// The first item of each place.
    places: HashMap<u64, usize>,
    /// The place behind all others.
    next: u64,
    /// The piece that the assembler is writing.
    writing: Option<Writing>,
    /// How many tool calls were told.
    pub(super) calls: usize,
    /// Whether the model refused.
    pub(super) refused: bool,
    /// The log probabilities of the texts, in order.
    pub(super) logprobs: Vec<crate::json::Json>,
}

/// An item, as far as it was told.
#[derive(Default)]
pub(super) struct Written {
    pub(super) place: u64,
    pub(super) id: String,
    pub(super) parts: Vec<Part>,
    /// The assembler's number of the tool call that the item is.
    pub(super) call: Option<usize>,
    /// Arguments that came before the call's name.
    pub(super) held: String,
    /// Joins characters that were cut between two pieces of the arguments.
    pub(super) halves: Joiner,
    pub(super) done: bool,
}

/// A text of an item: a part of a message, or all the text of a reasoning.
pub(super) struct Part {
    pub(super) slot: Slot,
    /// The assembler's number of the block.
    pub(super) block: usize,
    /// Joins characters that were cut between two pieces.
    pub(super) halves: Joiner,
}

/// Which text of an item a piece belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A part of a message's content.
    Text(u64),
    /// A part of a message's content that refuses.
    Refusal(u64),
    /// A part of a reasoning's summary.
    Summary(u64),
    /// A part of a reasoning's own content.
    Reasoning(u64),
}

impl Slot {
    fn is_thinking(self) -> bool {
        matches!(self, Slot::Summary(_) | Slot::Reasoning(_))
    }

    /// The part's place in the content of a message.
    pub(super) fn content_index(self) -> Option<u64> {
        match self {
            Slot::Text(index) | Slot::Refusal(index) => Some(index),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Writing {
    place: u64,
    slot: Slot,
    item: usize,
    part: usize,
}

/// Where an event says that its item is.
#[derive(Clone, Copy)]
pub(super) struct Whereabouts<'a> {
    pub(super) place: Option<u64>,
    pub(super) id: &'a str,
}

impl Items {
    /// Takes a piece of text; `halves` tells that halves of surrogate pairs travel in it.
    pub(super) fn piece(
        &mut self,
        at: Whereabouts<'_>,
        slot: Slot,
        piece: Cow<'_, str>,
        halves: bool,
        out: &mut Assembler,
    ) {
        let same = |writing: &Writing| at.place == Some(writing.place) && slot == writing.slot;
        let writing = match self.writing.filter(same) {
            Some(writing) => writing,
            None if piece.is_empty() => return,
            None => {
                let item = self.find(at);
                match self.enter(item, slot, out) {
                    Some(writing) => writing,
                    None => return,
                }
            }
        };
        let part = self
            .list
            .get_mut(writing.item)
            .and_then(|item| item.parts.get_mut(writing.part));
        if let Some(part) = part {
            say(slot, part.halves.join(piece, halves), out);
        }
    }

    /// Takes the whole of a text at its end: what no piece told is told now.
    pub(super) fn whole_text(&mut self, at: Whereabouts<'_>, slot: Slot, whole: &str, out: &mut Assembler) {
        let item = self.find(at);
        if whole.is_empty() {
            return;
        }
        if let Some(writing) = self.enter(item, slot, out) {
            self.tell_rest(writing.item, writing.part, whole, out);
        }
    }

    /// Makes a text the one that is written; None if its item is done.
    pub(super) fn open(&mut self, item: usize, slot: Slot, out: &mut Assembler) -> Option<usize> {
        self.enter(item, slot, out).map(|writing| writing.part)
    }

    fn enter(&mut self, item: usize, slot: Slot, out: &mut Assembler) -> Option<Writing> {
        let written = self.list.get_mut(item).filter(|written| !written.done)?;
        let same = |part: &Part| part.slot == slot || (slot.is_thinking() && part.slot.is_thinking());
        let part = match written.parts.iter().position(same) {
            Some(known) => {
                let part = written.parts.get_mut(known)?;
                out.take_up(part.block);
                if part.slot != slot {
                    say(part.slot, part.halves.rest(), out);
                    if out.open_thinking().is_some_and(|block| !block.thinking.is_empty()) {
                        out.thinking("\n\n");
                    }
                    part.slot = slot;
                }
                known
            }
            None => {
                out.set_aside();
                written.parts.push(Part {
                    slot,
                    block: out.message().content.len(),
                    halves: Joiner::default(),
                });
                match slot.is_thinking() {
                    true => out.thinking(""),
                    false => out.text_block(),
                }
                written.parts.len() - 1
            }
        };
        let writing = Writing {
            place: written.place,
            slot,
            item,
            part,
        };
        self.writing = Some(writing);
        Some(writing)
    }

    /// Tells what of a whole text was not told. Where the pieces said something else, they count.
    pub(super) fn tell_rest(&mut self, item: usize, part: usize, whole: &str, out: &mut Assembler) {
        let Some(part) = self.list.get_mut(item).and_then(|item| item.parts.get_mut(part)) else {
            return;
        };
        say(part.slot, part.halves.rest(), out);
        let told = match out.message().content.get(part.block) {
            Some(ContentBlock::Text(block)) => block.text.as_str(),
            Some(ContentBlock::Thinking(block)) => block.thinking.as_str(),
            _ => return,
        };
        let rest = whole.strip_prefix(told).unwrap_or_default();
        say(part.slot, rest, out);
    }

    /// The item that an event is about; one that was not heard of before is added.
    pub(super) fn find(&mut self, at: Whereabouts<'_>) -> usize {
        let known = match at.place {
            Some(place) => self.at_place(place),
            None if at.id.is_empty() => self.list.iter().rposition(|item| !item.done),
            None => self.list.iter().position(|item| item.id == at.id),
        };
        known.unwrap_or_else(|| self.add(at.place, at.id))
    }

    /// Adds an item; without a place it stands behind all others.
    pub(super) fn add(&mut self, place: Option<u64>, id: &str) -> usize {
        let place = place.unwrap_or(self.next);
        self.next = self.next.max(place.saturating_add(1));
        let position = self.list.len();
        self.places.entry(place).or_insert(position);
        self.list.push(Written {
            place,
            id: id.to_owned(),
            ..Written::default()
        });
        position
    }

    /// The first item of a place.
    pub(super) fn at_place(&self, place: u64) -> Option<usize> {
        self.places.get(&place).copied()
    }

    /// Nothing is written any more, since the assembler goes on with something else.
    pub(super) fn step_aside(&mut self, out: &mut Assembler) {
        out.set_aside();
        self.writing = None;
    }

    /// Ends the block that is being written.
    pub(super) fn close(&mut self, out: &mut Assembler) {
        out.close_open();
        self.writing = None;
    }

    /// Tells what is held back of the items that are not done.
    pub(super) fn flush(&mut self, out: &mut Assembler) {
        for item in 0..self.list.len() {
            calls::flush(self, item, out);
            let Some(written) = self.list.get_mut(item).filter(|written| !written.done) else {
                continue;
            };
            for part in &mut written.parts {
                let rest = part.halves.rest();
                if !rest.is_empty() {
                    out.take_up(part.block);
                    say(part.slot, rest, out);
                    self.writing = None;
                }
            }
        }
    }
}

fn say(slot: Slot, text: impl AsRef<str> + Into<String>, out: &mut Assembler) {
    if text.as_ref().is_empty() {
        return;
    }
    match slot.is_thinking() {
        true => out.thinking(text),
        false => out.text(text),
    }
}

/// Reads an item and hands it to `take` together with its JSON, in which U+FFFD stands for halves of surrogate pairs.
pub(super) fn with_item<T>(json: &str, take: impl FnOnce(Item<'_>, &str) -> T) -> serde_json::Result<T> {
    let may_have_halves = json.contains("\\ud") || json.contains("\\uD");
    let text = match may_have_halves {
        true => Cow::Owned(clean(&escape_halves(json)).into_owned()),
        false => clean(json),
    };
    Ok(take(serde_json::from_str(&text)?, &text))
}
