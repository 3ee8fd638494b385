//! Tool call ids that a server accepts.
//!
//! Ids come from whoever made the call, and servers differ in what they take. An id that does not fit is
//! replaced by one made from its text, so the same conversation gives the same ids on each turn and prompt
//! caches stay warm. Some servers count their calls from zero in each answer, while others want each id of a
//! conversation once: there the later call gets another id.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::quirks::ToolCallIds;
use crate::types::ToolCall;

/// The longest id that OpenAI takes in chat completions.
const SHORT: usize = 40;

/// Gives each id of a conversation its form on the wire.
pub(crate) struct WireIds<'a> {
    form: ToolCallIds,
    /// The longest id that the protocol itself takes.
    most: usize,
    replaced: HashMap<&'a str, String>,
    /// What they were replaced by.
    replacements: HashSet<String>,
    /// The first salt of each text that may give an id which nothing has yet.
    salts: HashMap<String, u64>,
    /// The ids of the calls so far, by where the calls stand in memory.
    given: HashMap<*const ToolCall, Cow<'a, str>>,
    /// The same ids.
    taken: HashSet<Cow<'a, str>>,
}

impl<'a> WireIds<'a> {
    pub(crate) fn new(form: ToolCallIds) -> Self {
        WireIds::within(usize::MAX, form)
    }

    /// For a protocol that takes ids of at most `most` characters anywhere.
    pub(crate) fn within(most: usize, form: ToolCallIds) -> Self {
        WireIds {
            form,
            most,
            replaced: HashMap::new(),
            replacements: HashSet::new(),
            salts: HashMap::new(),
            given: HashMap::new(),
            taken: HashSet::new(),
        }
    }

    /// The id of a call, which no other call of the conversation has.
    pub(crate) fn of(&mut self, call: &'a ToolCall) -> Cow<'a, str> {
        if let Some(known) = self.given.get(&std::ptr::from_ref(call)) {
            return known.clone();
        }
        let mut id = self.wire(&call.id);
        if self.taken.contains(&id) {
            id = Cow::Owned(self.made(&id));
        }
        self.give(call, id)
    }

    /// The id of a call in the form that fits, even if another call has it.
    pub(crate) fn kept(&mut self, call: &'a ToolCall) -> Cow<'a, str> {
        let id = self.wire(&call.id);
        self.give(call, id)
    }

    fn give(&mut self, call: &'a ToolCall, id: Cow<'a, str>) -> Cow<'a, str> {
        self.taken.insert(id.clone());
        self.given.insert(std::ptr::from_ref(call), id.clone());
        id
    }

    /// The id as it is sent.
    pub(crate) fn wire(&mut self, id: &'a str) -> Cow<'a, str> {
        let fits = match self.form {
            ToolCallIds::Any => id.chars().count() <= self.most,
            ToolCallIds::Short => id.chars().count() <= SHORT,
            ToolCallIds::NineAlphanumerics => id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            ToolCallIds::Words => {
                let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
                !id.is_empty() && id.len() <= self.most && id.bytes().all(word)
            }
        };
        if fits {
            return Cow::Borrowed(id);
        }
        if let Some(known) = self.replaced.get(id) {
            return Cow::Owned(known.clone());
        }
        let made = self.made(id);
        self.replaced.insert(id, made.clone());
        self.replacements.insert(made.clone());
        Cow::Owned(made)
    }

    /// An id from a text that nothing has yet.
    fn made(&mut self, text: &str) -> String {
        let plain = self.form == ToolCallIds::NineAlphanumerics;
        let prefix = if plain { "" } else { "call_" };
        // What is taken stays so: salts that gave nothing for this text before give nothing now.
        let first = self.salts.get(text).copied().unwrap_or_default();
        let made = (first..u64::MAX)
            .map(|salt| (salt, format!("{prefix}{}", nine(text, salt))))
            .find(|(_, wire)| !self.taken.contains(wire.as_str()) && !self.replacements.contains(wire));
        let (salt, made) = made.unwrap_or_default();
        self.salts.insert(text.to_owned(), salt);
        made
    }
}

/// Nine letters and digits from a text: FNV-1a, written in base 36.
fn nine(text: &str, salt: u64) -> String {
    let start = 0xcbf2_9ce4_8422_2325_u64.wrapping_add(salt);
    let mut hash = text.bytes().fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (0..9)
        .map(|_| {
            let digit = (hash % 36) as u32;
            hash /= 36;
            char::from_digit(digit, 36).unwrap_or('0')
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_fit_stay() {
        assert_eq!(
            WireIds::new(ToolCallIds::Any).wire("anything at all"),
            "anything at all"
        );
        assert_eq!(WireIds::new(ToolCallIds::Short).wire("call_1"), "call_1");
        assert_eq!(
            WireIds::new(ToolCallIds::NineAlphanumerics).wire("a1B2c3D4e"),
            "a1B2c3D4e"
        );
    }

    #[test]
    fn ids_that_do_not_fit_are_replaced_the_same_way_each_time() {
        let long = "x".repeat(41);
        let mut short = WireIds::new(ToolCallIds::Short);
        let first = short.wire(&long).into_owned();
        assert!(first.len() <= SHORT && first.starts_with("call_"), "{first}");
        assert_eq!(short.wire(&long), first);
        assert_eq!(WireIds::new(ToolCallIds::Short).wire(&long), first);

        let mut nine = WireIds::new(ToolCallIds::NineAlphanumerics);
        let ids: Vec<String> = ["call_1", "call_2", "toolu_01", ""]
            .map(|id| nine.wire(id).into_owned())
            .into();
        assert!(
            ids.iter()
                .all(|id| id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())),
            "{ids:?}"
        );
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
    }
    #[test]
    fn each_call_has_an_id_of_its_own() {
        let call = |id: &str| ToolCall {
            id: id.to_owned(),
            ..ToolCall::default()
        };
        let calls = ["call_0", "call_1", "call_0", "call_0"].map(call);
        let other = call("call_0");
        let mut ids = WireIds::within(64, ToolCallIds::Words);
        let wire: Vec<String> = calls.iter().map(|call| ids.of(call).into_owned()).collect();
        assert_eq!(wire.first().map(String::as_str), Some("call_0"));
        assert_eq!(
            wire.iter().collect::<std::collections::BTreeSet<_>>().len(),
            4,
            "{wire:?}"
        );
        let again: Vec<String> = calls.iter().map(|call| ids.of(call).into_owned()).collect();
        assert_eq!(again, wire);
        assert_eq!(ids.kept(&other), "call_0");
    }
}
