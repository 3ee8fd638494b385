//! The handle of one answer: what the Python stream waits on and takes events from.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alchemy_core::client::Prepared;
use alchemy_core::error::Error;
use alchemy_core::stream::{Sending, Stream};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

use crate::bridge::Bridge;
use crate::classes::Classes;
use crate::client::Shared;
use crate::errors::{exception_with, raised};
use crate::event_queue::{Place, Ready};
use crate::observed::{self, Facts};
use crate::own_thread::Lent;
use crate::partial::PartialArguments;
use crate::turns::{self, Awake};
use crate::waiter::Waiter;
use crate::{runtime, to_py};

/// How long a wait may go on without a look at signals such as Ctrl-C.
const SLICE: Duration = Duration::from_millis(100);

static NEXT_NUMBER: AtomicU8 = AtomicU8::new(0);

/// One answer. Usable from any thread, and from several at once.
///
/// The fields stand in this order, so that what each event needs is next to the head of the object.
#[pyclass(frozen, module = "alchemy._native")]
#[repr(C)]
pub(crate) struct NativeStream {
    /// None only while the object is taken down in a forked child.
    stream: Option<Stream>,
    generation: u64,
    /// Tells the streams of a loop apart, as far as it is counted how many have something.
    number: u8,
    /// Whether its events may wait for those of others.
    wake_moderation: bool,
    request: Mutex<Option<(Prepared, Arc<Shared>)>>,
    /// The whole message, made once. An exception is made anew each time it is asked for: one that is kept here
    /// would hold, by its traceback, the frames that hold this stream, and the collector does not look in here.
    message: Mutex<Option<Py<PyAny>>>,
    /// The model, as `provider/model-id`.
    name: Arc<str>,
    /// What `partial_arguments` has read, by content index.
    partial: Mutex<BTreeMap<usize, PartialArguments>>,
    #[pyo3(get)]
    notices: Py<PyAny>,
    /// The `local:` address that has to be replaced by a real one; None for any other.
    #[pyo3(get)]
    local: Option<String>,
    /// What the request is, where it is observed.
    facts: Option<Mutex<Facts>>,
}

impl NativeStream {
    pub(crate) fn new(
        py: Python<'_>,
        prepared: Prepared,
        name: Arc<str>,
        shared: Arc<Shared>,
        observed: bool,
        wake_moderation: bool,
    ) -> PyResult<Self> {
        let answer = prepared.answer().map_err(|error| raised(py, &error))?;
        Ok(NativeStream {
            stream: Some(Stream::new(answer, observed)),
            generation: runtime::generation(),
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            message: Mutex::default(),
            name,
            notices: to_py::notices(py, prepared.notices())?.unbind(),
            local: prepared.is_local().then(|| prepared.base_url().to_owned()),
            partial: Mutex::default(),
            wake_moderation,
            facts: observed.then(|| Mutex::new(Facts::of(&prepared))),
            request: Mutex::new(Some((prepared, shared))),
        })
    }

    fn stream(&self, py: Python<'_>) -> PyResult<&Stream> {
        match &self.stream {
            Some(stream) if self.generation == runtime::generation() => Ok(stream),
            _ => {
                let class = Classes::get(py)?.by_name(py, "AlchemyError")?;
                let text = "the stream was opened before this process was forked; open another one in the child";
                Err(PyErr::from_value(class.call1((text,))?))
            }
        }
    }

    fn partial(&self) -> MutexGuard<'_, BTreeMap<usize, PartialArguments>> {
        self.partial.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(&self) -> MutexGuard<'_, Option<(Prepared, Arc<Shared>)>> {
        self.request.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn whole<'py>(
        &self,
        py: Python<'py>,
        message: &alchemy_core::types::AssistantMessage,
    ) -> PyResult<Bound<'py, PyAny>> {
        // The lock is not held while the message is made: the collector may come in between, and with it Python code. Of
        // two that are made meanwhile the first stays.
        let kept = || self.message.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = &*kept() {
            return Ok(made.bind(py).clone());
        }
        let made = to_py::message(py, message)?;
        Ok(kept().get_or_insert_with(|| made.clone().unbind()).bind(py).clone())
    }
}

#[pymethods]
impl NativeStream {
    /// The model, as `provider/model-id`.
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    /// Send the request, once; for a local model, to this address with this key. False, and nothing is sent, where they are
    /// needed and not given.
    #[pyo3(signature = (base_url=None, api_key=None))]
    fn start(&self, py: Python<'_>, base_url: Option<&str>, api_key: Option<&str>) -> PyResult<bool> {
        if self.needs(base_url) {
            return Ok(false);
        }
        if let Some(sending) = self.sending(py, base_url, api_key)? {
            self.start_elsewhere(py, sending)?;
        }
        Ok(true)
    }

