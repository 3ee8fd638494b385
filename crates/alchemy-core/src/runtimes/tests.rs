//! Requests that the thread which waits carries itself, and connections that go from one runtime to another.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use super::OwnRuntime;
use crate::client::Settings;
use crate::error::ErrorKind;
use crate::stream::{Sending, Stream};
use crate::transport::{Transport, TransportConfig};
use crate::types::{ContentBlock, Model, Options};

const BODY: &str = r#"{"choices": [{"message": {"content": "Hi."}, "finish_reason": "stop"}]}"#;
const LONG: Duration = Duration::from_secs(20);

/// A server that answers on each connection until the client closes it, by `trailer` a little after the body; the
/// numbers of the connections, one for each request.
struct Server {
    model: Arc<Model>,
    seen: Arc<Mutex<Vec<usize>>>,
}

impl Server {
    fn new(head: &'static str, trailer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut model = Model::new("m", "custom");
        model.base_url = Some(format!("http://{}", listener.local_addr().unwrap()));
        let seen: Arc<Mutex<Vec<usize>>> = Arc::default();
        let noted = Arc::clone(&seen);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for (number, socket) in listener.incoming().enumerate() {
                let noted = Arc::clone(&noted);
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(socket.unwrap());
                    while take_request(&mut reader) {
                        noted.lock().unwrap().push(number);
                        reader.get_mut().write_all(head.as_bytes()).unwrap();
                        std::thread::sleep(Duration::from_millis(30));
                        reader.get_mut().write_all(trailer.as_bytes()).unwrap();
                    }
                });
            }
        });
        Server {
            model: Arc::new(model),
            seen,
        }
    }

    fn request(&self, transport: &Transport) -> (Stream, Sending) {
        let (stream, sending) = request(&self.model, transport, false);
        stream.discard();
        (stream, sending)
    }

    /// The connections of the requests so far, in order.
    fn seen(&self) -> Vec<usize> {
        self.seen.lock().unwrap().clone()
    }
}

/// A stream that was not started, and what sends its request.
fn request(model: &Arc<Model>, transport: &Transport, streamed: bool) -> (Stream, Sending) {
    let prepared = Settings::default().prepare(Arc::clone(model), &Default::default(), Options::default(), streamed);
    let prepared = prepared.unwrap();
    let stream = Stream::new(prepared.answer().unwrap(), false);
    let sending = prepared.into_sending(transport, Arc::default(), None, None, None);
    (stream, sending.unwrap())
}

fn take_request(reader: &mut impl BufRead) -> bool {
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        if !matches!(reader.read_line(&mut line), Ok(1..)) {
            return false;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            return reader.read_exact(&mut vec![0; length]).is_ok();
        }
    }
}

fn own(shared: &Runtime) -> OwnRuntime {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    OwnRuntime::new(runtime, shared.handle().clone())
}

fn carry(own: &OwnRuntime, (stream, sending): (Stream, Sending)) -> String {
    let mut carrying = pin!(stream.carry(sending).unwrap());
    assert_eq!(own.drive(carrying.as_mut(), LONG), Some(()));
    text(&stream)
}

fn text(stream: &Stream) -> String {
    match stream.outcome().unwrap().unwrap().content.as_slice() {
        [ContentBlock::Text(block)] => block.text.to_string(),
        other => panic!("{other:?}"),
    }
}

fn start(shared: &Runtime, (stream, sending): (Stream, Sending)) -> String {
    stream.start(shared.handle(), sending);
    assert!(stream.wait(LONG, true));
    text(&stream)
}

/// Drives a runtime that stands still otherwise until an answer is there, and its connection free.
fn driven(runtime: &Runtime, stream: &Stream) -> String {
    let ended = async {
        while stream.outcome().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    runtime.block_on(async { tokio::time::timeout(LONG, ended).await.unwrap() });
    text(stream)
}

fn whole() -> &'static str {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{BODY}", BODY.len());
    Box::leak(head.into_boxed_str())
}

#[test]
fn a_thread_carries_its_request_without_the_shared_runtime() {
    let server = Server::new(whole(), "");
    // Nobody drives this one: what goes to it stands still.
    let shared = Builder::new_current_thread().enable_all().build().unwrap();
    let transport = Transport::new(TransportConfig::default());
    let own = own(&shared);
    for _ in 0..3 {
        assert_eq!(carry(&own, server.request(&transport)), "Hi.");
    }
    assert_eq!(server.seen(), [0, 0, 0]);
}

