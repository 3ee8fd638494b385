//! Keyword by keyword: what Gemini has a word for, and what it has none for.

use serde_json::{Map, Value, json};

use super::{Narrowing, any};
use crate::error::Result;
use crate::json;

/// Keywords that bind nobody, or that say what holds anyway.
const SILENT: [&str; 17] = [
    "$schema",
    "$id",
    "$anchor",
    "$comment",
    "$defs",
    "definitions",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "discriminator",
    "contentMediaType",
    "contentEncoding",
    "externalDocs",
    "xml",
    "id",
    "strict",
];

/// The keywords of each type that go into the branch of that type.
const OF_TYPE: [(&str, &[&str]); 4] = [
    (
        "string",
        &["enum", "format", "minLength", "maxLength", "pattern", "const"],
    ),
    (
        "array",
        &[
            "items",
            "prefixItems",
            "minItems",
            "maxItems",
            "uniqueItems",
            "contains",
        ],
    ),
    (
        "object",
        &[
            "properties",
            "required",
            "minProperties",
            "maxProperties",
            "additionalProperties",
            "patternProperties",
            "propertyOrdering",
        ],
    ),
    (
        "number",
        &[
            "format",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "enum",
            "const",
        ],
    ),
];

impl Narrowing<'_> {
    /// The keywords of one schema, references and `allOf` being gone.
    pub(super) fn keywords(&mut self, mut flat: Map<String, Value>, place: &str) -> Result<Map<String, Value>> {
        let mut out = Map::new();
        let mut nullable = flat.remove("nullable") == Some(Value::Bool(true));
        self.constant(&mut flat, &mut nullable, place);
        let kinds = self.kinds(&mut flat, &mut nullable, place);
        let alternatives = self.alternatives(&mut flat, &kinds, &mut nullable, place)?;
        match (alternatives, kinds.as_slice()) {
            (Some(mut members), _) => match (members.pop(), members.is_empty()) {
                (Some(Value::Object(only)), true) => out = only,
                (last, _) => {
                    members.extend(last);
                    out.insert("anyOf".to_owned(), Value::Array(members));
                }
            },
            (None, [kind]) => {
                out.insert("type".to_owned(), json!(kind));
                self.of_type(&mut flat, kind, &mut out, place)?;
            }
            (None, []) if nullable && flat.get("type").is_none() => {
                out.insert("type".to_owned(), json!("null"));
                nullable = false;
            }
            (None, []) => {
                self.lose(place, "no type (any value)");
                out.insert("anyOf".to_owned(), any());
            }
            (None, several) => {
                let mut members = Vec::with_capacity(several.len());
                for kind in several {
                    let mut member = Map::new();
                    member.insert("type".to_owned(), json!(kind));
                    self.of_type(&mut flat.clone(), kind, &mut member, place)?;
                    members.push(Value::Object(member));
                }
                flat.retain(|key, _| !OF_TYPE.iter().any(|(_, keys)| keys.contains(&key.as_str())));
                out.insert("anyOf".to_owned(), Value::Array(members));
            }
        }
        let mut remarks = Map::new();
        for key in ["title", "description", "default", "example"] {
            remarks.extend(flat.remove(key).map(|value| (key.to_owned(), value)));
        }
        if nullable {
            remarks.insert("nullable".to_owned(), json!(true));
        }
        remark(&mut out, remarks);
        for (key, value) in &flat {
            let idle = matches!(
                (key.as_str(), value),
                ("additionalProperties", Value::Bool(_)) | ("uniqueItems", Value::Bool(false))
            ) || (key == "additionalProperties" && *value == json!({}));
            if !idle && !SILENT.contains(&key.as_str()) && !key.starts_with("x-") {
                self.lose(place, key);
            }
        }
        Ok(out)
    }

    /// `const` as an `enum` of one.
    fn constant(&mut self, flat: &mut Map<String, Value>, nullable: &mut bool, place: &str) {
        let Some(constant) = flat.remove("const") else { return };
        match constant {
            Value::Null => {
                *nullable = true;
                flat.entry("type").or_insert(json!("null"));
            }
            constant => {
                let mut more = Map::new();
                more.insert("enum".to_owned(), json!([constant]));
                self.merge(flat, more, place);
            }
        }
    }

    /// The types besides null, as they are named, else as the other keywords tell.
    fn kinds(&mut self, flat: &mut Map<String, Value>, nullable: &mut bool, place: &str) -> Vec<String> {
        let mut kinds: Vec<String> = match flat.remove("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(other) => {
                self.lose(place, &format!("type {other}"));
                Vec::new()
            }
            None => Vec::new(),
        };
        for kind in &mut kinds {
            kind.make_ascii_lowercase();
        }
        if kinds.iter().any(|kind| kind == "null") {
            *nullable = true;
            kinds.retain(|kind| kind != "null");
        }
        kinds.retain(|kind| {
            let known = ["string", "number", "integer", "boolean", "array", "object"].contains(&kind.as_str());
            if !known {
                self.lose(place, &format!("type {kind:?}"));
            }
            known
        });
        let values = flat.get_mut("enum").and_then(Value::as_array_mut);
        if let Some(values) = values {
            let all = values.len();
            values.retain(|value| !value.is_null());
            *nullable |= values.len() < all;
            if kinds.is_empty() {
                kinds = type_of_all(values).into_iter().map(str::to_owned).collect();
            }
        }
        if kinds.is_empty() && !flat.contains_key("anyOf") && !flat.contains_key("oneOf") {
            let told = OF_TYPE.iter().find(|(_, keys)| {
                keys.iter()
                    .any(|key| flat.contains_key(*key) && !matches!(*key, "enum" | "const" | "format"))
            });
            kinds.extend(told.map(|(kind, _)| (*kind).to_owned()));
        }
        kinds
    }

    /// `anyOf` and `oneOf`; what stands beside them holds for each member.
    fn alternatives(
        &mut self,
        flat: &mut Map<String, Value>,
        kinds: &[String],
        nullable: &mut bool,
        place: &str,
    ) -> Result<Option<Vec<Value>>> {
        let lists = (flat.remove("anyOf"), flat.remove("oneOf"));
        let (key, members) = match lists {
            (Some(Value::Array(any)), None) => ("anyOf", any),
            (None, Some(Value::Array(one))) => ("oneOf", one),
            (Some(Value::Array(any)), Some(_)) => {
                self.lose(place, "oneOf");
                ("anyOf", any)
            }
            (None, None) => return Ok(None),
            _ => {
                self.lose(place, "anyOf");
                return Ok(None);
            }
        };
        let mut beside = flat.clone();
        beside.retain(|key, _| OF_TYPE.iter().any(|(_, keys)| keys.contains(&key.as_str())));
        flat.retain(|key, _| !beside.contains_key(key));
        if !kinds.is_empty() {
            beside.insert("type".to_owned(), json!(kinds));
        }
        let mut narrow = Vec::with_capacity(members.len());
        for (index, member) in members.into_iter().enumerate() {
            if member == json!({"type": "null"}) || member == json!({"const": null}) {
                *nullable = true;
                continue;
            }
            let place = json::join(place, &format!("{key}[{index}]"));
            let whole = match beside.is_empty() {
                true => member,
                false => json!({"allOf": [beside, member]}),
            };
            let member = Value::Object(self.schema(&whole, &place)?);
            if !narrow.contains(&member) {
                narrow.push(member);
            }
        }
        if narrow.is_empty() && *nullable {
            narrow.push(json!({"type": "null"}));
        }
        Ok(Some(narrow))
    }
}

/// Adds remarks to a schema. Nothing may stand beside `anyOf`, so its members bear them.
fn remark(out: &mut Map<String, Value>, remarks: Map<String, Value>) {
    let Some(Value::Array(members)) = out.get_mut("anyOf") else {
        out.extend(remarks);
        return;
    };
    for member in members.iter_mut().filter_map(Value::as_object_mut) {
        for key in ["description", "nullable"] {
            if let Some(value) = remarks.get(key) {
                member.entry(key).or_insert_with(|| value.clone());
            }
        }
    }
}

/// The one type that all values have; None if they differ.
fn type_of_all(values: &[Value]) -> Option<&'static str> {
    let of = |value: &Value| match value {
        Value::String(_) => "string",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::Bool(_) => "boolean",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Null => "null",
    };
    let first = of(values.first()?);
    values.iter().all(|value| of(value) == first).then_some(first)
}
