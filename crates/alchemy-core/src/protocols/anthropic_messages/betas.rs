//! What is asked for by header, since it is not open to everyone yet.

/// The header. Its values add up to a list.
pub(super) const HEADER: &str = "anthropic-beta";

/// Thinking between calls, where thinking is asked for by budget; with `adaptive` it needs no asking.
/// <https://platform.claude.com/docs/en/build-with-claude/extended-thinking>
pub(super) const INTERLEAVED: &str = "interleaved-thinking-2025-05-14";

/// Files that were uploaded before. <https://platform.claude.com/docs/en/build-with-claude/files>
pub(super) const FILES: &str = "files-api-2025-04-14";

/// What an earlier answer's block of a kind needs to go back.
/// <https://platform.claude.com/docs/en/build-with-claude/compaction>,
/// <https://platform.claude.com/docs/en/agents-and-tools/mcp-connector>
pub(super) fn of_kind(kind: &str) -> Option<&'static str> {
    match kind {
        "compaction" => Some("compact-2026-01-12"),
        "mcp_tool_use" | "mcp_tool_result" => Some("mcp-client-2025-11-20"),
        _ => None,
    }
}
