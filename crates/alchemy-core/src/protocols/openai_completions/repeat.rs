//! Recognises a chunk that says what the parsed one before it said, with another piece of text.

use std::borrow::Cow;

use super::calls::Piece;
use super::wire::{Chunk, Delta, ToolCallDelta};
use crate::protocols::decoding::scalars::Scalar;
use crate::protocols::decoding::template::{Role, Template};
use crate::protocols::decoding::wire::Parts;

/// Padding that hides a chunk's size, beside the choices and in a delta: key and depth.
const PADDING: [(&str, usize); 3] = [("obfuscation", 1), ("obfuscation", 4), ("padding", 4)];
/// The number of a tool call.
const INDEX: (&str, usize) = ("index", 6);

/// What a piece of text is a piece of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Text,
    Thinking,
    Arguments,
}

/// What stands beside the arguments of a call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    custom: bool,
}

impl Call {
    /// The piece of the call that these arguments are.
    pub(super) fn piece<'a>(&'a self, arguments: Cow<'a, str>) -> Piece<'a> {
        Piece {
            index: self.index,
            id: Cow::Borrowed(&self.id),
            name: Cow::Borrowed(&self.name),
            custom: self.custom,
            extra: None,
            arguments,
            halves: false,
        }
    }
}

/// The last chunk that was parsed, if it did nothing but add to the message.
#[derive(Default)]
#[repr(C)]
pub(super) struct Repeat {
    /// The call that arguments belong to.
    pub(super) call: Call,
    kind: Kind,
    template: Template<()>,
}

impl Repeat {
    /// Remembers a chunk that did nothing but add a text to the message, and forgets the one before it.
    pub(super) fn learn(&mut self, json: &str, chunk: &Chunk<'_>) {
        let Some((text, kind, call)) = added(chunk) else {
            return self.template.forget();
        };
        let role = |scalar: &Scalar<'_>| match (scalar.key, scalar.depth) {
            INDEX => Some(Role::Counted(())),
            place => PADDING.contains(&place).then_some(Role::Ignored),
        };
        if self.template.learn(json, text, role) {
            (self.kind, self.call) = (kind, call);
        }
    }

    /// Forgets the chunk: another one has had an effect of its own.
    pub(super) fn forget(&mut self) {
        self.template.forget();
    }

    /// Recognises nothing from now on.
    pub(super) fn turn_off(&mut self) {
        self.template.turn_off();
    }

    /// The text of a chunk that repeats the one remembered, and what it is a piece of; None for any other.
    #[inline]
    pub(super) fn read<'a>(&mut self, json: &'a str) -> Option<(Cow<'a, str>, Kind)> {
        let mut index = None;
        let text = self.template.read(json, |(), number| index = Some(number))?;
        if index.is_some() {
            self.call.index = index;
        }
        Some((text, self.kind))
    }
}

/// The text that a chunk adds, as it stands between its quotes, if that is all it does. The keys that it may have
/// beside it do nothing when they come again.
fn added<'a>(chunk: &Chunk<'a>) -> Option<(&'a str, Kind, Call)> {
    let choice = chunk.choice.as_ref()?;
    let counts = chunk.usage.is_some() || choice.usage.is_some();
    let fails = chunk.error.is_some() || choice.error.is_some();
    let ends = choice.finish_reason.is_some() || choice.native_finish_reason.is_some();
    // Log probabilities are collected, all other keys that we do not know are kept as they come last.
    if counts || fails || ends || choice.message.is_some() || choice.extras.get("logprobs").is_some() {
        return None;
    }
    let delta = choice.delta.as_ref().filter(|delta| is_silent(delta))?;
    let some = |text: &Option<Cow<'a, str>>| text.as_deref().is_some_and(|text| !text.is_empty());
    let thinks = some(&delta.reasoning_content) || some(&delta.reasoning);
    match (&delta.content, delta.tool_calls.as_slice()) {
        (Parts::Text(Cow::Borrowed(text)), []) if !text.is_empty() && !thinks => {
            Some((text, Kind::Text, Call::default()))
        }
        (Parts::Text(text), _) if !text.is_empty() => None,
        (Parts::List(_), _) => None,
        (_, []) => match (&delta.reasoning_content, &delta.reasoning) {
            (Some(Cow::Borrowed(text)), other) | (other, Some(Cow::Borrowed(text)))
                if !text.is_empty() && !some(other) =>
            {
                Some((text, Kind::Thinking, Call::default()))
            }
            _ => None,
        },
        (_, [call]) if !thinks => arguments(call),
        _ => None,
    }
}

