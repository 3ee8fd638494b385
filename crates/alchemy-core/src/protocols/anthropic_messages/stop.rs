//! Why an answer ended.
//!
//! Source: <https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons> (2026-11).

use crate::types::StopReason;

/// What a stop reason says by itself; None for a word that is not known.
pub(super) fn meaning(reason: &str) -> Option<StopReason> {
    Some(match reason {
        "end_turn" | "stop_sequence" => StopReason::Stop,
        "max_tokens" | "model_context_window_exceeded" => StopReason::Length,
        "tool_use" => StopReason::ToolUse,
        "refusal" => StopReason::Refusal,
        // After a compaction that was to pause, as after a long turn, the conversation goes back to go on.
        "pause_turn" | "compaction" => StopReason::Pause,
        _ => return None,
    })
}

/// The stop reason together with what the message holds.
pub(super) fn read(reason: Option<&str>, has_calls: bool) -> StopReason {
    match reason.and_then(meaning).unwrap_or(StopReason::Stop) {
        StopReason::Stop | StopReason::ToolUse if has_calls => StopReason::ToolUse,
        StopReason::ToolUse => StopReason::Stop,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_decide_between_stop_and_tool_use() {
        assert_eq!(read(Some("end_turn"), true), StopReason::ToolUse);
        assert_eq!(read(Some("tool_use"), false), StopReason::Stop);
        assert_eq!(read(Some("max_tokens"), true), StopReason::Length);
        assert_eq!(read(Some("because"), true), StopReason::ToolUse);
        assert_eq!(read(None, false), StopReason::Stop);
    }
}
