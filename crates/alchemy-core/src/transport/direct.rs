//! HTTP/1.1 whose connections are read by whoever reads the answer: no task stands between the socket and the decoder.
//!
//! A client of the usual kind has a task for each connection, which hands on one piece of a body at a time. Each piece then
//! costs a switch between two tasks, and a request as many as it has steps. Here a connection belongs to its answer until
//! that has ended, and is kept for the next request after it. All of them read into one buffer, which stays in the
//! processor's cache while a thousand answers arrive.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use memchr::memrchr;
use rustls::pki_types::{DnsName, ServerName};
use tokio_rustls::TlsConnector;
use tower_service::Service as _;
use url::{Host, Position, Url};

use super::body_framing::BodyFraming;
use super::connection::{Broken, Connection, with_buffer};
use super::heads::{AnswerHead, HEAD_BYTES, answer_head, request_head};
use super::kept::Home;
use super::socket::{Socket, Tcp};
use super::{CONNECTING, Call, tls};
use crate::head::Head;

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
    Lost(Broken),
}

/// A body and the connection that it comes by.
///
/// What each event touches comes first and in a row, since it has to be fetched from memory.
#[repr(C)]
pub(super) struct Body {
    framing: BodyFraming,
    /// Whether the connection may be used again.
    keep: bool,
    /// What came with the head.
    first: Bytes,
    /// None once the body has ended.
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

    /// Keeps a connection to a host and port, as if it had been used.
    #[cfg(any(test, fuzzing))]
    pub(super) fn keep(&self, place: &str, connection: Connection) {
        self.home.put(place, connection);
    }

    /// Whether a connection to a host and port can be used again; takes it.
    #[cfg(any(test, fuzzing))]
    pub(super) fn has_kept(&self, place: &str) -> bool {
        self.home.take(place).is_some()
    }

    /// Whether a connection to this address is kept that belongs to the runtime at hand.
    pub(super) fn is_at_hand(&self, url: &Url) -> bool {
        self.home.has(place(url))
    }

    /// Sends a request and waits for the head of the answer.
    pub(super) async fn send(&self, call: &Call) -> Result<(Head, Body), Unsent> {
        let place = place(&call.url);
        loop {
            let kept = self.home.take(place);
            let reused = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                // Rare, and large: what a request that finds a connection carries along is a pointer.
                None => Box::pin(self.connect(&call.url)).await?,
            };
            connection.begin(request_head(call), call.body.clone());
            match head(&mut connection).await {
                Ok((head, first)) => return Ok(self.answer(head, first, connection, place)),
                // The server closed it while it lay idle, and nothing of the request was written.
                Err(_) if reused && !connection.has_written() => {}
                Err(broken) => return Err(Unsent::Lost(broken)),
            }
        }
    }

    fn answer(&self, head: AnswerHead, first: Bytes, connection: Connection, place: &str) -> (Head, Body) {
        let body = Body {
            connection: Some(connection),
            framing: head.framing,
            keep: head.keep,
            first,
            home: self.home.clone(),
            place: place.to_owned(),
        };
        (head.head, body)
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
        let tcp = Tcp::new(tcp.map_err(|error| Unsent::Connect(error.into()))?.into_inner());
        let socket = match &self.tls {
            Some(tls) => {
                let name = server_name(url).map_err(Unsent::Connect)?;
                let tls = tls::handshake(tls, name, tcp).await;
                Socket::Encrypted(Box::new(tls.map_err(|error| Unsent::Connect(error.into()))?))
            }
            None => Socket::Plain(tcp),
        };
        Ok(Connection::new(socket))
    }
}

