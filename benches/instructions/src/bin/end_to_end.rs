//! Streams a small answer over HTTP from a server in the same process: request, connection, decoding, hand-over.
//!
//! `alchemy-instructions-end-to-end` prints one line of JSON, as `alchemy-instructions` does. It is there to be looked
//! into: the client has one thread, so that callgrind, which knows threads apart, counts it and not the server.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;

use alchemy_core::client::Settings;
use alchemy_core::error::Error;
use alchemy_core::retry::Budgets;
use alchemy_core::stream::{Stream, Wake};
use alchemy_core::transport::{Transport, TransportConfig};
use alchemy_core::types::{Api, Context, Model, Options};
use alchemy_instructions::fixture::{Fixture, Size};
use alchemy_instructions::replay::Tally;
use alchemy_instructions::{features, told};
use serde_json::json;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

fn main() -> ExitCode {
    told(&stream())
}

/// Streams twice and counts the second time; returns what is to be told of it.
fn stream() -> Result<String, String> {
    let fixture = Fixture::of(Api::OpenAiCompletions, &Size::SMALL);
    let port = serve(&fixture).map_err(|error| error.to_string())?;
    let client = Client::new(&fixture, port).map_err(|error| error.to_string())?;
    // The first request opens the connection, which is kept.
    client.stream().map_err(|error| error.to_string())?;
    let tally = client.counted().map_err(|error| error.to_string())?;
    if tally.deltas < fixture.deltas() {
        return Err("end-to-end: some deltas are missing".to_owned());
    }
    let bytes: usize = fixture.events.iter().map(String::len).sum();
    Ok(json!({"events": tally.events, "bytes": bytes, "features": features()}).to_string())
}

/// What requests share.
struct Client {
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
    fn wake(self: Arc<Self>, _token: u64, _soon: bool) {
        self.0.notify_one();
    }
}

impl Client {
    /// A client of the server at a port, which answers as the model of `fixture`.
    ///
    /// # Errors
    /// A runtime that does not start, or a conversation that cannot be read.
    fn new(fixture: &Fixture, port: u16) -> io::Result<Self> {
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
    fn counted(&self) -> Result<Tally, Error> {
        self.stream()
    }

    /// One request and its answer, events taken as they come.
    ///
    /// # Errors
    /// A request that fails.
    #[inline(never)]
    fn stream(&self) -> Result<Tally, Error> {
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
fn serve(fixture: &Fixture) -> io::Result<u16> {
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

#[cfg(test)]
mod tests {
    use super::stream;

    #[test]
    fn a_small_stream_comes_over_http() {
        let told: serde_json::Value = serde_json::from_str(&stream().unwrap()).unwrap();
        assert!(told["events"].as_u64().unwrap() > 200, "{told}");
    }
}
