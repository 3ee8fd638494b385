//! An earlier answer of a model as a message of the protocol.

use std::borrow::Cow;

use super::conversation::Walk;
use super::request::{Call, Part, Value, WireMessage};
use super::tools;
use crate::json::Json;
use crate::protocols::encoding::conversation::{Answer, Said, SentCall, rendering};
use crate::protocols::encoding::notices::Place;
use crate::quirks::{AudioForm, ReasoningReplay};
use crate::types::{Audio, ContentBlock, Thinking};

/// Adds the message to the walk.
pub(super) fn encode<'a>(walk: &mut Walk<'a, '_>, answer: &Answer<'a>) {
    let mut turn = Turn {
        own: answer.own,
        ..Turn::default()
    };
    for (place, said) in &answer.said {
        turn.say(walk, *said, *place);
    }
    if turn.is_empty() {
        walk.notices.message_dropped(answer.place);
        return;
    }
    walk.out.push(turn.finish(walk));
}

/// Whether a block that the decoder kept whole is a part of a content, and not an entry of another list.
fn is_part(data: &Json) -> bool {
    #[derive(serde::Deserialize)]
    struct Typed {
        r#type: String,
    }
    data.read::<Typed>().is_ok_and(|typed| typed.r#type != "image_url")
}

/// Makes a text longer; the first piece is not copied.
fn extend<'a>(text: &mut Cow<'a, str>, more: &'a str) {
    if text.is_empty() {
        *text = Cow::Borrowed(more);
    } else if !more.is_empty() {
        text.to_mut().push_str(more);
    }
}

/// What an assistant message says, while it is put together.
#[derive(Default)]
struct Turn<'a> {
    own: bool,
    /// Text and thinking in order, in case the content has to be a list.
    parts: Vec<Part<'a>>,
    /// Whether the content has to be a list.
    listed: bool,
    /// The place of the last text that the model wrote.
    last_text: Option<Place>,
    /// Whether text that it did not write came after that.
    inserted: bool,
    text: Cow<'a, str>,
    thinking: Cow<'a, str>,
    details: Vec<Json>,
    calls: Vec<Call<'a>>,
    audio: Option<&'a str>,
}

impl<'a> Turn<'a> {
    fn say(&mut self, walk: &mut Walk<'a, '_>, said: Said<'a>, place: Place) {
        match said {
            Said::Text(text) => {
                let before = self.last_text.and_then(|before| before.block);
                let adjacent = before.map(|block| block + 1) == place.block;
                self.text(&text.text, (self.own && !self.inserted) || adjacent);
                self.last_text = Some(place);
                self.inserted = false;
            }
            Said::Rendering(text) => self.rendering(text),
            Said::Thinking(thinking) => self.thinking(walk, thinking),
            Said::Call(call) => self.call(walk, call, place),
            Said::Media(ContentBlock::Audio(audio)) => self.audio(walk, audio, place),
            Said::Media(block) => {
                let text = format!("the protocol takes no {} of an assistant", block.tag());
                walk.notices.block_dropped(place, text);
            }
            Said::Opaque(opaque) if is_part(&opaque.data) => {
                self.parts.push(Part::Raw(&opaque.data));
                self.listed = true;
            }
            Said::Opaque(opaque) => {
                if let Some(text) = rendering(opaque, place, walk.notices) {
                    self.rendering(text);
                }
            }
        }
    }

    fn rendering(&mut self, text: &'a str) {
        self.text(text, false);
        self.inserted = true;
    }

    /// Text goes into one string. Blocks that other blocks part are paragraphs of it, unless the server itself
    /// sent them as one text.
    fn text(&mut self, text: &'a str, goes_on: bool) {
        let part = if goes_on || self.text.is_empty() || text.is_empty() {
            ""
        } else {
            "\n\n"
        };
        extend(&mut self.text, part);
        extend(&mut self.text, text);
        if !text.is_empty() {
            self.parts.push(Part::text(text));
        }
    }

    fn thinking(&mut self, walk: &Walk<'a, '_>, thinking: &'a Thinking) {
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
            _ => extend(&mut self.thinking, &thinking.thinking),
        }
    }

    fn call(&mut self, walk: &mut Walk<'a, '_>, call: SentCall<'a>, place: Place) {
        let mut wire = tools::call(call, self.own, place, walk.tools, &walk.request, walk.notices);
        // Its own ids mean something to some models, and stay; those of others may clash.
        wire.id = match self.own {
            true => walk.ids.kept(call.call),
            false => walk.ids.of(call.call),
        };
        self.calls.push(wire);
    }

    fn audio(&mut self, walk: &mut Walk<'a, '_>, audio: &'a Audio, place: Place) {
        let id = audio
            .id
            .as_deref()
            .filter(|_| self.own && walk.request.quirks.audio != AudioForm::None);
        match (id, audio.transcript.as_deref()) {
            (Some(id), _) if self.audio.is_none() => self.audio = Some(id),
            (_, Some(transcript)) => {
                walk.notices
                    .block_converted(place, "the audio is sent as its transcript");
                self.text(transcript, self.own);
            }
            _ => walk
                .notices
                .block_dropped(place, "the protocol takes audio of an assistant only by its id"),
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
            text = Cow::Owned(format!("<think>\n{}\n</think>\n\n{text}", self.thinking));
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
