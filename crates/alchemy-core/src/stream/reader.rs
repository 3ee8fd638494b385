//! The task behind a stream: sends the request, reads its answer, feeds it to the consumers.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::coalescing::Coalescing;
use super::retrying::{Again, Next, Retrying};
use super::{Happening, Shared, State, UNREAD_BYTES};
use crate::deadlines::Deadlines;
use crate::error::{ErrorKind, Result};
use crate::limiter::{Claim, Permit};
use crate::protocols::Flow;
use crate::retry::Budgets;
use crate::runtimes;
use crate::transport::{Call, Pool, Reply};
use crate::types::{Retries, StopReason, Timeout};

/// Events are handed over when this many wait, even while more bytes can be read at once.
const BATCH_EVENTS: usize = 256;
/// The same, counted in bytes read.
const BATCH_BYTES: usize = 64 * 1024;
/// How much is decoded while a consumer that wants to take events is kept waiting.
const FEED_BYTES: usize = 16 * 1024;
/// How long a connection may take to come free after the answer, to be used again.
const DRAIN_TIME: Duration = Duration::from_millis(200);
/// How much of what follows the answer is read for that.
const DRAIN_BYTES: usize = 64 * 1024;

/// The task's side of a stream. A task that panics ends its answer: nobody waits for ever.
pub(super) struct Reader(pub(super) Arc<Shared>);

impl Drop for Reader {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.give_up();
        }
    }
}

/// What it takes to send a request, once or more.
pub struct Sending {
    /// The connections.
    pub pool: Pool,
    /// The request.
    pub call: Call,
    /// The time limits.
    pub timeout: Timeout,
    /// When it is sent again.
    pub retries: Retries,
    /// What the client may spend on that.
    pub budgets: Arc<Budgets>,
    /// When deltas that were merged are handed over; None: they are not merged.
    pub coalescing: Option<Coalescing>,
    /// What it asks of the client's limits, where there are any.
    pub claim: Option<Claim>,
    /// Makes the request and its answer anew; None: it is sent once.
    pub again: Option<Box<dyn Again>>,
    /// Kept until the task that reads the answer has ended, whatever it is.
    pub companion: Option<Box<dyn Send>>,
}

impl Reader {
    /// Sends the request and reads its answer, and frees its connection.
    pub(super) async fn run(self, mut sending: Sending, started: Instant) {
        let _companion = sending.companion.take();
        if let Some(mut reply) = self.answer(sending, started).await
            && !poll_fn(|context| Poll::Ready(has_ended(&mut reply, context))).await
        {
            if runtimes::stands_still() {
                runtimes::spawn(drain(reply));
            } else {
                drain(reply).await;
            }
        }
    }

    /// Sends the request and reads its answer; returns what is left of one that is whole.
    async fn answer(self, sending: Sending, started: Instant) -> Option<Reply> {
        let Sending {
            pool, mut call, claim, ..
        } = sending;
        let mut deadlines = Deadlines::new(sending.timeout, started.into());
        let mut retrying = Retrying::new(sending.retries, sending.budgets, sending.again, &call);
        let mut permit = None;
        if let Some(claim) = &claim {
            permit = self.0.permitted(claim, &mut deadlines, Duration::ZERO).await;
            permit.as_ref()?;
        }
        loop {
            let next = match deadlines.limit(pool.send(call)).await {
                Ok(Ok(mut reply)) => {
                    if let Some(permit) = &permit {
                        permit.answered(&reply.head);
                    }
                    let result = self.0.read(&mut reply, &mut deadlines, &mut retrying).await;
                    let next = self.0.conclude(result, &mut retrying, &deadlines, &mut permit);
                    if next.is_none() {
                        return self.0.is_whole().then_some(reply);
                    }
                    next
                }
                Ok(Err(error)) => {
                    let error = deadlines.explain(error);
                    self.0.conclude(Err(error), &mut retrying, &deadlines, &mut permit)
                }
                Err(error) => self.0.conclude(Err(error), &mut retrying, &deadlines, &mut permit),
            };
            let (wait, next) = next?;
            let held = Instant::now();
            tokio::time::sleep(wait).await;
            let goes = match &claim {
                Some(claim) => {
                    permit = self.0.permitted(claim, &mut deadlines, held.elapsed()).await;
                    permit.is_some()
                }
                None => self.0.send(&mut deadlines, held.elapsed()),
            };
            if !goes {
                return None;
            }
            call = next;
        }
    }
}

