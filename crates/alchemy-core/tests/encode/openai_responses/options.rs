//! Each option: sent, brought into what the server takes, or left out with a notice.

use super::*;

#[test]
fn options_have_their_names() {
    for (options, expected) in [
        (json!({"max_tokens": 1}), json!({"max_output_tokens": 1})),
        (
            json!({"temperature": 0.5, "top_p": 0.9}),
            json!({"temperature": 0.5, "top_p": 0.9}),
        ),
        (json!({"service_tier": "flex"}), json!({"service_tier": "flex"})),
        (json!({"session_id": "s"}), json!({"prompt_cache_key": "s"})),
        (
            json!({"cache": "short"}),
            json!({"prompt_cache_retention": "in_memory"}),
        ),
        (json!({"cache": "long"}), json!({"prompt_cache_retention": "24h"})),
        (json!({"cache": "auto"}), json!({})),
        (
            json!({"metadata": {"user_id": "u", "a": "b"}}),
            json!({"safety_identifier": "u", "metadata": {"a": "b"}}),
        ),
        (json!({"response_format": "text"}), json!({})),
        (
            json!({"response_format": "json"}),
            json!({"text": {"format": {"type": "json_object"}}}),
        ),
        (
            json!({"extra_body": {"text": {"verbosity": "low"}}}),
            json!({"text": {"verbosity": "low"}}),
        ),
    ] {
        sent_exactly("openai/gpt-4.1", &options, &expected);
    }
}

#[test]
fn what_the_protocol_lacks_is_left_out() {
    for (name, options, path) in [
        (
            "openai/gpt-4.1",
            json!({"stop": ["a", "b", "c", "d", "e"]}),
            "options.stop",
        ),
        ("openai/gpt-4.1", json!({"seed": 1}), "options.seed"),
        ("openai/gpt-4.1", json!({"cache": "none"}), "options.cache"),
        ("openai/gpt-5", json!({"stop": ["a"]}), "options.stop"),
        ("openai/gpt-5", json!({"temperature": 0.5}), "options.temperature"),
        ("openai/gpt-5", json!({"top_p": 0.5}), "options.top_p"),
        ("openai/gpt-4.1", json!({"reasoning": "low"}), "options.reasoning"),
        ("openai/gpt-5", json!({"reasoning": "off"}), "options.reasoning"),
        (
            "openai/gpt-4.1",
            json!({"parallel_tool_calls": true}),
            "options.parallel_tool_calls",
        ),
        ("custom/m", json!({"session_id": "s"}), "options.session_id"),
        ("custom/m", json!({"cache": "long"}), "options.cache"),
        ("custom/m", json!({"metadata": {"a": "b"}}), "options.metadata"),
    ] {
        sent_with_notice(name, &options, &json!({}), "option_dropped", path);
    }
}

#[test]
fn values_that_no_server_takes_are_refused() {
    for (options, path) in [
        (json!({"max_tokens": 0}), "options.max_tokens"),
        (json!({"temperature": 3}), "options.temperature"),
        (json!({"top_p": 0}), "options.top_p"),
        (json!({"stop": [""]}), "options.stop[0]"),
        (
            json!({"extra_body": {"background": true}}),
            "options.extra_body.background",
        ),
    ] {
        refused("openai/gpt-4.1", &hello(), &options, path);
    }
    sent_exactly(
        "openai/gpt-4.1",
        &json!({"extra_body": {"background": false}}),
        &json!({"background": false}),
    );
}

#[test]
fn thinking_is_an_effort_with_a_summary() {
    let effort = |effort: &str| json!({"reasoning": {"effort": effort, "summary": "auto"}});
    sent_exactly("openai/gpt-5", &json!({"reasoning": "minimal"}), &effort("minimal"));
    sent_exactly("openai/gpt-5.4", &json!({"reasoning": "xhigh"}), &effort("xhigh"));
    sent_exactly(
        "openai/gpt-5.4",
        &json!({"reasoning": "off"}),
        &json!({"reasoning": {"effort": "none"}}),
    );
    for (name, reasoning, sent) in [
        ("openai/o3", json!("minimal"), "low"),
        ("openai/gpt-5", json!("xhigh"), "high"),
        ("openai/gpt-5", json!(8192), "medium"),
    ] {
        sent_with_notice(
            name,
            &json!({"reasoning": reasoning}),
            &effort(sent),
            "option_mapped",
            "options.reasoning",
        );
    }
}

