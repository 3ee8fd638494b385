//! What the consumers of one answer share: the events that are ready, and where they were waited for last.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::vec::IntoIter;

use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::{MutexExt as _, PyOnceLock};
use pyo3::types::{PyDict, PyIterator, PyList, PyTuple};

use crate::bridge::Bridge;
use crate::stream::NativeStream;
use crate::waiter::Waiter;

/// The base of a stream: each event goes to one of those who ask for it, in order.
///
/// No lock is held while Python code may run, save `filling`, for which a thread that waits lets go of the interpreter.
#[pyclass(subclass, frozen, module = "alchemy._native")]
pub(crate) struct EventQueue {
    native: Py<NativeStream>,
    ready: Mutex<Ready>,
    /// Held while events are taken from the native stream, so that they stay in order.
    filling: Mutex<()>,
    started: AtomicBool,
    /// Whether the class in Python wants to know when events are taken: its `_fill` is called.
    watched: AtomicBool,
    /// Where the last wait was; until the end.
    place: Mutex<Option<Place>>,
    /// The last waiter, to be used again if nobody else has it.
    spare: Mutex<Option<Py<Waiter>>>,
}

/// Events that were taken from the native stream and that nobody has yet.
#[derive(Default)]
pub(crate) enum Ready {
    #[default]
    Nothing,
    /// Most of the time, where they come slowly.
    One(Py<PyAny>),
    Many(IntoIter<Py<PyAny>>),
    /// An iterator over a list, which consumers in plain `for` share.
    Shared(Py<PyIterator>),
}

/// An event loop, and what wakes it.
pub(crate) struct Place {
    pub(crate) event_loop: Py<PyAny>,
    pub(crate) bridge: Py<Bridge>,
}

/// Returns the loop that runs, or None.
static RUNNING_LOOP: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether nobody else has the object.
#[expect(unsafe_code, reason = "the count of references has no other way")]
fn is_alone(waiter: &Py<Waiter>) -> bool {
    // SAFETY: a live object.
    let references = unsafe { pyo3::ffi::Py_REFCNT(waiter.as_ptr()) };
    references == 1
}

