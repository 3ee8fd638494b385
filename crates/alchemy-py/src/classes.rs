//! The Python classes that objects are made of, and how they are made without running Python code.

use std::ffi::c_void;
use std::sync::Arc;

use pyo3::exceptions::{PyImportError, PyRuntimeError};
use pyo3::ffi::{Py_tp_descr_get, Py_tp_descr_set, PyType_GetSlot, descrgetfunc, descrsetfunc};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::forms::{Form, Forms};
use crate::unread::Later;

/// A data class: its type object, and the names and descriptors of its slots, in order.
pub(crate) struct Class {
    class: Py<PyType>,
    fields: Vec<Py<PyString>>,
    slots: Vec<Py<PyAny>>,
    access: Access,
}

/// What `__get__` and `__set__` of the descriptor of a slot do.
#[derive(Clone, Copy)]
struct Access {
    get: descrgetfunc,
    set: descrsetfunc,
}

impl Class {
    /// Looks a class up and checks that its fields are those that the Rust type has.
    fn find(namespace: &Bound<'_, PyDict>, name: &str, fields: &[&str]) -> PyResult<Self> {
        let py = namespace.py();
        let class = namespace
            .get_item(name)?
            .ok_or_else(|| PyImportError::new_err(format!("no class {name}")))?;
        let class = class.cast_into::<PyType>()?;
        let declared: Vec<String> = class.getattr("__slots__")?.extract()?;
        if declared != fields {
            let text = format!("{name} has the fields {declared:?} in Python and {fields:?} in Rust");
            return Err(PyImportError::new_err(text));
        }
        let slots: Vec<Bound<'_, PyAny>> = fields
            .iter()
            .map(|field| class.getattr(*field))
            .collect::<PyResult<_>>()?;
        let access =
            access(&slots).ok_or_else(|| PyImportError::new_err(format!("{name} has other fields than slots")))?;
        let fields = fields.iter().map(|field| PyString::intern(py, field).unbind());
        Ok(Class {
            class: class.unbind(),
            fields: fields.collect(),
            slots: slots.into_iter().map(Bound::unbind).collect(),
            access,
        })
    }

    /// Has a field made when it is first asked for, where its slot holds what is unread.
    fn read_later(&self, py: Python<'_>, field: &str) -> PyResult<()> {
        for (name, slot) in self.fields.iter().zip(&self.slots) {
            if *name.bind(py) == field {
                self.class
                    .bind(py)
                    .setattr(name, Bound::new(py, Later::new(slot.clone_ref(py)))?)?;
            }
        }
        Ok(())
    }

    /// The fields of an object in order; None if it is none of this very class.
    #[expect(
        unsafe_code,
        reason = "to look each field up by its name takes several times as long"
    )]
    pub(crate) fn fields_of<'py, const N: usize>(
        &self,
        object: &Bound<'py, PyAny>,
    ) -> PyResult<Option<[Bound<'py, PyAny>; N]>> {
        if !object.get_type().is(&self.class) {
            return Ok(None);
        }
        debug_assert_eq!(N, self.slots.len());
        let value = |slot: &Py<PyAny>| {
            // SAFETY: two live objects, this thread holds the interpreter, and `get` is of the descriptor's own type. It
            // checks the object's class. A null result is turned into the exception that is set; any other is a new
            // reference, which the `Bound` takes over.
            unsafe {
                let pointer = (self.access.get)(slot.as_ptr(), object.as_ptr(), self.class.as_ptr());
                Bound::from_owned_ptr_or_err(object.py(), pointer)
            }
        };
        let values: Vec<_> = self.slots.iter().map(value).collect::<PyResult<_>>()?;
        Ok(values.try_into().ok())
    }

    /// Makes an object with a value for each field, in the order of the fields.
    #[expect(
        unsafe_code,
        reason = "the stable ABI's way to make an object without calling its class"
    )]
    pub(crate) fn make<'py, const N: usize>(
        &self,
        py: Python<'py>,
        values: [Bound<'py, PyAny>; N],
    ) -> PyResult<Bound<'py, PyAny>> {
        debug_assert_eq!(N, self.fields.len());
        // SAFETY: `class` is a type object and this thread holds the interpreter. `Class::find`
        // took it from our own package, whose data classes are plain heap types with object slots:
        // they have no `__new__` or `__init__` that an object must have passed through, and an
        // unset slot is a null pointer, as after `object.__new__`. A null result is turned into the
        // exception that is set; any other is a new reference, which the `Bound` takes over.
        let object = unsafe {
            let pointer = pyo3::ffi::PyType_GenericAlloc(self.class.as_ptr().cast(), 0);
            Bound::from_owned_ptr_or_err(py, pointer)?
        };
        for (slot, value) in self.slots.iter().zip(values) {
            // SAFETY: three live objects, this thread holds the interpreter, and `set` is of the descriptor's own type.
            // This is what `object.__setattr__` does once it has found the descriptor; it checks the object's class,
            // takes references of its own and returns 0 or sets an exception.
            let failed = unsafe { (self.access.set)(slot.as_ptr(), object.as_ptr(), value.as_ptr()) };
            if failed != 0 {
                return Err(PyErr::fetch(py));
            }
        }
        Ok(object)
    }
}

