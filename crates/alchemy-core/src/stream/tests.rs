//! What a stream owes to those who wait for it when it goes away.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::client::Settings;
use crate::transport::{Transport, TransportConfig};
use crate::types::{Model, Options};

/// A stream and what sends its request to a listener that never answers.
fn unanswered(listener: &TcpListener) -> (Stream, Sending) {
    let mut model = Model::new("m", "custom");
    model.base_url = Some(format!("http://{}", listener.local_addr().unwrap()));
    let prepared = Settings::default().prepare(Arc::new(model), &Default::default(), Options::default(), true);
    let prepared = prepared.unwrap();
    let stream = Stream::new(prepared.answer().unwrap(), false);
    let transport = Transport::new(TransportConfig::default());
    let sending = prepared.into_sending(&transport, Arc::default(), None, None, None);
    (stream, sending.unwrap())
}

#[derive(Default)]
struct Told(AtomicU64);

impl Wake for Told {
    fn wake(self: Arc<Self>, token: u64, _soon: bool) {
        self.0.store(token, Ordering::Relaxed);
    }
}

#[test]
fn a_stream_that_is_dropped_lets_go_of_its_waiters() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (stream, ..) = unanswered(&listener);
    let told = Arc::new(Told::default());
    assert!(stream.arm(Arc::clone(&told) as Arc<dyn Wake>, 7, false));
    drop(stream);
    assert_eq!(told.0.load(Ordering::Relaxed), 7);
}

#[test]
fn an_answer_ends_with_its_runtime() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let kind = |stream: &Stream| {
        stream.settle();
        stream.outcome().map(|outcome| outcome.unwrap_err().kind)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let handle = runtime.handle().clone();
    let (running, sending) = unanswered(&listener);
    running.start(&handle, sending);
    assert_eq!(kind(&running), None);
    drop(runtime);
    assert_eq!(kind(&running), Some(ErrorKind::AbortedError));

    let (late, sending) = unanswered(&listener);
    late.start(&handle, sending);
    assert_eq!(kind(&late), Some(ErrorKind::AbortedError));
}

#[test]
fn the_task_of_a_stream_is_small() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (stream, sending) = unanswered(&listener);
    // It is moved where it is started, and kept for each stream: what is rarely needed belongs in a box.
    let task = Reader(Arc::clone(&stream.shared)).run(sending, Instant::now());
    assert!(size_of_val(&task) < 10_000, "{} bytes", size_of_val(&task));
}

/// Answers one request with a stream of completions: pieces of text, each its own write, with a pause before each.
fn paced(listener: TcpListener, pieces: Vec<String>, pause: Duration) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = std::io::Read::read(&mut socket, &mut request).unwrap();
        let mut send = |text: &str| std::io::Write::write_all(&mut socket, text.as_bytes()).unwrap();
        send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n");
        for piece in pieces {
            send(&format!(
                "data: {{\"choices\":[{{\"delta\":{{\"content\":\"{piece}\"}}}}]}}\n\n"
            ));
            std::thread::sleep(pause);
        }
        send("data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
    })
}

#[test]
fn a_wait_for_deltas_that_are_held_ends_only_where_there_is_something_to_take() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (stream, mut sending) = unanswered(&listener);
    sending.coalescing = Coalescing::of(Some(100.0), None).unwrap();
    let pieces: Vec<String> = (10..90).map(|number| number.to_string()).collect();
    let server = paced(listener, pieces.clone(), Duration::from_millis(4));
    stream.start(runtime.handle(), sending);
    let mut text = String::new();
    let mut deltas = 0;
    loop {
        assert!(stream.wait(Duration::from_secs(20), false));
        let Some(events) = stream.take() else { break };
        assert!(!events.is_empty(), "woken for nothing");
        for event in &events {
            if let Event::TextDelta(delta) = event {
                text += &delta.delta;
                deltas += 1;
            }
        }
    }
    server.join().unwrap();
    assert!(stream.outcome().unwrap().is_ok());
    assert_eq!(text, pieces.concat());
    // They take 320 ms or more, and each 100 ms make one delta.
    assert!((3..60).contains(&deltas), "{deltas}");
}
