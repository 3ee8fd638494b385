//! The Python classes that objects are made of, and how they are made without running Python code.

use pyo3::exceptions::{PyImportError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

/// A data class: its type object and the names of its slots, in order.
pub(crate) struct Class {
    class: Py<PyType>,
    fields: Vec<Py<PyString>>,
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
        let fields = fields
            .iter()
            .map(|field| PyString::intern(py, field).unbind())
            .collect();
        Ok(Class {
            class: class.unbind(),
            fields,
        })
    }

    /// The fields of an object in order; None if it is none of this very class.
    pub(crate) fn fields_of<'py, const N: usize>(
        &self,
        object: &Bound<'py, PyAny>,
    ) -> PyResult<Option<[Bound<'py, PyAny>; N]>> {
        if !object.get_type().is(&self.class) {
            return Ok(None);
        }
        let values: Vec<_> = (self.fields.iter().map(|field| object.getattr(field))).collect::<PyResult<_>>()?;
        debug_assert_eq!(N, values.len());
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
        for (field, value) in self.fields.iter().zip(values) {
            // SAFETY: three live objects, this thread holds the interpreter. This is what
            // `object.__setattr__` does; it takes references of its own and returns 0 or sets an exception.
            let failed = unsafe { pyo3::ffi::PyObject_GenericSetAttr(object.as_ptr(), field.as_ptr(), value.as_ptr()) };
            if failed != 0 {
                return Err(PyErr::fetch(py));
            }
        }
        Ok(object)
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
        }

        impl Classes {
            fn find(namespace: &Bound<'_, PyDict>) -> PyResult<Self> {
                let data = namespace.get_item("Data")?.ok_or_else(|| PyImportError::new_err("no class Data"))?;
                Ok(Classes {
                    $($field: Class::find(namespace, $class, &[$($name),*])?,)+
                    data: data.cast_into::<PyType>()?.unbind(),
                    namespace: namespace.copy()?.unbind(),
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

    /// Whether an object is one of our data classes.
    pub(crate) fn is_data(&self, object: &Bound<'_, PyAny>) -> PyResult<bool> {
        object.is_instance(self.data.bind(object.py()))
    }
}

/// A tuple of values.
pub(crate) fn tuple<'py>(py: Python<'py>, values: Vec<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
    PyTuple::new(py, values).map(Bound::into_any)
}
