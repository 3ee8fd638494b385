//! What goes on for an answer: a task of a runtime, or a future that its caller has begun and that becomes one later.
//!
//! Most requests go out by a connection that is there already, and wait from then on. Begun by the thread that asks, they
//! cost the reading thread no turn before the answer comes.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake};

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::OnCaller;

type Unfinished = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A task, or what will be one.
pub(crate) enum Task {
    /// Runs on a runtime.
    Spawned(AbortHandle),
    /// Was begun by its caller.
    Begun(Arc<Begun>),
}

/// A future that was polled once by its caller. Whatever it waits for makes it a task of the runtime.
pub(crate) struct Begun {
    runtime: Handle,
    stage: Mutex<Stage>,
}

enum Stage {
    /// The caller polls; whether what it is to wait for has come meanwhile.
    Polled {
        woken: bool,
    },
    Waiting(Unfinished),
    Spawned(AbortHandle),
    Ended,
}

impl Task {
    /// Has the runtime do all of it.
    pub(crate) fn spawn(runtime: &Handle, future: impl Future<Output = ()> + Send + 'static) -> Self {
        Task::Spawned(runtime.spawn(future).abort_handle())
    }

    /// Does at once, on this thread, what need not wait; the runtime does the rest.
    pub(crate) fn begin(runtime: &Handle, future: impl Future<Output = ()> + Send + 'static) -> Self {
        let begun = Arc::new(Begun {
            runtime: runtime.clone(),
            stage: Mutex::new(Stage::Polled { woken: false }),
        });
        let mut future: Unfinished = Box::pin(future);
        let waker = Arc::clone(&begun).into();
        let ended = {
            let _entered = runtime.enter();
            let _on_caller = OnCaller::new();
            future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
        };
        let mut stage = begun.stage();
        match *stage {
            Stage::Polled { .. } if ended => *stage = Stage::Ended,
            Stage::Polled { woken: false } => *stage = Stage::Waiting(future),
            Stage::Polled { woken: true } => *stage = Stage::Spawned(runtime.spawn(future).abort_handle()),
            // Aborted meanwhile: the future goes as this returns.
            Stage::Waiting(_) | Stage::Spawned(_) | Stage::Ended => {}
        }
        drop(stage);
        Task::Begun(begun)
    }

    /// Ends it, wherever it is. What it holds is dropped now or soon.
    pub(crate) fn abort(&self) {
        match self {
            Task::Spawned(task) => task.abort(),
            Task::Begun(begun) => begun.abort(),
        }
    }

    /// Whether it has ended or was aborted.
    pub(crate) fn is_finished(&self) -> bool {
        match self {
            Task::Spawned(task) => task.is_finished(),
            Task::Begun(begun) => match &*begun.stage() {
                Stage::Spawned(task) => task.is_finished(),
                Stage::Ended => true,
                Stage::Polled { .. } | Stage::Waiting(_) => false,
            },
        }
    }
}

impl Begun {
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn abort(&self) {
        // A future is dropped without the lock: what it holds may wake it.
        let before = std::mem::replace(&mut *self.stage(), Stage::Ended);
        if let Stage::Spawned(task) = before {
            task.abort();
        }
    }
}

impl Wake for Begun {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut stage = self.stage();
        match &mut *stage {
            Stage::Polled { woken } => *woken = true,
            waiting @ Stage::Waiting(_) => {
                if let Stage::Waiting(future) = std::mem::replace(waiting, Stage::Ended) {
                    *waiting = Stage::Spawned(self.runtime.spawn(future).abort_handle());
                }
            }
            Stage::Spawned(_) | Stage::Ended => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::runtime::{Builder, Runtime};
    use tokio::sync::oneshot;

    use super::*;

    /// A runtime that stands still unless it is driven.
    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    fn drive(runtime: &Runtime) {
        runtime.block_on(async {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        });
    }

    /// Counts the futures that hold it.
    type Held = Arc<AtomicUsize>;

    #[test]
    fn what_need_not_wait_is_done_by_the_caller() {
        let (runtime, done) = (runtime(), Held::default());
        let noted = Arc::clone(&done);
        let task = Task::begin(runtime.handle(), async move {
            noted.fetch_add(1, Ordering::Relaxed);
        });
        assert!(task.is_finished());
        assert_eq!(done.load(Ordering::Relaxed), 1);
        assert_eq!(Arc::strong_count(&done), 1);
    }

    #[test]
    fn what_has_to_wait_goes_on_as_a_task() {
        let (runtime, done) = (runtime(), Held::default());
        let (sender, receiver) = oneshot::channel();
        let noted = Arc::clone(&done);
        let task = Task::begin(runtime.handle(), async move {
            noted.fetch_add(1, Ordering::Relaxed);
            noted.fetch_add(receiver.await.unwrap(), Ordering::Relaxed);
            tokio::task::yield_now().await;
            noted.fetch_add(100, Ordering::Relaxed);
        });
        assert_eq!(done.load(Ordering::Relaxed), 1);
        drive(&runtime);
        assert!(!task.is_finished());
        sender.send(10).unwrap();
        assert_eq!(done.load(Ordering::Relaxed), 1);
        drive(&runtime);
        assert!(task.is_finished());
        assert_eq!(done.load(Ordering::Relaxed), 111);
    }

    #[test]
    fn what_comes_while_the_caller_polls_is_not_missed() {
        let (runtime, done) = (runtime(), Held::default());
        let noted = Arc::clone(&done);
        let task = Task::begin(runtime.handle(), async move {
            tokio::task::yield_now().await;
            let mut woken = false;
            std::future::poll_fn(|context| {
                context.waker().wake_by_ref();
                match std::mem::replace(&mut woken, true) {
                    true => std::task::Poll::Ready(()),
                    false => std::task::Poll::Pending,
                }
            })
            .await;
            noted.fetch_add(1, Ordering::Relaxed);
        });
        assert!(!task.is_finished());
        drive(&runtime);
        assert!(task.is_finished());
        assert_eq!(done.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn what_is_aborted_lets_go_of_what_it_holds() {
        let runtime = runtime();
        for wakes in [false, true] {
            let held = Held::default();
            let kept = Arc::clone(&held);
            let (sender, receiver) = oneshot::channel::<()>();
            let task = Task::begin(runtime.handle(), async move {
                receiver.await.unwrap();
                std::future::pending::<()>().await;
                drop(kept);
            });
            if wakes {
                sender.send(()).unwrap();
                drive(&runtime);
            }
            assert!(!task.is_finished());
            assert_eq!(Arc::strong_count(&held), 2);
            task.abort();
            drive(&runtime);
            assert!(task.is_finished());
            assert_eq!(Arc::strong_count(&held), 1);
        }
    }

    #[test]
    fn one_that_waits_ends_with_its_runtime() {
        let runtime = runtime();
        let task = Task::begin(runtime.handle(), async {
            tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
        });
        assert!(!task.is_finished());
        drop(runtime);
        assert!(task.is_finished());
    }
}
