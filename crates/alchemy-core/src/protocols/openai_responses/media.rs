//! Images, audio and documents as parts of a message.

use super::request::{Entry, Value};
use crate::error::Result;
use crate::protocols::encoding::media::{self, DataUrl, Given};
use crate::protocols::encoding::notices::{Notices, Place};
use crate::quirks::{DocumentForm, ImageForm, Quirks};
use crate::types::{Audio, Document, Image};

/// An image as a part.
pub(super) fn image<'a>(image: &'a Image, place: Place, quirks: &Quirks, notices: &mut Notices) -> Result<Entry<'a>> {
    let mut refused = |reason: &str| Ok(left_out("image", place, reason, notices));
    let part = match (media::image(image, place)?, quirks.images) {
        (_, ImageForm::None) => return refused("the server takes no images"),
        (Given::Url { .. } | Given::File { .. }, ImageForm::DataOnly) => {
            return refused("the server fetches no images; give their bytes");
        }
        (given, _) => source(Entry::of("input_image"), "image_url", given),
    };
    Ok(part.with_some("detail", image.detail.as_deref()))
}

/// A picture of the screen, as the tool that uses a computer takes it.
pub(super) fn screenshot(image: &Image, place: Place) -> Result<Entry<'_>> {
    let given = media::image(image, place)?;
    Ok(source(Entry::of("computer_screenshot"), "image_url", given))
}

fn source<'a>(part: Entry<'a>, key: &'static str, given: Given<'a>) -> Entry<'a> {
    match given {
        Given::Url { url, .. } => part.with(key, url),
        Given::File { id, .. } => part.with("file_id", id),
        Given::Data { mime_type, data } => part.with(key, Value::Data(DataUrl { mime_type, data })),
    }
}

/// Audio, of which the protocol has no part. <https://platform.openai.com/docs/api-reference/responses/create> (2026-11)
pub(super) fn audio<'a>(audio: &'a Audio, place: Place, notices: &mut Notices) -> Result<Entry<'a>> {
    media::audio(audio, place)?;
    Ok(left_out("audio", place, "the protocol takes no audio", notices))
}

/// A document as a part.
pub(super) fn document<'a>(
    document: &'a Document,
    place: Place,
    quirks: &Quirks,
    notices: &mut Notices,
) -> Result<Entry<'a>> {
    media::no_citations(document, place, notices);
    let name = document.name.as_deref();
    let given = media::document(document, place)?;
    if let Some(text) = media::as_text(&given, name, place, notices) {
        return Ok(Entry::text(text));
    }
    if quirks.documents == DocumentForm::None {
        return Ok(left_out("document", place, "the server takes no documents", notices));
    }
    let part = Entry::of("input_file");
    Ok(match given {
        Given::Url { url, .. } => part.with("file_url", url),
        Given::File { id, .. } => part.with("file_id", id),
        // Servers want some name beside data, and tell the kind by it.
        Given::Data { mime_type, data } => part
            .with("filename", name.unwrap_or("document.pdf"))
            .with("file_data", Value::Data(DataUrl { mime_type, data })),
    })
}

fn left_out<'a>(what: &str, place: Place, reason: &str, notices: &mut Notices) -> Entry<'a> {
    Entry::text(media::left_out(what, place, reason, notices))
}
