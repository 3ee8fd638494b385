//! Emoji that a server cut in two: whatever the pieces of a text, they add up to the text.

use std::fmt::Write as _;

use alchemy_core::answer::Answer;
use alchemy_core::types::{Api, ContentBlock, Model};
use alchemy_core::{protocols, providers};

use super::chance::Chance;

/// Panics where the pieces of a text, cut between any two of its UTF-16 units, do not add up to it.
pub fn check(bytes: &[u8]) {
    let Some(([api, field, cuts], rest)) = bytes.split_first_chunk::<3>().map(|(first, rest)| (*first, rest)) else {
        return;
    };
    let api = Api::ALL[usize::from(api) % Api::ALL.len()];
    let mut chance = Chance::new(cuts.into());
    // High and low halves, mostly, for they are what this is about.
    let units: Vec<u16> = rest
        .iter()
        .take(200)
        .map(|byte| match byte {
            0..0x60 => 0xD800 + u16::from(*byte),
            0x60..0xC0 => 0xDC00 + u16::from(*byte),
            0xC0..0xF8 => u16::from(*byte - 0xC0) + u16::from(b'A'),
            _ => [0, 0x1f, 0x22, 0x5c, 0x2028, 0xFFFD, 0xFEFF, 0xFFFF][usize::from(byte & 7)],
        })
        .collect();
    let expected: String = char::decode_utf16(units.iter().copied())
        .map(|unit| unit.unwrap_or('\u{FFFD}'))
        .collect();
    let mut body = String::new();
    let field = Field::ALL[usize::from(field) % Field::ALL.len()];
    open(api, field, &mut body);
    let mut rest = units.as_slice();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((chance.below(4) + 1).min(rest.len()));
        tell(api, field, &escaped(piece, &mut chance), &mut body);
        rest = after;
    }
    close(api, field, &mut body);
    assert_eq!(read(api, &body).as_deref().unwrap_or_default(), expected, "{body}");
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Field {
    Text,
    Thinking,
    Arguments,
}

impl Field {
    const ALL: [Field; 3] = [Field::Text, Field::Thinking, Field::Arguments];
}

/// A string of these units, in which pairs may stand as the character that they are.
fn escaped(units: &[u16], chance: &mut Chance) -> String {
    let mut text = String::from("\"");
    let plain = chance.once_in(2);
    match String::from_utf16(units) {
        Ok(characters) if plain => text = serde_json::to_string(&characters).unwrap(),
        _ => {
            for unit in units {
                match chance.once_in(2) {
                    true => write!(text, "\\u{unit:04x}").unwrap(),
                    false => write!(text, "\\u{unit:04X}").unwrap(),
                }
            }
            text.push('"');
        }
    }
    text
}

fn open(api: Api, field: Field, body: &mut String) {
    let data = match (api, field) {
        (Api::AnthropicMessages, Field::Text) => {
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#
        }
        (Api::AnthropicMessages, Field::Thinking) => {
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#
        }
        (Api::AnthropicMessages, Field::Arguments) => {
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{}}}"#
        }
        (Api::OpenAiResponses, Field::Arguments) => {
            r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","id":"a","call_id":"a","name":"f","arguments":""}}"#
        }
        (Api::OpenAiCompletions, Field::Arguments) => {
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}}]}}]}"#
        }
        _ => return,
    };
    write!(body, "data: {data}\n\n").unwrap();
}

fn tell(api: Api, field: Field, piece: &str, body: &mut String) {
    let data = match (api, field) {
        (Api::AnthropicMessages, _) => {
            let (kind, key) = match field {
                Field::Text => ("text_delta", "text"),
                Field::Thinking => ("thinking_delta", "thinking"),
                Field::Arguments => ("input_json_delta", "partial_json"),
            };
            format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"{kind}","{key}":{piece}}}}}"#)
        }
        (Api::OpenAiCompletions, Field::Arguments) => {
            format!(
                r#"{{"choices":[{{"index":0,"delta":{{"tool_calls":[{{"index":0,"function":{{"arguments":{piece}}}}}]}}}}]}}"#
            )
        }
        (Api::OpenAiCompletions, _) => {
            let key = if field == Field::Text {
                "content"
            } else {
                "reasoning_content"
            };
            format!(r#"{{"choices":[{{"index":0,"delta":{{"{key}":{piece}}}}}]}}"#)
        }
        (Api::OpenAiResponses, Field::Arguments) => {
            format!(
                r#"{{"type":"response.function_call_arguments.delta","output_index":0,"item_id":"a","delta":{piece}}}"#
            )
        }
        (Api::OpenAiResponses, Field::Text) => {
            format!(
                r#"{{"type":"response.output_text.delta","output_index":0,"item_id":"a","content_index":0,"delta":{piece}}}"#
            )
        }
        (Api::OpenAiResponses, Field::Thinking) => {
            format!(
                r#"{{"type":"response.reasoning_text.delta","output_index":0,"item_id":"a","content_index":0,"delta":{piece}}}"#
            )
        }
        (Api::GoogleGenerativeAi, _) => {
            let thought = field == Field::Thinking;
            format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":{piece},"thought":{thought}}}]}}}}]}}"#)
        }
    };
    write!(body, "data: {data}\n\n").unwrap();
}

fn close(api: Api, field: Field, body: &mut String) {
    let data = match (api, field) {
        (Api::AnthropicMessages, _) => r#"{"type":"message_stop"}"#,
        (Api::OpenAiCompletions, _) => r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        (Api::OpenAiResponses, _) => r#"{"type":"response.completed","response":{"status":"completed","output":[]}}"#,
        (Api::GoogleGenerativeAi, _) => r#"{"candidates":[{"finishReason":"STOP"}]}"#,
    };
    write!(body, "data: {data}\n\n").unwrap();
}

/// The text of the one block of an answer; None where there is no block.
fn read(api: Api, body: &str) -> Option<String> {
    let model = Model {
        api: api.as_str().to_owned(),
        ..Model::new("m", "custom")
    };
    let quirks = providers::quirks(&model).unwrap();
    let decoder = protocols::decoder(&model, &quirks, None).unwrap();
    let mut answer = Answer::new(&model, decoder, Vec::new());
    answer.feed(body.as_bytes()).unwrap();
    answer.end().unwrap();
    let message = answer.message();
    assert!(message.content.len() <= 1, "{message:?}");
    message.content.first().map(|block| match block {
        ContentBlock::Text(block) => block.text.to_string(),
        ContentBlock::Thinking(block) => block.thinking.to_string(),
        ContentBlock::ToolCall(call) => call.raw_arguments.to_string(),
        other => panic!("{other:?}"),
    })
}
