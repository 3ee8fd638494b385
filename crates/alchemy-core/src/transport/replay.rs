//! Answers whose bytes are scripted, for tests and fuzzing: the same however they are cut, and read by nothing but what
//! reads those of a server.

pub mod cuts;

use std::collections::VecDeque;
use std::future::Future;
use std::io::Result;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use url::{Position, Url};

use super::connection::Connection;
use super::direct::Direct;
use super::proxies::Route;
use super::socket::Socket;
use super::{Body, Call, Reply, failures};
use crate::headers::{Headers, lower};

/// What a server sends once it is asked.
pub(super) struct Script {
    pieces: VecDeque<Bytes>,
    /// Whether it closes the connection after that, and does not only fall silent.
    closes: bool,
    asked: bool,
}

impl Script {
    /// Whether nothing has come that was not read.
    pub(super) fn is_silent(&self) -> bool {
        !self.asked || (self.pieces.is_empty() && !self.closes)
    }
}

impl AsyncRead for Script {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let script = self.get_mut();
        if !script.asked {
            return Poll::Pending;
        }
        let Some(piece) = script.pieces.front_mut() else {
            return if script.closes {
                Poll::Ready(Ok(()))
            } else {
                Poll::Pending
            };
        };
        let here = piece.split_to(piece.len().min(buffer.remaining()));
        if !piece.has_remaining() {
            script.pieces.pop_front();
        }
        buffer.put_slice(&here);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        self.get_mut().asked = true;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What came of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Its status; None where there is no head.
    pub status: Option<u16>,
    /// Its headers in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Its body, or what came of it.
    pub body: Vec<u8>,
    /// The most bytes of the body that were given at once.
    pub largest: usize,
    /// How it ended.
    pub end: End,
    /// Whether the connection was kept for the next request.
    pub kept: bool,
    /// Whether the body was unpacked.
    pub packed: bool,
}

/// How an answer ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// It did not: more is waited for.
    #[default]
    Awaited,
    /// It is whole.
    Whole,
    /// It is broken; the line of the error.
    Failed(String),
    /// More has come than was to be read.
    Enough,
}

/// Reads an answer that comes in these pieces, up to `most` bytes of its body.
///
/// # Panics
/// If there is no runtime to be had.
#[allow(clippy::unwrap_used, reason = "for tests")]
#[must_use]
pub fn read(pieces: &[&[u8]], closes: bool, most: usize) -> Read {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _inside = runtime.enter();
    let url = Url::parse("http://a.test:1/b").unwrap();
    let place = &url[Position::BeforeHost..Position::AfterPort];
    let direct = Direct::new(None, Duration::from_secs(600), None);
    let pieces = pieces.iter().filter(|piece| !piece.is_empty());
    direct.keep(
        place,
        Connection::new(Socket::Scripted(Script {
            pieces: pieces.map(|piece| Bytes::copy_from_slice(piece)).collect(),
            closes,
            asked: false,
        })),
    );
    let call = Call {
        url: url.clone(),
        headers: Headers::default(),
        body: Bytes::from_static(b"{}"),
    };
    let mut read = read_answer(&direct, &call, &url, most);
    read.kept = direct.has_kept(place);
    read
}

fn read_answer(direct: &Direct, call: &Call, url: &Url, most: usize) -> Read {
    let mut read = Read::default();
    let mut context = Context::from_waker(Waker::noop());
    let mut reply = match pin!(direct.send(call)).poll(&mut context) {
        Poll::Pending => return read,
        Poll::Ready(Err(unsent)) => {
            read.end = End::Failed(failures::unsent(&unsent.into(), url, &Route::default()).to_string());
            return read;
        }
        Poll::Ready(Ok(response)) => Reply::direct(response, url.clone()),
    };
    read.packed = matches!(reply.body, Body::Unpacked(_));
    read.status = Some(reply.head.status.as_u16());
    let headers = reply.head.headers.iter();
    read.headers = headers.map(|(name, value)| (lower(name), value.to_vec())).collect();
    loop {
        match reply.poll_bytes(&mut context) {
            Poll::Pending => return read,
            Poll::Ready(None) => read.end = End::Whole,
            Poll::Ready(Some(Err(error))) => read.end = End::Failed(error.to_string()),
            Poll::Ready(Some(Ok(bytes))) => {
                read.largest = read.largest.max(bytes.len());
                read.body.extend_from_slice(&bytes);
                if read.body.len() <= most {
                    continue;
                }
                read.end = End::Enough;
            }
        }
        return read;
    }
}
