//! A small stream over HTTP, from a server in the same process: request, connection, decoding, hand-over.
//!
//! The client has one thread, so that callgrind, which knows threads apart, counts it and not the server. How the
//! system cuts the bytes and when it wakes whom is not the same each time, and so the count is not either.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;

use alchemy_core::client::Settings;
use alchemy_core::error::Result;
use alchemy_core::retry::Budgets;
use alchemy_core::stream::{Stream, Wake};
use alchemy_core::transport::{Transport, TransportConfig};
use alchemy_core::types::{Context, Model, Options};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::fixture::Fixture;
use crate::replay::Tally;

/// What requests share.
pub(crate) struct Client {
    runtime: Runtime,
    transport: Transport,
    budgets: Arc<Budgets>,
    settings: Settings,
    model: Arc<Model>,
    context: Context,
}

/// Wakes the task that waits for events.
struct Waker(Notify);

impl Wake for Waker {
    fn wake(&self, _token: u64) {
        self.0.notify_one();
    }
}

impl Client {
    /// A client of the server at a port, which answers as the model of `fixture`.
    ///
    /// # Errors
    /// A runtime that does not start, or a conversation that cannot be read.
    pub(crate) fn new(fixture: &Fixture, port: u16) -> io::Result<Self> {
        let mut model = Model::new(fixture.model, fixture.provider);
        model.base_url = Some(format!("http://127.0.0.1:{port}/v1"));
        let context = json!({"messages": [{"role": "user", "content": "Write about the harbour."}]});
        Ok(Client {
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            transport: Transport::new(TransportConfig::default()),
            budgets: Arc::default(),
            settings: Settings::default(),
            model: Arc::new(model),
            context: serde_json::from_value(context)?,
        })
    }

    /// What is counted, by this name.
    ///
    /// # Errors
    /// As [`Client::stream`].
    #[inline(never)]
    pub(crate) fn counted(&self) -> Result<Tally> {
        self.stream()
    }

    /// One request and its answer, events taken as they come.
    ///
    /// # Errors
    /// A request that fails.
    #[inline(never)]
    pub(crate) fn stream(&self) -> Result<Tally> {
        let options = Options {
            api_key: Some("key".to_owned()),
            ..Options::default()
        };
        let prepared = self
            .settings
            .prepare(Arc::clone(&self.model), &self.context, options, true)?;
        let stream = Stream::new(prepared.answer()?, false);
        let budgets = Arc::clone(&self.budgets);
        let sending = prepared.into_sending(&self.transport, budgets, None, None, None)?;
        stream.start(self.runtime.handle(), sending);
        let tally = self.runtime.block_on(consume(&stream));
        match stream.outcome() {
            Some(Err(error)) => Err((*error).clone()),
            _ => Ok(tally),
        }
    }
}

async fn consume(stream: &Stream) -> Tally {
    let waker = Arc::new(Waker(Notify::new()));
    let mut tally = Tally::default();
    while let Some(events) = stream.take() {
        tally.note(&events);
        if events.is_empty() && stream.arm(Arc::clone(&waker) as Arc<dyn Wake>, 0, false) {
            waker.0.notified().await;
        }
    }
    tally
}

/// Serves the stream of `fixture` to every request, from a thread of its own; returns the port.
///
/// # Errors
/// No port on the loopback interface.
pub(crate) fn serve(fixture: &Fixture) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunks = fixture
        .events
        .iter()
        .map(|event| format!("{:x}\r\n{event}\r\n", event.len()));
    let answer = chunks.fold(head.to_owned(), |answer, chunk| answer + &chunk) + "0\r\n\r\n";
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            // A connection that fails is told by the client, which waits for its answer.
            let _ = connection(&socket, answer.as_bytes());
        }
    });
    Ok(port)
}

fn connection(socket: &TcpStream, answer: &[u8]) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut reader = BufReader::new(socket);
    let mut writer = socket;
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line == "\r\n" {
                break;
            }
        }
        io::copy(&mut reader.by_ref().take(length), &mut io::sink())?;
        writer.write_all(answer)?;
    }
}
