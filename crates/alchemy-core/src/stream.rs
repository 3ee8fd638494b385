//! One answer on its way: a task reads it, consumers take its events, in sync or async code.

use std::future::poll_fn;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::answer::Answer;
use crate::deadlines::Deadlines;
use crate::error::{Error, ErrorKind, Result};
use crate::json::Json;
use crate::protocols::Flow;
use crate::transport::{Call, Pool, Reply};
use crate::types::{AssistantMessage, ContentBlock, Event, Response, StopReason, Timeout};

/// Events are handed over when this many wait, even while more bytes can be read at once.
const BATCH_EVENTS: usize = 256;
/// The same, counted in bytes read.
const BATCH_BYTES: usize = 64 * 1024;
/// Reading stops while this many bytes wait for a consumer, which slows the server down.
const UNREAD_BYTES: usize = 1024 * 1024;
/// How long a connection may take to come free after the answer, to be used again.
const DRAIN_TIME: Duration = Duration::from_millis(200);
/// How much of what follows the answer is read for that.
const DRAIN_BYTES: usize = 64 * 1024;

/// Told when there is something to take. Implemented by whatever drives an event loop.
pub trait Wake: Send + Sync {
    /// There is something to take for the waiter that gave this token.
    fn wake(&self, token: u64);
}

/// An answer that consumers share: each event goes to one of them.
///
/// Dropping it closes the connection.
pub struct Stream {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Told when there is something to take.
    ready: Condvar,
    /// Told when there is room again.
    room: Notify,
}

struct State {
    answer: Answer,
    /// How it ended, once it has.
    outcome: Option<Outcome>,
    /// Whether the events are not wanted any more, only the message.
    discard: bool,
    /// Bytes read since the consumer last took events.
    unread: usize,
    blocked: usize,
    waiters: Vec<(Arc<dyn Wake>, u64)>,
    task: Option<AbortHandle>,
}

/// How an answer ended.
pub type Outcome = std::result::Result<Arc<AssistantMessage>, Arc<Error>>;

