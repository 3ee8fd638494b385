//! What the provider and the floor share.

pub mod clock;
pub mod process;
pub mod words;
