//! The options of a request from Python data.
//!
//! What nearly every request has is read as it is: numbers, short texts, and tools that are objects of ours, of which only
//! the schemas go by JSON. The rest is read by its JSON form. Whatever does not fit is read again as a whole, which says
//! what is wrong and where.

use std::collections::BTreeMap;

use alchemy_core::json::Json;
use alchemy_core::types::{Options, Timeouts, Tool};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::classes::Classes;
use crate::from_py::{self, Failure, json_at, read_failing};

/// How deep in the options the fields of a tool stand.
const FIELD: usize = 3;

type Read<T> = Result<T, Failure>;

/// Reads options. Errors are those of [`from_py::read`].
pub(crate) fn read(options: &Bound<'_, PyDict>) -> PyResult<Options> {
    if options.is_empty() {
        return Ok(Options::default());
    }
    match by_parts(options) {
        Ok(options) => Ok(options),
        Err(Failure::Shape(_)) => from_py::read("options", options),
        Err(Failure::Python(error)) => Err(error),
    }
}

fn by_parts(given: &Bound<'_, PyDict>) -> Read<Options> {
    let classes = Classes::get(given.py())?;
    let (mut plain, mut rest) = (Options::default(), None);
    for (name, value) in given {
        if !is_read(classes, &mut plain, &name, &value)? {
            rest.get_or_insert_with(|| PyDict::new(given.py()))
                .set_item(name, value)?;
        }
    }
    let Some(rest) = rest else { return Ok(plain) };
    let Options {
        api_key,
        base_url,
        timeout,
        max_tokens,
        temperature,
        top_p,
        seed,
        tools,
        session_id,
        ..
    } = plain;
    let read: Options = read_failing(&rest)?;
    Ok(Options {
        api_key: api_key.or(read.api_key),
        base_url: base_url.or(read.base_url),
        timeout: timeout.or(read.timeout),
        max_tokens: max_tokens.or(read.max_tokens),
        temperature: temperature.or(read.temperature),
        top_p: top_p.or(read.top_p),
        seed: seed.or(read.seed),
        tools: tools.or(read.tools),
        session_id: session_id.or(read.session_id),
        ..read
    })
}

/// Reads an option that is what it mostly is; false if it is anything else, and has to be read by its JSON form.
fn is_read(classes: &Classes, options: &mut Options, name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> Read<bool> {
    let name = name.cast::<PyString>().ok().and_then(|name| name.to_str().ok());
    Ok(match name.unwrap_or_default() {
        "api_key" => put(&mut options.api_key, text(value)),
        "base_url" => put(&mut options.base_url, text(value)),
        "timeout" => {
            let total = number(value).filter(|seconds| *seconds > 0.0);
            put(&mut options.timeout, total.map(Timeouts::Total))
        }
        "max_tokens" => put(&mut options.max_tokens, whole(value)),
        "temperature" => put(&mut options.temperature, number(value)),
        "top_p" => put(&mut options.top_p, number(value)),
        "seed" => put(&mut options.seed, whole(value)),
        "tools" => put(&mut options.tools, tools(classes, value)?),
        "session_id" => put(&mut options.session_id, text(value)),
        _ => false,
    })
}

fn put<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    *slot = value;
    slot.is_some()
}

fn text(value: &Bound<'_, PyAny>) -> Option<String> {
    Some(value.cast::<PyString>().ok()?.to_str().ok()?.to_owned())
}

fn flag(value: &Bound<'_, PyAny>) -> Option<bool> {
    value.cast::<PyBool>().ok().map(|flag| flag.is_true())
}

/// A whole number; a flag is none.
fn whole<T>(value: &Bound<'_, PyAny>) -> Option<T>
where
    for<'a, 'py> T: FromPyObject<'a, 'py>,
{
    value.cast_exact::<PyInt>().ok()?.extract().ok()
}

fn number(value: &Bound<'_, PyAny>) -> Option<f64> {
    let number = match value.cast_exact::<PyFloat>() {
        Ok(number) => Some(number.value()),
        Err(_) => value.cast_exact::<PyInt>().ok()?.extract().ok(),
    };
    number.filter(|number: &f64| number.is_finite())
}

/// Tools that are all of the plain form.
fn tools(classes: &Classes, value: &Bound<'_, PyAny>) -> Read<Option<Vec<Tool>>> {
    if let Ok(list) = value.cast::<PyList>() {
        list.iter().map(|item| tool(classes, &item)).collect()
    } else if let Ok(tuple) = value.cast::<PyTuple>() {
        tuple.iter().map(|item| tool(classes, &item)).collect()
    } else {
        Ok(None)
    }
}

/// A tool that is an object of ours without a form of its own for any protocol; None for any other.
fn tool(classes: &Classes, value: &Bound<'_, PyAny>) -> Read<Option<Tool>> {
    let Some([name, description, parameters, strict, custom, format, native]) = classes.tool.fields_of(value)? else {
        return Ok(None);
    };
    let is_plain = native.cast::<PyDict>().is_ok_and(|native| native.is_empty());
    let (Some(name), Some(description), Some(custom), true) =
        (text(&name), text(&description), flag(&custom), is_plain)
    else {
        return Ok(None);
    };
    let strict = match flag(&strict) {
        None if !strict.is_none() => return Ok(None),
        strict => strict,
    };
    let (Some(parameters), Some(format)) = (schema(&parameters)?, schema(&format)?) else {
        return Ok(None);
    };
    Ok(Some(Tool {
        name,
        description,
        parameters,
        strict,
        custom,
        format,
        native: BTreeMap::new(),
    }))
}

/// The JSON form of a dictionary; None for anything else.
fn schema(value: &Bound<'_, PyAny>) -> Read<Option<Json>> {
    let Ok(dict) = value.cast::<PyDict>() else {
        return Ok(None);
    };
    match dict.is_empty() {
        true => Ok(Some(Json::object())),
        false => json_at(value, FIELD).map(Some),
    }
}
