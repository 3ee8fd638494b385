//! Images, audio and documents.

use super::*;

fn user(block: &Value) -> (Value, Vec<(String, String)>) {
    let (sent, notices) = messages(&json!([{"role": "user", "content": [block]}]));
    (sent[0]["content"][0].clone(), notices)
}

#[test]
fn images_have_a_source() {
    for (block, source) in [
        (
            json!({"data": PNG}),
            json!({"type": "base64", "media_type": "image/png", "data": PNG}),
        ),
        (
            json!({"data": PNG, "mime_type": "image/jpg"}),
            json!({"type": "base64", "media_type": "image/jpeg", "data": PNG}),
        ),
        (
            json!({"url": "https://a.example/x.png"}),
            json!({"type": "url", "url": "https://a.example/x.png"}),
        ),
        (
            json!({"file_id": "file_1"}),
            json!({"type": "file", "file_id": "file_1"}),
        ),
    ] {
        let mut block = block;
        block["type"] = json!("image");
        assert_eq!(user(&block), (json!({"type": "image", "source": source}), vec![]));
    }
    let (_, notices) = user(&json!({"type": "image", "data": PNG, "detail": "low"}));
    assert_eq!(notices, pairs(&[("block_converted", "messages[0].content[0]")]));
}

#[test]
fn documents_have_a_source_a_title_and_citations() {
    let pdf = "JVBERi0xLjc=";
    let block = json!({"type": "document", "data": pdf, "name": "a.pdf", "citations": true});
    assert_eq!(
        user(&block),
        (
            json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": pdf},
            "title": "a.pdf", "citations": {"enabled": true}}),
            vec![]
        )
    );
    let text = json!({"type": "document", "data": "R3LDvMOfZQ=="});
    assert_eq!(
        user(&text).0,
        json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Grüße"}})
    );
    assert_eq!(
        user(&json!({"type": "document", "url": "https://a.example/x.pdf"})).0["source"],
        json!({"type": "url", "url": "https://a.example/x.pdf"})
    );
    assert_eq!(
        user(&json!({"type": "document", "file_id": "file_1"})).0["source"],
        json!({"type": "file", "file_id": "file_1"})
    );
}

#[test]
fn what_the_protocol_does_not_have_is_left_out() {
    let expected = |words: &str| {
        (
            json!({"type": "text", "text": words}),
            pairs(&[("block_converted", "messages[0].content[0]")]),
        )
    };
    let single = |block: &Value| {
        let (sent, notices) = messages(&json!([{"role": "user", "content": [block]}]));
        (json!({"type": "text", "text": sent[0]["content"]}), notices)
    };
    assert_eq!(
        single(&json!({"type": "audio", "url": "https://a.example/x.wav"})),
        expected("[audio left out]")
    );
    assert_eq!(
        single(&json!({"type": "audio", "id": "a", "url": "https://a.example/x.wav", "transcript": "Hi"})),
        expected("Hi")
    );
    assert_eq!(
        single(&json!({"type": "document", "data": "AAEC/w==", "mime_type": "application/zip"})),
        expected("[document left out]")
    );
}

#[test]
fn uploaded_files_are_asked_for_by_header() {
    let context = json!({"messages": [{"role": "user", "content": [{"type": "document", "file_id": "file_1"}]}]});
    let sent = encoded("anthropic/claude-sonnet-4-5", &context, &json!({}));
    assert_eq!(header(&sent, "anthropic-beta"), Some("files-api-2025-04-14"));
    assert_eq!(sent.list_headers, ["anthropic-beta"]);
}

#[test]
fn a_document_in_a_result_stays_in_it() {
    let given = json!([{"role": "assistant", "content": [weather_call()]}, {"role": "tool_result", "tool_call_id": "call_1",
        "content": [{"type": "document", "data": "JVBERi0xLjc="}]}]);
    let (sent, notices) = messages(&given);
    assert_eq!(sent[1]["content"][0]["content"][0]["type"], "document");
    assert_eq!(notices, []);
}
