//! Earlier answers: what goes back, and with which signature; results of tools.

use super::*;

fn call(id: &str, signature: Option<&str>) -> Value {
    let mut call = json!({"type": "tool_call", "id": id, "name": "weather", "raw_arguments": "{\"city\": \"Oslo\"}",
                          "arguments": {"city": "Oslo"}});
    if let Some(signature) = signature {
        call["signature"] = json!(signature);
    }
    call
}

fn from(name: &str, content: &Value) -> Value {
    let (provider, model) = name.split_once('/').unwrap();
    let api = if provider == "google" {
        API
    } else {
        "openai-completions"
    };
    json!({"role": "assistant", "content": content, "api": api, "provider": provider, "model": model,
           "stop_reason": "tool_use"})
}

fn result(id: &str, content: &Value) -> Value {
    json!({"role": "tool_result", "tool_call_id": id, "tool_name": "weather", "content": content})
}

fn wire_call(id: &str) -> Value {
    json!({"id": id, "name": "weather", "args": {"city": "Oslo"}})
}

fn wire_result(id: &str, output: &str) -> Value {
    json!({"functionResponse": {"id": id, "name": "weather", "response": {"output": output}}})
}

#[test]
fn an_own_answer_goes_back_as_it_came() {
    let content = json!([
        {"type": "thinking", "thinking": "hm"},
        {"type": "thinking", "thinking": "so", "signature": "s1"},
        {"type": "text", "text": "a", "signature": "s2"},
        {"type": "text", "text": "", "signature": "s3"},
        {"type": "text", "text": ""},
        {"type": "opaque", "api": API, "kind": "executableCode",
         "data": {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "s4"}},
        {"type": "opaque", "api": API, "kind": "codeExecutionResult", "data": {"codeExecutionResult": {"outcome": "OUTCOME_OK"}}},
        {"type": "image", "data": PNG, "mime_type": "image/png", "signature": "s5"},
        {"type": "audio", "url": "https://example.com/a.wav", "signature": "s6"},
        call("1", Some("s7")),
        call("2", None),
        {"type": "opaque", "api": API, "kind": "groundingMetadata", "data": {"webSearchQueries": []}},
        {"type": "opaque", "api": API, "kind": "urlContextMetadata", "data": {}}]);
    let messages = json!([from("google/gemini-3-flash-preview", &content), result("1", &json!("Rain")),
                          result("2", &json!("Sun")), {"role": "user", "content": "Thanks"}]);
    let (sent, notices) = contents("google/gemini-3-flash-preview", &messages);
    assert_eq!(
        sent,
        json!([{"role": "model", "parts": [
            {"text": "hm", "thought": true},
            {"text": "so", "thought": true, "thoughtSignature": "s1"},
            {"text": "a", "thoughtSignature": "s2"},
            {"text": "", "thoughtSignature": "s3"},
            {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "s4"},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK"}},
            {"inlineData": {"mimeType": "image/png", "data": PNG}, "thoughtSignature": "s5"},
            {"fileData": {"fileUri": "https://example.com/a.wav"}, "thoughtSignature": "s6"},
            {"functionCall": wire_call("1"), "thoughtSignature": "s7"},
            {"functionCall": wire_call("2")}]},
            {"role": "user", "parts": [wire_result("1", "Rain"), wire_result("2", "Sun"), {"text": "Thanks"}]}])
    );
    assert_eq!(notices, []);
}

#[test]
fn another_models_calls_get_the_word_for_no_signature_where_one_is_asked_for() {
    let content = json!([{"type": "thinking", "thinking": "hm", "signature": "x"}, {"type": "text", "text": "a", "signature": "x"},
                         call("1", Some("x")), call("2", Some("x"))]);
    let messages = json!([
        from("openai/gpt-5", &content),
        result("1", &json!("Rain")),
        result("2", &json!("Sun"))
    ]);
    let skipped = "skip_thought_signature_validator";
    for (name, first) in [
        (
            "google/gemini-3-flash-preview",
            json!({"functionCall": wire_call("1"), "thoughtSignature": skipped}),
        ),
        ("google/gemini-2.5-flash", json!({"functionCall": wire_call("1")})),
    ] {
        let (sent, notices) = contents(name, &messages);
        assert_eq!(
            sent[0]["parts"],
            json!([{"text": "a"}, first, {"functionCall": wire_call("2")}]),
            "{name}"
        );
        assert_eq!(
            notices,
            [("block_dropped".to_owned(), "messages[0].content[0]".to_owned())]
        );
    }
    // A step is an answer: each has its first call.
    let steps = json!([
        from("openai/gpt-5", &json!([call("1", None)])),
        result("1", &json!("Rain")),
        from("openai/gpt-5", &json!([call("2", None)])),
        result("2", &json!("Rain"))
    ]);
    let (sent, _) = contents("google/gemini-3-flash-preview", &steps);
    for content in [0, 2] {
        assert_eq!(sent[content]["parts"][0]["thoughtSignature"], skipped);
    }
}

