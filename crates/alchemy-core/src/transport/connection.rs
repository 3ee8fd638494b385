//! One connection: what is still to be written to it, and the buffer that all are read into.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use super::kept::Kept;
use super::socket::Socket;
use crate::runtimes;

/// How much is read at once.
const BUFFER_BYTES: usize = 64 * 1024;
/// A body up to this size is written together with its head.
pub(super) const SMALL_BODY: usize = 16 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Lends this thread's buffer. What is read into it has to be used up before the next read.
pub(super) fn with_buffer<T>(read: impl FnOnce(&mut [u8]) -> T) -> T {
    BUFFER.with_borrow_mut(|buffer| {
        buffer.resize(BUFFER_BYTES, 0);
        read(buffer)
    })
}

/// Why a connection cannot be read any more.
#[derive(Debug)]
pub(super) enum Broken {
    /// The connection failed.
    Io(io::Error),
    /// What came is not HTTP, or not all of it.
    Protocol(String),
}

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Broken::Io(error) => error.fmt(formatter),
            Broken::Protocol(what) => formatter.write_str(what),
        }
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Broken::Io(error) => Some(error),
            Broken::Protocol(_) => None,
        }
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Broken::Io(error)
    }
}

/// A connection that carries one request at a time.
#[repr(C)]
pub(super) struct Connection {
    unflushed: bool,
    written: bool,
    /// Whether writing has failed.
    mute: bool,
    socket: Socket,
    /// What is to be written: the head and a small body, and a large body.
    outgoing: [Bytes; 2],
}

impl Connection {
    pub(super) fn new(socket: Socket) -> Self {
        Connection {
            socket,
            outgoing: [Bytes::new(), Bytes::new()],
            unflushed: false,
            written: false,
            mute: false,
        }
    }

    /// Notes a request that is to be written.
    pub(super) fn begin(&mut self, mut head: Vec<u8>, body: Bytes) {
        self.outgoing = if body.len() <= SMALL_BODY {
            head.extend_from_slice(&body);
            [head.into(), Bytes::new()]
        } else {
            [head.into(), body]
        };
        self.unflushed = true;
        self.written = false;
    }

    /// Whether any byte of the last request was written.
    pub(super) fn has_written(&self) -> bool {
        self.written
    }

    /// Writes what is to be written. An error is told once.
    pub(super) fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        if !self.unflushed {
            return Poll::Ready(Ok(()));
        }
        let done = ready!(self.poll_write_all(context));
        self.unflushed = false;
        if done.is_err() {
            self.mute = true;
            self.outgoing = [Bytes::new(), Bytes::new()];
        }
        Poll::Ready(done.map_err(Broken::Io))
    }

    fn poll_write_all(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let [head, body] = &mut self.outgoing;
        while !(head.is_empty() && body.is_empty()) {
            let socket = Pin::new(&mut self.socket);
            let length = match (head.is_empty(), body.is_empty()) {
                (false, true) => ready!(socket.poll_write(context, head))?,
                (true, _) => ready!(socket.poll_write(context, body))?,
                _ => ready!(socket.poll_write_vectored(context, &[IoSlice::new(head), IoSlice::new(body)]))?,
            };
            if length == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written = true;
            let of_head = length.min(head.len());
            head.advance(of_head);
            body.advance((length - of_head).min(body.len()));
        }
        *body = Bytes::new();
        Pin::new(&mut self.socket).poll_flush(context)
    }

    /// Reads into a buffer; 0 bytes are the end.
    pub(super) fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, Broken>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

impl Kept for Connection {
    fn is_sound(&self) -> bool {
        !self.mute && !self.unflushed
    }

    fn is_usable(&mut self) -> bool {
        if !self.is_sound() {
            return false;
        }
        if self.socket.is_silent() {
            return true;
        }
        // What has come may be for the encryption alone, such as a ticket for the next connection.
        let mut context = Context::from_waker(Waker::noop());
        matches!(self.socket, Socket::Encrypted(_))
            && self.socket.runtime() == runtimes::number()
            && self.poll_read(&mut context, &mut [0; 16]).is_pending()
            && self.socket.is_silent()
    }

    fn runtime(&self) -> u64 {
        self.socket.runtime()
    }
}
