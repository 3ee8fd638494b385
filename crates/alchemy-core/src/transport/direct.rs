//! HTTP/1.1 whose connections are read by whoever reads the answer: no task stands between the socket and the decoder.
//!
//! A client of the usual kind has a task for each connection, which hands on one piece of a body at a time. Each piece then
//! costs a switch between two tasks, and a request as many as it has steps. Here a connection belongs to its answer until
//! that has ended, and is kept for the next request after it.

use std::error::Error as StdError;
use std::future::{Future as _, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, HOST, USER_AGENT};
use http::{HeaderValue, Request, Response, Uri};
use http_body::Body as _;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{DnsName, ServerName};
use tokio_rustls::TlsConnector;
use tower_service::Service as _;
use url::{Host, Position, Url};

use super::kept::{Home, Kept};
use super::socket::Socket;
use super::{CONNECTING, Call};

/// A connection is found dead when this long nothing was heard of it, the probes included.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 3;
/// How long the other side may take to say that it has received something.
const ACKNOWLEDGE: Duration = Duration::from_secs(30);

/// Makes connections and keeps them. Clones share what is kept.
#[derive(Clone)]
pub(super) struct Direct {
    connector: HttpConnector,
    tls: Option<TlsConnector>,
    connect: Option<Duration>,
    home: Home,
}

/// Why a request has no answer.
pub(super) enum Unsent {
    /// No connection was made in time.
    ConnectTimeout,
    /// No connection was made.
    Connect(Box<dyn StdError + Send + Sync>),
    /// The connection broke.
    Lost(hyper::Error),
}

/// One connection.
pub(super) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    io: Pin<Box<http1::Connection<TokioIo<Socket>, Full<Bytes>>>>,
    /// Whether the connection has ended.
    done: bool,
}

/// A body and the connection that it comes by.
pub(super) struct Body {
    incoming: Incoming,
    connection: Option<Connection>,
    home: Home,
    place: String,
}

impl Direct {
    /// Connections that take no longer than `connect` to make and are kept for `idle`; with `tls`, encrypted.
    pub(super) fn new(connect: Option<Duration>, idle: Duration, tls: Option<rustls::ClientConfig>) -> Self {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_keepalive(Some(KEEPALIVE));
        connector.set_keepalive_interval(Some(KEEPALIVE));
        connector.set_keepalive_retries(Some(KEEPALIVE_PROBES));
        #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
        connector.set_tcp_user_timeout(Some(ACKNOWLEDGE));
        Direct {
            connector,
            tls: tls.map(|tls| TlsConnector::from(std::sync::Arc::new(tls))),
            connect,
            home: Home::new(idle),
        }
    }

    /// Sends a request and waits for the head of the answer.
    pub(super) async fn send(&self, call: Call) -> Result<Response<Body>, Unsent> {
        let (url, mut request) = request(call)?;
        let place = &url[Position::BeforeHost..Position::AfterPort];
        loop {
            let kept = self.home.take(place);
            let reused = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                // Rare, and large: what a request that finds a connection carries along is a pointer.
                None => Box::pin(self.connect(&url)).await?,
            };
            match connection.send(request).await {
                Ok(response) => {
                    return Ok(response.map(|incoming| Body {
                        incoming,
                        connection: Some(connection),
                        home: self.home.clone(),
                        place: place.to_owned(),
                    }));
                }
                Err(mut refused) => match refused.take_message() {
                    // The server closed it while it lay idle: nothing of the request was written.
                    Some(unsent) if reused => request = unsent,
                    _ => return Err(Unsent::Lost(refused.into_error())),
                },
            }
        }
    }

    async fn connect(&self, url: &Url) -> Result<Connection, Unsent> {
        let _connecting = Connecting::new();
        let connecting = self.connect_in_any_time(url);
        match self.connect {
            Some(limit) => tokio::time::timeout(limit, connecting)
                .await
                .map_err(|_| Unsent::ConnectTimeout)?,
            None => connecting.await,
        }
    }

    async fn connect_in_any_time(&self, url: &Url) -> Result<Connection, Unsent> {
        let uri = Uri::try_from(&url[..Position::AfterPort]).map_err(|error| Unsent::Connect(error.into()))?;
        let mut connector = self.connector.clone();
        let tcp = connector.call(uri).await;
        let tcp = tcp.map_err(|error| Unsent::Connect(error.into()))?.into_inner();
        let socket = match &self.tls {
            Some(tls) => {
                let name = server_name(url).map_err(Unsent::Connect)?;
                let tls = tls.connect(name, tcp).await;
                Socket::Encrypted(Box::new(tls.map_err(|error| Unsent::Connect(error.into()))?))
            }
            None => Socket::Plain(tcp),
        };
        let (sender, io) = http1::handshake(TokioIo::new(socket)).await.map_err(Unsent::Lost)?;
        Ok(Connection {
            sender,
            io: Box::pin(io),
            done: false,
        })
    }
}

