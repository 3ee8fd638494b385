//! The clocks of one answer: to the first event, between pieces, and in total.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
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
///
/// The first three fields are looked at for each event of a thousand streams: they lie together.
#[repr(C)]
pub(crate) struct Deadlines {
    /// When the last piece came.
    active: Instant,
    /// What the timer is set to.
    rings: Instant,
    /// Whom the timer wakes, as it is set now.
    watched: Option<Waker>,
    timer: Pin<Box<Sleep>>,
    begun: bool,
    timeout: Timeout,
    started: Instant,
    /// When it was sent last.
    sent: Instant,
    ending: Option<Instant>,
    /// When the patience for the body of a failure is over.
    failing: Option<Instant>,
    /// No limit: when somebody wants to be told, while the next piece is waited for.
    bell: Option<Instant>,
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
        let rings = started + seconds(timeout.first_event).min(seconds(timeout.total));
        Deadlines {
            active: started,
            rings,
            watched: None,
            timer: Box::pin(sleep_until(rings)),
            begun: false,
            timeout,
            started,
            sent: started,
            ending: None,
            failing: None,
            bell: None,
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
        if at < self.rings {
            self.rings = at;
            self.timer.as_mut().reset(at);
        }
    }

    fn set(&mut self) {
        let (due, _) = self.due();
        self.rings = self.bell.map_or(due, |bell| bell.min(due));
        self.timer.as_mut().reset(self.rings);
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
        let mut future = pin!(future);
        std::future::poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Ok(output)),
            Poll::Pending => {
                let limit = ready!(self.poll_limit(context, Instant::now(), || ()));
                Poll::Ready(Err(self.error(limit)))
            }
        })
        .await
    }

    /// Polls the limits while the next piece is waited for and not there. `begins`: this wait begins now. Ready once the patience
    /// is over, without an error if the answer has ended, be it by the total: an answer that is whole in time is not
    /// late. Calls `ring` at the time of [`Deadlines::ring_at`].
    pub(crate) fn poll_pause(
        &mut self,
        context: &mut Context<'_>,
        begins: bool,
        ring: impl FnMut(),
    ) -> Poll<Result<()>> {
        let now = Instant::now();
        if begins {
            self.active = now;
        }
        let limit = ready!(self.poll_limit(context, now, ring));
        Poll::Ready(match self.ending {
            Some(_) => Ok(()),
            None => Err(self.error(limit)),
        })
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

    /// Polls for the limit that is over first.
    fn poll_limit(&mut self, context: &mut Context<'_>, now: Instant, mut ring: impl FnMut()) -> Poll<Limit> {
        // The timer knows whom to wake from an earlier wait; to tell it again takes as long as to decode an event, and
        // to look at it means to fetch it from memory.
        let watched = self.watched.as_ref();
        if now < self.rings && watched.is_some_and(|waker| waker.will_wake(context.waker())) {
            return Poll::Pending;
        }
        while self.timer.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            let (due, limit) = self.due();
            if now >= due {
                return Poll::Ready(limit);
            }
            if self.bell.is_some_and(|bell| now >= bell) {
                self.bell = None;
                ring();
            }
            self.set();
        }
        self.watched = Some(context.waker().clone());
        Poll::Pending
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

    /// Waits for a piece that does not come.
    async fn pause(deadlines: &mut Deadlines, mut ring: impl FnMut()) -> Result<()> {
        let mut begins = true;
        std::future::poll_fn(|context| deadlines.poll_pause(context, std::mem::take(&mut begins), &mut ring)).await
    }

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
        let error = pause(&mut deadlines, || rung.push(Instant::now())).await;
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
        let paused = pause(&mut deadlines, || rung.push(Instant::now()));
        assert!(tokio::time::timeout(Duration::from_secs(10), paused).await.is_err());
        assert_eq!(rung, [started + Duration::from_millis(700)]);
    }
}
