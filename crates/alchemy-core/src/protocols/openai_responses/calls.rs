//! Items that are tool calls: functions, tools of free text, and tools that the caller runs for the vendor.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::items::{Items, Whereabouts};
use super::wire::{Item, rest};
use crate::assembler::Assembler;
use crate::protocols::decoding::call_ids;
use crate::types::ToolCall;

/// What kind of call an item is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Function,
    Custom,
    /// A tool of the vendor's that the caller runs, by the name that its calls get.
    Client(&'static str),
}

/// The keys of a call that have fields of ours.
const FUNCTION_KEYS: [&str; 5] = ["type", "call_id", "name", "arguments", "status"];
const CUSTOM_KEYS: [&str; 5] = ["type", "call_id", "name", "input", "status"];

/// Which kind of call an item is; None if the vendor runs it, or if it is none.
pub(super) fn kind(item: &Item<'_>) -> Option<Kind> {
    let hosted = |environment: &super::wire::Environment<'_>| environment.kind.text().starts_with("container");
    Some(match item.kind.text() {
        "function_call" => Kind::Function,
        "custom_tool_call" => Kind::Custom,
        "shell_call" if !item.environment.as_ref().is_some_and(hosted) => Kind::Client("shell"),
        "local_shell_call" => Kind::Client("local_shell"),
        "apply_patch_call" => Kind::Client("apply_patch"),
        "computer_call" => Kind::Client("computer"),
        "tool_search_call" if item.execution.text() == "client" => Kind::Client("tool_search"),
        _ => return None,
    })
}

/// A call begins.
pub(super) fn begin(items: &mut Items, position: usize, kind: Kind, item: &Item<'_>, out: &mut Assembler) {
    let name = match kind {
        Kind::Client(name) => name,
        _ => item.name.text(),
    };
    start(items, position, item.call_id.text(), name, kind == Kind::Custom, out);
}

fn start(items: &mut Items, position: usize, id: &str, name: &str, custom: bool, out: &mut Assembler) {
    if items.list.get(position).is_none_or(|item| item.call.is_some()) {
        return;
    }
    items.step_aside(out);
    let taken = out.has_call(id);
    let id = call_ids::own(id, items.calls, taken, out);
    let told = out.tool_call(ToolCall {
        id,
        name: name.to_owned(),
        custom,
        ..ToolCall::default()
    });
    items.calls += 1;
    if let Some(item) = items.list.get_mut(position) {
        item.call = Some(told);
        out.tool_call_delta(told, std::mem::take(&mut item.held));
    }
}

/// Takes a piece of a call's arguments; `halves` tells that halves of surrogate pairs travel in it.
pub(super) fn piece(items: &mut Items, at: Whereabouts<'_>, piece: Cow<'_, str>, halves: bool, out: &mut Assembler) {
    let position = items.find(at);
    let Some(item) = items.list.get_mut(position).filter(|item| !item.done) else {
        return;
    };
    let joined = item.halves.join(piece, halves);
    match item.call {
        Some(call) => out.tool_call_delta(call, joined),
        None => item.held.push_str(&joined),
    }
}

/// Takes the whole of a call's arguments: what no piece told is told now.
pub(super) fn whole(items: &mut Items, at: Whereabouts<'_>, whole: &str, out: &mut Assembler) {
    let position = items.find(at);
    tell_rest(items, position, whole, out);
}

fn tell_rest(items: &mut Items, position: usize, whole: &str, out: &mut Assembler) {
    let Some(item) = items.list.get_mut(position).filter(|item| !item.done) else {
        return;
    };
    let cut = item.halves.rest();
    match item.call {
        Some(call) => {
            out.tool_call_delta(call, cut);
            let told = out.call_mut(call).map(|call| call.raw_arguments.as_str());
            let rest = whole.strip_prefix(told.unwrap_or_default()).unwrap_or_default();
            out.tool_call_delta(call, rest);
        }
        None => {
            item.held.push_str(cut);
            let rest = whole.strip_prefix(item.held.as_str()).unwrap_or_default();
            item.held.push_str(rest);
        }
    }
}

/// A call is written: its arguments, and what must go back with it.
pub(super) fn done(items: &mut Items, position: usize, kind: Kind, item: &Item<'_>, json: &str, out: &mut Assembler) {
    begin(items, position, kind, item, out);
    let unfinished = matches!(item.status.text(), "incomplete" | "in_progress");
    let (arguments, signature) = match kind {
        Kind::Function => (
            item.arguments.map_or(Cow::Borrowed(""), text_of),
            rest(json, &FUNCTION_KEYS, false),
        ),
        Kind::Custom => (Cow::Borrowed(item.input.text()), rest(json, &CUSTOM_KEYS, false)),
        // Half an action is JSON as well: nobody may take it for the whole. The signature has it.
        Kind::Client(_) if unfinished => (Cow::Borrowed(""), Some(json.to_owned())),
        Kind::Client(name) => (client_arguments(name, item), Some(json.to_owned())),
    };
    tell_rest(items, position, &arguments, out);
    let Some(told) = items.list.get(position).and_then(|item| item.call) else {
        return;
    };
    if let Some(call) = out.call_mut(told) {
        call.signature = signature;
    }
    if !unfinished {
        out.call_written(told);
    }
}

fn client_arguments<'a>(name: &str, item: &Item<'a>) -> Cow<'a, str> {
    let verbatim = |value: Option<&'a RawValue>| value.map_or(Cow::Borrowed(""), |value| Cow::Borrowed(value.get()));
    match (name, item.actions) {
        ("apply_patch", _) => verbatim(item.operation),
        ("tool_search", _) => item.arguments.map_or(Cow::Borrowed(""), text_of),
        ("computer", Some(actions)) => Cow::Owned(format!("{{\"actions\":{}}}", actions.get())),
        _ => verbatim(item.action),
    }
}

/// The text of arguments: a string's content; any other value verbatim.
fn text_of(arguments: &RawValue) -> Cow<'_, str> {
    match arguments.get() {
        "null" => Cow::Borrowed(""),
        text if text.starts_with('"') => serde_json::from_str(text).map_or(Cow::Borrowed(text), Cow::Owned),
        text => Cow::Borrowed(text),
    }
}

/// Tells what is held back of a call that is not done, even if its name never came.
pub(super) fn flush(items: &mut Items, position: usize, out: &mut Assembler) {
    tell_rest(items, position, "", out);
    if items.list.get(position).is_some_and(|item| !item.held.is_empty()) {
        start(items, position, "", "", false, out);
    }
}
