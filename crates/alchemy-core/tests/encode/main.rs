//! What requests look like on the wire: each feature as a whole body, for a plain server and for those that deviate.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod anthropic_messages;
mod google_generative_ai;
mod hand_over;
mod media;
mod messages;
mod openai_responses;
mod options;
mod tools;

use alchemy_core::error::{Error, ErrorKind};
use alchemy_core::json;
use alchemy_core::protocols::{Encoded, Request, encode};
use alchemy_core::providers;
use alchemy_core::types::{Context, Model, Options};
use serde_json::{Value, json};

/// A model of the catalog, or one that a provider is asked for by name, over a wire protocol.
fn model_over(api: &str, name: &str) -> Model {
    Model {
        api: api.to_owned(),
        ..providers::get_model(name, true).unwrap()
    }
}

/// Encodes over `openai-completions`.
fn encoded(name: &str, context: &Value, options: &Value) -> Result<Encoded, Error> {
    encoded_for(&model_over("openai-completions", name), context, options, false)
}

fn encoded_for(model: &Model, context: &Value, options: &Value, streamed: bool) -> Result<Encoded, Error> {
    let context: Context = json::read(&context.to_string()).unwrap();
    let options: Options = json::read(&options.to_string()).unwrap();
    let quirks = providers::quirks(model)?;
    encode(&Request {
        model,
        quirks: &quirks,
        context: &context,
        options: &options,
        streamed,
    })
}

fn body(encoded: &Encoded) -> Value {
    serde_json::from_slice(&encoded.body).unwrap()
}

fn notices(encoded: &Encoded) -> Vec<(&str, &str)> {
    encoded
        .notices
        .iter()
        .map(|notice| (notice.code.as_str(), notice.path.as_str()))
        .collect()
}

fn hello() -> Value {
    json!({"messages": [{"role": "user", "content": "Hello"}]})
}

/// The body without model and messages, for a conversation that says hello.
fn options_sent(name: &str, options: &Value) -> (Value, Vec<(String, String)>) {
    let encoded = encoded(name, &hello(), options).unwrap();
    let mut sent = body(&encoded);
    sent.as_object_mut()
        .unwrap()
        .retain(|key, _| key != "model" && key != "messages");
    let notices = notices(&encoded)
        .into_iter()
        .map(|(code, path)| (code.to_owned(), path.to_owned()))
        .collect();
    (sent, notices)
}

fn sent_exactly(name: &str, options: &Value, expected: &Value) {
    let (sent, notices) = options_sent(name, options);
    assert_eq!(&sent, expected, "{name} {options}");
    assert_eq!(notices, [], "{name} {options}");
}

fn sent_with_notice(name: &str, options: &Value, expected: &Value, code: &str, path: &str) {
    let (sent, notices) = options_sent(name, options);
    assert_eq!(&sent, expected, "{name} {options}");
    assert_eq!(notices, [(code.to_owned(), path.to_owned())], "{name} {options}");
}

/// The messages that a conversation becomes.
fn messages_sent(name: &str, messages: &Value) -> (Value, Vec<(String, String)>) {
    let encoded = encoded(name, &json!({"messages": messages}), &json!({})).unwrap();
    let notices = notices(&encoded)
        .into_iter()
        .map(|(code, path)| (code.to_owned(), path.to_owned()))
        .collect();
    (body(&encoded)["messages"].clone(), notices)
}

fn refused(name: &str, context: &Value, options: &Value, path: &str) {
    let error = encoded(name, context, options).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequestError);
    assert_eq!(error.path.as_deref(), Some(path), "{error}");
}

fn weather_call() -> Value {
    json!({"type": "tool_call", "id": "call_1", "name": "weather", "raw_arguments": "{\"city\": \"Oslo\"}",
           "arguments": {"city": "Oslo"}})
}

const PNG: &str = "iVBORw0KGgo=";
