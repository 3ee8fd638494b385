//! The clocks of one answer: to the first event, between pieces, and in total.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::error::{Error, ErrorKind, Result};
use crate::types::Timeout;

/// How long to wait for usage or `[DONE]` once the terminal marker was there.
const GRACE: Duration = Duration::from_secs(2);
/// Stands for no limit: a clock needs some time to be set to.
const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// Keeps the time limits of an answer.
///
/// One timer serves all limits and is set again only when it goes off too early, so that an event
/// costs no timer work.
pub(crate) struct Deadlines {
    timeout: Timeout,
    started: Instant,
    /// When it was sent last.
    sent: Instant,
    /// When the last piece came.
    active: Instant,
    begun: bool,
    ending: Option<Instant>,
    /// When the patience for the body of a failure is over.
    failing: Option<Instant>,
    /// No limit: when somebody wants to be told, while the next piece is waited for.
    bell: Option<Instant>,
    timer: Pin<Box<Sleep>>,
    /// Whom the timer wakes, as it is set now.
    watched: Option<Waker>,
}

/// What a clock that goes off means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Limit {
    FirstEvent,
    Idle,
    Total,
    /// The answer is whole; only its connection does not end.
    Grace,
}

fn seconds(limit: Option<f64>) -> Duration {
    limit
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .unwrap_or(NEVER)
        .min(NEVER)
}

impl Deadlines {
    /// Starts the clocks: the request is sent at this time.
    pub(crate) fn new(timeout: Timeout, started: Instant) -> Self {
        let first = seconds(timeout.first_event).min(seconds(timeout.total));
        let timer = Box::pin(sleep_until(started + first));
        Deadlines {
            timeout,
            started,
            sent: started,
            active: started,
            begun: false,
            ending: None,
            failing: None,
            bell: None,
            timer,
            watched: None,
        }
    }

    /// The request is sent once more: what counts for each attempt begins anew.
    pub(crate) fn again(&mut self, now: Instant) {
        self.sent = now;
        self.active = now;
        self.begun = false;
        self.ending = None;
        self.failing = None;
        self.set();
    }

    /// The head was that of a failure: what its body adds is not waited for long.
    pub(crate) fn failing(&mut self) {
        self.failing = Some(Instant::now() + GRACE);
        self.set();
    }

    /// What is left of the total; None: no limit.
    pub(crate) fn left(&self) -> Option<Duration> {
        let end = self.started + seconds(Some(self.timeout.total?));
        Some(end.saturating_duration_since(Instant::now()))
    }

    /// The first event was there.
    pub(crate) fn begun(&mut self) {
        if !self.begun {
            self.begun = true;
            self.active = Instant::now();
            self.set();
        }
    }

    /// The terminal marker was there.
    pub(crate) fn ending(&mut self) {
        self.begun = true;
        if self.ending.is_none() {
            self.ending = Some(Instant::now() + GRACE);
            self.set();
        }
    }

    /// Has the wait for the next piece ring at this time, once; in place of any other time.
    pub(crate) fn ring_at(&mut self, at: Instant) {
        self.bell = Some(at);
        if at < self.timer.deadline() {
            self.timer.as_mut().reset(at);
        }
    }

    fn set(&mut self) {
        let (due, _) = self.due();
        let next = self.bell.map_or(due, |bell| bell.min(due));
        self.timer.as_mut().reset(next);
        self.watched = None;
    }

    /// The limit that comes first.
    fn due(&self) -> (Instant, Limit) {
        let total = (self.started + seconds(self.timeout.total), Limit::Total);
        let next = match (self.ending.or(self.failing), self.begun) {
            (Some(grace), _) => (grace, Limit::Grace),
            (None, true) => (self.active + seconds(self.timeout.idle), Limit::Idle),
            (None, false) => (self.sent + seconds(self.timeout.first_event), Limit::FirstEvent),
        };
        if next.0 <= total.0 { next } else { total }
    }

    /// Waits for the head of the answer within the limits.
    pub(crate) async fn limit<F: Future>(&mut self, future: F) -> Result<F::Output> {
        self.race(future, false, || ()).await.map_err(|limit| self.error(limit))
    }

    /// Waits for the next piece, which was looked for a moment ago and not there, within the limits; None once the patience after the end is over, be it by the
    /// total: an answer that is whole in time is not late. Calls `ring` at the time of [`Deadlines::ring_at`].
    pub(crate) async fn limit_or_end<F: Future<Output = Option<T>>, T>(
        &mut self,
        future: F,
        ring: impl FnMut(),
    ) -> Result<Option<T>> {
        self.active = Instant::now();
        match self.race(future, true, ring).await {
            Ok(output) => Ok(output),
            Err(_) if self.ending.is_some() => Ok(None),
            Err(limit) => Err(self.error(limit)),
        }
    }

