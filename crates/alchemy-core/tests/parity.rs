//! The Rust types against the table in `schema/data.toml`: names, fields, defaults and values.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeSet;

use alchemy_core::json::{self, Json};
use alchemy_core::types::*;
use serde::Serialize;
use serde_json::{Map, Value, json};
use toml::Table;

fn schema() -> Table {
    include_str!("../../../schema/data.toml").parse().unwrap()
}

fn list<'a>(table: &'a Table, key: &str) -> &'a [toml::Value] {
    table
        .get(key)
        .and_then(toml::Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a toml::Value, key: &str) -> &'a str {
    value.get(key).and_then(toml::Value::as_str).unwrap_or_default()
}

fn class(name: &str) -> toml::Value {
    list(&schema(), "class")
        .iter()
        .find(|class| text(class, "name") == name)
        .expect(name)
        .clone()
}

fn fields(class: &toml::Value) -> Vec<toml::Value> {
    class["fields"].as_array().unwrap().clone()
}

/// A value of a type of the table that differs from every default.
fn sample(kind: &str) -> Value {
    // Of several types the first stands for all, but `str | object` is not any string.
    let kinds: Vec<&str> = kind.split(" | ").filter(|kind| *kind != "None").collect();
    let kind = kinds.iter().find(|kind| **kind == "object").unwrap_or(&kinds[0]);
    if let Some(inner) = kind.strip_prefix("list[") {
        return json!([sample(inner.strip_suffix(']').unwrap())]);
    }
    if let Some(inner) = kind.strip_prefix("map[") {
        return json!({"key": sample(inner.trim_end_matches(']'))});
    }
    match *kind {
        "str" => json!("word"),
        "int" => json!(7),
        "float" => json!(0.5),
        "bool" => json!(true),
        "bytes" => json!("AAEC"),
        "json" | "object" => json!({"key": [1, null]}),
        _ => {
            let schema = schema();
            let find = |key: &str| {
                list(&schema, key)
                    .iter()
                    .find(|entry| text(entry, "name") == *kind)
                    .cloned()
            };
            if let Some(literal) = find("literal") {
                json!(text(literal["values"].as_array().unwrap().last().unwrap(), "value"))
            } else if let Some(union) = find("union") {
                instance(union["members"][0].as_str().unwrap())
            } else {
                instance(kind)
            }
        }
    }
}

/// An object of a class with every field set, in the JSON form.
fn instance(name: &str) -> Value {
    let class = class(name);
    let mut object = Map::new();
    if let Some(tag) = class.get("tag").and_then(toml::Value::as_array) {
        object.insert(tag[0].as_str().unwrap().to_owned(), json!(tag[1].as_str().unwrap()));
    }
    for field in fields(&class) {
        object.insert(text(&field, "name").to_owned(), sample(text(&field, "type")));
    }
    if name == "ToolChoice" {
        // A tool's name goes with the mode `tool`, which is the sample of the literal.
        assert_eq!(object["mode"], "tool");
    }
    Value::Object(object)
}

/// Reads each class of the table, whole and with its required fields alone, and writes it again.
fn check<T: serde::de::DeserializeOwned + Serialize>(name: &str) {
    let round = |value: &Value| -> Value {
        let read: T = json::read(&value.to_string()).unwrap_or_else(|error| panic!("{name}: {error:?}: {value}"));
        serde_json::to_value(&read).unwrap()
    };
    let whole = instance(name);
    assert_eq!(round(&whole), whole, "{name}");

    let class = class(name);
    let mut smallest = whole.as_object().unwrap().clone();
    for field in fields(&class).iter().filter(|field| field.get("default").is_some()) {
        let key = text(field, "name");
        smallest.remove(key);
        // A field that is given its default is left out again.
        let mut with_default = whole.as_object().unwrap().clone();
        with_default.insert(key.to_owned(), serde_json::from_str(text(field, "default")).unwrap());
        if !["ToolChoice", "Timeout", "Retries", "Limits"].contains(&name) {
            let written = round(&Value::Object(with_default.clone()));
            assert!(written.get(key).is_none(), "{name}.{key} is written at its default");
        }
    }
    assert_eq!(
        round(&Value::Object(smallest.clone())).get("type"),
        smallest.get("type"),
        "{name}"
    );
    for field in fields(&class).iter().filter(|field| field.get("default").is_none()) {
        let mut cut = whole.as_object().unwrap().clone();
        cut.remove(text(field, "name"));
        // `null` is a JSON value: a required `json` field may be left out for it.
        if text(field, "type") != "json" {
            assert!(
                json::read::<T>(&Value::Object(cut).to_string()).is_err(),
                "{name}: {}",
                text(field, "name")
            );
        }
    }
    let mut strange = whole.as_object().unwrap().clone();
    strange.insert("strange".to_owned(), json!(1));
    let error = json::read::<T>(&Value::Object(strange).to_string())
        .err()
        .expect("an unknown key is refused");
    assert_eq!(error.path, "strange", "{name}");
}

