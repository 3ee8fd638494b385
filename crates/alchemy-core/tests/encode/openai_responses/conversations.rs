//! Conversations: turns, media, thinking, and what goes back of an answer.

use super::*;

#[test]
fn the_least_is_model_input_and_that_nothing_is_kept() {
    let encoded = encoded("openai/gpt-4.1", &hello(), &json!({})).unwrap();
    assert_eq!((&*encoded.endpoint.path, encoded.endpoint.version), ("responses", "v1"));
    assert_eq!(
        String::from_utf8_lossy(&encoded.body),
        r#"{"model":"gpt-4.1","input":[{"role":"user","content":"Hello"}],"store":false}"#
    );
    assert!(encoded.notices.is_empty() && encoded.headers.is_empty());
}

#[test]
fn the_system_prompt_is_sent_as_instructions() {
    let context = json!({"system_prompt": "Be brief.", "messages": [{"role": "user", "content": ""}]});
    let sent = body(&encoded("openai/gpt-5", &context, &json!({})).unwrap());
    assert_eq!(sent["instructions"], json!("Be brief."));
    assert_eq!(sent["input"], json!([{"role": "user", "content": ""}]));
}

#[test]
fn media_have_their_parts() {
    let messages = json!([{"role": "user", "content": [
        {"type": "text", "text": "Look"},
        {"type": "image", "data": PNG, "detail": "low"}, {"type": "image", "url": "https://a/b.png"},
        {"type": "image", "file_id": "file-1"},
        {"type": "document", "data": "JVBERi0=", "name": "a.pdf"}, {"type": "document", "url": "https://a/b.pdf"},
        {"type": "document", "file_id": "file-2"}]}]);
    let expected = json!([{"role": "user", "content": [
        {"type": "input_text", "text": "Look"},
        {"type": "input_image", "image_url": format!("data:image/png;base64,{PNG}"), "detail": "low"},
        {"type": "input_image", "image_url": "https://a/b.png"},
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
        {"type": "input_file", "file_url": "https://a/b.pdf"},
        {"type": "input_file", "file_id": "file-2"}]}]);
    assert_eq!(input_sent("openai/gpt-5.4", &messages), (expected, vec![]));
}

#[test]
fn what_the_server_cannot_be_handed_is_replaced() {
    let audio = json!([{"role": "user", "content": [{"type": "audio", "data": "SUQz"}]}]);
    let (sent, notices) = input_sent("openai/gpt-5.4", &audio);
    assert_eq!(sent, json!([{"role": "user", "content": "[audio left out]"}]));
    assert_eq!(notices, notice("block_converted", "messages[0].content[0]"));
    let text = json!([{"role": "user", "content": [{"type": "document", "data": "R3LDvMOfZQ==", "name": "a.txt"}]}]);
    let (sent, notices) = input_sent("openai/gpt-5.4", &text);
    assert_eq!(sent, json!([{"role": "user", "content": "a.txt:\n\nGrüße"}]));
    assert_eq!(notices, notice("block_converted", "messages[0].content[0]"));
    let url = json!([{"role": "user", "content": [{"type": "image", "url": "https://a/b.png"}]}]);
    let (sent, notices) = input_sent("lmstudio/m", &url);
    assert_eq!(sent, json!([{"role": "user", "content": "[image left out]"}]));
    assert_eq!(notices, notice("block_converted", "messages[0].content[0]"));
}

