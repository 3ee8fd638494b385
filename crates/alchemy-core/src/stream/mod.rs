//! One answer on its way: a task reads it, consumers take its events, in sync or async code.

mod coalescing;
mod moderation;
mod observing;
mod reader;
mod reading;
mod retrying;

use std::future::Future;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use smallvec::SmallVec;
use tokio::sync::Notify;

pub use self::coalescing::Coalescing;
use self::coalescing::Merging;
pub use self::moderation::Moderation;
use self::observing::Observer;
pub use self::observing::{Happening, Observation};
use self::reader::Reader;
pub use self::reader::Sending;
pub use self::retrying::Again;
use crate::answer::Answer;
use crate::error::{Error, ErrorKind, Result};
use crate::json::Json;
use crate::runtimes::Task;
use crate::types::{AssistantMessage, ContentBlock, Event, Response, StopReason};

/// Reading stops while this many bytes wait for a consumer, which slows the server down.
const UNREAD_BYTES: usize = 1024 * 1024;

/// Told when there is something to take. Implemented by whatever drives an event loop.
pub trait Wake: Send + Sync {
    /// There is something to take for the waiter that gave this token. `soon`: it must not wait until the thread that
    /// tells has seen to the other streams.
    fn wake(self: Arc<Self>, token: u64, soon: bool);
}

/// An answer that consumers share: each event goes to one of them.
///
/// Dropping it closes the connection.
pub struct Stream {
    shared: Arc<Shared>,
}

#[repr(C)]
struct Shared {
    state: Mutex<State>,
    /// Told when there is something to take.
    ready: Condvar,
    /// Told when there is room again.
    room: Notify,
}

/// What each event touches comes first and in a row. Of a thousand streams none is in the processor's cache when its next
/// event comes, and to fetch what lies strewn takes longer than to decode it.
#[repr(C)]
struct State {
    /// How it ended, once it has.
    outcome: Option<Outcome>,
    /// Whether the events are not wanted any more, only the message.
    discard: bool,
    /// Bytes read since the consumer last took events.
    unread: usize,
    blocked: usize,
    /// Where deltas are merged: the events that the answer made.
    merging: Option<Box<Merging>>,
    /// What happens, where somebody asked to be told.
    observer: Option<Box<Observer>>,
    /// Mostly one.
    waiters: SmallVec<[(Arc<dyn Wake>, u64); 1]>,
    answer: Answer,
    task: Option<Task>,
    /// When the request was sent, until the head of its answer has come or it has failed.
    sent: Option<Instant>,
    /// How long that was held back, in seconds.
    waited: f64,
}

/// How an answer ended.
pub type Outcome = std::result::Result<Arc<AssistantMessage>, Arc<Error>>;

