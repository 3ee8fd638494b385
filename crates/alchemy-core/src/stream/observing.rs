//! What happens to an answer, with times, for those who watch requests.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::types::{Attempt, Response};

/// Something that happened to an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// The request is sent: for the how manieth time, from 1.
    Attempt(usize),
    /// The head of an answer has come, be it a success or not.
    Head(Response),
    /// The request will be sent again: the attempt that failed, and the seconds until the next.
    Retry(Attempt, f64),
    /// The first event was made.
    FirstEvent,
    /// The answer has ended, however it did.
    End,
}

/// A happening and its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// What happened.
    pub happening: Happening,
    /// When, in nanoseconds since 1970.
    pub at_ns: u64,
}

/// Keeps what happens until somebody asks.
#[derive(Default)]
pub(super) struct Observer {
    observations: Vec<Observation>,
    attempts: usize,
    begun: bool,
}

impl Observer {
    pub(super) fn note(&mut self, happening: Happening) {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.observations.push(Observation {
            happening,
            at_ns: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        });
    }

    pub(super) fn sent(&mut self) {
        self.attempts += 1;
        self.note(Happening::Attempt(self.attempts));
    }

    /// There are events; only the first call counts.
    pub(super) fn first_event(&mut self) {
        if !std::mem::replace(&mut self.begun, true) {
            self.note(Happening::FirstEvent);
        }
    }

    pub(super) fn take(&mut self) -> Vec<Observation> {
        std::mem::take(&mut self.observations)
    }
}
