//! The shape that the answer must have.

use serde::Serialize;
use serde_json::{Value, json};

use super::encode::Fields;
use super::request::Notices;
use crate::error::Result;
use crate::json::Json;
use crate::protocols::Request;
use crate::quirks::ResponseFormats;
use crate::types::ResponseFormat;

const OPTION: &str = "options.response_format";

/// Adds the format to the body.
pub(super) fn encode(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let formats = request.quirks.response_formats;
    let json_object = || json!({"type": "json_object"});
    match &request.options.response_format {
        // Free text is what every server answers unasked.
        None | Some(ResponseFormat::Text) => Ok(()),
        Some(_) if formats == ResponseFormats::None => {
            notices.option_dropped("response_format", "the server forces no format");
            Ok(())
        }
        Some(ResponseFormat::Json) if formats == ResponseFormats::SchemaOnly => {
            notices.add(
                "option_mapped",
                OPTION,
                "the server knows schemas alone; it gets that of any object",
            );
            let schema = Json::parse(r#"{"type":"object"}"#).unwrap_or_default();
            fields.set("response_format", SchemaFormat::new(&schema, None))
        }
        Some(ResponseFormat::Json) => fields.set("response_format", json_object()),
        Some(ResponseFormat::Schema(_)) if formats == ResponseFormats::JsonOnly => {
            notices.add(
                "option_mapped",
                OPTION,
                "the server forces JSON, but no schema: put the schema into the prompt",
            );
            fields.set("response_format", json_object())
        }
        Some(ResponseFormat::Schema(schema)) => {
            let strict = request.quirks.strict_schema && is_strict(&schema.read().unwrap_or_default());
            if request.quirks.strict_schema && !strict {
                let text = "the server forces a schema only if each object in it requires all its properties and \
                            has additionalProperties false; this one is a hint to it";
                notices.add("option_mapped", OPTION, text);
            }
            fields.set("response_format", SchemaFormat::new(schema, strict.then_some(true)))
        }
    }
}

#[derive(Serialize)]
struct SchemaFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    json_schema: NamedSchema<'a>,
}

#[derive(Serialize)]
struct NamedSchema<'a> {
    name: String,
    schema: &'a Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

impl<'a> SchemaFormat<'a> {
    fn new(schema: &'a Json, strict: Option<bool>) -> Self {
        SchemaFormat {
            kind: "json_schema",
            json_schema: NamedSchema {
                name: name(schema),
                schema,
                strict,
            },
        }
    }
}

/// The schema's title as servers take names: letters, digits, `_` and `-`, at most 64.
fn name(schema: &Json) -> String {
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
fn is_strict(schema: &Value) -> bool {
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