#[test]
fn an_opaque_block_is_a_part_or_an_item_of_its_own() {
    let opaque = |kind: &str, data: Value| json!({"type": "opaque", "api": API, "kind": kind, "data": data});
    let approval = json!({"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": true});
    let part = json!({"type": "input_image", "file_id": "f"});
    let messages = json!([{"role": "user", "content": [{"type": "text", "text": "a"}, opaque("x", approval.clone()),
        {"type": "text", "text": "b"}, opaque("y", part.clone()),
        {"type": "opaque", "api": "anthropic-messages", "kind": "z", "data": {}}]}]);
    let expected = json!([{"role": "user", "content": "a"}, approval,
        {"role": "user", "content": [{"type": "input_text", "text": "b"}, part]}]);
    let notices = notice("block_dropped", "messages[0].content[4]");
    assert_eq!(input_sent("openai/gpt-5", &messages), (expected, notices));
    let alone = json!([{"role": "user", "content": [opaque("x", json!({"type": "mcp_approval_response"}))]}]);
    assert_eq!(
        input_sent("openai/gpt-5", &alone),
        (json!([{"type": "mcp_approval_response"}]), vec![])
    );
}

fn thinking(id: &str, encrypted: &str) -> Value {
    let item = format!(
        r#"{{"id":"{id}","type":"reasoning","summary":[],"content":[],"status":"completed","encrypted_content":{encrypted}}}"#
    );
    json!({"type": "thinking", "thinking": "", "signature": item})
}

fn reasoning(id: &str) -> Value {
    json!({"type": "reasoning", "id": id, "summary": [], "encrypted_content": "gA"})
}

