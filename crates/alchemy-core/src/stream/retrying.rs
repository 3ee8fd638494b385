//! Whether the request of a stream is sent again, and what with.

use std::sync::Arc;
use std::time::Duration;

use crate::answer::Answer;
use crate::error::{Error, Result};
use crate::random;
use crate::retry::{Budgets, Progress, Verdict, decide};
use crate::transport::Call;
use crate::types::Retries;

/// Makes a request and its answer anew, for another attempt.
pub trait Again: Send {
    /// The request, the same as before.
    ///
    /// # Errors
    /// As when it was made first.
    fn call(&self) -> Result<Call>;

    /// An answer of which nothing has come.
    ///
    /// # Errors
    /// As when it was made first.
    fn answer(&self) -> Result<Answer>;
}

/// What is known of the attempts of one stream.
pub(super) struct Retrying {
    policy: Retries,
    failed: u32,
    budgets: Arc<Budgets>,
    /// None: the request is not sent again, or not any more.
    again: Option<Box<dyn Again>>,
}

/// Another attempt.
pub(super) struct Next {
    pub(super) wait: Duration,
    pub(super) call: Call,
    pub(super) answer: Answer,
}

impl Retrying {
    pub(super) fn new(policy: Retries, budgets: Arc<Budgets>, again: Option<Box<dyn Again>>, first: &Call) -> Self {
        if again.is_some()
            && let Some(share) = policy.budget
        {
            let (host, port) = place(first);
            budgets.earn(host, port, share);
        }
        Retrying {
            policy,
            failed: 0,
            budgets,
            again,
        }
    }

    /// The answer has begun: it is not asked for again, and what the request holds is let go of.
    pub(super) fn begun(&mut self) {
        self.again = None;
    }

    /// Decides about a failure of `answer`: what is sent next, or the error with what is to be said about that.
    pub(super) fn next(&mut self, mut error: Error, answer: &Answer, left: Option<Duration>) -> Result<Next> {
        self.failed = self.failed.saturating_add(1);
        let progress = match (answer.has_begun(), answer.has_bytes()) {
            (true, _) => Progress::Events,
            (false, true) => Progress::Bytes,
            (false, false) => Progress::Nothing,
        };
        // Where nothing random can be had the wait is as long as it can be.
        let random = random::fraction().unwrap_or(1.0);
        let verdict = decide(&self.policy, self.failed, &error, progress, random, left);
        let note = match (verdict, &self.again) {
            (Verdict::Again { wait, asked }, Some(again)) => {
                if let (Ok(call), Ok(answer)) = (again.call(), again.answer()) {
                    let (host, port) = place(&call);
                    if asked || self.policy.budget.is_none() || self.budgets.spend(host, port) {
                        return Ok(Next { wait, call, answer });
                    }
                }
                Some(
                    "not sent again, since the client's budget for retries at this provider is spent (retries.budget)"
                        .to_owned(),
                )
            }
            (Verdict::Again { .. }, None) => None,
            (Verdict::Enough(note), _) => note,
        };
        if let Some(note) = note {
            error.message = format!("{}; {note}", error.message.trim_end_matches('.'));
        }
        Err(error)
    }
}

fn place(call: &Call) -> (&str, u16) {
    let port = call.url.port_or_known_default().unwrap_or_default();
    (call.url.host_str().unwrap_or_default(), port)
}
