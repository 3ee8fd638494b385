//! The wire protocols: a request out, an answer in. Pure work, without sockets and clocks.

pub mod anthropic_messages;
pub(crate) mod decoding;
pub(crate) mod encoding;
pub mod failure;
pub mod google_generative_ai;
pub mod openai_completions;
pub mod openai_responses;

use std::borrow::Cow;

use crate::assembler::Assembler;
use crate::error::{Error, ErrorKind, Result};
use crate::quirks::Quirks;
use crate::types::{Api, Context, Model, ModelCost, Notice, Options};

/// What a protocol turns into bytes.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The model that is asked.
    pub model: &'a Model,
    /// How its server deviates from the protocol.
    pub quirks: &'a Quirks,
    /// The conversation.
    pub context: &'a Context,
    /// What is asked for besides.
    pub options: &'a Options,
    /// Whether the answer is to be streamed.
    pub streamed: bool,
}

impl<'a> Request<'a> {
    /// The system prompt, unless it is empty.
    pub(crate) fn system_prompt(&self) -> Option<&'a str> {
        self.context
            .system_prompt
            .as_deref()
            .filter(|prompt| !prompt.is_empty())
    }
}

/// What is sent, without address, key and transport headers.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The endpoint, below the server's address.
    pub endpoint: Endpoint,
    /// Headers that belong to the protocol or to a quirk.
    pub headers: Vec<(String, String)>,
    /// Those headers whose values add up to a list, where others replace each other.
    pub list_headers: &'static [&'static str],
    /// The body, JSON.
    pub body: Vec<u8>,
    /// What could not be honoured exactly, in the order it was met.
    pub notices: Vec<Notice>,
}

/// Where a request goes, below the server's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The path, such as `chat/completions`, with a query after a `?` if it needs one.
    pub path: Cow<'static, str>,
    /// The version of the interface, which stands before the path: `v1`.
    pub version: &'static str,
    /// Whether users leave the version out of an address that has a path, as the protocol's own client asks of them.
    pub version_left_out: bool,
}

/// How far an answer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// More is to come.
    More,
    /// The terminal marker was there; facts such as usage may follow.
    Ending,
    /// Nothing that counts can follow.
    Ended,
}

/// Decodes the answer to one request: frames in, events out, without I/O.
pub trait Decode: Send {
    /// Takes the data of one event of a stream.
    ///
    /// # Errors
    /// A malformed event, or a failure that the event tells of.
    fn event(&mut self, data: &str, assembler: &mut Assembler) -> Result<Flow>;

    /// Takes a whole answer that was not streamed.
    ///
    /// # Errors
    /// A malformed body, or a failure that it tells of.
    fn body(&mut self, body: &str, assembler: &mut Assembler) -> Result<()>;

    /// Takes the clean end of the answer: tells the end of the message.
    ///
    /// # Errors
    /// If the answer has no terminal marker, or ends in a failure.
    fn end(&mut self, assembler: &mut Assembler) -> Result<()>;

    /// Takes the news that the answer failed: tells what was held back.
    fn interrupted(&mut self, assembler: &mut Assembler);

    /// From now on reads each event in full, one as well that differs from the one before it in its text alone. It
    /// takes longer and gives the same events, for tests to compare.
    fn read_in_full(&mut self);
}

/// Encodes a request by the protocol of its model.
///
/// # Errors
/// What cannot be encoded, with its path.
pub fn encode(request: &Request<'_>) -> Result<Encoded> {
    match api(request.model)? {
        Api::OpenAiCompletions => openai_completions::encode(request),
        Api::OpenAiResponses => openai_responses::encode(request),
        Api::AnthropicMessages => anthropic_messages::encode(request),
        Api::GoogleGenerativeAi => google_generative_ai::encode(request),
    }
}

/// A decoder for the answer to a request to `model`.
///
/// # Errors
/// If the model's protocol is not known.
pub fn decoder(model: &Model, quirks: &Quirks, prices: Option<ModelCost>) -> Result<Box<dyn Decode>> {
    match api(model)? {
        Api::OpenAiCompletions => Ok(Box::new(openai_completions::Decoder::new(quirks, prices))),
        Api::OpenAiResponses => Ok(Box::new(openai_responses::Decoder::new(quirks, prices))),
        Api::AnthropicMessages => Ok(Box::new(anthropic_messages::Decoder::new(quirks, prices))),
        Api::GoogleGenerativeAi => Ok(Box::new(google_generative_ai::Decoder::new(quirks, prices))),
    }
}

fn api(model: &Model) -> Result<Api> {
    model.api.parse().map_err(|what: String| {
        let text = format!("{}: {}: no such protocol: {what}", model.provider, model.id);
        Error {
            path: Some("model.api".to_owned()),
            ..Error::new(ErrorKind::InvalidRequestError, text)
        }
    })
}
