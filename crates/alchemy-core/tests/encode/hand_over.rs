//! A conversation made over one protocol, sent over another: what the target takes, and a notice for what stays behind.

use super::*;

/// A model of each protocol.
const TARGETS: [(&str, &str); 4] = [
    ("anthropic-messages", "anthropic/claude-sonnet-4-5"),
    ("openai-responses", "openai/gpt-5"),
    ("openai-completions", "openai/gpt-4o"),
    ("google-generative-ai", "google/gemini-2.5-pro"),
];

fn sent(api: &str, name: &str, messages: &Value) -> (Value, Vec<(String, String)>) {
    let context = json!({"messages": messages});
    let encoded = encoded_for(&model_over(api, name), &context, &json!({}), false).unwrap();
    let notices = notices(&encoded).into_iter();
    let notices = notices.map(|(code, path)| (code.to_owned(), path.to_owned()));
    (body(&encoded), notices.collect())
}

/// All values of a key, in order.
fn values<'a>(body: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match body {
        Value::Object(keys) => {
            for (name, value) in keys {
                if name == key {
                    found.push(value);
                }
                values(value, key, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| values(item, key, found)),
        _ => {}
    }
}

fn texts(body: &Value, key: &str) -> Vec<String> {
    let mut found = Vec::new();
    values(body, key, &mut found);
    found
        .iter()
        .filter_map(|value| value.as_str())
        .map(str::to_owned)
        .collect()
}

fn answer(content: &Value) -> Value {
    json!({"role": "assistant", "provider": "other", "model": "m", "api": "other-api", "content": content})
}

fn result(id: &str, text: &str) -> Value {
    json!({"role": "tool_result", "tool_call_id": id, "content": text})
}

/// Two answers of a server that counts its calls from zero each time.
fn counted_anew() -> Value {
    let call = json!({"type": "tool_call", "id": "call_0", "name": "f", "raw_arguments": "{}", "arguments": {}});
    json!([{"role": "user", "content": "a"}, answer(&json!([call])), result("call_0", "first"),
        {"role": "user", "content": "b"}, answer(&json!([call])), result("call_0", "second")])
}

#[test]
fn ids_that_two_answers_share_are_told_apart() {
    let messages = counted_anew();
    let (anthropic, notices) = sent("anthropic-messages", "anthropic/claude-sonnet-4-5", &messages);
    let calls: Vec<&Value> = [1, 4]
        .map(|index| &anthropic["messages"][index]["content"][0]["id"])
        .into();
    let results = [2, 5].map(|index| &anthropic["messages"][index]["content"][0]["tool_use_id"]);
    assert_eq!(calls, results);
    assert_eq!(calls[0], "call_0");
    assert_ne!(calls[0], calls[1]);
    assert_eq!(notices, []);

    let (responses, _) = sent("openai-responses", "openai/gpt-5", &messages);
    let ids = texts(&responses, "call_id");
    assert_eq!([&ids[0], &ids[2]], [&ids[1], &ids[3]]);
    assert_ne!(ids[0], ids[2]);

    let (completions, _) = sent("openai-completions", "openai/gpt-4o", &messages);
    let wire = &completions["messages"];
    let calls = [1, 4].map(|index| &wire[index]["tool_calls"][0]["id"]);
    assert_eq!(calls, [2, 5].map(|index| &wire[index]["tool_call_id"]));
    assert_ne!(calls[0], calls[1]);
}

#[test]
fn ids_are_the_same_on_each_turn() {
    let messages = counted_anew();
    for (api, name) in TARGETS {
        let (body, _) = sent(api, name, &messages);
        let mut longer = messages.clone();
        longer
            .as_array_mut()
            .unwrap()
            .push(json!({"role": "user", "content": "c"}));
        let (next, _) = sent(api, name, &longer);
        for key in ["id", "tool_use_id", "call_id", "tool_call_id"] {
            assert_eq!(texts(&body, key), texts(&next, key), "{api}");
        }
    }
}

#[test]
fn a_models_own_ids_stay_in_chat_completions() {
    let mut messages = counted_anew();
    for index in [1, 4] {
        let own = json!({"provider": "openai", "model": "gpt-4o", "api": "openai-completions"});
        messages[index]
            .as_object_mut()
            .unwrap()
            .extend(own.as_object().unwrap().clone());
    }
    let (body, _) = sent("openai-completions", "openai/gpt-4o", &messages);
    let calls = [1, 4].map(|index| &body["messages"][index]["tool_calls"][0]["id"]);
    assert_eq!(calls, ["call_0", "call_0"]);
}

