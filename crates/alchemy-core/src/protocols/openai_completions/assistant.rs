//! An earlier answer of a model as a message of the protocol.
//!
//! An answer of the same model at the same provider goes back as it came. Of another one's answer the text and
//! the calls go over: thinking, signatures and opaque blocks mean nothing, or worse, to a model that did not
//! make them. A message that does not say who made it counts as the model's own.
//!
//! A call whose arguments are cut or broken cannot go back as it is, since servers parse them. If a result
//! answers it, it goes with empty arguments, so that the model still reads what became of it; if not, it is
//! left out.

use crate::json::Json;
use crate::quirks::{AudioForm, ReasoningReplay};
use crate::types::{AssistantMessage, Audio, ContentBlock, StopReason, Thinking, ToolCall, ToolCallState};

use super::conversation::Walk;
use super::request::{Call, Custom, Function, Part, Value, WireMessage};

/// Adds the message to the walk.
pub(super) fn encode<'a>(walk: &mut Walk<'a, '_>, message: &'a AssistantMessage, index: usize, path: &str) {
    let own = is_own(walk, message);
    let mut turn = Turn { own, ..Turn::default() };
    for (position, block) in message.content.iter().enumerate() {
        let path = format!("{path}.content[{position}]");
        match block {
            ContentBlock::Text(text) => turn.text(&text.text),
            ContentBlock::Thinking(thinking) => turn.thinking(walk, thinking, &path),
            ContentBlock::ToolCall(call) => turn.call(walk, call, message.stop_reason, index, &path),
            ContentBlock::Audio(audio) => turn.audio(walk, audio, &path),
            ContentBlock::Opaque(opaque) if own && opaque.api == walk.request.model.api && is_part(&opaque.data) => {
                turn.parts.push(Part::Raw(&opaque.data));
                turn.listed = true;
            }
            ContentBlock::Opaque(opaque) => {
                let text = format!("a block {:?} of {} is not sent", opaque.kind, opaque.api);
                walk.notices.block_dropped(&path, text);
            }
            ContentBlock::Image(_) | ContentBlock::Document(_) => {
                let text = format!("the protocol takes no {} of an assistant", block.tag());
                walk.notices.block_dropped(&path, text);
            }
        }
        turn.after_text = matches!(block, ContentBlock::Text(_));
    }
    if turn.is_empty() {
        walk.notices
            .add("message_dropped", path, "the message holds nothing that can be sent");
        return;
    }
    walk.out.push(turn.finish(walk));
}

fn is_own(walk: &Walk<'_, '_>, message: &AssistantMessage) -> bool {
    let model = walk.request.model;
    let same = |said: &Option<String>, asked: &str| said.as_deref().is_none_or(|said| said == asked);
    same(&message.provider, &model.provider) && same(&message.model, &model.id) && same(&message.api, &model.api)
}

/// Whether a block that the decoder kept whole is a part of a content, and not an entry of another list.
fn is_part(data: &Json) -> bool {
    #[derive(serde::Deserialize)]
    struct Typed {
        r#type: String,
    }
    data.read::<Typed>().is_ok_and(|typed| typed.r#type != "image_url")
}

/// What an assistant message says, while it is put together.
#[derive(Default)]
struct Turn<'a> {
    own: bool,
    /// Text and thinking in order, in case the content has to be a list.
    parts: Vec<Part<'a>>,
    /// Whether the content has to be a list.
    listed: bool,
    after_text: bool,
    text: String,
    thinking: String,
    details: Vec<Json>,
    calls: Vec<Call<'a>>,
    audio: Option<&'a str>,
}

impl<'a> Turn<'a> {
    /// Text goes into one string. Blocks that other blocks part are paragraphs of it, unless the server itself
    /// sent them as one text.
    fn text(&mut self, text: &'a str) {
        if !self.own && !self.after_text && !self.text.is_empty() && !text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.text.push_str(text);
        if !text.is_empty() {
            self.parts.push(Part::text(text));
        }
    }

    fn thinking(&mut self, walk: &mut Walk<'a, '_>, thinking: &'a Thinking, path: &str) {
        if !self.own {
            walk.notices
                .block_dropped(path, "thinking of another model is not sent");
            return;
        }
        let replay = walk.request.quirks.reasoning_replay;
        if replay == ReasoningReplay::ReasoningDetails {
            let signature = thinking
                .signature
                .as_deref()
                .and_then(|signature| Json::parse(signature).ok());
            if let Some(details) = signature.and_then(|json| json.read::<Vec<Json>>().ok()) {
                self.details.extend(details);
                return;
            }
        }
        match replay {
            // The server has no use for it, so nothing is lost.
            ReasoningReplay::None => {}
            ReasoningReplay::ContentParts if thinking.thinking.is_empty() => {}
            ReasoningReplay::ContentParts => {
                self.parts.push(Part::Thinking {
                    thinking: vec![Part::text(thinking.thinking.as_str())],
                });
                self.listed = true;
            }
            _ => self.thinking.push_str(&thinking.thinking),
        }
    }

