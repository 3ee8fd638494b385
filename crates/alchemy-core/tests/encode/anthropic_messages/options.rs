//! The options besides tools, thinking and the cache.

use super::*;

#[test]
fn options_have_their_names() {
    exactly(
        "anthropic/claude-sonnet-4-0",
        &json!({"max_tokens": 5, "temperature": 0.3, "top_p": 0.9, "stop": ["a"], "service_tier": "standard_only", "metadata": {"user_id": "u"}}),
        &json!({"max_tokens": 5, "temperature": 0.3, "top_p": 0.9, "stop_sequences": ["a"], "service_tier": "standard_only",
                "metadata": {"user_id": "u"}}),
    );
    let model = model_over(API, "anthropic/claude-sonnet-4-0");
    let sent = body(&encoded_for(&model, &hello(), &json!({}), true).unwrap());
    assert_eq!(sent["stream"], json!(true));
}

#[test]
fn the_cap_is_the_callers_or_the_models_or_a_fixed_one() {
    for (name, options, cap) in [
        ("anthropic/claude-opus-4-1", json!({"max_tokens": 7}), 7),
        ("anthropic/claude-opus-4-1", json!({}), 32_000),
        ("anthropic/brand-new", json!({}), 16_384),
    ] {
        assert_eq!(
            body(&encoded(name, &hello(), &options))["max_tokens"],
            json!(cap),
            "{name}"
        );
    }
}

#[test]
fn what_the_protocol_does_not_know_is_dropped() {
    for (options, path) in [
        (json!({"seed": 1}), "options.seed"),
        (json!({"session_id": "s"}), "options.session_id"),
        (json!({"previous_response_id": "r"}), "options.previous_response_id"),
        (json!({"metadata": {"team": "a"}}), "options.metadata"),
        (json!({"response_format": "json"}), "options.response_format"),
        (json!({"stop": [" "]}), "options.stop"),
        (json!({"parallel_tool_calls": false}), "options.parallel_tool_calls"),
        (json!({"tool_choice": "auto"}), "options.tool_choice"),
    ] {
        with_notice(
            "anthropic/claude-sonnet-4-5",
            &options,
            &json!({}),
            "option_dropped",
            path,
        );
    }
    exactly(
        "anthropic/claude-sonnet-4-5",
        &json!({"response_format": "text"}),
        &json!({}),
    );
}

#[test]
fn sampling_is_what_the_model_takes() {
    let both = json!({"temperature": 0.5, "top_p": 0.9});
    with_notice(
        "anthropic/claude-sonnet-4-5",
        &both,
        &json!({"temperature": 0.5}),
        "option_dropped",
        "options.top_p",
    );
    with_notice(
        "anthropic/claude-sonnet-4-5",
        &json!({"temperature": 1.5}),
        &json!({"temperature": 1.0}),
        "option_clamped",
        "options.temperature",
    );
    for option in ["temperature", "top_p"] {
        let path = format!("options.{option}");
        with_notice(
            "anthropic/claude-opus-5",
            &json!({option: 0.5}),
            &json!({}),
            "option_dropped",
            &path,
        );
    }
    with_notice(
        "anthropic/claude-sonnet-4-5",
        &json!({"stop": ["a", "\n"]}),
        &json!({"stop_sequences": ["a"]}),
        "option_clamped",
        "options.stop",
    );
}

#[test]
fn a_schema_is_forced_where_the_model_knows_that() {
    let closed = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let sent = json!({"output_config": {"format": {"type": "json_schema", "schema": closed}}});
    exactly(
        "anthropic/claude-sonnet-4-5",
        &json!({"response_format": closed}),
        &sent,
    );
    let open = json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]});
    with_notice(
        "anthropic/claude-sonnet-4-5",
        &json!({"response_format": open}),
        &sent,
        "option_mapped",
        "options.response_format",
    );
    with_notice(
        "anthropic/claude-sonnet-4-0",
        &json!({"response_format": closed}),
        &json!({}),
        "option_dropped",
        "options.response_format",
    );
    let with_effort = json!({"response_format": closed, "reasoning": "low"});
    let config = json!({"effort": "low", "format": {"type": "json_schema", "schema": closed}});
    let sent = self::sent("anthropic/claude-opus-4-6", &with_effort).0;
    assert_eq!(sent["output_config"], config);
}

#[test]
fn extra_body_has_the_last_word() {
    let encoded = encoded(
        "anthropic/claude-sonnet-4-5",
        &hello(),
        &json!({"extra_body": {"max_tokens": 3, "container": "c"}}),
    );
    let sent = body(&encoded);
    assert_eq!((&sent["max_tokens"], &sent["container"]), (&json!(3), &json!("c")));
}

#[test]
fn values_that_no_server_takes_are_refused() {
    for (options, path) in [
        (json!({"max_tokens": 0}), "options.max_tokens"),
        (json!({"temperature": 2.1}), "options.temperature"),
        (json!({"top_p": 0}), "options.top_p"),
        (json!({"stop": [""]}), "options.stop[0]"),
        (json!({"tools": [{"name": ""}]}), "options.tools[0].name"),
    ] {
        let error = try_encoded("anthropic/claude-sonnet-4-5", &hello(), &options).unwrap_err();
        assert_eq!(error.path.as_deref(), Some(path), "{error}");
    }
}
