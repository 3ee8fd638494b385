//! Options: sampling, tools, reasoning, formats, caching and labels.

use super::*;

#[test]
fn options_have_their_names() {
    let options = json!({"max_tokens": 5, "temperature": 0.3, "top_p": 0.9, "stop": ["a"], "seed": -7});
    sent_exactly(
        "custom/m",
        &options,
        &json!({"max_tokens": 5, "temperature": 0.3, "top_p": 0.9, "stop": ["a"], "seed": -7}),
    );
    sent_exactly(
        "openai/gpt-4o",
        &options,
        &json!({"max_completion_tokens": 5, "temperature": 0.3, "top_p": 0.9, "stop": ["a"], "seed": -7}),
    );
    sent_exactly(
        "mistral/m",
        &options,
        &json!({"max_tokens": 5, "temperature": 0.3, "top_p": 0.9, "stop": ["a"], "random_seed": -7}),
    );
}

#[test]
fn options_out_of_the_servers_range_are_clamped_or_dropped() {
    sent_with_notice(
        "mistral/m",
        &json!({"temperature": 2}),
        &json!({"temperature": 1.5}),
        "option_clamped",
        "options.temperature",
    );
    sent_with_notice(
        "minimax/MiniMax-M2",
        &json!({"temperature": 0}),
        &json!({"temperature": 0.01, "reasoning_split": true}),
        "option_clamped",
        "options.temperature",
    );
    sent_with_notice(
        "openai/gpt-5",
        &json!({"temperature": 0.5}),
        &json!({}),
        "option_dropped",
        "options.temperature",
    );
    sent_with_notice(
        "openai/gpt-5",
        &json!({"top_p": 0.5}),
        &json!({}),
        "option_dropped",
        "options.top_p",
    );
    sent_with_notice(
        "zai/glm-5",
        &json!({"stop": ["a", "b"]}),
        &json!({"stop": ["a"]}),
        "option_clamped",
        "options.stop",
    );
    sent_with_notice(
        "openai/gpt-5",
        &json!({"stop": ["a"]}),
        &json!({}),
        "option_dropped",
        "options.stop",
    );
    sent_with_notice(
        "perplexity/sonar",
        &json!({"seed": 1}),
        &json!({}),
        "option_dropped",
        "options.seed",
    );
}

#[test]
fn some_models_take_a_temperature_while_they_do_not_think() {
    let unthinking = json!({"temperature": 0.5, "top_p": 0.5});
    sent_exactly("openai/gpt-5.1", &unthinking, &unthinking);
    sent_exactly(
        "openai/gpt-5.1",
        &json!({"temperature": 0.5, "reasoning": "off"}),
        &json!({"temperature": 0.5, "reasoning_effort": "none"}),
    );
    sent_with_notice(
        "openai/gpt-5.1",
        &json!({"temperature": 0.5, "reasoning": "low"}),
        &json!({"reasoning_effort": "low"}),
        "option_dropped",
        "options.temperature",
    );
}

#[test]
fn values_that_no_server_takes_are_refused() {
    for (options, path) in [
        (json!({"max_tokens": 0}), "options.max_tokens"),
        (json!({"temperature": -0.1}), "options.temperature"),
        (json!({"temperature": 2.1}), "options.temperature"),
        (json!({"top_p": 0}), "options.top_p"),
        (json!({"top_p": 1.1}), "options.top_p"),
        (json!({"stop": ["a", ""]}), "options.stop[1]"),
        (
            json!({"tools": [{"name": "a"}, {"name": "a"}]}),
            "options.tools[1].name",
        ),
        (json!({"tools": [{"name": ""}]}), "options.tools[0].name"),
        (
            json!({"tools": [{"name": "a"}], "tool_choice": {"mode": "tool", "name": "b"}}),
            "options.tool_choice.name",
        ),
    ] {
        refused("custom/m", &hello(), &options, path);
    }
}

