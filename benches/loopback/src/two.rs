//! Serves one connection that speaks HTTP/2: any number of requests at a time.

use std::io;
use std::rc::Rc;

use alchemy_loopback::clock;
use bytes::Bytes;
use h2::server::{self, SendResponse};
use h2::{RecvStream, SendStream};
use http::{Request, Response, StatusCode};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::spawn_local;
use tokio_rustls::server::TlsStream;

use crate::answers::{EVENT_STREAM, JSON};
use crate::events::{Events, Framing};
use crate::pacer::Sink;
use crate::serve::{Server, plain};
use crate::vendors::{Headers, vendor};
use crate::wanted::{Protocol, Wanted, wanted};

/// Room for what clients send, so that a long request does not wait for leave to go on.
const WINDOW: u32 = 16 * 1024 * 1024;

/// Answers every request of a connection; an error is a client that went away.
pub(crate) async fn connection(stream: TlsStream<TcpStream>, server: Rc<Server>) -> io::Result<()> {
    let mut builder = server::Builder::new();
    builder
        .initial_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    let mut connection = builder.handshake::<_, Bytes>(stream).await.map_err(io::Error::other)?;
    while let Some(next) = connection.accept().await {
        let (request, respond) = next.map_err(io::Error::other)?;
        server.pacer.catch_up();
        let server = Rc::clone(&server);
        spawn_local(async move {
            // A client that resets a stream is ordinary; nothing is to be said.
            let _ = answer(request, respond, &server).await;
        });
    }
    Ok(())
}

async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>, server: &Server) -> io::Result<()> {
    let (head, body) = request.into_parts();
    let body = read(body).await?;
    let events = head.headers.get("x-events").and_then(|value| value.to_str().ok());
    match wanted(head.method.as_str(), head.uri.path(), events, &body) {
        Wanted::Burst(protocol, shape) => {
            let bytes = server.answers.burst(protocol, shape, Framing::Bare);
            server.stats.stream();
            send(&mut start(&mut respond, protocol)?, bytes, true)?;
            server.stats.events(shape.deltas());
            Ok(())
        }
        Wanted::Paced(protocol, count, pause) => {
            paced(&mut start(&mut respond, protocol)?, server, protocol, count, pause).await
        }
        other => {
            let (status, headers, body) = plain(other, server)?;
            let code = status.split(' ').next().unwrap_or_default();
            let code = StatusCode::from_bytes(code.as_bytes()).map_err(io::Error::other)?;
            let response = response(code, JSON, headers)?;
            let mut out = respond.send_response(response, false).map_err(io::Error::other)?;
            send(&mut out, body.into(), true)
        }
    }
}

async fn read(mut body: RecvStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.map_err(io::Error::other)?;
        bytes.extend_from_slice(&piece);
        body.flow_control()
            .release_capacity(piece.len())
            .map_err(io::Error::other)?;
    }
    Ok(bytes)
}

/// As over HTTP/1.1; each delta is a frame of its own.
async fn paced(
    out: &mut SendStream<Bytes>,
    server: &Server,
    protocol: Protocol,
    count: usize,
    pause: u64,
) -> io::Result<()> {
    let script = server.answers.script(protocol, count, Framing::Bare);
    server.stats.stream();
    let mut opening = Events::new(Framing::Bare);
    vendor(protocol).opening(&mut opening);
    let opening = opening.open();
    if !opening.is_empty() {
        send(out, opening.into(), false)?;
    }
    let (start, pause) = (clock::now(), pause * 1_000_000);
    if count > 0 {
        let (sink, mut events) = mpsc::unbounded_channel();
        // A stream that is reset fails at its next delta, and the pacer at the one after it.
        let _ending = server.pacer.start(Sink::Task(sink), Rc::clone(&script), start, pause);
        while let Some((due, event)) = events.recv().await {
            send(out, event, false)?;
            server.stats.paced(clock::now() - due);
        }
    }
    send(out, script.closing(start, pause).into(), true)
}

fn start(respond: &mut SendResponse<Bytes>, protocol: Protocol) -> io::Result<SendStream<Bytes>> {
    let response = response(StatusCode::OK, EVENT_STREAM, vendor(protocol).headers())?;
    respond.send_response(response, false).map_err(io::Error::other)
}

fn response(status: StatusCode, kind: &str, headers: Headers) -> io::Result<Response<()>> {
    let mut builder = Response::builder().status(status).header("content-type", kind);
    builder = builder
        .header("date", "Sat, 01 Nov 2025 12:00:00 GMT")
        .header("server", "loopback");
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(()).map_err(io::Error::other)
}

/// Hands bytes to the connection, which sends them as the client gives room.
fn send(out: &mut SendStream<Bytes>, bytes: Bytes, last: bool) -> io::Result<()> {
    out.send_data(bytes, last).map_err(io::Error::other)
}
