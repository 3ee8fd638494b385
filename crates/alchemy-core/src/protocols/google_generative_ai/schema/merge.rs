//! Several schemas that hold at once, as one.

use serde_json::{Map, Value, json};

use super::Narrowing;

impl Narrowing<'_> {
    /// Adds the keywords of `more` to those of `flat`: a value has to fit both. What says two things that are not
    /// one is lost.
    pub(super) fn merge(&mut self, flat: &mut Map<String, Value>, more: Map<String, Value>, place: &str) {
        for (key, new) in more {
            let Some(old) = flat.get_mut(&key) else {
                flat.insert(key, new);
                continue;
            };
            if *old == new {
                continue;
            }
            match (key.as_str(), &mut *old, new) {
                // Words for people: those nearest to the place count.
                ("title" | "description" | "default" | "example" | "examples" | "$comment", old, new) => *old = new,
                ("properties" | "$defs" | "definitions", Value::Object(old), Value::Object(new)) => {
                    for (name, schema) in new {
                        let both = match old.remove(&name) {
                            Some(other) if other != schema => json!({"allOf": [other, schema]}),
                            _ => schema,
                        };
                        old.insert(name, both);
                    }
                }
                ("required", Value::Array(old), Value::Array(new)) => {
                    let more: Vec<Value> = new.into_iter().filter(|name| !old.contains(name)).collect();
                    old.extend(more);
                }
                ("enum", Value::Array(old), Value::Array(new)) => old.retain(|value| new.contains(value)),
                ("items", old, new) => {
                    let both = json!({"allOf": [old.take(), new]});
                    *old = both;
                }
                ("minimum" | "minLength" | "minItems" | "minProperties", old, new) => {
                    if new.as_f64() > old.as_f64() {
                        *old = new;
                    }
                }
                ("maximum" | "maxLength" | "maxItems" | "maxProperties", old, new) => {
                    if new.as_f64() < old.as_f64() {
                        *old = new;
                    }
                }
                ("type", old, new) => match common_types(old, &new) {
                    Some(common) => *old = common,
                    None => self.lose(place, "type"),
                },
                // Names and marks of the schemas themselves, which are gone.
                (key, _, _) if key.starts_with('$') || key.starts_with("x-") => {}
                (key, _, _) => self.lose(place, key),
            }
        }
    }
}

/// The types that both name; None if there is none.
fn common_types(one: &Value, other: &Value) -> Option<Value> {
    let list = |value: &Value| match value {
        Value::Array(list) => list.clone(),
        value => vec![value.clone()],
    };
    let (one, other) = (list(one), list(other));
    let fits = |kind: &Value, among: &[Value]| {
        among.contains(kind) || (kind == "integer" && among.iter().any(|other| other == "number"))
    };
    let mut common: Vec<Value> = one.iter().filter(|kind| fits(kind, &other)).cloned().collect();
    common.extend(
        other
            .iter()
            .filter(|kind| !one.contains(kind) && fits(kind, &one))
            .cloned(),
    );
    match common.len() {
        0 => None,
        1 => common.pop(),
        _ => Some(Value::Array(common)),
    }
}
