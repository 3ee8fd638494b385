//! The tasks that wait in an event loop, each in a place of its own that its token tells.

use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;

use crate::waiter::Waiter;

/// Where the place stands in a token, after the stream's number.
const PLACE: u32 = 8;
/// Where the number of the wait stands, after the place: for so many at once there would be no memory.
const WAIT: u32 = 32;

/// The waits of all loops are counted together: those for one stream in several loops must have tokens of their own.
static NEXT_WAIT: AtomicU64 = AtomicU64::new(0);

/// Those who wait.
#[derive(Default)]
pub(super) struct Waiters {
    places: Vec<Place>,
    /// Places that nobody waits in. The last one left is taken first: it is still in the processor's cache, and a task that
    /// is told mostly waits again at once.
    free: Vec<usize>,
}

struct Place {
    /// That of the wait, or of the last one here: a token that comes late must not end the wait of another.
    token: u64,
    waiter: Option<Py<Waiter>>,
}

/// The number of the stream that a token is of.
pub(super) fn stream_of(token: u64) -> u64 {
    token & 0xFF
}

impl Waiters {
    /// Keeps whoever waits for a stream of this number; returns the token of the wait.
    pub(super) fn keep(&mut self, stream: u8, waiter: Py<Waiter>) -> u64 {
        let index = self.free.pop().unwrap_or(self.places.len());
        let at = u64::try_from(index).unwrap_or_default();
        let wait = NEXT_WAIT.fetch_add(1, Ordering::Relaxed);
        let token = wait << WAIT | at << PLACE | u64::from(stream);
        let waiter = Some(waiter);
        match self.places.get_mut(index) {
            Some(place) => *place = Place { token, waiter },
            None => self.places.push(Place { token, waiter }),
        }
        token
    }

    /// Gives whoever waits by this token, and forgets the wait; None if it is over.
    pub(super) fn take(&mut self, token: u64) -> Option<Py<Waiter>> {
        let index = usize::try_from(token >> PLACE & 0x00FF_FFFF).ok()?;
        let place = self.places.get_mut(index).filter(|place| place.token == token)?;
        let waiter = place.waiter.take()?;
        self.free.push(index);
        Some(waiter)
    }

    /// Everybody who waits.
    pub(super) fn all(&self) -> impl Iterator<Item = &Py<Waiter>> {
        self.places.iter().filter_map(|place| place.waiter.as_ref())
    }

    /// Forgets every wait, and gives those who waited.
    pub(super) fn take_all(&mut self) -> Vec<Py<Waiter>> {
        self.free.clear();
        self.places.drain(..).filter_map(|place| place.waiter).collect()
    }
}
