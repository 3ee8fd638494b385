//! The conversation as messages of the protocol.
//!
//! What the protocol cannot say is converted, and a notice says how: media in a tool result go into a user message
//! after it, unless the server takes images there, and a message that is left with nothing in it is not sent.

use std::borrow::Cow;

use super::request::{Part, Value, WireMessage};
use super::{assistant, cache, media};
use crate::error::Result;
use crate::protocols::Request;
use crate::protocols::encoding::conversation::{Foreign, Turn, misplaced, opaque, turns};
use crate::protocols::encoding::media::Remarks;
use crate::protocols::encoding::notices::{Notices, Place};
use crate::protocols::encoding::tool_call_ids::WireIds;
use crate::protocols::encoding::tools::Tools;
use crate::quirks::SystemRole;
use crate::types::{Content, ContentBlock, Modality, UserMessage};

/// The messages of a request.
pub(super) fn encode<'a>(
    request: &Request<'a>,
    tools: &Tools<'a>,
    notices: &mut Notices,
) -> Result<Vec<WireMessage<'a>>> {
    let turns = turns(request, notices)?;
    let mut walk = Walk {
        request: *request,
        tools,
        notices,
        ids: WireIds::new(request.quirks.tool_call_ids),
        out: Vec::with_capacity(request.context.messages.len() + 1),
        remarks: Remarks::default(),
    };
    walk.system();
    for turn in turns {
        match turn {
            Turn::User(message, place) => walk.user(message, place)?,
            Turn::Assistant(answer) => assistant::encode(&mut walk, &answer),
            Turn::Results(results) => walk.results(&results)?,
        }
    }
    let mut messages = walk.out;
    cache::mark_prefixes(request, &mut messages);
    Ok(messages)
}

/// The state of the walk over the conversation.
pub(super) struct Walk<'a, 'n> {
    pub(super) request: Request<'a>,
    pub(super) tools: &'n Tools<'a>,
    pub(super) notices: &'n mut Notices,
    pub(super) ids: WireIds<'a>,
    pub(super) out: Vec<WireMessage<'a>>,
    remarks: Remarks,
}

impl<'a> Walk<'a, '_> {
    fn system(&mut self) {
        let Some(prompt) = self.request.system_prompt() else {
            return;
        };
        let developer = self.request.quirks.system_role == SystemRole::Developer && self.request.model.reasoning;
        self.out
            .push(WireMessage::new(if developer { "developer" } else { "system" }, prompt));
    }

    /// Adds a message of the user's.
    pub(super) fn push_user(&mut self, content: Value<'a>) {
        let after_tool = self.out.last().is_some_and(|message| message.role == "tool");
        if after_tool && self.request.quirks.assistant_after_tool_result {
            let text =
                "the server wants an assistant message between a tool result and a user message; a short one is sent";
            self.notices.add("message_inserted", "messages", text);
            self.out
                .push(WireMessage::new("assistant", "I have read the tool's result."));
        }
        self.out.push(WireMessage::new("user", content));
    }

    fn user(&mut self, message: &'a UserMessage, place: Place) -> Result<()> {
        let content = match &message.content {
            Content::Text(text) => Value::from(text.as_str()),
            Content::Blocks(blocks) => {
                let mut parts = Vec::with_capacity(blocks.len());
                for (index, block) in blocks.iter().enumerate() {
                    parts.extend(self.part(block, place.block(index))?);
                }
                self.content(parts)
            }
        };
        self.push_user(content);
        Ok(())
    }

    /// The parts as a string where that says the same, or where the server wants it.
    fn content(&self, parts: Vec<Part<'a>>) -> Value<'a> {
        let texts: Option<Vec<&Cow<'a, str>>> = parts
            .iter()
            .map(|part| match part {
                Part::Text { text, .. } => Some(text),
                _ => None,
            })
            .collect();
        match texts.as_deref() {
            Some([]) => Value::from(""),
            Some([text]) => Value::Text((*text).clone()),
            Some(texts) if self.request.quirks.string_content => {
                Value::from(texts.iter().map(|text| &***text).collect::<Vec<_>>().join("\n"))
            }
            _ => Value::Parts(parts),
        }
    }

    /// A block of the user's or a tool's as a part of a content; None if it is not sent.
    pub(super) fn part(&mut self, block: &'a ContentBlock, place: Place) -> Result<Option<Part<'a>>> {
        let quirks = self.request.quirks;
        let (modality, part) = match block {
            ContentBlock::Text(text) => return Ok(Some(Part::text(text.text.as_str()))),
            ContentBlock::Image(image) => (Modality::Image, media::image(image, place, quirks, self.notices)?),
            ContentBlock::Audio(audio) => (Modality::Audio, media::audio(audio, place, quirks, self.notices)?),
            ContentBlock::Document(document) => {
                let part = media::document(document, place, quirks, self.notices)?;
                (Modality::Document, part)
            }
            ContentBlock::Opaque(block) => {
                let sent = opaque(&self.request, block, place, self.notices);
                return Ok(sent.map(|sent| match sent {
                    Foreign::Data(data) => Part::Raw(data),
                    Foreign::Text(text) => Part::text(text),
                }));
            }
            ContentBlock::Thinking(_) | ContentBlock::ToolCall(_) => return Err(misplaced(place)),
        };
        if !matches!(part, Part::Text { .. }) {
            self.remarks.unlisted(self.request.model, modality, place, self.notices);
        }
        Ok(Some(part))
    }
}
