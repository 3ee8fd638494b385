//! Serves one connection: request after request until the client closes it.

use std::io;
use std::rc::Rc;

use alchemy_loopback::clock;
use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::answers::{self, Answers};
use crate::events::Framing;
use crate::pacer::{Pacer, Sink};
use crate::request;
use crate::stats::Stats;
use crate::vendors::{Headers, vendor};
use crate::wanted::{Protocol, Shape, Wanted};

/// So much is written in one go, so that a long answer does not hold up the paced streams.
const PIECE: usize = 256 * 1024;
/// The least room for what is read; it doubles with a longer request.
const READ_BYTES: usize = 4096;

/// What all connections share.
pub(crate) struct Server {
    pub(crate) answers: Answers,
    pub(crate) pacer: Rc<Pacer>,
    pub(crate) stats: Rc<Stats>,
}

/// A connection that speaks HTTP/1.1.
pub(crate) trait Link {
    /// Adds what has come to `kept`; false at the end.
    async fn read(&mut self, kept: &mut Vec<u8>) -> io::Result<bool>;
    /// Writes all of the bytes.
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// The socket, where bytes can be written straight into it.
    fn socket(&self) -> Option<Rc<TcpStream>>;
}

impl Link for Rc<TcpStream> {
    async fn read(&mut self, kept: &mut Vec<u8>) -> io::Result<bool> {
        kept.reserve(READ_BYTES);
        loop {
            self.readable().await?;
            match self.try_read_buf(kept) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return Ok(other? > 0),
            }
        }
    }

    async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.try_write(bytes.get(..PIECE).unwrap_or(bytes)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable().await?,
                written => bytes = bytes.get(written?..).unwrap_or_default(),
            }
        }
        Ok(())
    }

    fn socket(&self) -> Option<Rc<TcpStream>> {
        Some(Rc::clone(self))
    }
}

/// Answers every request of a connection; an error is a client that went away.
pub(crate) async fn connection(mut link: impl Link, server: &Server) -> io::Result<()> {
    let mut kept = Vec::new();
    loop {
        let Some(wanted) = request::take(&mut kept).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))?
        else {
            if !link.read(&mut kept).await? {
                return Ok(());
            }
            server.pacer.catch_up();
            continue;
        };
        match wanted {
            Wanted::Burst(protocol, shape) => burst(&mut link, server, protocol, shape).await?,
            Wanted::Paced(protocol, count, pause) => paced(&mut link, server, protocol, count, pause).await?,
            other => {
                let (status, headers, body) = plain(other, server)?;
                link.write(answers::response(status, headers, &body).as_bytes()).await?;
            }
        }
    }
}

/// Status, headers and body of an answer that is no stream.
pub(crate) fn plain(wanted: Wanted, server: &Server) -> io::Result<(&'static str, Headers, String)> {
    Ok(match wanted {
        Wanted::Whole(protocol) => ("200 OK", vendor(protocol).headers(), vendor(protocol).whole()),
        Wanted::Stats => ("200 OK", &[], server.stats.json()?),
        Wanted::Reset => {
            server.stats.reset();
            ("200 OK", &[], server.stats.json()?)
        }
        Wanted::Refused(why) => ("400 Bad Request", &[], answers::error(&why)),
        _ => (
            "404 Not Found",
            &[],
            answers::error("benches/loopback/README.md says which paths are served here"),
        ),
    })
}

async fn burst(link: &mut impl Link, server: &Server, protocol: Protocol, shape: Shape) -> io::Result<()> {
    let bytes = server.answers.burst(protocol, shape, Framing::Chunked);
    server.stats.stream();
    link.write(&bytes).await?;
    server.stats.events(shape.deltas());
    Ok(())
}

/// Sends one delta every `pause` milliseconds, by a clock that does not drift when a write is late.
async fn paced(link: &mut impl Link, server: &Server, protocol: Protocol, count: usize, pause: u64) -> io::Result<()> {
    let script = server.answers.script(protocol, count, Framing::Chunked);
    server.stats.stream();
    let mut opening = answers::opened(protocol, Framing::Chunked);
    vendor(protocol).opening(&mut opening);
    link.write(&opening.open()).await?;
    let start = clock::now();
    let pause = pause * 1_000_000;
    if count > 0 {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        if let Some(socket) = link.socket() {
            let ending = server
                .pacer
                .start(Sink::Socket(socket), Rc::clone(&script), start, pause);
            link.write(&ending.await.map_err(gone)??).await?;
        } else {
            let (sink, mut events) = mpsc::unbounded_channel::<(u64, Bytes)>();
            let ending = server.pacer.start(Sink::Task(sink), Rc::clone(&script), start, pause);
            while let Some((due, event)) = events.recv().await {
                link.write(&event).await?;
                server.stats.paced(clock::now() - due);
            }
            ending.await.map_err(gone)??;
        }
    }
    link.write(&script.closing(start, pause)).await
}
