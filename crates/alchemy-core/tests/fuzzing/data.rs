//! Models, conversations and options from foreign JSON: read, written and read again the same, and fit to be encoded.

use alchemy_core::error::Error;
use alchemy_core::json;
use alchemy_core::providers;
use alchemy_core::types::{Api, ContentBlock, Context, Message, Model, Options};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answers::encodes;
use super::case::root;
use super::chance::Chance;
use super::mutate::change_bytes;
use super::values;

/// Reads a value, writes it and reads it again.
fn read<T: DeserializeOwned + Serialize + PartialEq>(text: &str) -> Option<T> {
    match json::read::<T>(text) {
        Ok(value) => {
            let written = serde_json::to_string(&value).unwrap();
            let again: T = json::read(&written).unwrap_or_else(|error| panic!("{error:?}: {written}"));
            assert!(again == value, "{text} became {written}");
            assert_eq!(serde_json::to_string(&again).unwrap(), written);
            Some(value)
        }
        Err(error) => {
            let error = Error::shape("context", &error);
            assert!(!error.message.contains('\n'), "{error:?}");
            assert!(error.message.len() < 4 * text.len() + 2000, "{error:?}");
            None
        }
    }
}

/// Panics where foreign JSON is not read as it must be: an object of a model, a context and options.
pub fn check(text: &str) {
    read::<Message>(text);
    read::<ContentBlock>(text);
    let Ok(parts) = serde_json::from_str::<json::Object>(text) else {
        return;
    };
    let part = |key: &str| parts.get(key).map_or("{}", |part| part.text());
    let context = read::<Context>(part("context")).unwrap_or_default();
    let options = read::<Options>(part("options")).unwrap_or_default();
    let model = read::<Model>(part("model"));
    let known = providers::get_model("anthropic/claude-sonnet-4-5", true).unwrap();
    for api in Api::ALL {
        let model = model.clone().unwrap_or_else(|| known.clone());
        let model = Model {
            api: api.as_str().to_owned(),
            ..model
        };
        encodes(&model, &context, &options);
    }
}

/// Requests that use everything, and the answers of the fixtures as conversations.
pub fn seeds() -> Vec<Value> {
    let mut seeds = vec![whole()];
    for api in Api::ALL {
        let Ok(folders) = std::fs::read_dir(root().join("fixtures").join(api.as_str())) else {
            continue;
        };
        let mut folders: Vec<_> = folders.map(|entry| entry.unwrap().path()).collect();
        folders.sort();
        for folder in folders {
            let text = std::fs::read_to_string(folder.join("events.json")).unwrap_or_default();
            let events: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
            let Some(message) = events.last().and_then(|done| done.get("message")) else {
                continue;
            };
            let model = json!({"id": "m", "api": api.as_str()});
            let context =
                json!({"messages": [{"role": "user", "content": "a"}, message, {"role": "user", "content": "b"}]});
            seeds.push(json!({"model": model, "context": context, "options": {}}));
        }
    }
    seeds
}

fn whole() -> Value {
    json!({
        "model": {
            "id": "m", "provider": "openrouter", "base_url": "https://example.com/v1", "reasoning": true,
            "input": ["text", "image", "audio", "document"], "max_tokens": 1000, "context_window": 9000,
            "cost": {"input": 1.5, "output": 2}, "headers": {"x-a": "b"}, "quirks": {"think_tags": true},
        },
        "context": {
            "system_prompt": "Be short.",
            "messages": [
                {"role": "user", "content": [
                    {"type": "text", "text": "a\n"},
                    {"type": "image", "data": "iVBORw0KGgo="}, {"type": "image", "url": "https://example.com/a.png"},
                    {"type": "audio", "data": "AAAA", "mime_type": "audio/wav"},
                    {"type": "document", "data": "JVBERi0xLjQ=", "name": "a.pdf", "citations": true},
                ]},
                {"role": "assistant", "api": "openai-responses", "provider": "openai", "model": "m", "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "tool_call", "id": "call_1", "name": "f", "arguments": {"a": 1}, "raw_arguments": "{\"a\":1}"},
                    {"type": "tool_call", "id": "call_2", "name": "g", "raw_arguments": "x", "custom": true},
                    {"type": "opaque", "api": "openai-responses", "kind": "k", "data": {"type": "k"}, "text": "t"},
                ]},
                {"role": "tool_result", "tool_call_id": "call_1", "content": [{"type": "text", "text": "1"},
                    {"type": "image", "data": "iVBORw0KGgo="}], "is_error": true, "details": {"a": 1}},
                {"role": "tool_result", "tool_call_id": "call_2", "content": "2", "tool_name": "g"},
            ],
            "tools": [
                {"name": "f", "description": "d", "strict": true, "parameters": {"type": "object", "$defs": {"n": {"$ref": "#/$defs/n"}},
                    "properties": {"a": {"type": ["integer", "null"], "anyOf": [{"$ref": "#/$defs/n"}]}}, "required": ["a"]}},
                {"name": "g", "custom": true, "format": {"type": "grammar"}},
                {"name": "h", "native": {"openai-responses": {"type": "web_search"}}},
            ],
        },
        "options": {
            "max_tokens": 10, "temperature": 0.5, "top_p": 0.5, "stop": ["x"], "seed": 3, "reasoning": "high",
            "tool_choice": {"mode": "tool", "name": "f"}, "parallel_tool_calls": false, "cache": "long",
            "session_id": "s", "previous_response_id": "r", "service_tier": "flex", "metadata": {"user_id": "u"},
            "timeout": {"connect": 1, "total": null}, "headers": {"x-b": null}, "extra_body": {"a": {"b": 1}},
            "response_format": {"schema": {"type": "object", "properties": {}}}, "strict": false,
        },
    })
}

/// Changes the JSON text of an input.
pub fn mutate(text: &str, seeds: &[Value], chance: &mut Chance) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(text) else {
        let mut bytes = text.as_bytes().to_vec();
        change_bytes(&mut bytes, chance);
        return String::from_utf8_lossy(&bytes).into_owned();
    };
    let pool: Vec<Value> = chance.pick(seeds).cloned().into_iter().collect();
    for _ in 0..=chance.below(4) {
        values::change(&mut value, &pool, chance);
    }
    values::written(&value)
}
