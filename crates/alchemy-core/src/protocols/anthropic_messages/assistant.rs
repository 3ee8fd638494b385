//! An earlier answer of a model as the blocks of a message.
//!
//! Thinking goes back by its signature, which the server checks; without one it is refused, and so is an answer that
//! ends in thinking. What else the model's server sent goes back as it came.
//! <https://platform.claude.com/docs/en/build-with-claude/extended-thinking> (2026-11)

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::betas;
use super::conversation::Walk;
use super::request::{Block, Body};
use crate::json::{self, Json, Object};
use crate::protocols::encoding::conversation::{Answer, Said, SentCall};
use crate::protocols::encoding::notices::Place;
use crate::types::{StopReason, Thinking};

/// The blocks of the message.
pub(super) fn encode<'a>(walk: &mut Walk<'a, '_>, answer: &Answer<'a>) -> Vec<Block<'a>> {
    let mut sent: Vec<(Place, Block<'a>)> = Vec::with_capacity(answer.said.len());
    for (place, said) in &answer.said {
        let block = block(walk, *said, answer.own, *place);
        sent.extend(block.map(|block| (*place, block)));
    }
    let cut = matches!(
        answer.message.stop_reason,
        StopReason::Length | StopReason::Error | StopReason::Aborted
    );
    while let Some((place, block)) = sent.last() {
        let reason = match &block.body {
            Body::Thinking { .. } | Body::Redacted { .. } => "the server refuses an answer that ends in thinking",
            Body::Raw(json) if cut && is_open_call(json) => "the answer was cut before the result of the server's tool",
            _ => break,
        };
        walk.notices.block_dropped(*place, reason);
        sent.pop();
    }
    sent.into_iter().map(|(_, block)| block).collect()
}

/// Whether a block calls a tool that the server runs.
fn is_open_call(json: &Json) -> bool {
    #[derive(serde::Deserialize)]
    struct Typed {
        r#type: String,
    }
    json.read::<Typed>()
        .is_ok_and(|typed| typed.r#type.ends_with("tool_use"))
}

fn block<'a>(walk: &mut Walk<'a, '_>, said: Said<'a>, own: bool, place: Place) -> Option<Block<'a>> {
    match said {
        Said::Text(text) if own && !text.citations.is_empty() && text.text.trim().is_empty() => {
            let reason = "the server refuses text without a visible character, and sources without text";
            walk.notices.block_dropped(place, reason);
            None
        }
        Said::Text(text) if own && !text.citations.is_empty() => Some(
            Body::Text {
                text: text.text.as_str().into(),
                citations: &text.citations,
            }
            .into(),
        ),
        Said::Text(text) => walk.text(&text.text, place),
        Said::Rendering(text) => walk.text(text, place),
        Said::Thinking(thinking) => self::thinking(walk, thinking, place),
        Said::Call(call) => Some(self::call(walk, call, own, place)),
        Said::Opaque(opaque) => {
            walk.betas.extend(betas::of_block(opaque));
            Some(Body::Raw(&opaque.data).into())
        }
        Said::Media(block) => {
            let text = format!("the protocol takes no {} of an assistant", block.tag());
            walk.notices.block_dropped(place, text);
            None
        }
    }
}

fn thinking<'a>(walk: &mut Walk<'a, '_>, thinking: &'a Thinking, place: Place) -> Option<Block<'a>> {
    let signature = thinking.signature.as_deref().filter(|signature| !signature.is_empty());
    let Some(signature) = signature else {
        walk.notices
            .block_dropped(place, "the server refuses thinking without its signature");
        return None;
    };
    let body = match thinking.redacted {
        true => Body::Redacted { data: signature },
        false => Body::Thinking {
            thinking: &thinking.thinking,
            signature,
        },
    };
    Some(body.into())
}

fn call<'a>(walk: &mut Walk<'a, '_>, sent: SentCall<'a>, own: bool, place: Place) -> Block<'a> {
    let call = sent.call;
    let input = match call.custom && sent.whole {
        true => {
            let text = "a call with free text is sent as one with the argument `input`";
            walk.notices.block_converted(place, text);
            json::input_object(&call.raw_arguments)
        }
        false => json::object_in(sent.arguments()),
    };
    let input = input.unwrap_or_else(|| {
        let text = "the call's arguments are no JSON object; it is sent with none";
        walk.notices.block_converted(place, text);
        json::object_in("{}").unwrap_or(Cow::Borrowed(RawValue::NULL))
    });
    let signature = call.signature.as_deref().filter(|_| own);
    let rest: Option<Object> = signature.and_then(|text| serde_json::from_str(text).ok());
    Body::ToolUse {
        id: walk.ids.of(call),
        name: &call.name,
        input,
        rest: rest.unwrap_or_default(),
    }
    .into()
}
