//! What an answer used, in one form.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::types::{ModelCost, Usage};

/// xAI bills in ticks: 10^10 to the US dollar (<https://docs.x.ai/docs/key-information/cost-tracking>, 2026-11).
const TICKS_PER_DOLLAR: f64 = 1e10;

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireUsage<'a> {
    input_tokens: Option<f64>,
    output_tokens: Option<f64>,
    total_tokens: Option<f64>,
    input_tokens_details: Option<InputDetails>,
    output_tokens_details: Option<OutputDetails>,
    /// OpenRouter's figure.
    #[serde(borrow)]
    cost: Option<&'a RawValue>,
    cost_in_usd_ticks: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Option<f64>,
    cache_write_tokens: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Option<f64>,
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
    let (sent, written) = (count(wire.input_tokens), count(wire.output_tokens));
    if sent.is_none() && written.is_none() {
        return None;
    }
    let details = wire.input_tokens_details.unwrap_or_default();
    let (cache_read, cache_write) = (count(details.cached_tokens), count(details.cache_write_tokens));
    let reasoning = count(wire.output_tokens_details.unwrap_or_default().reasoning_tokens);
    let total = count(wire.total_tokens);
    let mut usage = Usage {
        // Some servers count more cached tokens than input tokens: never below zero.
        input: sent.map(|sent| {
            sent.saturating_sub(cache_read.unwrap_or(0))
                .saturating_sub(cache_write.unwrap_or(0))
        }),
        output: match (sent, written, reasoning, total) {
            // xAI may count thinking beside the output: the total tells.
            (Some(sent), Some(written), Some(reasoning), Some(total))
                if reasoning > 0 && total == sent.saturating_add(written).saturating_add(reasoning) =>
            {
                Some(written.saturating_add(reasoning))
            }
            _ => written,
        },
        cache_read,
        cache_write,
        reasoning,
        total_tokens: total,
        ..Usage::default()
    };
    let ticks = wire.cost_in_usd_ticks.map(|ticks| ticks / TICKS_PER_DOLLAR);
    let billed = ticks.or_else(|| serde_json::from_str(wire.cost?.get()).ok());
    usage.set_cost(prices, billed);
    Some(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(text: &str) -> Usage {
        read(serde_json::from_str(text).unwrap(), None).unwrap()
    }

    #[test]
    fn input_is_what_no_cache_gave_or_took() {
        let details = r#""input_tokens_details":{"cached_tokens":60,"cache_write_tokens":30}"#;
        let read = usage(&format!(r#"{{"input_tokens":100,"output_tokens":5,{details}}}"#));
        assert_eq!(
            (read.input, read.cache_read, read.cache_write),
            (Some(10), Some(60), Some(30))
        );
        assert_eq!(usage(&format!(r#"{{"input_tokens":50,{details}}}"#)).input, Some(0));
    }

    #[test]
    fn thinking_counts_as_output_wherever_it_is_counted() {
        let text = |total: u64| {
            format!(
                r#"{{"input_tokens":10,"output_tokens":2,"total_tokens":{total},"output_tokens_details":{{"reasoning_tokens":5}}}}"#
            )
        };
        assert_eq!(usage(&text(17)).output, Some(7));
        assert_eq!(usage(&text(12)).output, Some(2));
    }

    #[test]
    fn billed_costs_are_read_in_both_forms() {
        let billed = |text: &str| usage(&format!("{{\"input_tokens\":1,{text}}}")).cost.unwrap().billed;
        assert_eq!(billed("\"cost\":0.5"), Some(0.5));
        assert_eq!(billed("\"cost_in_usd_ticks\":5000000000"), Some(0.5));
    }
}
