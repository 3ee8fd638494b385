//! Requests of OpenAI Responses.

mod conversations;
mod options;
mod tools;

use super::*;

const API: &str = "openai-responses";

fn encoded(name: &str, context: &Value, options: &Value) -> Result<Encoded, Error> {
    encoded_for(&model_over(API, name), context, options, false)
}

fn noted(encoded: &Encoded) -> Vec<(String, String)> {
    let owned = |(code, path): (&str, &str)| (code.to_owned(), path.to_owned());
    notices(encoded).into_iter().map(owned).collect()
}

fn notice(code: &str, path: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), path.to_owned())]
}

/// The body without model, input and what every request says, for a conversation that says hello.
fn options_sent(name: &str, options: &Value) -> (Value, Vec<(String, String)>) {
    let encoded = encoded(name, &hello(), options).unwrap();
    let mut sent = body(&encoded);
    let said = json!({"store": false, "include": ["reasoning.encrypted_content"]});
    sent.as_object_mut()
        .unwrap()
        .retain(|key, value| key != "model" && key != "input" && said.get(key) != Some(value));
    (sent, noted(&encoded))
}

fn sent_exactly(name: &str, options: &Value, expected: &Value) {
    assert_eq!(
        options_sent(name, options),
        (expected.clone(), vec![]),
        "{name} {options}"
    );
}

fn sent_with_notice(name: &str, options: &Value, expected: &Value, code: &str, path: &str) {
    let expected = (expected.clone(), notice(code, path));
    assert_eq!(options_sent(name, options), expected, "{name} {options}");
}

/// The items that a conversation becomes.
fn input_sent(name: &str, messages: &Value) -> (Value, Vec<(String, String)>) {
    input_with(name, messages, &json!({}))
}

fn input_with(name: &str, messages: &Value, options: &Value) -> (Value, Vec<(String, String)>) {
    let encoded = encoded(name, &json!({"messages": messages}), options).unwrap();
    (body(&encoded)["input"].clone(), noted(&encoded))
}

fn refused(name: &str, context: &Value, options: &Value, path: &str) {
    let error = encoded(name, context, options).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequestError);
    assert_eq!(error.path.as_deref(), Some(path), "{error}");
}
