//! Conversations: turns, tools and thinking.

use super::*;

#[test]
fn the_least_is_model_and_messages() {
    let encoded = encoded("custom/m", &hello(), &json!({})).unwrap();
    assert_eq!(encoded.endpoint.path, "chat/completions");
    assert_eq!(
        encoded.body,
        br#"{"model":"m","messages":[{"role":"user","content":"Hello"}]}"#
    );
    assert!(encoded.notices.is_empty() && encoded.headers.is_empty());
}

#[test]
fn a_conversation_keeps_its_turns() {
    let context = json!({"system_prompt": "Be brief.", "messages": [
        {"role": "user", "content": "One"}, {"role": "user", "content": "Two"},
        {"role": "assistant", "content": "Three"}, {"role": "user", "content": ""}]});
    let sent = body(&encoded("custom/m", &context, &json!({})).unwrap());
    assert_eq!(
        sent["messages"],
        json!([
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "One"}, {"role": "user", "content": "Two"},
        {"role": "assistant", "content": "Three"}, {"role": "user", "content": ""}])
    );
}

#[test]
fn the_system_prompt_of_a_model_that_thinks_has_openais_role() {
    let context = json!({"system_prompt": "Be brief.", "messages": []});
    for (name, role) in [
        ("openai/gpt-5", "developer"),
        ("openai/gpt-4o", "system"),
        ("groq/openai/gpt-oss-20b", "system"),
    ] {
        let sent = body(&encoded(name, &context, &json!({})).unwrap());
        assert_eq!(
            sent["messages"],
            json!([{"role": role, "content": "Be brief."}]),
            "{name}"
        );
    }
}

#[test]
fn streams_ask_for_usage_where_that_is_taken() {
    for (name, options) in [("groq/m", Some(json!({"include_usage": true}))), ("mistral/m", None)] {
        let model = providers::get_model(name, true).unwrap();
        let sent = body(&encoded_for(&model, &hello(), &json!({}), true).unwrap());
        assert_eq!(sent["stream"], json!(true));
        assert_eq!(sent.get("stream_options"), options.as_ref(), "{name}");
    }
}

#[test]
fn text_blocks_are_a_list_unless_the_server_wants_a_string() {
    let messages = json!([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]);
    let parts = json!([{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]);
    assert_eq!(messages_sent("custom/m", &messages), (parts, vec![]));
    assert_eq!(
        messages_sent("zai/glm-4.6", &messages),
        (json!([{"role": "user", "content": "a\nb"}]), vec![])
    );
    let one = json!([{"role": "user", "content": [{"type": "text", "text": "a"}]}]);
    assert_eq!(
        messages_sent("custom/m", &one),
        (json!([{"role": "user", "content": "a"}]), vec![])
    );
}

#[test]
fn a_tool_round_trip() {
    let context = json!({"messages": [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": [weather_call()], "stop_reason": "tool_use"},
        {"role": "tool_result", "tool_call_id": "call_1", "content": "Rain", "details": {"secret": 1}}],
        "tools": [{"name": "weather", "description": "Tells it.", "parameters": {"type": "object", "properties": {"n": {"const": 12345678901234567890_u64}}}, "strict": true},
                  {"name": "now"}]});
    let sent = body(&encoded("custom/m", &context, &json!({})).unwrap());
    assert_eq!(
        sent,
        json!({"model": "m", "messages": [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\": \"Oslo\"}"}}]},
        {"role": "tool", "content": "Rain", "tool_call_id": "call_1"}],
        "tools": [
            {"type": "function", "function": {"name": "weather", "description": "Tells it.", "strict": true,
                "parameters": {"type": "object", "properties": {"n": {"const": 12345678901234567890_u64}}}}},
            {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}}]})
    );
}

