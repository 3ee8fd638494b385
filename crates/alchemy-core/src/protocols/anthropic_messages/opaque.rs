//! Blocks that have no class of their own, such as the calls and results of tools that the server runs.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::wire::Delta;
use crate::json::Json;
use crate::protocols::decoding::keys::Keys;
use crate::protocols::decoding::surrogates::{self, Joiner, read_halves};
use crate::types::{Api, ContentBlock, Opaque};

/// Such a block while it arrives.
pub(super) struct Pending {
    kind: String,
    /// The block as it was opened, and whether a delta has changed it since.
    opened: Json,
    changed: bool,
    keys: Vec<(String, Part)>,
    /// The pieces of `input`.
    input: Option<String>,
    /// Whether halves of surrogate pairs travel in the texts.
    halves: bool,
}

enum Part {
    Json(Json),
    Text(String),
    List(Vec<Json>),
}

impl Pending {
    /// A block as it is opened, or as it arrives whole.
    pub(super) fn open(kind: String, raw: &RawValue) -> Self {
        let keys = Keys::of(raw).unwrap_or_default();
        let parts = keys.all();
        let parts = parts.filter_map(|(key, value)| Some((key.to_owned(), Part::Json(Json::parse(value.get()).ok()?))));
        Pending {
            kind,
            opened: Json::parse(raw.get()).unwrap_or_default(),
            changed: false,
            keys: parts.collect(),
            input: None,
            halves: false,
        }
    }

    /// The provider's word for it.
    pub(super) fn kind(&self) -> &str {
        &self.kind
    }

    /// Takes a piece: texts go on, `citation` joins the list `citations`, any other value is set.
    pub(super) fn take(&mut self, delta: &Delta<'_>, halves: bool) {
        self.halves |= halves;
        match (&*delta.kind, &delta.partial_json) {
            ("input_json_delta", Some(piece)) => {
                self.input.get_or_insert_default().push_str(piece);
                return;
            }
            ("citations_delta", _) => {
                if let Some(citation) = delta.extras.get("citation").and_then(|raw| Json::parse(raw.get()).ok()) {
                    self.cite(citation);
                }
                return;
            }
            _ => {}
        }
        let texts = [
            ("text", &delta.text),
            ("thinking", &delta.thinking),
            ("partial_json", &delta.partial_json),
            ("signature", &delta.signature),
            ("stop_reason", &delta.stop_reason),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                self.append(key, text);
            }
        }
        for (key, value) in delta.extras.iter() {
            let read = read_halves::<String, _>(value.get(), |text, _, halves| (text, halves));
            if let Ok((text, halves)) = read {
                self.halves |= halves;
                self.append(key, &text);
            } else if let Ok(json) = Json::parse(value.get()) {
                *self.part(key) = Part::Json(json);
            }
        }
    }

    /// The block as it has become.
    pub(super) fn finish(mut self) -> ContentBlock {
        if let Some(input) = self.input.take().filter(|input| !input.trim().is_empty()) {
            let input = joined(&input, self.halves);
            *self.part("input") = Json::parse(&input).map_or(Part::Text(input), Part::Json);
        }
        if self.halves {
            for (_, part) in &mut self.keys {
                if let Part::Text(text) = part {
                    *text = joined(text, true);
                }
            }
        }
        // A compaction is the conversation so far in words: it can be read where the block means nothing.
        let text = match self.kind.as_str() {
            "compaction" => self.text("content"),
            _ => None,
        };
        let data = if self.changed { Json::of(&self).ok() } else { None };
        Opaque {
            api: Api::AnthropicMessages.as_str().to_owned(),
            data: data.unwrap_or(self.opened),
            kind: self.kind,
            text,
        }
        .into()
    }

    fn part(&mut self, key: &str) -> &mut Part {
        self.changed = true;
        let at = self.keys.iter().position(|(name, _)| name == key);
        let at = at.unwrap_or_else(|| {
            self.keys.push((key.to_owned(), Part::Json(Json::default())));
            self.keys.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "the place was found or made just now")]
        &mut self.keys[at].1
    }

    fn append(&mut self, key: &str, text: &str) {
        match self.part(key) {
            Part::Text(whole) => whole.push_str(text),
            part => {
                let before: Option<String> = match part {
                    Part::Json(json) => surrogates::read(json.text()).ok(),
                    _ => None,
                };
                *part = Part::Text(before.unwrap_or_default() + text);
            }
        }
    }

    fn cite(&mut self, citation: Json) {
        match self.part("citations") {
            Part::List(list) => list.push(citation),
            part => {
                let mut list: Vec<Json> = match part {
                    Part::Json(json) => json.read().unwrap_or_default(),
                    _ => Vec::new(),
                };
                list.push(citation);
                *part = Part::List(list);
            }
        }
    }

    /// The text that a key has.
    fn text(&self, key: &str) -> Option<String> {
        let (_, part) = self.keys.iter().find(|(name, _)| name == key)?;
        match part {
            Part::Json(json) => surrogates::read(json.text()).ok(),
            Part::Text(text) => Some(text.clone()),
            Part::List(_) => None,
        }
    }
}

/// A text that was put together of pieces, with the halves of surrogate pairs in it joined.
fn joined(text: &str, halves: bool) -> String {
    let mut joiner = Joiner::default();
    let whole = joiner.join(text, halves).into_owned();
    whole + joiner.rest()
}

impl Serialize for Pending {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.keys.len()))?;
        for (key, part) in &self.keys {
            match part {
                Part::Json(json) => map.serialize_entry(key, json)?,
                Part::Text(text) => map.serialize_entry(key, text)?,
                Part::List(list) => map.serialize_entry(key, list)?,
            }
        }
        map.end()
    }
}
