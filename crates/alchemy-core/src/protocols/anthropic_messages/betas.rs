//! What is asked for by header, since it is not open to everyone yet.

use crate::json::Object;
use crate::types::Opaque;

/// The header. Its values add up to a list.
pub(super) const HEADER: &str = "anthropic-beta";

/// Thinking between calls, where thinking is asked for by budget; with `adaptive` it needs no asking.
/// <https://platform.claude.com/docs/en/build-with-claude/extended-thinking>
pub(super) const INTERLEAVED: &str = "interleaved-thinking-2025-05-14";

/// Files that were uploaded before. <https://platform.claude.com/docs/en/build-with-claude/files>
pub(super) const FILES: &str = "files-api-2025-04-14";

/// What an earlier answer's block needs to go back. A summary that was asked for is signed, and goes by another word
/// than one that a threshold brought about.
/// <https://platform.claude.com/docs/en/build-with-claude/compaction-on-demand>,
/// <https://platform.claude.com/docs/en/build-with-claude/compaction-threshold>,
/// <https://platform.claude.com/docs/en/agents-and-tools/mcp-connector>
pub(super) fn of_block(block: &Opaque) -> Option<&'static str> {
    let signed = || {
        let keys = block.data.read::<Object>().unwrap_or_default();
        keys.get("signature").is_some_and(|signature| !signature.is_null())
    };
    match block.kind.as_str() {
        "compaction" if signed() => Some("compact-2026-09-04"),
        "compaction" => Some("compact-2026-01-12"),
        "mcp_tool_use" | "mcp_tool_result" => Some("mcp-client-2025-11-20"),
        _ => None,
    }
}
