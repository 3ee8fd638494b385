//! The wish to think: by budget, by effort, and what cannot stand beside it.

use super::*;

fn budget(tokens: u64) -> Value {
    json!({"thinking": {"type": "enabled", "budget_tokens": tokens}})
}

fn adaptive(effort: &str) -> Value {
    json!({"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": effort}})
}

#[test]
fn older_models_get_a_budget() {
    let name = "anthropic/claude-sonnet-4-5";
    exactly(name, &json!({"reasoning": "low"}), &budget(2048));
    exactly(name, &json!({"reasoning": "high"}), &budget(16_384));
    exactly(name, &json!({"reasoning": 3000}), &budget(3000));
    exactly(
        name,
        &json!({"reasoning": "off"}),
        &json!({"thinking": {"type": "disabled"}}),
    );
    with_notice(
        name,
        &json!({"reasoning": 10}),
        &budget(1024),
        "option_clamped",
        "options.reasoning",
    );
}

#[test]
fn a_budget_leaves_room_for_the_answer() {
    let name = "anthropic/claude-sonnet-4-5";
    for (max_tokens, tokens) in [(4096, 3072), (1500, 1024), (2048, 1024)] {
        let mut expected = budget(tokens);
        expected["max_tokens"] = json!(max_tokens);
        let options = json!({"reasoning": "high", "max_tokens": max_tokens});
        with_notice(name, &options, &expected, "option_clamped", "options.reasoning");
    }
    with_notice(
        name,
        &json!({"reasoning": "high", "max_tokens": 1024}),
        &json!({"max_tokens": 1024}),
        "option_dropped",
        "options.reasoning",
    );
}

#[test]
fn newer_models_get_an_effort_and_are_asked_to_show_their_thinking() {
    exactly(
        "anthropic/claude-opus-4-7",
        &json!({"reasoning": "xhigh"}),
        &adaptive("xhigh"),
    );
    exactly(
        "anthropic/claude-opus-4-6",
        &json!({"reasoning": "medium"}),
        &adaptive("medium"),
    );
    for (name, wish, effort) in [
        ("anthropic/claude-opus-4-6", json!("xhigh"), "high"),
        ("anthropic/claude-opus-4-7", json!("minimal"), "low"),
        ("anthropic/claude-opus-4-7", json!(3000), "low"),
        ("anthropic/claude-opus-4-7", json!(100_000), "xhigh"),
    ] {
        with_notice(
            name,
            &json!({"reasoning": wish}),
            &adaptive(effort),
            "option_mapped",
            "options.reasoning",
        );
    }
}

#[test]
fn no_thinking_is_asked_for_where_that_can_be() {
    let off = json!({"reasoning": "off"});
    for name in [
        "anthropic/claude-opus-4-7",
        "anthropic/claude-opus-5",
        "anthropic/claude-sonnet-5",
    ] {
        exactly(name, &off, &json!({"thinking": {"type": "disabled"}}));
    }
    for name in ["anthropic/claude-fable-5", "anthropic/claude-opus-5-5"] {
        with_notice(name, &off, &json!({}), "option_dropped", "options.reasoning");
    }
    exactly("anthropic/claude-3-5-haiku-20241022", &off, &json!({}));
    with_notice(
        "anthropic/claude-3-5-haiku-20241022",
        &json!({"reasoning": "low"}),
        &json!({}),
        "option_dropped",
        "options.reasoning",
    );
}

#[test]
fn sampling_does_not_stand_beside_thinking() {
    for (name, thinking) in [
        ("anthropic/claude-sonnet-4-0", budget(2048)),
        ("anthropic/claude-opus-4-6", adaptive("low")),
    ] {
        for (option, value) in [("temperature", 0.5), ("top_p", 0.5)] {
            let path = format!("options.{option}");
            let options = json!({"reasoning": "low", option: value});
            with_notice(name, &options, &thinking, "option_dropped", &path);
        }
        for (option, value) in [("temperature", 1.0), ("top_p", 0.95)] {
            let mut expected = thinking.clone();
            expected[option] = json!(value);
            exactly(name, &json!({"reasoning": "low", option: value}), &expected);
        }
    }
}

#[test]
fn a_model_that_thinks_cannot_be_forced_to_call() {
    let tools = json!([{"name": "a", "input_schema": {"type": "object", "properties": {}}}]);
    for choice in [json!("required"), json!({"mode": "tool", "name": "a"})] {
        let options = json!({"reasoning": "low", "tools": [{"name": "a"}], "tool_choice": choice, "cache": "none"});
        let mut expected = adaptive("low");
        expected["tools"] = tools.clone();
        expected["tool_choice"] = json!({"type": "auto"});
        with_notice(
            "anthropic/claude-opus-4-6",
            &options,
            &expected,
            "option_mapped",
            "options.tool_choice",
        );
    }
}