#[test]
fn every_class_has_the_fields_of_the_table() {
    for name in ["Text", "Thinking", "Image", "Audio", "Document", "ToolCall", "Opaque"] {
        check::<ContentBlock>(name);
    }
    for name in ["UserMessage", "AssistantMessage", "ToolResultMessage"] {
        check::<Message>(name);
    }
    check::<Context>("Context");
    check::<Tool>("Tool");
    check::<ToolChoice>("ToolChoice");
    check::<Usage>("Usage");
    check::<Cost>("Cost");
    check::<ModelCost>("ModelCost");
    check::<Model>("Model");
    check::<Options>("Options");
    check::<Notice>("Notice");
    check::<Response>("Response");
    check::<Attempt>("Attempt");
    check::<Retries>("Retries");
    check::<Limits>("Limits");
}

#[test]
fn settings_have_the_defaults_of_the_table() {
    let settings = [
        ("Timeout", serde_json::to_value(Timeout::default())),
        ("Retries", serde_json::to_value(Retries::default())),
        ("Limits", serde_json::to_value(Limits::default())),
    ];
    for (name, defaults) in settings {
        let defaults = defaults.unwrap();
        for field in fields(&class(name)) {
            let default: Value = serde_json::from_str(text(&field, "default")).unwrap();
            assert_eq!(defaults[text(&field, "name")], default, "{name}");
        }
        assert_eq!(
            defaults.as_object().unwrap().len(),
            fields(&class(name)).len(),
            "{name}"
        );
    }
}

/// One event of each kind.
fn events() -> Vec<Event> {
    let message = || AssistantMessage {
        content: vec![Text::default().into()],
        ..AssistantMessage::default()
    };
    let notices = vec![Notice::new("a", "b", "c")];
    let word = || "word".to_owned();
    vec![
        Start {
            api: word(),
            provider: word(),
            model: word(),
            response_id: Some(word()),
            notices,
        }
        .into(),
        TextStart { content_index: 1 }.into(),
        TextDelta {
            content_index: 1,
            delta: word(),
        }
        .into(),
        TextEnd {
            content_index: 1,
            block: Text::default(),
        }
        .into(),
        ThinkingStart { content_index: 1 }.into(),
        ThinkingDelta {
            content_index: 1,
            delta: word(),
        }
        .into(),
        ThinkingEnd {
            content_index: 1,
            block: Thinking::default(),
        }
        .into(),
        ToolCallStart {
            content_index: 1,
            id: word(),
            name: word(),
        }
        .into(),
        ToolCallDelta {
            content_index: 1,
            delta: word(),
        }
        .into(),
        ToolCallEnd {
            content_index: 1,
            tool_call: ToolCall::default(),
        }
        .into(),
        Block {
            content_index: 1,
            block: Image::default().into(),
        }
        .into(),
        Done {
            message: message().into(),
        }
        .into(),
        ErrorEvent {
            kind: word(),
            message: message().into(),
        }
        .into(),
    ]
}

