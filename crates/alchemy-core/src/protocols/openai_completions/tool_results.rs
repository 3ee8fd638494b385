//! The results of tool calls as messages of the protocol.

use std::borrow::Cow;

use super::conversation::Walk;
use super::request::{Part, Value};
use crate::error::{Error, Result};
use crate::types::{Content, ContentBlock, ToolResultMessage};

impl<'a> Walk<'a, '_> {
    /// Adds a result; what it holds besides text is kept for the message after it.
    pub(super) fn tool_result(&mut self, message: &'a ToolResultMessage, path: &str) -> Result<()> {
        let id = message.tool_call_id.as_str();
        let Some(called) = self.names.get(id).copied() else {
            let reason = format!("no tool call before it has the id {id:?}");
            return Err(Error::invalid(format!("{path}.tool_call_id"), &reason));
        };
        let mut parts = Vec::new();
        let attached = self.attachments.len();
        match &message.content {
            Content::Text(text) => parts.push(Part::text(text.as_str())),
            Content::Blocks(blocks) => {
                for (index, block) in blocks.iter().enumerate() {
                    let path = format!("{path}.content[{index}]");
                    let images = self.request.quirks.tool_result_images && matches!(block, ContentBlock::Image(_));
                    match self.part(block, &path)? {
                        Some(part @ Part::Text { .. }) => parts.push(part),
                        Some(part) if images => parts.push(part),
                        Some(part) => self.attach(id, part, &path),
                        None => {}
                    }
                }
            }
        }
        if message.is_error {
            mark_failure(&mut parts);
        }
        let content = if parts.iter().all(|part| matches!(part, Part::Text { .. })) {
            result_text(&parts, self.attachments.len() > attached)
        } else {
            Value::Parts(parts)
        };
        self.push_result(id, message.tool_name.as_deref().or(Some(called)), content);
        Ok(())
    }

    /// Keeps a part of a tool result for the user message after it.
    fn attach(&mut self, id: &'a str, part: Part<'a>, path: &str) {
        self.notices.block_converted(
            path,
            "a tool result holds text alone; the block goes into a user message after it",
        );
        let id = self.ids.wire(id);
        self.attachments.push(Part::text(format!("From the tool result {id}:")));
        self.attachments.push(part);
    }
}

/// Opens the text of a failed result with the word that says so, unless it does already.
fn mark_failure(parts: &mut Vec<Part<'_>>) {
    match parts.first_mut() {
        Some(Part::Text { text, .. }) => {
            let says_so = text
                .trim_start()
                .get(..5)
                .is_some_and(|start| start.eq_ignore_ascii_case("error"));
            if !says_so {
                *text = Cow::Owned(format!("Error: {text}"));
            }
        }
        _ => parts.insert(0, Part::text("Error")),
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
        [] if attached => Value::from("The result is attached below."),
        [text] => Value::Text((*text).clone()),
        texts => Value::from(texts.iter().map(|text| &***text).collect::<Vec<_>>().join("\n")),
    }
}
