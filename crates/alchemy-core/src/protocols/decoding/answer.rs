//! What answers of every protocol have in common: what is no answer, what is kept beside the message, what is remarked.

use std::borrow::Cow;
use std::fmt;

use serde_json::value::RawValue;

use super::surrogates::clean;
use crate::assembler::Assembler;
use crate::error::{Error, Result};
use crate::json::Json;
use crate::protocols::failure::response_error;
use crate::types::{Api, ContentBlock, Notice, Opaque, StopReason};

/// The most characters of an event that an error shows.
const SHOWN: usize = 2000;

/// An event, or a part of one, that is not what the protocol says.
pub(crate) fn malformed(assembler: &Assembler, json: &str, what: impl fmt::Display) -> Error {
    let what = format!("the server sent a malformed event: {what}");
    let mut error = response_error(assembler.message(), &what);
    error.body = Some(clean(json).chars().take(SHOWN).collect());
    error
}

/// The text of an answer that was not streamed.
///
/// # Errors
/// If there is none, or if it is a web page.
pub(crate) fn body<'a>(body: &'a str, assembler: &Assembler) -> Result<&'a str> {
    let body = body.trim();
    let what = match body.chars().next() {
        None => "the answer is empty",
        Some('<') => "the answer is a web page, not JSON; check base_url",
        Some(_) => return Ok(body),
    };
    Err(response_error(assembler.message(), what))
}

/// JSON that may be an answer of something else: it has not the key that every answer has.
pub(crate) fn holds_no(what: &str, assembler: &Assembler) -> Error {
    let text = format!("the answer holds no {what}; check base_url");
    response_error(assembler.message(), &text)
}

/// Keeps a value beside the message; the last one of a name wins.
pub(crate) fn keep(assembler: &mut Assembler, key: &str, value: &RawValue) {
    let raw = &mut assembler.facts().raw;
    if raw.get(key).is_some_and(|old| old.text() == value.get()) {
        return;
    }
    // Halves of surrogate pairs are not ASCII.
    let cleaned = match value.get().is_ascii() {
        true => Cow::Borrowed(value.get()),
        false => clean(value.get()),
    };
    let json = match cleaned {
        Cow::Borrowed(_) => Ok(Json::from(value)),
        Cow::Owned(text) => Json::parse(&text),
    };
    if let Ok(json) = json {
        raw.insert(key.to_owned(), json);
    }
}

/// Sets a fact that counts as it is told first.
pub(crate) fn first(fact: &mut Option<String>, told: Option<&str>) {
    if fact.is_none()
        && let Some(told) = told.filter(|told| !told.is_empty())
    {
        *fact = Some(clean(told).into_owned());
    }
}

/// What has no block of its own, as it came.
pub(crate) fn opaque(api: Api, kind: &str, json: &str) -> ContentBlock {
    ContentBlock::Opaque(Opaque {
        api: api.as_str().to_owned(),
        kind: kind.to_owned(),
        data: Json::parse(json).unwrap_or_default(),
        text: None,
    })
}

/// Notes news of a kind that is not known.
pub(crate) fn event_ignored(kind: &str, assembler: &mut Assembler) {
    let text = format!("the server sent news of a kind that is not known, {kind:?}; it is ignored");
    assembler.notice(Notice::new("event_ignored", kind, text));
}

/// Notes that of several answers to the one request, which stand in `key`, the first is taken.
pub(crate) fn choice_dropped(key: &str, assembler: &mut Assembler) {
    let text = format!("the server sent several {key}; only the first is kept");
    assembler.notice(Notice::new("choice_dropped", key, text));
}

/// Notes that a word for why the answer ended, which stands in `key`, is not known.
pub(crate) fn stop_reason_unknown(key: &str, word: &str, reason: StopReason, assembler: &mut Assembler) {
    let text = format!("the {key} {word:?} is not known and taken as `{reason}`");
    assembler.notice(Notice::new("stop_reason_unknown", key, text));
}
