//! Tools and the rule for their use.

use super::*;

fn options(tools: &Value, more: &Value) -> Value {
    let mut options = json!({"tools": tools, "cache": "none"});
    let (options_map, more) = (options.as_object_mut().unwrap(), more.as_object().unwrap());
    options_map.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
    options
}

#[test]
fn tools_have_their_form() {
    let open = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let closed = json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false});
    let tools = json!([{"name": "now"}, {"name": "a", "description": "Does it.", "parameters": open},
        {"name": "b", "parameters": closed, "strict": true},
        {"name": "search", "native": {"anthropic-messages": {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}}}]);
    let expected = json!([
        {"name": "now", "input_schema": {"type": "object", "properties": {}}},
        {"name": "a", "description": "Does it.", "input_schema": open},
        {"name": "b", "input_schema": closed, "strict": true},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}]);
    let (sent, notices) = sent("anthropic/claude-sonnet-4-5", &options(&tools, &json!({})));
    assert_eq!(sent, json!({ "tools": expected }));
    assert_eq!(notices, []);
}

#[test]
fn what_a_tool_cannot_be_here_is_said() {
    let tools = json!([{"name": "a", "custom": true, "description": "Runs it."},
        {"name": "b", "parameters": {"type": "object", "properties": {}}, "strict": true},
        {"name": "c", "native": {"openai-responses": {"type": "web_search"}}}]);
    let (sent, notices) = sent("anthropic/claude-sonnet-4-5", &options(&tools, &json!({})));
    assert_eq!(
        sent["tools"],
        json!([
            {"name": "a", "description": "Runs it.",
             "input_schema": {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}},
            {"name": "b", "input_schema": {"type": "object", "properties": {}, "additionalProperties": false}, "strict": true}])
    );
    let expected = [
        ("tool_dropped", "options.tools[2]"),
        ("tool_converted", "options.tools[0]"),
        ("tool_converted", "options.tools[1].parameters"),
    ];
    assert_eq!(notices, pairs(&expected));
    let strict = json!([{"name": "a", "strict": true}]);
    let (sent, notices) = self::sent("anthropic/claude-sonnet-4-0", &options(&strict, &json!({})));
    assert!(sent["tools"][0].get("strict").is_none());
    assert_eq!(notices, pairs(&[("option_dropped", "options.tools[0].strict")]));
}

#[test]
fn the_choice_of_tools_has_its_form() {
    let tools =
        json!([{"name": "a"}, {"name": "s", "native": {"anthropic-messages": {"type": "x", "name": "web_search"}}}]);
    let choice = |more: &Value| {
        let (sent, notices) = sent("anthropic/claude-sonnet-4-5", &options(&tools, more));
        assert_eq!(notices, [], "{more}");
        sent.get("tool_choice").cloned()
    };
    for (more, expected) in [
        (json!({}), None),
        (json!({"tool_choice": "auto"}), Some(json!({"type": "auto"}))),
        (
            json!({"tool_choice": "none", "parallel_tool_calls": false}),
            Some(json!({"type": "none"})),
        ),
        (json!({"tool_choice": "required"}), Some(json!({"type": "any"}))),
        (
            json!({"tool_choice": {"mode": "tool", "name": "a"}, "parallel_tool_calls": false}),
            Some(json!({"type": "tool", "name": "a", "disable_parallel_tool_use": true})),
        ),
        (
            json!({"tool_choice": {"mode": "tool", "name": "s"}}),
            Some(json!({"type": "tool", "name": "web_search"})),
        ),
        (json!({"parallel_tool_calls": true}), None),
        (
            json!({"parallel_tool_calls": false}),
            Some(json!({"type": "auto", "disable_parallel_tool_use": true})),
        ),
    ] {
        assert_eq!(choice(&more), expected, "{more}");
    }
    let (sent, notices) = sent(
        "anthropic/claude-opus-5-5",
        &options(&json!([{"name": "a"}]), &json!({"tool_choice": "required"})),
    );
    assert!(sent.get("tool_choice").is_none());
    assert_eq!(notices, pairs(&[("option_dropped", "options.tool_choice")]));
}
