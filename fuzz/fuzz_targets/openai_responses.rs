//! The decoder of OpenAI Responses, streamed and whole.
#![no_main]

alchemy_fuzz::decoder!(OpenAiResponses);
