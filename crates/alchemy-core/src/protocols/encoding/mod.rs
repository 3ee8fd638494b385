//! What every protocol's encoder needs: the conversation put in order, the options checked, the body written.

pub(crate) mod body;
pub(crate) mod cache;
pub(crate) mod conversation;
pub(crate) mod effort;
pub(crate) mod media;
pub(crate) mod metadata;
pub(crate) mod notices;
pub(crate) mod options;
pub(crate) mod response_format;
pub(crate) mod results;
pub(crate) mod schema;
pub(crate) mod tool_call_ids;
pub(crate) mod tools;
