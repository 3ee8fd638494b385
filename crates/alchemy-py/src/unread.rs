//! A field that is made when somebody first asks for it: until then its slot holds what it is made of.

use alchemy_core::types::SharedObject;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::to_py;

/// A JSON object that nobody has asked for.
#[pyclass(frozen, module = "alchemy._native")]
pub(crate) struct Unread {
    object: SharedObject,
    /// The dictionary, the same for every thread that asks at once.
    made: PyOnceLock<Py<PyAny>>,
}

impl Unread {
    pub(crate) fn new(object: SharedObject) -> Self {
        Unread {
            object,
            made: PyOnceLock::new(),
        }
    }
}

/// Stands in its class for a slot that may hold what is unread.
#[pyclass(frozen, module = "alchemy._native")]
pub(crate) struct Later {
    slot: Py<PyAny>,
}

impl Later {
    pub(crate) fn new(slot: Py<PyAny>) -> Self {
        Later { slot }
    }
}

#[pymethods]
impl Later {
    /// The value of an object's field; of the class itself, this.
    fn __get__<'py>(
        slf: &Bound<'py, Self>,
        object: Option<&Bound<'py, PyAny>>,
        _class: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let Some(object) = object else {
            return Ok(slf.clone().into_any());
        };
        let slot = slf.get().slot.bind(py);
        let value = slot.call_method1(pyo3::intern!(py, "__get__"), (object,))?;
        let Ok(unread) = value.cast::<Unread>() else {
            return Ok(value);
        };
        let unread = unread.get();
        let make = || to_py::object(py, &unread.object).map(Bound::unbind);
        let made = unread.made.get_or_try_init(py, make)?.bind(py);
        slot.call_method1(pyo3::intern!(py, "__set__"), (object, made))?;
        Ok(made.clone())
    }

    fn __set__(&self, object: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = object.py();
        self.slot
            .bind(py)
            .call_method1(pyo3::intern!(py, "__set__"), (object, value))?;
        Ok(())
    }

    fn __delete__(&self, object: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = object.py();
        self.slot
            .bind(py)
            .call_method1(pyo3::intern!(py, "__delete__"), (object,))?;
        Ok(())
    }
}