#[test]
fn a_temperature_goes_to_models_that_do_not_think() {
    let temperature = json!({"temperature": 0.5});
    sent_exactly("openai/gpt-5.4", &temperature, &temperature);
    let off = json!({"temperature": 0.5, "top_p": 0.5, "reasoning": "off"});
    let expected = json!({"temperature": 0.5, "top_p": 0.5, "reasoning": {"effort": "none"}});
    sent_exactly("openai/gpt-5.4", &off, &expected);
    let thinking = json!({"temperature": 0.5, "reasoning": "low"});
    let expected = json!({"reasoning": {"effort": "low", "summary": "auto"}});
    sent_with_notice(
        "openai/gpt-5.4",
        &thinking,
        &expected,
        "option_dropped",
        "options.temperature",
    );
}

#[test]
fn a_schema_binds_where_it_can() {
    let strict =
        json!({"title": "City", "type": "object", "properties": {}, "required": [], "additionalProperties": false});
    let format = |schema: &Value| json!({"type": "json_schema", "name": "City", "schema": schema});
    let mut bound = format(&strict);
    bound["strict"] = json!(true);
    sent_exactly(
        "openai/gpt-4.1",
        &json!({"response_format": strict}),
        &json!({"text": {"format": bound}}),
    );
    let open = json!({"title": "City", "type": "object", "properties": {"a": {}}});
    let hint = json!({"text": {"format": format(&open)}});
    sent_with_notice(
        "openai/gpt-4.1",
        &json!({"response_format": open}),
        &hint,
        "option_mapped",
        "options.response_format",
    );
    sent_exactly("custom/m", &json!({"response_format": open}), &hint);
    let json_only = json!({"text": {"format": {"type": "json_object"}}});
    sent_with_notice(
        "deepseek/m",
        &json!({"response_format": open}),
        &json_only,
        "option_mapped",
        "options.response_format",
    );
}

#[test]
fn nothing_is_kept_unless_the_caller_says_so() {
    let keys = |name: &str, options: &Value| {
        let sent = body(&encoded(name, &hello(), options).unwrap());
        let pick = |key: &str| sent.get(key).cloned().unwrap_or_default();
        (pick("store"), pick("include"), pick("previous_response_id"))
    };
    let encrypted = json!(["reasoning.encrypted_content"]);
    let none = Value::Null;
    assert_eq!(
        keys("openai/gpt-5", &json!({})),
        (json!(false), encrypted.clone(), none.clone())
    );
    assert_eq!(
        keys("openai/gpt-4.1", &json!({})),
        (json!(false), none.clone(), none.clone())
    );
    let store = |store: bool| json!({"extra_body": {"store": store}});
    assert_eq!(
        keys("openai/gpt-5", &store(true)),
        (json!(true), none.clone(), none.clone())
    );
    let goes_on = json!({"previous_response_id": "resp_1"});
    assert_eq!(keys("openai/gpt-5", &goes_on), (none.clone(), none, json!("resp_1")));
    let both = json!({"previous_response_id": "resp_1", "extra_body": {"store": false}});
    assert_eq!(keys("openai/gpt-5", &both), (json!(false), encrypted, json!("resp_1")));
}

#[test]
fn a_stored_answer_holds_the_calls_of_results_that_follow_it() {
    let messages = json!([{"role": "tool_result", "tool_call_id": "call_1", "content": "Rain"},
        {"role": "tool_result", "tool_call_id": "call_2", "tool_name": "patch", "content": "ok"},
        {"role": "user", "content": "And now?"}]);
    let context = json!({"messages": messages, "tools": [{"name": "patch", "native": {API: {"type": "apply_patch"}}}]});
    let sent = body(&encoded("openai/gpt-5", &context, &json!({"previous_response_id": "resp_1"})).unwrap());
    let expected = json!([{"type": "function_call_output", "call_id": "call_1", "output": "Rain"},
        {"type": "apply_patch_call_output", "call_id": "call_2", "status": "completed", "output": "ok"},
        {"role": "user", "content": "And now?"}]);
    assert_eq!(sent["input"], expected);
    refused("openai/gpt-5", &context, &json!({}), "messages[0].tool_call_id");
}

#[test]
fn a_stream_says_so_and_nothing_more() {
    let model = model_over(API, "custom/m");
    let sent = body(&encoded_for(&model, &hello(), &json!({}), true).unwrap());
    assert_eq!(sent["stream"], json!(true));
    assert_eq!(sent.get("stream_options"), None);
}

#[test]
fn some_servers_differ() {
    sent_exactly(
        "xai/grok-4",
        &json!({"session_id": "s"}),
        &json!({"prompt_cache_key": "s"}),
    );
    sent_exactly(
        "openrouter/m",
        &json!({"metadata": {"user_id": "u"}}),
        &json!({"user": "u"}),
    );
    let dropped = json!({"metadata": {"user_id": "u"}});
    sent_with_notice(
        "deepseek/m",
        &dropped,
        &json!({}),
        "option_dropped",
        "options.metadata.user_id",
    );
}
