//! Who is under way, who waits, and who goes next.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::task::Waker;

use tokio::time::Instant;

use super::learned::{Learned, Mark};
use super::pace::{Pace, Spaced, Window};
use crate::types::Limits;

/// How many models are remembered; beyond that, those that nobody waits for and that hold nobody back are forgotten.
const MODELS: usize = 256;

/// The state of a limiter: pure bookkeeping, told the time by its callers.
///
/// Whoever waits has a ticket, in order of arrival. What holds for the whole client (requests under way, requests and
/// tokens by the minute) is given in that order alone: a big request is not overtaken by small ones. What holds for one
/// model holds up that model's requests, and the others go on.
pub(super) struct Queue {
    concurrent: Option<u32>,
    learn: bool,
    running: u32,
    waiting: usize,
    tickets: u64,
    pace: Option<Pace>,
    window: Option<Window>,
    models: HashMap<Arc<str>, Model>,
    /// Those who may go and do not know it yet.
    granted: BTreeMap<u64, Grant>,
}

#[derive(Default)]
struct Model {
    learned: Learned,
    waiting: BTreeMap<u64, Waiter>,
}

struct Waiter {
    tokens: u64,
    waker: Option<Waker>,
    /// When to look again; None for those who are told by others.
    due: Option<Instant>,
}

/// What a request was given, to be corrected or given back.
pub(super) struct Grant {
    pub(super) model: Arc<str>,
    pub(super) tokens: u64,
    mark: Mark,
    spaced: Option<Spaced>,
    entry: Option<u64>,
}

/// What became of a ticket.
pub(super) enum Turn {
    Go(Grant),
    /// Look again at that time, or when told.
    Wait(Option<Instant>),
}

/// Those to be told once the lock is given back.
pub(super) type Wakers = Vec<Waker>;

impl Queue {
    pub(super) fn new(limits: &Limits) -> Self {
        Queue {
            concurrent: limits.concurrent_requests.map(std::num::NonZero::get),
            learn: limits.learn,
            running: 0,
            waiting: 0,
            tickets: 0,
            pace: limits.requests_per_minute.map(Pace::new),
            window: limits.tokens_per_minute.map(Window::new),
            models: HashMap::new(),
            granted: BTreeMap::new(),
        }
    }

    /// How many requests are under way, and how many wait.
    pub(super) fn counts(&self) -> (u32, usize) {
        (self.running, self.waiting)
    }

    /// Somebody comes and gets a ticket. Without a figure the answer is taken to be as long as the model's others.
    pub(super) fn enter(&mut self, now: Instant, model: &Arc<str>, input: u64, output: Option<u64>) -> u64 {
        if self.models.len() >= MODELS && !self.models.contains_key(model) {
            self.models
                .retain(|_, model| !model.waiting.is_empty() || !model.learned.is_open(now));
        }
        self.tickets += 1;
        let model = self.models.entry(Arc::clone(model)).or_default();
        let waiter = Waiter {
            tokens: input.saturating_add(output.unwrap_or_else(|| model.learned.output())),
            waker: None,
            due: None,
        };
        model.waiting.insert(self.tickets, waiter);
        self.waiting += 1;
        self.tickets
    }

    /// Looks whether it is a ticket's turn; if not, `waker` is told when to look again.
    pub(super) fn turn(
        &mut self,
        now: Instant,
        model: &Arc<str>,
        ticket: u64,
        waker: &Waker,
        wakers: &mut Wakers,
    ) -> Turn {
        if let Some(waiter) = self.waiter(model, ticket) {
            // It is here already, and need not be told.
            waiter.waker = None;
        }
        self.advance(now, wakers);
        if let Some(grant) = self.granted.remove(&ticket) {
            return Turn::Go(grant);
        }
        Turn::Wait(self.waiter(model, ticket).and_then(|waiter| {
            waiter.waker = Some(waker.clone());
            // A time that is over was for something that others are now waited for.
            waiter.due = waiter.due.filter(|due| *due > now);
            waiter.due
        }))
    }

