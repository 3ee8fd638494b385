//! The conversation as messages of the protocol.
//!
//! - The results of one answer's calls go into one user message, and what the user says right after them into the
//!   same: the server wants results first in the message behind their calls.
//! - Text without a visible character is refused by the server and not sent, nor is a message of which nothing is left.
//! - The server refuses an answer at the end of the conversation, which it is to continue, if white space ends it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::request::{Block, Body, Content as WireContent, WireMessage};
use super::{assistant, betas, media};
use crate::error::Result;
use crate::protocols::Request;
use crate::protocols::encoding::conversation::{CallResult, Foreign, Turn, misplaced, opaque, turns};
use crate::protocols::encoding::media::Remarks;
use crate::protocols::encoding::notices::{Notices, Place};
use crate::protocols::encoding::results::{FAILED, NO_RESULT};
use crate::protocols::encoding::tool_call_ids::WireIds;
use crate::quirks::ToolCallIds;
use crate::types::{Content, ContentBlock, Modality, UserMessage};

/// The longest id of a call that every server of the protocol takes. Ids are unique in a conversation, too.
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html> (2026-11)
const LONGEST_ID: usize = 64;

/// The conversation of a request.
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<Block<'a>>,
    pub(super) messages: Vec<WireMessage<'a>>,
    /// What it holds that is asked for by header.
    pub(super) betas: BTreeSet<&'static str>,
    /// Whether it holds an answer.
    pub(super) answered: bool,
    /// Where the last answer stands.
    last: Option<Place>,
}

impl<'a> Conversation<'a> {
    /// The system prompt as it is sent.
    pub(super) fn system(&self) -> WireContent<'_, 'a> {
        WireContent(&self.system)
    }

    /// Leaves the thinking out of an answer at the end, which the server is to continue.
    pub(super) fn end_without_thinking(&mut self, notices: &mut Notices) {
        let last = self.messages.last_mut().filter(|message| message.role == "assistant");
        let (Some(message), Some(place)) = (last, self.last) else {
            return;
        };
        let before = message.content.len();
        message.content.retain(|block| !block.is_thinking());
        if message.content.len() < before {
            let text = "the server continues an answer with thinking only if it is asked to think; it goes without";
            notices.block_dropped(place, text);
        }
    }

    /// Whether the turn that goes on, with the results of its calls, began without thinking.
    pub(super) fn goes_on_without_thinking(&self) -> bool {
        let is_result = |block: &Block<'_>| matches!(block.body, Body::ToolResult { .. });
        let last = self.messages.len().saturating_sub(1);
        // Whatever the user says with the last results, the server may take them to go on with the turn.
        let goes_on = |(index, message): &(usize, &WireMessage<'_>)| match message.role {
            "assistant" => true,
            _ if *index == last => message.content.first().is_some_and(is_result),
            _ => message.content.iter().all(is_result),
        };
        let turn = self.messages.iter().enumerate().rev().take_while(goes_on);
        let began = turn.filter(|(_, message)| message.role == "assistant").last();
        began.is_some_and(|(_, message)| !message.content.first().is_some_and(Block::is_thinking))
    }
}

/// Puts the conversation of a request into the protocol's form.
pub(super) fn encode<'a>(request: &Request<'a>, notices: &mut Notices) -> Result<Conversation<'a>> {
    let turns = turns(request, notices)?;
    let mut walk = Walk {
        request: *request,
        notices,
        ids: WireIds::within(LONGEST_ID, ToolCallIds::Words),
        out: Vec::with_capacity(turns.len()),
        remarks: Remarks::default(),
        betas: BTreeSet::new(),
    };
    let mut last = None;
    let mut after_results = false;
    for turn in turns {
        let is_results = matches!(turn, Turn::Results(_));
        match turn {
            Turn::User(message, place) => {
                let content = walk.user(message, place)?;
                walk.push_user(content, place, after_results);
            }
            Turn::Assistant(answer) => {
                last = Some(answer.place);
                let content = assistant::encode(&mut walk, &answer);
                match content.is_empty() {
                    true => walk.notices.message_dropped(answer.place),
                    false => walk.push("assistant", content),
                }
            }
            Turn::Results(results) => {
                let content = walk.results(&results)?;
                walk.push("user", content);
            }
        }
        after_results = is_results;
    }
    if let Some(place) = last {
        walk.trim_end(place);
    }
    let prompt = request.context.system_prompt.as_deref();
    let prompt = prompt.filter(|prompt| !prompt.trim().is_empty());
    Ok(Conversation {
        system: prompt.map(Block::text).into_iter().collect(),
        answered: walk.out.iter().any(|message| message.role == "assistant"),
        betas: walk.betas,
        messages: walk.out,
        last,
    })
}

