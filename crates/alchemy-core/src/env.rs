//! The only reader of environment variables.

use std::env::var_os;
use std::path::PathBuf;

/// Proxy for `http:` addresses. In lower case only: a CGI server sets the upper-case name from a request header.
pub const HTTP_PROXY: &[&str] = &["http_proxy"];
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

/// The user's own file of certificate authorities.
#[must_use]
pub fn ssl_cert_file() -> Option<PathBuf> {
    var_os(SSL_CERT_FILE).filter(|path| !path.is_empty()).map(PathBuf::from)
}
