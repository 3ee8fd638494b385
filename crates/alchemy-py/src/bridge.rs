//! Wakes event loops: one signal for all streams of a loop, however many have something to tell.

mod waiters;

use std::cell::Cell;
use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alchemy_core::stream::Wake;
use pyo3::exceptions::PyOSError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::turns;
use crate::waiter::Waiter;

use waiters::Waiters;

#[cfg(unix)]
use std::{
    io::{PipeReader, PipeWriter},
    os::fd::AsRawFd as _,
};

/// A pipe that a loop watches, and the tasks that wait for it.
///
/// The worker notes which streams have something and writes one byte at the end of its turn when the list was empty;
/// the loop's reader then runs the tasks of all of them. The worker never needs the interpreter. Where a loop cannot
/// watch a pipe, the list is told by `call_soon_threadsafe` instead.
#[pyclass(frozen, weakref, module = "alchemy._native")]
pub(crate) struct Bridge {
    number: u64,
    signal: Arc<Signal>,
    waiters: Mutex<Waiters>,
}

/// How a loop is told.
pub(crate) struct Signal {
    ready: Mutex<Ready>,
    way: Way,
}

#[derive(Default)]
struct Ready {
    tokens: Vec<u64>,
    /// Whether the loop was told of the list.
    sent: bool,
    /// Whether it will be at the end of the worker's turn.
    noted: bool,
}

enum Way {
    /// A byte through a pipe costs a quarter of one through a pair of sockets. Both ends live as long as the
    /// signal, so that no write meets a closed pipe, which could end the process by a signal of its own.
    #[cfg(unix)]
    Pipe { reader: PipeReader, writer: PipeWriter },
    /// The loop's `call_soon_threadsafe`, bound to [`Bridge::drain`] once the bridge exists.
    Call(Mutex<Option<Py<PyAny>>>),
}

thread_local! {
    /// The number of the bridge that this thread drains; 0 for none.
    static DRAINED: Cell<u64> = const { Cell::new(0) };
}

static NEXT_BRIDGE: AtomicU64 = AtomicU64::new(1);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wake for Signal {
    fn wake(self: Arc<Self>, token: u64, soon: bool) {
        let on_worker = turns::note(waiters::stream_of(token));
        let mut ready = lock(&self.ready);
        ready.tokens.push(token);
        if ready.sent {
            return;
        }
        if soon || !on_worker {
            drop(ready);
            self.send();
        } else if !std::mem::replace(&mut ready.noted, true) {
            drop(ready);
            turns::send_later(self);
        }
    }
}

impl Signal {
    /// Tells the loop of the list, unless it is told already.
    pub(crate) fn send(&self) {
        let mut ready = lock(&self.ready);
        ready.noted = false;
        if ready.tokens.is_empty() || std::mem::replace(&mut ready.sent, true) {
            return;
        }
        drop(ready);
        match &self.way {
            // One byte for a list that was empty: the pipe is never full, so this does not block.
            #[cfg(unix)]
            Way::Pipe { writer, .. } => drop((&mut &*writer).write(&[0])),
            Way::Call(call) => {
                // At the interpreter's exit there is nobody left to tell.
                Python::try_attach(|py| {
                    let function = lock(call).as_ref().map(|function| function.clone_ref(py));
                    if let Some(function) = function {
                        // A closed loop refuses: its tasks are gone with it.
                        drop(function.call0(py));
                    }
                });
            }
        }
    }
}

#[pymethods]
impl Bridge {
    /// Make a bridge; with `call`, a function that has the loop call `drain`, no socket is used.
    #[new]
    #[pyo3(signature = (*, threadsafe=false))]
    fn new(threadsafe: bool) -> PyResult<Self> {
        #[cfg(unix)]
        {
            let failed = |error: std::io::Error| PyOSError::new_err(error.to_string());
            let way = if threadsafe {
                Way::Call(Mutex::new(None))
            } else {
                let (reader, writer) = std::io::pipe().map_err(failed)?;
                Way::Pipe { reader, writer }
            };
            let signal = Arc::new(Signal {
                ready: Mutex::default(),
                way,
            });
            Ok(Bridge {
                number: NEXT_BRIDGE.fetch_add(1, Ordering::Relaxed),
                signal,
                waiters: Mutex::default(),
            })
        }
        #[cfg(not(unix))]
        {
            let _ = threadsafe;
            let signal = Arc::new(Signal {
                ready: Mutex::default(),
                way: Way::Call(Mutex::new(None)),
            });
            Ok(Bridge {
                number: NEXT_BRIDGE.fetch_add(1, Ordering::Relaxed),
                signal,
                waiters: Mutex::default(),
            })
        }
    }

    /// The file descriptor to watch, or -1 where there is none.
    fn fileno(&self) -> i32 {
        #[cfg(unix)]
        if let Way::Pipe { reader, .. } = &self.signal.way {
            return reader.as_raw_fd();
        }
        -1
    }

    /// Set the function that has the loop call `drain`.
    fn set_call(&self, function: Py<PyAny>) {
        match &self.signal.way {
            Way::Call(slot) => *lock(slot) = Some(function),
            #[cfg(unix)]
            Way::Pipe { .. } => {}
        }
    }

    /// Run the tasks of the streams that have something; called by the loop.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        // Once is enough: what is left makes the loop call again.
        #[cfg(unix)]
        if let Way::Pipe { reader, .. } = &self.signal.way {
            drop((&mut &*reader).read(&mut [0; 64]));
        }
        let ready = {
            let mut ready = lock(&self.signal.ready);
            ready.sent = false;
            std::mem::take(&mut ready.tokens)
        };
        let _drained = Drained(DRAINED.replace(self.number));
        let mut failed = None;
        for token in ready {
            // A guard that lived on while a task runs would lock out what that calls.
            let waiter = lock(&self.waiters).take(token);
            if let Some(waiter) = waiter
                && let Err(error) = Waiter::complete(waiter.into_bound(py), failed.is_some())
            {
                // A task may be interrupted; the others go on when that has been seen to.
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // A lock that is held is held by a thread that is at work on them: they are alive.
        if let Ok(waiters) = self.waiters.try_lock() {
            waiters.all().try_for_each(|waiter| visit.call(waiter))?;
        }
        if let Way::Call(slot) = &self.signal.way
            && let Ok(slot) = slot.try_lock()
        {
            visit.call(&*slot)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        let waiters = lock(&self.waiters).take_all();
        drop(waiters);
        if let Way::Call(slot) = &self.signal.way {
            *lock(slot) = None;
        }
    }
}

/// Puts back, when it is dropped, what was drained before.
struct Drained(u64);

impl Drop for Drained {
    fn drop(&mut self) {
        DRAINED.set(self.0);
    }
}

impl Bridge {
    /// Whether this thread is at work in its `drain`, and so in its loop.
    pub(crate) fn is_draining(&self) -> bool {
        DRAINED.get() == self.number
    }

    /// Keeps whoever waits for a stream of this number until the wait is ended; returns by whom it is, and by which token.
    pub(crate) fn keep(&self, stream: u8, waiter: Py<Waiter>) -> (Arc<dyn Wake>, u64) {
        let token = lock(&self.waiters).keep(stream, waiter);
        (Arc::clone(&self.signal) as Arc<dyn Wake>, token)
    }

    /// Gives up on a wait.
    pub(crate) fn forget(&self, token: u64) {
        let waiter = lock(&self.waiters).take(token);
        drop(waiter);
    }
}