    /// Somebody gives up waiting.
    pub(super) fn leave(&mut self, now: Instant, model: &Arc<str>, ticket: u64, wakers: &mut Wakers) {
        if let Some(model) = self.models.get_mut(model)
            && model.waiting.remove(&ticket).is_some()
        {
            self.waiting -= 1;
        } else if let Some(grant) = self.granted.remove(&ticket) {
            self.running -= 1;
            if let (Some(pace), Some(spaced)) = (&mut self.pace, grant.spaced) {
                pace.give_back(spaced);
            }
            if let (Some(window), Some(entry)) = (&mut self.window, grant.entry) {
                window.correct(now, entry, grant.tokens, 0);
            }
            if let Some(model) = self.models.get_mut(&grant.model) {
                model.learned.give_back(grant.tokens);
            }
        }
        self.advance(now, wakers);
    }

    /// A request is over.
    pub(super) fn end(&mut self, now: Instant, wakers: &mut Wakers) {
        self.running -= 1;
        self.advance(now, wakers);
    }

    /// A request that was given `grant` used so many tokens.
    pub(super) fn correct(&mut self, now: Instant, grant: &mut Grant, tokens: u64, wakers: &mut Wakers) {
        if let (Some(window), Some(entry)) = (&mut self.window, grant.entry) {
            window.correct(now, entry, grant.tokens, tokens);
            grant.tokens = tokens;
            self.advance(now, wakers);
        }
    }

    /// The answer to `grant` told something of its model.
    pub(super) fn learn(
        &mut self,
        now: Instant,
        grant: &Grant,
        lesson: impl FnOnce(&mut Learned, Mark),
        wakers: &mut Wakers,
    ) {
        if self.learn
            && let Some(model) = self.models.get_mut(&grant.model)
        {
            lesson(&mut model.learned, grant.mark);
            self.advance(now, wakers);
        }
    }

    /// Notes how long an answer of a model was.
    pub(super) fn remember(&mut self, model: &Arc<str>, output: u64) {
        if let Some(model) = self.models.get_mut(model) {
            model.learned.answered(output);
        }
    }

    #[cfg(test)]
    pub(super) fn models_known(&self) -> usize {
        self.models.len()
    }

    fn waiter(&mut self, model: &Arc<str>, ticket: u64) -> Option<&mut Waiter> {
        self.models.get_mut(model)?.waiting.get_mut(&ticket)
    }

    /// Lets everybody go who may, and tells those who are next when to look again.
    fn advance(&mut self, now: Instant, wakers: &mut Wakers) {
        while self.waiting > 0 && self.concurrent.is_none_or(|limit| self.running < limit) {
            // The first of all whose models do not hold them back.
            let mut first: Option<(u64, u64, &Arc<str>)> = None;
            for (name, model) in &mut self.models {
                let Some(mut entry) = model.waiting.first_entry() else {
                    continue;
                };
                let (ticket, tokens) = (*entry.key(), entry.get().tokens);
                if let Some(until) = model.learned.held(now, tokens) {
                    entry.get_mut().look_again(until, wakers);
                } else if first.is_none_or(|(other, ..)| ticket < other) {
                    first = Some((ticket, tokens, name));
                }
            }
            let Some((ticket, tokens, name)) = first.map(|(ticket, tokens, name)| (ticket, tokens, Arc::clone(name)))
            else {
                return;
            };
            let by_pace = self.pace.as_ref().map_or(now, |pace| pace.ready(now));
            let by_tokens = self.window.as_mut().map_or(now, |window| window.ready(now, tokens));
            let at = by_pace.max(by_tokens);
            if at > now {
                if let Some(waiter) = self.waiter(&name, ticket) {
                    waiter.look_again(at, wakers);
                }
                return;
            }
            self.grant(now, ticket, &name, wakers);
        }
    }

    fn grant(&mut self, now: Instant, ticket: u64, name: &Arc<str>, wakers: &mut Wakers) {
        let Some(model) = self.models.get_mut(name) else { return };
        let Some(waiter) = model.waiting.remove(&ticket) else {
            return;
        };
        let tokens = waiter.tokens;
        let grant = Grant {
            model: Arc::clone(name),
            tokens,
            mark: model.learned.send(tokens),
            spaced: self.pace.as_mut().map(|pace| pace.spend(now)),
            entry: self.window.as_mut().map(|window| window.spend(now, tokens)),
        };
        self.waiting -= 1;
        self.running += 1;
        self.granted.insert(ticket, grant);
        wakers.extend(waiter.waker);
    }
}

impl Waiter {
    /// Sets when to look again, and tells the waiter if that is news.
    fn look_again(&mut self, at: Instant, wakers: &mut Wakers) {
        if self.due != Some(at) {
            self.due = Some(at);
            wakers.extend(self.waker.take());
        }
    }
}
