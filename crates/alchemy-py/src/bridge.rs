//! Wakes event loops: one signal for all streams of a loop, however many have something to tell.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alchemy_core::stream::Wake;
use pyo3::exceptions::PyOSError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

#[cfg(unix)]
use std::{
    io::{PipeReader, PipeWriter},
    os::fd::AsRawFd as _,
};

/// A pipe that a loop watches, and the futures that wait for it.
///
/// The worker notes which streams have something and writes one byte when the list was empty; the
/// loop's reader then completes the futures of all of them. The worker never needs the interpreter.
/// Where a loop cannot watch a pipe, the list is told by `call_soon_threadsafe` instead.
#[pyclass(frozen, weakref, module = "alchemy._native")]
pub(crate) struct Bridge {
    signal: Arc<Signal>,
    futures: Mutex<HashMap<u64, Py<PyAny>>>,
}

struct Signal {
    ready: Mutex<Vec<u64>>,
    way: Way,
}

enum Way {
    /// A byte through a pipe costs a quarter of one through a pair of sockets. Both ends live as long as the
    /// signal, so that no write meets a closed pipe, which could end the process by a signal of its own.
    #[cfg(unix)]
    Pipe { reader: PipeReader, writer: PipeWriter },
    /// The loop's `call_soon_threadsafe`, bound to [`Bridge::drain`] once the bridge exists.
    Call(Mutex<Option<Py<PyAny>>>),
}

static NEXT_TOKEN: AtomicU64 = AtomicU64::new(0);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wake for Signal {
    fn wake(&self, token: u64) {
        let mut ready = lock(&self.ready);
        ready.push(token);
        if ready.len() > 1 {
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
                        // A closed loop refuses: its futures are gone with it.
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
                ready: Mutex::new(Vec::new()),
                way,
            });
            Ok(Bridge {
                signal,
                futures: Mutex::default(),
            })
        }
        #[cfg(not(unix))]
        {
            let _ = threadsafe;
            let signal = Arc::new(Signal {
                ready: Mutex::new(Vec::new()),
                way: Way::Call(Mutex::new(None)),
            });
            Ok(Bridge {
                signal,
                futures: Mutex::default(),
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

    /// Complete the futures of the streams that have something; called by the loop.
    fn drain(&self, py: Python<'_>) -> PyResult<()> {
        // Once is enough: what is left makes the loop call again.
        #[cfg(unix)]
        if let Way::Pipe { reader, .. } = &self.signal.way {
            drop((&mut &*reader).read(&mut [0; 64]));
        }
        let ready = std::mem::take(&mut *lock(&self.signal.ready));
        let mut failed = None;
        for token in ready {
            // A guard that lived on while the future is completed would lock out what that calls.
            let future = lock(&self.futures).remove(&token);
            if let Some(future) = future
                && let Err(error) = complete(py, &future)
            {
                // A future written in Python may be interrupted; the others are told all the same.
                failed.get_or_insert(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // A lock that is held is held by a thread that is at work on the map: it is alive.
        if let Ok(futures) = self.futures.try_lock() {
            for future in futures.values() {
                visit.call(future)?;
            }
        }
        if let Way::Call(slot) = &self.signal.way
            && let Ok(slot) = slot.try_lock()
        {
            visit.call(&*slot)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        lock(&self.futures).clear();
        if let Way::Call(slot) = &self.signal.way {
            *lock(slot) = None;
        }
    }
}

fn complete(py: Python<'_>, future: &Py<PyAny>) -> PyResult<()> {
    if !future.call_method0(py, pyo3::intern!(py, "done"))?.is_truthy(py)? {
        future.call_method1(py, pyo3::intern!(py, "set_result"), (py.None(),))?;
    }
    Ok(())
}

impl Bridge {
    /// Keeps a future until its stream has something; returns how to tell so.
    pub(crate) fn keep(&self, future: Py<PyAny>) -> (Arc<dyn Wake>, u64) {
        let token = NEXT_TOKEN.fetch_add(1, Ordering::Relaxed);
        lock(&self.futures).insert(token, future);
        (Arc::clone(&self.signal) as Arc<dyn Wake>, token)
    }

    /// Gives up on a future that need not wait.
    pub(crate) fn forget(&self, token: u64) {
        let future = lock(&self.futures).remove(&token);
        drop(future);
    }
}