impl Stream {
    /// A stream over an answer that nothing has been sent for yet; with `observed`, what happens to it is kept for
    /// [`Stream::observations`].
    #[must_use]
    pub fn new(answer: Answer, observed: bool) -> Self {
        let state = State {
            outcome: None,
            discard: false,
            unread: 0,
            blocked: 0,
            merging: None,
            observer: observed.then(Box::default),
            waiters: SmallVec::new(),
            answer,
            task: None,
            sent: None,
            waited: 0.0,
        };
        Stream {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                ready: Condvar::new(),
                room: Notify::new(),
            }),
        }
    }

    /// Sends the request on a runtime; returns whether it is all left to that. What need not wait, which is all where a
    /// connection is there, is done on this thread. The stream must not have been started before.
    pub fn start(&self, runtime: &tokio::runtime::Handle, sending: Sending) -> bool {
        let here = sending.is_at_hand();
        let Some(answering) = self.carry(sending) else {
            return false;
        };
        let task = if here {
            Task::begin(runtime, answering)
        } else {
            Task::spawn(runtime, answering)
        };
        let mut state = self.lock();
        if state.outcome.is_none() {
            state.task = Some(task);
        } else {
            drop(state);
            task.abort();
        }
        !here
    }

    /// Has whoever polls what is returned send the request and read its answer, in place of [`Stream::start`]; None if
    /// the stream is closed. Dropped before its end, it closes the connection, and [`Stream::close`] ends the answer.
    #[must_use]
    pub fn carry(&self, sending: Sending) -> Option<impl Future<Output = ()> + Send + use<>> {
        let started = Instant::now();
        let mut state = self.lock();
        if state.outcome.is_some() {
            return None;
        }
        state.merging = sending.coalescing.map(|asked| Box::new(Merging::new(asked)));
        // What the client's limits hold back is sent when they let it.
        if sending.claim.is_none() {
            state.send(started, 0.0);
        }
        drop(state);
        Some(Reader(Arc::clone(&self.shared)).run(sending, started))
    }

    /// Ends the stream before it was started, by an error.
    pub fn fail(&self, error: Error) {
        self.shared.finish(Err(error), StopReason::Error);
    }

    /// Takes the events that are ready; None if there are none and none will come.
    #[must_use]
    pub fn take(&self) -> Option<Vec<Event>> {
        let mut state = self.lock();
        let events = state.take_events();
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
    /// Returns whether there is something. With `whole`, only the end counts. A retry of an observed answer ends the
    /// wait as well, until its observation is taken.
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

    /// Takes back what [`Stream::arm`] was told with this token: its waiter has given up.
    pub fn disarm(&self, token: u64) {
        self.lock().waiters.retain(|(_, other)| *other != token);
    }

    /// From here on events are dropped; only the message is wanted.
    pub fn discard(&self) {
        let mut state = self.lock();
        state.discard = true;
        state.unread = 0;
        state.drop_events();
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
            self.lock().drop_events();
        }
        if let Some(task) = task {
            task.abort();
        }
    }

    /// Ends an answer whose task has gone with its runtime. Called before a wait that would have no end; waits
    /// that were there before are left alone, since at the exit of a program nobody wants to hear from them.
    pub fn settle(&self) {
        let state = self.lock();
        let gone = state.outcome.is_none() && state.task.as_ref().is_some_and(Task::is_finished);
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

    /// What has happened since the last call, in order; nothing where the stream is not observed.
    #[must_use]
    pub fn observations(&self) -> Vec<Observation> {
        self.lock()
            .observer
            .as_mut()
            .map(|observer| observer.take())
            .unwrap_or_default()
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
        self.outcome.is_some()
            || (!whole && self.ready() > 0)
            || self.observer.as_ref().is_some_and(|observer| observer.is_urgent())
    }

    /// How many events can be taken.
    fn ready(&self) -> usize {
        match &self.merging {
            Some(merging) => merging.ready(),
            None => self.answer.waiting(),
        }
    }

    fn take_events(&mut self) -> Vec<Event> {
        match &mut self.merging {
            Some(merging) => merging.take(),
            None => self.answer.take_events(),
        }
    }

    fn drop_events(&mut self) {
        drop(self.answer.take_events());
        if let Some(merging) = &mut self.merging {
            merging.clear();
        }
    }

    /// The request is sent at this time, after it was held back for so many seconds.
    fn send(&mut self, at: Instant, waited: f64) {
        self.sent = Some(at);
        self.waited = waited;
        if let Some(observer) = &mut self.observer {
            observer.sent();
        }
    }

    /// The head of the answer has come, or the attempt has failed without one.
    fn attempted(&mut self) {
        if let Some(sent) = self.sent.take() {
            self.answer.attempted(self.waited, sent.elapsed().as_secs_f64());
        }
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

    /// Tells whoever waits that there is something to take; `soon` where the thread at hand has more to read from the same
    /// connection.
    fn hand_over(&self, soon: bool) {
        let mut state = self.lock();
        if let Some(merging) = &mut state.merging {
            merging.ripen(Instant::now());
        }
        if state.ready() > 0 && !state.discard {
            self.tell(state, soon);
        }
    }

    /// Wakes everybody. The lock is given back first: a waker may need the interpreter, which a
    /// thread that waits for the lock may hold.
    fn tell(&self, mut state: MutexGuard<'_, State>, soon: bool) {
        let blocked = state.blocked > 0;
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        if blocked {
            self.ready.notify_all();
        }
        for (waker, token) in waiters {
            waker.wake(token, soon);
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
        self.end_with(state, result, failed);
        true
    }

    /// Notes the outcome of an answer that has been told its end, or of one that failed.
    fn end_with(&self, mut state: MutexGuard<'_, State>, result: Result<()>, failed: StopReason) {
        let outcome = match result {
            Ok(()) => Ok(state.answer.whole().map_or_else(Arc::default, Arc::clone)),
            Err(error) => {
                state.attempted();
                Err(Arc::new(state.answer.fail(error, failed)))
            }
        };
        state.outcome = Some(outcome);
        state.task = None;
        let State {
            observer,
            answer,
            merging,
            ..
        } = &mut *state;
        if let Some(merging) = merging {
            merging.add(answer.take_events(), Instant::now());
            merging.release();
        }
        if let Some(observer) = observer {
            if answer.has_begun() {
                observer.first_event();
            }
            observer.note(Happening::End);
        }
        if state.discard {
            state.drop_events();
        }
        self.tell(state, false);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut state = self.lock();
        let task = state.task.take();
        // Whoever waited has given up; what stands for the wait elsewhere is let go of by being told.
        self.shared.tell(state, true);
        if let Some(task) = task {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests;
