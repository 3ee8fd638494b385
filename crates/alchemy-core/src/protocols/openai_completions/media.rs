//! Images, audio and documents as parts of a message.

use std::borrow::Cow;

use super::request::{AudioData, File, ImageUrl, Part, Source};
use crate::error::Result;
use crate::protocols::encoding::media::{self, Base64, DataUrl, Given};
use crate::protocols::encoding::notices::{Notices, Place};
use crate::quirks::{AudioForm, DocumentForm, ImageForm, Quirks};
use crate::types::{Audio, Document, Image};

/// An image as a part.
pub(super) fn image<'a>(image: &'a Image, place: Place, quirks: &Quirks, notices: &mut Notices) -> Result<Part<'a>> {
    let mut refused = |reason: &str| Ok(left_out("image", place, reason, notices));
    let url = match (media::image(image, place)?, quirks.images) {
        (_, ImageForm::None) => return refused("the server takes no images"),
        (Given::File { .. }, _) => return refused("the protocol has no images by the id of a file; give their bytes"),
        (Given::Url { .. }, ImageForm::DataOnly) => {
            return refused("the server fetches no images; give their bytes");
        }
        (Given::Url { url, .. }, ImageForm::UrlOrData) => Source::Url(url),
        (Given::Data { mime_type, data }, _) => Source::Data(DataUrl { mime_type, data }),
    };
    Ok(Part::ImageUrl {
        image_url: ImageUrl {
            url,
            detail: image.detail.as_deref(),
        },
    })
}

/// Audio as a part.
pub(super) fn audio<'a>(audio: &'a Audio, place: Place, quirks: &Quirks, notices: &mut Notices) -> Result<Part<'a>> {
    let mut refused = |reason: &str| Ok(left_out("audio", place, reason, notices));
    match (media::audio(audio, place)?, quirks.audio) {
        (_, AudioForm::None) => refused("the server takes no audio"),
        (Given::Url { .. } | Given::File { .. }, AudioForm::InputAudio) => {
            refused("the protocol has no audio by address; give its bytes")
        }
        (Given::Data { mime_type, data }, AudioForm::InputAudio) => Ok(Part::InputAudio {
            input_audio: AudioData {
                data: Base64(data),
                format: audio_format(&mime_type),
            },
        }),
    }
}

/// A document as a part.
pub(super) fn document<'a>(
    document: &'a Document,
    place: Place,
    quirks: &Quirks,
    notices: &mut Notices,
) -> Result<Part<'a>> {
    let name = document.name.as_deref();
    media::no_citations(document, place, notices);
    let given = media::document(document, place)?;
    if let Some(text) = media::as_text(&given, name, place, notices) {
        return Ok(Part::text(text));
    }
    let mut refused = |reason: &str| Ok(left_out("document", place, reason, notices));
    match (given, quirks.documents) {
        (Given::File { id, .. }, DocumentForm::File | DocumentForm::FileOrUrl) => Ok(Part::File {
            file: File {
                file_id: Some(id),
                filename: None,
                file_data: None,
            },
        }),
        (Given::File { .. }, DocumentForm::DocumentUrl | DocumentForm::None) => {
            refused("the server takes no uploaded files here")
        }
        (Given::Url { url, .. }, DocumentForm::FileOrUrl) => Ok(file(Source::Url(url), name)),
        (Given::Url { url, .. }, DocumentForm::DocumentUrl) => Ok(document_url(Source::Url(url), name)),
        (Given::Url { .. }, DocumentForm::File) => refused("the server fetches no documents; give their bytes"),
        (Given::Data { mime_type, data }, form) => {
            let data = Source::Data(DataUrl { mime_type, data });
            match form {
                DocumentForm::File | DocumentForm::FileOrUrl => Ok(file(data, name)),
                DocumentForm::DocumentUrl => Ok(document_url(data, name)),
                DocumentForm::None => refused("the server takes no documents"),
            }
        }
        (Given::Url { .. }, DocumentForm::None) => refused("the server takes no documents"),
    }
}

/// A file; servers want some name, and tell the kind by it.
fn file<'a>(source: Source<'a>, name: Option<&'a str>) -> Part<'a> {
    let filename = Some(Cow::Borrowed(name.unwrap_or("document.pdf")));
    Part::File {
        file: File {
            file_id: None,
            filename,
            file_data: Some(source),
        },
    }
}

fn document_url<'a>(source: Source<'a>, name: Option<&'a str>) -> Part<'a> {
    Part::DocumentUrl {
        document_url: source,
        document_name: name,
    }
}

fn left_out<'a>(what: &str, place: Place, reason: &str, notices: &mut Notices) -> Part<'a> {
    Part::text(media::left_out(what, place, reason, notices))
}

/// The protocol's word for a type of audio.
fn audio_format<'a>(mime_type: &Cow<'a, str>) -> Cow<'a, str> {
    let subtype = mime_type.strip_prefix("audio/").unwrap_or(mime_type);
    match subtype.strip_prefix("x-").unwrap_or(subtype) {
        "mpeg" => Cow::Borrowed("mp3"),
        "wave" | "vnd.wave" => Cow::Borrowed("wav"),
        "mp4" => Cow::Borrowed("m4a"),
        other => Cow::Owned(other.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_types_become_the_protocols_words() {
        for (mime_type, word) in [
            ("audio/mpeg", "mp3"),
            ("audio/x-wav", "wav"),
            ("audio/flac", "flac"),
            ("audio/mp4", "m4a"),
        ] {
            assert_eq!(audio_format(&Cow::Borrowed(mime_type)), word);
        }
    }
}
