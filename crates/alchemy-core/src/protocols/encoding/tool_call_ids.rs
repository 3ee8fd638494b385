//! Tool call ids that a server accepts.
//!
//! Ids come from whoever made the call, and servers differ in what they take. An id that does not fit is
//! replaced by one made from its text, so the same conversation gives the same ids on each turn and prompt
//! caches stay warm.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::quirks::ToolCallIds;

/// The longest id that OpenAI takes in chat completions.
const SHORT: usize = 40;

/// Gives each id of a conversation its form on the wire.
pub(crate) struct WireIds<'a> {
    form: ToolCallIds,
    /// The longest id that the protocol itself takes.
    most: usize,
    replaced: HashMap<&'a str, String>,
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
        }
    }

    /// The id as it is sent.
    pub(crate) fn wire(&mut self, id: &'a str) -> Cow<'a, str> {
        let fits = match self.form {
            ToolCallIds::Any => id.chars().count() <= self.most,
            ToolCallIds::Short => id.chars().count() <= SHORT,
            ToolCallIds::NineAlphanumerics => id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            ToolCallIds::Words => {
                let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
                !id.is_empty() && id.bytes().all(word)
            }
        };
        if fits {
            return Cow::Borrowed(id);
        }
        if let Some(known) = self.replaced.get(id) {
            return Cow::Owned(known.clone());
        }
        let plain = self.form == ToolCallIds::NineAlphanumerics;
        let prefix = if plain { "" } else { "call_" };
        let taken = |wire: &String| self.replaced.values().any(|other| other == wire);
        let made = (0..u64::MAX)
            .map(|salt| format!("{prefix}{}", nine(id, salt)))
            .find(|wire| !taken(wire));
        let made = made.unwrap_or_default();
        self.replaced.insert(id, made.clone());
        Cow::Owned(made)
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
}
