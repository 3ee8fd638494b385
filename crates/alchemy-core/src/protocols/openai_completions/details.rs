//! OpenRouter's `reasoning_details`: what a model needs to take its thinking back.
//!
//! Source: <https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning-blocks> (2026-11): the list
//! goes back as it came, its streamed pieces joined.

use serde_json::{Map, Value};

use crate::protocols::decoding::surrogates;

/// The pieces of one thinking block, joined as they come.
#[derive(Default)]
pub(super) struct Details {
    list: Vec<Map<String, Value>>,
}

impl Details {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes a chunk's list; returns the readable text in it.
    pub(super) fn take(&mut self, json: &str) -> String {
        let pieces: Vec<Map<String, Value>> = surrogates::read(json).unwrap_or_default();
        let mut text = String::new();
        for piece in pieces {
            text.extend(["text", "summary"].iter().find_map(|key| piece.get(*key)?.as_str()));
            match self.list.last_mut().filter(|last| continues(last, &piece)) {
                Some(last) => join(last, piece),
                None => self.list.push(piece),
            }
        }
        text
    }

    /// The joined list as JSON text, and whether all of it is encrypted; empties the list.
    pub(super) fn seal(&mut self) -> Option<(String, bool)> {
        let list = std::mem::take(&mut self.list);
        let encrypted = list
            .iter()
            .all(|piece| piece.get("type").and_then(Value::as_str) == Some("reasoning.encrypted"));
        let text = serde_json::to_string(&list).ok()?;
        (!list.is_empty()).then_some((text, encrypted))
    }
}

/// Whether a piece goes on with the one before: the same type and index, and no other id.
fn continues(last: &Map<String, Value>, piece: &Map<String, Value>) -> bool {
    let same = |key: &str| last.get(key) == piece.get(key);
    let id = piece.get("id").filter(|id| !id.is_null());
    let whole = piece.get("type").and_then(Value::as_str) == Some("reasoning.encrypted");
    same("type") && same("index") && !whole && (id.is_none() || last.get("id") == id)
}

fn join(last: &mut Map<String, Value>, piece: Map<String, Value>) {
    for (key, value) in piece {
        match (last.get_mut(&key), value) {
            (_, Value::Null) => {}
            (Some(Value::String(old)), Value::String(new)) if key == "text" || key == "summary" => old.push_str(&new),
            (_, value) => {
                last.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_one_block_are_joined() {
        let mut details = Details::default();
        assert_eq!(details.take(r#"[{"type":"reasoning.text","text":"a","index":0}]"#), "a");
        assert_eq!(
            details.take(r#"[{"type":"reasoning.text","text":"b","signature":"s","index":0}]"#),
            "b"
        );
        details.take(r#"[{"type":"reasoning.encrypted","data":"x","index":1}]"#);
        let (text, encrypted) = details.seal().unwrap();
        let expected = r#"[{"type":"reasoning.text","text":"ab","index":0,"signature":"s"},{"type":"reasoning.encrypted","data":"x","index":1}]"#;
        assert_eq!(text, expected);
        assert!(!encrypted);
        assert!(details.is_empty());
    }
}
