//! A client for Python: keys, addresses and connections; and the catalog.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use alchemy_core::client::{Asked, Settings};
use alchemy_core::error::Error;
use alchemy_core::limiter::Limiter;
use alchemy_core::providers;
use alchemy_core::retry::Budgets;
use alchemy_core::transport::{Transport, TransportConfig};
use alchemy_core::types::{Limits, Model};
use arc_swap::ArcSwap;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::classes::{Classes, tuple};
use crate::errors::raised;
use crate::stream::NativeStream;
use crate::{conversation, from_py, options, runtime, to_py};

/// Keys, addresses and connections. Usable from any thread.
#[pyclass(frozen, module = "alchemy._native")]
pub(crate) struct NativeClient {
    settings: Settings,
    config: TransportConfig,
    limits: Option<Limits>,
    wake_moderation: bool,
    shared: ArcSwap<Shared>,
    /// The model that was asked last: most clients ask one model all the time.
    last_model: Mutex<Option<(Py<PyAny>, Known)>>,
}

/// A model that was looked up.
#[derive(Clone)]
struct Known {
    asked: Arc<Asked>,
    /// As `provider/model-id`.
    name: Arc<str>,
}

/// What requests share: connections, limits, what may be spent on retries, and the process that made them.
pub(crate) struct Shared {
    generation: u64,
    pub(crate) transport: Transport,
    pub(crate) budgets: Arc<Budgets>,
    pub(crate) limiter: Option<Limiter>,
}

impl Shared {
    fn new(config: &TransportConfig, limiter: Option<Limiter>) -> Arc<Self> {
        Arc::new(Shared {
            generation: runtime::generation(),
            transport: Transport::new(config.clone()),
            budgets: Arc::default(),
            limiter,
        })
    }
}

impl NativeClient {
    /// What requests of this process share.
    fn shared(&self) -> Arc<Shared> {
        let shared = self.shared.load_full();
        if shared.generation == runtime::generation() {
            return shared;
        }
        // Dropping the parent's connections here could close what is still in use there.
        std::mem::forget(shared);
        self.renew()
    }

    /// Puts others in the place of the connections and accounts that are there. The limits go on, save in a forked
    /// child: what is under way in the parent is the parent's.
    fn renew(&self) -> Arc<Shared> {
        let limiter = {
            let former = self.shared.load();
            match former.generation == runtime::generation() {
                true => former.limiter.clone(),
                false => self.limits.as_ref().map(Limiter::new),
            }
        };
        let shared = Shared::new(&self.config, limiter);
        let former = self.shared.swap(Arc::clone(&shared));
        if former.generation != runtime::generation() {
            // The parent's connections are left alone: they are still in use there.
            std::mem::forget(former);
        }
        shared
    }
}

impl Drop for NativeClient {
    fn drop(&mut self) {
        if self.shared.load().generation != runtime::generation() {
            self.renew();
        }
    }
}

impl NativeClient {
    /// Reads a model and looks it up, unless it is the one that was asked last.
    fn asked(&self, object: &Bound<'_, PyAny>) -> PyResult<Known> {
        // The lock is never held while Python may run: a thread that waits for it may hold the interpreter.
        let last = || self.last_model.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((model, known)) = &*last()
            && model.is(object)
        {
            return Ok(known.clone());
        }
        let py = object.py();
        let model: Model = from_py::read("model", object)?;
        // The fields of a model are frozen; what is inside its dictionaries is not.
        let frozen = Classes::get(py)?.is_data(object)? && model.headers.is_empty() && model.quirks.is_empty();
        let name = [&*model.provider, "/", &model.id].concat().into();
        let asked = Arc::new(Asked::new(Arc::new(model)).map_err(|error| raised(py, &error))?);
        let known = Known { asked, name };
        let latest = frozen.then(|| (object.clone().unbind(), known.clone()));
        let former = std::mem::replace(&mut *last(), latest);
        drop(former);
        Ok(known)
    }
}

#[pymethods]
impl NativeClient {
    #[new]
    #[pyo3(signature = (*, api_keys, base_urls, proxy, ca_file, client_certificate, client_key, http2, wake_moderation, limits=None))]
    #[expect(clippy::too_many_arguments, reason = "they are given by keyword")]
    fn new(
        api_keys: BTreeMap<String, String>,
        base_urls: BTreeMap<String, String>,
        proxy: Option<String>,
        ca_file: Option<PathBuf>,
        client_certificate: Option<PathBuf>,
        client_key: Option<PathBuf>,
        http2: bool,
        wake_moderation: bool,
        limits: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let config = TransportConfig {
            proxy,
            ca_file,
            client_certificate,
            client_key,
            http2,
        };
        let limits: Option<Limits> = limits.map(|limits| from_py::read("limits", limits)).transpose()?;
        Ok(NativeClient {
            settings: Settings { api_keys, base_urls },
            shared: ArcSwap::new(Shared::new(&config, limits.as_ref().map(Limiter::new))),
            config,
            limits,
            wake_moderation,
            last_model: Mutex::default(),
        })
    }

    /// How many requests are under way, and how many wait; None without limits.
    fn counts(&self) -> Option<(u32, usize)> {
        self.shared().limiter.as_ref().map(Limiter::counts)
    }

    /// Check and encode a request; nothing is sent. With `observed`, what happens to it is kept to be asked for.
    #[pyo3(signature = (model, context, options, streamed, observed=false))]
    fn prepare(
        &self,
        py: Python<'_>,
        model: &Bound<'_, PyAny>,
        context: &Bound<'_, PyAny>,
        options: &Bound<'_, PyDict>,
        streamed: bool,
        observed: bool,
    ) -> PyResult<NativeStream> {
        let Known { asked, name } = self.asked(model)?;
        let context = conversation::read(context)?;
        let options = options::read(options)?;
        let prepared = self.settings.prepare_asked(asked, &context, options, streamed);
        let prepared = prepared.map_err(|error| raised(py, &error))?;
        NativeStream::new(py, prepared, name, self.shared(), observed, self.wake_moderation)
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
