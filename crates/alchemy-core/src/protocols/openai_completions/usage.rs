//! What chat completions count, in one form.
//!
//! Servers agree on `prompt_tokens` and `completion_tokens` and on little else; the aliases below
//! are those of the recorded answers (2026-11).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::protocols::decoding::counts::{self, Place};
use crate::protocols::decoding::usage::{Counts, billed, count};
use crate::types::{ModelCost, Usage};

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireUsage<'a> {
    prompt_tokens: Option<f64>,
    completion_tokens: Option<f64>,
    total_tokens: Option<f64>,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    /// Perplexity puts it here instead of into the details.
    reasoning_tokens: Option<f64>,
    /// Moonshot AI puts it here instead of into the details.
    cached_tokens: Option<f64>,
    /// DeepSeek's name for cached tokens.
    prompt_cache_hit_tokens: Option<f64>,
    /// Gateways to Anthropic keep its names.
    cache_read_input_tokens: Option<f64>,
    cache_creation_input_tokens: Option<f64>,
    cache_creation: Option<CacheCreation>,
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
    cost_in_usd_ticks: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Option<f64>,
    cache_write_tokens: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct CacheCreation {
    ephemeral_1h_input_tokens: Option<f64>,
}

/// The counts of a usage object that has nothing but whole numbers where they stand.
fn plain(json: &str) -> Option<WireUsage<'_>> {
    let numbers: [Option<f64>; 13] = counts::plain(json, |outer, key| match (outer, key) {
        (b"", b"prompt_tokens") => Place::Number(0),
        (b"", b"completion_tokens") => Place::Number(1),
        (b"", b"total_tokens") => Place::Number(2),
        (b"", b"prompt_tokens_details") => Place::Object(13),
        (b"prompt_tokens_details", b"cached_tokens") => Place::Number(3),
        (b"prompt_tokens_details", b"cache_write_tokens") => Place::Number(4),
        (b"", b"completion_tokens_details") => Place::Object(14),
        (b"completion_tokens_details", b"reasoning_tokens") => Place::Number(5),
        (b"", b"reasoning_tokens") => Place::Number(6),
        (b"", b"cached_tokens") => Place::Number(7),
        (b"", b"prompt_cache_hit_tokens") => Place::Number(8),
        (b"", b"cache_read_input_tokens") => Place::Number(9),
        (b"", b"cache_creation_input_tokens") => Place::Number(10),
        (b"", b"cache_creation") => Place::Object(15),
        (b"cache_creation", b"ephemeral_1h_input_tokens") => Place::Number(11),
        (b"", b"cost_in_usd_ticks") => Place::Number(12),
        (b"", b"cost") => Place::Judged,
        _ => Place::Nowhere,
    })?;
    let [
        prompt_tokens,
        completion_tokens,
        total_tokens,
        cached,
        written,
        thought,
        rest @ ..,
    ] = numbers;
    let [reasoning_tokens, cached_tokens, prompt_cache_hit_tokens, rest @ ..] = rest;
    let [
        cache_read_input_tokens,
        cache_creation_input_tokens,
        for_an_hour,
        cost_in_usd_ticks,
    ] = rest;
    Some(WireUsage {
        prompt_tokens,
        completion_tokens,
        total_tokens,
        prompt_tokens_details: Some(PromptDetails {
            cached_tokens: cached,
            cache_write_tokens: written,
        }),
        completion_tokens_details: Some(CompletionDetails {
            reasoning_tokens: thought,
        }),
        reasoning_tokens,
        cached_tokens,
        prompt_cache_hit_tokens,
        cache_read_input_tokens,
        cache_creation_input_tokens,
        cache_creation: Some(CacheCreation {
            ephemeral_1h_input_tokens: for_an_hour,
        }),
        cost: None,
        cost_in_usd_ticks,
    })
}

