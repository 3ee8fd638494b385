//! Core types to objects of the Python package.

use alchemy_core::json::Object;
use alchemy_core::types::{
    AssistantMessage, Attempt, ContentBlock, Cost, Event, Model, ModelCost, Notice, Response, SharedObject, StopReason,
    Text, Thinking, ToolCall, ToolCallState, Usage,
};
use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::classes::{Classes, tuple};
use crate::json_to_py;
use crate::unread::Unread;
use crate::words::{Fixed, Last};

type Value<'py> = Bound<'py, PyAny>;

static STOP_REASONS: Fixed<StopReason> = Fixed::new();
static TOOL_CALL_STATES: Fixed<ToolCallState> = Fixed::new();
static API: Last = Last::new();
static PROVIDER: Last = Last::new();
static MODEL: Last = Last::new();
static RESPONSE_MODEL: Last = Last::new();

fn none(py: Python<'_>) -> Value<'_> {
    py.None().into_bound(py)
}

fn string<'py>(py: Python<'py>, text: &str) -> Value<'py> {
    PyString::new(py, text).into_any()
}

/// A word that comes again and again: one object for all of its uses.
fn word<'py>(py: Python<'py>, text: &str) -> Value<'py> {
    PyString::intern(py, text).into_any()
}

fn optional<'py>(py: Python<'py>, text: Option<&String>) -> Value<'py> {
    text.map_or_else(|| none(py), |text| string(py, text))
}

fn last<'py>(py: Python<'py>, last: &Last, text: Option<&String>) -> Value<'py> {
    text.map_or_else(|| none(py), |text| last.word(py, text))
}

fn plain<'py>(py: Python<'py>, value: impl IntoPyObject<'py>) -> PyResult<Value<'py>> {
    value.into_bound_py_any(py)
}

fn bytes<'py>(py: Python<'py>, data: Option<&alchemy_core::types::Bytes>) -> Value<'py> {
    data.map_or_else(|| none(py), |data| PyBytes::new(py, &data.0).into_any())
}

pub(crate) fn object<'py>(py: Python<'py>, object: &Object) -> PyResult<Value<'py>> {
    let dict = PyDict::new(py);
    for (key, value) in object {
        dict.set_item(key, json_to_py::value(py, value.text())?)?;
    }
    Ok(dict.into_any())
}

/// An object for a field that is made when it is asked for. To keep it as text takes a twentieth of making it.
fn unread<'py>(py: Python<'py>, raw: &SharedObject) -> PyResult<Value<'py>> {
    match raw.is_empty() {
        true => Ok(PyDict::new(py).into_any()),
        false => Ok(Bound::new(py, Unread::new(raw.clone()))?.into_any()),
    }
}

fn text<'py>(py: Python<'py>, classes: &Classes, block: &Text) -> PyResult<Value<'py>> {
    let citations = block
        .citations
        .iter()
        .map(|citation| json_to_py::value(py, citation.text()));
    let citations = tuple(py, citations.collect::<PyResult<_>>()?)?;
    classes.text.make(
        py,
        [
            string(py, &block.text),
            optional(py, block.signature.as_ref()),
            citations,
        ],
    )
}

fn thinking<'py>(py: Python<'py>, classes: &Classes, block: &Thinking) -> PyResult<Value<'py>> {
    let signature = optional(py, block.signature.as_ref());
    classes
        .thinking
        .make(py, [string(py, &block.thinking), signature, plain(py, block.redacted)?])
}

fn tool_call<'py>(py: Python<'py>, classes: &Classes, call: &ToolCall) -> PyResult<Value<'py>> {
    let arguments = match &call.arguments {
        Some(arguments) => json_to_py::value(py, arguments.text())?,
        None => none(py),
    };
    classes.tool_call.make(
        py,
        [
            string(py, &call.id),
            string(py, &call.name),
            arguments,
            string(py, &call.raw_arguments),
            TOOL_CALL_STATES.word(py, ToolCallState::ALL, call.state, ToolCallState::as_str),
            plain(py, call.custom)?,
            optional(py, call.signature.as_ref()),
        ],
    )
}

