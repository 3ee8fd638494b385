//! An earlier answer of a model as items of the input.
//!
//! A reasoning item is accepted only together with the item that followed it in its answer: alone, or before another
//! one, the server refuses the whole request. So it goes if that item goes, and else is left out; the items after it
//! then lose their ids, by which the server would miss it. An item that the server did not keep must bring what it
//! says along, for which reasoning has its encrypted form.
//! <https://platform.openai.com/docs/guides/reasoning#keeping-reasoning-items-in-context> (2026-11)

use std::borrow::Cow;

use super::input::{Walk, kind_of, text_of};
use super::request::{Entry, Value};
use super::tools;
use crate::json::{Json, Object};
use crate::protocols::encoding::conversation::{Answer, Said, SentCall};
use crate::protocols::encoding::notices::Place;
use crate::types::{ContentBlock, Image, Opaque, Text, Thinking};

/// Keys that some servers put into an item and none takes back.
const OUTPUT_ONLY: [&str; 2] = ["item_id", "output_index"];

/// Adds the items of an answer to the walk.
pub(super) fn encode<'a>(walk: &mut Walk<'a, '_>, answer: &Answer<'a>) {
    let before = walk.out.len();
    let mut turn = Turn {
        answer,
        reasoning: Vec::new(),
        message: None,
        anonymous: false,
    };
    for (place, said) in &answer.said {
        match *said {
            Said::Text(text) => turn.text(walk, text, *place),
            Said::Rendering(text) => turn.plain(walk, text, *place),
            Said::Thinking(thinking) => turn.thinking(walk, thinking, *place),
            Said::Call(call) => turn.call(walk, call, *place),
            Said::Opaque(opaque) => turn.opaque(walk, opaque, *place),
            Said::Media(block) => turn.media(walk, block, *place),
        }
    }
    turn.end_message(walk);
    turn.drop_reasoning(walk);
    if walk.out.len() == before {
        walk.notices.message_dropped(answer.place);
    }
}

/// The texts of one item.
struct Message<'a> {
    /// The keys of the item that have no field of ours; empty for a text of unknown origin.
    keys: Object,
    parts: Vec<Value<'a>>,
}

struct Turn<'a, 't> {
    answer: &'t Answer<'a>,
    /// Reasoning that waits for the item after it.
    reasoning: Vec<(Place, Json)>,
    message: Option<Message<'a>>,
    /// Whether items go without their ids, since reasoning before them is missing.
    anonymous: bool,
}

