//! What a waiter does between two awaits of its task: it looks, sends the request if need be, waits, and takes the event.

use pyo3::call::PyCallArgs;
use pyo3::exceptions::{PyBaseException, PyRuntimeError, PyStopIteration};
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::{Phase, State, Wait, Waiter};
use crate::event_queue::EventQueue;

/// What a step comes to.
pub(super) enum Step<'py> {
    Yield(Bound<'py, PyAny>),
    Return(Option<Bound<'py, PyAny>>),
}

impl<'py> Step<'py> {
    /// What is handed to whoever drives a coroutine: a value, or the end by an exception that carries what is returned.
    pub(super) fn yielded(self) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Step::Yield(what) => Ok(what),
            Step::Return(event) => Err(PyStopIteration::new_err(event.map(Bound::unbind))),
        }
    }
}

/// Sets what an iterator returns at its end.
#[expect(
    unsafe_code,
    reason = "an exception of PyO3's is made an object at once, which takes as long as all else here"
)]
fn stop_with(value: &Bound<'_, PyAny>) {
    // SAFETY: two live objects, this thread holds the interpreter. It takes a reference of its own and sets an exception,
    // which the caller leaves set by returning no object.
    unsafe { pyo3::ffi::PyErr_SetObject(pyo3::ffi::PyExc_StopIteration, value.as_ptr()) }
}

