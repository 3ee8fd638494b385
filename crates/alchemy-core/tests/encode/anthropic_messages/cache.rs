//! The marks for the cache.

use super::*;

fn mark() -> Value {
    json!({"type": "ephemeral"})
}

fn text(words: &str, mark: &Value) -> Value {
    json!([{"type": "text", "text": words, "cache_control": mark}])
}

fn marks(context: &Value, options: &Value) -> usize {
    let encoded = encoded("anthropic/claude-sonnet-4-5", context, options);
    String::from_utf8(encoded.body)
        .unwrap()
        .matches("cache_control")
        .count()
}

fn context() -> Value {
    json!({"system_prompt": "Be brief.", "tools": [{"name": "a"}, {"name": "b"}], "messages": [
        {"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}, {"role": "user", "content": "Three"}]})
}

#[test]
fn three_prefixes_are_marked() {
    let sent = body(&encoded("anthropic/claude-sonnet-4-5", &context(), &json!({})));
    assert_eq!(sent["tools"][1]["cache_control"], mark());
    assert!(sent["tools"][0].get("cache_control").is_none());
    assert_eq!(sent["system"], text("Be brief.", &mark()));
    assert_eq!(sent["messages"][2]["content"], text("Three", &mark()));
    assert_eq!(sent["messages"][0]["content"], "One");
}

#[test]
fn a_single_question_is_marked_only_if_asked() {
    let question = json!({"system_prompt": "Be brief.", "messages": [{"role": "user", "content": "One"}]});
    for (cache, count) in [("auto", 0), ("none", 0), ("short", 2), ("long", 2)] {
        assert_eq!(marks(&question, &json!({"cache": cache})), count, "{cache}");
    }
    assert_eq!(marks(&question, &json!({})), 0);
    assert_eq!(marks(&question, &json!({"tools": [{"name": "a"}]})), 3);
    assert_eq!(marks(&context(), &json!({"cache": "none"})), 0);
}

#[test]
fn a_long_time_is_an_hour() {
    let sent = body(&encoded(
        "anthropic/claude-sonnet-4-5",
        &context(),
        &json!({"cache": "long"}),
    ));
    assert_eq!(
        sent["system"],
        text("Be brief.", &json!({"type": "ephemeral", "ttl": "1h"}))
    );
}

#[test]
fn marks_go_on_what_can_carry_them() {
    let given = json!({"messages": [{"role": "assistant", "content": [
            {"type": "tool_call", "id": "a", "name": "t", "raw_arguments": "{}"}]},
        {"role": "tool_result", "tool_call_id": "a", "content": "x"},
        {"role": "user", "content": [{"type": "opaque", "api": API, "kind": "x", "data": {"type": "x"}}]}],
        "tools": [{"name": "a"}, {"name": "b", "native": {"anthropic-messages": {"type": "custom", "name": "b", "defer_loading": true}}}]});
    let sent = body(&encoded("anthropic/claude-sonnet-4-5", &given, &json!({})));
    assert_eq!(sent["messages"][1]["content"][0]["cache_control"], mark());
    assert_eq!(sent["messages"][1]["content"][1], json!({"type": "x"}));
    assert_eq!(sent["tools"][0]["cache_control"], mark());
    assert!(sent["tools"][1].get("cache_control").is_none());
}

#[test]
fn there_are_never_more_than_four() {
    let mut given = context();
    let marked = json!({"type": "opaque", "api": API, "kind": "text", "data": {"type": "text", "text": "x", "cache_control": mark()}});
    given["messages"][0]["content"] = json!([marked, marked, marked]);
    assert_eq!(marks(&given, &json!({})), 4);
    let sent = body(&encoded("anthropic/claude-sonnet-4-5", &given, &json!({})));
    assert_eq!(sent["messages"][2]["content"], text("Three", &mark()));
    assert_eq!(sent["system"], "Be brief.");
}
