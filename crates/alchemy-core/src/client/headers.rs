//! Headers of a request: which may be set, what they can carry, and which hold a secret.

use http::{HeaderName, HeaderValue};

use crate::error::{Error, Result};

/// Whether a header of this name holds a secret by the look of it, such as the key of a gateway on the way.
pub(super) fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["auth", "key", "token", "secret", "cookie", "password"]
        .iter()
        .any(|word| name.contains(word))
}

/// Headers of the connection. Whoever sets one beside it can have a server on the way read another request than the one
/// behind it, or send it elsewhere.
const CONNECTION_HEADERS: &[&str] = &[
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

pub(super) fn header_name(name: &str) -> Result<HeaderName> {
    let refuse = |path: &str, what: &str| Err(Error::invalid(path, what));
    let Ok(known) = HeaderName::try_from(name) else {
        // What follows the first wrong character may be a value, and that a secret.
        let right = name.split(|each: char| !(each.is_ascii_alphanumeric() || "-_.".contains(each)));
        let start = right.into_iter().next().unwrap_or_default();
        return refuse("headers", &format!("{start:?}... cannot be the name of a header"));
    };
    if CONNECTION_HEADERS.contains(&known.as_str()) {
        return refuse(
            &format!("headers.{known}"),
            "this header belongs to the connection and is set there; leave it out",
        );
    }
    if known == http::header::PROXY_AUTHORIZATION {
        return refuse(
            "headers.proxy-authorization",
            "a server would see it; write the proxy's user name and password into the proxy's address",
        );
    }
    Ok(known)
}

pub(super) fn header_value(name: &HeaderName, value: &str) -> Result<HeaderValue> {
    let plain = HeaderValue::try_from(value).ok().filter(|_| is_plain(value));
    let mut value = plain.ok_or_else(|| {
        Error::invalid(
            format!("headers.{name}"),
            "the value holds characters that a header cannot carry; it takes visible ASCII and spaces",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whether a text is ASCII: servers disagree on what other bytes in a header stand for.
pub(super) fn is_plain(text: &str) -> bool {
    text.is_ascii()
}

/// Two lists of values as one, each value once.
pub(super) fn joined(list: &HeaderValue, more: &HeaderValue) -> HeaderValue {
    let bytes = [list.as_bytes(), more.as_bytes()].join(&b',');
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut values: Vec<&str> = Vec::new();
    for value in text.split(',').map(str::trim).filter(|value| !value.is_empty()) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    HeaderValue::try_from(values.join(",")).unwrap_or_else(|_| more.clone())
}
