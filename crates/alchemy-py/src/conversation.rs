//! A conversation from Python data, its texts and files left where they are.
//!
//! A conversation can have megabytes. So what is long in it (the text of a message or block, arguments, the bytes of a
//! file) is taken from the Python object that holds it, and all around it is read by its JSON form, message by message
//! and block by block. Whatever does not fit is read again as a whole, which says what is wrong and where.

use std::sync::Arc;

use alchemy_core::types::{
    Bytes, Content, ContentBlock, Context, Message, SharedObject, SharedText, Text, ToolResultMessage, UserMessage,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use crate::classes::Classes;
use crate::from_py::{self, Failure, lossy, read_without};

/// Shorter texts are copied: to hold on to the Python string takes as much memory.
const SHORT: usize = 64;

/// How deep in a conversation its messages stand, and their blocks.
const MESSAGE: usize = 2;
const BLOCK: usize = 4;

type Read<T> = Result<T, Failure>;

/// Reads a conversation; its messages alone will do, and so will the user's words. Errors are those of
/// [`from_py::read`].
pub(crate) fn read(data: &Bound<'_, PyAny>) -> PyResult<Context> {
    match context(data) {
        Ok(context) => Ok(context),
        Err(Failure::Shape(_)) if is_list(data) => {
            let whole = PyDict::new(data.py());
            whole.set_item(intern!(data.py(), "messages"), data)?;
            from_py::read("", &whole)
        }
        Err(Failure::Shape(_)) => from_py::read("", data),
        Err(Failure::Python(error)) => Err(error),
    }
}

fn is_list(data: &Bound<'_, PyAny>) -> bool {
    data.cast::<PyList>().is_ok() || data.cast::<PyTuple>().is_ok()
}

/// What cannot be read here.
fn other<T>() -> Read<T> {
    Err(Failure::new(""))
}

fn context(data: &Bound<'_, PyAny>) -> Read<Context> {
    if let Ok(said) = data.cast::<PyString>() {
        let content = Content::Text(shared(said)?);
        let message = UserMessage {
            content,
            timestamp_ms: None,
        };
        return Ok(Context {
            messages: vec![message.into()],
            ..Context::default()
        });
    }
    if is_list(data) {
        return Ok(Context {
            messages: items(data, message)?,
            ..Context::default()
        });
    }
    let (mut context, messages) = match only(data, intern!(data.py(), "messages"))? {
        Some(messages) => (Context::default(), Some(messages)),
        None => read_without::<Context>(data, 0, "messages", "[]")?,
    };
    if let Some(messages) = messages {
        context.messages = items(&messages, message)?;
    }
    Ok(context)
}

/// The value of a key that is a dictionary's only one.
fn only<'py>(data: &Bound<'py, PyAny>, key: &Bound<'py, PyString>) -> Read<Option<Bound<'py, PyAny>>> {
    match data.cast::<PyDict>() {
        Ok(dict) if dict.len() == 1 => Ok(dict.get_item(key)?),
        _ => Ok(None),
    }
}

/// The values of two keys that are a dictionary's only ones.
fn pair<'py>(
    dict: &Bound<'py, PyDict>,
    one: &Bound<'py, PyString>,
    other: &Bound<'py, PyString>,
) -> Read<Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>> {
    if dict.len() != 2 {
        return Ok(None);
    }
    Ok(dict.get_item(one)?.zip(dict.get_item(other)?))
}

fn items<'py, T>(list: &Bound<'py, PyAny>, read: impl Fn(&Bound<'py, PyAny>) -> Read<T>) -> Read<Vec<T>> {
    let mut values = Vec::with_capacity(list.len().unwrap_or_default());
    if let Ok(tuple) = list.cast::<PyTuple>() {
        for item in tuple {
            values.push(read(&item)?);
        }
    } else if let Ok(list) = list.cast::<PyList>() {
        for item in list {
            values.push(read(&item)?);
        }
    } else {
        return other();
    }
    Ok(values)
}

fn message(value: &Bound<'_, PyAny>) -> Read<Message> {
    if let Some(said) = plain_user_message(value)? {
        let content = user_content(&said)?;
        return Ok(UserMessage {
            content,
            timestamp_ms: None,
        }
        .into());
    }
    let (mut message, content) = read_without::<Message>(value, MESSAGE, "content", "\"\"")?;
    let Some(content) = content else { return other() };
    match &mut message {
        Message::UserMessage(UserMessage { content: slot, .. })
        | Message::ToolResultMessage(ToolResultMessage { content: slot, .. }) => *slot = user_content(&content)?,
        Message::AssistantMessage(message) => {
            message.content = match content.cast::<PyString>() {
                Ok(text) => vec![text_block(shared(text)?)],
                Err(_) => items(&content, block)?,
            };
            // These are never sent, and a long conversation has thousands of them.
            message.attempts = Vec::new();
            message.notices = Vec::new();
            message.raw = SharedObject::default();
        }
    }
    Ok(message)
}

