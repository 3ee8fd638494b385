//! JSON Schemas, as far as requests need to know them.

use serde_json::Value;

use crate::json::Json;

/// The schema's title as servers take names: letters, digits, `_` and `-`, at most 64.
pub(crate) fn name(schema: &Json) -> String {
    #[derive(serde::Deserialize)]
    struct Titled {
        title: String,
    }
    let title = schema.read::<Titled>().map(|titled| titled.title).unwrap_or_default();
    let word = |letter: char| {
        if letter.is_ascii_alphanumeric() || letter == '-' {
            letter
        } else {
            '_'
        }
    };
    let name: String = title.trim().chars().take(64).map(word).collect();
    if name.is_empty() { "answer".to_owned() } else { name }
}

/// Whether every object in a schema requires all its properties and forbids others.
pub(crate) fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Object(keys) => {
            let object = keys.get("type").and_then(Value::as_str) == Some("object") || keys.contains_key("properties");
            let required: Vec<&str> = keys
                .get("required")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let properties = keys.get("properties").and_then(Value::as_object);
            let all = properties
                .into_iter()
                .flatten()
                .all(|(name, _)| required.contains(&name.as_str()));
            let closed = keys.get("additionalProperties") == Some(&Value::Bool(false));
            // Below `properties` and `$defs` stand schemas by name, everywhere else keywords.
            (!object || (all && closed))
                && keys.iter().all(|(key, value)| match (key.as_str(), value) {
                    ("properties" | "$defs" | "definitions", Value::Object(named)) => named.values().all(is_strict),
                    ("enum" | "const" | "default" | "examples", _) => true,
                    _ => is_strict(value),
                })
        }
        Value::Array(schemas) => schemas.iter().all(is_strict),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strictness_is_told_at_every_depth() {
        let strict = json!({"type": "object", "properties": {"a": {"type": "string"}, "properties": {"type": "array", "items":
            {"type": "object", "properties": {}, "additionalProperties": false}}},
            "required": ["a", "properties"], "additionalProperties": false});
        assert!(is_strict(&strict));
        let mut open = strict.clone();
        open["properties"]["properties"]["items"]["additionalProperties"] = json!(true);
        assert!(!is_strict(&open));
        let mut optional = strict.clone();
        optional["required"] = json!(["a"]);
        assert!(!is_strict(&optional));
    }

    #[test]
    fn a_title_becomes_a_name() {
        for (schema, expected) in [
            (r#"{"title":"A city, big"}"#, "A_city__big"),
            ("{}", "answer"),
            (r#"{"title":1}"#, "answer"),
        ] {
            assert_eq!(name(&Json::parse(schema).unwrap()), expected);
        }
    }
}