impl Connection {
    async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, TrySendError<Request<Full<Bytes>>>> {
        let mut response = pin!(self.sender.try_send_request(request));
        let (io, done) = (&mut self.io, &mut self.done);
        poll_fn(|context| {
            if !*done {
                *done = io.as_mut().poll(context).is_ready();
            }
            response.as_mut().poll(context)
        })
        .await
    }

    fn drive(&mut self, context: &mut Context<'_>) {
        if !self.done {
            // How it failed is told by the body or the response that it was for.
            self.done = self.io.as_mut().poll(context).is_ready();
        }
    }
}

impl Kept for Connection {
    /// Whether another request may be sent by it, by what the socket has told.
    fn is_usable(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.done && self.sender.is_ready()
    }
}

impl Body {
    /// Polls for the next bytes; None is the end. The connection is free for another request from then on.
    pub(super) fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, hyper::Error>>> {
        loop {
            if let Some(connection) = &mut self.connection {
                connection.drive(context);
            }
            return match Pin::new(&mut self.incoming).poll_frame(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(None) => {
                    if let Some(connection) = self.connection.take() {
                        self.home.put(&self.place, connection);
                    }
                    Poll::Ready(None)
                }
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(bytes) => Poll::Ready(Some(Ok(bytes))),
                    // Trailers say nothing about the answer.
                    Err(_) => continue,
                },
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
            };
        }
    }
}

/// The request as it is written on a connection: the address in its head is that of the path alone.
fn request(call: Call) -> Result<(Url, Request<Full<Bytes>>), Unsent> {
    let Call { url, mut headers, body } = call;
    let path = Uri::try_from(&url[Position::BeforePath..Position::AfterQuery]);
    let host = HeaderValue::try_from(&url[Position::BeforeHost..Position::AfterPort]);
    headers.insert(HOST, host.map_err(|error| Unsent::Connect(error.into()))?);
    headers
        .entry(USER_AGENT)
        .or_insert(HeaderValue::from_static(super::USER_AGENT_NAME));
    headers
        .entry(ACCEPT_ENCODING)
        .or_insert(HeaderValue::from_static("gzip"));
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = path.map_err(|error| Unsent::Connect(error.into()))?;
    *request.headers_mut() = headers;
    Ok((url, request))
}

fn server_name(url: &Url) -> Result<ServerName<'static>, Box<dyn StdError + Send + Sync>> {
    Ok(match url.host() {
        Some(Host::Domain(name)) => ServerName::DnsName(DnsName::try_from(name.to_owned())?),
        Some(Host::Ipv4(address)) => ServerName::IpAddress(std::net::IpAddr::from(address).into()),
        Some(Host::Ipv6(address)) => ServerName::IpAddress(std::net::IpAddr::from(address).into()),
        None => return Err("the address names no host".into()),
    })
}

/// A connection that is being made.
struct Connecting;

impl Connecting {
    fn new() -> Self {
        CONNECTING.fetch_add(1, Ordering::Relaxed);
        Connecting
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        CONNECTING.fetch_sub(1, Ordering::Relaxed);
    }
}
