//! Recognises an event that is one before it with other values in a few places.
//!
//! In nearly every event of a stream all but a piece of text and a count or two is the same: ids, model, places. To
//! compare bytes takes a tenth of the time of parsing them. What is not recognised is parsed, so nothing depends on
//! this but speed.

use std::borrow::Cow;

use super::scalars::{Scalar, scalars};
use super::strings;

/// Lessons that no event has repeated, after which no more are taken.
const LESSONS: u32 = 16;
/// The most bytes that are kept of an event.
const LONGEST: usize = 4096;
/// The most digits of a number that is recognised. Each such number is exact in whatever type it is read as.
const DIGITS: usize = 15;

/// What becomes of a value that is not the same in each event.
#[derive(Clone, Copy)]
pub(crate) enum Role<N> {
    /// It has no effect.
    Ignored,
    /// It is a number that counts, known by this name.
    Counted(N),
}

/// An event with holes: where its text stands, and its values that may be others.
pub(crate) struct Template<N> {
    /// All but the holes and the last brace, in order.
    fixed: String,
    /// None where nothing is recognised.
    holes: Vec<Hole<N>>,
    /// How many lessons were taken since an event was recognised.
    lessons: u32,
    off: bool,
}

struct Hole<N> {
    /// How many bytes of `fixed` stand between the hole before it and this one.
    before: usize,
    kind: Kind<N>,
}

#[derive(Clone, Copy)]
enum Kind<N> {
    Text,
    Words,
    Number(Option<N>),
}

impl<N> Default for Template<N> {
    fn default() -> Self {
        Template {
            fixed: String::new(),
            holes: Vec::new(),
            lessons: 0,
            off: false,
        }
    }
}

impl<N: Copy> Template<N> {
    /// Remembers an event that did nothing but add a text to the answer, and perhaps count. `inside` is the text as it
    /// stands between its quotes in `json`, the very bytes. Of the other values those may differ, where they are
    /// plain strings or whole numbers, that have a role; the rest must be without effect when it comes again.
    ///
    /// Returns whether it is remembered.
    pub(crate) fn learn(&mut self, json: &str, inside: &str, role: impl Fn(&Scalar<'_>) -> Option<Role<N>>) -> bool {
        self.forget();
        if self.off || self.lessons == LESSONS || json.len() - inside.len().min(json.len()) > LONGEST {
            return false;
        }
        self.lessons += 1;
        self.cut(json, inside, role).is_some() || {
            self.forget();
            false
        }
    }

    fn cut(&mut self, json: &str, inside: &str, role: impl Fn(&Scalar<'_>) -> Option<Role<N>>) -> Option<()> {
        let text = inside.as_ptr().addr().checked_sub(json.as_ptr().addr())?;
        let json = json.strip_suffix('}')?.trim_ascii_end();
        let (mut end, mut has_text) = (0, false);
        for scalar in scalars(json) {
            let kind = match (scalar.is_string, role(&scalar)) {
                (true, _) if scalar.at == text && scalar.inside.len() == inside.len() => {
                    has_text = true;
                    Kind::Text
                }
                (_, None) => continue,
                (true, Some(Role::Ignored)) => Kind::Words,
                (true, Some(Role::Counted(_))) => continue,
                (false, _) if leading_number(scalar.inside).is_none_or(|(_, rest)| !rest.is_empty()) => continue,
                (false, Some(Role::Ignored)) => Kind::Number(None),
                (false, Some(Role::Counted(name))) => Kind::Number(Some(name)),
            };
            // Both quotes of a string are kept out of the hole: it is read with the first, and up to the last.
            let quotes = usize::from(scalar.is_string);
            let before = json.get(end..scalar.at.checked_sub(quotes)?)?;
            self.fixed.push_str(before);
            self.holes.push(Hole {
                before: before.len(),
                kind,
            });
            end = scalar.at + scalar.inside.len();
        }
        self.fixed.push_str(json.get(end..)?);
        has_text.then_some(())
    }

    /// Forgets the event: another one has had an effect of its own.
    pub(crate) fn forget(&mut self) {
        self.fixed.clear();
        self.holes.clear();
    }

    /// Recognises nothing from now on.
    pub(crate) fn turn_off(&mut self) {
        self.forget();
        self.off = true;
    }

    /// The text of an event that repeats the one remembered, never empty; None for any other, valid or not. `number`
    /// gets the numbers that count, even if the event turns out not to repeat.
    #[inline]
    pub(crate) fn read<'a>(&mut self, json: &'a str, mut number: impl FnMut(N, u64)) -> Option<Cow<'a, str>> {
        let (mut fixed, mut rest, mut text) = (self.fixed.as_str(), json, None);
        for hole in &self.holes {
            let (before, after) = fixed.split_at_checked(hole.before)?;
            (fixed, rest) = (after, rest.strip_prefix(before)?);
            match hole.kind {
                Kind::Text => {
                    let (found, after) = strings::leading(rest)?;
                    (text, rest) = (Some(found), after);
                }
                Kind::Words => rest = strings::after_plain(rest)?,
                Kind::Number(name) => {
                    let (value, after) = leading_number(rest)?;
                    rest = after;
                    if let Some(name) = name {
                        number(name, value);
                    }
                }
            }
        }
        // Anthropic hides an event's size behind white space before the last brace.
        if rest.strip_prefix(fixed)?.trim_ascii_start() != "}" {
            return None;
        }
        let text = text.filter(|text| !text.is_empty())?;
        self.lessons = 0;
        Some(text)
    }
}

/// The whole number that begins here, and what follows. What follows in the event that was learnt cannot go on with
/// a number, so neither does what is equal to it.
#[inline]
fn leading_number(json: &str) -> Option<(u64, &str)> {
    let mut value = 0;
    let mut digits = 0;
    for byte in json.bytes().take_while(u8::is_ascii_digit) {
        value = value * 10 + u64::from(byte - b'0');
        digits += 1;
        if digits > DIGITS {
            return None;
        }
    }
    let valid = digits == 1 || (digits > 1 && !json.starts_with('0'));
    valid.then_some((value, json.get(digits..)?))
}
