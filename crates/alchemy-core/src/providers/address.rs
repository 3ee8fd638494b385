//! From the address a user gives to the address a request goes to.

use std::cell::RefCell;

use url::Url;

use crate::error::{Error, Result};
use crate::protocols::Endpoint;

/// The longest address in bytes. Servers take 8 KB at most of what it shares with the method in one line.
const LONGEST: usize = 8000;

/// The address of an endpoint such as `chat/completions`, below the address of a server.
///
/// - A bare host (`http://localhost:8080`) gets the protocol's version, such as `/v1`, where nearly every
///   server has its endpoints.
/// - An address with a path (`https://api.groq.com/openai/v1`) is taken as it is; for a protocol whose own
///   client adds the version to it (`https://api.z.ai/api/anthropic`), it is added unless it is there.
/// - An address that ends with the endpoint already is the endpoint: the way to reach a server
///   that has it right below the host.
///
/// Slashes at the end do not count. A query, such as Azure's `api-version`, is kept, before the endpoint's own.
///
/// # Errors
/// `InvalidRequestError` if the address is not one of http or https, holds what no address has, or holds a user name, a
/// password or a key: keys go into headers, and an address ends up in logs. The error does not repeat the address.
pub fn resolve_url(base: &str, endpoint: &Endpoint) -> Result<Url> {
    // Most programs ask one server all the time, and to take an address apart costs more than the rest of a request's
    // head. Only what passed every check is kept.
    LAST.with_borrow_mut(|last| match last {
        Some(last) if last.base == base && last.endpoint == *endpoint => Ok(last.url.clone()),
        _ => {
            let url = resolved(base, endpoint)?;
            *last = Some(Resolved {
                base: base.to_owned(),
                endpoint: endpoint.clone(),
                url: url.clone(),
            });
            Ok(url)
        }
    })
}

/// An address with what it was made of.
struct Resolved {
    base: String,
    endpoint: Endpoint,
    url: Url,
}

thread_local! {
    /// What this thread asked for last.
    static LAST: RefCell<Option<Resolved>> = const { RefCell::new(None) };
}

fn resolved(base: &str, endpoint: &Endpoint) -> Result<Url> {
    let invalid = |reason: &str| Error::invalid("base_url", reason);
    let shape = "expected an address such as https://host/v1";
    let base = base.trim();
    if base.chars().any(|each| each.is_control() || each == '\\') {
        // Readers of addresses disagree on these: some drop them, some take a backslash for a slash.
        return Err(invalid(&format!(
            "{shape}, got one with a backslash or a control character"
        )));
    }
    let mut url = Url::parse(base).map_err(|error| invalid(&format!("{shape} ({error})")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "an address cannot hold a user name or a password; pass the key as api_key=",
        ));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(&format!("{shape}, got another scheme than http and https")));
    }
    if let Some((name, _)) = url.query_pairs().find(|(name, _)| is_secret(name)) {
        return Err(invalid(&format!(
            "an address cannot hold a key, as {name:?} in its query; pass it as api_key=, or by headers="
        )));
    }
    let path = url.path().trim_end_matches('/');
    let (below, query) = endpoint.path.split_once('?').unwrap_or((&endpoint.path, ""));
    let last = path.rsplit('/').next().unwrap_or_default();
    let whole = if path.is_empty() || (endpoint.version_left_out && !is_version(last) && !ends_with(path, below)) {
        format!("{path}/{}/{below}", endpoint.version)
    } else if ends_with(path, below) {
        path.to_owned()
    } else {
        format!("{path}/{below}")
    };
    let query = match url.query() {
        Some(given) if query.is_empty() || given.split('&').any(|part| part == query) => given.to_owned(),
        Some(given) => format!("{given}&{query}"),
        None => query.to_owned(),
    };
    url.set_path(&whole);
    url.set_query((!query.is_empty()).then_some(&query));
    // No server ever sees a fragment.
    url.set_fragment(None);
    if url.as_str().len() > LONGEST {
        let (path, what) = match base.len() > LONGEST / 2 {
            true => ("base_url", "the address"),
            false => ("model.id", "the address that the id is a part of"),
        };
        return Err(Error::invalid(path, &format!("{what} is longer than {LONGEST} bytes")));
    }
    Ok(url)
}

/// Whether a part of a query holds a secret, by its name.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(['-', '_', '.']).next().unwrap_or_default();
    [
        "key",
        "apikey",
        "token",
        "secret",
        "password",
        "auth",
        "authorization",
        "sig",
        "signature",
        "credential",
    ]
    .contains(&last)
        || name.ends_with("apikey")
        || name.ends_with("token")
}

/// Whether a path ends with an endpoint, at a slash.
fn ends_with(path: &str, below: &str) -> bool {
    path.strip_suffix(below).is_some_and(|before| before.ends_with('/'))
}