impl EventQueue {
    pub(crate) fn native<'py>(&self, py: Python<'py>) -> &Bound<'py, NativeStream> {
        self.native.bind(py)
    }

    /// Whether the request was sent.
    pub(crate) fn is_started(&self) -> bool {
        self.started.load(Ordering::Relaxed)
    }

    /// Takes an event that is ready.
    pub(crate) fn pop<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let mut shared = {
            let mut ready = lock(&self.ready);
            match &mut *ready {
                Ready::Nothing => return Ok(None),
                Ready::Many(events) => return Ok(events.next().map(|event| event.into_bound(py))),
                Ready::Shared(events) => events.bind(py).clone(),
                Ready::One(_) => {
                    let Ready::One(event) = std::mem::take(&mut *ready) else {
                        return Ok(None);
                    };
                    return Ok(Some(event.into_bound(py)));
                }
            }
        };
        shared.next().transpose()
    }

    fn put(&self, ready: Ready) {
        let before = std::mem::replace(&mut *lock(&self.ready), ready);
        drop(before);
    }

    /// Whether an event is ready.
    fn has_some(&self, py: Python<'_>) -> PyResult<bool> {
        let many = match &*lock(&self.ready) {
            Ready::Nothing => return Ok(false),
            Ready::One(_) => return Ok(true),
            Ready::Many(events) => return Ok(!events.as_slice().is_empty()),
            Ready::Shared(events) => events.clone_ref(py),
        };
        let left = many.call_method0(py, pyo3::intern!(py, "__length_hint__"))?;
        Ok(left.extract::<usize>(py)? > 0)
    }

    fn filling(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, ()>> {
        match self.filling.try_lock() {
            Ok(guard) => return Ok(guard),
            Err(TryLockError::Poisoned(guard)) => return Ok(guard.into_inner()),
            Err(TryLockError::WouldBlock) => {}
        }
        // In a forked child nobody would give back a lock that another thread of the parent held.
        self.native.get().check_process(py)?;
        Ok(self
            .filling
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes what the native stream has, if the last batch is used up. Tells whether there is something; None once there
    /// will be no more.
    ///
    /// Taking and putting is one step, so that no signal handler that raises comes in between and loses the events.
    fn fill(slf: &Bound<'_, Self>) -> PyResult<Option<bool>> {
        let py = slf.py();
        let this = slf.get();
        let native = this.native.get();
        let _filling = this.filling(py)?;
        if this.has_some(py)? {
            return Ok(Some(true));
        }
        match native.take(py)? {
            Some(Ready::Nothing) => return Ok(Some(false)),
            Some(events) => this.put(events),
            None => {
                drop(lock(&this.place).take());
                let last = slf.call_method0(pyo3::intern!(py, "_last_event"))?;
                if last.is_none() {
                    return Ok(None);
                }
                this.put(Ready::One(last.unbind()));
            }
        }
        Ok(Some(true))
    }

    /// Fills as whoever watches wants it; raises what ends an `async for` where there is no more.
    pub(crate) fn fill_or_stop(slf: &Bound<'_, Self>) -> PyResult<bool> {
        let py = slf.py();
        let filled = if slf.get().watched.load(Ordering::Relaxed) {
            slf.call_method0(pyo3::intern!(py, "_fill"))?.extract()?
        } else {
            Self::fill(slf)?
        };
        match filled {
            Some(filled) => Ok(filled),
            None => {
                slf.call_method0(pyo3::intern!(py, "_end"))?;
                Err(PyStopAsyncIteration::new_err(()))
            }
        }
    }

    /// Where this is: the loop that runs, and its bridge.
    pub(crate) fn here(slf: &Bound<'_, Self>) -> PyResult<Place> {
        let py = slf.py();
        // What goes on because its bridge was told runs in the bridge's loop.
        if let Some(place) = &*lock(&slf.get().place)
            && place.bridge.get().is_draining()
        {
            return Ok(place.clone_ref(py));
        }
        let running = RUNNING_LOOP.get_or_try_init(py, || {
            let found = py.import("asyncio.events")?.getattr("_get_running_loop");
            found.map(Bound::unbind)
        })?;
        let event_loop = running.bind(py).call0()?;
        if let Some(place) = &*lock(&slf.get().place)
            && place.event_loop.is(&event_loop)
        {
            return Ok(place.clone_ref(py));
        }
        let (event_loop, bridge) = slf.call_method0(pyo3::intern!(py, "_find_place"))?.extract()?;
        let place = Place { event_loop, bridge };
        let before = lock(&slf.get().place).replace(place.clone_ref(py));
        drop(before);
        Ok(place)
    }

    /// Keeps a waiter that has done its work.
    pub(crate) fn spare(&self, waiter: Py<Waiter>) {
        let before = lock(&self.spare).replace(waiter);
        drop(before);
    }
}

impl Place {
    fn clone_ref(&self, py: Python<'_>) -> Self {
        Place {
            event_loop: self.event_loop.clone_ref(py),
            bridge: self.bridge.clone_ref(py),
        }
    }
}

#[pymethods]
impl EventQueue {
    #[new]
    #[pyo3(signature = (native, *_positional, **_named))]
    fn new(native: Py<NativeStream>, _positional: &Bound<'_, PyTuple>, _named: Option<&Bound<'_, PyDict>>) -> Self {
        EventQueue {
            native,
            ready: Mutex::default(),
            filling: Mutex::default(),
            started: AtomicBool::new(false),
            watched: AtomicBool::new(false),
            place: Mutex::default(),
            spare: Mutex::default(),
        }
    }

    #[getter(_native)]
    fn get_native(&self, py: Python<'_>) -> Py<NativeStream> {
        self.native.clone_ref(py)
    }

    #[getter(_started)]
    fn get_started(&self) -> bool {
        self.is_started()
    }

    #[setter(_started)]
    fn set_started(&self, started: bool) {
        self.started.store(started, Ordering::Relaxed);
    }

    /// Have `_fill` called whenever events are taken, since the class does more in it.
    fn _watch(&self) {
        self.watched.store(true, Ordering::Relaxed);
    }

    /// The iterator over the events that are ready, which all consumers share.
    #[getter]
    fn _ready<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        if let Ready::Shared(events) = &*lock(&self.ready) {
            return Ok(events.bind(py).clone());
        }
        // Who finds nothing meanwhile waits until the list is made.
        let _filling = self.filling(py)?;
        let events = std::mem::take(&mut *lock(&self.ready));
        let events = match events {
            Ready::Nothing => PyList::empty(py).try_iter()?,
            Ready::One(event) => PyList::new(py, [event])?.try_iter()?,
            Ready::Many(events) => PyList::new(py, events)?.try_iter()?,
            Ready::Shared(events) => events.into_bound(py),
        };
        self.put(Ready::Shared(events.clone().unbind()));
        Ok(events)
    }

    /// Take the events that are ready, if the last batch is used up; return whether there are some, and None once there
    /// will be no more.
    fn _fill(slf: &Bound<'_, Self>) -> PyResult<Option<bool>> {
        Self::fill(slf)
    }

    /// Drop the events that are there and that will come.
    fn _skip(&self, py: Python<'_>) -> PyResult<()> {
        let _filling = self.filling(py)?;
        self.put(Ready::Nothing);
        self.native.get().discard(py)
    }

    /// Return an awaitable of the next event. A wait that is cancelled loses nothing: the event stays with the stream.
    fn __anext__(slf: &Bound<'_, Self>) -> PyResult<Py<Waiter>> {
        let py = slf.py();
        let spare = lock(&slf.get().spare).take();
        if let Some(waiter) = spare
            && is_alone(&waiter)
        {
            waiter.get().renew(slf.clone().unbind());
            return Ok(waiter);
        }
        Py::new(py, Waiter::of_next(slf.clone().unbind()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.native)?;
        // A lock that is held is held by a thread that is at work here: it is alive.
        if let Ok(ready) = self.ready.try_lock() {
            match &*ready {
                Ready::Nothing => {}
                Ready::One(event) => visit.call(event)?,
                Ready::Many(events) => events.as_slice().iter().try_for_each(|event| visit.call(event))?,
                Ready::Shared(events) => visit.call(events)?,
            }
        }
        if let Ok(place) = self.place.try_lock()
            && let Some(place) = &*place
        {
            visit.call(&place.event_loop)?;
            visit.call(&place.bridge)?;
        }
        if let Ok(spare) = self.spare.try_lock() {
            visit.call(&*spare)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        self.put(Ready::Nothing);
        let place = lock(&self.place).take();
        drop(place);
        let spare = lock(&self.spare).take();
        drop(spare);
    }
}
