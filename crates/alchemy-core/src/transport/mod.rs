//! The only folder that names the HTTP client: connections, proxies, TLS.

mod body_framing;
mod connection;
mod direct;
mod failures;
mod gzip;
mod heads;
mod kept;
mod proxies;
#[cfg(any(test, fuzzing))]
pub mod replay;
mod socket;
mod tls;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body::Body as _;
use url::Url;

use self::direct::Direct;
use self::gzip::{Broken, Unpacked};
use self::proxies::{Proxies, Route};
use crate::error::{Error, ErrorKind, Result};
use crate::head::Head;
use crate::headers::Headers;

/// How many pools a transport keeps. Each connect timeout in use needs one, since it belongs to the pool.
const POOLS: usize = 8;

/// How long a connection without encryption waits for the next request. Servers on the user's own machine, such as
/// llama.cpp and those on uvicorn or Node.js, close theirs after five seconds, and a request that is sent in that
/// moment is lost. A new connection to them costs next to nothing.
const PLAIN_IDLE: Duration = Duration::from_secs(4);

/// How long an encrypted connection waits, which takes a few round trips to make anew.
const SECURE_IDLE: Duration = Duration::from_secs(90);

const USER_AGENT_NAME: &str = concat!("alchemy-llm/", env!("CARGO_PKG_VERSION"));

/// How many connections are being made.
static CONNECTING: AtomicUsize = AtomicUsize::new(0);

/// How many connections are being made in this process just now.
#[must_use]
pub fn connecting() -> usize {
    CONNECTING.load(Ordering::Relaxed)
}

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
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

/// Connections to send a [`Call`] by.
#[derive(Clone)]
pub struct Pool {
    way: Way,
    route: Route,
}

/// How requests get to servers.
#[derive(Clone)]
enum Way {
    /// HTTP/1.1 without a proxy: what nearly every request takes, and what has to cost least.
    Direct(Direct),
    /// All else: proxies of each kind, and HTTP/2.
    Client(reqwest::Client),
}

/// An answer whose body is still to be read.
#[repr(C)]
pub struct Reply {
    body: Body,
    url: Url,
    /// Its head.
    pub head: Head,
}

enum Body {
    Direct(direct::Body),
    Unpacked(Box<Unpacked>),
    Client(reqwest::Body),
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
        let idle = if key.secure { SECURE_IDLE } else { PLAIN_IDLE };
        if proxies.rules.is_empty() && !self.config.http2 {
            return Ok(Pool {
                way: Way::Direct(Direct::new(key.connect, idle, key.secure.then_some(tls))),
                route: proxies.route,
            });
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT_NAME)
            .pool_idle_timeout(idle)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .no_proxy()
            .tls_backend_preconfigured(tls);
        if let Some(connect) = key.connect {
            builder = builder.connect_timeout(connect);
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
            way: Way::Client(client),
            route: proxies.route,
        })
    }
}

impl Pool {
    /// Whether all that a request takes is done by the task that sends it, in whichever runtime that is.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        matches!(self.way, Way::Direct(_))
    }

    /// Whether a connection to this address, of the runtime at hand, waits for the next request. It may turn out to be closed.
    pub(crate) fn is_at_hand(&self, url: &Url) -> bool {
        match &self.way {
            Way::Direct(direct) => direct.is_at_hand(url),
            Way::Client(_) => false,
        }
    }

    /// Sends a request and waits for the head of the answer.
    ///
    /// # Errors
    /// If no connection could be made, in time or at all, or if it broke.
    pub async fn send(&self, call: Call) -> Result<Reply> {
        match &self.way {
            Way::Direct(direct) => {
                let response = direct.send(&call).await;
                let response = response.map_err(|unsent| failures::unsent(&unsent.into(), &call.url, &self.route))?;
                Ok(Reply::direct(response, call.url))
            }
            Way::Client(client) => {
                let url = call.url.clone();
                Box::pin(self.send_by(client, call, url)).await
            }
        }
    }

    async fn send_by(&self, client: &reqwest::Client, call: Call, url: Url) -> Result<Reply> {
        let mut request = reqwest::Request::new(http::Method::POST, call.url);
        *request.headers_mut() = call.headers.to_map();
        *request.body_mut() = Some(call.body.into());
        let response = client.execute(request).await;
        let response = response.map_err(|error| failures::unsent(&error.into(), &url, &self.route))?;
        if response.status() == http::StatusCode::PROXY_AUTHENTICATION_REQUIRED
            && let Some(via) = self.route.via(&url)
        {
            return Err(failures::unwelcome(&url, via));
        }
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        Ok(Reply {
            head: Head {
                status: parts.status,
                headers: Headers::from(&parts.headers),
            },
            url,
            body: Body::Client(body),
        })
    }
}

impl Reply {
    fn direct((mut head, body): (Head, direct::Body), url: Url) -> Self {
        let body = match head.headers.get(CONTENT_ENCODING.as_str()) {
            Some(encoding) if encoding.eq_ignore_ascii_case(b"gzip") => {
                head.headers.remove(CONTENT_ENCODING.as_str());
                head.headers.remove(CONTENT_LENGTH.as_str());
                Body::Unpacked(Box::new(Unpacked::new(body)))
            }
            _ => Body::Direct(body),
        };
        Reply { head, url, body }
    }

    /// Whether the task that polls is all that there is between the socket and the reader: what has come has been read
    /// when a poll is pending.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        !matches!(self.body, Body::Client(_))
    }

    /// Polls for the next bytes of the body; None is its end. An error is large and rare, hence the box.
    pub fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<std::result::Result<Bytes, Box<Error>>>> {
        let url = &self.url;
        match &mut self.body {
            Body::Direct(body) => body
                .poll_bytes(context)
                .map_err(|error| Box::new(failures::broken(&error, url))),
            Body::Unpacked(body) => body.poll_bytes(context).map_err(|broken| {
                Box::new(match broken {
                    Broken::Connection(error) => failures::broken(&error, url),
                    Broken::Compression(error) => failures::unpackable(&error),
                })
            }),
            Body::Client(body) => loop {
                return match Pin::new(&mut *body).poll_frame(context) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(None) => Poll::Ready(None),
                    Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                        Ok(bytes) => Poll::Ready(Some(Ok(bytes))),
                        // Trailers say nothing about the answer.
                        Err(_) => continue,
                    },
                    Poll::Ready(Some(Err(error))) => {
                        Poll::Ready(Some(Err(Box::new(failures::broken_by_client(&error, url)))))
                    }
                };
            },
        }
    }
}
