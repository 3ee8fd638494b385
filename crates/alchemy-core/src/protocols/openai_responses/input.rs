//! The conversation as the items of the input.
//!
//! What the protocol cannot say is converted, and a notice says how. The system prompt is not among the items: it is
//! sent as `instructions`, which a stored answer does not hand on to the next, so that no turn says it twice.

use std::collections::{HashMap, HashSet};

use super::request::{Entry, Value, content};
use super::{assistant, media};
use crate::error::Result;
use crate::json::{Json, Object};
use crate::protocols::Request;
use crate::protocols::encoding::conversation::{Foreign, Turn, misplaced, opaque, turns, turns_after_stored};
use crate::protocols::encoding::media::Remarks;
use crate::protocols::encoding::notices::{Notices, Place};
use crate::protocols::encoding::tool_call_ids::WireIds;
use crate::protocols::encoding::tools::Tools;
use crate::types::{Content, ContentBlock, Modality, ToolCall, UserMessage};

/// The longest id of a call that the protocol takes. <https://github.com/NousResearch/hermes-agent/issues/73492>
const LONGEST_ID: usize = 64;

/// The items of a request.
pub(super) fn encode<'a>(
    request: &Request<'a>,
    tools: &Tools<'a>,
    stored: bool,
    notices: &mut Notices,
) -> Result<Vec<Value<'a>>> {
    let (turns, lone) = match &request.options.previous_response_id {
        Some(_) => turns_after_stored(request, notices),
        None => (turns(request, notices)?, Vec::new()),
    };
    let mut walk = Walk {
        request: *request,
        tools,
        stored,
        notices,
        ids: WireIds::within(LONGEST_ID, request.quirks.tool_call_ids),
        out: Vec::with_capacity(request.context.messages.len()),
        customs: HashSet::new(),
        clients: HashMap::new(),
        remarks: Remarks::default(),
    };
    walk.lone_results(&lone)?;
    for turn in turns {
        match turn {
            Turn::User(message, place) => walk.user(message, place)?,
            Turn::Assistant(answer) => assistant::encode(&mut walk, &answer),
            Turn::Results(results) => walk.results(&results)?,
        }
    }
    Ok(walk.out)
}

/// The state of the walk over the conversation.
pub(super) struct Walk<'a, 'n> {
    pub(super) request: Request<'a>,
    pub(super) tools: &'n Tools<'a>,
    /// Whether the server keeps its answers, so that an id stands for an item.
    pub(super) stored: bool,
    pub(super) notices: &'n mut Notices,
    pub(super) ids: WireIds<'a>,
    pub(super) out: Vec<Value<'a>>,
    /// The calls that went as calls with free text, by where they stand in memory.
    pub(super) customs: HashSet<*const ToolCall>,
    /// The calls of the vendor's tools that went as the items that they came in.
    pub(super) clients: HashMap<*const ToolCall, Object>,
    remarks: Remarks,
}

/// What a block of the user's or a tool's becomes.
pub(super) enum Sent<'a> {
    /// A part of a content.
    Part(Value<'a>),
    /// An item of its own.
    Item(&'a Json),
}

impl<'a> Walk<'a, '_> {
    fn user(&mut self, message: &'a UserMessage, place: Place) -> Result<()> {
        let mut parts = Vec::new();
        match &message.content {
            Content::Text(text) => parts.push(Entry::text(text.as_str()).into()),
            Content::Blocks(blocks) => {
                let before = self.out.len();
                for (index, block) in blocks.iter().enumerate() {
                    match self.block(block, place.block(index))? {
                        Some(Sent::Part(part)) => parts.push(part),
                        Some(Sent::Item(item)) => {
                            self.push_user(std::mem::take(&mut parts));
                            self.out.push(Value::Verbatim(item));
                        }
                        None => {}
                    }
                }
                if parts.is_empty() && self.out.len() > before {
                    return Ok(());
                }
                if parts.is_empty() {
                    parts.push(Entry::text("").into());
                }
            }
        }
        self.push_user(parts);
        Ok(())
    }

    /// Adds a message of the user's, unless it has no parts.
    pub(super) fn push_user(&mut self, parts: Vec<Value<'a>>) {
        if !parts.is_empty() {
            self.out.push(Entry::message("user", content(parts)).into());
        }
    }

    /// What a block of the user's or a tool's becomes; None if it is not sent.
    pub(super) fn block(&mut self, block: &'a ContentBlock, place: Place) -> Result<Option<Sent<'a>>> {
        let quirks = self.request.quirks;
        let (modality, part) = match block {
            ContentBlock::Text(text) => return Ok(Some(Sent::Part(Entry::text(text.text.as_str()).into()))),
            ContentBlock::Image(image) => (Modality::Image, media::image(image, place, quirks, self.notices)?),
            ContentBlock::Audio(audio) => (Modality::Audio, media::audio(audio, place, self.notices)?),
            ContentBlock::Document(document) => {
                let part = media::document(document, place, quirks, self.notices)?;
                (Modality::Document, part)
            }
            ContentBlock::Opaque(block) => {
                let sent = opaque(&self.request, block, place, self.notices);
                return Ok(sent.map(|sent| match sent {
                    Foreign::Data(data) if kind_of(data).starts_with("input_") => Sent::Part(Value::Verbatim(data)),
                    Foreign::Data(data) => Sent::Item(data),
                    Foreign::Text(text) => Sent::Part(Entry::text(text).into()),
                }));
            }
            ContentBlock::Thinking(_) | ContentBlock::ToolCall(_) => return Err(misplaced(place)),
        };
        if part.as_text().is_none() {
            self.remarks.unlisted(self.request.model, modality, place, self.notices);
        }
        Ok(Some(Sent::Part(part.into())))
    }
}

/// The type that an object says it is of; empty if it says none.
pub(super) fn kind_of(data: &Json) -> String {
    let keys: Object = data.read().unwrap_or_default();
    text_of(&keys, "type")
}

/// The text of a key; empty if it has none.
pub(super) fn text_of(keys: &Object, key: &str) -> String {
    keys.get(key).and_then(|value| value.read().ok()).unwrap_or_default()
}
