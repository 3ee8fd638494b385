//! The turns of the thread that reads answers: in each it sees to every connection that has something, then it waits.
//!
//! What a turn has for the event loops is told at its end, all at once, or when an answer that could be read on gives way
//! to the others; and where many streams have something all the time, the next turn is put off a little, so that there are
//! fewer of them ([`Moderation`]).

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Instant;

use alchemy_core::stream::Moderation;
use alchemy_core::transport;
use arc_swap::ArcSwapOption;
use pyo3::prelude::*;

use crate::bridge::Signal;
use crate::runtime;

thread_local! {
    /// The turn at hand, on the thread that reads answers; None on every other.
    static TURN: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

/// Who naps, to be roused.
static READER: ArcSwapOption<Thread> = ArcSwapOption::const_empty();
/// How many there are whom a nap would keep waiting.
static IN_HAND: AtomicUsize = AtomicUsize::new(0);
/// How often it has napped.
static NAPS: AtomicU64 = AtomicU64::new(0);

#[derive(Default)]
struct Turn {
    moderation: Moderation,
    signals: Vec<Arc<Signal>>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        for signal in self.signals.drain(..) {
            signal.send();
        }
    }
}

/// Notes that a stream has something for an event loop; false where this is not the thread that reads answers, and
/// nothing is told later.
pub(crate) fn note(stream: u64) -> bool {
    TURN.try_with(|turn| match &mut *turn.borrow_mut() {
        Some(turn) => {
            turn.moderation.told(stream);
            true
        }
        None => false,
    })
    .unwrap_or(false)
}

/// Has a signal sent at the end of the turn.
pub(crate) fn send_later(signal: Arc<Signal>) {
    let kept = TURN.try_with(|turn| {
        let mut turn = turn.borrow_mut();
        turn.as_mut().map(|turn| turn.signals.push(Arc::clone(&signal)))
    });
    if !matches!(kept, Ok(Some(()))) {
        signal.send();
    }
}

/// Sends the signals that the turn has so far; on a thread that has no turns, none.
pub(crate) fn tell() {
    let signals = TURN.try_with(|turn| {
        let mut turn = turn.borrow_mut();
        turn.as_mut().map(|turn| std::mem::take(&mut turn.signals))
    });
    // Nothing is borrowed while signals are sent: one may run Python code.
    for signal in signals.ok().flatten().unwrap_or_default() {
        signal.send();
    }
}

/// Ends a turn; called by the thread that reads answers, before it waits.
pub(crate) fn end() {
    let _ = TURN.try_with(|turn| {
        let mut turn = turn.borrow_mut();
        if turn.is_none() {
            READER.store(Some(Arc::new(thread::current())));
            *turn = Some(Turn::default());
        }
    });
    tell();
    let nap = TURN.try_with(|turn| {
        let mut turn = turn.borrow_mut();
        turn.as_mut().and_then(|turn| turn.moderation.nap(Instant::now()))
    });
    if let Ok(Some(nap)) = nap
        && IN_HAND.load(Ordering::Relaxed) == 0
        && transport::connecting() == 0
    {
        NAPS.fetch_add(1, Ordering::Relaxed);
        thread::park_timeout(nap);
    }
}

/// How often the thread that reads answers has napped in this process.
#[pyfunction]
pub(crate) fn naps() -> u64 {
    NAPS.load(Ordering::Relaxed)
}

/// Ends a nap: there is something to do that must not wait.
pub(crate) fn rouse() {
    if let Some(reader) = &*READER.load() {
        reader.unpark();
    }
}

/// Forgets the parent's thread, in a forked child.
pub(crate) fn after_fork() {
    std::mem::forget(READER.swap(None));
    IN_HAND.store(0, Ordering::Relaxed);
}

/// While there is one, the thread that reads answers does not nap.
pub(crate) struct Awake {
    generation: u64,
}

impl Awake {
    pub(crate) fn new() -> Self {
        IN_HAND.fetch_add(1, Ordering::Relaxed);
        rouse();
        Awake {
            generation: runtime::generation(),
        }
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        // Those of a parent are not counted in its child.
        if self.generation == runtime::generation() {
            IN_HAND.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
