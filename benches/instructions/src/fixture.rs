//! One made-up stream for each wire protocol: the bytes a server would send, and what they must decode to.

mod anthropic_messages;
mod google_generative_ai;
mod openai_completions;
mod openai_responses;

use alchemy_core::types::Api;

use crate::words;

/// How much the model says.
pub struct Size {
    /// Deltas of reasoning.
    thoughts: usize,
    /// Deltas of text.
    texts: usize,
    /// Lines in each call's arguments, which make a dozen deltas.
    lines: usize,
}

impl Size {
    /// Enough that what comes once does not matter.
    pub const LARGE: Size = Size {
        thoughts: 500,
        texts: 2_000,
        lines: 40,
    };
    /// A short answer.
    pub const SMALL: Size = Size {
        thoughts: 20,
        texts: 150,
        lines: 1,
    };
}

/// What the model says, and what must be read from the bytes.
pub struct Said {
    /// The reasoning, in pieces.
    pub thoughts: Vec<String>,
    /// The text, in pieces.
    pub texts: Vec<String>,
    /// The arguments of two calls, in pieces.
    pub calls: [Vec<String>; 2],
}

/// A stream.
pub struct Fixture {
    /// The provider that the bytes are of.
    pub provider: &'static str,
    /// And its model.
    pub model: &'static str,
    /// What they say.
    pub said: Said,
    /// The bytes of each event, blank line included.
    pub events: Vec<String>,
}

impl Fixture {
    /// The stream of a protocol.
    #[must_use]
    pub fn of(api: Api, size: &Size) -> Self {
        let said = Said {
            thoughts: owned(&words::pieces(size.thoughts, 1)),
            texts: owned(&words::pieces(size.texts, 2)),
            calls: [3, 4].map(|seed| words::cut(&words::arguments(size.lines, seed))),
        };
        match api {
            Api::OpenAiCompletions => openai_completions::fixture(said),
            Api::OpenAiResponses => openai_responses::fixture(said),
            Api::AnthropicMessages => anthropic_messages::fixture(said),
            Api::GoogleGenerativeAi => google_generative_ai::fixture(said),
        }
    }

    /// How many deltas must come out.
    #[must_use]
    pub fn deltas(&self) -> usize {
        let Said { thoughts, texts, calls } = &self.said;
        thoughts.len() + texts.len() + calls.iter().map(Vec::len).sum::<usize>()
    }
}

fn owned(pieces: &[&str]) -> Vec<String> {
    pieces.iter().map(ToString::to_string).collect()
}

/// An event without a name.
fn data(json: &str) -> String {
    format!("data: {json}\n\n")
}

/// An event that is named as its JSON's `type`.
fn named(name: &str, rest: &str) -> String {
    format!("event: {name}\ndata: {{\"type\":\"{name}\",{rest}}}\n\n")
}

/// Padding as OpenAI puts beside a piece, so that its length does not show on the wire.
fn obfuscation(piece: &str) -> &'static str {
    "k3Vx8QzL0aWmT5rYcN1bHsJ7dGfE"
        .get(piece.len().min(28)..)
        .unwrap_or_default()
}