/// What these descriptors do; None if they are not all of one type, or cannot be set.
#[expect(unsafe_code, reason = "the stable ABI's way to the functions of a type")]
fn access(slots: &[Bound<'_, PyAny>]) -> Option<Access> {
    let class = slots.first()?.get_type();
    if !slots.iter().all(|slot| slot.get_type().is(&class)) {
        return None;
    }
    let class = class.as_ptr().cast();
    // SAFETY: `class` is a type object and this thread holds the interpreter. The slots of these numbers are functions
    // of these signatures, or null, which is what None is among functions.
    unsafe {
        Some(Access {
            get: std::mem::transmute::<*mut c_void, Option<descrgetfunc>>(PyType_GetSlot(class, Py_tp_descr_get))?,
            set: std::mem::transmute::<*mut c_void, Option<descrsetfunc>>(PyType_GetSlot(class, Py_tp_descr_set))?,
        })
    }
}

macro_rules! classes {
    ($($field:ident: $class:literal [$($name:literal),* $(,)?],)+) => {
        /// Every data class.
        pub(crate) struct Classes {
            $(pub(crate) $field: Class,)+
            namespace: Py<PyDict>,
            /// The base of all data classes.
            data: Py<PyType>,
            forms: Forms,
        }

        impl Classes {
            fn find(namespace: &Bound<'_, PyDict>) -> PyResult<Self> {
                let data = namespace.get_item("Data")?.ok_or_else(|| PyImportError::new_err("no class Data"))?;
                Ok(Classes {
                    $($field: Class::find(namespace, $class, &[$($name),*])?,)+
                    data: data.cast_into::<PyType>()?.unbind(),
                    namespace: namespace.copy()?.unbind(),
                    forms: Forms::default(),
                })
            }
        }
    };
}

classes! {
    text: "Text" ["text", "signature", "citations"],
    thinking: "Thinking" ["thinking", "signature", "redacted"],
    image: "Image" ["data", "url", "file_id", "mime_type", "detail", "signature"],
    audio: "Audio" ["data", "url", "mime_type", "transcript", "id", "signature"],
    document: "Document" ["data", "url", "file_id", "mime_type", "name", "citations", "signature"],
    tool_call: "ToolCall" ["id", "name", "arguments", "raw_arguments", "state", "custom", "signature"],
    opaque: "Opaque" ["api", "kind", "data", "text"],
    user_message: "UserMessage" ["content", "timestamp_ms"],
    assistant_message: "AssistantMessage" [
        "content", "api", "provider", "model", "response_model", "response_id", "request_id", "usage", "stop_reason",
        "raw_stop_reason", "error_message", "notices", "timestamp_ms", "attempts", "raw",
    ],
    attempt: "Attempt" ["status", "request_id", "error", "reason", "waited", "duration"],
    usage: "Usage" [
        "input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning", "total_tokens", "cost",
    ],
    cost: "Cost" ["input", "output", "cache_read", "cache_write", "total", "billed"],
    model_cost: "ModelCost" ["input", "output", "cache_read", "cache_write", "cache_write_1h"],
    model: "Model" [
        "id", "provider", "api", "base_url", "name", "reasoning", "input", "context_window", "max_tokens", "cost",
        "headers", "quirks",
    ],
    tool: "Tool" ["name", "description", "parameters", "strict", "custom", "format", "native"],
    notice: "Notice" ["code", "path", "text"],
    response: "Response" ["status", "headers", "request_id"],
    start: "Start" ["api", "provider", "model", "response_id", "notices"],
    text_start: "TextStart" ["content_index"],
    text_delta: "TextDelta" ["content_index", "delta"],
    text_end: "TextEnd" ["content_index", "block"],
    thinking_start: "ThinkingStart" ["content_index"],
    thinking_delta: "ThinkingDelta" ["content_index", "delta"],
    thinking_end: "ThinkingEnd" ["content_index", "block"],
    tool_call_start: "ToolCallStart" ["content_index", "id", "name"],
    tool_call_delta: "ToolCallDelta" ["content_index", "delta"],
    tool_call_end: "ToolCallEnd" ["content_index", "tool_call"],
    block: "Block" ["content_index", "block"],
    done: "Done" ["message"],
    error_event: "ErrorEvent" ["kind", "message"],
}

/// The `sys` module of the interpreter that imported the package.
static INTERPRETER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

/// Tell the native module the classes to make objects of: data classes, errors and `Data` by name.
///
/// Raises ImportError if a class is missing or has other fields than its Rust type, and in a second interpreter of the
/// process, which would be handed objects of the first.
#[pyfunction]
pub(crate) fn bind(namespace: &Bound<'_, PyDict>) -> PyResult<()> {
    let py = namespace.py();
    // Each interpreter has a `sys` of its own, for as long as it lives.
    let interpreter = py.import("sys")?.into_any();
    let first = INTERPRETER.get_or_init(py, || interpreter.clone().unbind());
    if !first.is(&interpreter) {
        let text = "alchemy is in use by another interpreter of this process, and cannot serve two; \
                    use threads or processes in place of subinterpreters";
        return Err(PyImportError::new_err(text));
    }
    if CLASSES.get(py).is_none() {
        let classes = Classes::find(namespace)?;
        classes.assistant_message.read_later(py, "raw")?;
        crate::errors::check(namespace)?;
        // A second import in the same process meets the classes of the first: they stay.
        let _ = CLASSES.set(py, classes);
    }
    Ok(())
}

impl Classes {
    /// The classes, which the package gave when it was imported.
    pub(crate) fn get(py: Python<'_>) -> PyResult<&Classes> {
        CLASSES
            .get(py)
            .ok_or_else(|| PyRuntimeError::new_err("import alchemy before using its native module"))
    }

    /// Another class of the package, an error above all.
    pub(crate) fn by_name<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let found = self.namespace.bind(py).get_item(name)?;
        found.ok_or_else(|| PyImportError::new_err(format!("no class {name}")))
    }

    /// How an object is written as JSON; None if it is of none of our data classes.
    pub(crate) fn form_of(&self, object: &Bound<'_, PyAny>) -> PyResult<Option<Arc<Form>>> {
        let class = object.get_type();
        if let Some(form) = self.forms.known(&class) {
            return Ok(Some(form));
        }
        match self.is_data(object)? {
            true => self.forms.find(&class).map(Some),
            false => Ok(None),
        }
    }

    /// Whether an object is one of our data classes.
    pub(crate) fn is_data(&self, object: &Bound<'_, PyAny>) -> PyResult<bool> {
        object.is_instance(self.data.bind(object.py()))
    }
}

/// A tuple of values.
pub(crate) fn tuple<'py>(py: Python<'py>, values: Vec<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
    PyTuple::new(py, values).map(Bound::into_any)
}
