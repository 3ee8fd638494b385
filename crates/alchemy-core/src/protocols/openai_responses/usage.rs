//! What an answer used, in one form.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::protocols::decoding::counts::{self, Place};
use crate::protocols::decoding::usage::{Counts, billed};
use crate::types::{ModelCost, Usage};

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireUsage<'a> {
    input_tokens: Option<f64>,
    output_tokens: Option<f64>,
    total_tokens: Option<f64>,
    input_tokens_details: Option<InputDetails>,
    output_tokens_details: Option<OutputDetails>,
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

/// The counts of a usage object that has nothing but whole numbers where they stand.
fn plain(json: &str) -> Option<WireUsage<'_>> {
    let numbers: [Option<f64>; 7] = counts::plain(json, |outer, key| match (outer, key) {
        (b"", b"input_tokens") => Place::Number(0),
        (b"", b"output_tokens") => Place::Number(1),
        (b"", b"total_tokens") => Place::Number(2),
        (b"", b"input_tokens_details") => Place::Object(7),
        (b"input_tokens_details", b"cached_tokens") => Place::Number(3),
        (b"input_tokens_details", b"cache_write_tokens") => Place::Number(4),
        (b"", b"output_tokens_details") => Place::Object(8),
        (b"output_tokens_details", b"reasoning_tokens") => Place::Number(5),
        (b"", b"cost_in_usd_ticks") => Place::Number(6),
        (b"", b"cost") => Place::Judged,
        _ => Place::Nowhere,
    })?;
    let [
        input_tokens,
        output_tokens,
        total_tokens,
        cached,
        written,
        thought,
        cost_in_usd_ticks,
    ] = numbers;
    Some(WireUsage {
        input_tokens,
        output_tokens,
        total_tokens,
        input_tokens_details: Some(InputDetails {
            cached_tokens: cached,
            cache_write_tokens: written,
        }),
        output_tokens_details: Some(OutputDetails {
            reasoning_tokens: thought,
        }),
        cost: None,
        cost_in_usd_ticks,
    })
}

/// Reads a usage object; None if it does not say how many tokens went in or out.
pub(super) fn read(raw: &RawValue, prices: Option<&ModelCost>) -> Option<Usage> {
    let wire = plain(raw.get()).or_else(|| serde_json::from_str(raw.get()).ok())?;
    let details = wire.input_tokens_details.unwrap_or_default();
    let counts = Counts {
        sent: wire.input_tokens,
        written: wire.output_tokens,
        total: wire.total_tokens,
        cache_read: details.cached_tokens,
        cache_write: details.cache_write_tokens,
        reasoning: wire.output_tokens_details.unwrap_or_default().reasoning_tokens,
    };
    let mut usage = counts.usage()?;
    let billed = billed(wire.cost_in_usd_ticks, wire.cost);
    usage.set_cost(prices, billed);
    Some(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(text: &str) -> Usage {
        let read = |text: &str| super::read(serde_json::from_str(text).unwrap(), None);
        // Another key, which a parser has to judge, changes nothing.
        let judged = text.replacen('{', r#"{"x":[],"#, 1);
        assert!(plain(&judged).is_none());
        assert_eq!(read(&judged), read(text));
        read(text).unwrap()
    }

    #[test]
    fn each_count_is_the_same_without_a_parser_and_with_one() {
        let base = usage(r#"{"input_tokens":100}"#);
        for told in [
            r#""output_tokens":20"#,
            r#""total_tokens":30"#,
            r#""input_tokens_details":{"cached_tokens":4}"#,
            r#""input_tokens_details":{"cache_write_tokens":5}"#,
            r#""output_tokens_details":{"reasoning_tokens":6}"#,
            r#""cost_in_usd_ticks":7"#,
            r#""cost":8"#,
        ] {
            let text = format!("{{\"input_tokens\":100,{told}}}");
            assert_ne!(usage(&text), base, "{told}");
            assert_eq!(plain(&text).is_none(), told.starts_with("\"cost\":"), "{told}");
        }
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
