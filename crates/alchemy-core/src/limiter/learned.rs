//! What the answers of one model told of its limits.

use std::cmp::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use super::pace::MINUTE;
use crate::rate_limits::{Allowance, RateLimits};

/// The longest that requests are held back for what an answer said. Whatever takes longer is no limit by the minute;
/// the request goes, and its answer says how long.
pub(super) const LONGEST: Duration = MINUTE;
/// How many tokens an answer is taken for before one was seen.
const OUTPUT: f64 = 1000.0;
/// How much of the average the latest answer makes.
const LATEST: f64 = 0.2;

/// A model's limits as far as they are known.
#[derive(Default)]
pub(super) struct Learned {
    /// Requests that were sent.
    sent: u64,
    /// Tokens that they were taken for.
    spent: u64,
    /// The latest request of those whose answers were read.
    read: u64,
    requests: Budget,
    tokens: Budget,
    /// Until when the provider asked to be left alone.
    held: Option<Instant>,
    output: Option<f64>,
}

/// Which of a model's requests one is.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    sent: u64,
    spent: u64,
}

/// What is left of one limit until it resets.
#[derive(Default)]
struct Budget {
    limit: Option<u64>,
    left: Option<u64>,
    reset: Option<Instant>,
}

impl Learned {
    /// Until when a request of so many tokens would be refused; None if it would not be, as far as is known.
    pub(super) fn held(&mut self, now: Instant, tokens: u64) -> Option<Instant> {
        self.held = self.held.filter(|until| *until > now);
        let [requests, tokens] = [self.requests.refused(now, 1), self.tokens.refused(now, tokens)];
        self.held.max(requests).max(tokens)
    }

    /// A request of so many tokens is sent.
    pub(super) fn send(&mut self, tokens: u64) -> Mark {
        self.sent += 1;
        self.spent = self.spent.saturating_add(tokens);
        self.requests.spend(1);
        self.tokens.spend(tokens);
        Mark {
            sent: self.sent,
            spent: self.spent,
        }
    }

    /// A request was not sent after all.
    pub(super) fn give_back(&mut self, tokens: u64) {
        self.requests.give_back(1);
        self.tokens.give_back(tokens);
    }

    /// An answer began. What it says is of the time of its own request: those that were sent later come on top.
    pub(super) fn read(&mut self, now: Instant, mark: Mark, told: &RateLimits) {
        if mark.sent < self.read {
            return;
        }
        self.read = mark.sent;
        self.requests.read(now, &told.requests, self.sent - mark.sent);
        // Parts of the tokens say something about all of them once nothing is left.
        let parts = [&told.input_tokens, &told.output_tokens].into_iter();
        let used_up = parts.filter(|part| part.remaining == Some(0));
        let tokens = used_up.max_by(|part, other| part.reset.partial_cmp(&other.reset).unwrap_or(Ordering::Equal));
        self.tokens
            .read(now, tokens.unwrap_or(&told.tokens), self.spent - mark.spent);
    }

    /// The provider asked to be left alone for a while.
    pub(super) fn hold(&mut self, now: Instant, wait: Duration) {
        if wait <= LONGEST {
            self.held = self.held.max(Some(now + wait));
        }
    }

    /// How many tokens an answer is likely to have.
    pub(super) fn output(&self) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an average of counts"
        )]
        let output = self.output.unwrap_or(OUTPUT).round() as u64;
        output
    }

    /// An answer had so many tokens.
    pub(super) fn answered(&mut self, tokens: u64) {
        #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
        let tokens = tokens as f64;
        self.output = Some(
            self.output
                .map_or(tokens, |average| average + (tokens - average) * LATEST),
        );
    }

    /// Whether nothing is known that holds anybody back.
    pub(super) fn is_open(&mut self, now: Instant) -> bool {
        self.held(now, 0).is_none()
    }
}

impl Budget {
    fn refused(&mut self, now: Instant, count: u64) -> Option<Instant> {
        if let Some(reset) = self.reset
            && reset <= now
        {
            // All of it is there again; a limit that an answer tells of is mostly one by the minute.
            self.left = self.limit;
            self.reset = self.limit.map(|_| now + MINUTE);
        }
        // Who asks for more than there can ever be goes once all of it is there.
        let whole = self.limit.is_some_and(|limit| self.left >= Some(limit));
        let short = self.left.is_some_and(|left| left < count) && !whole;
        self.reset.filter(|reset| short && *reset - now <= LONGEST)
    }

    fn spend(&mut self, count: u64) {
        self.left = self.left.map(|left| left.saturating_sub(count));
    }

    fn give_back(&mut self, count: u64) {
        self.left = self.left.map(|left| left.saturating_add(count));
    }

    fn read(&mut self, now: Instant, told: &Allowance, since: u64) {
        if let Some(remaining) = told.remaining {
            // A limit of nothing is one that the server does not know.
            self.limit = told.limit.filter(|limit| *limit > 0);
            self.left = Some(remaining.saturating_sub(since));
            let reset = told.reset.and_then(|reset| Duration::try_from_secs_f64(reset).ok());
            self.reset = reset.and_then(|reset| now.checked_add(reset));
        }
    }
}
