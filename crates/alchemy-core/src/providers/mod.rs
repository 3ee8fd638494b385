//! Who serves models: addresses, keys, deviations, and the models by name. Data, not code.

mod address;
mod catalog;
mod registry;

pub use address::resolve_url;
pub use catalog::{get_model, models};
pub use registry::{Auth, BearerKeys, LOCAL, Provider, Service, all, auth, base_url, find, of, quirks, service};
