//! Tools of free text and tools in the protocol's own form, over `openai-completions`; and that no option is ignored.

use super::*;

fn call(custom: bool) -> Value {
    json!({"type": "tool_call", "id": "a", "name": "shell", "raw_arguments": "ls *", "custom": custom})
}

/// What a conversation with a call of free text becomes, beside the tool it calls.
fn round(name: &str, tool: &Value, provider: &str) -> (Value, Vec<(String, String)>) {
    let context = json!({"tools": [tool], "messages": [{"role": "assistant", "content": [call(true)], "provider": provider},
        {"role": "tool_result", "tool_call_id": "a", "content": "x.py"}]});
    let encoded = encoded(name, &context, &json!({})).unwrap();
    let notices = notices(&encoded).into_iter();
    let notices = notices.map(|(code, path)| (code.to_owned(), path.to_owned())).collect();
    (body(&encoded), notices)
}

#[test]
fn a_tool_of_free_text_is_custom_where_the_server_has_such_tools() {
    let grammar = json!({"syntax": "lark", "definition": "start: /a/"});
    let nested = json!({"type": "grammar", "grammar": grammar});
    let flat = json!({"type": "grammar", "syntax": "lark", "definition": "start: /a/"});
    for (format, sent_format) in [
        (&nested, &nested),
        (&flat, &nested),
        (&json!({"type": "text"}), &json!({"type": "text"})),
    ] {
        let tool = json!({"name": "shell", "description": "Runs it.", "custom": true, "format": format});
        let (sent, notices) = round("openai/gpt-5", &tool, "openai");
        assert_eq!(
            sent["tools"],
            json!([{"type": "custom", "custom": {"name": "shell", "description": "Runs it.", "format": sent_format}}])
        );
        assert_eq!(
            sent["messages"],
            json!([{"role": "assistant", "content": null, "tool_calls": [
                {"id": "a", "type": "custom", "custom": {"name": "shell", "input": "ls *"}}]},
                {"role": "tool", "content": "x.py", "tool_call_id": "a"}])
        );
        assert_eq!(notices, []);
    }
    let tools = json!([{"name": "shell", "custom": true}, {"name": "b"}]);
    let sent = json!([{"type": "custom", "custom": {"name": "shell"}},
        {"type": "function", "function": {"name": "b", "parameters": {"type": "object", "properties": {}}}}]);
    for (name, choice) in [
        ("shell", json!({"type": "custom", "custom": {"name": "shell"}})),
        ("b", json!({"type": "function", "function": {"name": "b"}})),
    ] {
        sent_exactly(
            "openai/gpt-5",
            &json!({"tools": tools, "tool_choice": {"mode": "tool", "name": name}}),
            &json!({"tools": sent, "tool_choice": choice}),
        );
    }
}

#[test]
fn what_contradicts_a_tool_of_free_text_is_not_sent() {
    let custom = json!({"type": "custom", "custom": {"name": "a"}});
    let schema = json!({"type": "object", "properties": {"b": {"type": "string"}}});
    let function = json!({"type": "function", "function": {"name": "a", "parameters": schema}});
    for (tool, sent, key) in [
        (json!({"name": "a", "custom": true, "strict": true}), &custom, "strict"),
        (
            json!({"name": "a", "custom": true, "parameters": schema}),
            &custom,
            "parameters",
        ),
        (
            json!({"name": "a", "parameters": schema, "format": {"type": "text"}}),
            &function,
            "format",
        ),
    ] {
        let path = format!("options.tools[0].{key}");
        let (options, sent) = (json!({"tools": [tool]}), json!({"tools": [sent]}));
        sent_with_notice("openai/gpt-5", &options, &sent, "option_dropped", &path);
    }
    let tool = json!({"name": "a", "custom": true, "strict": true, "parameters": schema});
    let (sent, notices) = options_sent("groq/m", &json!({"tools": [tool]}));
    assert!(sent["tools"][0]["function"].get("strict").is_none());
    let expected = [
        ("option_dropped", "options.tools[0].parameters"),
        ("option_dropped", "options.tools[0].strict"),
        ("tool_converted", "options.tools[0]"),
    ];
    assert_eq!(notices, expected.map(|(code, path)| (code.to_owned(), path.to_owned())));
}

