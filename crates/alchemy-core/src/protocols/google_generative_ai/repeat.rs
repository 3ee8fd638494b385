//! Recognises a chunk that brings the next piece of what the one before it brought a piece of, with other counts.

use std::borrow::Cow;

use super::usage::{Counts, Name};
use super::wire::{Chunk, FunctionCall, Part};
use crate::protocols::decoding::scalars::Scalar;
use crate::protocols::decoding::template::{Role, Template};
use crate::protocols::decoding::wire::Str;
use crate::types::{ModelCost, Usage};

/// The most bytes of a chunk that is not parsed, since it is kept until its counts are told.
const LONGEST: usize = 16 * 1024;
/// How deep the counts of a chunk's usage stand.
const COUNTS_DEPTH: usize = 2;

/// What a piece of text is a piece of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Text,
    Thinking,
    /// Of a string among the arguments of a call.
    Argument,
}

/// The last chunk that was parsed, if it did nothing but add to the message and count.
#[derive(Default)]
pub(super) struct Repeat {
    template: Template<Name>,
    kind: Kind,
    argument: Argument,
    /// The counts, if the chunk had them.
    counts: Option<Counts>,
    /// The chunk that had the last counts and was not parsed, so that they can be told as they came.
    unread: String,
}

/// Where a piece of an argument belongs.
#[derive(Default)]
pub(super) struct Argument {
    pub(super) path: String,
    /// Whether more of the string follows.
    pub(super) more: bool,
    /// Whether more of the call follows.
    pub(super) more_of_call: bool,
}

/// What a chunk brings that repeats another one.
pub(super) struct Again<'a> {
    pub(super) kind: Kind,
    pub(super) text: Cow<'a, str>,
    /// The usage, where it is another one.
    pub(super) usage: Option<Usage>,
}

impl Repeat {
    /// Remembers a chunk that did nothing but add a text to the message and count, and forgets the one before it.
    pub(super) fn learn(&mut self, json: &str, chunk: &Chunk<'_>) {
        self.template.forget();
        let Some((text, kind, argument)) = added(chunk) else {
            return;
        };
        let counts = chunk.usage.and_then(|usage| Counts::read(usage.get()));
        let usage = chunk.usage.filter(|_| counts.is_some()).map_or("", |raw| raw.get());
        let begin = usage.as_ptr().addr().wrapping_sub(json.as_ptr().addr());
        let role = |scalar: &Scalar<'_>| {
            let counted = !scalar.is_string && (begin..begin.saturating_add(usage.len())).contains(&scalar.at);
            let name = Name::of(scalar.key).filter(|_| scalar.depth == COUNTS_DEPTH);
            counted.then(|| name.map_or(Role::Ignored, Role::Counted))
        };
        if self.template.learn(json, text, role) {
            (self.kind, self.argument, self.counts) = (kind, argument, counts);
        }
    }

    /// Recognises nothing from now on.
    pub(super) fn turn_off(&mut self) {
        self.template.turn_off();
    }

    /// What a chunk brings, if it repeats the one remembered.
    #[inline]
    pub(super) fn read<'a>(&mut self, json: &'a str, prices: Option<&ModelCost>) -> Option<Again<'a>> {
        if json.len() > LONGEST {
            return None;
        }
        let mut counts = self.counts.unwrap_or_default();
        let mut changed = false;
        let text = self
            .template
            .read(json, |name, number| changed |= counts.set(name, number))?;
        if self.counts.is_some() {
            self.counts = Some(counts);
            // Beside the counts there may be details of them, of which the message keeps how they came.
            json.clone_into(&mut self.unread);
        }
        let usage = changed.then(|| counts.usage(prices));
        Some(Again {
            kind: self.kind,
            text,
            usage,
        })
    }

    /// Where the pieces of an argument belong, if the chunk remembered had one.
    pub(super) fn argument(&self) -> Option<&Argument> {
        (self.kind == Kind::Argument).then_some(&self.argument)
    }

    /// The chunk that had the last counts, unless it was parsed.
    pub(super) fn take_unread(&mut self) -> Option<String> {
        (!self.unread.is_empty()).then(|| std::mem::take(&mut self.unread))
    }
}

