//! The decoder of Google's generateContent, streamed and whole.
#![no_main]

alchemy_fuzz::decoder!(GoogleGenerativeAi);
