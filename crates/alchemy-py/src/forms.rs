//! How the classes of the package are written as JSON: their tags, their fields, and what these are by default.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType};

/// How objects of a class are written.
pub(crate) struct Form {
    /// The key and value that tell the class, as JSON; empty for a class without.
    pub(crate) tag: Vec<u8>,
    pub(crate) fields: Vec<Field>,
}

/// A field of a class.
pub(crate) struct Field {
    pub(crate) name: Py<PyString>,
    /// The name as a key, with its colon.
    pub(crate) key: Vec<u8>,
    default: Option<Py<PyAny>>,
}

impl Field {
    /// Whether a value is the field's default, or as empty as that: then it need not be written.
    pub(crate) fn is_default(&self, value: &Bound<'_, PyAny>) -> bool {
        let Some(default) = &self.default else { return false };
        let is_empty = |dict: &Bound<'_, PyAny>| dict.cast_exact::<PyDict>().is_ok_and(|dict| dict.is_empty());
        default.is(value) || (is_empty(value) && is_empty(default.bind(value.py())))
    }
}

impl Form {
    /// Reads what a class says of itself.
    pub(crate) fn of(class: &Bound<'_, PyType>) -> PyResult<Self> {
        let py = class.py();
        let tag = class.getattr(intern!(py, "__field_tag__"))?;
        let tag = match tag.extract::<(String, String)>() {
            Ok((key, name)) => [quoted(&key), b":".to_vec(), quoted(&name)].concat(),
            Err(_) => Vec::new(),
        };
        let defaults = class.getattr(intern!(py, "__field_defaults__"))?;
        let defaults = defaults.cast::<PyDict>()?;
        let types = class.getattr(intern!(py, "__field_types__"))?;
        let fields = types.cast::<PyDict>()?.keys().iter().map(|name| {
            let name = name.cast_into::<PyString>()?;
            Ok(Field {
                key: [quoted(&name.to_string_lossy()), b":".to_vec()].concat(),
                default: defaults.get_item(&name)?.map(Bound::unbind),
                name: name.unbind(),
            })
        });
        Ok(Form {
            fields: fields.collect::<PyResult<_>>()?,
            tag,
        })
    }
}

fn quoted(text: &str) -> Vec<u8> {
    serde_json::to_vec(text).unwrap_or_default()
}

/// The most classes whose forms are kept: there are fewer in the package.
const MOST: usize = 64;

/// The forms of the package's own classes, each found when an object of it is first written.
#[derive(Default)]
pub(crate) struct Forms(Mutex<Vec<(Py<PyType>, Arc<Form>)>>);

impl Forms {
    /// The form of a class, if it is known.
    pub(crate) fn known(&self, class: &Bound<'_, PyType>) -> Option<Arc<Form>> {
        let forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forms
            .iter()
            .find_map(|(known, form)| known.is(class).then(|| Arc::clone(form)))
    }

    /// Finds the form of a class out, and keeps it if the class is of the package: others may come and go.
    pub(crate) fn find(&self, class: &Bound<'_, PyType>) -> PyResult<Arc<Form>> {
        let form = Arc::new(Form::of(class)?);
        let module = class.getattr(intern!(class.py(), "__module__"))?;
        let is_ours = module
            .cast::<PyString>()
            .is_ok_and(|module| module.to_string_lossy().starts_with("alchemy."));
        // The lock is never held while Python may run: a thread that waits for it may hold the interpreter.
        let mut forms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_ours && forms.len() < MOST {
            forms.push((class.clone().unbind(), Arc::clone(&form)));
        }
        Ok(form)
    }
}