#[test]
fn tools_of_the_call_stand_over_those_of_the_context() {
    let mut context = hello();
    context["tools"] = json!([{"name": "a"}]);
    let sent = body(&encoded("custom/m", &context, &json!({"tools": [{"name": "b"}]})).unwrap());
    assert_eq!(sent["tools"][0]["function"]["name"], "b");
    let sent = body(&encoded("custom/m", &context, &json!({"tools": []})).unwrap());
    assert!(sent.get("tools").is_none());
}

#[test]
fn the_choice_of_tools_has_its_form() {
    let tools =
        json!([{"type": "function", "function": {"name": "a", "parameters": {"type": "object", "properties": {}}}}]);
    for (choice, form) in [
        (json!("auto"), json!("auto")),
        (json!("none"), json!("none")),
        (json!("required"), json!("required")),
        (
            json!({"mode": "tool", "name": "a"}),
            json!({"type": "function", "function": {"name": "a"}}),
        ),
    ] {
        let options = json!({"tools": [{"name": "a"}], "tool_choice": choice, "parallel_tool_calls": false});
        sent_exactly(
            "custom/m",
            &options,
            &json!({"tools": tools, "tool_choice": form, "parallel_tool_calls": false}),
        );
    }
    let forced = json!({"tools": [{"name": "a"}], "tool_choice": "required"});
    sent_with_notice(
        "ollama/m",
        &forced,
        &json!({"tools": tools}),
        "option_dropped",
        "options.tool_choice",
    );
    sent_with_notice(
        "custom/m",
        &json!({"tool_choice": "auto"}),
        &json!({}),
        "option_dropped",
        "options.tool_choice",
    );
    sent_with_notice(
        "custom/m",
        &json!({"parallel_tool_calls": true}),
        &json!({}),
        "option_dropped",
        "options.parallel_tool_calls",
    );
    sent_exactly("custom/m", &json!({"tool_choice": "none"}), &json!({}));
}

