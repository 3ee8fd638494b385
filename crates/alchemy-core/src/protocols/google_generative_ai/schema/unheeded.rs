//! What of a schema for the whole answer the server takes, but does not heed.
//!
//! Source: `response_json_schema` in `google/ai/generativelanguage/v1beta/generative_service.proto` (2026-11), which
//! lists what is heeded.

use serde_json::Value;

use crate::json::{self, Json};
use crate::protocols::encoding::notices::Notices;

const HEEDED: [&str; 21] = [
    "$id",
    "$defs",
    "$ref",
    "$anchor",
    "type",
    "format",
    "title",
    "description",
    "enum",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "anyOf",
    "oneOf",
    "properties",
    "additionalProperties",
    "required",
    "propertyOrdering",
];

/// Annotations, which nothing needs to heed.
const ANNOTATIONS: [&str; 8] = [
    "$schema",
    "$comment",
    "default",
    "example",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
];

/// Says which keywords of a schema the server does not heed; it is sent as it is.
pub(in super::super) fn remark_unheeded(schema: &Json, path: &str, notices: &mut Notices) {
    let mut unheeded = Vec::new();
    walk(&schema.read().unwrap_or_default(), "", &mut unheeded);
    if !unheeded.is_empty() {
        let text = format!("the server does not heed all of the schema: {}", unheeded.join(", "));
        notices.add("schema_narrowed", path, text);
    }
}

fn walk(schema: &Value, place: &str, unheeded: &mut Vec<String>) {
    let Value::Object(keys) = schema else { return };
    for (key, value) in keys {
        let place = json::join(place, key);
        match (key.as_str(), value) {
            ("properties" | "$defs", Value::Object(named)) => {
                for (name, schema) in named {
                    walk(schema, &json::join(&place, name), unheeded);
                }
            }
            ("anyOf" | "oneOf" | "prefixItems", Value::Array(members)) => {
                for (index, member) in members.iter().enumerate() {
                    walk(member, &format!("{place}[{index}]"), unheeded);
                }
            }
            ("items" | "additionalProperties", schema) => walk(schema, &place, unheeded),
            (key, _) if HEEDED.contains(&key) || ANNOTATIONS.contains(&key) || key.starts_with("x-") => {}
            _ => unheeded.push(place),
        }
    }
}
