//! What servers send beyond the protocol's fields: kept beside the message, or read where it counts.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::wire::Extras;
use crate::assembler::Assembler;
use crate::json::Json;

#[derive(Deserialize)]
struct GroqExtra<'a> {
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

/// The usage that Groq's compound models tell in a key of its own.
pub(super) fn groq_usage<'a>(extras: &Extras<'a>) -> Option<&'a RawValue> {
    let (_, value) = extras.iter().find(|(key, _)| key == "x_groq")?;
    serde_json::from_str::<GroqExtra<'a>>(value.get()).ok()?.usage
}

/// Whether keys that no answer has say that this is not one.
pub(super) fn tell_a_failure(extras: &Extras<'_>) -> bool {
    extras
        .iter()
        .any(|(key, _)| matches!(&**key, "message" | "detail" | "code" | "error_message"))
}

/// Keeps a value beside the message; the last one of a name wins.
pub(super) fn keep(assembler: &mut Assembler, key: &str, value: &RawValue) {
    let raw = &mut assembler.facts().raw;
    if raw.get(key).is_some_and(|old| old.text() == value.get()) {
        return;
    }
    if let Ok(json) = Json::parse(value.get()) {
        raw.insert(key.to_owned(), json);
    }
}

/// Joins the `logprobs` of a stream's chunks: their lists follow one another.
pub(super) fn join_logprobs(pieces: Vec<Value>) -> Option<Json> {
    let joined = pieces.into_iter().reduce(|mut joined, piece| {
        if let (Value::Object(joined), Value::Object(piece)) = (&mut joined, piece) {
            for (key, value) in piece {
                match (joined.get_mut(&key), value) {
                    (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
                    (Some(_), Value::Null) => {}
                    (_, value) => {
                        joined.insert(key, value);
                    }
                }
            }
        }
        joined
    })?;
    Json::of(&joined).ok()
}
