//! Headers of a request: which may be set, what they can carry, and which hold a secret.

use http::header::PROXY_AUTHORIZATION;

use crate::error::{Error, Result};
use crate::headers::{is_name, is_value};

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

/// The name itself, if it can be that of a header that is set beside those of the connection.
pub(super) fn header_name(name: &str) -> Result<&str> {
    let refuse = |path: &str, what: &str| Err(Error::invalid(path, what));
    if !is_name(name) {
        // What follows the first wrong character may be a value, and that a secret.
        let right = name.split(|each: char| !(each.is_ascii_alphanumeric() || "-_.".contains(each)));
        let start = right.into_iter().next().unwrap_or_default();
        return refuse("headers", &format!("{start:?}... cannot be the name of a header"));
    }
    if CONNECTION_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
        return refuse(
            &format!("headers.{}", name.to_ascii_lowercase()),
            "this header belongs to the connection and is set there; leave it out",
        );
    }
    if name.eq_ignore_ascii_case(PROXY_AUTHORIZATION.as_str()) {
        return refuse(
            "headers.proxy-authorization",
            "a server would see it; write the proxy's user name and password into the proxy's address",
        );
    }
    Ok(name)
}

/// The value itself, if it can be that of a header: servers disagree on what bytes beyond ASCII stand for.
pub(super) fn header_value<'a>(name: &str, value: &'a str) -> Result<&'a str> {
    match is_value(value) {
        true => Ok(value),
        false => Err(Error::invalid(
            format!("headers.{}", name.to_ascii_lowercase()),
            "the value holds characters that a header cannot carry; it takes visible ASCII and spaces",
        )),
    }
}

/// Two lists of values as one, each value once.
pub(super) fn joined(list: &[u8], more: &str) -> String {
    let list = String::from_utf8_lossy(list);
    let mut values: Vec<&str> = Vec::new();
    for value in list.split(',').chain(more.split(',')).map(str::trim) {
        if !value.is_empty() && !values.contains(&value) {
            values.push(value);
        }
    }
    values.join(",")
}
