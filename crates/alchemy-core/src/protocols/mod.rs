//! The wire protocols: a request out, an answer in. Pure work, without sockets and clocks.

pub mod failure;
pub mod openai_completions;
pub(crate) mod surrogates;
pub(crate) mod think_tags;

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

/// What is sent, without address, key and transport headers.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The endpoint, below the server's address.
    pub path: &'static str,
    /// Headers that belong to the protocol or to a quirk.
    pub headers: Vec<(String, String)>,
    /// The body, JSON.
    pub body: Vec<u8>,
    /// What could not be honoured exactly, in the order it was met.
    pub notices: Vec<Notice>,
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
}

/// Encodes a request by the protocol of its model.
///
/// # Errors
/// What cannot be encoded, with its path.
pub fn encode(request: &Request<'_>) -> Result<Encoded> {
    match api(request.model)? {
        Api::OpenAiCompletions => openai_completions::encode(request),
    }
}

/// A decoder for the answer to a request to `model`.
///
/// # Errors
/// If the model's protocol is not known.
pub fn decoder(model: &Model, quirks: &Quirks, prices: Option<ModelCost>) -> Result<Box<dyn Decode>> {
    match api(model)? {
        Api::OpenAiCompletions => Ok(Box::new(openai_completions::Decoder::new(quirks, prices))),
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
