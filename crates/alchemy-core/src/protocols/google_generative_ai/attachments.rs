//! Images, audio, documents and videos as parts: their bytes, or an address from which the server fetches them.

use std::borrow::Cow;

use serde::Serialize;

use super::contents::{Part, Walk, WirePart};
use crate::error::Result;
use crate::protocols::encoding::media::{self, Base64, Given};
use crate::protocols::encoding::notices::Place;
use crate::types::{ContentBlock, Modality};

/// Media in the part itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InlineData<'a> {
    mime_type: Cow<'a, str>,
    data: Base64<'a>,
}

/// Media at an address.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<&'a str>,
    file_uri: &'a str,
}

/// A block of media as a part, with the signature that it came with; None if it is not sent.
///
/// # Errors
/// If its content is not in exactly one place, or if its type cannot be told.
pub(super) fn part<'a>(
    walk: &mut Walk<'a, '_>,
    block: &'a ContentBlock,
    signature: Option<&'a str>,
    place: Place,
) -> Result<Option<WirePart<'a>>> {
    let given = match block {
        ContentBlock::Image(image) => {
            if let Some(detail) = image.detail.as_deref().filter(|detail| *detail != "auto") {
                let text = format!("the server takes no detail for one image; {detail:?} is not sent");
                walk.notices.add("field_dropped", format_args!("{place}.detail"), text);
            }
            media::image(image, place)?
        }
        ContentBlock::Audio(audio) => match (&audio.data, &audio.url, audio.transcript.as_deref(), &audio.id) {
            // The server has to be told the type, which a provider that streams bare samples does not say.
            (data, None, Some(transcript), _) if data.is_none() || media::audio(audio, place).is_err() => {
                walk.notices
                    .block_converted(place, "the audio is sent as its transcript");
                return Ok(Some(Part::text(transcript).signed(signature)));
            }
            (None, None, None, Some(_)) => {
                walk.notices
                    .block_dropped(place, "audio that is known to another provider by an id is not sent");
                return Ok(None);
            }
            _ => media::audio(audio, place)?,
        },
        ContentBlock::Document(document) => {
            for (field, set) in [
                ("name", document.name.is_some()),
                ("citations", document.citations.is_some()),
            ] {
                if set {
                    let text = format!("the server takes no {field} of a document");
                    walk.notices.add("field_dropped", format_args!("{place}.{field}"), text);
                }
            }
            media::document(document, place)?
        }
        _ => return Ok(None),
    };
    let (part, mime_type) = match given {
        Given::Data { mime_type, data } => {
            let shown = mime_type.to_string();
            let inline_data = InlineData {
                mime_type,
                data: Base64(data),
            };
            let part = Part {
                inline_data: Some(Box::new(inline_data)),
                ..Part::default()
            };
            (part, Some(shown))
        }
        Given::Url { url: uri, mime_type } | Given::File { id: uri, mime_type } => {
            let file_data = FileData {
                mime_type,
                file_uri: uri,
            };
            let part = Part {
                file_data: Some(Box::new(file_data)),
                ..Part::default()
            };
            (part, mime_type.map(str::to_owned))
        }
    };
    let modality = modality(block, mime_type.as_deref());
    walk.remarks.unlisted(walk.request.model, modality, place, walk.notices);
    Ok(Some(part.signed(signature)))
}

/// The kind of content, by its type where that says more than the block. Text files are text.
fn modality(block: &ContentBlock, mime_type: Option<&str>) -> Modality {
    match (mime_type.and_then(|mime_type| mime_type.split('/').next()), block) {
        (Some("image"), _) => Modality::Image,
        (Some("audio"), _) => Modality::Audio,
        (Some("video"), _) => Modality::Video,
        (Some("text"), _) => Modality::Text,
        (_, ContentBlock::Image(_)) => Modality::Image,
        (_, ContentBlock::Audio(_)) => Modality::Audio,
        _ => Modality::Document,
    }
}
