//! The results of an answer's calls, as parts of the user's.
//!
//! Source: <https://ai.google.dev/api/caching#FunctionResponse> (2026-11): what a function gave stands under `output`,
//! what went wrong under `error`.

use std::borrow::Cow;

use super::contents::{FunctionResponse, Part, Response, Walk, WirePart};
use crate::error::Result;
use crate::protocols::encoding::conversation::CallResult;
use crate::protocols::encoding::notices::Place;
use crate::protocols::encoding::results::{ATTACHED, NO_RESULT, origin};
use crate::types::{Content, ContentBlock, ToolResultMessage};

impl<'a> Walk<'a, '_> {
    /// Adds results; media that they cannot hold stand behind them all.
    pub(super) fn results(&mut self, results: &[CallResult<'a>]) -> Result<()> {
        let mut parts = Vec::with_capacity(results.len());
        let mut behind = Vec::new();
        for result in results {
            let mut inside = Vec::new();
            let (text, failed) = match result.message {
                Some(message) => {
                    let attached = behind.len();
                    let text = self.result(message, result.place, &mut inside, &mut behind)?;
                    let text = match text.is_empty() && behind.len() > attached {
                        true => Cow::Borrowed(ATTACHED),
                        false => text,
                    };
                    (text, message.is_error)
                }
                None => (Cow::Borrowed(NO_RESULT), true),
            };
            let function_response = FunctionResponse {
                id: &result.call.id,
                name: result.tool_name(),
                response: match failed {
                    true => Response::Error(text),
                    false => Response::Output(text),
                },
                parts: inside,
            };
            parts.push(
                Part {
                    function_response: Some(Box::new(function_response)),
                    ..Part::default()
                }
                .into(),
            );
        }
        parts.append(&mut behind);
        if let Some(first) = results.first() {
            self.push("user", parts, first.place);
        }
        Ok(())
    }

    /// The text of a result. Its media go inside of it where the model reads them there, else behind all results.
    fn result(
        &mut self,
        message: &'a ToolResultMessage,
        place: Place,
        inside: &mut Vec<WirePart<'a>>,
        behind: &mut Vec<WirePart<'a>>,
    ) -> Result<Cow<'a, str>> {
        let blocks = match &message.content {
            Content::Text(text) => return Ok(Cow::Borrowed(text.as_str())),
            Content::Blocks(blocks) => blocks,
        };
        let mut texts = Vec::new();
        for (index, block) in blocks.iter().enumerate() {
            let place = place.block(index);
            match self.part(block, place)? {
                Some(WirePart::Own(part)) if part.text.is_some() => texts.extend(part.text),
                Some(part) if self.request.quirks.function_response_parts && fits_inside(block) => inside.push(part),
                Some(part) => {
                    let text = "a tool result cannot hold the block; it goes behind the results";
                    self.notices.block_converted(place, text);
                    behind.push(Part::text(origin(&message.tool_call_id)).into());
                    behind.push(part);
                }
                None => {}
            }
        }
        Ok(match texts.len() {
            1 => texts.pop().unwrap_or_default(),
            _ => Cow::Owned(texts.join("\n")),
        })
    }
}

/// Whether the models that read media in results read these: images and documents, whose bytes are there.
fn fits_inside(block: &ContentBlock) -> bool {
    match block {
        ContentBlock::Image(image) => image.data.is_some(),
        ContentBlock::Document(document) => {
            let mime_type = document.mime_type.as_deref().unwrap_or("application/pdf");
            document.data.is_some() && matches!(mime_type, "application/pdf" | "text/plain")
        }
        _ => false,
    }
}