/// What the user says, in the form that most messages of users have: nothing but that.
fn plain_user_message<'py>(value: &Bound<'py, PyAny>) -> Read<Option<Bound<'py, PyAny>>> {
    let py = value.py();
    if let Ok(dict) = value.cast::<PyDict>() {
        let found = pair(dict, intern!(py, "role"), intern!(py, "content"))?;
        return Ok(found.filter(|(role, _)| is(role, "user")).map(|(_, content)| content));
    }
    let fields = Classes::get(py)?.user_message.fields_of(value)?;
    Ok(fields.and_then(|[content, timestamp_ms]| timestamp_ms.is_none().then_some(content)))
}

fn is(value: &Bound<'_, PyAny>, word: &str) -> bool {
    value.cast::<PyString>().is_ok_and(|text| *text == word)
}

/// What the user says or a tool gives.
fn user_content(value: &Bound<'_, PyAny>) -> Read<Content> {
    if let Ok(text) = value.cast::<PyString>() {
        return shared(text).map(Content::Text);
    }
    let blocks = items(value, block)?;
    let is_foreign = |block: &ContentBlock| matches!(block, ContentBlock::Thinking(_) | ContentBlock::ToolCall(_));
    match blocks.iter().any(is_foreign) {
        true => other(),
        false => Ok(Content::Blocks(blocks)),
    }
}

fn block(value: &Bound<'_, PyAny>) -> Read<ContentBlock> {
    let py = value.py();
    let kind = if let Ok(dict) = value.cast::<PyDict>() {
        match pair(dict, intern!(py, "type"), intern!(py, "text"))? {
            Some((kind, text)) if is(&kind, "text") => return long(&text).map(text_block),
            _ => dict.get_item(intern!(py, "type"))?,
        }
    } else if let Some([text, signature, citations]) = Classes::get(py)?.text.fields_of(value)? {
        if signature.is_none() && citations.cast::<PyTuple>().is_ok_and(|citations| citations.is_empty()) {
            return long(&text).map(text_block);
        }
        Some(intern!(py, "text").clone().into_any())
    } else if Classes::get(py)?.is_data(value)? {
        let tag = value.get_type().getattr(intern!(py, "__field_tag__"))?;
        match tag.cast::<PyTuple>() {
            Ok(tag) => Some(tag.get_item(1)?),
            Err(_) => None,
        }
    } else {
        None
    };
    let kind = kind.as_ref().and_then(|kind| kind.cast::<PyString>().ok());
    let key = match kind.and_then(|kind| kind.to_str().ok()) {
        Some("text") => "text",
        Some("thinking") => "thinking",
        Some("tool_call") => "raw_arguments",
        Some("image" | "audio" | "document") => "data",
        // The keys of others are no text, or short.
        _ => "",
    };
    let (mut block, value) = read_without::<ContentBlock>(value, BLOCK, key, "\"\"")?;
    let Some(value) = value else { return Ok(block) };
    match &mut block {
        ContentBlock::Text(text) => text.text = long(&value)?,
        ContentBlock::Thinking(thinking) => thinking.thinking = long(&value)?,
        ContentBlock::ToolCall(call) => call.raw_arguments = long(&value)?,
        ContentBlock::Image(image) => image.data = file(&value)?,
        ContentBlock::Audio(audio) => audio.data = file(&value)?,
        ContentBlock::Document(document) => document.data = file(&value)?,
        ContentBlock::Opaque(_) => return other(),
    }
    Ok(block)
}

fn text_block(text: SharedText) -> ContentBlock {
    Text {
        text,
        ..Text::default()
    }
    .into()
}

fn long(value: &Bound<'_, PyAny>) -> Read<SharedText> {
    match value.cast::<PyString>() {
        Ok(text) => shared(text),
        Err(_) => other(),
    }
}

fn shared(text: &Bound<'_, PyString>) -> Read<SharedText> {
    Ok(match PyBackedStr::try_from(text.clone()) {
        Ok(text) if text.len() < SHORT => SharedText::from(&*text),
        Ok(text) => SharedText::shared(Arc::new(text)),
        // It has halves of surrogate pairs.
        Err(_) => lossy(text)?.into(),
    })
}

/// The bytes of a file, or their base64 text.
fn file(value: &Bound<'_, PyAny>) -> Read<Option<Bytes>> {
    if value.is_none() {
        return Ok(None);
    }
    if let Ok(data) = value.cast::<PyBytes>() {
        let data = PyBackedBytes::from(data.clone());
        return Ok(Some(Bytes(bytes::Bytes::from_owner(data))));
    }
    let text = long(value)?;
    match STANDARD.decode(text.as_bytes()) {
        Ok(data) => Ok(Some(data.into())),
        Err(_) => other(),
    }
}
