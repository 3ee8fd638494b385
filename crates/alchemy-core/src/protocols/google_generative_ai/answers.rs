//! An earlier answer as parts of the model's.
//!
//! The model's own answer goes back as it came, signatures in the very parts that bore them: they let it take up its
//! thinking again. Its thinking goes back too, signed or not. What was never a part (grounding, url context) does not.

use super::attachments;
use super::contents::{FunctionCall, Part, Walk, WirePart};
use crate::error::{Error, Result};
use crate::json;
use crate::protocols::encoding::conversation::{Answer, Said, SentCall};
use crate::protocols::encoding::media;
use crate::protocols::encoding::notices::{Notices, Place};
use crate::types::{Audio, ContentBlock};

/// Google's word for a call that no signature can be given for, so that it is taken all the same.
/// <https://ai.google.dev/gemini-api/docs/thought-signatures> (2026-11)
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Metadata that the decoder tells as blocks.
const NO_PARTS: [&str; 2] = ["groundingMetadata", "urlContextMetadata"];

impl<'a> Walk<'a, '_> {
    /// Adds an answer.
    pub(super) fn answer(&mut self, answer: &Answer<'a>) -> Result<()> {
        let mut parts = Vec::with_capacity(answer.said.len());
        let mut first_call = true;
        let mut metadata = false;
        for (place, said) in &answer.said {
            match said {
                Said::Text(text) => {
                    let signature = text.signature.as_deref().filter(|_| answer.own);
                    if !text.text.is_empty() || signature.is_some() {
                        parts.push(Part::text(text.text.as_str()).signed(signature));
                    }
                }
                Said::Rendering(text) => parts.push(Part::text(*text).into()),
                Said::Thinking(thinking) if thinking.thinking.is_empty() && thinking.signature.is_none() => {}
                Said::Thinking(thinking) => {
                    let part = Part {
                        thought: Some(true),
                        ..Part::text(thinking.thinking.as_str())
                    };
                    parts.push(part.signed(thinking.signature.as_deref()));
                }
                Said::Call(call) => {
                    let own = call.call.signature.as_deref().filter(|_| answer.own);
                    let needed = self.request.quirks.signature_required && std::mem::take(&mut first_call);
                    let signature = own.or(needed.then_some(NO_SIGNATURE));
                    parts.push(function_call(call, signature, *place, self.notices)?);
                }
                Said::Opaque(opaque) if NO_PARTS.contains(&opaque.kind.as_str()) => metadata = true,
                Said::Opaque(opaque) => parts.push(WirePart::Raw(&opaque.data)),
                Said::Media(ContentBlock::Audio(audio)) if !answer.own && is_unknown(audio, *place) => {
                    let text = "the audio of another model came without its type, which the server has to be told";
                    self.notices.block_dropped(*place, text);
                }
                Said::Media(block) => {
                    let signature = signature(block).filter(|_| answer.own);
                    parts.extend(attachments::part(self, block, signature, *place)?);
                }
            }
        }
        // Of an answer that has nothing but metadata, or empty text, nothing was left out.
        if parts.is_empty() && metadata {
            return Ok(());
        }
        self.push("model", parts, answer.place);
        Ok(())
    }
}

fn function_call<'a>(
    call: &SentCall<'a>,
    signature: Option<&'a str>,
    place: Place,
    notices: &mut Notices,
) -> Result<WirePart<'a>> {
    let args = match call.call.custom && call.whole {
        true => {
            let text = "a call with free text is sent as one with the argument `input`";
            notices.block_converted(place, text);
            json::input_object(&call.call.raw_arguments)
        }
        false => json::object_in(call.arguments()),
    };
    let args = args.ok_or_else(|| {
        let reason = "the arguments of a call are a JSON object";
        Error::invalid(format!("{place}.raw_arguments"), reason)
    })?;
    let function_call = FunctionCall {
        id: &call.call.id,
        name: &call.call.name,
        args,
    };
    let part = Part {
        function_call: Some(Box::new(function_call)),
        ..Part::default()
    };
    Ok(part.signed(signature))
}

/// Whether nothing tells the type of audio, nor what is said in it.
fn is_unknown(audio: &Audio, place: Place) -> bool {
    audio.mime_type.is_none() && audio.transcript.is_none() && media::audio(audio, place).is_err()
}

fn signature(block: &ContentBlock) -> Option<&str> {
    match block {
        ContentBlock::Image(image) => image.signature.as_deref(),
        ContentBlock::Audio(audio) => audio.signature.as_deref(),
        ContentBlock::Document(document) => document.signature.as_deref(),
        _ => None,
    }
}
