//! Python data to the JSON form, from which core types are read.
//!
//! One writer serves every class and every dictionary of the same shape; the core's own reader then
//! checks shapes and names the path of what is wrong, the same in both languages.

use alchemy_core::error::Error;
use alchemy_core::json::{self, DEPTH, Json, ShapeError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMapping, PyString, PyTuple};
use serde::de::DeserializeOwned;

use crate::classes::Classes;
use crate::errors::raised;
use crate::forms::Form;

/// Reads a core type from Python data; `root` begins the path in errors.
///
/// A lone surrogate in a string is replaced by U+FFFD: no provider takes one.
pub(crate) fn read<T: DeserializeOwned>(root: &str, data: &Bound<'_, PyAny>) -> PyResult<T> {
    let text = to_json(root, data)?;
    json::read(&text).map_err(|error| refused(data.py(), root, &error))
}

/// The JSON form of Python data.
pub(crate) fn to_json(root: &str, data: &Bound<'_, PyAny>) -> PyResult<String> {
    let mut writer = Writer::new(Classes::get(data.py())?);
    writer.write(data, 0).map_err(|failure| match failure {
        Failure::Shape(error) => refused(data.py(), root, &error),
        Failure::Python(error) => error,
    })?;
    writer.finish()
}

/// Reads a core type from Python data at some depth of a conversation without the value of one key, which is returned
/// as it is; in its place `stub` is read.
pub(crate) fn read_without<'py, T: DeserializeOwned>(
    data: &Bound<'py, PyAny>,
    depth: usize,
    key: &'static str,
    stub: &'static str,
) -> Result<(T, Option<Bound<'py, PyAny>>), Failure> {
    let mut writer = Writer::new(Classes::get(data.py())?);
    writer.aside = Some(Aside {
        depth,
        key,
        stub,
        value: None,
    });
    writer.write(data, depth)?;
    let value = writer.aside.take().and_then(|aside| aside.value);
    let read = json::read(&writer.finish()?).map_err(Failure::Shape)?;
    Ok((read, value))
}

/// [`read`], for a caller that says what is wrong in another way.
pub(crate) fn read_failing<T: DeserializeOwned>(data: &Bound<'_, PyAny>) -> Result<T, Failure> {
    let mut writer = Writer::new(Classes::get(data.py())?);
    writer.write(data, 0)?;
    json::read(&writer.finish()?).map_err(Failure::Shape)
}

/// The JSON form of Python data that stands at some depth of other data.
pub(crate) fn json_at(data: &Bound<'_, PyAny>, depth: usize) -> Result<Json, Failure> {
    let mut writer = Writer::new(Classes::get(data.py())?);
    writer.write(data, depth)?;
    Json::parse(&writer.finish()?).map_err(Failure::Shape)
}

/// A conversation has its paths begin at its own keys; what is wrong with the whole of it has a name all the same.
fn refused(py: Python<'_>, root: &str, error: &ShapeError) -> PyErr {
    let root = if root.is_empty() && error.path.is_empty() {
        "context"
    } else {
        root
    };
    raised(py, &Error::shape(root, error))
}

/// Why Python data cannot be read.
pub(crate) enum Failure {
    /// It has not the right shape.
    Shape(ShapeError),
    /// Python code failed on the way.
    Python(PyErr),
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Failure::Python(error)
    }
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Failure::Shape(ShapeError {
            path: String::new(),
            message: message.into(),
        })
    }

    /// The same failure, one step further in.
    fn below(self, step: &str) -> Self {
        match self {
            Failure::Shape(error) => Failure::Shape(ShapeError {
                path: json::join(step, &error.path),
                ..error
            }),
            python => python,
        }
    }
}

struct Writer<'a, 'py> {
    text: Vec<u8>,
    classes: &'a Classes,
    /// What is not written.
    aside: Option<Aside<'py>>,
}

/// The value of a key of the object at this depth, which is kept, and what is written in its place.
struct Aside<'py> {
    depth: usize,
    key: &'static str,
    stub: &'static str,
    value: Option<Bound<'py, PyAny>>,
}

impl<'a, 'py> Writer<'a, 'py> {
    fn new(classes: &'a Classes) -> Self {
        Writer {
            text: Vec::with_capacity(512),
            classes,
            aside: None,
        }
    }

