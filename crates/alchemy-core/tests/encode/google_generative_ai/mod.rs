//! Requests over `google-generative-ai`.

use super::*;

mod answers;
mod options;
mod schemas;

const API: &str = "google-generative-ai";

fn model(name: &str) -> Model {
    model_over(API, name)
}

fn encoded(name: &str, context: &Value, options: &Value) -> Encoded {
    encoded_for(&model(name), context, options, false).unwrap()
}

fn owned(encoded: &Encoded) -> Vec<(String, String)> {
    let owned = |(code, path): (&str, &str)| (code.to_owned(), path.to_owned());
    notices(encoded).into_iter().map(owned).collect()
}

/// The body without the conversation, for one that says hello.
fn sent(name: &str, options: &Value) -> (Value, Vec<(String, String)>) {
    let encoded = encoded(name, &hello(), options);
    let mut sent = body(&encoded);
    sent.as_object_mut().unwrap().remove("contents");
    (sent, owned(&encoded))
}

fn sent_exactly(name: &str, options: &Value, expected: &Value) {
    assert_eq!(sent(name, options), (expected.clone(), vec![]), "{name} {options}");
}

fn sent_with_notice(name: &str, options: &Value, expected: &Value, code: &str, path: &str) {
    let notices = vec![(code.to_owned(), path.to_owned())];
    assert_eq!(sent(name, options), (expected.clone(), notices), "{name} {options}");
}

/// The contents that a conversation becomes.
fn contents(name: &str, messages: &Value) -> (Value, Vec<(String, String)>) {
    let encoded = encoded(name, &json!({"messages": messages}), &json!({}));
    (body(&encoded)["contents"].clone(), owned(&encoded))
}

fn refused(name: &str, context: &Value, options: &Value, path: &str) {
    let error = encoded_for(&model(name), context, options, false).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidRequestError);
    assert_eq!(error.path.as_deref(), Some(path), "{error}");
}

#[test]
fn the_least_is_what_the_user_says() {
    let encoded = encoded("google/gemini-2.5-flash", &hello(), &json!({}));
    assert_eq!(encoded.endpoint.path, "models/gemini-2.5-flash:generateContent");
    assert_eq!(
        (encoded.endpoint.version, encoded.endpoint.version_left_out),
        ("v1beta", true)
    );
    assert_eq!(
        encoded.body,
        br#"{"contents":[{"role":"user","parts":[{"text":"Hello"}]}]}"#
    );
    assert!(encoded.notices.is_empty() && encoded.headers.is_empty());
}

#[test]
fn a_stream_has_a_path_of_its_own() {
    let encoded = encoded_for(&model("google/gemini-2.5-flash"), &hello(), &json!({}), true).unwrap();
    assert_eq!(
        encoded.endpoint.path,
        "models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    );
    let plain = encoded_for(&model("google/gemini-2.5-flash"), &hello(), &json!({}), false).unwrap();
    assert_eq!(encoded.body, plain.body);
}

#[test]
fn turns_of_one_side_are_one_content() {
    let context = json!({"system_prompt": "Be brief.", "messages": [
        {"role": "user", "content": "One"}, {"role": "user", "content": [{"type": "text", "text": "Two"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Three"}]},
        {"role": "user", "content": []}]});
    let encoded = encoded("google/gemini-2.5-flash", &context, &json!({}));
    assert_eq!(
        body(&encoded),
        json!({"contents": [
            {"role": "user", "parts": [{"text": "One"}, {"text": "Two"}]},
            {"role": "model", "parts": [{"text": "Three"}]}],
            "systemInstruction": {"parts": [{"text": "Be brief."}]}})
    );
    assert_eq!(notices(&encoded), [("message_dropped", "messages[3]")]);
}

#[test]
fn media_go_as_bytes_or_by_address() {
    let messages = json!([{"role": "user", "content": [
        {"type": "image", "data": PNG},
        {"type": "audio", "data": "SUQzBAA=", "mime_type": "audio/mp3"},
        {"type": "document", "data": "JVBERi0xLjc="},
        {"type": "document", "data": "AAAA", "mime_type": "video/mp4"},
        {"type": "image", "url": "https://example.com/a.png", "mime_type": "image/png"},
        {"type": "document", "url": "https://example.com/watch"},
        {"type": "document", "file_id": "https://example.com/v1beta/files/abc", "mime_type": "application/pdf"}]}]);
    let parts = json!([
        {"inlineData": {"mimeType": "image/png", "data": PNG}},
        {"inlineData": {"mimeType": "audio/mp3", "data": "SUQzBAA="}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0xLjc="}},
        {"inlineData": {"mimeType": "video/mp4", "data": "AAAA"}},
        {"fileData": {"mimeType": "image/png", "fileUri": "https://example.com/a.png"}},
        {"fileData": {"fileUri": "https://example.com/watch"}},
        {"fileData": {"mimeType": "application/pdf", "fileUri": "https://example.com/v1beta/files/abc"}}]);
    let (sent, notices) = contents("google/gemini-2.5-flash", &messages);
    assert_eq!(sent, json!([{"role": "user", "parts": parts}]));
    assert_eq!(notices, []);
    let (_, notices) = contents("google/gemini-2.5-flash-image", &messages);
    let unlisted: Vec<&str> = notices.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(unlisted, ["modality_unlisted"; 3], "audio, document and video");
}

#[test]
fn what_a_part_of_media_cannot_say_is_named() {
    let messages = json!([{"role": "user", "content": [
        {"type": "image", "data": PNG, "detail": "low"},
        {"type": "document", "data": "JVBERi0xLjc=", "name": "a.pdf", "citations": true}]}]);
    let (_, notices) = contents("google/gemini-2.5-flash", &messages);
    let dropped = |path: &str| ("field_dropped".to_owned(), format!("messages[0].content{path}"));
    assert_eq!(
        notices,
        [dropped("[0].detail"), dropped("[1].name"), dropped("[1].citations")]
    );
}

#[test]
fn blocks_of_other_protocols_go_as_their_text() {
    let messages = json!([{"role": "user", "content": [
        {"type": "opaque", "api": API, "kind": "text", "data": {"text": "a", "videoMetadata": {"fps": 1}}},
        {"type": "opaque", "api": "openai-responses", "kind": "x", "data": {}, "text": "b"},
        {"type": "opaque", "api": "openai-responses", "kind": "y", "data": {}}]}]);
    let (sent, notices) = contents("google/gemini-2.5-flash", &messages);
    assert_eq!(
        sent,
        json!([{"role": "user", "parts": [{"text": "a", "videoMetadata": {"fps": 1}}, {"text": "b"}]}])
    );
    let codes: Vec<&str> = notices.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["block_converted", "block_dropped"]);
}
