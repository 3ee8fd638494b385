//! The only file that names the HTTP client: one pool, proxies, TLS.

mod failures;
mod proxies;
mod tls;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use url::Url;

use self::proxies::{Proxies, Route};
use crate::error::{Error, ErrorKind, Result};
use crate::head::Head;

/// How many pools a transport keeps. Each connect timeout in use needs one, since it belongs to the pool.
const POOLS: usize = 8;

/// How long a connection without encryption waits for the next request. Servers on the user's own machine, such as
/// llama.cpp and those on uvicorn or Node.js, close theirs after five seconds, and a request that is sent in that
/// moment is lost. A new connection to them costs next to nothing.
const PLAIN_IDLE: Duration = Duration::from_secs(4);

/// Settings of the connections.
#[derive(Clone, Default)]
pub struct TransportConfig {
    /// A proxy for every address, over the environment's.
    pub proxy: Option<String>,
    /// A file of certificate authorities, PEM, that replaces the built-in ones.
    pub ca_file: Option<PathBuf>,
    /// A file with a certificate, PEM, that is shown to servers which ask for one.
    pub client_certificate: Option<PathBuf>,
    /// The file of its key, PEM and without a passphrase; None: the key is in the certificate's file.
    pub client_key: Option<PathBuf>,
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
    route: Route,
}

/// An answer whose body is still to be read.
pub struct Reply {
    /// Its head.
    pub head: Head,
    url: Url,
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
        let proxies = Proxies::of(self.config.proxy.as_deref(), key.secure)?;
        let tls = tls::config(&self.config, key.secure || proxies.encrypted)?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("alchemy-llm/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .no_proxy()
            .tls_backend_preconfigured(tls);
        if let Some(connect) = key.connect {
            builder = builder.connect_timeout(connect);
        }
        if !key.secure {
            builder = builder.pool_idle_timeout(PLAIN_IDLE);
        }
        if !self.config.http2 {
            builder = builder.http1_only();
        }
        for proxy in proxies.rules {
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|error| {
            Error::new(
                ErrorKind::ApiConnectionError,
                format!("the HTTP client cannot be set up: {}", failures::root_cause(&error)),
            )
        })?;
        Ok(Pool {
            client,
            route: proxies.route,
        })
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
            .map_err(|error| failures::unsent(&error, &url, &self.route))?;
        if response.status() == http::StatusCode::PROXY_AUTHENTICATION_REQUIRED
            && let Some(via) = self.route.via(&url)
        {
            return Err(failures::unwelcome(&url, via));
        }
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        Ok(Reply {
            head: Head {
                status: parts.status,
                headers: parts.headers,
            },
            url,
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
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(failures::broken(&error, &self.url)))),
            };
        }
    }
}
