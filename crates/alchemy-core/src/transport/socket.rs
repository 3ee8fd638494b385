//! The bytes of a connection, encrypted or not. A socket follows the runtime that polls it.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::runtimes;

/// A socket that is connected.
pub(super) enum Socket {
    Plain(Tcp),
    Encrypted(Box<TlsStream<Tcp>>),
    /// What a server would send, for tests.
    #[cfg(any(test, fuzzing))]
    Scripted(super::replay::Script),
}

impl Socket {
    /// The number of the runtime that is told what happens to it.
    pub(super) fn runtime(&self) -> u64 {
        match self {
            Socket::Plain(socket) => socket.runtime,
            Socket::Encrypted(socket) => socket.get_ref().0.runtime,
            #[cfg(any(test, fuzzing))]
            Socket::Scripted(_) => runtimes::number(),
        }
    }

    /// Whether nothing has come that was not read, by what the operating system knows. The runtime may not have heard
    /// of it, or stand still.
    pub(super) fn is_silent(&self) -> bool {
        match self {
            Socket::Plain(socket) => socket.is_silent(),
            Socket::Encrypted(socket) => socket.get_ref().0.is_silent(),
            #[cfg(any(test, fuzzing))]
            Socket::Scripted(script) => script.is_silent(),
        }
    }
}

/// A TCP socket that whichever runtime polls it is told about.
pub(super) struct Tcp {
    /// None once it could not be brought from one runtime to another.
    socket: Option<TcpStream>,
    runtime: u64,
}

impl Tcp {
    /// A socket of the runtime at hand.
    pub(super) fn new(socket: TcpStream) -> Self {
        Tcp {
            socket: Some(socket),
            runtime: runtimes::number(),
        }
    }

    fn at_hand(&mut self) -> Result<Pin<&mut TcpStream>> {
        let number = runtimes::number();
        if self.runtime != number
            && let Some(socket) = self.socket.take()
        {
            self.socket = Some(TcpStream::from_std(socket.into_std()?)?);
            self.runtime = number;
        }
        match &mut self.socket {
            Some(socket) => Ok(Pin::new(socket)),
            None => Err(Error::from(ErrorKind::NotConnected)),
        }
    }

    fn is_silent(&self) -> bool {
        let Some(socket) = &self.socket else { return false };
        let peeked = SockRef::from(socket).peek(&mut [MaybeUninit::uninit(); 1]);
        peeked.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

impl AsyncRead for Tcp {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        self.get_mut().at_hand()?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        self.get_mut().at_hand()?.poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let socket = self.get_mut().at_hand()?;
        if runtimes::is_programs_thread() {
            // Several slices are written by a call that raises SIGPIPE where the server has hung up. The shared runtime's
            // thread leaves signals to others; this one is the program's.
            let first = slices.iter().find(|slice| !slice.is_empty());
            return socket.poll_write(context, first.map_or(&[], |slice| slice));
        }
        socket.poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.get_mut().at_hand()?.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.get_mut().at_hand()?.poll_shutdown(context)
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        match self.get_mut() {
            Socket::Plain(socket) => Pin::new(socket).poll_read(context, buffer),
            Socket::Encrypted(socket) => Pin::new(socket).poll_read(context, buffer),
            #[cfg(any(test, fuzzing))]
            Socket::Scripted(socket) => Pin::new(socket).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        match self.get_mut() {
            Socket::Plain(socket) => Pin::new(socket).poll_write(context, bytes),
            Socket::Encrypted(socket) => Pin::new(socket).poll_write(context, bytes),
            #[cfg(any(test, fuzzing))]
            Socket::Scripted(socket) => Pin::new(socket).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        match self.get_mut() {
            Socket::Plain(socket) => Pin::new(socket).poll_write_vectored(context, slices),
            Socket::Encrypted(socket) => Pin::new(socket).poll_write_vectored(context, slices),
            #[cfg(any(test, fuzzing))]
            Socket::Scripted(socket) => Pin::new(socket).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Socket::Plain(socket) => socket.is_write_vectored(),
            Socket::Encrypted(socket) => socket.is_write_vectored(),
            #[cfg(any(test, fuzzing))]
            Socket::Scripted(socket) => socket.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        match self.get_mut() {
            Socket::Plain(socket) => Pin::new(socket).poll_flush(context),
            Socket::Encrypted(socket) => Pin::new(socket).poll_flush(context),
            #[cfg(any(test, fuzzing))]
            Socket::Scripted(socket) => Pin::new(socket).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        match self.get_mut() {
            Socket::Plain(socket) => Pin::new(socket).poll_shutdown(context),
            Socket::Encrypted(socket) => Pin::new(socket).poll_shutdown(context),
            #[cfg(any(test, fuzzing))]
            Socket::Scripted(socket) => Pin::new(socket).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::net::TcpListener;
    use std::pin::pin;
    use std::time::Duration;

    use tokio::runtime::Builder;

    use super::*;
    use crate::runtimes::OwnRuntime;

    #[test]
    fn the_thread_of_a_program_writes_one_slice_at_a_time() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let write = async move || {
            let mut socket = Tcp::new(TcpStream::connect(address).await.unwrap());
            let slices = [IoSlice::new(b""), IoSlice::new(b"head"), IoSlice::new(b"body")];
            let written = poll_fn(|context| Pin::new(&mut socket).poll_write_vectored(context, &slices)).await;
            written.unwrap()
        };
        let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
        let shared = runtime();
        let own = OwnRuntime::new(runtime(), shared.handle().clone());
        assert_eq!(own.drive(pin!(write()), Duration::from_secs(20)), Some(4));
        assert_eq!(shared.block_on(write()), 8);
    }
}
