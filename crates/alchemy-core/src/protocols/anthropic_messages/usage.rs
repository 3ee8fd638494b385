//! What an answer used, told at its start and again, in part or as a whole, at its end.
//!
//! The counts at the end stand for the whole answer and take the place of those at the start; nothing is summed.
//! Source: <https://platform.claude.com/docs/en/build-with-claude/streaming> (2026-11).

use serde::Deserialize;
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::json::Json;
use crate::protocols::decoding::keys::Keys;
use crate::protocols::decoding::usage;
use crate::types::{ModelCost, Usage};

/// The most keys that are kept. Vendors send a dozen.
const KEY_LIMIT: usize = 200;

/// The usage objects of an answer laid over each other, key by key.
#[derive(Default)]
pub(super) struct Overlay {
    keys: Vec<(String, Json)>,
    /// The only usage object so far, as it came.
    single: Option<Json>,
}

impl Overlay {
    /// Lays another usage object over those before; a null says nothing.
    pub(super) fn take(&mut self, raw: &RawValue) {
        self.single = match self.keys.is_empty() {
            true => Json::parse(raw.get()).ok().filter(Json::is_object),
            false => None,
        };
        for (key, value) in Keys::of(raw).unwrap_or_default().iter() {
            let Ok(value) = Json::parse(value.get()) else { continue };
            let room = self.keys.len() < KEY_LIMIT;
            match self.keys.iter_mut().find(|(name, _)| *name == key) {
                Some((_, old)) => *old = value,
                None if room => self.keys.push((key.to_owned(), value)),
                None => {}
            }
        }
    }

    /// The provider's own form.
    pub(super) fn json(&self) -> Option<Json> {
        self.single.clone().or_else(|| Json::of(self).ok())
    }

    /// The counts in our form.
    pub(super) fn read(&self, prices: Option<&ModelCost>) -> Usage {
        let value = |key: &str| {
            let found = self.keys.iter().find(|(name, _)| name == key);
            found.map(|(_, value)| value)
        };
        let count = |key: &str| usage::count(value(key)?.read().ok());
        let creation: CacheCreation = read(value("cache_creation"));
        let details: OutputDetails = read(value("output_tokens_details"));
        let mut told = Usage {
            input: count("input_tokens"),
            output: count("output_tokens"),
            cache_read: count("cache_read_input_tokens"),
            cache_write: count("cache_creation_input_tokens"),
            cache_write_1h: usage::count(creation.ephemeral_1h_input_tokens),
            reasoning: usage::count(details.thinking_tokens),
            total_tokens: None,
            cost: None,
        };
        if let (Some(input), Some(output)) = (told.input, told.output) {
            let cached = [told.cache_read, told.cache_write].into_iter().flatten();
            told.total_tokens = Some(cached.fold(input.saturating_add(output), u64::saturating_add));
        }
        if self.is_all(&told) {
            told.set_cost(prices, None);
        }
        told
    }

    /// Whether the counts are all that the answer used. Where the server ran a model more often, to sum up the
    /// conversation, for advice or in place of another, it lists each run and leaves some out of the counts: in one
    /// recorded answer 99,195 tokens of 99,357. A price of the rest would be taken for the whole.
    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-compaction.html> (2026-11)
    fn is_all(&self, told: &Usage) -> bool {
        let runs: Vec<Run> = read(
            (self.keys.iter())
                .find(|(key, _)| key == "iterations")
                .map(|(_, value)| value),
        );
        let sum = |count: fn(&Run) -> Option<f64>| {
            let counts = runs.iter().filter_map(|run| usage::count(count(run)));
            counts.fold(0, u64::saturating_add)
        };
        let same = |told: Option<u64>, sum: u64| told.unwrap_or(0) == sum;
        runs.is_empty()
            || (same(told.input, sum(|run| run.input_tokens))
                && same(told.output, sum(|run| run.output_tokens))
                && same(told.cache_read, sum(|run| run.cache_read_input_tokens))
                && same(told.cache_write, sum(|run| run.cache_creation_input_tokens)))
    }
}

impl Serialize for Overlay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.keys.iter().map(|(key, value)| (key, value)))
    }
}

/// One run of a model for an answer.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Run {
    input_tokens: Option<f64>,
    output_tokens: Option<f64>,
    cache_read_input_tokens: Option<f64>,
    cache_creation_input_tokens: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CacheCreation {
    ephemeral_1h_input_tokens: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: Option<f64>,
}

fn read<T: serde::de::DeserializeOwned + Default>(value: Option<&Json>) -> T {
    value.and_then(|value| value.read().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn later_counts_take_the_place_of_earlier_ones() {
        let mut overlay = Overlay::default();
        overlay.take(raw(
            r#"{"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 1,
                "cache_creation": {"ephemeral_1h_input_tokens": 3}, "cache_creation_input_tokens": 4}"#,
        ));
        overlay.take(raw(
            r#"{"output_tokens":20,"input_tokens":12,"cache_read_input_tokens":null,"output_tokens_details":{"thinking_tokens":7}}"#,
        ));
        let usage = overlay.read(None);
        assert_eq!(
            (usage.input, usage.output, usage.cache_read),
            (Some(12), Some(20), Some(5))
        );
        assert_eq!((usage.cache_write, usage.cache_write_1h), (Some(4), Some(3)));
        assert_eq!((usage.reasoning, usage.total_tokens), (Some(7), Some(41)));
        assert_eq!(
            overlay.json().unwrap().text(),
            r#"{"input_tokens":12,"cache_read_input_tokens":5,"output_tokens":20,"cache_creation":{"ephemeral_1h_input_tokens": 3},"cache_creation_input_tokens":4,"output_tokens_details":{"thinking_tokens":7}}"#
        );
    }

    #[test]
    fn a_part_of_what_was_used_has_no_price() {
        let prices = ModelCost {
            input: Some(1.0),
            output: Some(1.0),
            ..ModelCost::default()
        };
        let cost = |runs: &str| {
            let mut overlay = Overlay::default();
            overlay.take(raw(&format!(r#"{{"input_tokens":10,"output_tokens":2{runs}}}"#)));
            overlay.read(Some(&prices)).cost.and_then(|cost| cost.total)
        };
        let message = r#"{"type":"message","input_tokens":10,"output_tokens":2,"cache_read_input_tokens":0}"#;
        let compaction = r#"{"type":"compaction","input_tokens":9000,"output_tokens":80}"#;
        let halves = r#"{"type":"message","input_tokens":5,"output_tokens":1}"#;
        assert!(cost("").is_some());
        assert!(cost(r#","iterations":null"#).is_some());
        assert!(cost(&format!(r#","iterations":[{message}]"#)).is_some());
        assert!(cost(&format!(r#","iterations":[{halves},{halves}]"#)).is_some());
        assert_eq!(cost(&format!(r#","iterations":[{compaction},{message}]"#)), None);
    }

    #[test]
    fn a_single_object_stays_as_it_came() {
        let mut overlay = Overlay::default();
        overlay.take(raw(r#"{"output_tokens": 3, "input_tokens": null}"#));
        assert_eq!(
            overlay.json().unwrap().text(),
            r#"{"output_tokens": 3, "input_tokens": null}"#
        );
        assert_eq!(overlay.read(None).total_tokens, None);
    }
}
