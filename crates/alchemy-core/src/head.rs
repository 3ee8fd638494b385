//! The head of an HTTP answer as it came, read only where somebody asks.

use std::collections::BTreeMap;

use http::header::{CONTENT_ENCODING, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::headers::{Headers, lower};
use crate::types::Response;

/// The headers in which providers name an exchange, the most telling first.
const REQUEST_ID_HEADERS: &[&str] = &[
    "x-request-id",
    "request-id",
    "x-generation-id",
    "apim-request-id",
    "x-amzn-requestid",
    "cf-ray",
];

/// Status and headers.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: Headers,
}

impl Head {
    /// A head that was recorded; None if the status or a header cannot be one.
    #[must_use]
    pub fn recorded(status: u16, headers: &BTreeMap<String, String>) -> Option<Self> {
        let status = StatusCode::from_u16(status).ok()?;
        let mut recorded = HeaderMap::new();
        // What was recorded is the body as it was read.
        let headers = headers
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case(CONTENT_ENCODING.as_str()));
        for (name, value) in headers {
            recorded.insert(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
        }
        Some(Head {
            status,
            headers: Headers::from(&recorded),
        })
    }

    /// The provider's id of the exchange.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        let texts = REQUEST_ID_HEADERS.iter().filter_map(|name| self.headers.text(name));
        texts.into_iter().find(|id| !id.is_empty())
    }

    /// The form that the body is in, where it is not plain: the HTTP client has undone what was asked for, and said so
    /// by taking the header away.
    #[must_use]
    pub fn unread_encoding(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_ENCODING.as_str())?.to_ascii_lowercase();
        let value = String::from_utf8_lossy(&value).trim().to_owned();
        (!matches!(value.as_str(), "" | "identity")).then_some(value)
    }

    /// The head as data.
    #[must_use]
    pub fn response(&self) -> Response {
        let mut headers = BTreeMap::<String, String>::new();
        for (name, value) in self.headers.iter() {
            let name = lower(name);
            if name == SET_COOKIE.as_str() {
                continue;
            }
            let value = String::from_utf8_lossy(value);
            let joined = headers.entry(name).or_default();
            if !joined.is_empty() {
                joined.push_str(", ");
            }
            joined.push_str(&value);
        }
        Response {
            status: self.status.as_u16(),
            headers,
            request_id: self.request_id().map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_headers_are_joined_and_cookies_left_out() {
        let mut head = Head::default();
        for (name, value) in [
            ("x-a", "1"),
            ("set-cookie", "secret"),
            ("X-A", "2"),
            ("x-request-id", "req_1"),
        ] {
            head.headers.append(name, &[value]);
        }
        let response = head.response();
        assert_eq!(response.headers.get("x-a").map(String::as_str), Some("1, 2"));
        assert_eq!(response.headers.len(), 2);
        assert_eq!(response.request_id.as_deref(), Some("req_1"));
    }
}
