//! What a task waits by: like an `asyncio.Future`, save that the task goes on at once when it is told.
//!
//! A future has the loop call its task in the loop's next turn. The bridge is called by the loop itself, so the task can
//! be run from there, which leaves out a handle, a turn of the loop and most of what a future keeps. The awaitable of a
//! stream's next event is the same object: it looks, waits and takes the event without a coroutine of its own.

mod steps;

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use smallvec::SmallVec;

use crate::event_queue::{EventQueue, Place};
use crate::stream::NativeStream;

/// A wait for a stream, or the awaitable of its next event. Awaited once, by a task.
///
/// With the heads that the interpreter gives it, it has two lines of a processor's cache: a loop with many streams has lost
/// them by the next event.
#[pyclass(frozen, module = "alchemy._native")]
pub(crate) struct Waiter {
    state: Mutex<State>,
}

/// No lock on it is held while Python code may run.
#[derive(Default)]
struct State {
    phase: Phase,
    /// Part of what asyncio asks of anything that a task waits by.
    blocking: bool,
    /// The coroutine that sends the request, in that phase.
    sending: Option<Py<PyAny>>,
    /// Whose next event is wanted; None where only the wait is, and once all is over.
    queue: Option<Py<EventQueue>>,
    wait: Option<Wait>,
    /// What `cancel` was told, once it was called.
    cancelled: Option<Py<PyAny>>,
    /// What is to be called, with its context: mostly one task.
    callbacks: Callbacks,
}

type Callbacks = SmallVec<[(Py<PyAny>, Option<Py<PyAny>>); 1]>;

/// A wait that a stream knows of.
struct Wait {
    native: Py<NativeStream>,
    place: Place,
    token: u64,
}

#[derive(Clone, Copy, Default)]
enum Phase {
    #[default]
    New,
    /// The request is being sent, by a coroutine.
    Starting,
    Waiting,
    /// The wait is over.
    Told,
    /// There were events without a wait; the loop turns once before the next is returned.
    Breathing,
    /// A step is at work.
    Running,
    Over,
}

impl Waiter {
    /// The awaitable of a stream's next event.
    pub(crate) fn of_next(queue: Py<EventQueue>) -> Self {
        let state = State {
            queue: Some(queue),
            ..State::default()
        };
        Waiter {
            state: Mutex::new(state),
        }
    }

    /// Makes an awaitable that is over into a new one.
    pub(crate) fn renew(&self, queue: Py<EventQueue>) {
        let mut state = self.state();
        state.phase = Phase::New;
        // Nothing is left of the last time.
        state.queue = Some(queue);
    }

