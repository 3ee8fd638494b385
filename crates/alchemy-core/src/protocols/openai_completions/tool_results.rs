//! The results of tool calls as messages of the protocol.
//!
//! `is_error` has no field in the protocol, so the text of a failed result opens with the word "Error".

use std::borrow::Cow;

use super::conversation::Walk;
use super::request::{Part, Value, WireMessage};
use crate::error::Result;
use crate::protocols::encoding::conversation::CallResult;
use crate::protocols::encoding::results::{self, ATTACHED, FAILED, NO_RESULT};
use crate::types::{Content, ContentBlock, ToolResultMessage};

impl<'a> Walk<'a, '_> {
    /// Adds the results of an answer's calls; what they hold besides text goes into a user message behind them all.
    pub(super) fn results(&mut self, results: &[CallResult<'a>]) -> Result<()> {
        let mut attachments = Vec::new();
        for result in results {
            let content = match result.message {
                Some(message) => self.result(message, result, &mut attachments)?,
                None => Value::from(NO_RESULT),
            };
            let id = self.ids.of(result.call);
            let message = WireMessage::new("tool", content).with("tool_call_id", id);
            self.out.push(match self.request.quirks.tool_result_name {
                true => message.with("name", result.tool_name()),
                false => message,
            });
        }
        if !attachments.is_empty() {
            self.push_user(Value::Parts(attachments));
        }
        Ok(())
    }

    fn result(
        &mut self,
        message: &'a ToolResultMessage,
        result: &CallResult<'a>,
        attachments: &mut Vec<Part<'a>>,
    ) -> Result<Value<'a>> {
        let mut parts = Vec::new();
        let attached = attachments.len();
        match &message.content {
            Content::Text(text) => parts.push(Part::text(text.as_str())),
            Content::Blocks(blocks) => {
                for (index, block) in blocks.iter().enumerate() {
                    let place = result.place.block(index);
                    let images = self.request.quirks.tool_result_images && matches!(block, ContentBlock::Image(_));
                    match self.part(block, place)? {
                        Some(part @ (Part::Text { .. } | Part::Raw(_))) => parts.push(part),
                        Some(part) if images => parts.push(part),
                        Some(part) => {
                            results::moved_behind(place, self.notices);
                            let id = self.ids.of(result.call);
                            attachments.push(Part::text(results::origin(&id)));
                            attachments.push(part);
                        }
                        None => {}
                    }
                }
            }
        }
        if message.is_error {
            mark_failure(&mut parts);
        }
        Ok(if parts.iter().all(|part| matches!(part, Part::Text { .. })) {
            result_text(&parts, attachments.len() > attached)
        } else {
            Value::Parts(parts)
        })
    }
}

/// Opens the text of a failed result with the word that says so, unless it does already.
fn mark_failure(parts: &mut Vec<Part<'_>>) {
    match parts.first_mut() {
        Some(Part::Text { text, .. }) => {
            if let Some(marked) = results::failed(text) {
                *text = Cow::Owned(marked);
            }
        }
        _ => parts.insert(0, Part::text(FAILED)),
    }
}

fn result_text<'a>(parts: &[Part<'a>], attached: bool) -> Value<'a> {
    let texts: Vec<&Cow<'a, str>> = parts
        .iter()
        .filter_map(|part| {
            if let Part::Text { text, .. } = part {
                Some(text)
            } else {
                None
            }
        })
        .collect();
    match texts.as_slice() {
        [] if attached => Value::from(ATTACHED),
        [text] => Value::Text((*text).clone()),
        texts => Value::from(texts.iter().map(|text| &***text).collect::<Vec<_>>().join("\n")),
    }
}