impl Waiter {
    /// One step of whoever awaits.
    pub(super) fn step<'py>(slf: &Bound<'py, Self>) -> PyResult<Step<'py>> {
        let py = slf.py();
        let this = slf.get();
        let (phase, sending, queue) = {
            let mut state = this.state();
            if matches!(state.phase, Phase::Waiting) {
                state.blocking = true;
                return Ok(Step::Yield(slf.clone().into_any()));
            }
            let phase = std::mem::replace(&mut state.phase, Phase::Running);
            (phase, state.sending.take(), state.queue.take())
        };
        let queue = queue.map(|queue| queue.into_bound(py));
        let step = match (phase, &queue) {
            (Phase::Running, _) => return Err(PyRuntimeError::new_err("the next event is being awaited already")),
            (Phase::Over, _) => {
                let text = "the next event cannot be awaited again; ask for another";
                Err(PyRuntimeError::new_err(text))
            }
            (_, None) => Ok(Step::Return(None)),
            (Phase::New, Some(queue)) => Self::begin(slf, queue),
            (Phase::Starting, Some(queue)) => match sending {
                Some(sending) => Self::go_on(slf, queue, sending, "send", (py.None(),)),
                None => Self::seek(slf, queue),
            },
            (Phase::Told, Some(queue)) => EventQueue::fill_or_stop(queue).and_then(|_| Self::take(slf, queue)),
            (Phase::Breathing | Phase::Waiting, Some(queue)) => Self::take(slf, queue),
        };
        match &step {
            Ok(Step::Yield(_)) => this.state().queue = queue.map(Bound::unbind),
            Ok(Step::Return(_)) => {
                this.let_go();
                if let Some(queue) = &queue {
                    queue.get().spare(slf.clone().unbind());
                }
            }
            Err(_) => this.let_go(),
        }
        step
    }

    fn waiting<'py>(&self, slf: &Bound<'py, Self>) -> Step<'py> {
        self.state().blocking = true;
        Step::Yield(slf.clone().into_any())
    }

    fn begin<'py>(slf: &Bound<'py, Self>, queue: &Bound<'py, EventQueue>) -> PyResult<Step<'py>> {
        let py = slf.py();
        if queue.get().is_started() {
            return Self::take(slf, queue);
        }
        let sending = queue.call_method0(pyo3::intern!(py, "_start_async"))?;
        Self::go_on(slf, queue, sending.unbind(), "send", (py.None(),))
    }

    /// Goes on with what sends the request.
    fn go_on<'py, A>(
        slf: &Bound<'py, Self>,
        queue: &Bound<'py, EventQueue>,
        sending: Py<PyAny>,
        method: &str,
        arguments: A,
    ) -> PyResult<Step<'py>>
    where
        A: PyCallArgs<'py>,
    {
        let py = slf.py();
        match sending.bind(py).call_method1(method, arguments) {
            Ok(yielded) => {
                let mut state = slf.get().state();
                state.phase = Phase::Starting;
                state.sending = Some(sending);
                Ok(Step::Yield(yielded))
            }
            Err(error) if error.is_instance_of::<PyStopIteration>(py) => Self::seek(slf, queue),
            Err(error) => Err(error),
        }
    }

    /// Returns an event that is ready, or waits.
    fn take<'py>(slf: &Bound<'py, Self>, queue: &Bound<'py, EventQueue>) -> PyResult<Step<'py>> {
        match queue.get().pop(slf.py())? {
            Some(event) => Ok(Step::Return(Some(event))),
            None => Self::seek(slf, queue),
        }
    }

    /// Waits, unless there is something to take already.
    fn seek<'py>(slf: &Bound<'py, Self>, queue: &Bound<'py, EventQueue>) -> PyResult<Step<'py>> {
        let py = slf.py();
        loop {
            let place = EventQueue::here(queue)?;
            if Self::arm(slf, queue.get().native(py), place, false)? {
                return Ok(slf.get().waiting(slf));
            }
            if EventQueue::fill_or_stop(queue)? {
                // A flood of events must starve nobody.
                slf.get().state().phase = Phase::Breathing;
                return Ok(Step::Yield(py.None().into_bound(py)));
            }
        }
    }

    /// Lets go of everything: it is over.
    pub(super) fn let_go(&self) {
        let over = State {
            phase: Phase::Over,
            ..State::default()
        };
        let before = std::mem::replace(&mut *self.state(), over);
        drop(before);
    }

    /// Gives up on what was begun; returns the coroutine that was sending the request.
    pub(super) fn give_up(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        let (wait, sending) = {
            let mut state = self.state();
            state.phase = Phase::Over;
            (state.wait.take(), state.sending.take())
        };
        if let Some(Wait { native, place, token }) = wait {
            // A caller that waits in short turns, cancelled each time, must not pile up what it waited by.
            place.bridge.get().forget(token);
            native.get().disarm(py, token)?;
        }
        Ok(sending)
    }

    /// A step as an iterator makes it.
    pub(super) fn step_or_stop<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match Self::step(slf)? {
            Step::Yield(what) => return Ok(Some(what)),
            Step::Return(None) => {}
            Step::Return(Some(event)) => stop_with(&event),
        }
        Ok(None)
    }

    /// Has an exception raised where the await is.
    pub(super) fn fail<'py>(
        slf: &Bound<'py, Self>,
        kind: Bound<'py, PyAny>,
        value: Option<Bound<'py, PyAny>>,
        traceback: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let sending = slf.get().give_up(py)?;
        let queue = slf.get().state().queue.take();
        if let (Some(sending), Some(queue)) = (sending, queue) {
            let queue = queue.into_bound(py);
            let step = match (value, traceback) {
                (None, None) => Self::go_on(slf, &queue, sending, "throw", (kind,)),
                (value, traceback) => Self::go_on(slf, &queue, sending, "throw", (kind, value, traceback)),
            };
            match &step {
                Ok(Step::Yield(_)) => slf.get().state().queue = Some(queue.unbind()),
                _ => slf.get().let_go(),
            }
            return step?.yielded();
        }
        slf.get().let_go();
        let error = match value {
            Some(value) if value.is_instance_of::<PyBaseException>() => value,
            Some(value) => kind.call1((value,))?,
            None if kind.is_instance_of::<PyType>() => kind.call0()?,
            None => kind,
        };
        if let Some(traceback) = traceback {
            error.setattr(pyo3::intern!(py, "__traceback__"), traceback)?;
        }
        Err(PyErr::from_value(error))
    }
}
