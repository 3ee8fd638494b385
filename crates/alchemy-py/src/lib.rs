//! The Python extension module of alchemy: converts and waits.
//!
//! Decisions about models, providers and protocols live in `alchemy-core`; what users see lives in
//! the Python package. Nothing here outlives the interpreter with a reference into it: tasks hold
//! core types alone.

mod bridge;
mod classes;
mod client;
mod conversation;
mod errors;
mod event_queue;
mod forms;
mod from_py;
mod json_to_py;
mod observed;
mod options;
mod own_thread;
mod partial;
mod replay;
mod runtime;
mod stream;
mod to_py;
mod turns;
mod unread;
mod waiter;
mod words;

use pyo3::prelude::*;

/// The native part of alchemy.
#[pymodule]
mod _native {
    #[pymodule_export]
    use super::bridge::Bridge;
    #[pymodule_export]
    use super::classes::bind;
    #[pymodule_export]
    use super::client::{NativeClient, get_model, get_models, get_providers};
    #[pymodule_export]
    use super::event_queue::EventQueue;
    #[pymodule_export]
    use super::replay::{encode, replay};
    #[pymodule_export]
    use super::runtime::{after_fork, shut_down};
    #[pymodule_export]
    use super::stream::NativeStream;
    #[pymodule_export]
    use super::turns::naps;
    #[pymodule_export]
    use super::unread::Later;
    #[pymodule_export]
    use super::waiter::Waiter;

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
