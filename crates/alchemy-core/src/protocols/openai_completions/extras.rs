//! What servers send beyond the protocol's fields: kept beside the message, or read where it counts.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::Json;
use crate::protocols::decoding::keys::Keys;

#[derive(Deserialize)]
struct GroqExtra<'a> {
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

/// The usage that Groq's compound models tell in a key of its own.
pub(super) fn groq_usage<'a>(extras: &Keys<'a>) -> Option<&'a RawValue> {
    let value = extras.get("x_groq")?;
    serde_json::from_str::<GroqExtra<'a>>(value.get()).ok()?.usage
}

/// Whether keys that no answer has say that this is not one.
pub(super) fn tell_a_failure(extras: &Keys<'_>) -> bool {
    extras
        .iter()
        .any(|(key, _)| matches!(key, "message" | "detail" | "code" | "error_message"))
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
