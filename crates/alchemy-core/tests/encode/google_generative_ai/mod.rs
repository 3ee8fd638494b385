//! Requests over `google-generative-ai`.
