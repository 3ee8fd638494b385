//! What a task waits by: like an `asyncio.Future`, save that the task goes on at once when it is told.
//!
//! A future has the loop call its task in the loop's next turn. The bridge is called by the loop itself, so the task can
//! be run from there, which leaves out a handle, a turn of the loop and most of what a future keeps.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A wait for a stream. Awaited once, by a task of the loop it was made for.
#[pyclass(frozen, module = "alchemy._native")]
pub(crate) struct Waiter {
    pub(crate) token: u64,
    event_loop: Py<PyAny>,
    /// Part of what asyncio asks of anything that a task waits by.
    blocking: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    done: bool,
    /// What `cancel` was told, once it was called.
    cancelled: Option<Py<PyAny>>,
    /// What is to be called, with its context.
    callbacks: Vec<(Py<PyAny>, Option<Py<PyAny>>)>,
}

impl Waiter {
    pub(crate) fn new(token: u64, event_loop: Py<PyAny>) -> Self {
        Waiter {
            token,
            event_loop,
            blocking: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the loop call something in its next turn.
    fn schedule(slf: &Bound<'_, Self>, callback: &Py<PyAny>, context: Option<&Py<PyAny>>) -> PyResult<()> {
        let py = slf.py();
        let named = PyDict::new(py);
        if let Some(context) = context {
            named.set_item(pyo3::intern!(py, "context"), context)?;
        }
        let name = pyo3::intern!(py, "call_soon");
        slf.get()
            .event_loop
            .call_method(py, name, (callback, slf), Some(&named))?;
        Ok(())
    }

    /// Runs whoever waits; with `later` in the loop's next turn. Called by the loop.
    pub(crate) fn complete(slf: &Bound<'_, Self>, later: bool) -> PyResult<()> {
        let py = slf.py();
        let callbacks = {
            let mut state = slf.get().state();
            if state.done {
                return Ok(());
            }
            state.done = true;
            std::mem::take(&mut state.callbacks)
        };
        for (callback, context) in callbacks {
            match &context {
                _ if later => Self::schedule(slf, &callback, context.as_ref())?,
                Some(context) => drop(context.call_method1(py, pyo3::intern!(py, "run"), (&callback, slf))?),
                None => drop(callback.call1(py, (slf,))?),
            }
        }
        Ok(())
    }
}

#[pymethods]
impl Waiter {
    #[getter(_asyncio_future_blocking)]
    fn blocking(&self) -> bool {
        self.blocking.load(Ordering::Relaxed)
    }

    #[setter(_asyncio_future_blocking)]
    fn set_blocking(&self, blocking: bool) {
        self.blocking.store(blocking, Ordering::Relaxed);
    }

    /// The loop that the wait belongs to.
    fn get_loop(&self, py: Python<'_>) -> Py<PyAny> {
        self.event_loop.clone_ref(py)
    }

    /// Have `function` called with the waiter when the wait is over.
    #[pyo3(signature = (function, /, *, context=None))]
    fn add_done_callback(slf: &Bound<'_, Self>, function: Py<PyAny>, context: Option<Py<PyAny>>) -> PyResult<()> {
        let mut state = slf.get().state();
        if state.done {
            drop(state);
            return Self::schedule(slf, &function, context.as_ref());
        }
        state.callbacks.push((function, context));
        Ok(())
    }

    /// Whether the wait is over.
    fn done(&self) -> bool {
        self.state().done
    }

    /// End the wait by a cancel, if it is not over.
    #[pyo3(signature = (msg=None))]
    fn cancel(slf: &Bound<'_, Self>, msg: Option<Py<PyAny>>) -> PyResult<bool> {
        let callbacks = {
            let mut state = slf.get().state();
            if state.done {
                return Ok(false);
            }
            state.done = true;
            state.cancelled = Some(msg.unwrap_or_else(|| slf.py().None()));
            std::mem::take(&mut state.callbacks)
        };
        for (callback, context) in callbacks {
            Self::schedule(slf, &callback, context.as_ref())?;
        }
        Ok(true)
    }

    /// Nothing; raise if the wait was cancelled.
    fn result(&self, py: Python<'_>) -> PyResult<()> {
        let cancelled = self.state().cancelled.as_ref().map(|message| message.clone_ref(py));
        let Some(message) = cancelled else { return Ok(()) };
        let class = py.import("asyncio")?.getattr("CancelledError")?;
        Err(PyErr::from_value(match message.is_none(py) {
            true => class.call0()?,
            false => class.call1((message,))?,
        }))
    }

    fn __await__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__(slf: Bound<'_, Self>) -> Option<Bound<'_, Self>> {
        if slf.get().state().done {
            return None;
        }
        slf.get().blocking.store(true, Ordering::Relaxed);
        Some(slf)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.event_loop)?;
        // A lock that is held is held by a thread that is at work here: it is alive.
        if let Ok(state) = self.state.try_lock() {
            for (callback, context) in &state.callbacks {
                visit.call(callback)?;
                visit.call(context)?;
            }
            visit.call(&state.cancelled)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        let state = std::mem::take(&mut *self.state());
        drop(state);
    }
}