#[test]
fn calls_that_cannot_go_as_they_are() {
    let custom = json!({"type": "tool_call", "id": "1", "name": "grep", "raw_arguments": "a b", "custom": true});
    let bare = json!({"type": "tool_call", "id": "2", "name": "now"});
    let messages = json!([{"role": "assistant", "content": [custom, bare]}]);
    let (sent, notices) = contents("google/gemini-2.5-flash", &messages);
    assert_eq!(
        sent,
        json!([
            {"role": "model", "parts": [
                {"functionCall": {"id": "1", "name": "grep", "args": {"input": "a b"}}},
                {"functionCall": {"id": "2", "name": "now", "args": {}}}]},
            {"role": "user", "parts": [
                {"functionResponse": {"id": "1", "name": "grep", "response": {"error": "No result: the call was not run."}}},
                {"functionResponse": {"id": "2", "name": "now", "response": {"error": "No result: the call was not run."}}}]}])
    );
    let codes: Vec<&str> = notices.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["message_inserted", "message_inserted", "block_converted"]);
    let list = json!({"type": "tool_call", "id": "1", "name": "f", "raw_arguments": "[1]"});
    refused(
        "google/gemini-2.5-flash",
        &json!({"messages": [{"role": "assistant", "content": [list]}]}),
        &json!({}),
        "messages[0].content[0].raw_arguments",
    );
}

#[test]
fn failures_of_tools_have_a_key_of_their_own() {
    let mut failed = result("1", &json!("No such city"));
    failed["is_error"] = json!(true);
    let messages = json!([from("google/gemini-2.5-flash", &json!([call("1", None)])), failed]);
    let (sent, notices) = contents("google/gemini-2.5-flash", &messages);
    assert_eq!(
        sent[1]["parts"][0]["functionResponse"]["response"],
        json!({"error": "No such city"})
    );
    assert_eq!(notices, []);
}

#[test]
fn media_of_results_go_inside_or_behind() {
    let image = json!({"type": "image", "data": PNG});
    let audio = json!({"type": "audio", "data": "SUQzBAA="});
    let answer = json!([call("1", Some("s")), call("2", None)]);
    let messages = |model: &str| {
        json!([
            from(model, &answer),
            result(
                "1",
                &json!([{"type": "text", "text": "Here"}, {"type": "text", "text": "it is"}, image, audio])
            ),
            result("2", &json!([image]))
        ])
    };
    let wire_image = json!({"inlineData": {"mimeType": "image/png", "data": PNG}});
    let wire_audio = json!({"inlineData": {"mimeType": "audio/mpeg", "data": "SUQzBAA="}});

    let name = "google/gemini-3-flash-preview";
    let (sent, notices) = contents(name, &messages(name));
    let mut first = wire_result("1", "Here\nit is");
    first["functionResponse"]["parts"] = json!([wire_image]);
    let mut second = wire_result("2", "");
    second["functionResponse"]["parts"] = json!([wire_image]);
    assert_eq!(
        sent[1]["parts"],
        json!([first, second, {"text": "From the tool result 1:"}, wire_audio])
    );
    let converted = |path: &str| ("block_converted".to_owned(), path.to_owned());
    assert_eq!(notices, [converted("messages[1].content[3]")]);

    let name = "google/gemini-2.5-flash";
    let (sent, notices) = contents(name, &messages(name));
    assert_eq!(
        sent[1]["parts"],
        json!([wire_result("1", "Here\nit is"), wire_result("2", "The result is attached below."),
               {"text": "From the tool result 1:"}, wire_image, {"text": "From the tool result 1:"}, wire_audio,
               {"text": "From the tool result 2:"}, wire_image])
    );
    assert_eq!(notices.len(), 3);
}

#[test]
fn audio_that_is_known_elsewhere_goes_as_its_words() {
    let content =
        json!([{"type": "audio", "id": "audio_1", "transcript": "Hello"}, {"type": "audio", "id": "audio_2"}]);
    let (sent, notices) = contents("google/gemini-2.5-flash", &json!([from("openai/gpt-audio", &content)]));
    assert_eq!(sent, json!([{"role": "model", "parts": [{"text": "Hello"}]}]));
    let codes: Vec<&str> = notices.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["block_converted", "block_dropped"]);
}