    /// Waits for what is no fault of the server, such as a slow reader: only the total limit counts. None once it is over
    /// for an answer that is whole.
    pub(crate) async fn paused<F: Future>(&mut self, future: F) -> Result<Option<F::Output>> {
        let total = self.started + seconds(self.timeout.total);
        match tokio::time::timeout_at(total, future).await {
            Ok(output) => Ok(Some(output)),
            Err(_) if self.ending.is_some() => Ok(None),
            Err(_) => Err(self.error(Limit::Total)),
        }
    }

    /// Whether to read on, for an answer that never lets the timer run: bytes without end are no pause, but they may
    /// hold no event, or follow the end. False once the patience after the end is over.
    pub(crate) fn check(&self) -> Result<bool> {
        let now = Instant::now();
        let over = |due: Instant| now >= due;
        match self.due() {
            (due, _) if self.ending.is_some() => Ok(!over(due)),
            (due, Limit::FirstEvent) if over(due) => Err(self.error(Limit::FirstEvent)),
            _ if over(self.started + seconds(self.timeout.total)) => Err(self.error(Limit::Total)),
            _ => Ok(true),
        }
    }

    /// Waits for a future within the limits. `pending`: this task has polled it already, and it was pending.
    async fn race<F: Future>(
        &mut self,
        future: F,
        mut pending: bool,
        mut ring: impl FnMut(),
    ) -> std::result::Result<F::Output, Limit> {
        let mut future = pin!(future);
        std::future::poll_fn(|context| {
            if !std::mem::take(&mut pending)
                && let Poll::Ready(output) = future.as_mut().poll(context)
            {
                return Poll::Ready(Ok(output));
            }
            // The timer knows whom to wake from an earlier wait; to tell it again takes as long as to decode an event.
            let watched = self
                .watched
                .as_ref()
                .is_some_and(|waker| waker.will_wake(context.waker()));
            if watched && !self.timer.is_elapsed() {
                return Poll::Pending;
            }
            while self.timer.as_mut().poll(context).is_ready() {
                let now = Instant::now();
                let (due, limit) = self.due();
                if now >= due {
                    return Poll::Ready(Err(limit));
                }
                if self.bell.is_some_and(|bell| now >= bell) {
                    self.bell = None;
                    ring();
                }
                self.set();
            }
            self.watched = Some(context.waker().clone());
            Poll::Pending
        })
        .await
    }

    fn error(&self, limit: Limit) -> Error {
        let (kind, seconds, what) = match limit {
            Limit::FirstEvent => (
                ErrorKind::FirstEventTimeoutError,
                self.timeout.first_event,
                "the answer did not begin within",
            ),
            Limit::Idle => (
                ErrorKind::IdleTimeoutError,
                self.timeout.idle,
                "the answer paused for more than",
            ),
            Limit::Total | Limit::Grace => (
                ErrorKind::TotalTimeoutError,
                self.timeout.total,
                "the answer was not whole within",
            ),
        };
        let name = match limit {
            Limit::FirstEvent => "first_event",
            Limit::Idle => "idle",
            Limit::Total | Limit::Grace => "total",
        };
        let figure = seconds.unwrap_or_default();
        Error {
            seconds,
            ..Error::new(kind, format!("{what} {figure} s (timeout.{name})"))
        }
    }

    /// Adds the figure to a connection that was not made in time.
    pub(crate) fn explain(&self, mut error: Error) -> Error {
        if error.kind == ErrorKind::ConnectTimeoutError {
            error.seconds = self.timeout.connect;
            let figure = self.timeout.connect.unwrap_or_default();
            error.message = format!("{} within {figure} s (timeout.connect)", error.message);
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bell_rings_once_and_moves_no_limit() {
        let timeout = Timeout {
            idle: Some(1.0),
            ..Timeout::default()
        };
        let started = Instant::now();
        let after = |milliseconds| started + Duration::from_millis(milliseconds);
        let mut deadlines = Deadlines::new(timeout, started);
        // A bell that was set before the limits changed is still heard.
        deadlines.ring_at(after(300));
        deadlines.begun();
        let mut rung = Vec::new();
        let never = std::future::pending::<Option<()>>();
        let error = deadlines.limit_or_end(never, || rung.push(Instant::now())).await;
        assert_eq!(error.unwrap_err().kind, ErrorKind::IdleTimeoutError);
        assert_eq!(Instant::now(), after(1000));
        assert_eq!(rung, [after(300)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_bell_that_was_set_anew_rings_at_its_last_time() {
        let started = Instant::now();
        let mut deadlines = Deadlines::new(Timeout::default(), started);
        deadlines.begun();
        for milliseconds in [5000, 100, 700] {
            deadlines.ring_at(started + Duration::from_millis(milliseconds));
        }
        let mut rung = Vec::new();
        let more = async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Some(())
        };
        let more = deadlines.limit_or_end(more, || rung.push(Instant::now())).await;
        assert_eq!(more.unwrap(), Some(()));
        assert_eq!(rung, [started + Duration::from_millis(700)]);
    }
}
