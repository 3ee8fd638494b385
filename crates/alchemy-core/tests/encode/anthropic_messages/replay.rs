//! Earlier answers on their way back.

use super::*;

fn answer(content: &Value) -> (Value, Vec<(String, String)>) {
    let (sent, notices) = messages(&json!([{"role": "user", "content": "a"},
        {"role": "assistant", "content": content}, {"role": "user", "content": "b"}]));
    (sent[1].clone(), notices)
}

#[test]
fn thinking_goes_back_by_its_signature() {
    let content = json!([
        {"type": "thinking", "thinking": "Hm", "signature": "s1"},
        {"type": "thinking", "thinking": "", "signature": "s2"},
        {"type": "thinking", "thinking": "", "signature": "d", "redacted": true},
        {"type": "thinking", "thinking": "unsigned"},
        {"type": "text", "text": "Yes"}]);
    let (sent, notices) = answer(&content);
    assert_eq!(
        sent,
        json!({"role": "assistant", "content": [
        {"type": "thinking", "thinking": "Hm", "signature": "s1"},
        {"type": "thinking", "thinking": "", "signature": "s2"},
        {"type": "redacted_thinking", "data": "d"},
        {"type": "text", "text": "Yes"}]})
    );
    assert_eq!(notices, pairs(&[("block_dropped", "messages[1].content[3]")]));
}

#[test]
fn an_answer_does_not_end_in_thinking() {
    let content = json!([{"type": "text", "text": "Yes"}, {"type": "thinking", "thinking": "Hm", "signature": "s"}]);
    let (sent, notices) = answer(&content);
    assert_eq!(sent, json!({"role": "assistant", "content": "Yes"}));
    assert_eq!(notices, pairs(&[("block_dropped", "messages[1].content[1]")]));
}

#[test]
fn thinking_of_another_model_stays_behind() {
    let given = json!([{"role": "assistant", "model": "claude-opus-4-5", "content": [
        {"type": "thinking", "thinking": "Hm", "signature": "s"}, {"type": "text", "text": "Yes", "citations": [{"a": 1}]}]},
        {"role": "user", "content": "b"}]);
    let (sent, notices) = messages(&given);
    assert_eq!(sent[0], json!({"role": "assistant", "content": "Yes"}));
    let dropped = [
        ("block_dropped", "messages[0].content[0]"),
        ("field_dropped", "messages[0].content[1].citations"),
    ];
    assert_eq!(notices, pairs(&dropped));
}

#[test]
fn sources_without_text_stay_behind() {
    let source = json!({"type": "text", "text": "", "citations": [{"a": 1}]});
    let (sent, notices) = answer(&json!([{"type": "text", "text": "Yes"}, source]));
    assert_eq!(sent["content"], "Yes");
    assert_eq!(notices, pairs(&[("block_dropped", "messages[1].content[1]")]));
}

#[test]
fn text_keeps_its_sources() {
    let citation = json!({"type": "web_search_result_location", "url": "https://a.example", "encrypted_index": "E"});
    let (sent, notices) = answer(&json!([{"type": "text", "text": "Yes", "citations": [citation]}]));
    assert_eq!(
        sent["content"],
        json!([{"type": "text", "text": "Yes", "citations": [citation]}])
    );
    assert_eq!(notices, []);
}

