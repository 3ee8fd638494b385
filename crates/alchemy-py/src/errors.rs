//! Core errors to the exceptions of `alchemy.errors`.

use alchemy_core::error::{Error, ErrorKind};
use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::classes::{Classes, tuple};
use crate::to_py;

/// Checks that every kind of error has its exception.
pub(crate) fn check(namespace: &Bound<'_, PyDict>) -> PyResult<()> {
    for kind in ErrorKind::ALL {
        if !namespace.contains(kind.name())? {
            return Err(PyImportError::new_err(format!("no exception {}", kind.name())));
        }
    }
    Ok(())
}

/// The exception for an error.
pub(crate) fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let partial = error
        .partial
        .as_deref()
        .map(|partial| to_py::message(py, partial))
        .transpose()?;
    exception_with(py, error, partial)
}

/// The exception for an error whose message so far is already a Python object.
pub(crate) fn exception_with<'py>(
    py: Python<'py>,
    error: &Error,
    partial: Option<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let classes = Classes::get(py)?;
    let class = classes.by_name(py, error.kind.name())?;
    let details = PyDict::new(py);
    match error.kind {
        ErrorKind::ModelNotFoundError | ErrorKind::MissingKeyError => {}
        ErrorKind::InvalidRequestError => details.set_item("path", &error.path)?,
        ErrorKind::UnsupportedOptionError => {
            let notices: Vec<_> = error
                .notices
                .iter()
                .map(|notice| to_py::notice(py, notice))
                .collect::<PyResult<_>>()?;
            details.set_item("notices", tuple(py, notices)?)?;
        }
        _ => {
            details.set_item("provider", &error.provider)?;
            details.set_item("model", &error.model)?;
            details.set_item("status", error.status)?;
            details.set_item("request_id", &error.request_id)?;
            details.set_item("body", &error.body)?;
            details.set_item("attempts", to_py::attempts(py, &error.attempts)?)?;
            details.set_item("partial", partial)?;
        }
    }
    match error.kind {
        ErrorKind::RateLimitError => details.set_item("retry_after", error.retry_after)?,
        ErrorKind::ConnectTimeoutError
        | ErrorKind::FirstEventTimeoutError
        | ErrorKind::IdleTimeoutError
        | ErrorKind::TotalTimeoutError => details.set_item("seconds", error.seconds)?,
        _ => {}
    }
    class.call((&error.message,), Some(&details))
}

/// The exception for an error, to be raised.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    match exception(py, error) {
        Ok(exception) => PyErr::from_value(exception),
        Err(other) => other,
    }
}
