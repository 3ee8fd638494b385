//! The only reader of environment variables.

use std::env::var_os;
use std::path::PathBuf;

/// Proxy for `http:` addresses.
pub const HTTP_PROXY: &[&str] = &["http_proxy", "HTTP_PROXY"];
/// Set by CGI servers, which also set `HTTP_PROXY` from a header of the request they serve.
pub const REQUEST_METHOD: &str = "REQUEST_METHOD";
/// Proxy for `https:` addresses.
pub const HTTPS_PROXY: &[&str] = &["https_proxy", "HTTPS_PROXY"];
/// Proxy for addresses that have none of their own.
pub const ALL_PROXY: &[&str] = &["all_proxy", "ALL_PROXY"];
/// Hosts reached without a proxy, parted by commas.
pub const NO_PROXY: &[&str] = &["no_proxy", "NO_PROXY"];
/// A file of certificate authorities, PEM, that replaces the built-in ones.
pub const SSL_CERT_FILE: &str = "SSL_CERT_FILE";

/// The first of the variables that is set to something.
#[must_use]
pub fn first(names: &[impl AsRef<str>]) -> Option<String> {
    names.iter().find_map(|name| {
        let value = var_os(name.as_ref())?.into_string().ok()?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    })
}

/// The proxy for `http:` addresses; under CGI the upper-case name is not to be trusted.
#[must_use]
pub fn http_proxy() -> Option<String> {
    let trusted = if var_os(REQUEST_METHOD).is_some() {
        1
    } else {
        HTTP_PROXY.len()
    };
    first(HTTP_PROXY.get(..trusted).unwrap_or_default())
}

/// The user's own file of certificate authorities.
#[must_use]
pub fn ssl_cert_file() -> Option<PathBuf> {
    var_os(SSL_CERT_FILE).filter(|path| !path.is_empty()).map(PathBuf::from)
}
