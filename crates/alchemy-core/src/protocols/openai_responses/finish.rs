//! How an answer ended, and what of it is kept beside the message.

use crate::assembler::Assembler;
use crate::protocols::decoding::answer;
use crate::protocols::decoding::keys::Keys;
use crate::types::StopReason;

/// Keys of a response that have fields of ours, and those that repeat the request.
const NOT_KEPT: [&str; 30] = [
    "id",
    "object",
    "model",
    "output",
    "output_text",
    "status",
    "background",
    "frequency_penalty",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "presence_penalty",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "type",
    "user",
];

/// Keeps what a response says beyond our fields.
pub(super) fn keep(response: &Keys<'_>, out: &mut Assembler) {
    for (key, value) in response.iter().filter(|(key, _)| !NOT_KEPT.contains(key)) {
        answer::keep(out, key, value);
    }
}

/// How an answer ended.
pub(super) enum Ending {
    /// For this reason; `unknown` is the word for it where no server is known to say that.
    Stop { reason: StopReason, unknown: bool },
    /// It failed, or was cancelled.
    Failed,
    /// It is not there: it is being made.
    Pending,
}

/// What a status means, with the reason for an answer that is incomplete.
pub(super) fn read(status: &str, incomplete: Option<&str>, has_calls: bool, refused: bool) -> Ending {
    let whole = match (refused, has_calls) {
        (true, _) => StopReason::Refusal,
        (false, true) => StopReason::ToolUse,
        (false, false) => StopReason::Stop,
    };
    let (reason, unknown) = match status {
        // `complete` and no status at all are said by imitations of the protocol.
        "completed" | "complete" | "" => (whole, false),
        "incomplete" => match incomplete {
            Some("max_output_tokens") => (StopReason::Length, false),
            Some("content_filter") => (StopReason::ContentFilter, false),
            _ => (StopReason::Length, true),
        },
        "failed" | "cancelled" => return Ending::Failed,
        "queued" | "in_progress" => return Ending::Pending,
        _ => (whole, true),
    };
    Ending::Stop { reason, unknown }
}
