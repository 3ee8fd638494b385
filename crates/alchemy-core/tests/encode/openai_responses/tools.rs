//! Tools, the rule for their use, calls and results.

use super::*;

fn with_tools(name: &str, tools: &Value, options: &Value) -> (Value, Vec<(String, String)>) {
    let context = json!({"messages": [], "tools": tools});
    let encoded = encoded(name, &context, options).unwrap();
    (body(&encoded), noted(&encoded))
}

#[test]
fn a_function_says_how_strict_it_is() {
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}});
    let tools = json!([{"name": "a", "description": "A.", "parameters": schema}, {"name": "b", "strict": true}]);
    let (sent, notices) = with_tools("openai/gpt-5", &tools, &json!({}));
    let expected = json!([
        {"type": "function", "name": "a", "description": "A.", "parameters": schema, "strict": false},
        {"type": "function", "name": "b", "parameters": {"type": "object", "properties": {}}, "strict": true}]);
    assert_eq!((sent["tools"].clone(), notices), (expected, vec![]));
}

#[test]
fn a_tool_of_free_text_is_custom_where_the_server_has_such_tools() {
    let flat = json!({"type": "grammar", "syntax": "lark", "definition": "start: /a/"});
    let nested = json!({"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /a/"}});
    for format in [&flat, &nested] {
        let tools = json!([{"name": "t", "description": "T.", "custom": true, "format": format}]);
        let (sent, notices) = with_tools(
            "openai/gpt-5",
            &tools,
            &json!({"tool_choice": {"mode": "tool", "name": "t"}}),
        );
        assert_eq!(
            sent["tools"],
            json!([{"type": "custom", "name": "t", "description": "T.", "format": flat}])
        );
        assert_eq!(sent["tool_choice"], json!({"type": "custom", "name": "t"}));
        assert_eq!(notices, []);
    }
    let (sent, notices) = with_tools("custom/m", &json!([{"name": "t", "custom": true}]), &json!({}));
    assert_eq!(sent["tools"][0]["type"], json!("function"));
    assert_eq!(sent["tools"][0]["parameters"]["required"], json!(["input"]));
    assert_eq!(notices, notice("tool_converted", "tools[0]"));
}

#[test]
fn a_tool_in_the_protocols_own_form_is_sent_as_it_is() {
    let native =
        json!({"type": "mcp", "server_label": "dice", "server_url": "https://a/b", "require_approval": "never"});
    let tools = json!([{"name": "dice", "native": {API: native}}, {"name": "search", "native": {API: {"type": "web_search"}}},
        {"name": "other", "native": {"anthropic-messages": {"type": "x"}}}]);
    let choice = |name: &str| json!({"tool_choice": {"mode": "tool", "name": name}});
    let (sent, notices) = with_tools("openai/gpt-5", &tools, &choice("dice"));
    assert_eq!(sent["tools"], json!([native, {"type": "web_search"}]));
    assert_eq!(sent["tool_choice"], json!({"type": "mcp", "server_label": "dice"}));
    assert_eq!(notices, notice("tool_dropped", "tools[2]"));
    assert_eq!(
        with_tools("openai/gpt-5", &tools, &choice("search")).0["tool_choice"],
        json!({"type": "web_search"})
    );
}

#[test]
fn the_rule_for_tools_has_its_form() {
    let tools = json!([{"name": "t"}]);
    for (choice, expected) in [
        (json!("auto"), json!("auto")),
        (json!("none"), json!("none")),
        (json!("required"), json!("required")),
        (
            json!({"mode": "tool", "name": "t"}),
            json!({"type": "function", "name": "t"}),
        ),
    ] {
        let options = json!({"tool_choice": choice, "parallel_tool_calls": false});
        let (sent, notices) = with_tools("openai/gpt-5", &tools, &options);
        assert_eq!(
            (&sent["tool_choice"], &sent["parallel_tool_calls"]),
            (&expected, &json!(false))
        );
        assert_eq!(notices, []);
    }
    sent_with_notice(
        "openai/gpt-5",
        &json!({"tool_choice": "required"}),
        &json!({}),
        "option_dropped",
        "options.tool_choice",
    );
    refused(
        "openai/gpt-5",
        &json!({"messages": [], "tools": tools}),
        &json!({"tool_choice": {"mode": "tool", "name": "x"}}),
        "options.tool_choice.name",
    );
}