#[test]
fn thinking_between_calls_is_asked_for_by_header() {
    let tools = json!([{"name": "a"}]);
    for (name, options, beta) in [
        (
            "anthropic/claude-sonnet-4-5",
            json!({"reasoning": "low", "tools": tools}),
            Some("interleaved-thinking-2025-05-14"),
        ),
        ("anthropic/claude-sonnet-4-5", json!({"reasoning": "low"}), None),
        ("anthropic/claude-sonnet-4-5", json!({"tools": tools}), None),
        (
            "anthropic/claude-opus-4-6",
            json!({"reasoning": "low", "tools": tools}),
            None,
        ),
    ] {
        let encoded = encoded(name, &hello(), &options);
        assert_eq!(header(&encoded, "anthropic-beta"), beta, "{name} {options}");
    }
}

#[test]
fn a_turn_that_began_without_thinking_goes_on_without_a_budget() {
    let call = json!({"type": "tool_call", "id": "c", "name": "f", "raw_arguments": "{}", "arguments": {}});
    let result = json!({"role": "tool_result", "tool_call_id": "c", "content": "r"});
    let user = json!({"role": "user", "content": "a"});
    let thought = json!({"type": "thinking", "thinking": "Hm", "signature": "s"});
    let asked = |model: &str, messages: &Value| {
        let encoded = encoded(model, &json!({"messages": messages}), &json!({"reasoning": "low"}));
        (body(&encoded)["thinking"]["type"].clone(), owned_notices(&encoded))
    };
    let foreign = json!({"role": "assistant", "model": "gpt-5", "content": [thought, call]});
    let own = json!({"role": "assistant", "content": [thought, call]});
    let dropped = pairs(&[
        ("block_dropped", "messages[1].content[0]"),
        ("option_dropped", "options.reasoning"),
    ]);
    let (kind, notices) = asked("anthropic/claude-sonnet-4-5", &json!([user, foreign, result]));
    assert_eq!((kind, notices), (Value::Null, dropped));

    // The turn is all that stands after what the user says: later answers of it need no thinking.
    let bare = json!({"role": "assistant", "content": [call]});
    let turn = json!([user, own, result, bare, result]);
    assert_eq!(asked("anthropic/claude-sonnet-4-5", &turn), (json!("enabled"), vec![]));
    let (kind, _) = asked(
        "anthropic/claude-sonnet-4-5",
        &json!([user, foreign, result, user, own, result]),
    );
    assert_eq!(kind, "enabled");
    // What the user says right behind results is in their message, which goes on with the turn.
    let (kind, _) = asked("anthropic/claude-sonnet-4-5", &json!([user, foreign, result, user]));
    assert_eq!(kind, Value::Null);
    let over = json!([user, bare, result, {"role": "assistant", "content": "Done"}, user]);
    assert_eq!(asked("anthropic/claude-sonnet-4-5", &over), (json!("enabled"), vec![]));
    let (kind, _) = asked("anthropic/claude-opus-4-6", &json!([user, foreign, result]));
    assert_eq!(kind, "adaptive");
}

#[test]
fn an_answer_to_be_continued_keeps_its_thinking_only_beside_a_budget() {
    let thought = json!({"type": "thinking", "thinking": "Hm", "signature": "s"});
    let paused =
        json!({"role": "assistant", "stop_reason": "pause", "content": [thought, {"type": "text", "text": "So"}]});
    let messages = json!({"messages": [{"role": "user", "content": "a"}, paused]});
    let blocks = |model: &str, options: &Value| {
        let encoded = encoded(model, &messages, options);
        let content = body(&encoded)["messages"][1]["content"].clone();
        (content.as_array().map_or(1, Vec::len), owned_notices(&encoded))
    };
    let dropped = pairs(&[("block_dropped", "messages[1]")]);
    let plain = json!({"cache": "none"});
    assert_eq!(blocks("anthropic/claude-sonnet-4-5", &plain), (1, dropped));
    let asked = json!({"cache": "none", "reasoning": "low"});
    assert_eq!(blocks("anthropic/claude-sonnet-4-5", &asked), (2, vec![]));
    assert_eq!(blocks("anthropic/claude-opus-4-6", &plain), (2, vec![]));
}