    /// Block until there is something to take; with `whole`, until the end.
    fn wait(&self, py: Python<'_>, whole: bool) -> PyResult<()> {
        let stream = self.stream(py)?;
        runtime::settle(stream);
        let _awake = Awake::new();
        while !py.detach(|| stream.wait(SLICE, whole)) {
            py.check_signals()?;
        }
        Ok(())
    }

    /// Send the request, block until the end and return the message; raise what the answer failed by. None, and nothing is
    /// sent, where `start` returns False.
    #[pyo3(signature = (base_url=None, api_key=None))]
    fn complete<'py>(
        &self,
        py: Python<'py>,
        base_url: Option<&str>,
        api_key: Option<&str>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.needs(base_url) {
            return Ok(None);
        }
        let sending = self.sending(py, base_url, api_key)?;
        self.stream(py)?.discard();
        if let Some(sending) = sending {
            match sending.pool.is_direct().then(runtime::lend).transpose()?.flatten() {
                Some(lent) => self.carry(py, &lent, sending)?,
                None => {
                    self.start_elsewhere(py, sending)?;
                    self.wait(py, true)?;
                }
            }
        }
        self.result(py).map(Some)
    }

    /// The message of an answer that has ended; raise what it failed by.
    fn result<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.stream(py)?.outcome() {
            Some(Ok(message)) => self.whole(py, &message),
            Some(Err(error)) => Err(PyErr::from_value(self.exception(py, &error)?)),
            None => Err(PyRuntimeError::new_err("the answer has not ended")),
        }
    }

    /// Return what to await until there is something to take, in this loop; None if there is already. With `whole`, until
    /// the end, and events are dropped.
    fn arm(
        slf: &Bound<'_, Self>,
        bridge: Py<Bridge>,
        event_loop: Py<PyAny>,
        whole: bool,
    ) -> PyResult<Option<Py<Waiter>>> {
        if whole {
            slf.get().discard(slf.py())?;
        }
        Waiter::armed(slf.py(), slf, Place { event_loop, bridge }, whole)
    }

    /// Drop the events that are there and that will come; only the message is wanted.
    pub(crate) fn discard(&self, py: Python<'_>) -> PyResult<()> {
        self.stream(py)?.discard();
        Ok(())
    }

    /// Close the connection. Never blocks.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.generation != runtime::generation() {
            // The connection is the parent's, who will close it.
            return Ok(());
        }
        drop(self.request().take());
        self.stream(py)?.close();
        turns::rouse();
        Ok(())
    }

    /// How it ended: the message or the exception; None while it goes on.
    fn outcome<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.stream(py)?.outcome() {
            None => Ok(None),
            Some(Ok(message)) => self.whole(py, &message).map(Some),
            Some(Err(error)) => self.exception(py, &error).map(Some),
        }
    }

    /// The message so far.
    fn message<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.stream(py)?.outcome() {
            None => to_py::message(py, &self.stream(py)?.message()),
            Some(Ok(message)) => self.whole(py, &message),
            Some(Err(_)) => to_py::message(py, &self.stream(py)?.message()),
        }
    }

    /// What the tool call at this place has of its arguments; None where there is nothing of an object.
    #[pyo3(signature = (content_index, /))]
    fn partial_arguments<'py>(&self, py: Python<'py>, content_index: i64) -> PyResult<Option<Bound<'py, PyDict>>> {
        let stream = self.stream(py)?;
        let Ok(index) = usize::try_from(content_index) else {
            return Ok(None);
        };
        // Python code may run while values are built, so no lock is held then. Whoever comes in between
        // finds nothing and reads from the start.
        let mut partial = self.partial().remove(&index).unwrap_or_default();
        let Some(arguments) = stream.arguments_from(index, partial.read()) else {
            return Ok(None);
        };
        partial.feed(py, &arguments.text)?;
        let value = if arguments.are_empty {
            Some(partial.empty(py))
        } else {
            partial.value(py)
        };
        let replaced = self.partial().insert(index, partial);
        drop(replaced);
        Ok(value)
    }

    /// What has happened since the last call, in order: (kind, nanoseconds since 1970, detail).
    fn observations<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for observation in self.stream(py)?.observations() {
            list.append(observed::observation(py, &observation)?)?;
        }
        Ok(list)
    }

    /// What the request is, by name; nothing where the stream is not observed.
    fn request_facts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        match &self.facts {
            Some(facts) => {
                let facts = facts.lock().unwrap_or_else(PoisonError::into_inner).clone();
                facts.dict(py)
            }
            None => Ok(PyDict::new(py)),
        }
    }

    /// The body that is sent; None where the stream is not observed. It may be large, so it is copied when asked for.
    fn request_body<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let facts = self.facts.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        Some(facts.body(py))
    }

    /// The head of the HTTP answer; None while it is not there.
    fn response<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.stream(py)?
            .response()
            .map(|response| to_py::response(py, &response))
            .transpose()
    }
}

