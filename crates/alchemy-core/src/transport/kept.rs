//! Connections that wait for the next request to their host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::runtimes;

/// How often it is seen to that connections which servers have closed, or which have waited too long, go.
const SWEEP: Duration = Duration::from_secs(1);

/// What can be kept.
pub(super) trait Kept: Send + 'static {
    /// Whether it may be kept, by what is known of it.
    fn is_sound(&self) -> bool;

    /// Whether it can be used now: nothing that was not asked for has come, nor the end.
    fn is_usable(&mut self) -> bool;

    /// The number of the runtime that it belongs to.
    fn runtime(&self) -> u64;
}

/// Where connections are kept. Clones are the same place.
pub(super) struct Home<T = super::connection::Connection> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    idle: Duration,
    state: Mutex<State<T>>,
}

struct State<T> {
    /// Those of each host and port, and since when; the latest is last.
    connections: HashMap<String, Vec<(Instant, T)>>,
    /// Whether a task looks after them.
    swept: bool,
}

impl<T> Clone for Home<T> {
    fn clone(&self) -> Self {
        Home {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T: Kept> Home<T> {
    /// A place where connections are kept for so long.
    pub(super) fn new(idle: Duration) -> Self {
        Home {
            inner: Arc::new(Inner {
                idle,
                state: Mutex::new(State {
                    connections: HashMap::new(),
                    swept: false,
                }),
            }),
        }
    }

    /// Whether a connection to a host and port that belongs to the runtime at hand is kept, be it one that cannot be used
    /// any more.
    pub(super) fn has(&self, place: &str) -> bool {
        let number = runtimes::number();
        let state = self.inner.lock();
        let mut kept = state.connections.get(place).into_iter().flatten();
        kept.any(|(_, connection)| connection.runtime() == number)
    }

    /// A connection to a host and port that can be used: the one that has waited least of those that belong to the runtime
    /// at hand, or of all.
    pub(super) fn take(&self, place: &str) -> Option<T> {
        let number = runtimes::number();
        let mut state = self.inner.lock();
        let kept = state.connections.get_mut(place)?;
        while let Some(last) = kept.len().checked_sub(1) {
            let near = kept.iter().rposition(|(_, connection)| connection.runtime() == number);
            let (since, mut connection) = kept.remove(near.unwrap_or(last));
            if since.elapsed() < self.inner.idle && connection.is_usable() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection for another request. Called by a task.
    pub(super) fn put(&self, place: &str, connection: T) {
        if !connection.is_sound() {
            return;
        }
        let mut state = self.inner.lock();
        let entry = (Instant::now(), connection);
        match state.connections.get_mut(place) {
            Some(kept) => kept.push(entry),
            None => drop(state.connections.insert(place.to_owned(), vec![entry])),
        }
        if !std::mem::replace(&mut state.swept, true) {
            runtimes::spawn(sweep(Arc::downgrade(&self.inner)));
        }
    }
}

impl<T: Kept> Inner<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets go of what cannot be used any more; whether there is something left to look after.
    fn sweep(&self) -> bool {
        let mut state = self.lock();
        state.connections.retain(|_, kept| {
            kept.retain_mut(|(since, connection)| since.elapsed() < self.idle && connection.is_usable());
            !kept.is_empty()
        });
        state.swept = !state.connections.is_empty();
        state.swept
    }
}

async fn sweep<T: Kept>(kept: Weak<Inner<T>>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        match kept.upgrade() {
            Some(kept) if kept.sweep() => {}
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    struct Line(u32, Arc<AtomicBool>);

    impl Kept for Line {
        fn is_sound(&self) -> bool {
            self.1.load(Ordering::Relaxed)
        }

        fn is_usable(&mut self) -> bool {
            self.is_sound()
        }

        fn runtime(&self) -> u64 {
            u64::from(self.0 / 10)
        }
    }

    fn line(number: u32) -> (Line, Arc<AtomicBool>) {
        let open = Arc::new(AtomicBool::new(true));
        (Line(number, Arc::clone(&open)), open)
    }

    #[tokio::test]
    async fn the_latest_that_still_works_is_taken() {
        let home = Home::new(Duration::from_secs(60));
        let [(first, _), (second, open), (third, broken)] = [line(1), line(2), line(3)];
        for line in [first, second, third] {
            home.put("a:1", line);
        }
        broken.store(false, Ordering::Relaxed);
        assert!(home.take("a:2").is_none());
        assert_eq!(home.take("a:1").map(|line| line.0), Some(2));
        assert_eq!(home.take("a:1").map(|line| line.0), Some(1));
        assert!(home.take("a:1").is_none());
        open.store(false, Ordering::Relaxed);
        home.put("a:1", Line(4, open));
        assert!(home.take("a:1").is_none());
    }

    #[tokio::test]
    async fn one_of_the_runtime_at_hand_comes_before_a_later_one_of_another() {
        let home = Home::new(Duration::from_secs(60));
        for number in [1, 2, 11, 12] {
            home.put("a:1", line(number).0);
        }
        let taken = std::iter::from_fn(|| home.take("a:1").map(|line| line.0));
        assert_eq!(taken.collect::<Vec<_>>(), [2, 1, 12, 11]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_closed_or_old_is_swept() {
        let home = Home::new(Duration::from_millis(50));
        home.put("a:1", line(1).0);
        std::thread::sleep(Duration::from_millis(60));
        assert!(home.inner.lock().swept);
        tokio::time::sleep(SWEEP * 2).await;
        assert!(!home.inner.lock().swept && home.inner.lock().connections.is_empty());

        let home = Home::new(Duration::from_secs(60));
        let (kept, open) = line(2);
        home.put("a:1", kept);
        tokio::time::sleep(SWEEP * 2).await;
        assert!(home.inner.lock().swept);
        open.store(false, Ordering::Relaxed);
        tokio::time::sleep(SWEEP * 2).await;
        assert!(home.inner.lock().connections.is_empty());
    }
}
