//! What every protocol's decoder needs: events and bodies read, their keys kept, calls, counts and failures told.

pub(crate) mod answer;
pub(crate) mod call_ids;
pub(crate) mod counts;
pub(crate) mod keys;
pub(crate) mod scalars;
pub(crate) mod strings;
pub(crate) mod surrogates;
pub(crate) mod template;
pub(crate) mod usage;
pub(crate) mod wire;
