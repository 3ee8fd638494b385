//! Options: sampling, tools, reasoning, formats, caching and labels.

use super::*;

const FLASH: &str = "google/gemini-2.5-flash";

/// The generation config that options become, without a notice.
fn config(name: &str, options: &Value, expected: &Value) {
    sent_exactly(name, options, &json!({"generationConfig": expected}));
}

#[test]
fn options_have_their_names() {
    config(
        FLASH,
        &json!({"max_tokens": 5, "temperature": 1.5, "top_p": 0.9, "stop": ["a"], "seed": -7}),
        &json!({"maxOutputTokens": 5, "temperature": 1.5, "topP": 0.9, "stopSequences": ["a"], "seed": -7}),
    );
    sent_exactly(FLASH, &json!({"service_tier": "flex"}), &json!({"serviceTier": "flex"}));
    for unset in [
        json!({}),
        json!({"cache": "auto"}),
        json!({"response_format": "text"}),
        json!({"tools": []}),
    ] {
        sent_exactly(FLASH, &unset, &json!({}));
    }
}

#[test]
fn options_out_of_the_servers_range_are_brought_into_it() {
    sent_with_notice(
        FLASH,
        &json!({"stop": ["1", "2", "3", "4", "5", "6"]}),
        &json!({"generationConfig": {"stopSequences": ["1", "2", "3", "4", "5"]}}),
        "option_clamped",
        "options.stop",
    );
    sent_with_notice(
        FLASH,
        &json!({"seed": 4_294_967_297_i64}),
        &json!({"generationConfig": {"seed": 1}}),
        "option_mapped",
        "options.seed",
    );
}

#[test]
fn options_that_the_server_does_not_know_are_named() {
    for (options, path) in [
        (json!({"cache": "none"}), "options.cache"),
        (json!({"cache": "short"}), "options.cache"),
        (json!({"cache": "long"}), "options.cache"),
        (json!({"session_id": "s"}), "options.session_id"),
        (json!({"previous_response_id": "r"}), "options.previous_response_id"),
        (json!({"metadata": {"user_id": "u"}}), "options.metadata.user_id"),
        (json!({"metadata": {"team": "t"}}), "options.metadata"),
        (json!({"parallel_tool_calls": false}), "options.parallel_tool_calls"),
        (json!({"tool_choice": "required"}), "options.tool_choice"),
    ] {
        sent_with_notice(FLASH, &options, &json!({}), "option_dropped", path);
    }
    let options = json!({"tools": [{"name": "a"}], "parallel_tool_calls": true});
    let tools = json!({"tools": [{"functionDeclarations": [{"name": "a"}]}]});
    sent_with_notice(FLASH, &options, &tools, "option_dropped", "options.parallel_tool_calls");
}

#[test]
fn values_that_no_server_takes_are_refused() {
    for (options, path) in [
        (json!({"max_tokens": 0}), "options.max_tokens"),
        (json!({"temperature": 2.1}), "options.temperature"),
        (json!({"top_p": 0}), "options.top_p"),
        (json!({"stop": [""]}), "options.stop[0]"),
        (json!({"tools": [{"name": ""}]}), "options.tools[0].name"),
        (
            json!({"tools": [{"name": "a"}], "tool_choice": {"mode": "tool", "name": "b"}}),
            "options.tool_choice.name",
        ),
    ] {
        refused(FLASH, &hello(), &options, path);
    }
}