#[test]
fn a_request_goes_out_at_once_by_a_connection_that_is_there() {
    let server = Server::new(whole(), "");
    let shared = Builder::new_current_thread().enable_all().build().unwrap();
    let transport = Transport::new(TransportConfig::default());
    let (first, sending) = server.request(&transport);
    assert!(first.start(shared.handle(), sending), "there is no connection yet");
    assert_eq!(driven(&shared, &first), "Hi.");
    let (second, sending) = server.request(&transport);
    assert!(!second.start(shared.handle(), sending));
    // Nobody drives the runtime, and the server has the request all the same.
    let begun = Instant::now();
    while server.seen().len() < 2 {
        assert!(begun.elapsed() < LONG);
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(driven(&shared, &second), "Hi.");
    assert_eq!(server.seen(), [0, 0]);
    // That of another runtime has to become this one's first, which is told when it can write.
    let own = own(&shared);
    assert_eq!(carry(&own, server.request(&transport)), "Hi.");
    let (third, sending) = server.request(&transport);
    assert!(third.start(shared.handle(), sending));
    assert_eq!(driven(&shared, &third), "Hi.");
    assert_eq!(server.seen(), [0, 0, 0, 0]);
}

#[test]
fn a_request_that_was_begun_is_closed_with_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut model = Model::new("m", "custom");
    model.base_url = Some(format!("http://{}", listener.local_addr().unwrap()));
    let (model, transport) = (Arc::new(model), Transport::new(TransportConfig::default()));
    let shared = Builder::new_current_thread().enable_all().build().unwrap();
    let server = std::thread::spawn(move || {
        let mut reader = BufReader::new(listener.accept().unwrap().0);
        assert!(take_request(&mut reader));
        reader.get_mut().write_all(whole().as_bytes()).unwrap();
        assert!(take_request(&mut reader));
        // The second one is not answered: what follows is the end.
        reader.read_to_end(&mut Vec::new()).unwrap()
    });
    let (first, sending) = request(&model, &transport, false);
    assert!(first.start(shared.handle(), sending));
    assert_eq!(driven(&shared, &first), "Hi.");
    let (stream, sending) = request(&model, &transport, false);
    assert!(!stream.start(shared.handle(), sending));
    assert!(stream.outcome().is_none());
    stream.close();
    assert_eq!(stream.outcome().unwrap().unwrap_err().kind, ErrorKind::AbortedError);
    assert_eq!(server.join().unwrap(), 0);
}

#[test]
fn a_connection_follows_the_runtime_that_uses_it() {
    let server = Server::new(whole(), "");
    let shared = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let transport = Transport::new(TransportConfig::default());
    let (first, second) = (own(&shared), own(&shared));
    for _ in 0..3 {
        assert_eq!(carry(&first, server.request(&transport)), "Hi.");
        assert_eq!(start(&shared, server.request(&transport)), "Hi.");
        // The end of an answer is told a moment before its connection is free.
        std::thread::sleep(Duration::from_millis(100));
        let third = own(&shared);
        assert_eq!(carry(&third, server.request(&transport)), "Hi.");
        // A runtime that has gone leaves its connections to the others.
        drop(third);
        assert_eq!(carry(&second, server.request(&transport)), "Hi.");
    }
    assert_eq!(server.seen(), [0; 12]);
}

#[test]
fn what_follows_an_answer_is_not_waited_for_and_the_connection_is_used_again() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n\
        48\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"Hi.\"},\"finish_reason\":\"stop\"}]}\n\n\r\n\
        e\r\ndata: [DONE]\n\n\r\n";
    let server = Server::new(head, "0\r\n\r\n");
    let shared = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let transport = Transport::new(TransportConfig::default());
    let own = own(&shared);
    for _ in 0..2 {
        assert_eq!(carry(&own, request(&server.model, &transport, true)), "Hi.");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(server.seen(), [0, 0]);
}

#[test]
fn one_that_is_dropped_in_between_closes_its_connection_and_is_aborted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut model = Model::new("m", "custom");
    model.base_url = Some(format!("http://{}", listener.local_addr().unwrap()));
    let transport = Transport::new(TransportConfig::default());
    let (stream, sending) = request(&Arc::new(model), &transport, false);
    let shared = Builder::new_current_thread().enable_all().build().unwrap();
    let own = own(&shared);
    let mut carrying = Box::pin(stream.carry(sending).unwrap());
    for _ in 0..2 {
        assert_eq!(own.drive(carrying.as_mut(), Duration::from_millis(30)), None);
    }
    let (mut socket, _) = listener.accept().unwrap();
    drop(carrying);
    let mut request = Vec::new();
    assert!(socket.read_to_end(&mut request).unwrap() > 0);
    assert!(stream.outcome().is_none());
    stream.close();
    assert_eq!(stream.outcome().unwrap().unwrap_err().kind, ErrorKind::AbortedError);
}