/// The text that a chunk adds, as it stands between its quotes, if that is all it does besides counting. Of the keys
/// that it may have beside it the last value counts, so they do nothing when they come again.
fn added<'a>(chunk: &Chunk<'a>) -> Option<(&'a str, Kind, Argument)> {
    let candidate = chunk.candidate.as_ref()?;
    if chunk.error.is_some() {
        return None;
    }
    let [part] = candidate.content.parts.as_deref()? else {
        return None;
    };
    let part: Part<'a> = serde_json::from_str(part.get()).ok()?;
    let signed = part.signature.as_deref().is_some_and(|signature| !signature.is_empty());
    if signed || part.inline_data.is_some() || part.file_data.is_some() || !part.extras.is_empty() {
        return None;
    }
    match (part.text, part.function_call) {
        (Some(Cow::Borrowed(text)), None) => {
            let kind = if part.thought { Kind::Thinking } else { Kind::Text };
            Some((text, kind, Argument::default()))
        }
        (None, Some(call)) => {
            let call: FunctionCall<'a> = serde_json::from_str(call.get()).ok()?;
            let begins = call.name.is_some() || call.id.is_some() || call.args.is_some();
            let [arg] = call.partial_args.as_deref()? else {
                return None;
            };
            let (Some(Str(path)), Some(Str(Cow::Borrowed(text))), false) = (&arg.path, &arg.string, begins) else {
                return None;
            };
            let argument = Argument {
                path: path.clone().into_owned(),
                more: arg.will_continue == Some(true),
                more_of_call: call.will_continue == Some(true),
            };
            Some((text, Kind::Argument, argument))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(part: &str, usage: &str) -> String {
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{{part}}}],"role":"model"}},"index":0}}],"usageMetadata":{usage},"responseId":"a"}}"#
        )
    }

    fn taught(json: &str) -> Repeat {
        let mut repeat = Repeat::default();
        repeat.learn(json, &serde_json::from_str(json).unwrap());
        repeat
    }

    #[test]
    fn text_thinking_and_arguments_are_recognised() {
        let argument = r#""functionCall":{"partialArgs":[{"jsonPath":"$.a","stringValue":"#;
        for (before, after, kind) in [
            ("\"text\":", "", Kind::Text),
            ("\"thought\":true,\"text\":", "", Kind::Thinking),
            (argument, ",\"willContinue\":true}]}", Kind::Argument),
        ] {
            let chunk = |text: &str| chunk(&format!("{before}\"{text}\"{after}"), "{}");
            let mut repeat = taught(&chunk("a"));
            let again = chunk("b c");
            let again = repeat.read(&again, None).unwrap();
            assert_eq!((&*again.text, again.kind, again.usage), ("b c", kind, None));
            assert!(repeat.read(&chunk(""), None).is_none());
        }
    }

    #[test]
    fn counts_may_differ_and_are_told_where_they_do() {
        let json = |candidates: u32, total: &str| {
            let usage = format!(
                r#"{{"promptTokenCount":9,"candidatesTokenCount":{candidates},"totalTokenCount":{total},"details":[{{"tokenCount":{candidates}}}]}}"#
            );
            chunk("\"text\":\"a\"", &usage)
        };
        let mut repeat = taught(&json(1, "10"));
        for (candidates, total, told) in [(1, "10", None), (2, "11", Some(2)), (2, "11", None), (1, "11", Some(1))] {
            let json = json(candidates, total);
            let usage = repeat.read(&json, None).unwrap().usage;
            assert_eq!(usage.map(|usage| usage.output), told.map(Some));
            assert_eq!(repeat.take_unread(), Some(json));
        }
        for total in ["1.5", "-1", "011", "null", "\"1\""] {
            assert!(repeat.read(&json(1, total), None).is_none());
            assert_eq!(repeat.take_unread(), None);
        }
    }

    #[test]
    fn what_does_more_is_not_remembered() {
        let text = "\"text\":\"a\"";
        for json in [
            chunk("\"text\":\"a\",\"thoughtSignature\":\"s\"", "{}"),
            chunk("\"text\":\"a\",\"other\":1", "{}"),
            chunk("\"text\":\"a\"},{\"text\":\"b\"", "{}"),
            chunk("\"functionCall\":{\"name\":\"a\",\"args\":{\"a\":\"b\"}}", "{}"),
            chunk(text, "{},\"error\":{}"),
        ] {
            assert!(taught(&json).read(&json, None).is_none(), "{json}");
        }
    }
}