/// Writes the request that was begun, and reads the head of its answer and what came with it of the body.
async fn head(connection: &mut Connection) -> Result<(AnswerHead, Bytes), Broken> {
    let mut read = Vec::new();
    poll_fn(|context| {
        // A server may answer a request that it does not want to read to its end, and close.
        let unwritten = match connection.poll_write(context) {
            Poll::Ready(Err(error)) => Some(error),
            _ => None,
        };
        loop {
            let found = with_buffer(|buffer| {
                Poll::Ready(match ready!(connection.poll_read(context, buffer))? {
                    0 => Err(Broken::Protocol(
                        "the connection was closed before the head of the answer".to_owned(),
                    )),
                    length => next_head(&mut read, buffer.get(..length).unwrap_or_default()),
                })
            });
            return match found {
                Poll::Ready(Ok(None)) => continue,
                Poll::Ready(Ok(Some(found))) => Poll::Ready(Ok(found)),
                Poll::Ready(Err(error)) => Poll::Ready(Err(unwritten.unwrap_or(error))),
                Poll::Pending => match unwritten {
                    // Where some of it was written the server may still say why it hangs up.
                    Some(error) if !connection.has_written() => Poll::Ready(Err(error)),
                    _ => Poll::Pending,
                },
            };
        }
    })
    .await
}

/// Adds bytes to those read so far of a head; the head, once it is whole, and what follows it.
fn next_head(read: &mut Vec<u8>, bytes: &[u8]) -> Result<Option<(AnswerHead, Bytes)>, Broken> {
    let fresh = read.is_empty();
    if !fresh {
        read.extend_from_slice(bytes);
    }
    let all: &[u8] = if fresh { bytes } else { read };
    // Only whole lines are read: a head that comes byte by byte is not read again for each, and is judged the same.
    let mut passed = 0;
    if let Some(end) = memrchr(b'\n', bytes) {
        let lines = all.get(..=all.len() - bytes.len() + end).unwrap_or_default();
        let (head, used) = answer_head(lines).map_err(Broken::Protocol)?;
        if let Some(head) = head {
            return Ok(Some((
                head,
                Bytes::copy_from_slice(all.get(used..).unwrap_or_default()),
            )));
        }
        passed = used;
    }
    match fresh {
        true => read.extend_from_slice(bytes.get(passed..).unwrap_or_default()),
        false => drop(read.drain(..passed)),
    }
    match read.len() > HEAD_BYTES {
        true => Err(Broken::Protocol("the head of the answer is too large".to_owned())),
        false => Ok(None),
    }
}

impl Body {
    /// Polls for the next bytes; None is the end. The connection is free for another request from then on.
    pub(super) fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        loop {
            if self.framing.has_ended() {
                // What follows the answer to the only request that was sent belongs to nothing.
                self.keep &= self.first.is_empty();
                self.end();
            }
            let Some(connection) = &mut self.connection else {
                return Poll::Ready(None);
            };
            let found = if let Some(what) = self.framing.broken() {
                Err(Broken::Protocol(what.to_owned()))
            } else if self.first.is_empty() {
                // An answer may have begun before its request was written.
                if let Poll::Ready(Err(_)) = connection.poll_write(context) {
                    self.keep = false;
                }
                match ready!(with_buffer(|buffer| connection.poll_read(context, buffer))) {
                    Ok(0) => self.close(),
                    Ok(length) => with_buffer(|buffer| self.take(buffer.get_mut(..length).unwrap_or_default())),
                    Err(error) => Err(error),
                }
            } else {
                let mut first = Vec::from(std::mem::take(&mut self.first));
                self.take(&mut first)
            };
            match found {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Poll::Ready(Some(Ok(bytes))),
                Err(error) => {
                    self.connection = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    /// Takes bytes that have come; those of the body.
    fn take(&mut self, bytes: &mut [u8]) -> Result<Bytes, Broken> {
        let taken = self
            .framing
            .take(bytes)
            .map_err(|what| Broken::Protocol(what.to_owned()))?;
        self.keep &= taken.used == bytes.len();
        Ok(Bytes::copy_from_slice(bytes.get(..taken.body).unwrap_or_default()))
    }

    /// The server has closed the connection.
    fn close(&mut self) -> Result<Bytes, Broken> {
        match self.framing.cut() {
            Some(what) => Err(Broken::Protocol(what.to_owned())),
            None => {
                self.framing = BodyFraming::Ended;
                self.connection = None;
                Ok(Bytes::new())
            }
        }
    }

    fn end(&mut self) {
        if let Some(connection) = self.connection.take()
            && self.keep
        {
            self.home.put(&self.place, connection);
        }
    }
}

/// By what connections are told apart: host and port.
fn place(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
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