#[test]
fn thinking_is_asked_for_in_the_servers_words() {
    sent_exactly(
        "openai/gpt-5",
        &json!({"reasoning": "minimal"}),
        &json!({"reasoning_effort": "minimal"}),
    );
    sent_exactly(
        "openai/gpt-5.5",
        &json!({"reasoning": "off"}),
        &json!({"reasoning_effort": "none"}),
    );
    sent_exactly(
        "openai/gpt-5.5",
        &json!({"reasoning": "xhigh"}),
        &json!({"reasoning_effort": "xhigh"}),
    );
    sent_exactly(
        "openrouter/m",
        &json!({"reasoning": "high"}),
        &json!({"reasoning": {"effort": "high"}}),
    );
    sent_exactly(
        "openrouter/m",
        &json!({"reasoning": 2000}),
        &json!({"reasoning": {"max_tokens": 2000}}),
    );
    sent_exactly(
        "openrouter/m",
        &json!({"reasoning": "off"}),
        &json!({"reasoning": {"effort": "none"}}),
    );
    sent_exactly(
        "zai/glm-5",
        &json!({"reasoning": "medium"}),
        &json!({"thinking": {"type": "enabled", "clear_thinking": false}}),
    );
    sent_exactly(
        "zai/glm-5",
        &json!({"reasoning": "off"}),
        &json!({"thinking": {"type": "disabled"}}),
    );
    sent_exactly(
        "deepseek/deepseek-v4-pro",
        &json!({"reasoning": "high"}),
        &json!({"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
    );
    sent_exactly(
        "deepseek/deepseek-v4-pro",
        &json!({"reasoning": "off"}),
        &json!({"thinking": {"type": "disabled"}}),
    );
    sent_exactly(
        "alibaba/m",
        &json!({"reasoning": 500}),
        &json!({"enable_thinking": true, "thinking_budget": 500}),
    );
    sent_exactly(
        "alibaba/m",
        &json!({"reasoning": "off"}),
        &json!({"enable_thinking": false}),
    );
    sent_exactly(
        "vllm/m",
        &json!({"reasoning": "low"}),
        &json!({"chat_template_kwargs": {"enable_thinking": true}, "reasoning_effort": "low"}),
    );
    sent_exactly(
        "vllm/m",
        &json!({"reasoning": "off"}),
        &json!({"chat_template_kwargs": {"enable_thinking": false}}),
    );
    sent_exactly(
        "together/zai-org/GLM-5.1",
        &json!({"reasoning": "off"}),
        &json!({"reasoning": {"enabled": false}}),
    );
    let parsed = json!({"reasoning_format": "parsed", "reasoning_effort": "default"});
    sent_exactly("groq/qwen/qwen3-32b", &json!({"reasoning": "medium"}), &parsed);
}

#[test]
fn thinking_that_the_server_cannot_weigh_is_mapped() {
    let (code, path) = ("option_mapped", "options.reasoning");
    sent_with_notice(
        "openai/gpt-5",
        &json!({"reasoning": "xhigh"}),
        &json!({"reasoning_effort": "high"}),
        code,
        path,
    );
    sent_with_notice(
        "openai/o3",
        &json!({"reasoning": "minimal"}),
        &json!({"reasoning_effort": "low"}),
        code,
        path,
    );
    sent_with_notice(
        "openai/gpt-5",
        &json!({"reasoning": 3000}),
        &json!({"reasoning_effort": "low"}),
        code,
        path,
    );
    sent_with_notice(
        "deepseek/deepseek-v4-pro",
        &json!({"reasoning": "low"}),
        &json!({"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        code,
        path,
    );
    sent_with_notice(
        "zai/glm-5",
        &json!({"reasoning": "high"}),
        &json!({"thinking": {"type": "enabled", "clear_thinking": false}}),
        code,
        path,
    );
    sent_with_notice(
        "alibaba/m",
        &json!({"reasoning": "low"}),
        &json!({"enable_thinking": true, "thinking_budget": 2048}),
        code,
        path,
    );
    let (code, path) = ("option_dropped", "options.reasoning");
    sent_with_notice("openai/gpt-5", &json!({"reasoning": "off"}), &json!({}), code, path);
    sent_with_notice(
        "minimax/MiniMax-M2",
        &json!({"reasoning": "off"}),
        &json!({"reasoning_split": true}),
        code,
        path,
    );
    sent_with_notice("openai/gpt-4o", &json!({"reasoning": "high"}), &json!({}), code, path);
    sent_exactly("openai/gpt-4o", &json!({"reasoning": "off"}), &json!({}));
}

#[test]
fn a_budget_shrinks_and_max_tokens_does_not_grow() {
    let sent = json!({"max_tokens": 4096, "reasoning": {"max_tokens": 3072}});
    sent_with_notice(
        "openrouter/m",
        &json!({"reasoning": 8000, "max_tokens": 4096}),
        &sent,
        "option_clamped",
        "options.reasoning",
    );
}

#[test]
fn the_format_of_the_answer_has_its_form() {
    let closed = json!({"title": "City", "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false});
    let open = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let object = json!({"response_format": {"type": "json_object"}});
    let schema = |name: &str, schema: &Value| json!({"response_format": {"type": "json_schema", "json_schema": {"name": name, "schema": schema}}});
    let mut strict = schema("City", &closed);
    strict["response_format"]["json_schema"]["strict"] = json!(true);
    let path = "options.response_format";
    sent_exactly("custom/m", &json!({"response_format": "text"}), &json!({}));
    sent_exactly("custom/m", &json!({"response_format": "json"}), &object);
    sent_exactly("custom/m", &json!({"response_format": open}), &schema("answer", &open));
    sent_exactly("openai/gpt-4o", &json!({"response_format": closed}), &strict);
    sent_with_notice(
        "openai/gpt-4o",
        &json!({"response_format": open}),
        &schema("answer", &open),
        "option_mapped",
        path,
    );
    sent_with_notice(
        "deepseek/m",
        &json!({"response_format": open}),
        &object,
        "option_mapped",
        path,
    );
    sent_with_notice(
        "perplexity/sonar",
        &json!({"response_format": "json"}),
        &schema("answer", &json!({"type": "object"})),
        "option_mapped",
        path,
    );
    sent_with_notice(
        "minimax/MiniMax-M2",
        &json!({"response_format": "json"}),
        &json!({"reasoning_split": true}),
        "option_dropped",
        path,
    );
}

#[test]
fn caching_is_asked_for_in_the_servers_words() {
    sent_exactly(
        "openai/gpt-5",
        &json!({"cache": "long", "session_id": "s"}),
        &json!({"prompt_cache_retention": "24h", "prompt_cache_key": "s"}),
    );
    sent_exactly("openai/gpt-5", &json!({"cache": "auto"}), &json!({}));
    sent_with_notice(
        "openai/gpt-5",
        &json!({"cache": "none"}),
        &json!({}),
        "option_dropped",
        "options.cache",
    );
    sent_with_notice(
        "custom/m",
        &json!({"cache": "long"}),
        &json!({}),
        "option_dropped",
        "options.cache",
    );
    sent_exactly("openrouter/m", &json!({"session_id": "s"}), &json!({"session_id": "s"}));
    sent_with_notice(
        "custom/m",
        &json!({"session_id": "s"}),
        &json!({}),
        "option_dropped",
        "options.session_id",
    );

    let context = json!({"system_prompt": "S", "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
        {"role": "user", "content": [{"type": "text", "text": "c"}, {"type": "image", "data": PNG}]}]});
    let sent = body(
        &encoded(
            "openrouter/anthropic/claude-sonnet-4.6",
            &context,
            &json!({"cache": "long"}),
        )
        .unwrap(),
    );
    let mark = json!({"type": "ephemeral", "ttl": "1h"});
    assert_eq!(
        sent["messages"][0]["content"],
        json!([{"type": "text", "text": "S", "cache_control": mark}])
    );
    assert_eq!(sent["messages"][1]["content"], "a");
    assert_eq!(
        sent["messages"][3]["content"][0],
        json!({"type": "text", "text": "c", "cache_control": mark})
    );
}

#[test]
fn some_servers_take_the_conversations_name_in_a_header() {
    let encoded_as = |id: &str| encoded("xai/grok-4.3", &hello(), &json!({"session_id": id})).unwrap();
    assert_eq!(
        encoded_as("s 1").headers,
        [("x-grok-conv-id".to_owned(), "s 1".to_owned())]
    );
    let broken = encoded_as("a\r\nb: c");
    assert!(broken.headers.is_empty());
    assert_eq!(notices(&broken), [("option_dropped", "options.session_id")]);
}

#[test]
fn labels_go_where_the_server_keeps_them() {
    let user = json!({"metadata": {"user_id": "u"}});
    sent_exactly("custom/m", &user, &json!({"user": "u"}));
    sent_exactly("openai/gpt-5", &user, &json!({"safety_identifier": "u"}));
    sent_exactly("zai/glm-5", &user, &json!({"user_id": "u"}));
    sent_with_notice(
        "deepseek/m",
        &user,
        &json!({}),
        "option_dropped",
        "options.metadata.user_id",
    );
    let labels = json!({"metadata": {"run": "7"}});
    sent_exactly("mistral/m", &labels, &json!({"metadata": {"run": "7"}}));
    sent_with_notice("custom/m", &labels, &json!({}), "option_dropped", "options.metadata");
    sent_with_notice(
        "openai/gpt-5",
        &labels,
        &json!({}),
        "option_dropped",
        "options.metadata",
    );
    let stored = json!({"metadata": {"run": "7"}, "extra_body": {"store": true}});
    sent_exactly(
        "openai/gpt-5",
        &stored,
        &json!({"metadata": {"run": "7"}, "store": true}),
    );
}

#[test]
fn the_extra_body_has_the_last_word() {
    let options = json!({"max_tokens": 5, "seed": 1, "extra_body": {"max_tokens": 6, "seed": null, "x": {"y": null}, "model": "other"}});
    let sent = body(&encoded("custom/m", &hello(), &options).unwrap());
    assert_eq!(
        sent,
        json!({"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 6, "x": {"y": null}, "model": "other"})
    );
    sent_exactly(
        "minimax/MiniMax-M2",
        &json!({"extra_body": {"reasoning_split": false}}),
        &json!({"reasoning_split": false}),
    );
    sent_exactly(
        "minimax/MiniMax-M2",
        &json!({"extra_body": {"reasoning_split": null}}),
        &json!({}),
    );
}