fn block<'py>(py: Python<'py>, classes: &Classes, block: &ContentBlock) -> PyResult<Value<'py>> {
    match block {
        ContentBlock::Text(block) => text(py, classes, block),
        ContentBlock::Thinking(block) => thinking(py, classes, block),
        ContentBlock::ToolCall(call) => tool_call(py, classes, call),
        ContentBlock::Image(image) => classes.image.make(
            py,
            [
                bytes(py, image.data.as_ref()),
                optional(py, image.url.as_ref()),
                optional(py, image.file_id.as_ref()),
                optional(py, image.mime_type.as_ref()),
                optional(py, image.detail.as_ref()),
                optional(py, image.signature.as_ref()),
            ],
        ),
        ContentBlock::Audio(audio) => classes.audio.make(
            py,
            [
                bytes(py, audio.data.as_ref()),
                optional(py, audio.url.as_ref()),
                optional(py, audio.mime_type.as_ref()),
                optional(py, audio.transcript.as_ref()),
                optional(py, audio.id.as_ref()),
                optional(py, audio.signature.as_ref()),
            ],
        ),
        ContentBlock::Document(document) => classes.document.make(
            py,
            [
                bytes(py, document.data.as_ref()),
                optional(py, document.url.as_ref()),
                optional(py, document.file_id.as_ref()),
                optional(py, document.mime_type.as_ref()),
                optional(py, document.name.as_ref()),
                plain(py, document.citations)?,
                optional(py, document.signature.as_ref()),
            ],
        ),
        ContentBlock::Opaque(opaque) => classes.opaque.make(
            py,
            [
                word(py, &opaque.api),
                string(py, &opaque.kind),
                json_to_py::value(py, opaque.data.text())?,
                optional(py, opaque.text.as_ref()),
            ],
        ),
    }
}

fn usage<'py>(py: Python<'py>, classes: &Classes, usage: &Usage) -> PyResult<Value<'py>> {
    let cost = match &usage.cost {
        Some(Cost {
            input,
            output,
            cache_read,
            cache_write,
            total,
            billed,
        }) => classes.cost.make(
            py,
            [
                plain(py, input)?,
                plain(py, output)?,
                plain(py, cache_read)?,
                plain(py, cache_write)?,
                plain(py, total)?,
                plain(py, billed)?,
            ],
        )?,
        None => none(py),
    };
    classes.usage.make(
        py,
        [
            plain(py, usage.input)?,
            plain(py, usage.output)?,
            plain(py, usage.cache_read)?,
            plain(py, usage.cache_write)?,
            plain(py, usage.cache_write_1h)?,
            plain(py, usage.reasoning)?,
            plain(py, usage.total_tokens)?,
            cost,
        ],
    )
}

/// A notice.
pub(crate) fn notice<'py>(py: Python<'py>, notice: &Notice) -> PyResult<Value<'py>> {
    let classes = Classes::get(py)?;
    classes.notice.make(
        py,
        [
            word(py, &notice.code),
            string(py, &notice.path),
            string(py, &notice.text),
        ],
    )
}

/// Notices, as a tuple.
pub(crate) fn notices<'py>(py: Python<'py>, notices: &[Notice]) -> PyResult<Value<'py>> {
    tuple(py, notices.iter().map(|one| notice(py, one)).collect::<PyResult<_>>()?)
}

/// One time that a request was sent.
pub(crate) fn attempt<'py>(py: Python<'py>, attempt: &Attempt) -> PyResult<Value<'py>> {
    Classes::get(py)?.attempt.make(
        py,
        [
            plain(py, attempt.status)?,
            optional(py, attempt.request_id.as_ref()),
            attempt.error.as_ref().map_or_else(|| none(py), |name| word(py, name)),
            optional(py, attempt.reason.as_ref()),
            plain(py, attempt.waited)?,
            plain(py, attempt.duration)?,
        ],
    )
}

/// The times that a request was sent, as a tuple.
pub(crate) fn attempts<'py>(py: Python<'py>, attempts: &[Attempt]) -> PyResult<Value<'py>> {
    tuple(
        py,
        attempts.iter().map(|one| attempt(py, one)).collect::<PyResult<_>>()?,
    )
}

/// A message.
pub(crate) fn message<'py>(py: Python<'py>, message: &AssistantMessage) -> PyResult<Value<'py>> {
    let classes = Classes::get(py)?;
    let content = message
        .content
        .iter()
        .map(|one| block(py, classes, one))
        .collect::<PyResult<_>>()?;
    classes.assistant_message.make(
        py,
        [
            tuple(py, content)?,
            last(py, &API, message.api.as_ref()),
            last(py, &PROVIDER, message.provider.as_ref()),
            last(py, &MODEL, message.model.as_ref()),
            last(py, &RESPONSE_MODEL, message.response_model.as_ref()),
            optional(py, message.response_id.as_ref()),
            optional(py, message.request_id.as_ref()),
            usage(py, classes, &message.usage)?,
            STOP_REASONS.word(py, StopReason::ALL, message.stop_reason, StopReason::as_str),
            optional(py, message.raw_stop_reason.as_ref()),
            optional(py, message.error_message.as_ref()),
            notices(py, &message.notices)?,
            plain(py, message.timestamp_ms)?,
            attempts(py, &message.attempts)?,
            unread(py, &message.raw)?,
        ],
    )
}

