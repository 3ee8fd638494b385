//! The decoder of Anthropic Messages, streamed and whole.
#![no_main]

alchemy_fuzz::decoder!(AnthropicMessages);
