//! The results of tool calls as items of the input.
//!
//! Most items have no field for a failure, so the text of a failed result opens with the word "Error".

use std::borrow::Cow;

use serde_json::json;

use super::input::{Sent, Walk, kind_of, text_of};
use super::media;
use super::request::{Entry, Value, content};
use super::tools;
use crate::error::{Error, Result};
use crate::json::{Json, Object};
use crate::protocols::encoding::conversation::{CallResult, LoneResult};
use crate::protocols::encoding::notices::Place;
use crate::protocols::encoding::results::{self, ATTACHED, FAILED, NO_RESULT};
use crate::types::{Api, Content, ContentBlock, Image, ToolResultMessage};

/// A result, and what is known of the call that it answers.
struct Answer<'a> {
    id: Cow<'a, str>,
    /// Whether the call was one with free text.
    custom: bool,
    message: Option<&'a ToolResultMessage>,
    place: Place,
}

impl<'a> Walk<'a, '_> {
    /// Adds the results of an answer's calls; what the server does not take among them goes into a user message
    /// behind them all.
    pub(super) fn results(&mut self, results: &[CallResult<'a>]) -> Result<()> {
        let mut attachments = Vec::new();
        for result in results {
            let call = result.call;
            let client = self.clients.get(&std::ptr::from_ref(call)).cloned();
            let answer = Answer {
                id: self.ids.of(call),
                custom: self.customs.contains(&std::ptr::from_ref(call)),
                message: result.message,
                place: result.place,
            };
            self.result(&answer, client.as_ref(), &mut attachments)?;
        }
        self.push_user(attachments);
        Ok(())
    }

    /// Adds results of calls that an answer holds which the provider has stored. What tool they are of is told by
    /// the tool's name alone.
    pub(super) fn lone_results(&mut self, results: &[LoneResult<'a>]) -> Result<()> {
        let mut attachments = Vec::new();
        for (message, place) in results {
            let name = message.tool_name.as_deref().unwrap_or_default();
            let tool = self.tools.named(name);
            let client = tool.and_then(|tool| tool.native).and_then(tools::client_keys);
            let custom = tool.is_some_and(|tool| tool.is_custom(&self.request));
            let answer = Answer {
                id: self.ids.wire(&message.tool_call_id),
                custom,
                message: Some(message),
                place: *place,
            };
            self.result(&answer, client.as_ref(), &mut attachments)?;
        }
        self.push_user(attachments);
        Ok(())
    }

    fn result(&mut self, answer: &Answer<'a>, client: Option<&Object>, attachments: &mut Vec<Value<'a>>) -> Result<()> {
        let item = match (answer.message.and_then(whole_item), client) {
            (Some(item), _) => Value::Verbatim(item),
            (None, Some(call)) => self.client(answer, call)?.into(),
            (None, None) => self.output(answer, attachments)?.into(),
        };
        self.out.push(item);
        Ok(())
    }

    fn output(&mut self, answer: &Answer<'a>, attachments: &mut Vec<Value<'a>>) -> Result<Entry<'a>> {
        let kind = match answer.custom {
            true => "custom_tool_call_output",
            false => "function_call_output",
        };
        let entry = Entry::of(kind).with("call_id", answer.id.clone());
        let Some(message) = answer.message else {
            return Ok(entry.with("output", NO_RESULT));
        };
        let attached = attachments.len();
        let mut parts = self.parts(message, answer, attachments)?;
        if message.is_error {
            mark_failure(&mut parts);
        }
        if parts.is_empty() && attachments.len() > attached {
            parts.push(Entry::text(ATTACHED).into());
        }
        let texts: Option<Vec<&str>> = parts.iter().map(text).collect();
        let joined = texts.filter(|texts| texts.len() > 1).map(|texts| texts.join("\n"));
        Ok(entry.with("output", joined.map_or_else(|| content(parts), Value::from)))
    }

    fn parts(
        &mut self,
        message: &'a ToolResultMessage,
        answer: &Answer<'a>,
        attachments: &mut Vec<Value<'a>>,
    ) -> Result<Vec<Value<'a>>> {
        let mut parts = Vec::new();
        let blocks = match &message.content {
            Content::Text(text) => return Ok(vec![Entry::text(text.as_str()).into()]),
            Content::Blocks(blocks) => blocks,
        };
        for (index, block) in blocks.iter().enumerate() {
            let place = answer.place.block(index);
            match self.block(block, place)? {
                Some(Sent::Part(part)) if self.request.quirks.tool_result_images || text(&part).is_some() => {
                    parts.push(part);
                }
                Some(Sent::Part(part)) => {
                    results::moved_behind(place, self.notices);
                    attachments.push(Entry::text(results::origin(&answer.id)).into());
                    attachments.push(part);
                }
                Some(Sent::Item(item)) => {
                    let text = format!("{:?} is no part of a tool's result", kind_of(item));
                    self.notices.block_dropped(place, text);
                }
                None => {}
            }
        }
        Ok(parts)
    }

    /// The result of a tool of the vendor's that the caller ran.
    fn client(&mut self, result: &Answer<'a>, call: &Object) -> Result<Entry<'a>> {
        let kind = text_of(call, "type");
        let id = result.id.clone();
        let failed = result.message.is_none_or(|message| message.is_error);
        let said = self.said(result, kind == "computer_call");
        Ok(match kind.as_str() {
            "shell_call" => {
                let outcome = json!({"type": "exit", "exit_code": i32::from(failed)});
                let output = json!([{"stdout": said, "stderr": "", "outcome": outcome}]);
                let limit = call.get("action").and_then(|action| action.read::<Object>().ok());
                let limit = limit.and_then(|mut action| action.remove("max_output_length"));
                Entry::of("shell_call_output")
                    .with("call_id", id)
                    .with("output", json_of(&output))
                    .with_some("max_output_length", limit.filter(|limit| !limit.is_null()))
            }
            "apply_patch_call" => Entry::of("apply_patch_call_output")
                .with("call_id", id)
                .with("status", if failed { "failed" } else { "completed" })
                .with("output", said),
            "computer_call" => {
                let image = result.message.and_then(first_image).ok_or_else(|| {
                    let reason = "the result of a computer's use is an image of the screen";
                    Error::invalid(format!("{}.content", result.place), reason)
                })?;
                Entry::of("computer_call_output")
                    .with("call_id", id)
                    .with("output", media::screenshot(image, result.place)?)
            }
            "tool_search_call" => Entry::of("tool_search_output")
                .with("call_id", id)
                .with("execution", "client")
                .with("status", "completed")
                .with("tools", self.found_tools(&said, result.place)),
            _ => Entry::of("local_shell_call_output")
                .with("call_id", id)
                .with("output", said),
        })
    }

    /// The tools that a search found: the JSON text of a list.
    fn found_tools(&mut self, said: &str, place: Place) -> Json {
        let list = Json::parse(said).ok().filter(|json| json.text().starts_with('['));
        list.unwrap_or_else(|| {
            let text =
                "the result of a search for tools is a JSON list of tools; this is none, and an empty one is sent";
            self.notices.block_converted(place, text);
            json_of(&json!([]))
        })
    }

    /// The text of a result; what else it holds is not sent, but for the picture of a screen.
    fn said(&mut self, result: &Answer<'a>, mut screen: bool) -> Cow<'a, str> {
        let Some(message) = result.message else {
            return Cow::Borrowed(NO_RESULT);
        };
        let blocks = match &message.content {
            Content::Text(text) => return Cow::Borrowed(text.as_str()),
            Content::Blocks(blocks) => blocks,
        };
        let mut texts = Vec::new();
        for (index, block) in blocks.iter().enumerate() {
            match block {
                ContentBlock::Text(text) => texts.push(text.text.as_str()),
                ContentBlock::Image(_) if screen => screen = false,
                _ => {
                    let text = format!("the result of this tool holds no {}", block.tag());
                    self.notices.block_dropped(result.place.block(index), text);
                }
            }
        }
        match texts.as_slice() {
            [text] => Cow::Borrowed(text),
            texts => Cow::Owned(texts.join("\n")),
        }
    }
}

/// The one block of a result that is the item itself.
fn whole_item(message: &ToolResultMessage) -> Option<&Json> {
    let Content::Blocks(blocks) = &message.content else {
        return None;
    };
    match blocks.as_slice() {
        [ContentBlock::Opaque(opaque)]
            if opaque.api == Api::OpenAiResponses.as_str() && kind_of(&opaque.data).ends_with("_output") =>
        {
            Some(&opaque.data)
        }
        _ => None,
    }
}

fn first_image(message: &ToolResultMessage) -> Option<&Image> {
    match &message.content {
        Content::Text(_) => None,
        Content::Blocks(blocks) => blocks.iter().find_map(|block| match block {
            ContentBlock::Image(image) => Some(image),
            _ => None,
        }),
    }
}

/// The text of a part that is text.
fn text<'p>(part: &'p Value<'_>) -> Option<&'p str> {
    match part {
        Value::Entry(entry) => entry.as_text().map(|text| &**text),
        _ => None,
    }
}

fn json_of(value: &serde_json::Value) -> Json {
    Json::of(value).unwrap_or_default()
}

/// Opens the text of a failed result with the word that says so, unless it does already.
fn mark_failure(parts: &mut Vec<Value<'_>>) {
    match parts
        .first_mut()
        .and_then(|part| Some((results::failed(text(part)?), part)))
    {
        Some((Some(marked), part)) => *part = Entry::text(marked).into(),
        Some((None, _)) => {}
        None => parts.insert(0, Entry::text(FAILED).into()),
    }
}