    fn finish(self) -> PyResult<String> {
        String::from_utf8(self.text).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn write(&mut self, value: &Bound<'py, PyAny>, depth: usize) -> Result<(), Failure> {
        if depth > DEPTH {
            return Err(Failure::new(format!("nested deeper than {DEPTH} levels")));
        }
        if let Ok(text) = value.cast::<PyString>() {
            self.text_of(text)?;
        } else if value.is_none() {
            self.push("null");
        } else if let Ok(flag) = value.cast::<PyBool>() {
            self.push(if flag.is_true() { "true" } else { "false" });
        } else if value.cast::<PyInt>().is_ok() {
            self.integer(value)?;
        } else if let Ok(number) = value.cast::<PyFloat>() {
            self.float(number.value())?;
        } else if let Ok(list) = value.cast::<PyList>() {
            self.items(list.iter(), depth)?;
        } else if let Ok(tuple) = value.cast::<PyTuple>() {
            self.items(tuple.iter(), depth)?;
        } else if let Ok(dict) = value.cast::<PyDict>() {
            // What is written below may run code of the caller's, and that may change the dictionary.
            let entries: Vec<_> = dict.iter().collect();
            self.entries(entries.into_iter().map(Ok), depth)?;
        } else if let Some(form) = self.classes.form_of(value)? {
            self.data(&form, value, depth)?;
        } else if value.cast::<PyBytes>().is_ok() {
            // Only `data` holds bytes: anywhere else they would pass for a text that nobody wrote.
            return Err(Failure::new("bytes are no text; decode them"));
        } else if let Ok(mapping) = value.cast::<PyMapping>() {
            let items = mapping.items()?;
            let entries = items
                .iter()
                .map(|item| item.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>());
            self.entries(entries, depth)?;
        } else {
            let name = value.get_type().name()?;
            return Err(Failure::new(format!("{name} has no form in JSON")));
        }
        Ok(())
    }

    fn text_of(&mut self, text: &Bound<'py, PyString>) -> Result<(), Failure> {
        match text.to_str() {
            Ok(text) => self.string(text),
            Err(_) => self.string(&lossy(text)?),
        }
    }

    /// Writes the value of a key: under `data` bytes are taken, as base64.
    fn value_of(&mut self, key: &Bound<'py, PyString>, value: &Bound<'py, PyAny>, depth: usize) -> Result<(), Failure> {
        if let Some(aside) = self
            .aside
            .as_mut()
            .filter(|aside| aside.depth + 1 == depth && *key == aside.key)
        {
            aside.value = Some(value.clone());
            self.text.extend_from_slice(aside.stub.as_bytes());
            return Ok(());
        }
        let written = match value.cast::<PyBytes>() {
            Ok(bytes) if *key == "data" => self.string(&STANDARD.encode(bytes.as_bytes())),
            _ => self.write(value, depth),
        };
        written.map_err(|failure| failure.below(&key.to_string_lossy()))
    }

    fn push(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
    }

    fn string(&mut self, text: &str) -> Result<(), Failure> {
        // Most texts are short and have nothing that is escaped.
        if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.text.reserve(text.len() + 2);
            self.text.push(b'"');
            self.push(text);
            self.text.push(b'"');
            return Ok(());
        }
        serde_json::to_writer(&mut self.text, text).map_err(|error| Failure::new(error.to_string()))
    }

    fn integer(&mut self, value: &Bound<'_, PyAny>) -> Result<(), Failure> {
        match value.extract::<i64>() {
            Ok(number) => self.push(&number.to_string()),
            // Beyond 64 bits: Python writes it, unless it has more digits than Python will write.
            Err(_) => {
                let digits = value.py().get_type::<PyInt>().call_method1("__repr__", (value,));
                let digits = digits.map_err(|_| Failure::new("the integer has too many digits"))?;
                self.push(&digits.extract::<String>()?);
            }
        }
        Ok(())
    }

    fn float(&mut self, number: f64) -> Result<(), Failure> {
        if !number.is_finite() {
            return Err(Failure::new(format!("{number} is not a number that JSON has")));
        }
        serde_json::to_writer(&mut self.text, &number).map_err(|error| Failure::new(error.to_string()))
    }

    fn items(&mut self, items: impl Iterator<Item = Bound<'py, PyAny>>, depth: usize) -> Result<(), Failure> {
        self.text.push(b'[');
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.text.push(b',');
            }
            self.write(&item, depth + 1)
                .map_err(|failure| failure.below(&format!("[{index}]")))?;
        }
        self.text.push(b']');
        Ok(())
    }

    fn entries(
        &mut self,
        entries: impl Iterator<Item = PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)>>,
        depth: usize,
    ) -> Result<(), Failure> {
        self.text.push(b'{');
        for (index, entry) in entries.enumerate() {
            let (key, value) = entry?;
            let Ok(key) = key.cast::<PyString>() else {
                return Err(Failure::new(format!(
                    "the key {} is not a string",
                    key.repr()?.to_string_lossy()
                )));
            };
            if index > 0 {
                self.text.push(b',');
            }
            self.text_of(key)?;
            self.text.push(b':');
            self.value_of(key, &value, depth + 1)?;
        }
        self.text.push(b'}');
        Ok(())
    }

    /// Writes an object of our own: its tag, and its fields but for those that are as they are by default.
    fn data(&mut self, form: &Form, value: &Bound<'py, PyAny>, depth: usize) -> Result<(), Failure> {
        let py = value.py();
        self.text.push(b'{');
        let start = self.text.len();
        self.text.extend_from_slice(&form.tag);
        for field in &form.fields {
            let name = field.name.bind(py);
            let item = value.getattr(name)?;
            if field.is_default(&item) {
                continue;
            }
            if self.text.len() > start {
                self.text.push(b',');
            }
            self.text.extend_from_slice(&field.key);
            self.value_of(name, &item, depth + 1)?;
        }
        self.text.push(b'}');
        Ok(())
    }
}

/// The text of a string that has halves of surrogate pairs: those that stand side by side are joined; one that stands
/// alone becomes U+FFFD.
pub(crate) fn lossy(text: &Bound<'_, PyString>) -> PyResult<String> {
    let units = text.call_method1("encode", ("utf-16-le", "surrogatepass"))?;
    let units = units.cast::<PyBytes>()?.as_bytes().chunks_exact(2);
    let units: Vec<u16> = units
        .filter_map(|unit| Some(u16::from_le_bytes(unit.try_into().ok()?)))
        .collect();
    Ok(String::from_utf16_lossy(&units))
}
