//! Requests over `openai-responses`.
