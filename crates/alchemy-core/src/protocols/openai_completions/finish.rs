//! Why the model stopped, from the many words for it.

use crate::types::StopReason;

/// What a finish reason means; None for a word that no server is known to say.
///
/// Beyond OpenAI's five: `max_tokens`, `model_length` (Mistral), `end_turn`, `stop_sequence`,
/// `eos` and `COMPLETE` (gateways that pass other vendors' words), `sensitive` (Z.AI),
/// `network_error` (Z.AI), `insufficient_system_resource` (DeepSeek), `abort` (vLLM) and `error`
/// (OpenRouter), each from the vendor's API reference, 2026-11.
fn meaning(reason: &str) -> Option<StopReason> {
    word(reason).or_else(|| word(&reason.to_ascii_lowercase()))
}

fn word(reason: &str) -> Option<StopReason> {
    Some(match reason {
        "stop" | "end_turn" | "stop_sequence" | "eos" | "eos_token" | "complete" | "completed" | "end" => {
            StopReason::Stop
        }
        "length" | "max_tokens" | "max_output_tokens" | "model_length" | "model_context_window_exceeded" => {
            StopReason::Length
        }
        "tool_calls" | "tool_use" | "function_call" => StopReason::ToolUse,
        "content_filter" | "safety" | "sensitive" | "recitation" | "prohibited_content" => StopReason::ContentFilter,
        "refusal" => StopReason::Refusal,
        "pause_turn" => StopReason::Pause,
        "error" | "network_error" | "insufficient_system_resource" => StopReason::Error,
        "abort" | "aborted" | "cancelled" => StopReason::Aborted,
        _ => return None,
    })
}

/// What a message ended by: the reason, and whether its word was unknown.
pub(super) struct Finish {
    pub(super) reason: StopReason,
    pub(super) unknown: bool,
}

/// Reads the finish reason together with what the message holds.
///
/// `native` is the word of the vendor behind a gateway: where it tells of a limit, the gateway's
/// `tool_calls` does not hide it.
pub(super) fn read(reason: &str, native: Option<&str>, has_calls: bool, refused: bool) -> Finish {
    let known = meaning(reason);
    let mut stop = known.unwrap_or(StopReason::Stop);
    if stop == StopReason::ToolUse && native.and_then(meaning) == Some(StopReason::Length) {
        stop = StopReason::Length;
    }
    stop = match stop {
        StopReason::Stop | StopReason::ToolUse | StopReason::ContentFilter if refused => StopReason::Refusal,
        StopReason::Stop if has_calls => StopReason::ToolUse,
        StopReason::ToolUse if !has_calls => StopReason::Stop,
        other => other,
    };
    Finish {
        reason: stop,
        unknown: known.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_decide_between_stop_and_tool_use() {
        assert_eq!(read("stop", None, true, false).reason, StopReason::ToolUse);
        assert_eq!(read("tool_calls", None, false, false).reason, StopReason::Stop);
        assert_eq!(read("length", None, true, false).reason, StopReason::Length);
    }

    #[test]
    fn the_vendors_own_limit_is_not_hidden() {
        assert_eq!(
            read("tool_calls", Some("MAX_TOKENS"), true, false).reason,
            StopReason::Length
        );
    }

    #[test]
    fn an_unknown_word_is_said_to_be_one() {
        assert!(read("because", None, false, false).unknown);
    }
}
