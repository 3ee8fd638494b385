//! The only file that names the HTTP client: one pool, proxies, TLS.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use url::Url;

use crate::env;
use crate::error::{Error, ErrorKind, Result};
use crate::head::Head;

/// How many pools a transport keeps. Each connect timeout in use needs one, since it belongs to the pool.
const POOLS: usize = 8;

/// How long a connection without encryption waits for the next request. Servers on the user's own machine, such as
/// llama.cpp and those on uvicorn or Node.js, close theirs after five seconds, and a request that is sent in that
/// moment is lost. A new connection to them costs next to nothing.
const PLAIN_IDLE: Duration = Duration::from_secs(4);

/// Addresses of this machine, which no proxy from the environment can reach.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

/// Settings of the connections.
#[derive(Clone, Default)]
pub struct TransportConfig {
    /// A proxy for every address, over the environment's.
    pub proxy: Option<String>,
    /// A file of certificate authorities, PEM, that replaces the built-in ones.
    pub ca_file: Option<PathBuf>,
    /// Whether HTTP/2 may be used where the server offers it.
    pub http2: bool,
}

/// Makes connections and keeps them for the next request.
pub struct Transport {
    config: TransportConfig,
    pools: Mutex<Vec<(PoolKey, Pool)>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct PoolKey {
    connect: Option<Duration>,
    secure: bool,
}

/// A request, ready to be sent.
#[derive(Clone)]
pub struct Call {
    /// Where to.
    pub url: Url,
    /// Every header, the key among them.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// Connections to send a [`Call`] by.
#[derive(Clone)]
pub struct Pool {
    client: reqwest::Client,
    /// The proxy that is likely in between.
    via: Option<String>,
}

/// An answer whose body is still to be read.
pub struct Reply {
    /// Its head.
    pub head: Head,
    body: reqwest::Body,
}

impl Transport {
    /// A transport. Nothing is read or loaded before the first request.
    #[must_use]
    pub fn new(config: TransportConfig) -> Self {
        Transport {
            config,
            pools: Mutex::new(Vec::new()),
        }
    }

    /// The pool for an address and a connect timeout.
    ///
    /// The first call for a kind of address reads the environment, on the caller's thread.
    ///
    /// # Errors
    /// A proxy address or a certificate file that cannot be used.
    pub fn pool(&self, url: &Url, connect: Option<Duration>) -> Result<Pool> {
        let key = PoolKey {
            connect,
            secure: url.scheme() == "https",
        };
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pool)) = pools.iter().find(|(other, _)| *other == key) {
            return Ok(pool.clone());
        }
        let pool = self.build(key)?;
        if pools.len() == POOLS {
            pools.remove(0);
        }
        pools.push((key, pool.clone()));
        Ok(pool)
    }

    fn build(&self, key: PoolKey) -> Result<Pool> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("alchemy-llm/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .no_proxy()
            .tls_backend_preconfigured(self.tls(key.secure)?);
        if let Some(connect) = key.connect {
            builder = builder.connect_timeout(connect);
        }
        if !key.secure {
            builder = builder.pool_idle_timeout(PLAIN_IDLE);
        }
        if !self.config.http2 {
            builder = builder.http1_only();
        }
        let (proxies, via) = self.proxies(key.secure)?;
        for proxy in proxies {
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|error| {
            Error::new(
                ErrorKind::ApiConnectionError,
                format!("the HTTP client cannot be set up: {}", root_cause(&error)),
            )
        })?;
        Ok(Pool { client, via })
    }

    /// The proxies to use, and the one that an address of this kind goes by, for errors to name.
    fn proxies(&self, secure: bool) -> Result<(Vec<reqwest::Proxy>, Option<String>)> {
        let bad = |name: &str| {
            Error::invalid(
                name,
                "not the address of a proxy; expected http://, https:// or socks5:// and a host",
            )
        };
        if let Some(proxy) = &self.config.proxy {
            let url = proxy_address(proxy).ok_or_else(|| bad("proxy"))?;
            let via = place_of(&url);
            return Ok((vec![reqwest::Proxy::all(url).map_err(|_| bad("proxy"))?], Some(via)));
        }
        let exempt = match env::first(env::NO_PROXY) {
            Some(hosts) => format!("{LOOPBACK},{hosts}"),
            None => LOOPBACK.to_owned(),
        };
        let exempt = reqwest::NoProxy::from_string(&exempt);
        let mut proxies = Vec::new();
        let mut via = None;
        let named = [
            ("http_proxy", env::http_proxy(), !secure),
            ("https_proxy", env::first(env::HTTPS_PROXY), secure),
            ("all_proxy", env::first(env::ALL_PROXY), true),
        ];
        for (name, address, concerned) in named {
            let Some(address) = address else { continue };
            let url = proxy_address(&address).ok_or_else(|| bad(name))?;
            if concerned && via.is_none() {
                via = Some(place_of(&url));
            }
            let proxy = match name {
                "http_proxy" => reqwest::Proxy::http(url),
                "https_proxy" => reqwest::Proxy::https(url),
                _ => reqwest::Proxy::all(url),
            };
            proxies.push(proxy.map_err(|_| bad(name))?.no_proxy(exempt.clone()));
        }
        Ok((proxies, via))
    }

