//! Items that are done, as blocks of the message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use super::calls;
use super::items::{Items, Slot, Whereabouts, with_item};
use super::wire::{self, Item, Parts, Piece, rest};
use crate::assembler::Assembler;
use crate::json::Json;
use crate::types::{Api, Bytes, ContentBlock, Image, Opaque};

/// The keys of a message that have fields of ours.
const MESSAGE_KEYS: [&str; 4] = ["type", "role", "status", "content"];

impl Items {
    /// An item begins: calls are told at once.
    pub(super) fn added(&mut self, at: Whereabouts<'_>, json: &RawValue, out: &mut Assembler) -> serde_json::Result<()> {
        with_item(json.get(), |item, _| {
            let position = self.find(Whereabouts {
                id: item.id.text(),
                ..at
            });
            let named = !item.name.text().is_empty();
            match calls::kind(&item) {
                Some(calls::Kind::Function | calls::Kind::Custom) if !named => {}
                Some(kind) => calls::begin(self, position, kind, &item, out),
                None => {}
            }
        })
    }

    /// An item is done.
    pub(super) fn done(&mut self, at: Whereabouts<'_>, json: &RawValue, out: &mut Assembler) -> serde_json::Result<()> {
        with_item(json.get(), |item, json| {
            let position = self.find(Whereabouts {
                id: item.id.text(),
                ..at
            });
            if self.list.get(position).is_some_and(|written| written.done) {
                return;
            }
            match (item.kind.text(), calls::kind(&item)) {
                (_, Some(kind)) => calls::done(self, position, kind, &item, json, out),
                ("message", _) => self.message(position, item, json, out),
                ("reasoning", _) => self.reasoning(position, &item, json, out),
                ("image_generation_call", _) => {
                    let block = image(&item, json).unwrap_or_else(|| opaque(item.kind.text(), json));
                    self.whole_block(block, out);
                }
                (kind, _) => self.whole_block(opaque(kind, json), out),
            }
            if let Some(written) = self.list.get_mut(position) {
                written.done = true;
            }
        })
    }

    fn whole_block(&mut self, block: ContentBlock, out: &mut Assembler) {
        self.step_aside(out);
        out.block(block);
    }

    fn message(&mut self, position: usize, item: Item<'_>, json: &str, out: &mut Assembler) {
        let parts = match item.content {
            Parts::None => Vec::new(),
            Parts::Text(text) => vec![(None, text_part(text.into_owned()))],
            Parts::List(list) => list
                .into_iter()
                .map(|part| (Some(part), serde_json::from_str(part.get()).unwrap_or_default()))
                .collect(),
        };
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
            if text.is_empty() && citations.is_empty() && !self.is_told(position, index) {
                continue;
            }
            let slot = self.told_slot(position, index).unwrap_or(slot);
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

    fn told_slot(&self, position: usize, index: u64) -> Option<Slot> {
        let parts = &self.list.get(position)?.parts;
        parts.iter().map(|part| part.slot).find(|slot| slot.content_index() == Some(index))
    }

    fn is_told(&self, position: usize, index: u64) -> bool {
        self.told_slot(position, index).is_some()
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

fn text_part(text: String) -> wire::Part<'static> {
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
    list.and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default()
}

/// An image that the model made; None while there is none.
fn image(item: &Item<'_>, json: &str) -> Option<ContentBlock> {
    let data = STANDARD.decode(item.result.text()).ok().filter(|data| !data.is_empty())?;
    let format = match item.output_format.text() {
        "" => "png",
        format => format,
    };
    let image = Image {
        data: Some(Bytes(data)),
        mime_type: Some(format!("image/{format}")),
        signature: rest(json, &["result"], false),
        ..Image::default()
    };
    Some(image.into())
}

fn opaque(kind: &str, json: &str) -> ContentBlock {
    ContentBlock::Opaque(Opaque {
        api: Api::OpenAiResponses.as_str().to_owned(),
        kind: kind.to_owned(),
        data: Json::parse(json).unwrap_or_default(),
        text: None,
    })
}
