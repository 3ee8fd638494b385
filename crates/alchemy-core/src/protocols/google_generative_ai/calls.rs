//! The tool calls of an answer: whole ones, and those whose arguments arrive value by value.

use serde_json::value::RawValue;

use super::partial_args::{Value, Writer};
use super::repeat::Argument;
use super::wire::{FunctionCall, PartialArg};
use crate::assembler::Assembler;
use crate::protocols::decoding::call_ids;
use crate::protocols::decoding::surrogates::{clean, read_halves};
use crate::protocols::decoding::wire::Str;
use crate::types::ToolCall;

/// The calls of an answer so far.
#[derive(Default)]
pub(super) struct Calls {
    count: usize,
    /// The call that more is to come of, by the assembler's number.
    open: Option<(usize, Writer)>,
}

impl Calls {
    /// Whether there is no call.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes a part with a call, or with a piece of one; `halves` tells that halves of surrogate pairs travel in it.
    /// An error says in a few words what is wrong with it.
    pub(super) fn take(
        &mut self,
        raw: &RawValue,
        halves: bool,
        signature: Option<String>,
        assembler: &mut Assembler,
    ) -> Result<(), String> {
        let read = read_halves::<FunctionCall<'static>, _>(raw.get(), |call, _, more| {
            self.call(call, halves || more, signature, assembler)
        });
        read.unwrap_or_else(|error| Err(error.to_string()))
    }

    fn call(
        &mut self,
        call: FunctionCall<'_>,
        halves: bool,
        signature: Option<String>,
        assembler: &mut Assembler,
    ) -> Result<(), String> {
        let begins = call.name.is_some() || call.id.is_some() || call.args.is_some();
        if begins {
            self.finish(assembler);
            let whole = |text: Str<'_>| match halves {
                true => clean(&text.0).into_owned(),
                false => text.0.into_owned(),
            };
            let name = call.name.map(whole).unwrap_or_default();
            let id = call.id.map(whole).unwrap_or_default();
            let taken = assembler.has_call(&id);
            let id = call_ids::own(&id, self.count, taken, assembler);
            let number = assembler.tool_call(ToolCall {
                id,
                name,
                signature,
                ..ToolCall::default()
            });
            self.count += 1;
            self.open = Some((number, Writer::default()));
        } else if let Some((number, _)) = &self.open
            && let Some(open) = assembler.call_mut(*number)
        {
            open.signature = open.signature.take().or(signature);
        }
        // A piece without a beginning, and with nothing in it, says nothing.
        let Some((number, writer)) = &mut self.open else {
            return match call.partial_args.is_some() {
                true => Err("arguments came without the name of the call".to_owned()),
                false => Ok(()),
            };
        };
        let more = call.will_continue == Some(true);
        let partial = call.partial_args.is_some();
        for arg in call.partial_args.unwrap_or_default() {
            let path = arg.path.as_ref().map(|Str(path)| &**path).unwrap_or_default();
            let text = writer.add(path, &value(&arg, halves))?;
            assembler.tool_call_delta(*number, text);
        }
        if let Some(args) = call.args {
            let args = if halves { clean(args.get()) } else { args.get().into() };
            assembler.tool_call_delta(*number, args);
            assembler.call_written(*number);
            self.open = None;
        } else if !more {
            // A call without arguments says nothing of them, not even that they are empty.
            if begins && !partial {
                assembler.call_written(*number);
                self.open = None;
            } else {
                self.finish(assembler);
            }
        }
        Ok(())
    }

    /// Whether a piece with this path goes on with a string of the call that is open.
    pub(super) fn goes_on(&self, path: &str) -> bool {
        self.open.as_ref().is_some_and(|(_, writer)| writer.goes_on(path))
    }

    /// Takes a piece of the string that is being written, in which no halves travel.
    pub(super) fn go_on(&mut self, argument: &Argument, piece: &str, assembler: &mut Assembler) {
        if let Some((number, writer)) = &mut self.open {
            let value = Value::Text {
                piece,
                more: argument.more,
                halves: false,
            };
            assembler.tool_call_delta(*number, writer.go_on(&value));
        }
        if !argument.more_of_call {
            self.finish(assembler);
        }
    }

    /// The call that is open is whole: another one begins, or the answer ends well.
    pub(super) fn finish(&mut self, assembler: &mut Assembler) {
        if let Some((number, mut writer)) = self.open.take() {
            assembler.tool_call_delta(number, writer.finish());
            assembler.call_written(number);
        }
    }
}

fn value<'a>(arg: &'a PartialArg<'_>, halves: bool) -> Value<'a> {
    match (&arg.string, arg.number, arg.boolean) {
        (Some(Str(piece)), _, _) => Value::Text {
            piece,
            more: arg.will_continue == Some(true),
            halves,
        },
        (None, Some(number), _) => Value::Literal(number.get()),
        (None, None, Some(true)) => Value::Literal("true"),
        (None, None, Some(false)) => Value::Literal("false"),
        // `nullValue`, which is null itself.
        (None, None, None) => Value::Literal("null"),
    }
}
