//! The keywords that each type has.

use serde_json::{Map, Value, json};

use super::{Narrowing, any};
use crate::error::Result;
use crate::json;

/// Formats by type, of which others are refused.
const FORMATS: [(&str, &[&str]); 3] = [
    ("string", &["enum", "date-time"]),
    ("integer", &["int32", "int64"]),
    ("number", &["float", "double"]),
];

impl Narrowing<'_> {
    /// The keywords that one type has, out of `flat`.
    pub(super) fn of_type(
        &mut self,
        flat: &mut Map<String, Value>,
        kind: &str,
        out: &mut Map<String, Value>,
        place: &str,
    ) -> Result<()> {
        match kind {
            "object" => self.object(flat, out, place)?,
            "array" => self.array(flat, out, place)?,
            "number" | "integer" => self.number(flat, kind, place),
            _ => {}
        }
        let plain: &[&str] = match kind {
            "string" => &["minLength", "maxLength", "pattern"],
            "array" => &["minItems", "maxItems"],
            "object" => &["minProperties", "maxProperties", "propertyOrdering"],
            "number" | "integer" => &["minimum", "maximum"],
            _ => &[],
        };
        for key in plain {
            if let Some(value) = flat.remove(*key) {
                out.insert((*key).to_owned(), value);
            }
        }
        if let Some(format) = flat.remove("format") {
            let known = FORMATS.iter().find(|(of, _)| *of == kind);
            match format.as_str() {
                Some(format) if known.is_some_and(|(_, formats)| formats.contains(&format)) => {
                    out.insert("format".to_owned(), json!(format));
                }
                _ => self.lose(place, &format!("format {format}")),
            }
        }
        match flat.remove("enum") {
            // The words of an enum are strings.
            Some(Value::Array(values))
                if kind == "string" && !values.is_empty() && values.iter().all(Value::is_string) =>
            {
                out.insert("enum".to_owned(), Value::Array(values));
            }
            Some(values) => self.lose(place, &format!("enum {values}")),
            None => {}
        }
        Ok(())
    }

    fn object(&mut self, flat: &mut Map<String, Value>, out: &mut Map<String, Value>, place: &str) -> Result<()> {
        let mut properties = Map::new();
        if let Some(Value::Object(given)) = flat.remove("properties") {
            for (name, schema) in given {
                let place = json::join(place, &format!("properties.{name}"));
                let schema = self.schema(&schema, &place)?;
                properties.insert(name, Value::Object(schema));
            }
        }
        if let Some(Value::Array(required)) = flat.remove("required") {
            let is_there = |name: &Value| name.as_str().is_some_and(|name| properties.contains_key(name));
            let (named, unknown): (Vec<Value>, Vec<Value>) = required.into_iter().partition(is_there);
            for name in unknown {
                self.lose(place, &format!("required {name}"));
            }
            if !named.is_empty() {
                out.insert("required".to_owned(), Value::Array(named));
            }
        }
        out.insert("properties".to_owned(), Value::Object(properties));
        Ok(())
    }

    fn array(&mut self, flat: &mut Map<String, Value>, out: &mut Map<String, Value>, place: &str) -> Result<()> {
        let (items, tuple) = match (flat.remove("items"), flat.remove("prefixItems")) {
            (items, Some(Value::Array(mut first))) => {
                first.extend(items.filter(Value::is_object));
                (None, Some(first))
            }
            (Some(Value::Array(first)), _) => (None, Some(first)),
            (items, _) => (items.filter(Value::is_object), None),
        };
        let items = match (items, tuple) {
            (Some(items), _) => items,
            (None, Some(tuple)) if !tuple.is_empty() => {
                self.lose(place, "prefixItems (which item is which)");
                json!({"anyOf": tuple})
            }
            // A list without items is refused, and any item is any value.
            (None, _) => {
                self.lose(place, "items (any value)");
                json!({"anyOf": any()})
            }
        };
        let items = self.schema(&items, &json::join(place, "items"))?;
        out.insert("items".to_owned(), Value::Object(items));
        Ok(())
    }

    /// Bounds that are outside of the range become bounds inside of it, which exist for whole numbers alone.
    fn number(&mut self, flat: &mut Map<String, Value>, kind: &str, place: &str) {
        for (exclusive, inclusive, step) in [("exclusiveMinimum", "minimum", 1), ("exclusiveMaximum", "maximum", -1)] {
            let Some(bound) = flat.remove(exclusive) else { continue };
            match bound.as_i64().and_then(|bound| bound.checked_add(step)) {
                Some(bound) if kind == "integer" => {
                    let mut more = Map::new();
                    more.insert(inclusive.to_owned(), json!(bound));
                    self.merge(flat, more, place);
                }
                _ => self.lose(place, &format!("{exclusive} {bound}")),
            }
        }
    }
}