#[test]
fn functions_share_an_entry_and_the_servers_own_tools_have_one_each() {
    let options = json!({"tools": [
        {"name": "weather", "description": "Tells it.", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
        {"name": "search", "native": {API: {"googleSearch": {}}}},
        {"name": "now"},
        {"name": "code", "native": {API: {"codeExecution": {}}}}]});
    let expected = json!({"tools": [
        {"functionDeclarations": [
            {"name": "weather", "description": "Tells it.", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
            {"name": "now"}]},
        {"googleSearch": {}}, {"codeExecution": {}}]});
    sent_exactly(FLASH, &options, &expected);
    let options = json!({"tools": [{"name": "shell", "native": {"openai-responses": {"type": "shell"}}}]});
    sent_with_notice(FLASH, &options, &json!({}), "tool_dropped", "options.tools[0]");
}

#[test]
fn tools_of_free_text_are_functions_of_one_argument() {
    let options = json!({"tools": [{"name": "grep", "custom": true}]});
    let parameters = json!({"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]});
    let expected = json!({"tools": [{"functionDeclarations": [{"name": "grep", "parameters": parameters}]}]});
    sent_with_notice(FLASH, &options, &expected, "tool_converted", "options.tools[0]");
}

#[test]
fn the_choice_of_tools_has_its_form() {
    for (choice, form) in [
        (json!("auto"), json!({"mode": "AUTO"})),
        (json!("none"), json!({"mode": "NONE"})),
        (json!("required"), json!({"mode": "ANY"})),
        (
            json!({"mode": "tool", "name": "a"}),
            json!({"mode": "ANY", "allowedFunctionNames": ["a"]}),
        ),
    ] {
        let expected = json!({"tools": [{"functionDeclarations": [{"name": "a"}]}], "toolConfig": {"functionCallingConfig": form}});
        sent_exactly(
            FLASH,
            &json!({"tools": [{"name": "a"}], "tool_choice": choice}),
            &expected,
        );
    }
    let tools = json!([{"name": "search", "native": {API: {"googleSearch": {}}}}]);
    for choice in [
        json!("required"),
        json!("none"),
        json!({"mode": "tool", "name": "search"}),
    ] {
        sent_with_notice(
            FLASH,
            &json!({"tools": tools, "tool_choice": choice}),
            &json!({"tools": [{"googleSearch": {}}]}),
            "option_dropped",
            "options.tool_choice",
        );
    }
}

#[test]
fn strict_tools_are_validated() {
    let config = |options: Value| sent(FLASH, &options).0.get("toolConfig").cloned();
    let validated = Some(json!({"functionCallingConfig": {"mode": "VALIDATED"}}));
    let strict = json!([{"name": "a", "strict": true}, {"name": "b"}]);
    assert_eq!(config(json!({"tools": strict})), validated);
    assert_eq!(config(json!({"tools": strict, "tool_choice": "auto"})), validated);
    assert_eq!(
        config(json!({"tools": strict, "tool_choice": "required"})),
        Some(json!({"functionCallingConfig": {"mode": "ANY"}}))
    );
    assert_eq!(config(json!({"tools": [{"name": "a", "strict": false}]})), None);
}

#[test]
fn formats_have_their_type_and_schema() {
    config(
        FLASH,
        &json!({"response_format": "json"}),
        &json!({"responseMimeType": "application/json"}),
    );
    let schema = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": "string"}},
                        "additionalProperties": false});
    config(
        FLASH,
        &json!({"response_format": schema}),
        &json!({"responseMimeType": "application/json", "responseJsonSchema": schema}),
    );
    let schema = json!({"type": "object", "properties": {"a": {"type": "string", "pattern": "a+", "default": "a"}}});
    sent_with_notice(
        FLASH,
        &json!({"response_format": schema}),
        &json!({"generationConfig": {"responseMimeType": "application/json", "responseJsonSchema": schema}}),
        "schema_narrowed",
        "options.response_format",
    );
}

fn thinking(name: &str, options: &Value) -> (Value, Vec<String>) {
    let (sent, notices) = sent(name, options);
    let codes = notices
        .into_iter()
        .map(|(code, path)| format!("{code} {path}"))
        .collect();
    (sent["generationConfig"]["thinkingConfig"].clone(), codes)
}

#[test]
fn a_wish_to_think_is_a_budget_for_models_that_have_budgets() {
    let budget = |tokens: u64| json!({"thinkingBudget": tokens, "includeThoughts": true});
    let clamped = || vec!["option_clamped options.reasoning".to_owned()];
    for (name, options, expected, notices) in [
        (FLASH, json!({"reasoning": "off"}), json!({"thinkingBudget": 0}), vec![]),
        (FLASH, json!({"reasoning": "low"}), budget(2048), vec![]),
        (FLASH, json!({"reasoning": 100}), budget(100), vec![]),
        (FLASH, json!({"reasoning": "xhigh"}), budget(24576), clamped()),
        (
            FLASH,
            json!({"reasoning": "high", "max_tokens": 4096}),
            budget(3072),
            clamped(),
        ),
        (
            "google/gemini-2.5-pro",
            json!({"reasoning": "off"}),
            budget(128),
            clamped(),
        ),
        (
            "google/gemini-2.5-pro",
            json!({"reasoning": 64}),
            budget(128),
            clamped(),
        ),
        (
            "google/gemini-2.5-pro",
            json!({"reasoning": "low", "max_tokens": 100}),
            budget(128),
            clamped(),
        ),
        (
            "google/gemini-2.5-flash-lite",
            json!({"reasoning": 100}),
            budget(512),
            clamped(),
        ),
        (
            "google/gemini-2.5-flash-lite",
            json!({"reasoning": "low", "max_tokens": 100}),
            json!({"thinkingBudget": 0}),
            clamped(),
        ),
    ] {
        assert_eq!(thinking(name, &options), (expected, notices), "{name} {options}");
    }
}

#[test]
fn a_wish_to_think_is_a_level_for_models_that_have_levels() {
    let level = |word: &str| json!({"thinkingLevel": word, "includeThoughts": true});
    let mapped = || vec!["option_mapped options.reasoning".to_owned()];
    for (name, options, expected, notices) in [
        (
            "google/gemini-3-flash-preview",
            json!({"reasoning": "minimal"}),
            level("minimal"),
            vec![],
        ),
        (
            "google/gemini-3-flash-preview",
            json!({"reasoning": "medium"}),
            level("medium"),
            vec![],
        ),
        (
            "google/gemini-3-flash-preview",
            json!({"reasoning": "xhigh"}),
            level("high"),
            mapped(),
        ),
        (
            "google/gemini-3-flash-preview",
            json!({"reasoning": 2000}),
            level("low"),
            mapped(),
        ),
        (
            "google/gemini-3-flash-preview",
            json!({"reasoning": "off"}),
            level("minimal"),
            mapped(),
        ),
        (
            "google/gemini-3-pro-preview",
            json!({"reasoning": "off"}),
            level("low"),
            mapped(),
        ),
        (
            "google/gemini-3-pro-preview",
            json!({"reasoning": "medium"}),
            level("low"),
            mapped(),
        ),
    ] {
        assert_eq!(thinking(name, &options), (expected, notices), "{name} {options}");
    }
    let dropped = vec!["option_dropped options.reasoning".to_owned()];
    assert_eq!(
        thinking("google/gemini-2.0-flash", &json!({"reasoning": "high"})),
        (Value::Null, dropped)
    );
    assert_eq!(
        thinking("google/gemini-2.0-flash", &json!({"reasoning": "off"})),
        (Value::Null, vec![])
    );
}

#[test]
fn the_callers_own_keys_are_merged_into_the_configs() {
    sent_exactly(
        FLASH,
        &json!({"max_tokens": 5, "seed": 1, "extra_body": {
            "generationConfig": {"responseModalities": ["IMAGE"], "seed": null, "maxOutputTokens": 6},
            "safetySettings": [], "labels": null}}),
        &json!({"generationConfig": {"responseModalities": ["IMAGE"], "maxOutputTokens": 6}, "safetySettings": []}),
    );
    sent_exactly(
        FLASH,
        &json!({"tools": [{"name": "a"}], "tool_choice": "auto", "extra_body": {
            "toolConfig": {"includeServerSideToolInvocations": true}}}),
        &json!({"tools": [{"functionDeclarations": [{"name": "a"}]}],
                "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}, "includeServerSideToolInvocations": true}}),
    );
    sent_exactly(
        FLASH,
        &json!({"max_tokens": 5, "extra_body": {"generationConfig": null}}),
        &json!({}),
    );
}

#[test]
fn a_model_that_is_not_described_gets_the_levels_of_the_protocol() {
    let mut model = Model::new("m", "custom");
    model.api = API.to_owned();
    model.base_url = Some("http://host".to_owned());
    model.reasoning = true;
    for (asked, level, codes) in [
        ("off", "minimal", vec!["option_mapped"]),
        ("minimal", "minimal", vec![]),
        ("xhigh", "high", vec!["option_mapped"]),
    ] {
        let encoded = encoded_for(&model, &hello(), &json!({"reasoning": asked}), false).unwrap();
        let config = json!({"thinkingLevel": level, "includeThoughts": true});
        assert_eq!(body(&encoded)["generationConfig"]["thinkingConfig"], config, "{asked}");
        let told: Vec<&str> = notices(&encoded).into_iter().map(|(code, _)| code).collect();
        assert_eq!(told, codes, "{asked}");
    }
}
