//! The threads that carry requests: one runtime for each process, made when it is first needed.
//!
//! A forked child has none of its parent's threads, so what the parent made is left alone there and
//! made again. A generation number tells streams and pools of one process from those of another.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use alchemy_core::runtimes;
use alchemy_core::stream::Stream;
use arc_swap::ArcSwapOption;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::own_thread::{Lent, OwnRuntimes};
use crate::turns;

/// How long the interpreter waits at its exit for the runtime to stop.
const SHUTDOWN_TIME: Duration = Duration::from_secs(1);

struct Engine {
    handle: Handle,
    runtime: Mutex<Option<Runtime>>,
    own: Arc<OwnRuntimes>,
}

static ENGINE: ArcSwapOption<Engine> = ArcSwapOption::const_empty();
/// The thread that the interpreter exits by, once it does.
static LEAVER: ArcSwapOption<ThreadId> = ArcSwapOption::const_empty();
/// Whether it exits: each wait asks this.
static LEAVING: AtomicBool = AtomicBool::new(false);
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Which process of a line of forks this is.
pub(crate) fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// The runtime of this process.
pub(crate) fn handle() -> PyResult<Handle> {
    Ok(engine()?.handle.clone())
}

/// Lends a runtime to a thread that waits for an answer; None where there is none to spare.
pub(crate) fn lend() -> PyResult<Option<Lent>> {
    let engine = engine()?;
    Ok(engine.own.lend(&engine.handle))
}

/// What this process has. Called with the interpreter held, so that two threads cannot make two.
fn engine() -> PyResult<Arc<Engine>> {
    if let Some(engine) = &*ENGINE.load() {
        return Ok(Arc::clone(engine));
    }
    runtimes::at_giving_way(turns::tell);
    // One worker: reading and decoding cost less than handing streams from one core to another.
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("alchemy")
        .on_thread_start(refuse_signals)
        .on_thread_park(turns::end)
        .enable_all()
        .build();
    let runtime =
        runtime.map_err(|error| PyRuntimeError::new_err(format!("alchemy cannot start its thread: {error}")))?;
    let engine = Arc::new(Engine {
        handle: runtime.handle().clone(),
        runtime: Mutex::new(Some(runtime)),
        own: Arc::default(),
    });
    ENGINE.store(Some(Arc::clone(&engine)));
    Ok(engine)
}

/// Leaves signals to the threads of the program. One that a handler is waited for must not end up here, and SIGPIPE,
/// where a program has given it back its power to kill, must not be raised by a server that hangs up.
#[cfg(unix)]
pub(crate) fn refuse_signals() {
    use nix::sys::signal::{SigSet, Signal};

    let mut signals = SigSet::all();
    // Faults are of the thread that makes them: blocked, they would end the process without a word.
    for fault in [
        Signal::SIGSEGV,
        Signal::SIGBUS,
        Signal::SIGFPE,
        Signal::SIGILL,
        Signal::SIGABRT,
        Signal::SIGTRAP,
        Signal::SIGSYS,
    ] {
        signals.remove(fault);
    }
    // It fails for no set of signals that exist.
    let _ = signals.thread_block();
}

#[cfg(not(unix))]
pub(crate) fn refuse_signals() {}

/// Forget the parent's threads and connections, in a forked child.
#[pyfunction]
pub(crate) fn after_fork() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    // Dropping the parent's runtime would wait for threads that do not exist here.
    std::mem::forget(ENGINE.swap(None));
    std::mem::forget(LEAVER.swap(None));
    LEAVING.store(false, Ordering::Relaxed);
    turns::after_fork();
}

/// Ends an answer that went with the threads, before a wait for it that would have no end. They go at the exit alone.
///
/// Other threads than the one that ends the program are left to wait: they are about to go, and what they would say of it
/// is a traceback for nobody.
pub(crate) fn settle(stream: &Stream) {
    if !LEAVING.load(Ordering::Relaxed) {
        return;
    }
    let leaver = LEAVER.load();
    if leaver.as_deref().is_none_or(|leaver| *leaver == thread::current().id()) {
        stream.settle();
    }
}

/// Close every connection and stop the threads; called when the interpreter exits.
#[pyfunction]
pub(crate) fn shut_down(py: Python<'_>) {
    LEAVER.store(Some(Arc::new(thread::current().id())));
    LEAVING.store(true, Ordering::Relaxed);
    let Some(engine) = ENGINE.swap(None) else { return };
    let runtime = engine.runtime.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(runtime) = runtime {
        turns::rouse();
        py.detach(|| runtime.shutdown_timeout(SHUTDOWN_TIME));
    }
}
