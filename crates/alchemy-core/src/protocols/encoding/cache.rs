//! The wish about the cache of prompt prefixes, and the name by which a conversation finds its cache again.

use serde::Serialize;

use super::body::Fields;
use super::notices::Notices;
use crate::error::Result;
use crate::protocols::Request;
use crate::quirks::{CacheControl, SessionField};
use crate::types::CacheRetention;

/// Why the name of the conversation is not sent.
pub(crate) const NO_SESSION: &str = "the server takes no name of a conversation";

/// Marks the end of a prefix that is worth caching.
#[derive(Clone, Copy, Serialize)]
pub(crate) struct CacheMark {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'static str>,
}

impl CacheMark {
    /// The mark for a wish; None where nothing is to be cached.
    pub(crate) fn of(wish: CacheRetention) -> Option<Self> {
        let ttl = match wish {
            CacheRetention::None => return None,
            CacheRetention::Auto | CacheRetention::Short => None,
            CacheRetention::Long => Some("1h"),
        };
        let kind = "ephemeral";
        Some(CacheMark { kind, ttl })
    }
}

/// Adds the wish to the body, for servers that take no marks.
pub(crate) fn wish(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    match (request.quirks.cache, request.options.cache) {
        (CacheControl::Retention, Some(CacheRetention::Short)) => fields.set("prompt_cache_retention", "in_memory"),
        (CacheControl::Retention, Some(CacheRetention::Long)) => fields.set("prompt_cache_retention", "24h"),
        _ => {
            not_sent(request, notices);
            Ok(())
        }
    }
}

/// Says of a wish that it is not sent.
pub(crate) fn not_sent(request: &Request<'_>, notices: &mut Notices) {
    match request.options.cache {
        None | Some(CacheRetention::Auto) => {}
        Some(CacheRetention::None) => notices.option_dropped("cache", "the server caches as it sees fit"),
        Some(CacheRetention::Short | CacheRetention::Long) => {
            notices.option_dropped("cache", "the server takes no wish about its cache");
        }
    }
}

/// Adds the name of the conversation to the body, where it belongs there.
pub(crate) fn session(request: &Request<'_>, fields: &mut Fields) -> Result<()> {
    match (&request.options.session_id, request.quirks.session_field) {
        (Some(id), SessionField::PromptCacheKey) => fields.set("prompt_cache_key", id),
        (Some(id), SessionField::SessionId) => fields.set("session_id", id),
        _ => Ok(()),
    }
}

/// The headers of the request, which carry the name of the conversation to some servers.
pub(crate) fn session_headers(request: &Request<'_>, notices: &mut Notices) -> Vec<(String, String)> {
    let Some(id) = &request.options.session_id else {
        return Vec::new();
    };
    let name = match request.quirks.session_field {
        SessionField::XGrokConvId => "x-grok-conv-id",
        SessionField::XSessionAffinity => "x-session-affinity",
        SessionField::PromptCacheKey | SessionField::SessionId => return Vec::new(),
        SessionField::None => {
            notices.option_dropped("session_id", NO_SESSION);
            return Vec::new();
        }
    };
    if id.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) {
        let text = "the server takes it in a header, which holds plain characters alone";
        notices.option_dropped("session_id", text);
        return Vec::new();
    }
    vec![(name.to_owned(), id.clone())]
}
