//! Why an answer ended, in Google's words and in ours.
//!
//! Source: <https://ai.google.dev/api/generate-content#FinishReason>; the numbers are those of
//! `google/ai/generativelanguage/v1beta/generative_service.proto` (2026-11).

use std::borrow::Cow;

use crate::protocols::decoding::wire::Word;
use crate::types::StopReason;

/// What a reason means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The answer is whole, or cut in an orderly way.
    Stop(StopReason),
    /// The answer cannot be used.
    Failure,
    /// Not known.
    Unknown,
}

/// The name of a reason; None for the one that says nothing.
pub(super) fn name(word: Word<'_>) -> Option<Cow<'_, str>> {
    let name = match word {
        Word::Name(name) => name,
        Word::Number(number) => Cow::Borrowed(match number {
            0 => "",
            1 => "STOP",
            2 => "MAX_TOKENS",
            3 => "SAFETY",
            4 => "RECITATION",
            5 => "OTHER",
            6 => "LANGUAGE",
            7 => "BLOCKLIST",
            8 => "PROHIBITED_CONTENT",
            9 => "SPII",
            10 => "MALFORMED_FUNCTION_CALL",
            11 => "IMAGE_SAFETY",
            12 => "UNEXPECTED_TOOL_CALL",
            13 => "TOO_MANY_TOOL_CALLS",
            14 => "IMAGE_PROHIBITED_CONTENT",
            15 => "IMAGE_OTHER",
            16 => "NO_IMAGE",
            17 => "IMAGE_RECITATION",
            _ => return Some(Cow::Owned(number.to_string())),
        }),
    };
    Some(name).filter(|name| !name.is_empty() && name != "FINISH_REASON_UNSPECIFIED")
}

/// The name of the reason why a prompt was blocked; None for the one that says nothing.
pub(super) fn block_name(word: Word<'_>) -> Option<Cow<'_, str>> {
    let name = match word {
        Word::Name(name) => name,
        Word::Number(number) => Cow::Borrowed(match number {
            0 => "",
            1 => "SAFETY",
            2 => "OTHER",
            3 => "BLOCKLIST",
            4 => "PROHIBITED_CONTENT",
            5 => "IMAGE_SAFETY",
            _ => return Some(Cow::Owned(number.to_string())),
        }),
    };
    Some(name).filter(|name| !name.is_empty() && !name.ends_with("_REASON_UNSPECIFIED"))
}

/// What a reason means in a message that has calls or has none.
pub(super) fn meaning(name: &str, has_calls: bool) -> Meaning {
    match name {
        // Google says STOP of an answer that calls tools as well.
        "STOP" if has_calls => Meaning::Stop(StopReason::ToolUse),
        "STOP" => Meaning::Stop(StopReason::Stop),
        "MAX_TOKENS" => Meaning::Stop(StopReason::Length),
        // MODEL_ARMOR: a filter of Google Cloud.
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "MODEL_ARMOR"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION" => Meaning::Stop(StopReason::ContentFilter),
        "MALFORMED_FUNCTION_CALL"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MISSING_THOUGHT_SIGNATURE"
        | "MALFORMED_RESPONSE"
        | "LANGUAGE"
        | "OTHER"
        | "NO_IMAGE"
        | "IMAGE_OTHER" => Meaning::Failure,
        _ => Meaning::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_name_that_is_known() {
        for number in 1..=17 {
            let name = name(Word::Number(number)).unwrap();
            assert_ne!(meaning(&name, false), Meaning::Unknown, "{name}");
        }
        assert_eq!(name(Word::Number(99)).as_deref(), Some("99"));
    }

    #[test]
    fn the_word_that_says_nothing_is_none() {
        assert_eq!(name(Word::Number(0)), None);
        assert_eq!(name(Word::Name("FINISH_REASON_UNSPECIFIED".into())), None);
        assert_eq!(block_name(Word::Name("BLOCK_REASON_UNSPECIFIED".into())), None);
        assert_eq!(block_name(Word::Number(1)).as_deref(), Some("SAFETY"));
    }

    #[test]
    fn calls_decide_between_stop_and_tool_use() {
        assert_eq!(meaning("STOP", true), Meaning::Stop(StopReason::ToolUse));
        assert_eq!(meaning("STOP", false), Meaning::Stop(StopReason::Stop));
        assert_eq!(meaning("MAX_TOKENS", true), Meaning::Stop(StopReason::Length));
    }
}
