//! Requests over `anthropic-messages`.

mod cache;
mod conversation;
mod media;
mod options;
mod replay;
mod thinking;
mod tools;

use super::*;

const API: &str = "anthropic-messages";

fn try_encoded(name: &str, context: &Value, options: &Value) -> Result<Encoded, Error> {
    encoded_for(&model_over(API, name), context, options, false)
}

fn encoded(name: &str, context: &Value, options: &Value) -> Encoded {
    try_encoded(name, context, options).unwrap()
}

fn owned_notices(encoded: &Encoded) -> Vec<(String, String)> {
    let notices = notices(encoded).into_iter();
    notices.map(|(code, path)| (code.to_owned(), path.to_owned())).collect()
}

/// The keys that options become, without model, messages and the cap that is always there.
fn sent(name: &str, options: &Value) -> (Value, Vec<(String, String)>) {
    let encoded = encoded(name, &hello(), options);
    let mut sent = body(&encoded);
    sent.as_object_mut().unwrap().retain(|key, _| {
        key != "model" && key != "messages" && (key != "max_tokens" || options.get("max_tokens").is_some())
    });
    (sent, owned_notices(&encoded))
}

fn exactly(name: &str, options: &Value, expected: &Value) {
    assert_eq!(sent(name, options), (expected.clone(), vec![]), "{name} {options}");
}

fn with_notice(name: &str, options: &Value, expected: &Value, code: &str, path: &str) {
    let notices = vec![(code.to_owned(), path.to_owned())];
    assert_eq!(sent(name, options), (expected.clone(), notices), "{name} {options}");
}

/// The messages that a conversation becomes, without marks.
fn messages(given: &Value) -> (Value, Vec<(String, String)>) {
    let options = json!({"cache": "none"});
    let encoded = encoded("anthropic/claude-sonnet-4-5", &json!({"messages": given}), &options);
    (body(&encoded)["messages"].clone(), owned_notices(&encoded))
}

fn pairs(notices: &[(&str, &str)]) -> Vec<(String, String)> {
    let notices = notices.iter();
    notices
        .map(|(code, path)| ((*code).to_owned(), (*path).to_owned()))
        .collect()
}

fn header<'a>(encoded: &'a Encoded, name: &str) -> Option<&'a str> {
    let found = encoded.headers.iter().find(|(header, _)| header == name);
    found.map(|(_, value)| value.as_str())
}