impl NativeStream {
    /// Whether it is a local model's, and its server's address is not given.
    fn needs(&self, base_url: Option<&str>) -> bool {
        self.local.is_some() && base_url.is_none()
    }

    /// What it takes to send the request; None if that was done, or cannot be: then the stream has ended.
    fn sending(&self, py: Python<'_>, base_url: Option<&str>, api_key: Option<&str>) -> PyResult<Option<Sending>> {
        let stream = self.stream(py)?;
        let Some((prepared, shared)) = self.request().take() else {
            return Ok(None);
        };
        let budgets = Arc::clone(&shared.budgets);
        match prepared.into_sending(&shared.transport, budgets, shared.limiter.as_ref(), base_url, api_key) {
            Ok(sending) => {
                if let Some(facts) = &self.facts {
                    facts
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .place(&sending.call);
                }
                Ok(Some(sending))
            }
            Err(error) => {
                stream.fail(error);
                Ok(None)
            }
        }
    }

    /// Has the thread that all answers share read the answer, and send the request where this one cannot do it at once.
    fn start_elsewhere(&self, py: Python<'_>, mut sending: Sending) -> PyResult<()> {
        if !self.wake_moderation {
            sending.companion = Some(Box::new(Awake::new()));
        }
        if self.stream(py)?.start(&runtime::handle()?, sending) {
            turns::rouse();
        }
        Ok(())
    }

    /// Sends the request on this thread and reads its answer to the end.
    fn carry(&self, py: Python<'_>, lent: &Lent, sending: Sending) -> PyResult<()> {
        let Some(carrying) = self.stream(py)?.carry(sending) else {
            return Ok(());
        };
        let mut carrying = Box::pin(carrying);
        while !py.detach(|| lent.drive(carrying.as_mut(), SLICE)) {
            let told = py.check_signals();
            if !lent.is_of_this_process() {
                // A signal's handler has forked: the connection is the parent's, and goes on there.
                std::mem::forget(carrying);
                return self.stream(py).map(drop);
            }
            told?;
        }
        Ok(())
    }

    /// Takes the events that are ready; None once there will be no more.
    pub(crate) fn take(&self, py: Python<'_>) -> PyResult<Option<Ready>> {
        let Some(events) = self.stream(py)?.take() else {
            return Ok(None);
        };
        let classes = Classes::get(py)?;
        let make = |event| to_py::event(py, classes, event, &mut |message| self.whole(py, message));
        Ok(Some(match events.as_slice() {
            [] => Ready::Nothing,
            [event] => Ready::One(make(event)?.unbind()),
            events => {
                let made = events.iter().map(|event| make(event).map(Bound::unbind));
                Ready::Many(made.collect::<PyResult<Vec<_>>>()?.into_iter())
            }
        }))
    }

    /// Has a loop run a waiter once there is something to take, with `whole` at the end; returns the wait's token, or None
    /// if there is something already.
    pub(crate) fn arm_at(&self, waiter: &Bound<'_, Waiter>, bridge: &Bridge, whole: bool) -> PyResult<Option<u64>> {
        let stream = self.stream(waiter.py())?;
        runtime::settle(stream);
        let (waker, token) = bridge.keep(self.number, waiter.clone().unbind());
        if stream.arm(waker, token, whole) {
            return Ok(Some(token));
        }
        bridge.forget(token);
        Ok(None)
    }

    /// Gives up on a wait; nothing is kept of it.
    pub(crate) fn disarm(&self, py: Python<'_>, token: u64) -> PyResult<()> {
        self.stream(py)?.disarm(token);
        Ok(())
    }

    /// Raises if the stream belongs to another process.
    pub(crate) fn check_process(&self, py: Python<'_>) -> PyResult<()> {
        self.stream(py).map(drop)
    }

    fn exception<'py>(&self, py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
        let partial = error
            .partial
            .as_deref()
            .map(|partial| self.whole(py, partial))
            .transpose()?;
        exception_with(py, error, partial)
    }
}

impl Drop for NativeStream {
    fn drop(&mut self) {
        if self.generation != runtime::generation() {
            // A lock of the parent may have been held when it forked, and will never be given back here.
            std::mem::forget(self.stream.take());
            std::mem::forget(self.request().take());
        } else if let Some(stream) = self.stream.take() {
            drop(stream);
            turns::rouse();
        }
    }
}
