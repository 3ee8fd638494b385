//! What the results of calls say in words, where a protocol has no field for it.

use super::notices::{Notices, Place};

/// What a result says that stands in for one that is missing.
pub(crate) const NO_RESULT: &str = "No result: the call was not run.";

/// The word that opens a failed result, or all of one that says nothing.
pub(crate) const FAILED: &str = "Error";

/// What a result says whose content stands behind it.
pub(crate) const ATTACHED: &str = "The result is attached below.";

/// What stands before a block of a result that stands behind it. The id is the one that is sent.
pub(crate) fn origin(id: &str) -> String {
    format!("From the tool result {id}:")
}

/// Says that a block of a result goes behind it.
pub(crate) fn moved_behind(place: Place, notices: &mut Notices) {
    let text = "a tool result holds text alone; the block goes into a user message after it";
    notices.block_converted(place, text);
}

/// The text of a failed result, opened with the word that says so; None if it opens with that already.
pub(crate) fn failed(text: &str) -> Option<String> {
    let start = text.trim_start().get(..FAILED.len());
    let says_so = start.is_some_and(|start| start.eq_ignore_ascii_case(FAILED));
    (!says_so).then(|| format!("{FAILED}: {text}"))
}