    /// A wait alone, if there is nothing to take yet; with `whole` for the end of the answer.
    pub(crate) fn armed(
        py: Python<'_>,
        native: &Bound<'_, NativeStream>,
        place: Place,
        whole: bool,
    ) -> PyResult<Option<Py<Self>>> {
        let waiter = Waiter {
            state: Mutex::default(),
        };
        let waiter = Py::new(py, waiter)?.into_bound(py);
        Ok(Self::arm(&waiter, native, place, whole)?.then(|| waiter.unbind()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to wait; false if there is something to take already.
    fn arm(slf: &Bound<'_, Self>, native: &Bound<'_, NativeStream>, place: Place, whole: bool) -> PyResult<bool> {
        // It is told by this very thread, so not before this.
        let Some(token) = native.get().arm_at(slf, place.bridge.get(), whole)? else {
            return Ok(false);
        };
        let native = native.clone().unbind();
        let mut state = slf.get().state();
        state.phase = Phase::Waiting;
        let before = state.wait.replace(Wait { native, place, token });
        drop(state);
        drop(before);
        Ok(true)
    }

    /// Has the loop call something in its next turn.
    fn schedule(slf: &Bound<'_, Self>, callback: &Py<PyAny>, context: Option<&Py<PyAny>>) -> PyResult<()> {
        let py = slf.py();
        let event_loop = slf.get().get_loop(py)?;
        let named = PyDict::new(py);
        if let Some(context) = context {
            named.set_item(pyo3::intern!(py, "context"), context)?;
        }
        let name = pyo3::intern!(py, "call_soon");
        event_loop.call_method(py, name, (callback, slf), Some(&named))?;
        Ok(())
    }

    /// A future of asyncio's own that is done, to wake tasks with: a task asks any other object for its result by name, which
    /// takes as long as the wake-up itself.
    fn done_future(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
        static DONE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let done = DONE.get_or_try_init(py, || {
            let named = PyDict::new(py);
            named.set_item("loop", Py::new(py, NoLoop)?)?;
            let future = py.import("asyncio")?.getattr("Future")?.call((), Some(&named))?;
            future.call_method1("set_result", (py.None(),))?;
            PyResult::Ok(future.unbind())
        });
        Ok(done?.bind(py))
    }

    /// Runs whoever waits; with `later` in the loop's next turn. Called by the loop.
    pub(crate) fn complete(slf: Bound<'_, Self>, later: bool) -> PyResult<()> {
        let py = slf.py();
        let Some(callbacks) = slf.get().tell(None) else {
            return Ok(());
        };
        if later {
            return callbacks
                .iter()
                .try_for_each(|(callback, context)| Self::schedule(&slf, callback, context.as_ref()));
        }
        // What nobody else has can be used for the task's next wait.
        drop(slf);
        let done = Self::done_future(py)?;
        for (callback, context) in callbacks {
            match &context {
                Some(context) => drop(context.call_method1(py, pyo3::intern!(py, "run"), (&callback, done))?),
                None => drop(callback.call1(py, (done,))?),
            }
        }
        Ok(())
    }

    /// Ends the wait, by a cancel or because there is something; returns who is to know, or None if it has ended already.
    fn tell(&self, cancelled: Option<Py<PyAny>>) -> Option<Callbacks> {
        let mut state = self.state();
        if !matches!(state.phase, Phase::Waiting) {
            return None;
        }
        state.phase = Phase::Told;
        state.cancelled = cancelled;
        Some(std::mem::take(&mut state.callbacks))
    }
}

/// Stands for the loop of a future that has none.
#[pyclass(frozen)]
struct NoLoop;

#[pymethods]
impl NoLoop {
    #[expect(clippy::unused_self, reason = "Python calls it as a method")]
    fn get_debug(&self) -> bool {
        false
    }
}

#[pymethods]
impl Waiter {
    /// None while it is nothing that a task waits by, such as before it is awaited.
    #[getter(_asyncio_future_blocking)]
    fn blocking(&self) -> Option<bool> {
        let state = self.state();
        matches!(state.phase, Phase::Waiting | Phase::Told).then_some(state.blocking)
    }

    #[setter(_asyncio_future_blocking)]
    fn set_blocking(&self, blocking: bool) {
        self.state().blocking = blocking;
    }

    /// The loop that the wait belongs to.
    fn get_loop(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let state = self.state();
        let wait = state.wait.as_ref();
        let event_loop = wait.map(|wait| wait.place.event_loop.clone_ref(py));
        event_loop.ok_or_else(|| PyRuntimeError::new_err("nothing is waited for"))
    }

    /// Have `function` called with the waiter when the wait is over.
    #[pyo3(signature = (function, /, *, context=None))]
    fn add_done_callback(slf: &Bound<'_, Self>, function: Py<PyAny>, context: Option<Py<PyAny>>) -> PyResult<()> {
        let mut state = slf.get().state();
        if matches!(state.phase, Phase::Waiting) {
            state.callbacks.push((function, context));
            return Ok(());
        }
        drop(state);
        Self::schedule(slf, &function, context.as_ref())
    }

    /// Whether the wait is over.
    fn done(&self) -> bool {
        !matches!(self.state().phase, Phase::Waiting)
    }

    /// End the wait by a cancel, if it is not over.
    #[pyo3(signature = (msg=None))]
    fn cancel(slf: &Bound<'_, Self>, msg: Option<Py<PyAny>>) -> PyResult<bool> {
        let message = msg.unwrap_or_else(|| slf.py().None());
        let Some(callbacks) = slf.get().tell(Some(message)) else {
            return Ok(false);
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

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __next__<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
        Self::step_or_stop(slf)
    }

    /// Go on, as a coroutine does.
    #[pyo3(signature = (value, /))]
    fn send<'py>(slf: &Bound<'py, Self>, value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        // It comes from whoever drives the await, and there is nothing to say to an event.
        let _ = value;
        Self::step(slf)?.yielded()
    }

    /// Raise an exception where the await is, as a coroutine does. What was waited for stays with the stream.
    #[pyo3(signature = (kind, value=None, traceback=None, /))]
    fn throw<'py>(
        slf: &Bound<'py, Self>,
        kind: Bound<'py, PyAny>,
        value: Option<Bound<'py, PyAny>>,
        traceback: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        Self::fail(slf, kind, value, traceback)
    }

    /// Give up, as a coroutine does.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let sending = self.give_up(py)?;
        self.let_go();
        if let Some(sending) = sending {
            sending.call_method0(py, pyo3::intern!(py, "close"))?;
        }
        Ok(())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // A lock that is held is held by a thread that is at work here: it is alive.
        let Ok(state) = self.state.try_lock() else {
            return Ok(());
        };
        visit.call(&state.sending)?;
        visit.call(&state.queue)?;
        if let Some(wait) = &state.wait {
            visit.call(&wait.native)?;
            visit.call(&wait.place.event_loop)?;
            visit.call(&wait.place.bridge)?;
        }
        for (callback, context) in &state.callbacks {
            visit.call(callback)?;
            visit.call(context)?;
        }
        visit.call(&state.cancelled)
    }

    fn __clear__(&self) {
        self.let_go();
    }
}
