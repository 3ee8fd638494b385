//! By the minute: how many requests, and how many tokens.

use std::collections::VecDeque;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use tokio::time::Instant;

/// What limits by the minute are about.
pub(super) const MINUTE: Duration = Duration::from_secs(60);
/// For how many minutes a request counts at most that had more tokens than there are in one: a server may say anything.
const MINUTES: u64 = 10;
/// The same for what is added up.
const TOKENS: u64 = u32::MAX as u64;

/// Spreads requests over the minute: the generic cell rate algorithm.
///
/// A second's worth of them may go at once, since providers enforce a limit by the minute second by second too. The
/// spacing is so much wider for it that no sixty seconds, wherever they begin, see more requests than the limit.
pub(super) struct Pace {
    interval: Duration,
    /// How far ahead of the spacing requests may be.
    ahead: Duration,
    /// When the next request would go if none were ahead.
    next: Option<Instant>,
}

/// What a request did to the spacing, to take it back.
#[derive(Clone, Copy)]
pub(super) struct Spaced {
    before: Option<Instant>,
    after: Instant,
}

impl Pace {
    pub(super) fn new(per_minute: NonZeroU32) -> Self {
        let at_once = (per_minute.get() / 60).max(1);
        // Of `limit` requests in any minute `at_once - 1` may be ahead, so that many fewer fit by their spacing.
        let spaced = u128::from(per_minute.get() - at_once + 1);
        let interval = u64::try_from(MINUTE.as_nanos().div_ceil(spaced)).unwrap_or(u64::MAX);
        let interval = Duration::from_nanos(interval);
        Pace {
            interval,
            ahead: interval.saturating_mul(at_once - 1),
            next: None,
        }
    }

    /// When a request may go.
    pub(super) fn ready(&self, now: Instant) -> Instant {
        self.next
            .and_then(|next| next.checked_sub(self.ahead))
            .map_or(now, |at| at.max(now))
    }

    /// A request goes.
    pub(super) fn spend(&mut self, now: Instant) -> Spaced {
        let before = self.next;
        let after = before.map_or(now, |next| next.max(now)) + self.interval;
        self.next = Some(after);
        Spaced { before, after }
    }

    /// A request did not go after all. Its place is free again unless others went since.
    pub(super) fn give_back(&mut self, spaced: Spaced) {
        if self.next == Some(spaced.after) {
            self.next = spaced.before;
        }
    }
}

/// Counts tokens over the last minute, as a list of what each request took.
pub(super) struct Window {
    limit: u64,
    used: u64,
    entries: VecDeque<Entry>,
    last: u64,
}

struct Entry {
    id: u64,
    at: Instant,
    /// When it is a minute old; one of more tokens than a minute may have counts for as many minutes.
    until: Instant,
    tokens: u64,
}

impl Window {
    pub(super) fn new(per_minute: NonZeroU64) -> Self {
        Window {
            limit: per_minute.get(),
            used: 0,
            entries: VecDeque::new(),
            last: 0,
        }
    }

    /// When a request of so many tokens may go; one of more than the limit once nothing else counts.
    pub(super) fn ready(&mut self, now: Instant, tokens: u64) -> Instant {
        self.forget(now);
        let mut excess = match tokens > self.limit {
            true => self.used,
            false => self.used.saturating_add(tokens).saturating_sub(self.limit),
        };
        let mut at = now;
        for entry in &self.entries {
            if excess == 0 {
                break;
            }
            excess = excess.saturating_sub(entry.tokens);
            at = at.max(entry.until);
        }
        at
    }

    /// A request of so many tokens goes. Returns what [`Window::correct`] is told.
    pub(super) fn spend(&mut self, now: Instant, tokens: u64) -> u64 {
        let tokens = tokens.min(TOKENS);
        self.last += 1;
        let until = self.until(now, tokens);
        self.entries.push_back(Entry {
            id: self.last,
            at: now,
            until,
            tokens,
        });
        self.used += tokens;
        self.last
    }

    /// A request that was taken for `estimate` tokens used `tokens`.
    pub(super) fn correct(&mut self, now: Instant, id: u64, estimate: u64, tokens: u64) {
        self.forget(now);
        let tokens = tokens.min(TOKENS);
        let found = self.entries.binary_search_by_key(&id, |entry| entry.id).ok();
        let Some((index, at)) = found.and_then(|index| Some((index, self.entries.get(index)?.at))) else {
            // Older than a minute: what it used beyond the estimate was used since.
            if let Some(more @ 1..) = tokens.checked_sub(estimate) {
                self.spend(now, more);
            }
            return;
        };
        let until = self.until(at, tokens);
        if let Some(entry) = self.entries.get_mut(index) {
            self.used = self.used - entry.tokens + tokens;
            entry.tokens = tokens;
            entry.until = until;
        }
    }

    /// Lets go of what is older than a minute.
    fn forget(&mut self, now: Instant) {
        while let Some(entry) = self.entries.front()
            && entry.until <= now
        {
            self.used -= entry.tokens;
            self.entries.pop_front();
        }
    }

    fn until(&self, at: Instant, tokens: u64) -> Instant {
        let minutes = tokens.div_ceil(self.limit).clamp(1, MINUTES);
        at + Duration::from_secs(60 * minutes)
    }
}