impl Stream {
    /// A stream over an answer that nothing has been sent for yet.
    #[must_use]
    pub fn new(answer: Answer) -> Self {
        let state = State {
            answer,
            outcome: None,
            discard: false,
            unread: 0,
            blocked: 0,
            waiters: Vec::new(),
            task: None,
        };
        Stream {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                ready: Condvar::new(),
                room: Notify::new(),
            }),
        }
    }

    /// Sends the request on a runtime. The stream must not have been started before.
    pub fn start(&self, runtime: &tokio::runtime::Handle, pool: Pool, call: Call, timeout: Timeout) {
        if self.lock().outcome.is_some() {
            return;
        }
        let reader = Reader(Arc::clone(&self.shared));
        let task = runtime.spawn(reader.run(pool, call, timeout)).abort_handle();
        let mut state = self.lock();
        if state.outcome.is_none() {
            state.task = Some(task);
        } else {
            task.abort();
        }
    }

    /// Ends the stream before it was started, by an error.
    pub fn fail(&self, error: Error) {
        self.shared.finish(Err(error), StopReason::Error);
    }

    /// Takes the events that are ready; None if there are none and none will come.
    #[must_use]
    pub fn take(&self) -> Option<Vec<Event>> {
        let mut state = self.lock();
        let events = state.answer.take_events();
        if events.is_empty() && state.outcome.is_some() {
            return None;
        }
        if std::mem::take(&mut state.unread) > UNREAD_BYTES {
            self.shared.room.notify_one();
        }
        Some(events)
    }

    /// Waits on this thread until there is something to take or the time is over.
    ///
    /// Returns whether there is something. With `whole`, only the end counts.
    #[must_use]
    pub fn wait(&self, timeout: Duration, whole: bool) -> bool {
        let mut state = self.lock();
        let deadline = Instant::now() + timeout;
        while !state.is_ready(whole) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state.blocked += 1;
            let waited = self.shared.ready.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.blocked -= 1;
        }
        true
    }

    /// Has `waker` told once there is something to take; false if there is already.
    #[must_use]
    pub fn arm(&self, waker: Arc<dyn Wake>, token: u64, whole: bool) -> bool {
        let mut state = self.lock();
        if state.is_ready(whole) {
            return false;
        }
        state.waiters.push((waker, token));
        true
    }

    /// From here on events are dropped; only the message is wanted.
    pub fn discard(&self) {
        let mut state = self.lock();
        state.discard = true;
        state.unread = 0;
        drop(state.answer.take_events());
        self.shared.room.notify_one();
    }

    /// Closes the connection. An answer that is not whole ends as aborted. Never blocks.
    pub fn close(&self) {
        let error = Error::new(
            ErrorKind::AbortedError,
            "the stream was closed before the answer was whole",
        );
        let task = self.lock().task.take();
        if self.shared.finish(Err(error), StopReason::Aborted) {
            drop(self.lock().answer.take_events());
        }
        if let Some(task) = task {
            task.abort();
        }
    }

    /// Ends an answer whose task has gone with its runtime. Called before a wait that would have no end; waits
    /// that were there before are left alone, since at the exit of a program nobody wants to hear from them.
    pub fn settle(&self) {
        let state = self.lock();
        let gone = state.outcome.is_none() && state.task.as_ref().is_some_and(AbortHandle::is_finished);
        drop(state);
        if gone {
            self.shared.give_up();
        }
    }

    /// How it ended; None while it goes on.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.lock().outcome.clone()
    }

    /// The head of the HTTP answer, once it is there.
    #[must_use]
    pub fn response(&self) -> Option<Response> {
        self.lock().answer.response()
    }

    /// The message so far.
    #[must_use]
    pub fn message(&self) -> AssistantMessage {
        self.lock().answer.message().clone()
    }

    /// What a tool call that takes JSON has of its arguments, from a byte of their text on.
    ///
    /// None where no such call is. Only the text asked for is copied, however long it is in all.
    #[must_use]
    pub fn arguments_from(&self, content_index: usize, offset: usize) -> Option<Arguments> {
        let state = self.lock();
        match state.answer.message().content.get(content_index) {
            Some(ContentBlock::ToolCall(call)) if !call.custom => Some(Arguments {
                text: call.raw_arguments.get(offset..).unwrap_or_default().to_owned(),
                are_empty: call.arguments.as_ref().is_some_and(Json::is_empty_object),
            }),
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }
}

/// The arguments of a tool call, or the rest of them.
pub struct Arguments {
    /// The text that was asked for.
    pub text: String,
    /// Whether the call is complete and has no arguments, whatever the text says: it may be empty.
    pub are_empty: bool,
}

impl State {
    fn is_ready(&self, whole: bool) -> bool {
        self.outcome.is_some() || (!whole && self.answer.waiting() > 0)
    }
}

/// The task's side of a stream. A task that panics ends its answer: nobody waits for ever.
struct Reader(Arc<Shared>);

impl Drop for Reader {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.give_up();
        }
    }
}