/// Reads a usage object; None if it does not say how many tokens went in or out.
pub(super) fn read(raw: &RawValue, prices: Option<&ModelCost>) -> Option<Usage> {
    let wire = plain(raw.get()).or_else(|| serde_json::from_str(raw.get()).ok())?;
    let prompt = wire.prompt_tokens_details.unwrap_or_default();
    let completion = wire.completion_tokens_details.unwrap_or_default();
    let cached = prompt.cached_tokens.or(wire.cache_read_input_tokens);
    let counts = Counts {
        sent: wire.prompt_tokens,
        written: wire.completion_tokens,
        total: wire.total_tokens,
        cache_read: cached.or(wire.prompt_cache_hit_tokens).or(wire.cached_tokens),
        cache_write: prompt.cache_write_tokens.or(wire.cache_creation_input_tokens),
        reasoning: completion.reasoning_tokens.or(wire.reasoning_tokens),
    };
    let mut usage = counts.usage()?;
    let creation = wire.cache_creation.unwrap_or_default();
    usage.cache_write_1h = count(creation.ephemeral_1h_input_tokens);
    let billed = billed(wire.cost_in_usd_ticks, wire.cost);
    usage.set_cost(prices, billed);
    Some(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(text: &str) -> Usage {
        let raw = RawValue::from_string(text.to_owned()).unwrap();
        let read = read(&raw, None);
        // Another key, which a parser has to judge, changes nothing.
        let judged = RawValue::from_string(text.replacen('{', r#"{"x":[],"#, 1)).unwrap();
        assert!(plain(judged.get()).is_none());
        assert_eq!(super::read(&judged, None), read);
        read.unwrap()
    }

    #[test]
    fn each_count_is_the_same_without_a_parser_and_with_one() {
        let told = [
            r#""completion_tokens":20"#,
            r#""total_tokens":30"#,
            r#""prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":5}"#,
            r#""completion_tokens_details":{"reasoning_tokens":6},"total_tokens":126,"completion_tokens":20"#,
            r#""reasoning_tokens":7"#,
            r#""cached_tokens":8"#,
            r#""prompt_cache_hit_tokens":9"#,
            r#""cache_read_input_tokens":10"#,
            r#""cache_creation_input_tokens":11"#,
            r#""cache_creation":{"ephemeral_1h_input_tokens":12}"#,
            r#""cost_in_usd_ticks":13"#,
            r#""cost":14"#,
        ];
        let base = usage(r#"{"prompt_tokens":100}"#);
        for told in told {
            let text = format!("{{\"prompt_tokens\":100,{told}}}");
            assert_ne!(usage(&text), base, "{told}");
            assert_eq!(plain(&text).is_none(), told.starts_with("\"cost\":"), "{told}");
        }
    }

    #[test]
    fn input_leaves_out_cached_tokens_and_is_never_negative() {
        let read = usage(
            r#"{"prompt_tokens":10,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":3}}"#,
        );
        assert_eq!(
            (read.input, read.cache_read, read.cache_write),
            (Some(3), Some(4), Some(3))
        );
        assert_eq!(
            usage(r#"{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":4}}"#).input,
            Some(0)
        );
    }

    #[test]
    fn thinking_beside_the_completion_is_output() {
        let text = |total| {
            format!(
                r#"{{"prompt_tokens":10,"completion_tokens":2,"total_tokens":{total},"completion_tokens_details":{{"reasoning_tokens":5}}}}"#
            )
        };
        assert_eq!(usage(&text(17)).output, Some(7));
        assert_eq!(usage(&text(12)).output, Some(2));
    }

    #[test]
    fn absurd_counts_are_no_panic() {
        let text = r#"{"prompt_tokens":1e30,"completion_tokens":1e30,"total_tokens":1e30,"completion_tokens_details":{"reasoning_tokens":1}}"#;
        assert_eq!(usage(text).output, Some(u64::MAX));
    }

    #[test]
    fn billed_costs_are_read_in_their_three_forms() {
        let billed = |text: &str| usage(&format!("{{\"prompt_tokens\":1,{text}}}")).cost.unwrap().billed;
        assert_eq!(billed("\"cost\":0.5"), Some(0.5));
        assert_eq!(billed("\"cost\":{\"total_cost\":0.25}"), Some(0.25));
        assert_eq!(billed("\"cost_in_usd_ticks\":10000000000"), Some(1.0));
    }
}
