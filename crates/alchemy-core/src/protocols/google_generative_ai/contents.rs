//! The conversation as contents of the protocol: turns of the user and of the model, a list of parts each.
//!
//! Turns of one role that follow each other are one content, so what tools gave and what the user says after it
//! stand side by side.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::attachments::{self, FileData, InlineData};
use crate::error::Result;
use crate::json::Json;
use crate::protocols::Request;
use crate::protocols::encoding::conversation::{Foreign, Turn, misplaced, opaque, turns};
use crate::protocols::encoding::media::Remarks;
use crate::protocols::encoding::notices::{Notices, Place};
use crate::types::{Content, ContentBlock, UserMessage};

/// What one side says at a time.
#[derive(Serialize)]
pub(super) struct WireContent<'a> {
    role: &'static str,
    parts: Vec<WirePart<'a>>,
}

/// One part: in a form of ours, or as the provider sent it.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum WirePart<'a> {
    Own(Box<Part<'a>>),
    Raw(&'a Json),
}

/// The forms of a part; what only a few parts have is boxed, since a conversation has many parts of text.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Part<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thought: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inline_data: Option<Box<InlineData<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file_data: Option<Box<FileData<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function_call: Option<Box<FunctionCall<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function_response: Option<Box<FunctionResponse<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thought_signature: Option<&'a str>,
}

impl<'a> Part<'a> {
    /// A part of text.
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Part {
            text: Some(text.into()),
            ..Part::default()
        }
    }

    /// The part with the signature that it came with.
    pub(super) fn signed(self, signature: Option<&'a str>) -> WirePart<'a> {
        WirePart::from(Part {
            thought_signature: signature,
            ..self
        })
    }
}

impl<'a> From<Part<'a>> for WirePart<'a> {
    fn from(part: Part<'a>) -> Self {
        WirePart::Own(Box::new(part))
    }
}

/// A call of an earlier answer. Google takes any id, also one that it has not given.
#[derive(Serialize)]
pub(super) struct FunctionCall<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) args: Cow<'a, RawValue>,
}

/// The result of a call.
#[derive(Serialize)]
pub(super) struct FunctionResponse<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) response: Response<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parts: Vec<WirePart<'a>>,
}

/// What a call gave.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Response<'a> {
    Output(Cow<'a, str>),
    Error(Cow<'a, str>),
}

/// The contents of a request.
pub(super) fn encode<'a>(request: &Request<'a>, notices: &mut Notices) -> Result<Vec<WireContent<'a>>> {
    let turns = turns(request, notices)?;
    let mut walk = Walk {
        request: *request,
        notices,
        out: Vec::with_capacity(turns.len()),
        remarks: Remarks::default(),
    };
    for turn in turns {
        match turn {
            Turn::User(message, place) => walk.user(message, place)?,
            Turn::Assistant(answer) => walk.answer(&answer)?,
            Turn::Results(results) => walk.results(&results)?,
        }
    }
    Ok(walk.out)
}

/// The state of the walk over the conversation.
pub(super) struct Walk<'a, 'n> {
    pub(super) request: Request<'a>,
    pub(super) notices: &'n mut Notices,
    pub(super) out: Vec<WireContent<'a>>,
    pub(super) remarks: Remarks,
}

impl<'a> Walk<'a, '_> {
    /// Adds parts of one side; a message of which nothing is left is not sent.
    pub(super) fn push(&mut self, role: &'static str, parts: Vec<WirePart<'a>>, place: Place) {
        if parts.is_empty() {
            self.notices.message_dropped(place);
            return;
        }
        match self.out.last_mut() {
            Some(last) if last.role == role => last.parts.extend(parts),
            _ => self.out.push(WireContent { role, parts }),
        }
    }

    fn user(&mut self, message: &'a UserMessage, place: Place) -> Result<()> {
        let parts = match &message.content {
            Content::Text(text) => vec![Part::text(text.as_str()).into()],
            Content::Blocks(blocks) => {
                let mut parts = Vec::with_capacity(blocks.len());
                for (index, block) in blocks.iter().enumerate() {
                    parts.extend(self.part(block, place.block(index))?);
                }
                parts
            }
        };
        self.push("user", parts, place);
        Ok(())
    }

    /// A block of the user's or a tool's as a part; None if it is not sent.
    pub(super) fn part(&mut self, block: &'a ContentBlock, place: Place) -> Result<Option<WirePart<'a>>> {
        Ok(match block {
            ContentBlock::Text(text) => Some(Part::text(text.text.as_str()).into()),
            ContentBlock::Image(_) | ContentBlock::Audio(_) | ContentBlock::Document(_) => {
                attachments::part(self, block, None, place)?
            }
            ContentBlock::Opaque(block) => {
                let sent = opaque(&self.request, block, place, self.notices);
                sent.map(|sent| match sent {
                    Foreign::Data(data) => WirePart::Raw(data),
                    Foreign::Text(text) => Part::text(text).into(),
                })
            }
            ContentBlock::Thinking(_) | ContentBlock::ToolCall(_) => return Err(misplaced(place)),
        })
    }
}
