//! Which tool call a piece belongs to.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde_json::value::RawValue;

use super::wire::{CustomDelta, FunctionDelta, ToolCallDelta};
use crate::assembler::Assembler;
use crate::protocols::decoding::call_ids;
use crate::protocols::decoding::strings;
use crate::protocols::decoding::surrogates::{Joiner, clean, read_halves};
use crate::types::{Notice, ToolCall};

/// The calls of an answer while they are written.
///
/// Servers name a call by `index`, by `id`, by both or by neither, leave them out or empty in later
/// pieces, and interleave calls; a call is told to the assembler once its name is known.
#[derive(Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    /// The last call of each index.
    places: HashMap<u64, usize>,
    /// The first call of each id.
    ids: HashMap<String, usize>,
    /// The calls that the assembler does not know yet.
    untold: BTreeSet<usize>,
}

#[derive(Default)]
struct Call {
    id: String,
    name: String,
    custom: bool,
    signature: Option<String>,
    /// Arguments that came before the name.
    held: String,
    /// Joins characters that were cut between two pieces.
    halves: Joiner,
    /// The assembler's number of the call, once it knows it.
    told: Option<usize>,
}

/// A piece of a call.
pub(super) struct Piece<'a> {
    pub(super) index: Option<u64>,
    pub(super) id: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) custom: bool,
    /// What must go back with the call.
    pub(super) extra: Option<&'a RawValue>,
    pub(super) arguments: Cow<'a, str>,
    /// Whether halves of surrogate pairs travel in the arguments.
    pub(super) halves: bool,
}

impl Call {
    fn is_shell(&self) -> bool {
        self.told.is_none() && self.id.is_empty() && self.name.is_empty() && self.held.is_empty()
    }
}

impl Calls {
    /// Whether there is no call; empty shells, as Snowflake sends them beside text, are none.
    pub(super) fn is_empty(&self) -> bool {
        self.calls.iter().all(Call::is_shell)
    }

    /// Takes the pieces of one chunk; `halves` tells that halves of surrogate pairs travel in it.
    pub(super) fn take(&mut self, deltas: Vec<ToolCallDelta<'_>>, halves: bool, assembler: &mut Assembler) {
        let mut touched = Vec::new();
        let several = deltas.len() > 1;
        for delta in deltas {
            if let Some(kind) = delta.unknown_kind() {
                let path = format!("content[{}]", assembler.message().content.len());
                let text = format!("the server sent a call of the unknown type {kind:?}; it is not kept");
                assembler.notice(Notice::new("tool_call_ignored", path, text));
                continue;
            }
            // Snowflake sends an empty shell of the one beside the other.
            let custom = delta.custom.filter(CustomDelta::is_told);
            let is_custom = custom.is_some();
            let (name, arguments) = match (custom, delta.function) {
                (Some(custom), _) => (custom.name, custom.input.map(|input| (input, halves))),
                (None, Some(FunctionDelta { name, arguments })) => {
                    (name, arguments.and_then(|arguments| text_of(arguments, halves)))
                }
                (None, None) => (None, None),
            };
            let (arguments, more_halves) = arguments.unwrap_or_default();
            let piece = Piece {
                index: delta.index,
                id: whole(delta.id, halves),
                name: whole(name, halves),
                custom: is_custom,
                extra: delta.extra_content.filter(|extra| extra.get() != "null"),
                arguments,
                halves: more_halves,
            };
            let position = self.piece(piece, &touched, assembler);
            if several {
                touched.push(position);
            }
        }
    }

    /// Takes one piece, and returns the place of its call; `touched` has the calls that its chunk names before it.
    pub(super) fn piece(&mut self, piece: Piece<'_>, touched: &[usize], assembler: &mut Assembler) -> usize {
        let position = self.find(piece.index, &piece.id, &piece.name, touched);
        let position = position.unwrap_or_else(|| {
            self.calls.push(Call::default());
            let position = self.calls.len() - 1;
            self.untold.insert(position);
            self.places.extend(piece.index.map(|index| (index, position)));
            position
        });
        let mut arguments = piece.arguments;
        if let Some(call) = self.calls.get_mut(position) {
            if call.id.is_empty() && !piece.id.is_empty() {
                call.id = piece.id.into_owned();
                self.ids.entry(call.id.clone()).or_insert(position);
            }
            if call.name.is_empty() {
                call.name = piece.name.into_owned();
            }
            call.custom |= piece.custom;
            if let Some(extra) = piece.extra {
                call.signature = Some(extra.get().to_owned());
            }
            arguments = call.halves.join(arguments, piece.halves);
        }
        self.tell(position, arguments, assembler);
        position
    }

