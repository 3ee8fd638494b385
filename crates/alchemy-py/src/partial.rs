//! The arguments of a tool call while they arrive, as a Python dictionary that grows.

use alchemy_core::partial_json::{Build, Container, Number, Part, PartialJson, State, Text};
use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyList, PyString};

/// What was read of one call's arguments, and how to go on from there.
#[derive(Default)]
pub(crate) struct PartialArguments {
    reader: PartialJson,
    tree: Tree,
    /// How many bytes of the text were read.
    read: usize,
}

impl PartialArguments {
    /// Where the text that is to be read next begins.
    pub(crate) fn read(&self) -> usize {
        self.read
    }

    /// Reads on. After an error this cannot be used any more.
    pub(crate) fn feed(&mut self, py: Python<'_>, text: &str) -> PyResult<()> {
        self.read += text.len();
        self.reader.feed(
            text,
            &mut Growth {
                py,
                tree: &mut self.tree,
            },
        )
    }

    /// The same dictionary each time; None while there is none, and where the text is no JSON object.
    pub(crate) fn value<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyDict>> {
        let root = self.tree.root.as_ref()?;
        (self.reader.state() != State::Invalid).then(|| root.bind(py).clone())
    }

    /// [`PartialArguments::value`] of a call that was made without arguments.
    pub(crate) fn empty<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyDict> {
        // What stands for no arguments need not be an object: it may be no text at all.
        self.reader = PartialJson::default();
        self.tree
            .root
            .get_or_insert_with(|| PyDict::new(py).unbind())
            .bind(py)
            .clone()
    }
}

/// Live Python containers. They are only ever written to: whoever was given them may change them.
#[derive(Default)]
struct Tree {
    root: Option<Py<PyDict>>,
    open: Vec<Level>,
    /// The string that is open, also held by its container.
    string: Option<Py<PyString>>,
}

/// An open container.
enum Level {
    /// An object, and its last key.
    Object(Py<PyDict>, Py<PyString>),
    List(Py<PyList>),
}

/// The tree while it grows.
struct Growth<'a, 'py> {
    py: Python<'py>,
    tree: &'a mut Tree,
}

impl<'py> Growth<'_, 'py> {
    fn put(&self, value: Bound<'py, PyAny>) -> PyResult<()> {
        match self.tree.open.last() {
            Some(Level::Object(object, key)) => object.bind(self.py).set_item(key, value),
            Some(Level::List(list)) => list.bind(self.py).append(value),
            None => Ok(()),
        }
    }

    /// Puts a value in the place of the last one.
    fn replace(&self, value: Bound<'py, PyAny>) -> PyResult<()> {
        if let Some(Level::List(list)) = self.tree.open.last() {
            let list = list.bind(self.py);
            if let Some(last) = list.len().checked_sub(1) {
                return list.set_item(last, value);
            }
        }
        self.put(value)
    }

    fn text(&self, text: &Text) -> PyResult<Bound<'py, PyString>> {
        match text.as_str() {
            Some(text) => Ok(PyString::new(self.py, text)),
            None => {
                let bytes = text.as_bytes().into_bound_py_any(self.py)?;
                PyString::from_encoded_object(&bytes, Some(c"utf-8"), Some(c"surrogatepass"))
            }
        }
    }
}

impl Build for Growth<'_, '_> {
    type Error = PyErr;

    fn open(&mut self, container: Container) -> PyResult<()> {
        let level = match container {
            Container::Object => {
                let object = PyDict::new(self.py);
                if self.tree.open.is_empty() {
                    self.tree.root = Some(object.clone().unbind());
                }
                self.put(object.clone().into_any())?;
                Level::Object(object.unbind(), PyString::new(self.py, "").unbind())
            }
            Container::List => {
                let list = PyList::empty(self.py);
                self.put(list.clone().into_any())?;
                Level::List(list.unbind())
            }
        };
        self.tree.open.push(level);
        Ok(())
    }

    fn close(&mut self) {
        self.tree.open.pop();
    }

    fn key(&mut self, key: &Text) -> PyResult<()> {
        let key = self.text(key)?.unbind();
        if let Some(Level::Object(_, last)) = self.tree.open.last_mut() {
            *last = key;
        }
        Ok(())
    }

    fn string(&mut self, piece: &Text, part: Part) -> PyResult<()> {
        let mut string = self.text(piece)?;
        if let Some(open) = self.tree.string.take() {
            // With the container's reference gone nobody but a user who kept the string has one.
            self.replace(self.py.None().into_bound(self.py))?;
            string = grown(open.into_bound(self.py), &string)?;
            self.replace(string.clone().into_any())?;
        } else {
            self.put(string.clone().into_any())?;
        }
        self.tree.string = (!part.last).then(|| string.unbind());
        Ok(())
    }

    fn number(&mut self, number: Number<'_>) -> PyResult<()> {
        let value = match number {
            Number::Integer(value) => value.into_bound_py_any(self.py)?,
            Number::Large(digits) => self.py.get_type::<PyInt>().call1((digits,))?,
            Number::Float(value) => value.into_bound_py_any(self.py)?,
        };
        self.put(value)
    }

    fn literal(&mut self, value: Option<bool>) -> PyResult<()> {
        self.put(value.into_bound_py_any(self.py)?)
    }
}

/// Puts `more` at the end of `text`: in place where nobody else has it, as `text += more` does.
#[expect(
    unsafe_code,
    reason = "a string can be made longer in place by the interpreter's C interface alone"
)]
fn grown<'py>(text: Bound<'py, PyString>, more: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
    let py = text.py();
    let mut pointer = text.into_ptr();
    // SAFETY: two live strings, and this thread holds the interpreter. `pointer` has the one reference
    // that `text` had. The call takes it, and leaves a new reference to a string, or null with an
    // exception set. It writes into the string only if no other reference to it exists.
    unsafe {
        pyo3::ffi::PyUnicode_Append(&raw mut pointer, more.as_ptr());
        Ok(Bound::from_owned_ptr_or_err(py, pointer)?.cast_into_unchecked())
    }
}
