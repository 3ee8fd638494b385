//! The conversation as messages of the protocol.
//!
//! What the protocol cannot say is converted, and a notice says how:
//! - Media in a tool result goes into a user message after it, unless the server takes images there.
//! - A call that nothing answers, though the conversation goes on or ends there, gets a result that says so:
//!   servers refuse a conversation with an open call, for instance after the user interrupted a tool.
//! - A message that is left with nothing in it is not sent.
//!
//! A result without a call before it is an error here, at the caller's line, since every server refuses it.
//! `is_error` has no field in the protocol, so the text of a failed result opens with the word "Error".

use std::borrow::Cow;
use std::collections::HashMap;

use super::request::{Notices, Part, Value, WireMessage};
use super::tool_call_ids::WireIds;
use super::{assistant, cache, media};
use crate::error::{Error, Result};
use crate::protocols::Request;
use crate::quirks::SystemRole;
use crate::types::{Content, ContentBlock, Message, Modality, Opaque, ToolCall, UserMessage};

/// The messages of a request.
pub(super) fn encode<'a>(request: &Request<'a>, notices: &mut Notices) -> Result<Vec<WireMessage<'a>>> {
    let mut walk = Walk::new(*request, notices);
    walk.system();
    for (index, message) in request.context.messages.iter().enumerate() {
        let path = format!("messages[{index}]");
        match message {
            Message::UserMessage(message) => walk.user(message, &path)?,
            Message::AssistantMessage(message) => {
                walk.close_turn();
                assistant::encode(&mut walk, message, index, &path);
            }
            Message::ToolResultMessage(message) => walk.tool_result(message, &path)?,
        }
    }
    walk.close_turn();
    let mut messages = walk.out;
    cache::mark_prefixes(request, &mut messages);
    Ok(messages)
}

/// The state of the walk over the conversation.
pub(super) struct Walk<'a, 'n> {
    pub(super) request: Request<'a>,
    pub(super) notices: &'n mut Notices,
    pub(super) ids: WireIds<'a>,
    pub(super) out: Vec<WireMessage<'a>>,
    /// For each id, the last message that answers it.
    last_answer: HashMap<&'a str, usize>,
    /// The names of the calls so far, by id.
    pub(super) names: HashMap<&'a str, &'a str>,
    /// The calls of the last answer that no result answers, with their paths.
    unanswered: Vec<(&'a ToolCall, String)>,
    /// Media of the tool results since the last other message.
    pub(super) attachments: Vec<Part<'a>>,
    /// Kinds of content that were remarked upon.
    remarked: Vec<Modality>,
}

impl<'a, 'n> Walk<'a, 'n> {
    fn new(request: Request<'a>, notices: &'n mut Notices) -> Self {
        let answers = request
            .context
            .messages
            .iter()
            .enumerate()
            .filter_map(|(index, message)| match message {
                Message::ToolResultMessage(message) => Some((message.tool_call_id.as_str(), index)),
                _ => None,
            });
        Walk {
            notices,
            ids: WireIds::new(request.quirks.tool_call_ids),
            out: Vec::with_capacity(request.context.messages.len() + 1),
            last_answer: answers.collect(),
            names: HashMap::new(),
            unanswered: Vec::new(),
            attachments: Vec::new(),
            remarked: Vec::new(),
            request,
        }
    }

    fn system(&mut self) {
        let Some(prompt) = self
            .request
            .context
            .system_prompt
            .as_deref()
            .filter(|prompt| !prompt.is_empty())
        else {
            return;
        };
        let developer = self.request.quirks.system_role == SystemRole::Developer && self.request.model.reasoning;
        self.out
            .push(WireMessage::new(if developer { "developer" } else { "system" }, prompt));
    }

    /// Whether a message after `index` answers the call.
    pub(super) fn is_answered(&self, call: &ToolCall, index: usize) -> bool {
        self.last_answer
            .get(call.id.as_str())
            .is_some_and(|answer| *answer > index)
    }

