//! How many requests a client has under way, and how fast it sends more.
//!
//! Whoever waits is a task that is told when its turn has come: no thread, no loop that looks again and again, and a
//! timer only for the one who is next.

use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::head::Head;
use crate::rate_limits::RateLimits;
use crate::types::{Limits, Usage};

mod estimate;
mod learned;
mod pace;
mod queue;

pub use estimate::input_tokens;
use queue::{Grant, Queue, Turn, Wakers};

/// Holds requests back until they may be sent. One for each client; clones are the same limiter.
///
/// # Example
/// ```
/// use alchemy_core::limiter::Limiter;
/// use alchemy_core::types::Limits;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let limits = Limits { concurrent_requests: std::num::NonZero::new(1), ..Limits::default() };
/// let limiter = Limiter::new(&limits);
/// let permit = limiter.acquire("openai/gpt-5-mini", 100, Some(200)).await;
/// assert_eq!(limiter.counts(), (1, 0));
/// drop(permit);
/// assert_eq!(limiter.counts(), (0, 0));
/// # });
/// ```
#[derive(Clone)]
pub struct Limiter {
    queue: Arc<Mutex<Queue>>,
}

/// The right to send one request. Dropping it tells that the request is over.
pub struct Permit {
    limiter: Limiter,
    grant: Grant,
    waited: Duration,
}

/// What one request asks of a limiter, each time that it is sent.
pub struct Claim {
    limiter: Limiter,
    model: String,
    input: u64,
    output: Option<u64>,
}

impl Claim {
    /// What a request asks of `limiter`; the other arguments are those of [`Limiter::acquire`].
    #[must_use]
    pub fn new(limiter: &Limiter, model: String, input: u64, output: Option<u64>) -> Self {
        Claim {
            limiter: limiter.clone(),
            model,
            input,
            output,
        }
    }

    /// Waits until the request may be sent.
    pub async fn acquire(&self) -> Permit {
        self.limiter.acquire(&self.model, self.input, self.output).await
    }
}

impl Limiter {
    /// A limiter that nobody uses yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Limiter {
            queue: Arc::new(Mutex::new(Queue::new(limits))),
        }
    }

    /// Waits until a request may be sent.
    ///
    /// The request is to `model`, named with its provider, and has `input` tokens, an estimate such as
    /// [`input_tokens`] makes. Its answer has `output` tokens at most; None takes the average of the model's answers,
    /// or 1000 before the first. Who comes first goes first, save that what holds back one model does not hold back
    /// others. A wait that is dropped gives up its place.
    pub async fn acquire(&self, model: &str, input: u64, output: Option<u64>) -> Permit {
        let model = Arc::<str>::from(model);
        let mut place = Place {
            ticket: self.change(|queue, now, _| queue.enter(now, &model, input, output)),
            limiter: self,
            model,
            held: None,
            timer: None,
            gone: false,
        };
        poll_fn(|context| place.poll(context)).await
    }

    /// How many requests are under way, and how many wait.
    #[must_use]
    pub fn counts(&self) -> (u32, usize) {
        self.change(|queue, _, _| queue.counts())
    }

    /// Changes the queue, and tells those whom the change concerns.
    fn change<T>(&self, change: impl FnOnce(&mut Queue, Instant, &mut Wakers) -> T) -> T {
        let mut wakers = Wakers::new();
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut queue, Instant::now(), &mut wakers);
        drop(queue);
        for waker in wakers {
            waker.wake();
        }
        result
    }
}

impl Permit {
    /// How long the request was held back; nothing where it was not.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// The answer began: notes what its head says of the provider's limits.
    pub fn answered(&self, head: &Head) {
        let told = RateLimits::read(&head.headers);
        if told != RateLimits::default() {
            self.limiter.change(|queue, now, wakers| {
                queue.learn(now, &self.grant, |model, mark| model.read(now, mark, &told), wakers);
            });
        }
    }

    /// The provider refused the request, which used no tokens; with a wish, the model's next requests wait so long.
    ///
    /// A wish of more than a minute is not waited for: the next request gets it as its answer.
    pub fn refused(&mut self, wait: Option<Duration>) {
        self.limiter.change(|queue, now, wakers| {
            queue.correct(now, &mut self.grant, 0, wakers);
            if let Some(wait) = wait {
                queue.learn(now, &self.grant, |model, _| model.hold(now, wait), wakers);
            }
        });
    }

    /// The answer is whole: what it used takes the place of the estimate.
    pub fn settle(&mut self, usage: &Usage) {
        let parts = [usage.input, usage.cache_read, usage.cache_write, usage.output];
        let sum = usage.input.is_some() && usage.output.is_some();
        let sum = sum.then(|| {
            parts
                .iter()
                .flatten()
                .fold(0_u64, |sum, part| sum.saturating_add(*part))
        });
        self.limiter.change(|queue, now, wakers| {
            if let Some(tokens) = usage.total_tokens.or(sum) {
                queue.correct(now, &mut self.grant, tokens, wakers);
            }
            if let Some(output) = usage.output {
                queue.remember(&self.grant.model, output);
            }
        });
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.limiter.change(|queue, now, wakers| queue.end(now, wakers));
    }
}

/// A place among those who wait.
struct Place<'a> {
    limiter: &'a Limiter,
    model: Arc<str>,
    ticket: u64,
    /// Since when it has been held back.
    held: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    gone: bool,
}

impl Place<'_> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Permit> {
        loop {
            let turn = self
                .limiter
                .change(|queue, now, wakers| queue.turn(now, &self.model, self.ticket, context.waker(), wakers));
            let at = match turn {
                Turn::Go(grant) => {
                    self.gone = true;
                    return Poll::Ready(Permit {
                        limiter: self.limiter.clone(),
                        grant,
                        waited: self.held.map(|held| held.elapsed()).unwrap_or_default(),
                    });
                }
                Turn::Wait(at) => at,
            };
            self.held.get_or_insert_with(Instant::now);
            let Some(at) = at else {
                self.timer = None;
                return Poll::Pending;
            };
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            if timer.deadline() != at {
                timer.as_mut().reset(at);
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.gone {
            self.limiter
                .change(|queue, now, wakers| queue.leave(now, &self.model, self.ticket, wakers));
        }
    }
}

#[cfg(test)]
mod tests;