/// The state of the walk over the conversation.
pub(super) struct Walk<'a, 'n> {
    pub(super) request: Request<'a>,
    pub(super) notices: &'n mut Notices,
    pub(super) ids: WireIds<'a>,
    out: Vec<WireMessage<'a>>,
    remarks: Remarks,
    pub(super) betas: BTreeSet<&'static str>,
}

impl<'a> Walk<'a, '_> {
    fn push(&mut self, role: &'static str, content: Vec<Block<'a>>) {
        self.out.push(WireMessage { role, content });
    }

    /// Adds what the user says, to the results right before it if there are some.
    fn push_user(&mut self, content: Vec<Block<'a>>, place: Place, after_results: bool) {
        match self.out.last_mut() {
            _ if content.is_empty() => self.notices.message_dropped(place),
            Some(results) if after_results => results.content.extend(content),
            _ => self.push("user", content),
        }
    }

    fn user(&mut self, message: &'a UserMessage, place: Place) -> Result<Vec<Block<'a>>> {
        self.content(&message.content, place)
    }

    /// What the user or a tool says.
    fn content(&mut self, content: &'a Content, place: Place) -> Result<Vec<Block<'a>>> {
        match content {
            Content::Text(text) => Ok(self.text(text, place).into_iter().collect()),
            Content::Blocks(blocks) => {
                let mut sent = Vec::with_capacity(blocks.len());
                for (index, block) in blocks.iter().enumerate() {
                    sent.extend(self.block(block, place.block(index))?);
                }
                Ok(sent)
            }
        }
    }

    /// Text as a block; None if there is nothing to see in it.
    pub(super) fn text(&mut self, text: &'a str, place: Place) -> Option<Block<'a>> {
        if text.trim().is_empty() {
            if !text.is_empty() {
                self.notices
                    .block_dropped(place, "the server refuses text of white space alone");
            }
            return None;
        }
        Some(Block::text(text))
    }

    /// A block of the user's or a tool's; None if it is not sent.
    fn block(&mut self, block: &'a ContentBlock, place: Place) -> Result<Option<Block<'a>>> {
        let quirks = self.request.quirks;
        let (modality, sent) = match block {
            ContentBlock::Text(text) => return Ok(self.text(&text.text, place)),
            ContentBlock::Image(image) => (Modality::Image, media::image(image, place, quirks, self.notices)?),
            ContentBlock::Audio(audio) => (Modality::Audio, media::audio(audio, place, self.notices)?),
            ContentBlock::Document(document) => {
                let sent = media::document(document, place, quirks, self.notices)?;
                (Modality::Document, sent)
            }
            ContentBlock::Opaque(block) => {
                let sent = opaque(&self.request, block, place, self.notices);
                return Ok(sent.and_then(|sent| match sent {
                    Foreign::Data(data) => Some(Body::Raw(data).into()),
                    Foreign::Text(text) => self.text(text, place),
                }));
            }
            ContentBlock::Thinking(_) | ContentBlock::ToolCall(_) => return Err(misplaced(place)),
        };
        if media::is_file(&sent) {
            self.betas.insert(betas::FILES);
        }
        if !matches!(sent.body, Body::Text { .. }) {
            self.remarks.unlisted(self.request.model, modality, place, self.notices);
        }
        Ok(Some(sent))
    }

    fn results(&mut self, results: &[CallResult<'a>]) -> Result<Vec<Block<'a>>> {
        let mut sent = Vec::with_capacity(results.len());
        for result in results {
            let (mut content, is_error) = match result.message {
                Some(message) => (self.content(&message.content, result.place)?, message.is_error),
                None => (vec![Block::text(NO_RESULT)], true),
            };
            if is_error && content.is_empty() {
                let text = "the server refuses a failed result without words; it says \"Error\"";
                self.notices.block_converted(result.place, text);
                content.push(Block::text(FAILED));
            }
            let tool_use_id = self.ids.of(result.call);
            sent.push(
                Body::ToolResult {
                    tool_use_id,
                    content,
                    is_error,
                }
                .into(),
            );
        }
        Ok(sent)
    }

    /// Takes the white space off the end of an answer that the conversation ends with.
    fn trim_end(&mut self, place: Place) {
        let Some(message) = self.out.last_mut().filter(|message| message.role == "assistant") else {
            return;
        };
        if let Some(Block {
            body: Body::Text { text, .. },
            ..
        }) = message.content.last_mut()
            && text.ends_with(char::is_whitespace)
        {
            *text = Cow::Owned(text.trim_end().to_owned());
            let reason =
                "the server refuses white space at the end of an answer that it is to continue; it is taken off";
            self.notices.block_converted(place, reason);
        }
    }
}
