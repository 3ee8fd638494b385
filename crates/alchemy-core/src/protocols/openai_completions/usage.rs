//! What chat completions count, in one form.
//!
//! Servers agree on `prompt_tokens` and `completion_tokens` and on little else; the aliases below
//! are those of the recorded answers (2026-11).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::types::{ModelCost, Usage};

/// xAI bills in ticks: 10^10 to the US dollar (<https://docs.x.ai/docs/key-information/cost-tracking>, 2026-11).
const TICKS_PER_DOLLAR: f64 = 1e10;

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
    /// A number (OpenRouter), or an object with a total (Perplexity).
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

#[derive(Deserialize)]
struct TotalCost {
    total_cost: Option<f64>,
}

/// A count as the server wrote it; some write `12.0`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a negative count becomes 0"
)]
fn count(number: Option<f64>) -> Option<u64> {
    number.map(|number| number as u64)
}

/// Reads a usage object; None if it does not say how many tokens went in or out.
pub(super) fn read(raw: &RawValue, prices: Option<&ModelCost>) -> Option<Usage> {
    let wire: WireUsage<'_> = serde_json::from_str(raw.get()).ok()?;
    let prompt = count(wire.prompt_tokens);
    let completion = count(wire.completion_tokens);
    if prompt.is_none() && completion.is_none() {
        return None;
    }
    let prompt_details = wire.prompt_tokens_details.unwrap_or_default();
    let completion_details = wire.completion_tokens_details.unwrap_or_default();
    let cache_read = count(
        prompt_details
            .cached_tokens
            .or(wire.cache_read_input_tokens)
            .or(wire.prompt_cache_hit_tokens)
            .or(wire.cached_tokens),
    );
    let cache_write = count(prompt_details.cache_write_tokens.or(wire.cache_creation_input_tokens));
    let reasoning = count(completion_details.reasoning_tokens.or(wire.reasoning_tokens));
    let total = count(wire.total_tokens);
    let mut usage = Usage {
        // Some servers count more cached tokens than prompt tokens: never below zero.
        input: prompt.map(|prompt| {
            prompt
                .saturating_sub(cache_read.unwrap_or(0))
                .saturating_sub(cache_write.unwrap_or(0))
        }),
        output: match (prompt, completion, reasoning, total) {
            // xAI counts thinking beside the completion: the total tells.
            (Some(prompt), Some(completion), Some(reasoning), Some(total))
                if reasoning > 0 && total == prompt.saturating_add(completion).saturating_add(reasoning) =>
            {
                Some(completion.saturating_add(reasoning))
            }
            _ => completion,
        },
        cache_read,
        cache_write,
        cache_write_1h: count(
            wire.cache_creation
                .and_then(|creation| creation.ephemeral_1h_input_tokens),
        ),
        reasoning,
        total_tokens: total,
        cost: None,
    };
    let billed = wire
        .cost_in_usd_ticks
        .map(|ticks| ticks / TICKS_PER_DOLLAR)
        .or_else(|| {
            let text = wire.cost?.get();
            let total = || serde_json::from_str::<TotalCost>(text).ok()?.total_cost;
            serde_json::from_str::<f64>(text).ok().or_else(total)
        });
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