#[test]
fn an_own_answer_goes_back_as_its_items() {
    let messages = json!([
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "stop_reason": "tool_use", "content": [
            thinking("rs_1", "\"gA\""),
            {"type": "text", "text": "One", "signature": r#"{"id":"msg_1","phase":"commentary"}"#, "citations": [{"type": "url_citation", "url": "u"}]},
            {"type": "text", "text": "Two", "signature": r#"{"id":"msg_1","phase":"commentary"}"#},
            {"type": "text", "text": "No.", "signature": r#"{"id":"msg_2","refusal":true}"#},
            thinking("rs_2", "\"gA\""), thinking("rs_3", "\"gA\""),
            {"type": "tool_call", "id": "call_1", "name": "weather", "raw_arguments": "{ }", "arguments": {},
             "signature": r#"{"id":"fc_1","namespace":"crm","item_id":"fc_1","output_index":3}"#},
            {"type": "opaque", "api": API, "kind": "web_search_call", "data": {"id": "ws_1", "type": "web_search_call"}},
            {"type": "image", "data": PNG, "signature": r#"{"id":"ig_1","type":"image_generation_call","status":"completed"}"#}]},
        {"role": "tool_result", "tool_call_id": "call_1", "content": "Rain"}]);
    let expected = json!([
        {"role": "user", "content": "Weather?"},
        reasoning("rs_1"),
        {"type": "message", "role": "assistant", "status": "completed", "id": "msg_1", "phase": "commentary", "content": [
            {"type": "output_text", "text": "One", "annotations": [{"type": "url_citation", "url": "u"}]},
            {"type": "output_text", "text": "Two", "annotations": []}]},
        {"type": "message", "role": "assistant", "status": "completed", "id": "msg_2", "content": [{"type": "refusal", "refusal": "No."}]},
        reasoning("rs_2"), reasoning("rs_3"),
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": "{ }", "namespace": "crm"},
        {"id": "ws_1", "type": "web_search_call"},
        {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": PNG},
        {"type": "function_call_output", "call_id": "call_1", "output": "Rain"}]);
    assert_eq!(input_sent("openai/gpt-5", &messages), (expected, vec![]));
}

#[test]
fn another_models_answer_goes_back_as_text_and_calls() {
    let messages = json!([
        {"role": "assistant", "provider": "anthropic", "model": "claude", "api": "anthropic-messages", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "One", "signature": r#"{"id":"msg_1"}"#, "citations": [{"type": "x"}]},
            {"type": "tool_call", "id": "toolu_1", "name": "f", "raw_arguments": "{}", "arguments": {}, "signature": r#"{"caller":1}"#}]},
        {"role": "tool_result", "tool_call_id": "toolu_1", "content": "Rain"}]);
    let expected = json!([
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "One"}]},
        {"type": "function_call", "call_id": "toolu_1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "toolu_1", "output": "Rain"}]);
    let mut notices = notice("block_dropped", "messages[0].content[0]");
    notices.extend(notice("field_dropped", "messages[0].content[1].citations"));
    assert_eq!(input_sent("openai/gpt-5", &messages), (expected, notices));
}

#[test]
fn reasoning_goes_only_with_the_item_after_it() {
    let last = json!([{"role": "assistant", "content": [
        {"type": "text", "text": "a", "signature": r#"{"id":"msg_1"}"#}, thinking("rs_1", "\"gA\"")]}, {"role": "user", "content": "b"}]);
    let (sent, notices) = input_sent("openai/gpt-5", &last);
    assert_eq!(sent.as_array().unwrap().len(), 2, "{sent}");
    assert_eq!(notices, notice("block_dropped", "messages[0].content[1]"));

    // The call that the reasoning belongs to is cut and not sent: what follows goes without its id.
    let cut = json!([{"role": "assistant", "stop_reason": "length", "content": [
        thinking("rs_1", "\"gA\""),
        {"type": "tool_call", "id": "c", "name": "f", "raw_arguments": "{", "state": "truncated"},
        {"type": "text", "text": "a", "signature": r#"{"id":"msg_1"}"#}]}]);
    let (sent, notices) = input_sent("openai/gpt-5", &cut);
    let expected = json!([{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a", "annotations": []}]}]);
    assert_eq!(sent, expected);
    let paths: Vec<_> = notices.iter().map(|(_, path)| path.as_str()).collect();
    assert_eq!(paths, ["messages[0].content[1]", "messages[0].content[0]"]);
}

#[test]
fn reasoning_that_brings_nothing_along_goes_only_to_a_server_that_kept_it() {
    let messages = json!([{"role": "assistant", "content": [
        thinking("rs_1", "null"), {"type": "text", "text": "a", "signature": r#"{"id":"msg_1"}"#}]}]);
    let (sent, notices) = input_sent("openai/gpt-5", &messages);
    let text = json!({"type": "output_text", "text": "a", "annotations": []});
    assert_eq!(
        sent,
        json!([{"type": "message", "role": "assistant", "content": [text]}])
    );
    assert_eq!(notices, notice("block_dropped", "messages[0].content[0]"));
    let (sent, notices) = input_with("openai/gpt-5", &messages, &json!({"extra_body": {"store": true}}));
    let message =
        json!({"type": "message", "role": "assistant", "status": "completed", "id": "msg_1", "content": [text]});
    assert_eq!(
        sent,
        json!([{"type": "reasoning", "id": "rs_1", "summary": []}, message])
    );
    assert_eq!(notices, []);
}

#[test]
fn open_reasoning_goes_back_as_it_came() {
    let item = r#"{"id":"rs_1","type":"reasoning","content":[{"type":"reasoning_text","text":"hm"}]}"#;
    let messages = json!([{"role": "assistant", "content": [
        {"type": "thinking", "thinking": "hm", "signature": item}, {"type": "text", "text": "a"}]}]);
    let expected = json!([
        {"id": "rs_1", "type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}]);
    assert_eq!(input_sent("custom/m", &messages), (expected, vec![]));
}

#[test]
fn media_of_an_assistant_are_left_out() {
    let messages = json!([{"role": "assistant", "content": [{"type": "image", "data": PNG},
        {"type": "audio", "id": "audio_1", "transcript": "Hi"}]}]);
    let (sent, notices) = input_sent("openai/gpt-5", &messages);
    assert_eq!(
        sent,
        json!([{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}])
    );
    let codes: Vec<_> = notices.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["block_dropped", "block_converted"]);
}

#[test]
fn an_answer_with_nothing_to_send_is_left_out() {
    let messages =
        json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": [thinking("rs_1", "\"gA\"")]}]);
    let (sent, notices) = input_sent("openai/gpt-5", &messages);
    assert_eq!(sent, json!([{"role": "user", "content": "a"}]));
    let codes: Vec<_> = notices.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["block_dropped", "message_dropped"]);
}
