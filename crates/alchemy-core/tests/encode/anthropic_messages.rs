//! Requests over `anthropic-messages`.