fn round(call: &Value, result: &Value) -> Value {
    json!([{"role": "assistant", "content": [call]}, result])
}

fn result(content: &Value) -> Value {
    json!({"role": "tool_result", "tool_call_id": "call_1", "content": content})
}

#[test]
fn results_take_the_form_of_the_server() {
    let content = json!([{"type": "text", "text": "Look"}, {"type": "image", "data": PNG}]);
    let messages = round(&weather_call(), &result(&content));
    let call =
        json!({"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{\"city\": \"Oslo\"}"});
    let image = json!({"type": "input_image", "image_url": format!("data:image/png;base64,{PNG}")});
    let text = json!({"type": "input_text", "text": "Look"});
    let (sent, notices) = input_sent("openai/gpt-5", &messages);
    assert_eq!(
        sent,
        json!([call, {"type": "function_call_output", "call_id": "call_1", "output": [text, image]}])
    );
    assert_eq!(notices, []);
    let model = "custom/m";
    let (sent, notices) = input_sent(model, &messages);
    let from = json!({"type": "input_text", "text": "From the tool result call_1:"});
    assert_eq!(
        sent,
        json!([call, {"type": "function_call_output", "call_id": "call_1", "output": "Look"},
        {"role": "user", "content": [from, image]}])
    );
    assert_eq!(
        notices.iter().filter(|(code, _)| code == "block_converted").count(),
        1,
        "{notices:?}"
    );
}

#[test]
fn a_failed_result_says_so_and_a_missing_one_too() {
    let failed = json!({"role": "tool_result", "tool_call_id": "call_1", "content": "no such city", "is_error": true});
    let (sent, _) = input_sent("openai/gpt-5", &round(&weather_call(), &failed));
    assert_eq!(sent[1]["output"], json!("Error: no such city"));
    let (sent, notices) = input_sent(
        "openai/gpt-5",
        &json!([{"role": "assistant", "content": [weather_call()]}, {"role": "user", "content": "?"}]),
    );
    assert_eq!(sent[1]["output"], json!("No result: the call was not run."));
    assert_eq!(notices, notice("message_inserted", "messages[0].content[0]"));
}

#[test]
fn ids_that_are_too_long_are_replaced_alike() {
    let long = "x".repeat(65);
    let messages = json!([{"role": "assistant", "content": [{"type": "tool_call", "id": long, "name": "f", "raw_arguments": "{}", "arguments": {}}]},
        {"role": "tool_result", "tool_call_id": long, "content": "a"}]);
    let (sent, _) = input_sent("openai/gpt-5", &messages);
    let id = sent[0]["call_id"].as_str().unwrap();
    assert!(id.len() <= 64 && sent[1]["call_id"] == json!(id), "{sent}");
    let fits = "x".repeat(64);
    let messages = messages.to_string().replace(&long, &fits);
    let (sent, _) = input_sent("openai/gpt-5", &serde_json::from_str(&messages).unwrap());
    assert_eq!(sent[0]["call_id"], json!(fits));
}

