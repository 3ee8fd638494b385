//! Words that come again with nearly every answer: one object for all of its uses.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

/// The words of a fixed set.
pub(crate) struct Fixed<T>(PyOnceLock<Vec<(T, Py<PyString>)>>);

impl<T: Copy + PartialEq + 'static> Fixed<T> {
    pub(crate) const fn new() -> Self {
        Fixed(PyOnceLock::new())
    }

    /// The word of one of `all`.
    pub(crate) fn word<'py>(
        &self,
        py: Python<'py>,
        all: &'static [T],
        value: T,
        text: fn(T) -> &'static str,
    ) -> Bound<'py, PyAny> {
        let intern = |value: &T| (*value, PyString::intern(py, text(*value)).unbind());
        let words = self.0.get_or_init(py, || all.iter().map(intern).collect());
        match words.iter().find(|(other, _)| *other == value) {
            Some((_, word)) => word.bind(py).clone().into_any(),
            None => PyString::new(py, text(value)).into_any(),
        }
    }
}

/// The word of the last use, such as the name of the model: to compare it takes a third of making it anew.
pub(crate) struct Last(Mutex<Option<Py<PyString>>>);

impl Last {
    pub(crate) const fn new() -> Self {
        Last(Mutex::new(None))
    }

    /// A text, as the object that it was the last time if it is the same.
    pub(crate) fn word<'py>(&self, py: Python<'py>, text: &str) -> Bound<'py, PyAny> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(word) = &*last
            && word.bind(py).to_str().is_ok_and(|known| known == text)
        {
            return word.bind(py).clone().into_any();
        }
        let word = PyString::new(py, text);
        let before = last.replace(word.clone().unbind());
        drop(last);
        drop(before);
        word.into_any()
    }
}