impl Reader {
    async fn run(self, pool: Pool, call: Call, timeout: Timeout) {
        let mut deadlines = Deadlines::new(timeout);
        let result = match deadlines.limit(pool.send(call)).await {
            Ok(Ok(mut reply)) => {
                let result = self.0.read(&mut reply, &mut deadlines).await;
                self.0.finish(result, StopReason::Error);
                if self.0.is_whole() {
                    drain(&mut reply).await;
                }
                return;
            }
            Ok(Err(error)) => Err(deadlines.explain(error)),
            Err(error) => Err(error),
        };
        self.0.finish(result, StopReason::Error);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_up(&self) {
        let text = "the connection was given up before the answer was whole";
        self.finish(Err(Error::new(ErrorKind::AbortedError, text)), StopReason::Aborted);
    }

    fn is_whole(&self) -> bool {
        matches!(self.lock().outcome, Some(Ok(_)))
    }

    /// Reads the answer to the end of its bytes, or to where nothing that counts can follow.
    async fn read(&self, reply: &mut Reply, deadlines: &mut Deadlines) -> Result<()> {
        {
            let mut state = self.lock();
            state.answer.begin(std::mem::take(&mut reply.head), Some(now_ms()));
        }
        // Bytes read since the last hand-over.
        let mut fresh = 0;
        let mut flow = Flow::More;
        loop {
            let bytes = match poll_fn(|context| Poll::Ready(reply.poll_bytes(context))).await {
                Poll::Ready(bytes) => bytes,
                Poll::Pending if fresh > 0 => {
                    // The HTTP client hands on one chunk at a time and is resumed by this yield: more
                    // may be there right after it, and a consumer woken now would be woken again.
                    tokio::task::yield_now().await;
                    match poll_fn(|context| Poll::Ready(reply.poll_bytes(context))).await {
                        Poll::Ready(bytes) => bytes,
                        Poll::Pending => {
                            fresh = 0;
                            self.hand_over();
                            self.next(reply, deadlines).await?
                        }
                    }
                }
                Poll::Pending => self.next(reply, deadlines).await?,
            };
            let bytes = match bytes {
                Some(Ok(bytes)) => bytes,
                None => return Ok(()),
                // The answer was whole: how its connection ends takes nothing away from it.
                Some(Err(_)) if flow == Flow::Ending => return Ok(()),
                Some(Err(error)) => return Err(error),
            };
            fresh += bytes.len();
            let (waiting, unread);
            (flow, waiting, unread) = self.feed(&bytes)?;
            match flow {
                Flow::Ended => return Ok(()),
                Flow::Ending => deadlines.ending(),
                Flow::More if waiting > 0 => deadlines.begun(),
                Flow::More => {}
            }
            if waiting >= BATCH_EVENTS || fresh >= BATCH_BYTES {
                fresh = 0;
                self.hand_over();
                deadlines.check()?;
            }
            if unread > UNREAD_BYTES {
                self.hand_over();
                deadlines.paused(self.room()).await?;
            }
        }
    }

    /// Waits for the next bytes; None is the end of the body, or of the patience for one that does
    /// not end after the answer has.
    async fn next(&self, reply: &mut Reply, deadlines: &mut Deadlines) -> Result<Option<Result<Bytes>>> {
        deadlines
            .limit_or_end(poll_fn(|context: &mut Context<'_>| reply.poll_bytes(context)))
            .await
    }

    fn feed(&self, bytes: &[u8]) -> Result<(Flow, usize, usize)> {
        let mut state = self.lock();
        let flow = state.answer.feed(bytes)?;
        let waiting = state.answer.waiting();
        if state.discard {
            drop(state.answer.take_events());
        } else if waiting > 0 {
            state.unread += bytes.len();
        }
        Ok((flow, waiting, state.unread))
    }

    async fn room(&self) {
        while self.lock().unread > UNREAD_BYTES {
            self.room.notified().await;
        }
    }

    /// Tells whoever waits that there is something to take.
    fn hand_over(&self) {
        let state = self.lock();
        if state.answer.waiting() > 0 && !state.discard {
            self.tell(state);
        }
    }

    /// Wakes everybody. The lock is given back first: a waker may need the interpreter, which a
    /// thread that waits for the lock may hold.
    fn tell(&self, mut state: MutexGuard<'_, State>) {
        let blocked = state.blocked > 0;
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        if blocked {
            self.ready.notify_all();
        }
        for (waker, token) in waiters {
            waker.wake(token);
        }
    }

    /// Notes how the answer ended; false if it has ended already. The last event and the outcome come in one
    /// step, so that nobody who has seen [`Event::Done`] can close the stream before its end is known.
    fn finish(&self, result: Result<()>, failed: StopReason) -> bool {
        let mut state = self.lock();
        if state.outcome.is_some() {
            return false;
        }
        let result = result.and_then(|()| state.answer.end());
        state.outcome = Some(match result {
            Ok(()) => Ok(state.answer.whole().map_or_else(Arc::default, Arc::clone)),
            Err(error) => Err(Arc::new(state.answer.fail(error, failed))),
        });
        state.task = None;
        if state.discard {
            drop(state.answer.take_events());
        }
        self.tell(state);
        true
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut state = self.lock();
        let task = state.task.take();
        // Whoever waited has given up; what stands for the wait elsewhere is let go of by being told.
        self.shared.tell(state);
        if let Some(task) = task {
            task.abort();
        }
    }
}

/// Reads what follows the answer, so that the connection can be used again.
async fn drain(reply: &mut Reply) {
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

#[cfg(test)]
mod tests;