impl Shared {
    /// Notes that the request is sent now, after it was held back for so long; false if it is not wanted any more.
    fn send(&self, deadlines: &mut Deadlines, waited: Duration) -> bool {
        let now = Instant::now();
        let mut state = self.lock();
        if state.outcome.is_some() {
            return false;
        }
        state.send(now, waited.as_secs_f64());
        deadlines.again(now.into());
        true
    }

    /// Waits until the client's limits let the request be sent, which has waited for so long already. None: it is not
    /// sent any more.
    async fn permitted(&self, claim: &Claim, deadlines: &mut Deadlines, waited: Duration) -> Option<Permit> {
        match deadlines.paused(claim.acquire()).await {
            Ok(None) => {
                // An answer that nothing was sent for is never whole: this is for the compiler.
                self.give_up();
                None
            }
            Ok(Some(permit)) => self.send(deadlines, waited + permit.waited()).then_some(permit),
            Err(mut error) => {
                error.message += "; it was held back by the client's limits";
                self.finish(Err(error), StopReason::Error);
                None
            }
        }
    }

    /// Reads the answer to the end of its bytes, or to where nothing that counts can follow.
    async fn read(&self, reply: &mut Reply, deadlines: &mut Deadlines, retrying: &mut Retrying) -> Result<()> {
        {
            let mut state = self.lock();
            if state.outcome.is_some() {
                return Ok(());
            }
            if !reply.head.status.is_success() {
                deadlines.failing();
            }
            state.answer.begin(std::mem::take(&mut reply.head), Some(now_ms()));
            state.attempted();
            let State { observer, answer, .. } = &mut *state;
            if let Some(observer) = observer
                && let Some(response) = answer.response()
            {
                observer.note(Happening::Head(response));
            }
        }
        // Bytes read since the last hand-over.
        let mut fresh = 0;
        let mut flow = Flow::More;
        loop {
            let bytes = match poll_fn(|context| Poll::Ready(reply.poll_bytes(context))).await {
                Poll::Ready(bytes) => bytes,
                Poll::Pending => {
                    let mut found = Poll::Pending;
                    if fresh > 0 && !reply.is_direct() {
                        // The HTTP client hands on one chunk at a time and is resumed by this yield: more
                        // may be there right after it, and a consumer woken now would be woken again.
                        tokio::task::yield_now().await;
                        found = poll_fn(|context| Poll::Ready(reply.poll_bytes(context))).await;
                    }
                    match found {
                        Poll::Ready(bytes) => bytes,
                        Poll::Pending => {
                            if std::mem::take(&mut fresh) > 0 {
                                self.hand_over(false);
                            }
                            self.next(reply, deadlines).await?
                        }
                    }
                }
            };
            let bytes = match bytes {
                Some(Ok(bytes)) => bytes,
                None => return Ok(()),
                // The answer was whole: how its connection ends takes nothing away from it.
                Some(Err(_)) if flow == Flow::Ending => return Ok(()),
                Some(Err(error)) => return Err(error),
            };
            fresh += bytes.len();
            let (mut waiting, mut unread, mut held_until) = (0, 0, None);
            for piece in bytes.chunks(FEED_BYTES) {
                (flow, waiting, unread, held_until) = self.feed(piece)?;
                if flow == Flow::Ended {
                    break;
                }
            }
            if let Some(due) = held_until {
                deadlines.ring_at(due.into());
            }
            match flow {
                Flow::Ended => {
                    // The end of the body is often there as well, and then the connection is free for the request that
                    // the caller may send next.
                    drop(poll_fn(|context| Poll::Ready(reply.poll_bytes(context))).await);
                    return Ok(());
                }
                Flow::Ending => deadlines.ending(),
                Flow::More if waiting > 0 => {
                    deadlines.begun();
                    retrying.begun();
                }
                Flow::More => {}
            }
            if waiting >= BATCH_EVENTS || fresh >= BATCH_BYTES {
                fresh = 0;
                self.hand_over(true);
                if !deadlines.check()? {
                    return Ok(());
                }
                // Bytes that are always there, as from a decompressor, must not keep the worker from the others.
                runtimes::give_way().await;
            }
            if unread > UNREAD_BYTES {
                self.hand_over(false);
                if deadlines.paused(self.room()).await?.is_none() {
                    return Ok(());
                }
            }
        }
    }

