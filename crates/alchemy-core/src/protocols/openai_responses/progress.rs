//! Which events only tell how an item gets on: what they say comes again, whole, when the item is done.

/// What the last word of such an event's type is.
const STEPS: [&str; 13] = [
    "created",
    "queued",
    "in_progress",
    "searching",
    "interpreting",
    "generating",
    "partial_image",
    "added",
    "done",
    "completed",
    "incomplete",
    "failed",
    "cancelled",
];

/// Whose pieces are told again when the item is done.
const HOSTED: [&str; 6] = [
    "response.mcp_call_arguments.delta",
    "response.mcp_call.arguments.delta",
    "response.code_interpreter_call_code.delta",
    "response.apply_patch_call_operation_diff.delta",
    "response.shell_call_command.delta",
    "response.shell_call_output_content.delta",
];

/// Whether an event is nothing without the item or the response that it brings.
pub(super) fn must_hold_more(kind: &str) -> bool {
    matches!(
        kind,
        "response.output_item.added"
            | "response.output_item.done"
            | "response.completed"
            | "response.incomplete"
            | "response.failed"
            | "response.cancelled"
    )
}

/// Whether an event is news of progress, or of the connection being alive.
pub(super) fn is_news(kind: &str) -> bool {
    let step = kind.strip_prefix("response.").and_then(|rest| rest.rsplit('.').next());
    step.is_some_and(|step| STEPS.contains(&step)) || HOSTED.contains(&kind) || matches!(kind, "keepalive" | "ping")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_told_again_is_news() {
        assert!(is_news("keepalive") && is_news("response.queued") && is_news("response.web_search_call.searching"));
        assert!(is_news("response.shell_call_command.delta"));
        assert!(!is_news("response.hologram.delta") && !is_news("completed") && !is_news(""));
    }
}
