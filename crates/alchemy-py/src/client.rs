//! A client for Python: keys, addresses and connections; and the catalog.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use alchemy_core::client::Settings;
use alchemy_core::error::Error;
use alchemy_core::providers;
use alchemy_core::transport::{Transport, TransportConfig};
use alchemy_core::types::{Context, Model, Options};
use arc_swap::ArcSwap;
use pyo3::prelude::*;

use crate::classes::{Classes, tuple};
use crate::errors::raised;
use crate::stream::NativeStream;
use crate::{from_py, runtime, to_py};

/// Keys, addresses and connections. Usable from any thread.
#[pyclass(frozen, module = "alchemy._native")]
pub(crate) struct NativeClient {
    settings: Settings,
    config: TransportConfig,
    transport: ArcSwap<Owned>,
    /// The model that was read last: most clients ask one model all the time.
    last_model: Mutex<Option<(Py<PyAny>, Arc<Model>)>>,
}

/// A transport and the process that made it.
struct Owned {
    generation: u64,
    transport: Arc<Transport>,
}

impl NativeClient {
    /// The transport of this process.
    fn transport(&self) -> Arc<Transport> {
        let owned = self.transport.load();
        if owned.generation == runtime::generation() {
            return Arc::clone(&owned.transport);
        }
        self.renew()
    }

    /// Puts another transport in the place of the one that is there.
    fn renew(&self) -> Arc<Transport> {
        let transport = Arc::new(Transport::new(self.config.clone()));
        let former = self.transport.swap(Arc::new(Owned {
            generation: runtime::generation(),
            transport: Arc::clone(&transport),
        }));
        if former.generation != runtime::generation() {
            // The parent's connections are left alone: they are still in use there.
            std::mem::forget(former);
        }
        transport
    }
}

impl Drop for NativeClient {
    fn drop(&mut self) {
        if self.transport.load().generation != runtime::generation() {
            self.renew();
        }
    }
}

impl NativeClient {
    /// Reads a model, unless it is the one that was read last.
    fn model(&self, object: &Bound<'_, PyAny>) -> PyResult<Arc<Model>> {
        // The lock is never held while Python may run: a thread that waits for it may hold the interpreter.
        let last = || self.last_model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, model)) = &*last()
            && known.is(object)
        {
            return Ok(Arc::clone(model));
        }
        let model: Arc<Model> = Arc::new(from_py::read("model", object)?);
        // The fields of a model are frozen; what is inside its dictionaries is not.
        let frozen = Classes::get(object.py())?.is_data(object)? && model.headers.is_empty() && model.quirks.is_empty();
        let latest = frozen.then(|| (object.clone().unbind(), Arc::clone(&model)));
        let former = std::mem::replace(&mut *last(), latest);
        drop(former);
        Ok(model)
    }
}

#[pymethods]
impl NativeClient {
    #[new]
    #[pyo3(signature = (*, api_keys, base_urls, proxy, ca_file, client_certificate, client_key, http2))]
    fn new(
        api_keys: BTreeMap<String, String>,
        base_urls: BTreeMap<String, String>,
        proxy: Option<String>,
        ca_file: Option<PathBuf>,
        client_certificate: Option<PathBuf>,
        client_key: Option<PathBuf>,
        http2: bool,
    ) -> Self {
        let config = TransportConfig {
            proxy,
            ca_file,
            client_certificate,
            client_key,
            http2,
        };
        let transport = Arc::new(Transport::new(config.clone()));
        let owned = Owned {
            generation: runtime::generation(),
            transport,
        };
        NativeClient {
            settings: Settings { api_keys, base_urls },
            config,
            transport: ArcSwap::from_pointee(owned),
            last_model: Mutex::default(),
        }
    }

    /// Check and encode a request; nothing is sent.
    fn prepare(
        &self,
        py: Python<'_>,
        model: &Bound<'_, PyAny>,
        context: &Bound<'_, PyAny>,
        options: &Bound<'_, PyAny>,
        streamed: bool,
    ) -> PyResult<NativeStream> {
        let model = self.model(model)?;
        let context: Context = from_py::read("", context)?;
        let options: Options = from_py::read("options", options)?;
        let prepared = self.settings.prepare(model, &context, options, streamed);
        let prepared = prepared.map_err(|error| raised(py, &error))?;
        NativeStream::new(py, prepared, self.transport())
    }

    /// Close the connections that are not in use.
    fn close(&self) {
        self.renew();
    }
}

/// Look a model up by `provider/model-id`.
#[pyfunction]
#[pyo3(signature = (name, *, allow_unknown=false))]
pub(crate) fn get_model<'py>(py: Python<'py>, name: &str, allow_unknown: bool) -> PyResult<Bound<'py, PyAny>> {
    let model = providers::get_model(name, allow_unknown).map_err(|error| raised(py, &error))?;
    to_py::model(py, &model)
}

/// Every model of the catalog, or those of one provider.
#[pyfunction]
#[pyo3(signature = (provider=None))]
pub(crate) fn get_models<'py>(py: Python<'py>, provider: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
    if let Some(id) = provider
        && providers::find(id).is_none()
    {
        // The same error, with the nearest providers, as for a model of theirs.
        let error = providers::get_model(&format!("{id}/-"), false).err();
        let error = error.unwrap_or_else(|| Error::invalid("provider", "no such provider"));
        return Err(raised(py, &error));
    }
    let models = providers::models(provider);
    tuple(
        py,
        models
            .iter()
            .map(|model| to_py::model(py, model))
            .collect::<PyResult<_>>()?,
    )
}

/// The ids of every provider.
#[pyfunction]
pub(crate) fn get_providers() -> Vec<&'static str> {
    providers::all().iter().map(|provider| provider.id.as_str()).collect()
}