impl<'a> Turn<'a, '_> {
    fn text(&mut self, walk: &mut Walk<'a, '_>, text: &'a Text, place: Place) {
        let mut keys = match (&text.signature, self.answer.own) {
            (Some(signature), true) => object(signature),
            _ => Object::new(),
        };
        let refusal = keys.remove("refusal").is_some();
        if keys.is_empty() && text.text.is_empty() {
            return;
        }
        let part = match refusal {
            true => Entry::of("refusal").with("refusal", text.text.as_str()),
            false if keys.is_empty() => Entry::of("output_text").with("text", text.text.as_str()),
            false => {
                let citations = text.citations.iter().map(Value::Verbatim).collect::<Vec<_>>();
                let part = Entry::of("output_text").with("text", text.text.as_str());
                part.with("annotations", citations)
            }
        };
        self.part(walk, keys, part, place);
    }

    /// Text of unknown origin.
    fn plain(&mut self, walk: &mut Walk<'a, '_>, text: &'a str, place: Place) {
        let part = Entry::of("output_text").with("text", text);
        self.part(walk, Object::new(), part, place);
    }

    fn part(&mut self, walk: &mut Walk<'a, '_>, keys: Object, part: Entry<'a>, place: Place) {
        if let Some(message) = self.message.as_mut().filter(|message| message.keys == keys) {
            message.parts.push(part.into());
            return;
        }
        self.before_item(walk, place);
        self.message = Some(Message {
            keys,
            parts: vec![part.into()],
        });
    }

    fn end_message(&mut self, walk: &mut Walk<'a, '_>) {
        let Some(Message { mut keys, parts }) = self.message.take() else {
            return;
        };
        if self.anonymous {
            keys.remove("id");
        }
        let mut entry = Entry::of("message").with("role", "assistant");
        if keys.contains_key("id") {
            entry = entry.with("status", "completed");
        }
        walk.out.push(with_keys(entry, keys).with("content", parts).into());
    }

    fn thinking(&mut self, walk: &mut Walk<'a, '_>, thinking: &'a Thinking, place: Place) {
        self.end_message(walk);
        let mut keys = thinking.signature.as_deref().map(object).unwrap_or_default();
        if text_of(&keys, "type") != "reasoning" {
            walk.notices.block_dropped(
                place,
                "thinking goes back only as the item that it came in; this has none",
            );
            self.anonymous = true;
            return;
        }
        keys.remove("status");
        let given = |key: &str| {
            keys.get(key)
                .is_some_and(|value| !matches!(value.text(), "null" | "[]" | "\"\""))
        };
        let encrypted = given("encrypted_content");
        if !encrypted && !given("content") && !walk.stored {
            let text = "the server keeps no answers, and the reasoning came without its encrypted form";
            walk.notices.block_dropped(place, text);
            self.anonymous = true;
            return;
        }
        if encrypted || !given("content") {
            // Beside the encrypted form the server takes no other.
            keys.remove("content");
        }
        if !encrypted {
            keys.remove("encrypted_content");
        }
        let empty_list = || Json::parse("[]").unwrap_or_default();
        keys.entry("summary".to_owned()).or_insert_with(empty_list);
        if let Ok(json) = Json::of(&keys) {
            self.reasoning.push((place, json));
        }
    }

    fn call(&mut self, walk: &mut Walk<'a, '_>, sent: SentCall<'a>, place: Place) {
        self.end_message(walk);
        self.before_item(walk, place);
        let signature = sent.call.signature.as_deref().filter(|_| self.answer.own);
        if let Some((item, mut keys)) = signature.and_then(tools::client_item) {
            let id = walk.ids.of(sent.call);
            let item = match text_of(&keys, "call_id") == id {
                true => item,
                false => {
                    keys.insert("call_id".to_owned(), Json::of(&id).unwrap_or_default());
                    Json::of(&keys).unwrap_or(item)
                }
            };
            walk.out.push(Value::Json(item));
            walk.clients.insert(std::ptr::from_ref(sent.call), keys);
            return;
        }
        let mut keys = signature.map(object).unwrap_or_default();
        keys.retain(|key, _| !OUTPUT_ONLY.contains(&key.as_str()));
        if self.anonymous {
            keys.remove("id");
        }
        let call = sent.call;
        let id = walk.ids.of(call);
        let name = call.name.as_str();
        let entry = if walk.tools.goes_as_custom(call, self.answer.own, &walk.request) {
            walk.customs.insert(std::ptr::from_ref(call));
            let input = if sent.whole { call.raw_arguments.as_str() } else { "" };
            let entry = Entry::of("custom_tool_call").with("call_id", id);
            entry.with("name", name).with("input", input)
        } else {
            let arguments = match call.custom && sent.whole {
                true => {
                    let text = "a call with free text is sent as one with the argument `input`";
                    walk.notices.block_converted(place, text);
                    Cow::Owned(serde_json::json!({"input": call.raw_arguments}).to_string())
                }
                false => Cow::Borrowed(sent.arguments()),
            };
            let entry = Entry::of("function_call").with("call_id", id);
            entry.with("name", name).with("arguments", arguments)
        };
        walk.out.push(with_keys(entry, keys).into());
    }

    fn opaque(&mut self, walk: &mut Walk<'a, '_>, opaque: &'a Opaque, place: Place) {
        self.end_message(walk);
        if kind_of(&opaque.data).starts_with("output_") {
            walk.notices
                .block_dropped(place, format!("a part {:?} of an answer cannot go back", opaque.kind));
            return;
        }
        self.before_item(walk, place);
        walk.out.push(Value::Verbatim(&opaque.data));
    }

    fn media(&mut self, walk: &mut Walk<'a, '_>, block: &'a ContentBlock, place: Place) {
        self.end_message(walk);
        if let ContentBlock::Image(image) = block
            && let Some(entry) = self.generated(image)
        {
            self.before_item(walk, place);
            walk.out.push(entry.into());
            return;
        }
        if let ContentBlock::Audio(audio) = block
            && let Some(transcript) = &audio.transcript
        {
            walk.notices
                .block_converted(place, "the audio is sent as its transcript");
            self.plain(walk, transcript, place);
            return;
        }
        let text = format!("the protocol takes no {} of an assistant", block.tag());
        walk.notices.block_dropped(place, text);
    }

    /// An image that the model itself made.
    fn generated(&self, image: &'a Image) -> Option<Entry<'a>> {
        let mut keys = object(image.signature.as_deref().filter(|_| self.answer.own)?);
        let data = image.data.as_ref()?;
        if text_of(&keys, "type") != "image_generation_call" {
            return None;
        }
        keys.remove("type");
        let entry = with_keys(Entry::of("image_generation_call"), keys);
        Some(entry.with(
            "result",
            Value::Bytes(crate::protocols::encoding::media::Base64(&data.0)),
        ))
    }

    /// An item follows: the reasoning right before it goes with it.
    fn before_item(&mut self, walk: &mut Walk<'a, '_>, place: Place) {
        self.end_message(walk);
        for (from, item) in std::mem::take(&mut self.reasoning) {
            if self.is_right_before(from, place) {
                walk.out.push(Value::Json(item));
            } else {
                self.alone(walk, from);
            }
        }
    }

    fn drop_reasoning(&mut self, walk: &mut Walk<'a, '_>) {
        for (from, _) in std::mem::take(&mut self.reasoning) {
            self.alone(walk, from);
        }
    }

    fn alone(&mut self, walk: &mut Walk<'a, '_>, place: Place) {
        let text = "reasoning goes back only with the item after it, which is not sent";
        walk.notices.block_dropped(place, text);
        self.anonymous = true;
    }

    /// Whether nothing but thinking stood between two blocks of the answer.
    fn is_right_before(&self, from: Place, to: Place) -> bool {
        let (Some(from), Some(to)) = (from.block, to.block) else {
            return false;
        };
        let between = self.answer.message.content.get(from..to).unwrap_or_default();
        between.iter().all(|block| matches!(block, ContentBlock::Thinking(_)))
    }
}

fn object(json: &str) -> Object {
    Json::parse(json).and_then(|json| json.read()).unwrap_or_default()
}

fn with_keys(mut entry: Entry<'_>, keys: Object) -> Entry<'_> {
    for (key, value) in keys {
        entry = entry.with(key, value);
    }
    entry
}