#[test]
fn every_event_has_the_fields_of_the_table() {
    let schema = schema();
    let union = list(&schema, "union")
        .iter()
        .find(|union| text(union, "name") == "Event")
        .unwrap();
    let members: Vec<&str> = union["members"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(toml::Value::as_str)
        .collect();
    let events = events();
    assert_eq!(events.len(), members.len());
    for (event, name) in events.iter().zip(members) {
        let class = class(name);
        let written = serde_json::to_value(event).unwrap();
        assert_eq!(written["type"], class["tag"][1].as_str().unwrap(), "{name}");
        assert_eq!(written["type"], event.tag(), "{name}");
        let mut keys: BTreeSet<String> = written.as_object().unwrap().keys().cloned().collect();
        keys.remove("type");
        let expected: BTreeSet<String> = fields(&class)
            .iter()
            .map(|field| text(field, "name").to_owned())
            .collect();
        assert_eq!(keys, expected, "{name}");
    }
}

#[test]
fn unions_have_the_members_of_the_table() {
    let schema = schema();
    let tags = |name: &str| -> BTreeSet<String> {
        let union = list(&schema, "union")
            .iter()
            .find(|union| text(union, "name") == name)
            .unwrap();
        let members = union["members"].as_array().unwrap().iter();
        members
            .map(|member| class(member.as_str().unwrap())["tag"][1].as_str().unwrap().to_owned())
            .collect()
    };
    let set = |tags: &[&str]| -> BTreeSet<String> { tags.iter().map(|tag| (*tag).to_owned()).collect() };
    assert_eq!(set(ContentBlock::TAGS), tags("ContentBlock"));
    assert_eq!(set(ContentBlock::TAGS), tags("AssistantContent"));
    assert_eq!(set(Message::TAGS), tags("Message"));
    assert_eq!(set(Event::TAGS), tags("Event"));
    for (union, message) in [
        ("UserContent", "UserMessage"),
        ("ToolResultContent", "ToolResultMessage"),
    ] {
        let allowed = tags(union);
        for name in ["Text", "Thinking", "Image", "Audio", "Document", "ToolCall", "Opaque"] {
            let block = instance(name);
            let mut value = instance(message);
            value["content"] = json!([block]);
            let taken = json::read::<Message>(&value.to_string()).is_ok();
            assert_eq!(
                taken,
                allowed.contains(block["type"].as_str().unwrap()),
                "{message}: {name}"
            );
        }
    }
}

#[test]
fn literals_have_the_values_of_the_table() {
    fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Vec<String> {
        all.iter().map(|one| word(*one).to_owned()).collect()
    }
    let rust = [
        ("Api", words(Api::ALL, Api::as_str)),
        ("StopReason", words(StopReason::ALL, StopReason::as_str)),
        ("ToolCallState", words(ToolCallState::ALL, ToolCallState::as_str)),
        ("ToolChoiceMode", words(ToolChoiceMode::ALL, ToolChoiceMode::as_str)),
        ("ReasoningLevel", words(ReasoningLevel::ALL, ReasoningLevel::as_str)),
        ("CacheRetention", words(CacheRetention::ALL, CacheRetention::as_str)),
        ("Modality", words(Modality::ALL, Modality::as_str)),
    ];
    let schema = schema();
    let literals = list(&schema, "literal");
    assert_eq!(literals.len(), rust.len());
    for literal in literals {
        let values: Vec<String> = literal["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(|value| text(value, "value").to_owned())
            .collect();
        let name = text(literal, "name");
        let (_, words) = rust.iter().find(|(rust, _)| *rust == name).expect(name);
        assert_eq!(*words, values, "{name}");
    }
}

#[test]
fn a_path_names_what_is_wrong() {
    let text =
        r#"{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"text","text":3}]}]}"#;
    let error = json::read::<Context>(text).unwrap_err();
    assert_eq!(error.path, "messages[1].content[0].text");
    let error = json::read::<Context>(r#"{"messages":[{"role":"robot"}]}"#).unwrap_err();
    assert_eq!(error.path, "messages[0].role");
    let error = json::read::<Context>(r#"{"messages":[{"role":"user"}]}"#).unwrap_err();
    assert_eq!(
        (error.path.as_str(), error.message.as_str()),
        ("messages[0].content", "missing")
    );
}

#[test]
fn verbatim_json_survives_the_unions() {
    let text = r#"{"type":"tool_call","id":"1","name":"f","arguments":{"b":123456789012345678901234567890,"a":1.10}}"#;
    let block: ContentBlock = json::read(text).unwrap();
    let ContentBlock::ToolCall(call) = &block else {
        panic!("{block:?}")
    };
    assert_eq!(
        call.arguments.as_ref().map(Json::text),
        Some(r#"{"b":123456789012345678901234567890,"a":1.10}"#)
    );
    assert_eq!(serde_json::to_string(&block).unwrap(), text);
}