    /// Takes note of a call that is sent.
    pub(super) fn sent(&mut self, call: &'a ToolCall, answered: bool, path: &str) {
        self.names.insert(&call.id, &call.name);
        if !answered {
            self.unanswered.push((call, path.to_owned()));
        }
    }

    /// Ends a run of tool results: answers what nothing answers, and hands over what they hold besides text.
    fn close_turn(&mut self) {
        for (call, path) in std::mem::take(&mut self.unanswered) {
            let text = format!("the call of {:?} has no result; one that says so is sent", call.name);
            self.notices.add("message_inserted", path, text);
            self.push_result(
                &call.id,
                Some(&call.name),
                Value::from("No result: the call was not run."),
            );
        }
        let attachments = std::mem::take(&mut self.attachments);
        if !attachments.is_empty() {
            self.push_user(Value::Parts(attachments));
        }
    }

    fn push_user(&mut self, content: Value<'a>) {
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

    /// Adds the answer to a call.
    pub(super) fn push_result(&mut self, id: &'a str, name: Option<&'a str>, content: Value<'a>) {
        let message = WireMessage::new("tool", content).with("tool_call_id", self.ids.wire(id));
        self.out
            .push(match name.filter(|_| self.request.quirks.tool_result_name) {
                Some(name) => message.with("name", name),
                None => message,
            });
    }

    fn user(&mut self, message: &'a UserMessage, path: &str) -> Result<()> {
        self.close_turn();
        let content = match &message.content {
            Content::Text(text) => Value::from(text.as_str()),
            Content::Blocks(blocks) => {
                let mut parts = Vec::with_capacity(blocks.len());
                for (index, block) in blocks.iter().enumerate() {
                    parts.extend(self.part(block, &format!("{path}.content[{index}]"))?);
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

    /// A block as a part of a content; None if it is not sent.
    pub(super) fn part(&mut self, block: &'a ContentBlock, path: &str) -> Result<Option<Part<'a>>> {
        let quirks = self.request.quirks;
        Ok(match block {
            ContentBlock::Text(text) => Some(Part::text(text.text.as_str())),
            ContentBlock::Image(image) => {
                let part = media::image(image, path, quirks, self.notices)?;
                Some(self.remark(Modality::Image, part, path))
            }
            ContentBlock::Audio(audio) => {
                let part = media::audio(audio, path, quirks, self.notices)?;
                Some(self.remark(Modality::Audio, part, path))
            }
            ContentBlock::Document(document) => {
                let part = media::document(document, path, quirks, self.notices)?;
                Some(self.remark(Modality::Document, part, path))
            }
            ContentBlock::Opaque(opaque) => self.opaque(opaque, path),
            ContentBlock::Thinking(_) | ContentBlock::ToolCall(_) => {
                return Err(Error::invalid(
                    path,
                    "only an assistant message holds thinking and tool calls",
                ));
            }
        })
    }

    /// Says, once a kind, that a model is not known to take what it is sent.
    fn remark(&mut self, modality: Modality, part: Part<'a>, path: &str) -> Part<'a> {
        let model = self.request.model;
        let sent_as_text = matches!(part, Part::Text { .. });
        if !sent_as_text && !model.input.contains(&modality) && !self.remarked.contains(&modality) {
            self.remarked.push(modality);
            let text = format!(
                "{} is not described as taking {modality}; it is sent all the same",
                model.id
            );
            self.notices.add("modality_unlisted", path, text);
        }
        part
    }

    fn opaque(&mut self, opaque: &'a Opaque, path: &str) -> Option<Part<'a>> {
        if opaque.api == self.request.model.api {
            return Some(Part::Raw(&opaque.data));
        }
        match opaque.text.as_deref() {
            Some(text) => {
                let notice = format!("a block {:?} of {} is sent as its text", opaque.kind, opaque.api);
                self.notices.block_converted(path, notice);
                Some(Part::text(text))
            }
            None => {
                self.notices
                    .block_dropped(path, format!("a block {:?} of {} is not sent", opaque.kind, opaque.api));
                None
            }
        }
    }
}
