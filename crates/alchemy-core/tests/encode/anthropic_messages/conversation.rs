//! Turns, results and what the server refuses.

use super::*;

#[test]
fn the_least_is_model_messages_and_a_cap() {
    let encoded = encoded("anthropic/claude-haiku-4-5", &hello(), &json!({}));
    assert_eq!(encoded.endpoint.path, "messages");
    assert_eq!(
        (encoded.endpoint.version, encoded.endpoint.version_left_out),
        ("v1", true)
    );
    assert_eq!(
        String::from_utf8_lossy(&encoded.body),
        r#"{"model":"claude-haiku-4-5","messages":[{"role":"user","content":"Hello"}],"max_tokens":64000}"#
    );
    assert!(encoded.notices.is_empty());
    assert_eq!(
        encoded.headers,
        [("anthropic-version".to_owned(), "2023-06-01".to_owned())]
    );
}

#[test]
fn turns_and_the_system_prompt_have_their_places() {
    let context = json!({"system_prompt": "Be brief.", "messages": [
        {"role": "user", "content": "One"}, {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": "Three"}, {"role": "user", "content": "Four"}]});
    let sent = body(&encoded("anthropic/m", &context, &json!({"cache": "none"})));
    assert_eq!(sent["system"], json!("Be brief."));
    assert_eq!(
        sent["messages"],
        json!([
            {"role": "user", "content": "One"},
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "assistant", "content": "Three"}, {"role": "user", "content": "Four"}])
    );
}

#[test]
fn results_come_first_and_in_one_message_with_what_the_user_says_then() {
    let call = |id: &str| json!({"type": "tool_call", "id": id, "name": "t", "raw_arguments": "{}"});
    let given = json!([{"role": "user", "content": "Go"},
        {"role": "assistant", "content": [call("a"), call("b"), call("c")]},
        {"role": "tool_result", "tool_call_id": "a", "content": "1"},
        {"role": "tool_result", "tool_call_id": "b", "content": [{"type": "text", "text": "2"}, {"type": "image", "data": PNG}]},
        {"role": "tool_result", "tool_call_id": "c", "content": "no", "is_error": true},
        {"role": "user", "content": "Well?"}]);
    let (sent, notices) = messages(&given);
    assert_eq!(
        sent[2],
        json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": "1"},
            {"type": "tool_result", "tool_use_id": "b", "content": [{"type": "text", "text": "2"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}]},
            {"type": "tool_result", "tool_use_id": "c", "content": "no", "is_error": true},
            {"type": "text", "text": "Well?"}]})
    );
    assert_eq!(sent.as_array().unwrap().len(), 3);
    assert_eq!(notices, []);
}

#[test]
fn a_result_may_be_empty_but_a_failed_one_says_so() {
    let given = |is_error: bool| {
        json!([{"role": "assistant", "content": [weather_call()]},
            {"role": "tool_result", "tool_call_id": "call_1", "content": "", "is_error": is_error}])
    };
    let (sent, notices) = messages(&given(false));
    assert_eq!(
        sent[1]["content"],
        json!([{"type": "tool_result", "tool_use_id": "call_1"}])
    );
    assert_eq!(notices, []);
    let (sent, notices) = messages(&given(true));
    assert_eq!(
        sent[1]["content"],
        json!([{"type": "tool_result", "tool_use_id": "call_1", "content": "Error", "is_error": true}])
    );
    assert_eq!(notices, pairs(&[("block_converted", "messages[1]")]));
}

#[test]
fn a_call_without_result_gets_a_failed_one() {
    let given = json!([{"role": "assistant", "content": [weather_call()]}, {"role": "user", "content": "Never mind."}]);
    let (sent, notices) = messages(&given);
    assert_eq!(
        sent[1]["content"],
        json!([{"type": "tool_result", "tool_use_id": "call_1", "content": "No result: the call was not run.", "is_error": true},
               {"type": "text", "text": "Never mind."}])
    );
    assert_eq!(notices, pairs(&[("message_inserted", "messages[0].content[0]")]));
}

#[test]
fn what_holds_nothing_to_see_is_not_sent() {
    let given = json!([{"role": "user", "content": [{"type": "text", "text": ""}, {"type": "text", "text": "a"}, {"type": "text", "text": " \n"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "\n\n"}]},
        {"role": "user", "content": ""}, {"role": "user", "content": "b"}]);
    let (sent, notices) = messages(&given);
    assert_eq!(
        sent,
        json!([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}])
    );
    let expected = [
        ("block_dropped", "messages[0].content[2]"),
        ("block_dropped", "messages[1].content[0]"),
        ("message_dropped", "messages[1]"),
        ("message_dropped", "messages[2]"),
    ];
    assert_eq!(notices, pairs(&expected));
}

#[test]
fn an_answer_to_be_continued_does_not_end_in_white_space() {
    let given = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "The answer is \n"}]);
    let (sent, notices) = messages(&given);
    assert_eq!(sent[1], json!({"role": "assistant", "content": "The answer is"}));
    assert_eq!(notices, pairs(&[("block_converted", "messages[1]")]));
    let given = json!([{"role": "assistant", "content": "Yes \n"}, {"role": "user", "content": "a "}]);
    assert_eq!(messages(&given).0[0]["content"], "Yes \n");
}

#[test]
fn a_result_without_call_is_refused() {
    let context = json!({"messages": [{"role": "tool_result", "tool_call_id": "gone", "content": ""}]});
    let error = try_encoded("anthropic/m", &context, &json!({})).unwrap_err();
    assert_eq!(error.path.as_deref(), Some("messages[0].tool_call_id"));
}

#[test]
fn opaque_blocks_of_the_protocol_go_as_they_are() {
    let own =
        json!({"type": "opaque", "api": API, "kind": "search_result", "data": {"type": "search_result", "title": "x"}});
    let other = json!({"type": "opaque", "api": "openai-responses", "kind": "x", "data": {}, "text": "words"});
    let given = json!([{"role": "user", "content": [own, other]}, {"role": "assistant", "content": [weather_call()]},
        {"role": "tool_result", "tool_call_id": "call_1", "content": [own]}]);
    let (sent, notices) = messages(&given);
    assert_eq!(
        sent[0]["content"],
        json!([{"type": "search_result", "title": "x"}, {"type": "text", "text": "words"}])
    );
    assert_eq!(
        sent[2]["content"][0]["content"],
        json!([{"type": "search_result", "title": "x"}])
    );
    assert_eq!(notices, pairs(&[("block_converted", "messages[0].content[1]")]));
}
