//! From the address a user gives to the address a request goes to.

use url::Url;

use crate::error::{Error, Result};
use crate::protocols::Endpoint;

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
/// `InvalidRequestError` if the address is not one of http or https, or holds a user name or password:
/// keys go into headers, and an address ends up in logs.
pub fn resolve_url(base: &str, endpoint: &Endpoint) -> Result<Url> {
    let invalid = |reason: &str| Error::invalid("base_url", reason);
    let shape = "expected an address such as https://host/v1";
    let mut url = Url::parse(base.trim()).map_err(|error| match base.contains('@') {
        true => invalid(shape),
        false => invalid(&format!("{shape}, got {base:?} ({error})")),
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "an address cannot hold a user name or a password; pass the key as api_key=",
        ));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(&format!("{shape}, got the scheme {:?}", url.scheme())));
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
    url.set_fragment(None);
    Ok(url)
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
        ] {
            let error = resolve_url(base, &chat()).unwrap_err();
            assert_eq!(error.path.as_deref(), Some("base_url"), "{base}");
        }
    }

    #[test]
    fn a_key_in_an_address_is_refused_and_not_shown() {
        for base in [
            "https://user:secret@host/v1",
            "https://secret@host",
            "https://secret@:1:1",
        ] {
            let error = resolve_url(base, &chat()).unwrap_err();
            assert!(!error.message.contains("secret"), "{error}");
        }
    }
}