#[test]
fn calls_go_back_with_the_keys_that_the_server_sent() {
    let call = json!({"type": "tool_call", "id": "toolu_1", "name": "t", "raw_arguments": "{\"n\": 12345678901234567890123}",
        "signature": "{\"caller\":{\"type\":\"direct\"}}"});
    let given = json!([{"role": "assistant", "content": [call]},
        {"role": "tool_result", "tool_call_id": "toolu_1", "content": "x"}]);
    let encoded = encoded("anthropic/m", &json!({"messages": given}), &json!({"cache": "none"}));
    let text = String::from_utf8(encoded.body.clone()).unwrap();
    assert!(
        text.contains(r#"{"type":"tool_use","id":"toolu_1","name":"t","input":{"n": 12345678901234567890123},"caller":{"type":"direct"}}"#),
        "{text}"
    );
    assert!(encoded.notices.is_empty());
}

#[test]
fn ids_that_the_server_refuses_are_replaced_in_call_and_result() {
    let given = json!([{"role": "assistant", "content": [{"type": "tool_call", "id": "functions.t:0", "name": "t", "raw_arguments": "{}"}]},
        {"role": "tool_result", "tool_call_id": "functions.t:0", "content": "x"}]);
    let (sent, notices) = messages(&given);
    let id = sent[0]["content"][0]["id"].as_str().unwrap();
    assert!(id.starts_with("call_") && !id.contains('.'), "{id}");
    assert_eq!(sent[1]["content"][0]["tool_use_id"], json!(id));
    assert_eq!(notices, []);
}

#[test]
fn a_call_with_free_text_becomes_one_with_an_argument() {
    let given = json!([{"role": "assistant", "content": [
        {"type": "tool_call", "id": "a", "name": "shell", "raw_arguments": "ls *", "custom": true}]},
        {"role": "tool_result", "tool_call_id": "a", "content": "x"}]);
    let (sent, notices) = messages(&given);
    assert_eq!(sent[0]["content"][0]["input"], json!({"input": "ls *"}));
    assert_eq!(notices, pairs(&[("block_converted", "messages[0].content[0]")]));
}

#[test]
fn a_broken_call_goes_empty_if_answered_and_not_at_all_if_not() {
    let call = json!({"type": "tool_call", "id": "a", "name": "t", "raw_arguments": "{\"ci", "state": "truncated"});
    let given = json!([{"role": "assistant", "content": [call]},
        {"role": "tool_result", "tool_call_id": "a", "content": "cut", "is_error": true}]);
    assert_eq!(messages(&given).0[0]["content"][0]["input"], json!({}));
    let given = json!([{"role": "assistant", "content": [{"type": "text", "text": "Hm"}, call]}, {"role": "user", "content": "?"}]);
    assert_eq!(messages(&given).0[0], json!({"role": "assistant", "content": "Hm"}));
    // Given by hand, and no JSON object.
    let given = json!([{"role": "assistant", "content": [{"type": "tool_call", "id": "a", "name": "t", "raw_arguments": "[1]"}]},
        {"role": "tool_result", "tool_call_id": "a", "content": "x"}]);
    let (sent, notices) = messages(&given);
    assert_eq!(sent[0]["content"][0]["input"], json!({}));
    assert_eq!(notices, pairs(&[("block_converted", "messages[0].content[0]")]));
}

#[test]
fn a_paused_turn_goes_back_as_it_is() {
    let server = json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}});
    let block = json!({"type": "opaque", "api": API, "kind": "server_tool_use", "data": server});
    let turn = |stop: &str| {
        json!([{"role": "user", "content": "a"}, {"role": "assistant", "stop_reason": stop,
            "content": [{"type": "text", "text": "Hm"}, block]}])
    };
    let (sent, notices) = messages(&turn("pause"));
    assert_eq!(sent[1]["content"], json!([{"type": "text", "text": "Hm"}, server]));
    assert_eq!(notices, []);
    // Where the answer was cut the server's tool has no result, which is refused.
    let (sent, notices) = messages(&turn("error"));
    assert_eq!(sent[1]["content"], json!("Hm"));
    assert_eq!(notices, pairs(&[("block_dropped", "messages[1].content[1]")]));
}

#[test]
fn a_refusal_and_media_of_an_assistant() {
    let (sent, notices) =
        answer(&json!([{"type": "text", "text": "I cannot."}, {"type": "image", "url": "https://a.example/x.png"}]));
    assert_eq!(sent, json!({"role": "assistant", "content": "I cannot."}));
    assert_eq!(notices, pairs(&[("block_dropped", "messages[1].content[1]")]));
}

#[test]
fn blocks_that_need_it_are_asked_for_by_header() {
    let block = |data: &Value| json!({"type": "opaque", "api": API, "kind": data["type"], "data": data, "text": "x"});
    for (data, beta) in [
        (
            json!({"type": "compaction", "content": "x"}),
            Some("compact-2026-01-12"),
        ),
        (
            json!({"type": "compaction", "content": "x", "signature": null}),
            Some("compact-2026-01-12"),
        ),
        (
            json!({"type": "compaction", "content": "x", "signature": "s"}),
            Some("compact-2026-09-04"),
        ),
        (
            json!({"type": "mcp_tool_result", "content": "x"}),
            Some("mcp-client-2025-11-20"),
        ),
        (json!({"type": "web_search_tool_result", "content": "x"}), None),
    ] {
        let given = json!([{"role": "assistant", "content": [block(&data)]}, {"role": "user", "content": "a"}]);
        let encoded = encoded("anthropic/m", &json!({"messages": given}), &json!({}));
        assert_eq!(header(&encoded, "anthropic-beta"), beta, "{data}");
    }
}
