//! What Gemini's answers count, in one form.
//!
//! Source: <https://ai.google.dev/api/generate-content#UsageMetadata> (2026-11). `promptTokenCount` includes what was
//! read from the cache, but not what the model's own tools put into the prompt; `candidatesTokenCount` leaves
//! thinking out.

use serde::Deserialize;

use crate::protocols::decoding::usage::count;
use crate::types::{ModelCost, Usage};

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct WireUsage {
    prompt_token_count: Option<f64>,
    cached_content_token_count: Option<f64>,
    candidates_token_count: Option<f64>,
    tool_use_prompt_token_count: Option<f64>,
    thoughts_token_count: Option<f64>,
    total_token_count: Option<f64>,
}

/// Reads a usage object; None if it is none.
pub(super) fn read(json: &str, prices: Option<&ModelCost>) -> Option<Usage> {
    let wire: WireUsage = serde_json::from_str(json).ok()?;
    let cached = count(wire.cached_content_token_count);
    let tool_use = count(wire.tool_use_prompt_token_count).unwrap_or(0);
    let thoughts = count(wire.thoughts_token_count);
    let mut usage = Usage {
        input: count(wire.prompt_token_count)
            .map(|prompt| prompt.saturating_add(tool_use).saturating_sub(cached.unwrap_or(0))),
        output: match (count(wire.candidates_token_count), thoughts) {
            (None, None) => None,
            (candidates, thoughts) => Some(candidates.unwrap_or(0).saturating_add(thoughts.unwrap_or(0))),
        },
        cache_read: cached,
        reasoning: thoughts,
        total_tokens: count(wire.total_token_count),
        ..Usage::default()
    };
    usage.set_cost(prices, None);
    Some(usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_count_as_input_and_thoughts_as_output() {
        let text = r#"{"promptTokenCount":10,"cachedContentTokenCount":4,"toolUsePromptTokenCount":3,
                       "candidatesTokenCount":2,"thoughtsTokenCount":5,"totalTokenCount":20}"#;
        let usage = read(text, None).unwrap();
        assert_eq!((usage.input, usage.cache_read), (Some(9), Some(4)));
        assert_eq!((usage.output, usage.reasoning), (Some(7), Some(5)));
        assert_eq!(usage.total_tokens, Some(20));
    }

    #[test]
    fn what_is_not_said_is_not_known() {
        let usage = read(r#"{"trafficType":"ON_DEMAND"}"#, None).unwrap();
        assert_eq!(usage, Usage::default());
        let usage = read(r#"{"promptTokenCount":1,"thoughtsTokenCount":5}"#, None).unwrap();
        assert_eq!((usage.input, usage.output), (Some(1), Some(5)));
    }

    #[test]
    fn counts_are_never_below_zero() {
        let usage = read(r#"{"promptTokenCount":1,"cachedContentTokenCount":4}"#, None).unwrap();
        assert_eq!(usage.input, Some(0));
    }
}
