//! What hooks are told: what a request is, and what happens to it.

use alchemy_core::client::Prepared;
use alchemy_core::stream::{Happening, Observation};
use alchemy_core::transport::Call;
use bytes::Bytes;
use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::to_py;

/// What a request is, as far as others may see it: the names of its headers, and none of their values.
#[derive(Clone)]
pub(crate) struct Facts {
    api: String,
    provider: String,
    model: String,
    /// Where it goes; None for a local model that is not started.
    host: Option<String>,
    port: Option<u16>,
    streamed: bool,
    body: Bytes,
    headers: Vec<String>,
}

impl Facts {
    pub(crate) fn of(prepared: &Prepared) -> Self {
        let model = prepared.model();
        let mut facts = Facts {
            api: model.api.clone(),
            provider: model.provider.clone(),
            model: model.id.clone(),
            host: None,
            port: None,
            streamed: prepared.is_streamed(),
            body: prepared.body().clone(),
            headers: Vec::new(),
        };
        if let Some(call) = prepared.checked() {
            facts.place(call);
        }
        facts
    }

    /// Where the request goes is known.
    pub(crate) fn place(&mut self, call: &Call) {
        self.host = call.url.host_str().map(str::to_owned);
        self.port = call.url.port_or_known_default();
        self.headers = call.headers.names().collect();
    }

    pub(crate) fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.body)
    }

    pub(crate) fn dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        dict.set_item("api", &self.api)?;
        dict.set_item("provider", &self.provider)?;
        dict.set_item("model", &self.model)?;
        dict.set_item("host", &self.host)?;
        dict.set_item("port", self.port)?;
        dict.set_item("streamed", self.streamed)?;
        dict.set_item("headers", &self.headers)?;
        Ok(dict)
    }
}

/// An observation as (kind, nanoseconds since 1970, detail).
pub(crate) fn observation<'py>(py: Python<'py>, observation: &Observation) -> PyResult<Bound<'py, PyTuple>> {
    let nothing = || py.None().into_bound(py);
    let (kind, detail) = match &observation.happening {
        Happening::Attempt(number) => ("attempt", number.into_bound_py_any(py)?),
        Happening::Head(response) => ("head", to_py::response(py, response)?),
        Happening::Retry(attempt, seconds) => {
            let attempt = to_py::attempt(py, attempt)?;
            ("retry", (attempt, *seconds).into_bound_py_any(py)?)
        }
        Happening::FirstEvent => ("first_event", nothing()),
        Happening::End => ("end", nothing()),
    };
    (kind, observation.at_ns, detail).into_pyobject(py)
}