/// Whether nothing but texts, thinking and tool calls of a delta has an effect.
fn is_silent(delta: &Delta<'_>) -> bool {
    delta.reasoning_details.is_none()
        && delta.refusal.as_deref().unwrap_or_default().is_empty()
        && delta.function_call.is_none()
        && delta.annotations.is_none()
        && delta.audio.is_none()
        && delta.images.is_none()
}

/// The arguments that a piece of a call adds.
fn arguments<'a>(call: &ToolCallDelta<'a>) -> Option<(&'a str, Kind, Call)> {
    if call.extra_content.is_some_and(|extra| extra.get() != "null") || call.unknown_kind().is_some() {
        return None;
    }
    let (name, arguments, custom) = match (&call.custom, &call.function) {
        (None, Some(function)) => {
            let arguments = function.arguments?.get();
            let inside = arguments.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            (&function.name, inside?, false)
        }
        (Some(custom), None) => match &custom.input {
            Some(Cow::Borrowed(input)) => (&custom.name, *input, true),
            _ => return None,
        },
        _ => return None,
    };
    let told = Call {
        index: call.index,
        id: call.id.as_deref().unwrap_or_default().to_owned(),
        name: name.as_deref().unwrap_or_default().to_owned(),
        custom,
    };
    Some((arguments, Kind::Arguments, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(delta: &str, rest: &str) -> String {
        format!(r#"{{"id":"1","choices":[{{"index":0,"delta":{{{delta}}},"finish_reason":null}}]{rest}}}"#)
    }

    fn taught(json: &str) -> Repeat {
        let mut repeat = Repeat::default();
        repeat.learn(json, &serde_json::from_str(json).unwrap());
        repeat
    }

    fn read(repeat: &mut Repeat, json: &str) -> Option<(String, Kind)> {
        repeat.read(json).map(|(text, kind)| (text.into_owned(), kind))
    }

    #[test]
    fn text_thinking_and_arguments_are_recognised() {
        for (before, after, kind) in [
            ("\"content\":\"", "\"", Kind::Text),
            ("\"reasoning\":\"\",\"content\":\"", "\",\"refusal\":null", Kind::Text),
            ("\"content\":null,\"reasoning_content\":\"", "\"", Kind::Thinking),
            ("\"content\":\"\",\"reasoning\":\"", "\"", Kind::Thinking),
        ] {
            let chunk = |text: &str, padding: &str| {
                chunk(
                    &format!("{before}{text}{after}"),
                    &format!(r#","obfuscation":"{padding}""#),
                )
            };
            let mut repeat = taught(&chunk("a", "xyz"));
            assert_eq!(read(&mut repeat, &chunk("b c", "")), Some(("b c".to_owned(), kind)));
            assert_eq!(read(&mut repeat, &chunk("", "")), None);
        }
    }

    #[test]
    fn the_index_of_a_call_may_differ() {
        let chunk = |index: &str, arguments: &str| {
            let call = format!(r#"{{"index":{index},"function":{{"arguments":"{arguments}"}}}}"#);
            chunk(&format!("\"tool_calls\":[{call}]"), "")
        };
        let mut repeat = taught(&chunk("0", "{"));
        for (index, arguments) in [(12, "1"), (0, "}")] {
            let told = read(&mut repeat, &chunk(&index.to_string(), arguments));
            assert_eq!(told, Some((arguments.to_owned(), Kind::Arguments)));
            assert_eq!(repeat.call.index, Some(index));
        }
        for index in ["-1", "01", "1.0", "null", "1234567890123456"] {
            assert_eq!(read(&mut repeat, &chunk(index, "a")), None);
        }
    }

    #[test]
    fn what_does_more_is_not_remembered() {
        let text = "\"content\":\"a\"";
        for json in [
            chunk(text, ",\"usage\":{}"),
            chunk(text, ",\"error\":{}"),
            chunk(text, "").replace("null", "\"stop\""),
            chunk(&format!("{text},\"audio\":{{}}"), ""),
            chunk(&format!("{text},\"reasoning\":\"b\""), ""),
            chunk(&format!("{text},\"tool_calls\":[{{\"index\":0}}]"), ""),
            chunk(text, "").replace("\"finish", "\"logprobs\":{},\"finish"),
        ] {
            assert_eq!(read(&mut taught(&json), &json), None, "{json}");
        }
    }
}