#[test]
fn ids_that_are_too_long_are_replaced() {
    let long = "i".repeat(65);
    let call = json!({"type": "tool_call", "id": long, "name": "f", "raw_arguments": "{}", "arguments": {}});
    let messages = json!([{"role": "user", "content": "a"}, answer(&json!([call])), result(&long, "r")]);
    let (body, _) = sent("anthropic-messages", "anthropic/claude-sonnet-4-5", &messages);
    let id = &body["messages"][1]["content"][0]["id"];
    assert!(id.as_str().unwrap().len() <= 64, "{id}");
    assert_eq!(id, &body["messages"][2]["content"][0]["tool_use_id"]);
}

#[test]
fn what_does_not_carry_over_is_said() {
    let content = json!([
        {"type": "thinking", "thinking": "Hm", "signature": "s"},
        {"type": "text", "text": "Yes", "citations": [{"url": "https://a.example"}]},
        {"type": "opaque", "api": "other-api", "kind": "k", "data": {"type": "k"}},
        {"type": "opaque", "api": "other-api", "kind": "r", "data": {"type": "r"}, "text": "readable"}]);
    let messages = json!([{"role": "user", "content": "a"}, answer(&content), {"role": "user", "content": "b"}]);
    for (api, name) in TARGETS {
        let (body, notices) = sent(api, name, &messages);
        let expected = [
            ("block_dropped", "messages[1].content[0]"),
            ("field_dropped", "messages[1].content[1].citations"),
            ("block_dropped", "messages[1].content[2]"),
            ("block_converted", "messages[1].content[3]"),
        ];
        let expected = expected.map(|(code, path)| (code.to_owned(), path.to_owned()));
        assert_eq!(notices, expected, "{api}");
        let body = body.to_string();
        assert!(body.contains("Yes") && body.contains("readable"), "{api}: {body}");
        assert!(!body.contains("Hm") && !body.contains("a.example"), "{api}: {body}");
    }
}

#[test]
fn calls_of_free_text_become_calls_with_one_argument() {
    let call = json!({"type": "tool_call", "id": "c", "name": "grep", "raw_arguments": "a b", "custom": true});
    let messages = json!([{"role": "user", "content": "a"}, answer(&json!([call])), result("c", "r")]);
    for (api, name) in [TARGETS[0], TARGETS[3]] {
        let (body, notices) = sent(api, name, &messages);
        assert!(body.to_string().contains(r#"{"input":"a b"}"#), "{api}: {body}");
        let expected = ("block_converted".to_owned(), "messages[1].content[0]".to_owned());
        assert_eq!(notices, [expected], "{api}");
    }
}

#[test]
fn arguments_that_are_null_are_none() {
    let mut call = json!({"type": "tool_call", "id": "c", "name": "f", "raw_arguments": "null", "arguments": {}});
    call["state"] = json!("complete");
    let messages = json!([{"role": "user", "content": "a"}, answer(&json!([call])), result("c", "r")]);
    for (api, name) in TARGETS {
        let (body, notices) = sent(api, name, &messages);
        assert!(!body.to_string().contains(r#":"null""#), "{api}: {body}");
        assert_eq!(notices, [], "{api}");
    }
}

#[test]
fn speech_without_its_type_is_sent_as_its_transcript() {
    let audio = json!({"type": "audio", "data": "AAECAwQF", "transcript": "Hello.", "id": "audio_1"});
    let messages = json!([{"role": "user", "content": "a"}, answer(&json!([audio])), {"role": "user", "content": "b"}]);
    let (body, notices) = sent("google-generative-ai", "google/gemini-2.5-pro", &messages);
    assert_eq!(body["contents"][1]["parts"], json!([{"text": "Hello."}]));
    let expected = ("block_converted".to_owned(), "messages[1].content[0]".to_owned());
    assert_eq!(notices, [expected]);

    let untold = json!([audio_without(&audio, "transcript"), {"type": "text", "text": "Yes"}]);
    let messages = json!([{"role": "user", "content": "a"}, answer(&untold), {"role": "user", "content": "b"}]);
    let (body, notices) = sent("google-generative-ai", "google/gemini-2.5-pro", &messages);
    assert_eq!(body["contents"][1]["parts"], json!([{"text": "Yes"}]));
    let expected = ("block_dropped".to_owned(), "messages[1].content[0]".to_owned());
    assert_eq!(notices, [expected]);
}

fn audio_without(audio: &Value, key: &str) -> Value {
    let mut audio = audio.clone();
    audio.as_object_mut().unwrap().remove(key);
    audio
}
