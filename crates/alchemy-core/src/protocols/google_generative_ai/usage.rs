//! What Gemini's answers count, in one form.
//!
//! Source: <https://ai.google.dev/api/generate-content#UsageMetadata> (2026-11). `promptTokenCount` includes what was
//! read from the cache, but not what the model's own tools put into the prompt; `candidatesTokenCount` leaves
//! thinking out.

use serde::Deserialize;

use crate::protocols::decoding::counts::{self, Place};
use crate::protocols::decoding::usage::count;
use crate::types::{ModelCost, Usage};

/// The counts of a usage object.
#[derive(Clone, Copy, Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Counts {
    prompt_token_count: Option<f64>,
    cached_content_token_count: Option<f64>,
    candidates_token_count: Option<f64>,
    tool_use_prompt_token_count: Option<f64>,
    thoughts_token_count: Option<f64>,
    total_token_count: Option<f64>,
}

/// One of the counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Prompt,
    CachedContent,
    Candidates,
    ToolUsePrompt,
    Thoughts,
    Total,
}

impl Name {
    /// The name of the count that a key has.
    pub(super) fn of(key: &str) -> Option<Name> {
        Some(match key {
            "promptTokenCount" => Name::Prompt,
            "cachedContentTokenCount" => Name::CachedContent,
            "candidatesTokenCount" => Name::Candidates,
            "toolUsePromptTokenCount" => Name::ToolUsePrompt,
            "thoughtsTokenCount" => Name::Thoughts,
            "totalTokenCount" => Name::Total,
            _ => return None,
        })
    }
}

impl Counts {
    /// Reads a usage object; None if it is none.
    pub(super) fn read(json: &str) -> Option<Self> {
        Self::plain(json).or_else(|| serde_json::from_str(json).ok())
    }

    /// The counts of an object that has nothing but whole numbers where they stand.
    fn plain(json: &str) -> Option<Self> {
        let numbers: [Option<f64>; 6] = counts::plain(json, |outer, key| {
            match (outer, std::str::from_utf8(key).map(Name::of)) {
                (b"", Ok(Some(name))) => Place::Number(name as usize),
                _ => Place::Nowhere,
            }
        })?;
        let [prompt, cached, candidates, tool_use, thoughts, total] = numbers;
        Some(Counts {
            prompt_token_count: prompt,
            cached_content_token_count: cached,
            candidates_token_count: candidates,
            tool_use_prompt_token_count: tool_use,
            thoughts_token_count: thoughts,
            total_token_count: total,
        })
    }

    /// Sets a count, a number of at most 15 digits; returns whether it was another one.
    pub(super) fn set(&mut self, name: Name, number: u64) -> bool {
        let count = match name {
            Name::Prompt => &mut self.prompt_token_count,
            Name::CachedContent => &mut self.cached_content_token_count,
            Name::Candidates => &mut self.candidates_token_count,
            Name::ToolUsePrompt => &mut self.tool_use_prompt_token_count,
            Name::Thoughts => &mut self.thoughts_token_count,
            Name::Total => &mut self.total_token_count,
        };
        #[expect(clippy::cast_precision_loss, reason = "numbers of 15 digits are exact")]
        let number = number as f64;
        count.replace(number) != Some(number)
    }

    /// The counts in our form, with what they cost.
    pub(super) fn usage(&self, prices: Option<&ModelCost>) -> Usage {
        let cached = count(self.cached_content_token_count);
        let tool_use = count(self.tool_use_prompt_token_count).unwrap_or(0);
        let thoughts = count(self.thoughts_token_count);
        let mut usage = Usage {
            input: count(self.prompt_token_count)
                .map(|prompt| prompt.saturating_add(tool_use).saturating_sub(cached.unwrap_or(0))),
            output: match (count(self.candidates_token_count), thoughts) {
                (None, None) => None,
                (candidates, thoughts) => Some(candidates.unwrap_or(0).saturating_add(thoughts.unwrap_or(0))),
            },
            cache_read: cached,
            reasoning: thoughts,
            total_tokens: count(self.total_token_count),
            ..Usage::default()
        };
        usage.set_cost(prices, None);
        usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(json: &str) -> Usage {
        Counts::read(json).unwrap().usage(None)
    }

    #[test]
    fn tools_count_as_input_and_thoughts_as_output() {
        let text = r#"{"promptTokenCount":10,"cachedContentTokenCount":4,"toolUsePromptTokenCount":3,
                       "candidatesTokenCount":2,"thoughtsTokenCount":5,"totalTokenCount":20}"#;
        let usage = usage(text);
        assert_eq!((usage.input, usage.cache_read), (Some(9), Some(4)));
        assert_eq!((usage.output, usage.reasoning), (Some(7), Some(5)));
        assert_eq!(usage.total_tokens, Some(20));
    }

    #[test]
    fn what_is_not_said_is_not_known() {
        let none = usage(r#"{"trafficType":"ON_DEMAND"}"#);
        assert_eq!(none, Usage::default());
        let usage = usage(r#"{"promptTokenCount":1,"thoughtsTokenCount":5}"#);
        assert_eq!((usage.input, usage.output), (Some(1), Some(5)));
    }

    #[test]
    fn counts_are_never_below_zero() {
        let usage = usage(r#"{"promptTokenCount":1,"cachedContentTokenCount":4}"#);
        assert_eq!(usage.input, Some(0));
    }
}