/// Whether a part of a path is a version: `v1`, `v4`, `v1beta`, `v1alpha2`.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat() -> Endpoint {
        Endpoint {
            path: "chat/completions".into(),
            version: "v1",
            version_left_out: false,
        }
    }

    #[test]
    fn the_version_is_added_where_users_leave_it_out() {
        let endpoint = Endpoint {
            path: "models/m:stream?alt=sse".into(),
            version: "v1beta",
            version_left_out: true,
        };
        let cases = [
            ("https://host", "https://host/v1beta/models/m:stream?alt=sse"),
            (
                "https://host/proxy/",
                "https://host/proxy/v1beta/models/m:stream?alt=sse",
            ),
            ("https://host/v1", "https://host/v1/models/m:stream?alt=sse"),
            (
                "https://host/api/v1alpha?a=b",
                "https://host/api/v1alpha/models/m:stream?a=b&alt=sse",
            ),
            ("https://host/models/m:stream", "https://host/models/m:stream?alt=sse"),
            (
                "https://host/models/m:stream?alt=sse",
                "https://host/models/m:stream?alt=sse",
            ),
        ];
        for (base, expected) in cases {
            assert_eq!(resolve_url(base, &endpoint).unwrap().as_str(), expected, "{base}");
        }
    }

    #[test]
    fn every_form_of_an_address_works() {
        let cases = [
            ("http://localhost:8080", "http://localhost:8080/v1/chat/completions"),
            ("http://localhost:8080/", "http://localhost:8080/v1/chat/completions"),
            ("http://localhost:8080/v1", "http://localhost:8080/v1/chat/completions"),
            ("http://localhost:8080/v1/", "http://localhost:8080/v1/chat/completions"),
            (
                "http://localhost:8080/v1//",
                "http://localhost:8080/v1/chat/completions",
            ),
            (
                "http://localhost:8080/v1/chat/completions",
                "http://localhost:8080/v1/chat/completions",
            ),
            (
                "http://localhost:8080/v1/chat/completions/",
                "http://localhost:8080/v1/chat/completions",
            ),
            (
                "https://api.perplexity.ai/chat/completions",
                "https://api.perplexity.ai/chat/completions",
            ),
            (
                "https://api.groq.com/openai/v1",
                "https://api.groq.com/openai/v1/chat/completions",
            ),
            (
                "https://api.z.ai/api/paas/v4",
                "https://api.z.ai/api/paas/v4/chat/completions",
            ),
            ("http://[::1]:8080", "http://[::1]:8080/v1/chat/completions"),
            ("https://host/v1#part", "https://host/v1/chat/completions"),
            (
                "https://bücher.example/v1",
                "https://xn--bcher-kva.example/v1/chat/completions",
            ),
            (
                "https://host?keyboard=a&tokens=b",
                "https://host/v1/chat/completions?keyboard=a&tokens=b",
            ),
            (" https://host/v1\n", "https://host/v1/chat/completions"),
            (
                "https://r.openai.azure.com/openai/deployments/d?api-version=2024-10-21",
                "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
            ),
            (
                "https://host/mychat/completions",
                "https://host/mychat/completions/chat/completions",
            ),
        ];
        for (base, expected) in cases {
            assert_eq!(resolve_url(base, &chat()).unwrap().as_str(), expected, "{base}");
        }
    }

    #[test]
    fn what_is_no_web_address_is_refused() {
        for base in [
            "",
            "localhost:8080",
            "ftp://host",
            "local:smollm2-135m",
            "http://",
            "/v1",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/plain,x",
            "sk-a-key-in-the-wrong-place",
            "https://ho\nst/v1",
            "https://host/\0",
            "https://host\\@elsewhere/v1",
            "https://[::1/v1",
            "https://ho st/v1",
            &format!("https://host/{}", "x".repeat(LONGEST)),
        ] {
            let error = resolve_url(base, &chat()).unwrap_err();
            assert_eq!(error.path.as_deref(), Some("base_url"), "{base}");
            assert!(error.message.len() < 200 && !error.message.contains("a-key"), "{error}");
        }
    }

    #[test]
    fn a_key_in_an_address_is_refused_and_not_shown() {
        for base in [
            "https://user:secret@host/v1",
            "https://secret@host",
            "https://secret@:1:1",
            "https://host/v1?key=secret",
            "https://host/v1?a=b&Api-Key=secret",
            "https://host?subscription_key=secret",
            "https://host?access_token=secret#x",
            "https://host?%6bey=secret",
        ] {
            let error = resolve_url(base, &chat()).unwrap_err();
            assert!(!error.message.contains("secret"), "{error}");
        }
    }
}
