//! Items that are done, as blocks of the message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use super::calls;
use super::items::{Items, Slot, Whereabouts, Written, with_item};
use super::wire::{self, Item, Piece, rest};
use crate::assembler::Assembler;
use crate::json::Json;
use crate::protocols::decoding::answer;
use crate::protocols::decoding::keys::Keys;
use crate::protocols::decoding::wire::Parts;
use crate::types::{Api, Bytes, ContentBlock, Image};

/// The keys of a message that have fields of ours.
const MESSAGE_KEYS: [&str; 4] = ["type", "role", "status", "content"];

impl Items {
    /// An item begins: calls of functions are told at once. Those of the vendor's own tools are told when they are
    /// done, since nothing of them is known before, and their ids were seen to change.
    pub(super) fn added(
        &mut self,
        at: Whereabouts<'_>,
        json: &RawValue,
        out: &mut Assembler,
    ) -> serde_json::Result<()> {
        with_item(json.get(), |item, _| {
            let position = self.find(Whereabouts {
                id: item.id.text(),
                ..at
            });
            let kind = calls::kind(&item).filter(|kind| !matches!(kind, calls::Kind::Client(_)));
            if let Some(kind) = kind.filter(|_| !item.name.text().is_empty()) {
                calls::begin(self, position, kind, &item, out);
            }
        })
    }

    /// An item is done.
    pub(super) fn done(&mut self, at: Whereabouts<'_>, json: &RawValue, out: &mut Assembler) -> serde_json::Result<()> {
        let own_id = id_of(json);
        let position = self.find(match at.place {
            Some(_) => at,
            None => Whereabouts { id: &own_id, ..at },
        });
        if self.list.get(position).is_some_and(|written| written.done) {
            return Ok(());
        }
        self.finish(position, json.get(), out)
    }

    /// Takes the items of the response that ends the answer: those that were not done before.
    ///
    /// An item is known by its id. Copilot changes the ids, others leave items out of the last list, and xAI uses an
    /// id twice: where no id fits, the place counts, and each done item stands for one of the list.
    pub(super) fn last(&mut self, output: &[&RawValue], out: &mut Assembler) -> serde_json::Result<()> {
        let ids: Vec<String> = output.iter().map(|item| id_of(item)).collect();
        let mut done: Vec<&Written> = self.list.iter().filter(|item| item.done).collect();
        let mut open: Vec<(u64, &RawValue, &str)> = Vec::new();
        for ((place, item), id) in (0..).zip(output).zip(&ids) {
            let same = |written: &&Written| !id.is_empty() && written.id == *id;
            match done.iter().position(same) {
                Some(known) => drop(done.remove(known)),
                None => open.push((place, item, id.as_str())),
            }
        }
        open.retain(
            |(place, _, _)| match done.iter().position(|written| written.place == *place) {
                Some(known) => {
                    done.remove(known);
                    false
                }
                None => true,
            },
        );
        // Those that are added here are done at once: no later one of the list can stand for them.
        let mut free: Vec<usize> = (0..self.list.len())
            .filter(|position| self.list.get(*position).is_some_and(|written| !written.done))
            .collect();
        for (place, item, id) in open {
            let find = |matches: &dyn Fn(&Written) -> bool| {
                free.iter()
                    .position(|position| self.list.get(*position).is_some_and(matches))
            };
            let known = find(&|written| !id.is_empty() && written.id == id);
            let known = known.or_else(|| find(&|written| written.place == place));
            let position = known.map(|at| free.remove(at)).unwrap_or_else(|| {
                let taken = self.at_place(place).is_some();
                self.add((!taken).then_some(place), id)
            });
            self.finish(position, item.get(), out)?;
        }
        Ok(())
    }

    fn finish(&mut self, position: usize, json: &str, out: &mut Assembler) -> serde_json::Result<()> {
        with_item(json, |item, json| {
            match (item.kind.text(), calls::kind(&item)) {
                (_, Some(kind)) => calls::done(self, position, kind, &item, json, out),
                ("message", _) => self.message(position, &item, json, out),
                ("reasoning", _) => self.reasoning(position, &item, json, out),
                ("image_generation_call", _) => {
                    let block = image(&item, json).unwrap_or_else(|| opaque(item.kind.text(), json));
                    self.whole_block(block, out);
                }
                (kind, _) => self.whole_block(opaque(kind, json), out),
            }
            if let Some(written) = self.list.get_mut(position) {
                written.done = true;
                item.id.text().clone_into(&mut written.id);
            }
        })
    }

    fn whole_block(&mut self, block: ContentBlock, out: &mut Assembler) {
        self.step_aside(out);
        out.block(block);
    }

