//! The deltas of a paced stream, made beforehand but for the time that each says.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::ops::Range;

use memchr::memmem::find;

use crate::events::{Events, Framing};
use crate::vendors::vendor;
use crate::wanted::Protocol;

/// The digits of a time in nanoseconds.
const DIGITS: usize = 19;
/// The text of a delta: a blank, and the digits that the time is written over.
const TEXT: &str = " 0000000000000000000";

/// All deltas of a stream one after another. Streams of one kind share them: one writes at a time.
pub(crate) struct Script {
    protocol: Protocol,
    framing: Framing,
    bytes: RefCell<Vec<u8>>,
    /// Of each delta: where it is, and where its digits begin.
    places: Vec<(Range<usize>, usize)>,
}

impl Script {
    pub(crate) fn new(protocol: Protocol, count: usize, framing: Framing) -> Self {
        let mut out = Events::new(framing);
        let mut places = Vec::with_capacity(count);
        for index in 0..count {
            vendor(protocol).delta(&mut out, index, TEXT);
            let (place, event) = out.last();
            let digits = find(event, TEXT.as_bytes()).unwrap_or_default() + 1;
            places.push((place.clone(), place.start + digits));
        }
        Self {
            protocol,
            framing,
            bytes: RefCell::new(out.open()),
            places,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.places.len()
    }

    /// Hands the delta with this number, which says this time, to `write`; `None` where there is none.
    pub(crate) fn delta<T>(&self, index: usize, time: u64, write: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let (place, digits) = self.places.get(index)?;
        let mut bytes = self.bytes.borrow_mut();
        let mut rest = time;
        for digit in bytes.get_mut(*digits..digits + DIGITS)?.iter_mut().rev() {
            // The last digit in ASCII; a number below 10 is a byte.
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        Some(write(bytes.get(place.clone())?))
    }

    /// What comes after the deltas of a stream whose first one was due at `start` plus the pause, to its end.
    pub(crate) fn closing(&self, start: u64, pause: u64) -> Vec<u8> {
        let mut text = String::with_capacity(self.count() * TEXT.len());
        for number in (1..).take(self.count()) {
            // Writing to a String cannot fail.
            let _ = write!(text, " {:019}", start + number * pause);
        }
        let mut out = Events::new(self.framing);
        vendor(self.protocol).closing(&mut out, self.count(), &text);
        out.finished()
    }
}