#[test]
fn a_tool_of_free_text_is_a_function_elsewhere_and_so_are_its_calls() {
    let tool = json!({"name": "shell", "custom": true, "format": {"type": "text"}});
    let (sent, notices) = round("groq/m", &tool, "openai");
    let schema = json!({"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]});
    let function = json!([{"type": "function", "function": {"name": "shell", "parameters": schema}}]);
    assert_eq!(sent["tools"], function);
    assert_eq!(
        sent["messages"][0]["tool_calls"],
        json!([{"id": "a", "type": "function", "function": {"name": "shell", "arguments": "{\"input\":\"ls *\"}"}}])
    );
    let expected = [
        ("block_converted", "messages[0].content[0]"),
        ("tool_converted", "tools[0]"),
    ];
    assert_eq!(notices, expected.map(|(code, path)| (code.to_owned(), path.to_owned())));
    sent_with_notice(
        "groq/m",
        &json!({"tools": [tool], "tool_choice": {"mode": "tool", "name": "shell"}}),
        &json!({"tools": function, "tool_choice": {"type": "function", "function": {"name": "shell"}}}),
        "tool_converted",
        "options.tools[0]",
    );
}

#[test]
fn a_call_of_free_text_without_its_tool_goes_to_those_who_know_them() {
    for (name, provider, kind) in [
        ("openai/gpt-5", "groq", "custom"),
        ("groq/m", "groq", "custom"),
        ("groq/m", "openai", "function"),
    ] {
        let (sent, _) = round(name, &json!({"name": "other"}), provider);
        assert_eq!(sent["messages"][0]["tool_calls"][0]["type"], kind, "{name} {provider}");
    }
}

#[test]
fn a_tool_in_the_protocols_own_form_is_sent_as_it_is() {
    for (native, choice) in [
        (json!({"type": "browser_search"}), json!({"type": "browser_search"})),
        (
            json!({"type": "builtin_function", "function": {"name": "$web_search"}}),
            json!({"type": "builtin_function", "function": {"name": "$web_search"}}),
        ),
        (
            json!({"type": "custom", "custom": {"name": "sh", "format": {"type": "text"}}}),
            json!({"type": "custom", "custom": {"name": "sh"}}),
        ),
    ] {
        let tool =
            json!({"name": "search", "description": "Looks it up.", "native": {"openai-completions": native, "x": {}}});
        sent_exactly(
            "custom/m",
            &json!({"tools": [tool], "tool_choice": {"mode": "tool", "name": "search"}}),
            &json!({"tools": [native], "tool_choice": choice}),
        );
    }
    let context = json!({"messages": [{"role": "assistant", "content": [call(true)]}], "tools": [
        {"name": "shell", "native": {"openai-completions": {"type": "custom", "custom": {"name": "shell"}}}}]});
    let sent = body(&encoded("custom/m", &context, &json!({})).unwrap());
    assert_eq!(sent["messages"][0]["tool_calls"][0]["type"], "custom");
}

#[test]
fn a_tool_of_another_protocol_is_left_out() {
    let foreign = json!({"name": "search", "native": {"anthropic-messages": {"type": "web_search_20250305"}}});
    sent_with_notice(
        "custom/m",
        &json!({"tools": [foreign]}),
        &json!({}),
        "tool_dropped",
        "options.tools[0]",
    );
    let options = json!({"tools": [foreign, {"name": "b"}], "tool_choice": {"mode": "tool", "name": "search"}});
    let (sent, notices) = options_sent("custom/m", &options);
    assert_eq!(sent["tools"][0]["function"]["name"], "b");
    assert!(sent.get("tool_choice").is_none());
    let expected = [
        ("tool_dropped", "options.tools[0]"),
        ("option_dropped", "options.tool_choice"),
    ];
    assert_eq!(notices, expected.map(|(code, path)| (code.to_owned(), path.to_owned())));
    // What can be described is a function to those who do not have the tool.
    let described = json!({"name": "search", "description": "Looks it up.", "native": {"anthropic-messages": {}}});
    let (sent, notices) = options_sent("custom/m", &json!({"tools": [described]}));
    assert_eq!(sent["tools"][0]["type"], "function");
    assert_eq!(notices, []);
}

#[test]
fn the_tier_is_sent_and_a_stored_answer_is_not_gone_on_from() {
    sent_exactly(
        "groq/m",
        &json!({"service_tier": "flex"}),
        &json!({"service_tier": "flex"}),
    );
    sent_exactly("openai/gpt-5", &json!({"api": "openai-completions"}), &json!({}));
    sent_with_notice(
        "openai/gpt-5",
        &json!({"previous_response_id": "resp_1"}),
        &json!({}),
        "option_dropped",
        "options.previous_response_id",
    );
}

/// Whatever an option is set to that is no default changes the request or gives a notice, with every provider.
#[test]
fn no_option_is_ignored() {
    let options = [
        ("max_tokens", json!(2000)),
        ("temperature", json!(0.5)),
        ("top_p", json!(0.5)),
        ("stop", json!(["a"])),
        ("seed", json!(1)),
        ("reasoning", json!("high")),
        ("tools", json!([{"name": "a"}])),
        ("tool_choice", json!("required")),
        ("parallel_tool_calls", json!(false)),
        ("response_format", json!("json")),
        ("cache", json!("long")),
        ("session_id", json!("s")),
        ("previous_response_id", json!("r")),
        ("service_tier", json!("flex")),
        ("metadata", json!({"user_id": "u"})),
        ("metadata", json!({"run": "7"})),
        ("extra_body", json!({"x": 1})),
    ];
    // A new option does not compile here, so that it gets a row above or a place in the second half.
    let Options {
        max_tokens: _,
        temperature: _,
        top_p: _,
        stop: _,
        seed: _,
        reasoning: _,
        tools: _,
        tool_choice: _,
        parallel_tool_calls: _,
        response_format: _,
        cache: _,
        session_id: _,
        previous_response_id: _,
        service_tier: _,
        metadata: _,
        extra_body: _,
        // These are none of the encoder's business.
        api: _,
        api_key: _,
        base_url: _,
        timeout: _,
        retries: _,
        max_event_bytes: _,
        coalesce_ms: _,
        coalesce_chars: _,
        headers: _,
        strict: _,
    } = Options::default();
    for provider in providers::all() {
        let model = Model::new("m", &provider.id);
        let plain = encoded_for(&model, &hello(), &json!({}), false).unwrap();
        for (key, value) in &options {
            let encoded = encoded_for(&model, &hello(), &json!({*key: value}), false).unwrap();
            let changed = encoded.body != plain.body || encoded.headers != plain.headers;
            assert!(changed || !encoded.notices.is_empty(), "{}: {key} {value}", provider.id);
        }
    }
}
