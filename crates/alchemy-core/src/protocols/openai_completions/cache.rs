//! The marks for the cache of prompt prefixes.

use super::request::{Part, Value, WireMessage};
use crate::protocols::Request;
use crate::protocols::encoding::cache::CacheMark;
use crate::quirks::CacheControl;

/// Marks the two prefixes that the next turn shares, where the server takes marks: the system prompt, and all
/// up to the last user message.
pub(super) fn mark_prefixes(request: &Request<'_>, messages: &mut [WireMessage<'_>]) {
    let mark = match request.quirks.cache {
        CacheControl::Marks => request.options.cache.and_then(CacheMark::of),
        _ => None,
    };
    if mark.is_none() {
        return;
    }
    let last_user = messages.iter().rposition(|message| message.role == "user");
    let system = messages
        .iter()
        .position(|message| matches!(message.role, "system" | "developer"));
    for index in [system, last_user].into_iter().flatten() {
        let Some(content) = messages.get_mut(index).and_then(WireMessage::content_mut) else {
            continue;
        };
        if let Value::Text(text) = content {
            *content = Value::Parts(vec![Part::text(std::mem::take(text))]);
        }
        if let Value::Parts(parts) = content {
            let texts = parts.iter_mut().rev().find_map(|part| match part {
                Part::Text { cache_control, .. } => Some(cache_control),
                _ => None,
            });
            if let Some(cache_control) = texts {
                *cache_control = mark;
            }
        }
    }
}
