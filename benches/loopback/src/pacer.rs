//! Writes the deltas of all paced streams when they are due.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::rc::Rc;

use alchemy_loopback::clock;
use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::alarm::Alarm;
use crate::script::Script;
use crate::stats::Stats;

/// The shortest rest between two wake-ups for paced streams, in nanoseconds; what is due by then is written in a row. A
/// write takes a tenth of this, so with many streams a longer rest saves little, and it would be a delay of the
/// provider's in each client's figures.
const REST: u64 = 50_000;
/// So many deltas are written in a row before others get their turn.
const AT_ONCE: usize = 1_000;

/// Where the deltas of a stream go.
pub(crate) enum Sink {
    /// Straight into a socket.
    Socket(Rc<TcpStream>),
    /// To the task that owns the connection, each with the time that it was due at.
    Task(mpsc::UnboundedSender<(u64, Bytes)>),
}

/// How a paced stream ended, and what a full socket has not taken yet of its deltas.
pub(crate) type Ending = io::Result<Vec<u8>>;

struct Track {
    sink: Sink,
    script: Rc<Script>,
    pause: u64,
    next: usize,
    /// Of deltas before, what the socket had no room for.
    unsent: Vec<u8>,
    ended: oneshot::Sender<Ending>,
}

/// All paced streams, by the time that their next delta is due.
#[derive(Default)]
struct Tracks {
    due: BinaryHeap<Reverse<(u64, u64)>>,
    tracks: HashMap<u64, Track>,
    started: u64,
}

/// Serves the paced streams of all connections.
pub(crate) struct Pacer {
    tracks: RefCell<Tracks>,
    stats: Rc<Stats>,
    /// The time that the alarm is set to.
    alarm: Cell<u64>,
    earlier: Notify,
}

impl Pacer {
    pub(crate) fn new(stats: Rc<Stats>) -> Self {
        Self {
            tracks: RefCell::default(),
            stats,
            alarm: Cell::new(u64::MAX),
            earlier: Notify::new(),
        }
    }

    /// Sends the script's deltas from `start`, a time of the clock, one every `pause` nanoseconds.
    pub(crate) fn start(&self, sink: Sink, script: Rc<Script>, start: u64, pause: u64) -> oneshot::Receiver<Ending> {
        let (ended, ending) = oneshot::channel();
        let track = Track {
            sink,
            script,
            pause,
            next: 0,
            unsent: Vec::new(),
            ended,
        };
        let due = start + pause;
        let mut all = self.tracks.borrow_mut();
        let number = all.started;
        all.started += 1;
        all.tracks.insert(number, track);
        all.due.push(Reverse((due, number)));
        if due < self.alarm.get() {
            self.earlier.notify_one();
        }
        ending
    }

    /// Writes what is due. Whoever keeps the thread busy for a while calls this in between.
    pub(crate) fn catch_up(&self) {
        let mut all = self.tracks.borrow_mut();
        let mut now = clock::now();
        for _ in 0..AT_ONCE {
            let Some(Reverse((due, number))) = all.due.peek().copied() else {
                return;
            };
            if due > now {
                return;
            }
            all.due.pop();
            let Some(track) = all.tracks.get_mut(&number) else {
                continue;
            };
            let sent = track.send(due);
            now = clock::now();
            if sent.is_ok() && matches!(track.sink, Sink::Socket(_)) {
                self.stats.paced(now - due);
            }
            if sent.is_ok() && track.next < track.script.count() {
                let next = due + track.pause;
                all.due.push(Reverse((next, number)));
            } else if let Some(Track { ended, unsent, .. }) = all.tracks.remove(&number) {
                // The connection's task is gone where the client is.
                let _ = ended.send(sent.map(|()| unsent));
            }
        }
    }

    /// Waits for what is due and writes it, for ever.
    pub(crate) async fn run(&self) -> io::Result<()> {
        let alarm = Alarm::new()?;
        loop {
            let next = self.tracks.borrow().due.peek().map(|Reverse((due, _))| *due);
            self.alarm.set(next.unwrap_or(u64::MAX));
            match next {
                None => self.earlier.notified().await,
                Some(due) => {
                    let time = due.max(clock::now() + REST);
                    tokio::select! {
                        done = alarm.at(time) => done?,
                        () = self.earlier.notified() => {}
                    }
                }
            }
            self.catch_up();
        }
    }
}

impl Track {
    /// Sends the next delta, which is due at this time.
    fn send(&mut self, due: u64) -> io::Result<()> {
        let Self {
            sink, script, unsent, ..
        } = self;
        let sent = script.delta(self.next, due, |event| send(sink, unsent, due, event));
        self.next += 1;
        sent.unwrap_or(Ok(()))
    }
}

/// Sends one delta with a write of its own; what does not fit is kept and goes first the next time.
fn send(sink: &Sink, unsent: &mut Vec<u8>, due: u64, event: &[u8]) -> io::Result<()> {
    let socket = match sink {
        Sink::Socket(socket) => socket,
        Sink::Task(task) => {
            let sent = task.send((due, Bytes::copy_from_slice(event)));
            return sent.map_err(|_| io::ErrorKind::BrokenPipe.into());
        }
    };
    if !unsent.is_empty() {
        let written = written(socket, unsent)?;
        unsent.drain(..written);
    }
    let from = if unsent.is_empty() { written(socket, event)? } else { 0 };
    unsent.extend_from_slice(event.get(from..).unwrap_or_default());
    Ok(())
}

/// How much of the bytes the socket took.
fn written(socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    match socket.try_write(bytes) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        other => other,
    }
}