/// The head of an HTTP answer.
pub(crate) fn response<'py>(py: Python<'py>, response: &Response) -> PyResult<Value<'py>> {
    let headers = plain(py, &response.headers)?;
    let request_id = optional(py, response.request_id.as_ref());
    Classes::get(py)?
        .response
        .make(py, [plain(py, response.status)?, headers, request_id])
}

/// A model.
pub(crate) fn model<'py>(py: Python<'py>, model: &Model) -> PyResult<Value<'py>> {
    let classes = Classes::get(py)?;
    let cost = match &model.cost {
        Some(ModelCost {
            input,
            output,
            cache_read,
            cache_write,
            cache_write_1h,
        }) => classes.model_cost.make(
            py,
            [
                plain(py, input)?,
                plain(py, output)?,
                plain(py, cache_read)?,
                plain(py, cache_write)?,
                plain(py, cache_write_1h)?,
            ],
        )?,
        None => none(py),
    };
    classes.model.make(
        py,
        [
            string(py, &model.id),
            word(py, &model.provider),
            word(py, &model.api),
            optional(py, model.base_url.as_ref()),
            optional(py, model.name.as_ref()),
            plain(py, model.reasoning)?,
            tuple(
                py,
                model.input.iter().map(|modality| word(py, modality.as_str())).collect(),
            )?,
            plain(py, model.context_window)?,
            plain(py, model.max_tokens)?,
            cost,
            plain(py, &model.headers)?,
            object(py, &model.quirks)?,
        ],
    )
}

/// An event; `whole` gives the message of a `Done`, so that the stream's result is the same object.
pub(crate) fn event<'py>(
    py: Python<'py>,
    classes: &Classes,
    event: &Event,
    whole: &mut dyn FnMut(&AssistantMessage) -> PyResult<Value<'py>>,
) -> PyResult<Value<'py>> {
    match event {
        Event::TextDelta(event) => classes
            .text_delta
            .make(py, [plain(py, event.content_index)?, string(py, &event.delta)]),
        Event::ThinkingDelta(event) => classes
            .thinking_delta
            .make(py, [plain(py, event.content_index)?, string(py, &event.delta)]),
        Event::ToolCallDelta(event) => classes
            .tool_call_delta
            .make(py, [plain(py, event.content_index)?, string(py, &event.delta)]),
        Event::Start(event) => classes.start.make(
            py,
            [
                API.word(py, &event.api),
                PROVIDER.word(py, &event.provider),
                MODEL.word(py, &event.model),
                optional(py, event.response_id.as_ref()),
                notices(py, &event.notices)?,
            ],
        ),
        Event::TextStart(event) => classes.text_start.make(py, [plain(py, event.content_index)?]),
        Event::TextEnd(event) => classes
            .text_end
            .make(py, [plain(py, event.content_index)?, text(py, classes, &event.block)?]),
        Event::ThinkingStart(event) => classes.thinking_start.make(py, [plain(py, event.content_index)?]),
        Event::ThinkingEnd(event) => classes.thinking_end.make(
            py,
            [plain(py, event.content_index)?, thinking(py, classes, &event.block)?],
        ),
        Event::ToolCallStart(event) => classes.tool_call_start.make(
            py,
            [
                plain(py, event.content_index)?,
                string(py, &event.id),
                string(py, &event.name),
            ],
        ),
        Event::ToolCallEnd(event) => classes.tool_call_end.make(
            py,
            [
                plain(py, event.content_index)?,
                tool_call(py, classes, &event.tool_call)?,
            ],
        ),
        Event::Block(event) => classes
            .block
            .make(py, [plain(py, event.content_index)?, block(py, classes, &event.block)?]),
        Event::Done(event) => classes.done.make(py, [whole(&event.message)?]),
        Event::ErrorEvent(event) => classes
            .error_event
            .make(py, [word(py, &event.kind), message(py, &event.message)?]),
    }
}
