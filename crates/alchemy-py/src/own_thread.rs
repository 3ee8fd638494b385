//! Runtimes for threads that wait for a whole answer: such a thread carries its request itself.
//!
//! There are as many as there are such threads, to a limit, and a few that wait for the next one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alchemy_core::runtimes::OwnRuntime;
use tokio::runtime::{Builder, Handle};

use crate::runtime;

/// How many there are at most: each has three descriptors. The requests of further threads are carried by the thread that
/// all share.
const LIMIT: usize = 32;
/// How many are kept where nobody needs them.
const KEPT: usize = 4;
/// How long a thread that has looked up a name waits for the next one.
const LOOK_UP_IDLE: Duration = Duration::from_secs(1);

/// Those of a process. They are lent and given back with the interpreter held, so that no fork comes in between.
#[derive(Default)]
pub(crate) struct OwnRuntimes {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    made: usize,
    free: Vec<OwnRuntime>,
}

/// A runtime that is lent; dropped, it goes back.
pub(crate) struct Lent {
    /// None only while it goes back.
    runtime: Option<OwnRuntime>,
    home: Arc<OwnRuntimes>,
    generation: u64,
}

impl OwnRuntimes {
    /// Lends a runtime; None if as many as there may be are lent, or no other can be made. What has to go on when it is
    /// given back goes to the shared one.
    pub(crate) fn lend(self: &Arc<Self>, shared: &Handle) -> Option<Lent> {
        let mut state = self.lock();
        let runtime = match state.free.pop() {
            Some(runtime) => runtime,
            None if state.made < LIMIT => {
                // Where this one cannot be made, for want of descriptors, say, the shared one has all it takes.
                let made = own_runtime(shared)?;
                state.made += 1;
                made
            }
            None => return None,
        };
        Some(Lent {
            runtime: Some(runtime),
            home: Arc::clone(self),
            generation: runtime::generation(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn own_runtime(shared: &Handle) -> Option<OwnRuntime> {
    let made = Builder::new_current_thread()
        .thread_name("alchemy")
        .on_thread_start(runtime::refuse_signals)
        .thread_keep_alive(LOOK_UP_IDLE)
        .enable_io()
        .enable_time()
        .build();
    Some(OwnRuntime::new(made.ok()?, shared.clone()))
}

impl Lent {
    /// Polls a future on this thread until it is done or the time is over; whether it is done.
    pub(crate) fn drive<F: Future<Output = ()>>(&self, future: std::pin::Pin<&mut F>, time: Duration) -> bool {
        match &self.runtime {
            Some(runtime) => runtime.drive(future, time).is_some(),
            None => true,
        }
    }

    /// Whether this is still the process that it was lent in.
    pub(crate) fn is_of_this_process(&self) -> bool {
        self.generation == runtime::generation()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        if !self.is_of_this_process() {
            // Its descriptors are the parent's as well: what is taken out of them here is taken out there.
            std::mem::forget(runtime);
            return;
        }
        let mut state = self.home.lock();
        if std::thread::panicking() || state.free.len() >= KEPT {
            state.made -= 1;
            drop(state);
            drop(runtime);
        } else {
            state.free.push(runtime);
        }
    }
}
