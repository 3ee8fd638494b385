//! The decoder of chat completions, streamed and whole.
#![no_main]

alchemy_fuzz::decoder!(OpenAiCompletions);
