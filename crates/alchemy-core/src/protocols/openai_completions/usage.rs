//! What chat completions count, in one form.
//!
//! Servers agree on `prompt_tokens` and `completion_tokens` and on little else; the aliases below
//! are those of the recorded answers (2026-11).

use serde::Deserialize;
use serde_json::value::RawValue;

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

/// Reads a usage object; None if it does not say how many tokens went in or out.
pub(super) fn read(raw: &RawValue, prices: Option<&ModelCost>) -> Option<Usage> {
    let wire: WireUsage<'_> = serde_json::from_str(raw.get()).ok()?;
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
        read(&RawValue::from_string(text.to_owned()).unwrap(), None).unwrap()
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