#[test]
fn verbatim_json_stays_verbatim() {
    let model = providers::get_model("custom/m", true).unwrap();
    let big = "123456789012345678901234567890";
    let context: Context = json::read(&format!(
        r#"{{"messages":[{{"role":"assistant","content":[{{"type":"tool_call","id":"a","name":"t","arguments":{{"b":{big},"a":1.10}}}}]}},
        {{"role":"tool_result","tool_call_id":"a","content":""}}],"tools":[{{"name":"t","parameters":{{"z":{big}, "a":1}}}}]}}"#
    ))
    .unwrap();
    let options: Options = json::read(&format!(r#"{{"extra_body":{{"x":{big}}}}}"#)).unwrap();
    let quirks = providers::quirks(&model).unwrap();
    let encoded = encode(&Request {
        model: &model,
        quirks: &quirks,
        context: &context,
        options: &options,
        streamed: false,
    });
    let text = String::from_utf8(encoded.unwrap().body).unwrap();
    assert!(
        text.contains(&format!(r#""arguments":"{{\"b\":{big},\"a\":1.10}}""#)),
        "{text}"
    );
    assert!(
        text.contains(&format!(r#""parameters":{{"z":{big}, "a":1}}"#)),
        "{text}"
    );
    assert!(text.contains(&format!(r#""x":{big}"#)), "{text}");
}

#[test]
fn tool_results_take_the_form_of_the_server() {
    let messages = json!([{"role": "assistant", "content": [weather_call()]},
        {"role": "tool_result", "tool_call_id": "call_1", "content": "Rain"}]);
    let (sent, notices) = messages_sent("mistral/m", &messages);
    let id = sent[0]["tool_calls"][0]["id"].as_str().unwrap();
    assert_eq!(id.len(), 9);
    assert_eq!(
        sent[1],
        json!({"role": "tool", "content": "Rain", "tool_call_id": id, "name": "weather"})
    );
    assert_eq!(notices, []);
}

#[test]
fn a_failed_result_says_so() {
    for (content, expected) in [
        ("disk full", "Error: disk full"),
        ("ERROR 5", "ERROR 5"),
        ("", "Error: "),
    ] {
        let messages = json!([{"role": "assistant", "content": [weather_call()]},
            {"role": "tool_result", "tool_call_id": "call_1", "content": content, "is_error": true}]);
        assert_eq!(messages_sent("custom/m", &messages).0[1]["content"], json!(expected));
    }
}

#[test]
fn a_call_without_result_gets_one() {
    let messages =
        json!([{"role": "assistant", "content": [weather_call()]}, {"role": "user", "content": "Never mind."}]);
    let (sent, notices) = messages_sent("custom/m", &messages);
    assert_eq!(
        sent[1],
        json!({"role": "tool", "content": "No result: the call was not run.", "tool_call_id": "call_1"})
    );
    assert_eq!(sent[2]["role"], "user");
    assert_eq!(
        notices,
        [("message_inserted".to_owned(), "messages[0].content[0]".to_owned())]
    );
    let last = json!([{"role": "user", "content": "Go"}, {"role": "assistant", "content": [weather_call()]}]);
    assert_eq!(messages_sent("custom/m", &last).0[2]["role"], "tool");
}

#[test]
fn a_result_without_call_is_refused() {
    let context = json!({"messages": [{"role": "user", "content": "x"}, {"role": "tool_result", "tool_call_id": "gone", "content": ""}]});
    refused("custom/m", &context, &json!({}), "messages[1].tool_call_id");
}

#[test]
fn a_broken_call_goes_empty_if_answered_and_not_at_all_if_not() {
    for state in ["truncated", "invalid"] {
        let call =
            json!({"type": "tool_call", "id": "call_1", "name": "weather", "raw_arguments": "{\"ci", "state": state});
        let answered = json!([{"role": "assistant", "content": [call]},
            {"role": "tool_result", "tool_call_id": "call_1", "content": "cut", "is_error": true}]);
        let (sent, notices) = messages_sent("custom/m", &answered);
        assert_eq!(sent[0]["tool_calls"][0]["function"]["arguments"], "{}");
        assert_eq!(
            notices,
            [("block_converted".to_owned(), "messages[0].content[0]".to_owned())]
        );

        let open = json!([{"role": "assistant", "content": [{"type": "text", "text": "Hm"}, call]}, {"role": "user", "content": "?"}]);
        let (sent, notices) = messages_sent("custom/m", &open);
        assert_eq!(sent[0], json!({"role": "assistant", "content": "Hm"}));
        assert_eq!(
            notices,
            [("block_dropped".to_owned(), "messages[0].content[1]".to_owned())]
        );
    }
}

#[test]
fn what_a_failed_answer_left_is_sent_and_nothing_else() {
    let messages = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": [], "stop_reason": "error"},
        {"role": "assistant", "content": [{"type": "text", "text": "Hal"}, weather_call()], "stop_reason": "aborted"}]);
    let (sent, notices) = messages_sent("custom/m", &messages);
    assert_eq!(
        sent,
        json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "Hal"}])
    );
    let expected = [
        ("message_dropped", "messages[1]"),
        ("block_dropped", "messages[2].content[1]"),
    ];
    assert_eq!(notices, expected.map(|(code, path)| (code.to_owned(), path.to_owned())));
}

#[test]
fn custom_calls_and_signatures_go_back() {
    let messages = json!([{"role": "assistant", "content": [
        {"type": "tool_call", "id": "a", "name": "shell", "raw_arguments": "ls *", "custom": true},
        {"type": "tool_call", "id": "b", "name": "t", "arguments": {}, "signature": "{\"google\":{\"thought_signature\":\"s\"}}"}]},
        {"role": "tool_result", "tool_call_id": "a", "content": ""}, {"role": "tool_result", "tool_call_id": "b", "content": ""}]);
    assert_eq!(
        messages_sent("custom/m", &messages).0[0]["tool_calls"],
        json!([
        {"id": "a", "type": "custom", "custom": {"name": "shell", "input": "ls *"}},
        {"id": "b", "type": "function", "function": {"name": "t", "arguments": "{}"},
         "extra_content": {"google": {"thought_signature": "s"}}}])
    );
}

#[test]
fn thinking_goes_back_in_the_servers_form() {
    let signature = "[{\"type\":\"reasoning.text\",\"text\":\"Hm\",\"signature\":\"s\"}]";
    let messages = json!([{"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm", "signature": signature},
        {"type": "text", "text": "Yes"}]}]);
    let cases = [
        ("custom/m", json!({"role": "assistant", "content": "Yes"})),
        (
            "deepseek/deepseek-v4-pro",
            json!({"role": "assistant", "content": "Yes", "reasoning_content": "Hm"}),
        ),
        (
            "ollama/m",
            json!({"role": "assistant", "content": "Yes", "reasoning": "Hm"}),
        ),
        (
            "openrouter/m",
            json!({"role": "assistant", "content": "Yes",
            "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "signature": "s"}]}),
        ),
        (
            "mistral/m",
            json!({"role": "assistant", "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}, {"type": "text", "text": "Yes"}]}),
        ),
    ];
    for (name, expected) in cases {
        assert_eq!(messages_sent(name, &messages), (json!([expected]), vec![]), "{name}");
    }
    let mut model = providers::get_model("minimax/MiniMax-M2", false).unwrap();
    model.quirks = json::read(r#"{"reasoning_replay":"think_tags"}"#).unwrap();
    let sent = body(&encoded_for(&model, &json!({"messages": messages}), &json!({}), false).unwrap());
    assert_eq!(
        sent["messages"][0],
        json!({"role": "assistant", "content": "<think>\nHm\n</think>\n\nYes"})
    );
}

#[test]
fn thinking_of_another_model_stays_behind() {
    let messages = json!([{"role": "assistant", "provider": "anthropic", "model": "claude", "content": [
        {"type": "thinking", "thinking": "Hm", "signature": "s"}, {"type": "text", "text": "One"}, weather_call(), {"type": "text", "text": "Two"},
        {"type": "opaque", "api": "anthropic-messages", "kind": "web_search", "data": {}}]},
        {"role": "tool_result", "tool_call_id": "call_1", "content": "Rain"}]);
    let (sent, notices) = messages_sent("deepseek/deepseek-v4-pro", &messages);
    assert_eq!(sent[0]["content"], "One\n\nTwo");
    assert_eq!(sent[0]["reasoning_content"], "", "the server refuses calls without it");
    let expected = [
        ("block_dropped", "messages[0].content[0]"),
        ("block_dropped", "messages[0].content[4]"),
    ];
    assert_eq!(notices, expected.map(|(code, path)| (code.to_owned(), path.to_owned())));
}

#[test]
fn opaque_blocks_go_back_to_their_protocol() {
    let opaque = |api: &str, text: Option<&str>| json!({"type": "opaque", "api": api, "kind": "video_url", "data": {"type": "video_url", "video_url": {"url": "u"}}, "text": text});
    let user = |block: Value| json!([{"role": "user", "content": [block, {"type": "text", "text": "x"}]}]);
    let (sent, notices) = messages_sent("custom/m", &user(opaque("openai-completions", None)));
    assert_eq!(
        sent[0]["content"][0],
        json!({"type": "video_url", "video_url": {"url": "u"}})
    );
    assert_eq!(notices, []);
    let (sent, notices) = messages_sent("custom/m", &user(opaque("other", Some("a film"))));
    assert_eq!(sent[0]["content"][0], json!({"type": "text", "text": "a film"}));
    assert_eq!(notices[0].0, "block_converted");
    let (sent, notices) = messages_sent("custom/m", &user(opaque("other", None)));
    assert_eq!(sent[0]["content"], "x");
    assert_eq!(notices[0].0, "block_dropped");
    let own =
        json!([{"role": "assistant", "content": [{"type": "text", "text": "a"}, opaque("openai-completions", None)]}]);
    assert_eq!(
        messages_sent("custom/m", &own).0[0]["content"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn an_assistant_message_goes_between_result_and_user_where_that_is_wanted() {
    let mut model = Model::new("m", "custom");
    model.quirks = json::read(r#"{"assistant_after_tool_result":true}"#).unwrap();
    let context = json!({"messages": [{"role": "assistant", "content": [weather_call()]},
        {"role": "tool_result", "tool_call_id": "call_1", "content": "Rain"}, {"role": "user", "content": "And?"}]});
    let encoded = encoded_for(&model, &context, &json!({}), false).unwrap();
    let roles: Vec<Value> = body(&encoded)["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["role"].clone())
        .collect();
    assert_eq!(roles, ["assistant", "tool", "assistant", "user"]);
    assert_eq!(notices(&encoded), [("message_inserted", "messages")]);
}

fn roles(messages: &Value) -> Vec<&str> {
    let messages = messages.as_array().unwrap();
    messages
        .iter()
        .map(|message| message["role"].as_str().unwrap())
        .collect()
}

#[test]
fn a_result_goes_right_behind_its_answer() {
    let second = json!({"type": "tool_call", "id": "call_2", "name": "weather"});
    let image = json!({"type": "image", "data": PNG});
    let messages = json!([{"role": "assistant", "content": [weather_call(), second]},
        {"role": "tool_result", "tool_call_id": "call_2", "content": [image]},
        {"role": "user", "content": "Wait."}, {"role": "assistant", "content": "I do."},
        {"role": "tool_result", "tool_call_id": "call_1", "content": "Rain"}]);
    let (sent, notices) = messages_sent("custom/m", &messages);
    assert_eq!(roles(&sent), ["assistant", "tool", "tool", "user", "user", "assistant"]);
    assert_eq!(sent[1]["tool_call_id"], "call_2");
    assert_eq!(
        sent[2],
        json!({"role": "tool", "content": "Rain", "tool_call_id": "call_1"})
    );
    assert_eq!(sent[3]["content"][0]["text"], "From the tool result call_2:");
    let expected = [
        ("message_moved", "messages[4]"),
        ("block_converted", "messages[1].content[0]"),
    ];
    assert_eq!(notices, expected.map(|(code, path)| (code.to_owned(), path.to_owned())));
}

#[test]
fn results_of_two_answers_in_a_row_are_moved_only_where_they_must_be() {
    let second = json!({"type": "tool_call", "id": "call_2", "name": "weather"});
    let messages = json!([{"role": "assistant", "content": [weather_call()]}, {"role": "assistant", "content": [second]},
        {"role": "tool_result", "tool_call_id": "call_1", "content": "Rain"},
        {"role": "tool_result", "tool_call_id": "call_2", "content": "Snow"}]);
    let (sent, notices) = messages_sent("custom/m", &messages);
    assert_eq!(roles(&sent), ["assistant", "tool", "assistant", "tool"]);
    assert_eq!(sent[3]["content"], "Snow");
    assert_eq!(notices, [("message_moved".to_owned(), "messages[2]".to_owned())]);
}

#[test]
fn readable_blocks_of_another_protocol_go_over_as_text() {
    let found =
        json!({"type": "opaque", "api": "anthropic-messages", "kind": "web_search", "data": {}, "text": "[It rains]"});
    let content = json!([{"type": "text", "text": "One"}, found, {"type": "text", "text": "Two"}, {"type": "text", "text": "Three"}]);
    for provider in ["anthropic", "custom"] {
        let messages = json!([{"role": "assistant", "provider": provider, "content": content}]);
        let (sent, notices) = messages_sent("custom/m", &messages);
        assert_eq!(
            sent,
            json!([{"role": "assistant", "content": "One\n\n[It rains]\n\nTwoThree"}])
        );
        assert_eq!(
            notices,
            [("block_converted".to_owned(), "messages[0].content[1]".to_owned())]
        );
    }
}

#[test]
fn what_is_no_part_of_a_content_goes_back_as_its_text() {
    let image = |text: Option<&str>| json!({"type": "opaque", "api": "openai-completions", "kind": "image", "data": {"type": "image_url"}, "text": text});
    let said = |block: Value| json!([{"role": "assistant", "content": [{"type": "text", "text": "Look"}, block]}]);
    for (text, content, code) in [
        (Some("a cat"), "Look\n\na cat", "block_converted"),
        (None, "Look", "block_dropped"),
    ] {
        let (sent, notices) = messages_sent("custom/m", &said(image(text)));
        assert_eq!(sent, json!([{"role": "assistant", "content": content}]));
        assert_eq!(notices, [(code.to_owned(), "messages[0].content[1]".to_owned())]);
    }
}

#[test]
fn opaque_blocks_stay_in_the_results_of_tools() {
    let opaque = |api: &str, text: Option<&str>| json!({"type": "opaque", "api": api, "kind": "video_url", "data": {"type": "video_url", "video_url": {"url": "u"}}, "text": text});
    let result = |block: Value| {
        json!([{"role": "assistant", "content": [weather_call()]},
            {"role": "tool_result", "tool_call_id": "call_1", "content": [{"type": "text", "text": "See"}, block]}])
    };
    let (sent, notices) = messages_sent("custom/m", &result(opaque("openai-completions", Some("a film"))));
    assert_eq!(roles(&sent), ["assistant", "tool"]);
    assert_eq!(
        sent[1]["content"],
        json!([{"type": "text", "text": "See"}, {"type": "video_url", "video_url": {"url": "u"}}])
    );
    assert_eq!(notices, []);
    for (text, content, code) in [
        (Some("a film"), "See\na film", "block_converted"),
        (None, "See", "block_dropped"),
    ] {
        let (sent, notices) = messages_sent("custom/m", &result(opaque("other", text)));
        assert_eq!(sent[1]["content"], content);
        assert_eq!(notices, [(code.to_owned(), "messages[1].content[1]".to_owned())]);
    }
}
