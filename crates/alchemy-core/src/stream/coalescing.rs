//! Fewer, larger deltas for consumers that do not want every token: neighbours of one block become one.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::types::{Event, TextDelta, ThinkingDelta, ToolCallDelta};

/// Nothing is added to a delta of so many characters, whatever was asked for: what is held is bounded.
const MOST_CHARS: usize = 1024 * 1024;

/// When deltas that were merged are handed over.
///
/// A delta is held from the moment it is made, and what follows in its block is added to it, until the first of these:
/// the time is over, it has so many characters, another event follows, or the answer ends or fails. The first delta of
/// an answer is not held. To one that is held no longer and not taken yet, what follows is added all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coalescing {
    /// How long a delta is held, counted from its first piece; None: no such limit.
    pub time: Option<Duration>,
    /// With how many characters (Unicode scalar values) it is held no longer and nothing is added, so that it exceeds
    /// them by less than its last piece; above 1,048,576 and for None, that many.
    pub chars: Option<NonZeroUsize>,
}

impl Coalescing {
    /// What the options of a request ask for: milliseconds above 0, and characters; None where neither is given.
    ///
    /// # Errors
    /// Milliseconds that are 0, negative, infinite or no number.
    pub fn of(milliseconds: Option<f64>, chars: Option<NonZeroUsize>) -> Result<Option<Self>> {
        let time = match milliseconds {
            Some(figure) if figure.is_finite() && figure > 0.0 => {
                Some(Duration::try_from_secs_f64(figure / 1000.0).unwrap_or(Duration::MAX))
            }
            Some(_) => {
                let what = "expected a number of milliseconds above 0";
                return Err(Error::invalid("options.coalesce_ms", what));
            }
            None => None,
        };
        Ok((time.is_some() || chars.is_some()).then_some(Coalescing { time, chars }))
    }
}

/// The events that were made and not taken, neighbouring deltas merged.
pub(super) struct Merging {
    time: Option<Duration>,
    /// With how many characters a delta is full.
    full: usize,
    events: Vec<Event>,
    /// Whether the last of them is a delta that is still held.
    held: bool,
    /// When that is held no longer; None: time does not count.
    due: Option<Instant>,
    /// The characters of the last of them, where it is a delta.
    chars: usize,
    /// Whether a delta was made at all.
    begun: bool,
}

impl Merging {
    pub(super) fn new(limits: Coalescing) -> Self {
        Merging {
            time: limits.time,
            full: limits.chars.map_or(MOST_CHARS, |chars| chars.get().min(MOST_CHARS)),
            events: Vec::new(),
            held: false,
            due: None,
            chars: 0,
            begun: false,
        }
    }

    /// Adds events that were made at this time.
    pub(super) fn add(&mut self, made: Vec<Event>, now: Instant) {
        for event in made {
            let Some(text) = delta(&event) else {
                self.release();
                self.events.push(event);
                continue;
            };
            let more = text.chars().count();
            if self.chars < self.full
                && let Some(last) = self.events.last_mut()
                && append(last, &event)
            {
                self.chars = self.chars.saturating_add(more);
            } else {
                self.chars = more;
                self.held = std::mem::replace(&mut self.begun, true);
                self.due = self.time.and_then(|time| now.checked_add(time));
                self.events.push(event);
            }
            if self.chars >= self.full {
                self.release();
            }
        }
    }

    /// Holds nothing any longer.
    pub(super) fn release(&mut self) {
        self.held = false;
    }

    /// Lets go of what is due.
    pub(super) fn ripen(&mut self, now: Instant) {
        if self.held_until().is_some_and(|due| now >= due) {
            self.release();
        }
    }

    /// When what is held is due; None where nothing is held or time does not count.
    pub(super) fn held_until(&self) -> Option<Instant> {
        self.due.filter(|_| self.held)
    }

    /// How many can be taken.
    pub(super) fn ready(&self) -> usize {
        self.events.len() - usize::from(self.held)
    }

    /// Takes what is not held.
    pub(super) fn take(&mut self) -> Vec<Event> {
        let kept = self.events.split_off(self.ready());
        std::mem::replace(&mut self.events, kept)
    }

    /// Drops every event.
    pub(super) fn clear(&mut self) {
        self.events.clear();
        self.release();
    }
}

/// The text of a delta; None for any other event.
fn delta(event: &Event) -> Option<&str> {
    match event {
        Event::TextDelta(TextDelta { delta, .. })
        | Event::ThinkingDelta(ThinkingDelta { delta, .. })
        | Event::ToolCallDelta(ToolCallDelta { delta, .. }) => Some(delta),
        _ => None,
    }
}

/// Adds a delta to one of the same block and kind; false where it is none.
fn append(last: &mut Event, next: &Event) -> bool {
    let (text, index, more, next_index) = match (last, next) {
        (Event::TextDelta(last), Event::TextDelta(next)) => {
            (&mut last.delta, last.content_index, &next.delta, next.content_index)
        }
        (Event::ThinkingDelta(last), Event::ThinkingDelta(next)) => {
            (&mut last.delta, last.content_index, &next.delta, next.content_index)
        }
        (Event::ToolCallDelta(last), Event::ToolCallDelta(next)) => {
            (&mut last.delta, last.content_index, &next.delta, next.content_index)
        }
        _ => return false,
    };
    if index == next_index {
        text.push_str(more);
    }
    index == next_index
}

#[cfg(test)]
mod tests;
