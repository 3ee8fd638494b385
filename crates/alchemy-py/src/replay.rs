//! Recorded answers to events, and requests to bytes: without any connection.

use std::collections::BTreeMap;
use std::sync::Arc;

use alchemy_core::answer::Answer;
use alchemy_core::client::Settings;
use alchemy_core::error::Result;
use alchemy_core::head::Head;
use alchemy_core::types::{Model, Options, StopReason};
use alchemy_core::{protocols, providers};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::classes::Classes;
use crate::errors::{exception, raised};
use crate::{from_py, to_py};

type Replayed<'py> = (Bound<'py, PyList>, Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>);

/// Decode a recorded answer: its events, and the message or the error that it ended in.
#[pyfunction]
#[pyo3(signature = (model, chunks, *, status=200, content_type="text/event-stream", streamed=true, headers=None))]
pub(crate) fn replay<'py>(
    py: Python<'py>,
    model: &Bound<'py, PyAny>,
    chunks: Vec<Bound<'py, PyBytes>>,
    status: u16,
    content_type: &str,
    streamed: bool,
    headers: Option<BTreeMap<String, String>>,
) -> PyResult<Replayed<'py>> {
    // Neither the label nor the request decides how a body is read: its bytes do.
    let _ = streamed;
    let model: Model = from_py::read("model", model)?;
    let mut headers = headers.unwrap_or_default();
    headers.insert("content-type".to_owned(), content_type.to_owned());
    let head = Head::recorded(status, &headers).ok_or_else(|| PyValueError::new_err("not the head of an answer"))?;
    let answer = || -> Result<Answer> {
        let decoder = protocols::decoder(&model, &*providers::quirks(&model)?, model.cost.clone())?;
        Ok(Answer::new(&model, decoder, Vec::new()))
    };
    let mut answer = answer().map_err(|error| raised(py, &error))?;
    answer.begin(head, None);
    let fed = chunks
        .iter()
        .try_for_each(|chunk| answer.feed(chunk.as_bytes()).map(drop));
    let result = fed.and_then(|()| answer.end());
    let failed = result.map_err(|error| answer.fail(error, StopReason::Error)).err();
    let classes = Classes::get(py)?;
    let mut message = None;
    let events = PyList::empty(py);
    for event in answer.take_events() {
        let mut whole = |done: &_| {
            let made = to_py::message(py, done)?;
            message = Some(made.clone());
            Ok(made)
        };
        events.append(to_py::event(py, classes, &event, &mut whole)?)?;
    }
    let error = failed.map(|error| exception(py, &error)).transpose()?;
    Ok((events, message, error))
}

type Sent<'py> = (
    &'static str,
    String,
    BTreeMap<String, String>,
    Bound<'py, PyBytes>,
    Bound<'py, PyAny>,
);

/// What would be sent: the method, the address, the headers without the key, the body and the notices.
#[pyfunction]
#[pyo3(signature = (model, context, options, streamed=true))]
pub(crate) fn encode<'py>(
    py: Python<'py>,
    model: &Bound<'py, PyAny>,
    context: &Bound<'py, PyAny>,
    options: &Bound<'py, PyAny>,
    streamed: bool,
) -> PyResult<Sent<'py>> {
    let model: Model = from_py::read("model", model)?;
    let context = crate::conversation::read(context)?;
    let mut options: Options = from_py::read("options", options)?;
    options.api_key.get_or_insert_with(|| "none".to_owned());
    let prepared = Settings::default().prepare(Arc::new(model), &context, options, streamed);
    let prepared = prepared.map_err(|error| raised(py, &error))?;
    let call = prepared.call(None, None).map_err(|error| raised(py, &error))?;
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let key_headers = ["authorization", "api-key", "x-api-key", "x-goog-api-key"];
    let headers = call.headers.iter().map(|(name, value)| (text(name), text(value)));
    let headers = headers
        .filter(|(name, _)| !key_headers.contains(&name.as_str()))
        .collect();
    let notices = to_py::notices(py, prepared.notices())?;
    Ok((
        "POST",
        call.url.to_string(),
        headers,
        PyBytes::new(py, prepared.body()),
        notices,
    ))
}
