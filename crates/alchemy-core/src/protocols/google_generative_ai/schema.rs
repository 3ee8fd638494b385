//! JSON Schemas as far as Gemini takes them for the arguments of functions.
//!
//! Source: <https://ai.google.dev/api/caching#Schema> (2026-11): a part of OpenAPI's schemas, without references,
//! constants and lists of types. A schema is put into those words as far as they reach; what they cannot say is left
//! out, and one notice names it, each keyword with its place. Annotations that bind nobody go without one.

mod keywords;
mod merge;
mod types;
mod unheeded;

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::json::{self, Json};
use crate::protocols::encoding::notices::Notices;

pub(super) use unheeded::remark_unheeded;

/// The most schemas that one may become once its references are put in place.
const SIZE_LIMIT: usize = 20_000;
/// How deep schemas may lie in each other then.
const DEPTH_LIMIT: usize = 100;

/// A schema in the words that Gemini takes; a notice names what is lost.
///
/// # Errors
/// A reference that leads nowhere or out of the schema, or a schema that grows without measure.
pub(super) fn narrowed(schema: &Json, path: &str, notices: &mut Notices) -> Result<Json> {
    let root: Value = schema.read().map_err(|error| Error::shape(path, &error))?;
    let mut narrowing = Narrowing {
        root: &root,
        path,
        within: Vec::new(),
        size: 0,
        depth: 0,
        lost: Vec::new(),
    };
    let narrow = narrowing.schema(&root, "")?;
    if !narrowing.lost.is_empty() {
        let text = format!(
            "the server cannot be told all of the schema; not sent: {}",
            narrowing.lost.join(", ")
        );
        notices.add("schema_narrowed", path, text);
    }
    Json::of(&narrow).map_err(|error| Error::shape(path, &error))
}

/// A schema that is being put into Gemini's words.
struct Narrowing<'a> {
    root: &'a Value,
    /// Where the schema stands in the request.
    path: &'a str,
    /// The references that lead to the schema at hand.
    within: Vec<String>,
    size: usize,
    depth: usize,
    /// What is lost: keywords with their places.
    lost: Vec<String>,
}

impl Narrowing<'_> {
    fn schema(&mut self, schema: &Value, place: &str) -> Result<Map<String, Value>> {
        self.size += 1;
        self.depth += 1;
        if self.size > SIZE_LIMIT || self.depth > DEPTH_LIMIT {
            let reason = "the schema is too large once its references are put in place";
            return Err(Error::invalid(self.path, reason));
        }
        let outer = self.within.len();
        let mut seen = Vec::new();
        let flat = self.flatten(schema, place, &mut Vec::new(), &mut seen)?;
        self.within.append(&mut seen);
        let narrow = self.keywords(flat, place)?;
        self.within.truncate(outer);
        self.depth -= 1;
        Ok(narrow)
    }

    /// A schema with what `$ref` and `allOf` add to it. `chain` are the references followed on the way, `seen` all.
    fn flatten(
        &mut self,
        schema: &Value,
        place: &str,
        chain: &mut Vec<String>,
        seen: &mut Vec<String>,
    ) -> Result<Map<String, Value>> {
        let keys = match schema {
            Value::Object(keys) => keys,
            Value::Bool(true) => return Ok(Map::new()),
            _ => {
                self.lose(place, "false");
                return Ok(Map::new());
            }
        };
        let mut flat = Map::new();
        if let Some(reference) = keys.get("$ref").and_then(Value::as_str) {
            let target = self.target(reference, place)?;
            if self.within.iter().chain(chain.iter()).any(|other| other == reference) {
                self.lose(place, "$ref (it leads back into itself)");
                flat.extend(target.get("type").map(|kind| ("type".to_owned(), kind.clone())));
            } else {
                chain.push(reference.to_owned());
                seen.push(reference.to_owned());
                flat = self.flatten(&target, place, chain, seen)?;
                chain.pop();
            }
        }
        for (index, member) in keys
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            let inner = json::join(place, &format!("allOf[{index}]"));
            let member = self.flatten(member, &inner, chain, seen)?;
            self.merge(&mut flat, member, &inner);
        }
        let mut own = keys.clone();
        own.retain(|key, _| key != "$ref" && key != "allOf");
        self.merge(&mut flat, own, place);
        Ok(flat)
    }

    /// What a reference leads to.
    fn target(&self, reference: &str, place: &str) -> Result<Value> {
        let refuse = |reason: &str| {
            let place = json::join(self.path, &json::join(place, "$ref"));
            Err(Error::invalid(place, &format!("{reference:?} {reason}")))
        };
        let Some(pointer) = reference.strip_prefix('#') else {
            return refuse("leads out of the schema; references are not fetched");
        };
        match self.root.pointer(&percent_decoded(pointer)) {
            Some(target) => Ok(target.clone()),
            None => refuse("leads nowhere"),
        }
    }

    /// Notes that a keyword is lost.
    fn lose(&mut self, place: &str, keyword: &str) {
        let lost = json::join(place, keyword);
        if !self.lost.contains(&lost) {
            self.lost.push(lost);
        }
    }
}

/// A pointer in a fragment may have its odd characters encoded.
fn percent_decoded(pointer: &str) -> String {
    let mut bytes = Vec::with_capacity(pointer.len());
    let mut rest = pointer;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        match after.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).unwrap_or_else(|_| pointer.to_owned())
}

/// A schema for any value, as far as there is one: each type by its name.
fn any() -> Value {
    json!([{"type": "string"}, {"type": "number"}, {"type": "boolean"}, {"type": "object"},
           {"type": "array", "items": {"type": "string"}}])
}