    /// Takes a piece of the legacy `function_call`, of which an answer has one.
    pub(super) fn take_function(&mut self, function: FunctionDelta<'_>, halves: bool, assembler: &mut Assembler) {
        let delta = ToolCallDelta {
            index: Some(0),
            function: Some(function),
            ..ToolCallDelta::default()
        };
        self.take(vec![delta], halves, assembler);
    }

    /// The call that a piece goes on with; None if it begins another.
    fn find(&self, index: Option<u64>, id: &str, name: &str, touched: &[usize]) -> Option<usize> {
        let found = match index {
            Some(index) => self.places.get(&index).copied(),
            None if !id.is_empty() => self.ids.get(id).copied(),
            None if !name.is_empty() => None,
            None => self.calls.len().checked_sub(1),
        }?;
        let call = self.calls.get(found)?;
        // One index for several calls, told apart by their ids or by standing side by side in one chunk.
        let other_id = !id.is_empty() && !call.id.is_empty() && call.id != id && !name.is_empty();
        let beside = touched.contains(&found) && !name.is_empty();
        (!other_id && !beside).then_some(found)
    }

    fn tell(&mut self, position: usize, arguments: Cow<'_, str>, assembler: &mut Assembler) {
        let Some((call, before)) = self.calls.get_mut(..=position).and_then(<[Call]>::split_last_mut) else {
            return;
        };
        if let Some(told) = call.told {
            assembler.tool_call_delta(told, arguments);
            if let Some(open) = assembler.call_mut(told) {
                open.signature.clone_from(&call.signature);
            }
            return;
        }
        call.held.push_str(&arguments);
        if call.name.is_empty() {
            return;
        }
        let mut untold = self.untold.range(..position).filter_map(|earlier| before.get(*earlier));
        let taken = assembler.has_call(&call.id) || untold.any(|earlier| earlier.id == call.id);
        call.id = call_ids::own(&call.id, position, taken, assembler);
        self.untold.remove(&position);
        self.ids.entry(call.id.clone()).or_insert(position);
        let told = assembler.tool_call(ToolCall {
            id: call.id.clone(),
            name: call.name.clone(),
            custom: call.custom,
            signature: call.signature.clone(),
            ..ToolCall::default()
        });
        call.told = Some(told);
        assembler.tool_call_delta(told, std::mem::take(&mut call.held));
    }

    /// Tells the calls whose name never came, so that nothing is lost.
    pub(super) fn finish(&mut self, assembler: &mut Assembler) {
        let calls = self.calls.iter_mut().enumerate();
        for (position, call) in calls.filter(|(_, call)| !call.is_shell()) {
            let rest = call.halves.rest();
            if let Some(told) = call.told {
                assembler.tool_call_delta(told, rest);
                continue;
            }
            call.id = call_ids::own(&call.id, position, false, assembler);
            let told = assembler.tool_call(ToolCall {
                id: call.id.clone(),
                custom: call.custom,
                signature: call.signature.take(),
                ..ToolCall::default()
            });
            call.told = Some(told);
            assembler.tool_call_delta(told, format!("{}{rest}", std::mem::take(&mut call.held)));
        }
    }
}

/// A word, in which halves that travel become U+FFFD; empty if there is none.
fn whole(word: Option<Cow<'_, str>>, halves: bool) -> Cow<'_, str> {
    match word {
        Some(word) if halves => Cow::Owned(clean(&word).into_owned()),
        word => word.unwrap_or_default(),
    }
}

/// The text of arguments: a string's content; any other value, as some servers send it, verbatim.
/// With it comes whether halves of surrogate pairs travel in it.
fn text_of(arguments: &RawValue, halves: bool) -> Option<(Cow<'_, str>, bool)> {
    match arguments.get() {
        "null" => None,
        text if text.starts_with('"') => match strings::leading(text) {
            Some((text, _)) => Some((text, halves)),
            None => {
                let read = |text, _: &str, more| (Cow::Owned(text), halves || more);
                read_halves::<String, _>(text, read).ok()
            }
        },
        text => Some((Cow::Borrowed(text), halves)),
    }
}
