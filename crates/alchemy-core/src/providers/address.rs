//! From the address a user gives to the address a request goes to.

use url::Url;

use crate::error::{Error, Result};

/// The address of an endpoint such as `chat/completions`, below the address of a server.
///
/// - A bare host (`http://localhost:8080`) gets `/v1`, where nearly every server has its endpoints.
/// - An address with a path (`https://api.groq.com/openai/v1`) is taken as it is.
/// - An address that ends with the endpoint already is the endpoint: the way to reach a server
///   that has it right below the host.
///
/// Slashes at the end do not count. A query, such as Azure's `api-version`, is kept.
///
/// # Errors
/// `InvalidRequestError` if the address is not one of http or https, or holds a user name or password:
/// keys go into headers, and an address ends up in logs.
pub fn resolve_url(base: &str, endpoint: &str) -> Result<Url> {
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
    let whole = if path.is_empty() {
        format!("/v1/{endpoint}")
    } else if path.strip_suffix(endpoint).is_some_and(|before| before.ends_with('/')) {
        path.to_owned()
    } else {
        format!("{path}/{endpoint}")
    };
    url.set_path(&whole);
    url.set_fragment(None);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(
                resolve_url(base, "chat/completions").unwrap().as_str(),
                expected,
                "{base}"
            );
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
            let error = resolve_url(base, "chat/completions").unwrap_err();
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
            let error = resolve_url(base, "chat/completions").unwrap_err();
            assert!(!error.message.contains("secret"), "{error}");
        }
    }
}
