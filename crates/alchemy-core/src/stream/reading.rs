//! The body of an answer: read as it comes, fed to the decoder, handed over.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::retrying::Retrying;
use super::{Happening, Shared, State, UNREAD_BYTES};
use crate::deadlines::Deadlines;
use crate::error::{Error, Result};
use crate::protocols::Flow;
use crate::runtimes;
use crate::transport::Reply;

/// Events are handed over when this many wait, even while more bytes can be read at once.
const BATCH_EVENTS: usize = 256;
/// The same, counted in bytes read.
const BATCH_BYTES: usize = 64 * 1024;
/// How much is decoded while a consumer that wants to take events is kept waiting.
const FEED_BYTES: usize = 16 * 1024;

/// One body that is read.
///
/// It is polled by hand and not written as nested `async` functions: of those each has a state and copies of its own,
/// strewn over the task, and of a thousand tasks none is in the processor's cache when its next event comes.
struct Reading<'a> {
    shared: &'a Shared,
    reply: &'a mut Reply,
    deadlines: &'a mut Deadlines,
    retrying: &'a mut Retrying,
    /// Bytes read since the last hand-over.
    fresh: usize,
    flow: Flow,
    /// Whether the next piece was waited for since the last one came.
    waits: bool,
    /// Whether an event has come.
    begun: bool,
    /// Whether the HTTP client was let run since the last bytes came.
    looked_again: bool,
}

/// What the task does next.
enum Turn {
    /// It is done with the body.
    Over(std::result::Result<(), Box<Error>>),
    /// It lets the HTTP client run, and looks again.
    LookAgain,
    /// It lets others go first.
    GiveWay,
    /// It waits until a consumer has taken something.
    Crowded,
}

/// What became of some bytes.
struct Fed {
    flow: Flow,
    /// How many events can be taken.
    waiting: usize,
    /// How many bytes were read while there were some.
    unread: usize,
    /// When a delta that is held is due.
    held_until: Option<Instant>,
}

impl Shared {
    /// Reads the answer to the end of its bytes, or to where nothing that counts can follow.
    pub(super) async fn read(
        &self,
        reply: &mut Reply,
        deadlines: &mut Deadlines,
        retrying: &mut Retrying,
    ) -> Result<()> {
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
        let mut reading = Reading {
            shared: self,
            reply,
            deadlines,
            retrying,
            fresh: 0,
            flow: Flow::More,
            waits: false,
            begun: false,
            looked_again: false,
        };
        loop {
            match poll_fn(|context| reading.poll(context)).await {
                Turn::Over(result) => return result.map_err(|error| *error),
                Turn::LookAgain => tokio::task::yield_now().await,
                Turn::GiveWay => runtimes::give_way().await,
                Turn::Crowded => {
                    if reading.deadlines.paused(self.room()).await?.is_none() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Takes bytes in.
    fn feed(&self, bytes: &[u8]) -> Result<Fed> {
        let mut state = self.lock();
        let mut fed = Fed {
            flow: Flow::Ended,
            waiting: 0,
            unread: 0,
            held_until: None,
        };
        if state.outcome.is_some() {
            // Closed in between: what waited was dropped, and what follows would come after a gap.
            return Ok(fed);
        }
        fed.flow = state.answer.feed(bytes)?;
        fed.waiting = state.answer.waiting();
        if let Some(observer) = &mut state.observer
            && fed.waiting > 0
        {
            observer.first_event();
        }
        if state.discard {
            drop(state.answer.take_events());
        } else {
            let State { answer, merging, .. } = &mut *state;
            if let Some(merging) = merging {
                merging.add(answer.take_events(), Instant::now());
                if fed.flow != Flow::More {
                    // What is left to come may take a while, and is hardly a delta.
                    merging.release();
                }
                (fed.waiting, fed.held_until) = (merging.ready(), merging.held_until());
            }
            if fed.waiting > 0 {
                state.unread += bytes.len();
            }
        }
        fed.unread = state.unread;
        Ok(fed)
    }

    async fn room(&self) {
        while self.lock().unread > UNREAD_BYTES {
            self.room.notified().await;
        }
    }
}

impl Reading<'_> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Turn> {
        loop {
            let bytes = match self.reply.poll_bytes(context) {
                Poll::Ready(Some(Ok(bytes))) => bytes,
                // The answer was whole: how its connection ends takes nothing away from it.
                Poll::Ready(Some(Err(_))) if self.flow == Flow::Ending => return Poll::Ready(Turn::Over(Ok(()))),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Turn::Over(Err(error))),
                Poll::Ready(None) => return Poll::Ready(Turn::Over(Ok(()))),
                Poll::Pending => return self.poll_pause(context),
            };
            (self.waits, self.looked_again) = (false, false);
            match self.take(&bytes, context) {
                Ok(None) => {}
                Ok(Some(turn)) => return Poll::Ready(turn),
                Err(error) => return Poll::Ready(Turn::Over(Err(Box::new(error)))),
            }
        }
    }

    /// No bytes are there.
    fn poll_pause(&mut self, context: &mut Context<'_>) -> Poll<Turn> {
        if self.fresh > 0 {
            if !self.reply.is_direct() && !std::mem::replace(&mut self.looked_again, true) {
                // The HTTP client hands on one chunk at a time and is resumed by this yield: more may be there right
                // after it, and a consumer woken now would be woken again.
                return Poll::Ready(Turn::LookAgain);
            }
            self.fresh = 0;
            self.shared.hand_over(false);
        }
        let begins = !std::mem::replace(&mut self.waits, true);
        let shared = self.shared;
        let over = ready!(self.deadlines.poll_pause(context, begins, || shared.hand_over(false)));
        Poll::Ready(Turn::Over(over.map_err(Box::new)))
    }

    fn take(&mut self, bytes: &Bytes, context: &mut Context<'_>) -> Result<Option<Turn>> {
        self.fresh += bytes.len();
        let (mut waiting, mut unread) = (0, 0);
        for piece in bytes.chunks(FEED_BYTES) {
            let fed = self.shared.feed(piece)?;
            (self.flow, waiting, unread) = (fed.flow, fed.waiting, fed.unread);
            if let Some(due) = fed.held_until {
                self.deadlines.ring_at(due.into());
            }
            if self.flow == Flow::Ended {
                break;
            }
        }
        match self.flow {
            Flow::Ended => {
                // The end of the body is often there as well, and then the connection is free for the request that
                // the caller may send next.
                drop(self.reply.poll_bytes(context));
                return Ok(Some(Turn::Over(Ok(()))));
            }
            Flow::Ending => self.deadlines.ending(),
            Flow::More if waiting > 0 && !self.begun => {
                self.begun = true;
                self.deadlines.begun();
                self.retrying.begun();
            }
            Flow::More => {}
        }
        if waiting >= BATCH_EVENTS || self.fresh >= BATCH_BYTES {
            self.fresh = 0;
            self.shared.hand_over(true);
            if !self.deadlines.check()? {
                return Ok(Some(Turn::Over(Ok(()))));
            }
            if unread <= UNREAD_BYTES {
                // Bytes that are always there, as from a decompressor, must not keep the worker from the others.
                return Ok(Some(Turn::GiveWay));
            }
        }
        if unread > UNREAD_BYTES {
            self.shared.hand_over(false);
            return Ok(Some(Turn::Crowded));
        }
        Ok(None)
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
