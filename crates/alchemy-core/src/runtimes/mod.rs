//! Runtimes beside the one that all answers share: a thread that waits for an answer can carry its request itself.
//!
//! Handed to another thread, a request costs two switches between threads, which take longer than to write and read it.

mod task;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};

pub(crate) use self::task::Task;

/// The number of the runtime that all answers share.
const SHARED: u64 = 0;

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(SHARED + 1);

/// What is called when a task gives way.
static AT_GIVING_WAY: OnceLock<fn()> = OnceLock::new();

thread_local! {
    /// The number of the runtime that this thread polls for.
    static NUMBER: Cell<u64> = const { Cell::new(SHARED) };
    /// The shared runtime, while this thread polls for another.
    static BESIDE: RefCell<Option<Handle>> = const { RefCell::new(None) };
    /// Whether this thread begins what the shared runtime goes on with.
    static ON_CALLER: Cell<bool> = const { Cell::new(false) };
}

/// The number of the runtime that polls on this thread. A socket is told of by one of them at a time.
pub(crate) fn number() -> u64 {
    NUMBER.get()
}

/// Sets what is called, on its thread, when a task that could go on gives way to the others; once for a process.
///
/// A thread with such a task does not wait, so what is put off to the time when it waits would be put off as long as
/// there is such a task.
pub fn at_giving_way(call: fn()) {
    // Whoever sets it twice sets the same.
    let _ = AT_GIVING_WAY.set(call);
}

/// Lets the others on this thread go first.
pub(crate) async fn give_way() {
    if let Some(call) = AT_GIVING_WAY.get() {
        call();
    }
    tokio::task::yield_now().await;
}

/// Has the shared runtime run a task: another one stands still once the answer is there that it was driven for.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    match BESIDE.with_borrow(Clone::clone) {
        Some(shared) => drop(shared.spawn(task)),
        None => drop(tokio::spawn(task)),
    }
}

/// Whether this thread polls for a runtime that stands still at times.
pub(crate) fn stands_still() -> bool {
    number() != SHARED
}

/// Whether this thread is one of the program's, with its own ways with signals, and not the shared runtime's.
pub(crate) fn is_programs_thread() -> bool {
    stands_still() || ON_CALLER.get()
}

/// This thread begins what the shared runtime goes on with, until it is dropped.
struct OnCaller {
    before: bool,
}

impl OnCaller {
    fn new() -> Self {
        OnCaller {
            before: ON_CALLER.replace(true),
        }
    }
}

impl Drop for OnCaller {
    fn drop(&mut self) {
        ON_CALLER.set(self.before);
    }
}

/// A runtime that runs while a thread drives it, and stands still otherwise.
pub struct OwnRuntime {
    number: u64,
    /// None only while it is dropped.
    runtime: Option<Runtime>,
    shared: Handle,
}

impl OwnRuntime {
    /// Makes one of a runtime without workers that has clocks and sockets. What must go on while nobody drives it goes
    /// to the shared one.
    #[must_use]
    pub fn new(runtime: Runtime, shared: Handle) -> Self {
        OwnRuntime {
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            runtime: Some(runtime),
            shared,
        }
    }

    /// Polls a future on this thread until it is done or the time is over: None then, and it can be driven on.
    pub fn drive<F: Future>(&self, future: Pin<&mut F>, time: Duration) -> Option<F::Output> {
        let runtime = self.runtime.as_ref()?;
        let _driven = Driven::new(self);
        runtime.block_on(async { tokio::time::timeout(time, future).await.ok() })
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A name that is being looked up is not waited for.
            runtime.shutdown_background();
        }
    }
}

/// This thread polls for a runtime; what it polled for before comes back in the end.
struct Driven {
    before: (u64, Option<Handle>),
}

impl Driven {
    fn new(own: &OwnRuntime) -> Self {
        Driven {
            before: (NUMBER.replace(own.number), BESIDE.replace(Some(own.shared.clone()))),
        }
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        let (number, beside) = std::mem::take(&mut self.before);
        NUMBER.set(number);
        drop(BESIDE.replace(beside));
    }
}

#[cfg(test)]
mod tests;