    fn tls(&self, secure: bool) -> Result<rustls::ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        if secure {
            match self.config.ca_file.clone().or_else(env::ssl_cert_file) {
                Some(file) => add_roots(&mut roots, &file)?,
                None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(|error| Error::new(ErrorKind::ApiConnectionError, format!("TLS: {error}")))?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = match self.config.http2 {
            true => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            false => vec![b"http/1.1".to_vec()],
        };
        Ok(config)
    }
}

fn add_roots(roots: &mut rustls::RootCertStore, file: &Path) -> Result<()> {
    let bad = |what: String| {
        let text = format!(
            "{}: {what}; ca_file and SSL_CERT_FILE take certificates in PEM form",
            file.display()
        );
        Error {
            path: Some("ca_file".to_owned()),
            ..Error::new(ErrorKind::InvalidRequestError, text)
        }
    };
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| bad(error.to_string()))?;
    let mut found = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| bad(error.to_string()))?;
        // Stores in the field hold a few certificates that no verifier takes; they vouch for nobody.
        found += usize::from(roots.add(certificate).is_ok());
    }
    if found == 0 {
        Err(bad("no certificate in it".to_owned()))
    } else {
        Ok(())
    }
}

impl Pool {
    /// Sends a request and waits for the head of the answer.
    ///
    /// # Errors
    /// If no connection could be made, in time or at all, or if it broke.
    pub async fn send(&self, call: Call) -> Result<Reply> {
        let url = call.url.clone();
        let mut request = reqwest::Request::new(http::Method::POST, call.url);
        *request.headers_mut() = call.headers;
        *request.body_mut() = Some(call.body.into());
        let response = self
            .client
            .execute(request)
            .await
            .map_err(|error| connection_error(&error, &url, self.via.as_deref()))?;
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        Ok(Reply {
            head: Head {
                status: parts.status,
                headers: parts.headers,
            },
            body,
        })
    }
}

impl Reply {
    /// Polls for the next bytes of the body; None is its end.
    pub fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            return match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(bytes) => Poll::Ready(Some(Ok(bytes))),
                    // Trailers say nothing about the answer.
                    Err(_) => continue,
                },
                Poll::Ready(Some(Err(error))) => {
                    let text = format!(
                        "the connection broke in the middle of the answer: {}",
                        root_cause(&error)
                    );
                    Poll::Ready(Some(Err(Error::new(ErrorKind::ApiConnectionError, text))))
                }
            };
        }
    }
}

/// A proxy's address from what a user wrote, which may leave the scheme out.
fn proxy_address(text: &str) -> Option<Url> {
    let text = text.trim();
    let url = if text.contains("://") {
        Url::parse(text)
    } else {
        Url::parse(&format!("http://{text}"))
    };
    let url = url.ok()?;
    let known = ["http", "https", "socks5", "socks5h"].contains(&url.scheme());
    (known && url.host_str().is_some_and(|host| !host.is_empty())).then_some(url)
}

/// Host and port of an address, without whatever else it holds.
fn place_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn connection_error(error: &reqwest::Error, url: &Url, via: Option<&str>) -> Error {
    let cause = root_cause(error);
    let place = match via.filter(|_| !is_loopback(url)) {
        Some(via) => format!("{} by the proxy {via}", place_of(url)),
        None => place_of(url),
    };
    if error.is_connect() && error.is_timeout() {
        return Error::new(ErrorKind::ConnectTimeoutError, format!("no connection to {place}"));
    }
    let text = if error.is_connect() {
        let check = if place.contains(" by the proxy ") {
            "the proxy"
        } else {
            "the network"
        };
        format!("cannot connect to {place}: {cause}; check {check} and base_url")
    } else {
        format!("the connection to {place} broke before the answer: {cause}")
    };
    Error {
        permanent: is_refused_by_tls(error),
        ..Error::new(ErrorKind::ApiConnectionError, text)
    }
}

/// Whether the two sides cannot agree on TLS, as with a certificate that is not trusted: trying again does not help.
fn is_refused_by_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    // What an I/O error wraps is not its source.
    let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>()
        || inner.is_some_and(|inner| is_refused_by_tls(inner))
        || error.source().is_some_and(is_refused_by_tls)
}

/// The innermost cause: outer layers only say "error sending request", some with the address and what it holds.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_has_a_known_scheme_and_a_host() {
        for good in [
            "http://p:3128",
            "p:3128",
            "https://user:secret@p",
            "socks5://p:1080",
            "socks5h://p",
        ] {
            assert!(proxy_address(good).is_some(), "{good}");
        }
        for bad in ["", "nonsense://x", "http://", "ftp://p", "://"] {
            assert!(proxy_address(bad).is_none(), "{bad}");
        }
        assert_eq!(
            place_of(&proxy_address("https://user:secret@p:8443/x").unwrap()),
            "p:8443"
        );
    }
}