    /// Ends the answer; or makes it ready for another attempt, and returns the wait before it and the request.
    /// The client's limits are told by `permit` what became of it, and it is given back before anybody sees the end.
    fn conclude(
        &self,
        result: Result<()>,
        retrying: &mut Retrying,
        deadlines: &Deadlines,
        permit: &mut Option<Permit>,
    ) -> Option<(Duration, Call)> {
        let mut state = self.lock();
        if state.outcome.is_some() {
            return None;
        }
        let error = match result.and_then(|()| state.answer.end()) {
            Ok(()) => {
                if let Some(mut permit) = permit.take() {
                    permit.settle(&state.answer.message().usage);
                }
                self.end_with(state, Ok(()), StopReason::Error);
                return None;
            }
            Err(error) => error,
        };
        state.attempted();
        let error = state.answer.broken(error);
        let answered = state.answer.head().is_some();
        let error = state.answer.explain(error);
        if let Some(mut permit) = permit.take() {
            let unused = match error.kind {
                ErrorKind::ConnectTimeoutError => true,
                ErrorKind::ApiConnectionError => !answered,
                // The provider may have written an answer, and billed it, all the same.
                ErrorKind::FirstEventTimeoutError | ErrorKind::IdleTimeoutError | ErrorKind::TotalTimeoutError => false,
                _ => error.status.is_some_and(|status| status >= 400),
            };
            if unused && !state.answer.has_begun() {
                let wish = error.retry_after.map(Duration::try_from_secs_f64);
                permit.refused(wish.and_then(std::result::Result::ok));
            }
        }
        match retrying.next(error, &state.answer, deadlines.left()) {
            Ok(Next { wait, call, mut answer }) => {
                answer.follow(&mut state.answer);
                if let (Some(observer), Some(failed)) = (&mut state.observer, answer.message().attempts.last()) {
                    observer.note(Happening::Retry(failed.clone(), wait.as_secs_f64()));
                }
                state.answer = answer;
                if state.observer.is_some() {
                    // The wait may be long: whoever waits for the answer can tell of the retry now.
                    self.tell(state, false);
                }
                Some((wait, call))
            }
            Err(error) => {
                self.end_with(state, Err(error), StopReason::Error);
                None
            }
        }
    }

    /// Waits for the next bytes; None is the end of the body, or of the patience for one that does
    /// not end after the answer has.
    async fn next(&self, reply: &mut Reply, deadlines: &mut Deadlines) -> Result<Option<Result<Bytes>>> {
        deadlines
            .limit_or_end(poll_fn(|context: &mut Context<'_>| reply.poll_bytes(context)), || {
                self.hand_over(false);
            })
            .await
    }

    /// Takes bytes in. Tells how many events can be taken, the bytes read while there were some, and when a delta that is
    /// held is due.
    fn feed(&self, bytes: &[u8]) -> Result<(Flow, usize, usize, Option<Instant>)> {
        let mut state = self.lock();
        if state.outcome.is_some() {
            // Closed in between: what waited was dropped, and what follows would come after a gap.
            return Ok((Flow::Ended, 0, 0, None));
        }
        let flow = state.answer.feed(bytes)?;
        let mut waiting = state.answer.waiting();
        if let Some(observer) = &mut state.observer
            && waiting > 0
        {
            observer.first_event();
        }
        let mut held_until = None;
        if state.discard {
            drop(state.answer.take_events());
        } else {
            let State { answer, merging, .. } = &mut *state;
            if let Some(merging) = merging {
                merging.add(answer.take_events(), Instant::now());
                if flow != Flow::More {
                    // What is left to come may take a while, and is hardly a delta.
                    merging.release();
                }
                (waiting, held_until) = (merging.ready(), merging.held_until());
            }
            if waiting > 0 {
                state.unread += bytes.len();
            }
        }
        Ok((flow, waiting, state.unread, held_until))
    }

    async fn room(&self) {
        while self.lock().unread > UNREAD_BYTES {
            self.room.notified().await;
        }
    }
}

/// Whether the body has ended, by what has come.
fn has_ended(reply: &mut Reply, context: &mut Context<'_>) -> bool {
    matches!(reply.poll_bytes(context), Poll::Ready(None | Some(Err(_))))
}

/// Reads what follows the answer, so that the connection can be used again.
async fn drain(mut reply: Reply) {
    let mut left = DRAIN_BYTES;
    let read = async {
        while let Some(Ok(bytes)) = poll_fn(|context: &mut Context<'_>| reply.poll_bytes(context)).await {
            left = left.saturating_sub(bytes.len());
            if left == 0 {
                return;
            }
        }
    };
    // Whether it ends in time or not, there is nothing more to do.
    let _ = tokio::time::timeout(DRAIN_TIME, read).await;
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