    fn message(&mut self, position: usize, item: &Item<'_>, json: &str, out: &mut Assembler) {
        let parts = match &item.content {
            Parts::None => Vec::new(),
            Parts::Text(text) => vec![(None, text_part(text))],
            Parts::List(list) => list
                .iter()
                .map(|part| (Some(*part), serde_json::from_str(part.get()).unwrap_or_default()))
                .collect(),
        };
        let count = parts.len() as u64;
        for (index, (raw, part)) in (0..).zip(parts) {
            let (slot, text) = match (part.kind.text(), part.refusal.text(), part.text.text()) {
                ("refusal", refusal, text) => (Slot::Refusal(index), if refusal.is_empty() { text } else { refusal }),
                ("output_text" | "text" | "", _, text) => (Slot::Text(index), text),
                (kind, _, _) => {
                    if let Some(raw) = raw {
                        self.whole_block(opaque(kind, raw.get()), out);
                    }
                    continue;
                }
            };
            let citations: Vec<Json> = read_list(part.annotations);
            self.logprobs.extend(read_list(part.logprobs));
            let refusal = matches!(slot, Slot::Refusal(_));
            self.refused |= refusal;
            let told = self.told_slot(position, index, count);
            if text.is_empty() && citations.is_empty() && told.is_none() {
                continue;
            }
            let slot = told.unwrap_or(slot);
            if let Some(part) = self.open(position, slot, out) {
                self.tell_rest(position, part, text, out);
                if let Some(block) = out.open_text() {
                    block.signature = rest(json, &MESSAGE_KEYS, refusal);
                    if !citations.is_empty() {
                        block.citations = citations;
                    }
                }
                self.close(out);
                self.forget(position, slot);
            }
        }
        // Texts that the item does not repeat.
        while let Some(slot) = self.first_slot(position) {
            if self.open(position, slot, out).is_some()
                && let Some(block) = out.open_text()
            {
                block.signature = rest(json, &MESSAGE_KEYS, matches!(slot, Slot::Refusal(_)));
            }
            self.close(out);
            self.forget(position, slot);
        }
    }

    fn reasoning(&mut self, position: usize, item: &Item<'_>, json: &str, out: &mut Assembler) {
        let texts: Vec<String> = [&item.summary, &item.content].into_iter().flat_map(texts).collect();
        let slot = self.first_slot(position).unwrap_or(Slot::Summary(0));
        if let Some(part) = self.open(position, slot, out) {
            self.tell_rest(position, part, &texts.join("\n\n"), out);
        }
        if let Some(block) = out.open_thinking() {
            block.redacted = block.thinking.is_empty() && item.encrypted_content.is_some();
            block.signature = Some(json.to_owned());
        }
        self.close(out);
    }

    /// A source of a text that is being written.
    pub(super) fn annotation(&mut self, at: Whereabouts<'_>, index: u64, annotation: &RawValue, out: &mut Assembler) {
        let position = self.find(at);
        if self.open(position, Slot::Text(index), out).is_some()
            && let (Some(block), Ok(citation)) = (out.open_text(), Json::parse(annotation.get()))
        {
            block.citations.push(citation);
        }
    }

    /// The text that was told for a part of a message of `count` parts. Bedrock counts parts from 1 in its deltas.
    fn told_slot(&self, position: usize, index: u64, count: u64) -> Option<Slot> {
        let parts = &self.list.get(position)?.parts;
        let find = |fits: &dyn Fn(u64) -> bool| {
            let mut slots = parts.iter().map(|part| part.slot);
            slots.find(|slot| slot.content_index().is_some_and(fits))
        };
        find(&|told| told == index).or_else(|| find(&|told| told >= count))
    }

    fn first_slot(&self, position: usize) -> Option<Slot> {
        self.list.get(position)?.parts.first().map(|part| part.slot)
    }

    fn forget(&mut self, position: usize, slot: Slot) {
        if let Some(written) = self.list.get_mut(position) {
            written.parts.retain(|part| part.slot != slot);
        }
    }
}

/// The id of an item; empty if it has none.
fn id_of(item: &RawValue) -> String {
    let keys = Keys::of(item).unwrap_or_default();
    keys.text("id").unwrap_or_default()
}

fn text_part(text: &str) -> wire::Part<'_> {
    wire::Part {
        text: Piece::Text(text.into()),
        ..wire::Part::default()
    }
}

/// The texts of a list of parts, without the empty ones.
fn texts(parts: &Parts<'_>) -> Vec<String> {
    let texts: Vec<String> = match parts {
        Parts::None => Vec::new(),
        Parts::Text(text) => vec![text.clone().into_owned()],
        Parts::List(list) => list
            .iter()
            .filter_map(|part| serde_json::from_str::<wire::Part<'_>>(part.get()).ok())
            .map(|part| part.text.text().to_owned())
            .collect(),
    };
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}

fn read_list(list: Option<&RawValue>) -> Vec<Json> {
    list.and_then(|list| serde_json::from_str(list.get()).ok())
        .unwrap_or_default()
}

/// An image that the model made; None while there is none.
fn image(item: &Item<'_>, json: &str) -> Option<ContentBlock> {
    let data = STANDARD
        .decode(item.result.text())
        .ok()
        .filter(|data| !data.is_empty())?;
    let format = match item.output_format.text() {
        "" => "png",
        format => format,
    };
    let image = Image {
        data: Some(Bytes::from(data)),
        mime_type: Some(format!("image/{format}")),
        signature: rest(json, &["result"], false),
        ..Image::default()
    };
    Some(image.into())
}

fn opaque(kind: &str, json: &str) -> ContentBlock {
    answer::opaque(Api::OpenAiResponses, kind, json)
}
