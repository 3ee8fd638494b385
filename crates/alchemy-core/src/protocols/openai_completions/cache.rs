//! The wish about the cache of prompt prefixes, and the name by which a conversation finds its cache again.

use super::request::{CacheMark, Part, Value, WireMessage};
use crate::error::Result;
use crate::protocols::Request;
use crate::protocols::encoding::body::Fields;
use crate::protocols::encoding::notices::Notices;
use crate::quirks::{CacheControl, SessionField};
use crate::types::CacheRetention;

/// Adds the wish and the name to the body.
pub(super) fn encode(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    if let Some(cache) = request.options.cache {
        match (request.quirks.cache, cache) {
            // Marks are set where the messages are written.
            (CacheControl::Marks, _) | (_, CacheRetention::Auto) => {}
            (CacheControl::Retention, CacheRetention::Short) => fields.set("prompt_cache_retention", "in_memory")?,
            (CacheControl::Retention, CacheRetention::Long) => fields.set("prompt_cache_retention", "24h")?,
            (_, CacheRetention::None) => notices.option_dropped("cache", "the server caches as it sees fit"),
            (CacheControl::None, _) => notices.option_dropped("cache", "the server takes no wish about its cache"),
        }
    }
    match (&request.options.session_id, request.quirks.session_field) {
        (Some(id), SessionField::PromptCacheKey) => fields.set("prompt_cache_key", id),
        (Some(id), SessionField::SessionId) => fields.set("session_id", id),
        _ => Ok(()),
    }
}

/// The headers of the request, which carry the name of the conversation to some servers.
pub(super) fn headers(request: &Request<'_>, notices: &mut Notices) -> Vec<(String, String)> {
    let Some(id) = &request.options.session_id else {
        return Vec::new();
    };
    let name = match request.quirks.session_field {
        SessionField::XGrokConvId => "x-grok-conv-id",
        SessionField::XSessionAffinity => "x-session-affinity",
        SessionField::PromptCacheKey | SessionField::SessionId => return Vec::new(),
        SessionField::None => {
            notices.option_dropped("session_id", "the server takes no name of a conversation");
            return Vec::new();
        }
    };
    if id.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) {
        notices.option_dropped(
            "session_id",
            "the server takes it in a header, which holds plain characters alone",
        );
        return Vec::new();
    }
    vec![(name.to_owned(), id.clone())]
}

fn cache_mark(request: &Request<'_>) -> Option<CacheMark> {
    if request.quirks.cache != CacheControl::Marks {
        return None;
    }
    match request.options.cache? {
        CacheRetention::None => None,
        CacheRetention::Auto | CacheRetention::Short => Some(CacheMark {
            kind: "ephemeral",
            ttl: None,
        }),
        CacheRetention::Long => Some(CacheMark {
            kind: "ephemeral",
            ttl: Some("1h"),
        }),
    }
}

/// Marks the two prefixes that the next turn shares, where the server takes marks: the system prompt, and all
/// up to the last user message.
pub(super) fn mark_prefixes(request: &Request<'_>, messages: &mut [WireMessage<'_>]) {
    let Some(mark) = cache_mark(request) else { return };
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
                *cache_control = Some(mark);
            }
        }
    }
}