#[test]
fn a_call_of_free_text_goes_back_as_one() {
    let call = json!({"type": "tool_call", "id": "call_1", "name": "python", "custom": true, "raw_arguments": "1+1", "signature": r#"{"id":"ctc_1"}"#});
    let (sent, notices) = input_sent("openai/gpt-5", &round(&call, &result(&json!("2"))));
    let expected = json!([
        {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_1", "name": "python", "input": "1+1"},
        {"type": "custom_tool_call_output", "call_id": "call_1", "output": "2"}]);
    assert_eq!((sent, notices), (expected, vec![]));
}

fn client(item: &Value) -> Value {
    let name = item["type"].as_str().unwrap().trim_end_matches("_call").to_owned();
    json!({"type": "tool_call", "id": "call_1", "name": name, "raw_arguments": "{}", "arguments": {}, "signature": item.to_string()})
}

#[test]
fn the_vendors_own_tools_get_their_own_results() {
    let shell =
        json!({"type": "shell_call", "call_id": "call_1", "action": {"commands": ["ls"], "max_output_length": 10}});
    let outcome = |code: u8| json!({"type": "exit", "exit_code": code});
    let image = json!([{"type": "image", "data": PNG}]);
    for (item, content, expected) in [
        (
            shell,
            json!("a"),
            json!({"type": "shell_call_output", "call_id": "call_1", "max_output_length": 10,
            "output": [{"stdout": "a", "stderr": "", "outcome": outcome(0)}]}),
        ),
        (
            json!({"type": "local_shell_call", "call_id": "call_1"}),
            json!("a"),
            json!({"type": "local_shell_call_output", "call_id": "call_1", "output": "a"}),
        ),
        (
            json!({"type": "apply_patch_call", "call_id": "call_1"}),
            json!("a"),
            json!({"type": "apply_patch_call_output", "call_id": "call_1", "status": "completed", "output": "a"}),
        ),
        (
            json!({"type": "computer_call", "call_id": "call_1"}),
            image,
            json!({"type": "computer_call_output", "call_id": "call_1",
                "output": {"type": "computer_screenshot", "image_url": format!("data:image/png;base64,{PNG}")}}),
        ),
        (
            json!({"type": "tool_search_call", "call_id": "call_1"}),
            json!("[{\"type\":\"function\"}]"),
            json!({"type": "tool_search_output", "call_id": "call_1", "execution": "client", "status": "completed", "tools": [{"type": "function"}]}),
        ),
    ] {
        let (sent, notices) = input_sent("openai/gpt-5", &round(&client(&item), &result(&content)));
        assert_eq!((sent, notices), (json!([item, expected]), vec![]));
    }
}

#[test]
fn a_failure_of_the_vendors_own_tools_has_its_field() {
    let failed = json!({"role": "tool_result", "tool_call_id": "call_1", "content": "no", "is_error": true});
    let (sent, _) = input_sent(
        "openai/gpt-5",
        &round(
            &client(&json!({"type": "apply_patch_call", "call_id": "call_1"})),
            &failed,
        ),
    );
    assert_eq!(sent[1]["status"], json!("failed"));
    let (sent, _) = input_sent(
        "openai/gpt-5",
        &round(&client(&json!({"type": "shell_call", "call_id": "call_1"})), &failed),
    );
    assert_eq!(sent[1]["output"][0]["outcome"]["exit_code"], json!(1));
    let computer = client(&json!({"type": "computer_call", "call_id": "call_1"}));
    let context = json!({"messages": round(&computer, &result(&json!("no picture")))});
    refused("openai/gpt-5", &context, &json!({}), "messages[1].content");
}

#[test]
fn a_result_may_be_the_item_itself() {
    let item = json!({"type": "computer_call_output", "call_id": "call_1", "output": {"type": "computer_screenshot", "file_id": "f"},
        "acknowledged_safety_checks": [{"id": "s"}]});
    let opaque = json!([{"type": "opaque", "api": API, "kind": "computer_call_output", "data": item}]);
    let call = json!({"type": "computer_call", "call_id": "call_1"});
    let (sent, notices) = input_sent("openai/gpt-5", &round(&client(&call), &result(&opaque)));
    assert_eq!((sent, notices), (json!([call, item]), vec![]));
}

#[test]
fn another_models_call_of_such_a_tool_is_a_function_call() {
    let item = json!({"type": "shell_call", "call_id": "call_1"});
    let messages = json!([{"role": "assistant", "model": "another", "content": [client(&item)]}, result(&json!("a"))]);
    let (sent, _) = input_sent("openai/gpt-5", &messages);
    assert_eq!(
        (&sent[0]["type"], &sent[1]["type"]),
        (&json!("function_call"), &json!("function_call_output"))
    );
}
