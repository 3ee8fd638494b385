//! The shape that the answer must have.
//!
//! Source: <https://platform.claude.com/docs/en/build-with-claude/structured-outputs> (2026-11).

use serde_json::Value;

use crate::json::Json;
use crate::protocols::Request;
use crate::protocols::encoding::notices::Notices;
use crate::quirks::ResponseFormats;
use crate::types::ResponseFormat;

const OPTION: &str = "response_format";

/// The schema that is sent; None if there is none.
pub(super) fn schema(request: &Request<'_>, notices: &mut Notices) -> Option<Json> {
    let schema = match request.options.response_format.as_ref()? {
        // Free text is what every server answers unasked.
        ResponseFormat::Text => return None,
        ResponseFormat::Json => {
            notices.option_dropped(OPTION, "the protocol forces a schema and no other JSON; give a schema");
            return None;
        }
        ResponseFormat::Schema(schema) => schema,
    };
    if matches!(
        request.quirks.response_formats,
        ResponseFormats::None | ResponseFormats::JsonOnly
    ) {
        notices.option_dropped(OPTION, "the server forces no schema for this model");
        return None;
    }
    let closed = closed(schema);
    if closed.is_some() {
        let text = "the server forces closed objects alone; additionalProperties false is added where it lacks";
        notices.option_mapped(OPTION, text);
    }
    Some(closed.unwrap_or_else(|| schema.clone()))
}

/// A schema in which each object says that it has no further properties; None if each says something of them.
pub(super) fn closed(schema: &Json) -> Option<Json> {
    let mut value: Value = schema.read().ok()?;
    close(&mut value).then(|| Json::of(&value).ok()).flatten()
}

/// Closes the objects of a schema, and tells whether one was open.
fn close(schema: &mut Value) -> bool {
    match schema {
        Value::Object(keys) => {
            let mut changed = false;
            let object = keys.get("type").and_then(Value::as_str) == Some("object") || keys.contains_key("properties");
            if object && !keys.contains_key("additionalProperties") {
                keys.insert("additionalProperties".to_owned(), Value::Bool(false));
                changed = true;
            }
            for (key, value) in keys.iter_mut() {
                changed |= match (key.as_str(), value) {
                    // Below these stand schemas by name, everywhere else keywords.
                    ("properties" | "$defs" | "definitions", Value::Object(named)) => close_each(named.values_mut()),
                    ("enum" | "const" | "default" | "examples", _) => false,
                    (_, value) => close(value),
                };
            }
            changed
        }
        Value::Array(schemas) => close_each(schemas.iter_mut()),
        _ => false,
    }
}

fn close_each<'a>(schemas: impl Iterator<Item = &'a mut Value>) -> bool {
    let mut changed = false;
    for schema in schemas {
        changed |= close(schema);
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed_text(text: &str) -> Option<String> {
        closed(&Json::parse(text).unwrap()).map(|json| json.text().to_owned())
    }

    #[test]
    fn open_objects_are_closed_at_every_depth() {
        assert_eq!(
            closed_text(
                r#"{"type":"object","properties":{"type":{"enum":[{"type":"object"}]},"b":{"anyOf":[{"type":"object"}]}}}"#
            )
            .unwrap(),
            r#"{"type":"object","properties":{"type":{"enum":[{"type":"object"}]},"b":{"anyOf":[{"type":"object","additionalProperties":false}]}},"additionalProperties":false}"#
        );
    }

    #[test]
    fn a_schema_that_says_it_all_stays() {
        for text in [
            r#"{"type":"object","additionalProperties":false}"#,
            r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
            r#"{"type":"array","items":{"type":"string"}}"#,
        ] {
            assert_eq!(closed_text(text), None);
        }
    }
}