    fn call(&mut self, walk: &mut Walk<'a, '_>, call: &'a ToolCall, stop: StopReason, index: usize, path: &str) {
        let answered = walk.is_answered(call, index);
        let broken = call.state != ToolCallState::Complete;
        let cut_off = matches!(stop, StopReason::Error | StopReason::Aborted);
        if !answered && (broken || cut_off) {
            let reason = if broken {
                "its arguments are not whole"
            } else {
                "the answer it stood in failed"
            };
            walk.notices
                .block_dropped(path, format!("the call is not sent: {reason} and no result answers it"));
            return;
        }
        let arguments = if broken {
            walk.notices
                .block_converted(path, "the call's arguments are not whole; it is sent with none");
            "{}"
        } else {
            arguments(call)
        };
        let name = call.name.as_str();
        let signature = call
            .signature
            .as_deref()
            .filter(|_| self.own)
            .and_then(|text| Json::parse(text).ok());
        let custom = call.custom.then_some(Custom {
            name,
            input: &call.raw_arguments,
        });
        self.calls.push(Call {
            id: walk.ids.wire(&call.id),
            kind: if call.custom { "custom" } else { "function" },
            function: (!call.custom).then_some(Function { name, arguments }),
            custom,
            extra_content: signature.filter(Json::is_object),
        });
        walk.sent(call, answered, path);
    }

    fn audio(&mut self, walk: &mut Walk<'a, '_>, audio: &'a Audio, path: &str) {
        let id = audio
            .id
            .as_deref()
            .filter(|_| self.own && walk.request.quirks.audio != AudioForm::None);
        match (id, audio.transcript.as_deref()) {
            (Some(id), _) if self.audio.is_none() => self.audio = Some(id),
            (_, Some(transcript)) => {
                walk.notices
                    .block_converted(path, "the audio is sent as its transcript");
                self.text(transcript);
            }
            _ => walk
                .notices
                .block_dropped(path, "the protocol takes audio of an assistant only by its id"),
        }
    }

    fn is_empty(&self) -> bool {
        let said = self.parts.is_empty() && self.calls.is_empty() && self.audio.is_none();
        said && self.details.is_empty() && self.thinking.is_empty()
    }

    fn finish(self, walk: &Walk<'a, '_>) -> WireMessage<'a> {
        let quirks = walk.request.quirks;
        let mut text = self.text;
        let tags = quirks.reasoning_replay == ReasoningReplay::ThinkTags && !self.thinking.is_empty();
        if tags {
            text = format!("<think>\n{}\n</think>\n\n{text}", self.thinking);
        }
        let content = if self.listed {
            Value::Parts(self.parts)
        } else if text.is_empty() && !quirks.string_content && !(self.calls.is_empty() && self.audio.is_none()) {
            Value::Null
        } else {
            Value::from(text)
        };
        let mut message = WireMessage::new("assistant", content);
        message = match quirks.reasoning_replay {
            ReasoningReplay::ReasoningContent => {
                let required = quirks.reasoning_required && walk.request.model.reasoning && !self.calls.is_empty();
                match self.thinking.is_empty() && !required {
                    true => message,
                    false => message.with("reasoning_content", self.thinking),
                }
            }
            ReasoningReplay::ReasoningDetails if !self.details.is_empty() => {
                message.with("reasoning_details", Value::Jsons(self.details))
            }
            ReasoningReplay::Reasoning | ReasoningReplay::ReasoningDetails if !self.thinking.is_empty() => {
                message.with("reasoning", self.thinking)
            }
            _ => message,
        };
        if let Some(id) = self.audio {
            message = message.with("audio", Value::Id { id });
        }
        if self.calls.is_empty() {
            message
        } else {
            message.with("tool_calls", Value::Calls(self.calls))
        }
    }
}

/// The arguments as the model wrote them, else as they were read, else none.
fn arguments(call: &ToolCall) -> &str {
    match (call.raw_arguments.trim(), &call.arguments) {
        ("", Some(arguments)) => arguments.text(),
        ("", None) => "{}",
        _ => &call.raw_arguments,
    }
}
