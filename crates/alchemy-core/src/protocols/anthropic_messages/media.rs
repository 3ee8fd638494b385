//! Images, audio and documents as blocks of a message.
//!
//! Source: <https://platform.claude.com/docs/en/build-with-claude/vision> and
//! <https://platform.claude.com/docs/en/build-with-claude/pdf-support> (2026-11).

use std::borrow::Cow;

use super::request::{Block, Body, Source};
use crate::error::Result;
use crate::protocols::encoding::media::{self, Base64, Given, left_out};
use crate::protocols::encoding::notices::{Notices, Place};
use crate::quirks::{DocumentForm, ImageForm, Quirks};
use crate::types::{Audio, Document, Image};

/// An image as a block.
pub(super) fn image<'a>(image: &'a Image, place: Place, quirks: &Quirks, notices: &mut Notices) -> Result<Block<'a>> {
    let given = media::image(image, place)?;
    let refused = |reason, notices: &mut Notices| Ok(Block::text(left_out("image", place, reason, notices)));
    match (&given, quirks.images) {
        (_, ImageForm::None) => return refused("the server takes no images", notices),
        (Given::Url { .. }, ImageForm::DataOnly) => {
            return refused("the server fetches no images; give their bytes", notices);
        }
        _ => {}
    }
    if image.detail.is_some() {
        notices.block_converted(
            place,
            "the protocol has no word for how closely to look; it is left out",
        );
    }
    Ok(Body::Image { source: source(given) }.into())
}

/// Audio, which the protocol does not have, as the words that stand for it.
pub(super) fn audio<'a>(audio: &'a Audio, place: Place, notices: &mut Notices) -> Result<Block<'a>> {
    if let Some(transcript) = audio.transcript.as_deref().filter(|words| !words.trim().is_empty()) {
        notices.block_converted(place, "the protocol has no audio; it is sent as its transcript");
        return Ok(Block::text(transcript));
    }
    media::audio(audio, place)?;
    Ok(Block::text(left_out(
        "audio",
        place,
        "the protocol has no audio",
        notices,
    )))
}

/// A document as a block.
pub(super) fn document<'a>(
    document: &'a Document,
    place: Place,
    quirks: &Quirks,
    notices: &mut Notices,
) -> Result<Block<'a>> {
    let given = media::document(document, place)?;
    let refused = |reason, notices: &mut Notices| Ok(Block::text(left_out("document", place, reason, notices)));
    if quirks.documents == DocumentForm::None {
        return refused("the server takes no documents", notices);
    }
    let source = match given {
        Given::Data { mime_type, data } if mime_type.starts_with("text/") => match std::str::from_utf8(data) {
            Ok(data) => Source::Text {
                media_type: "text/plain",
                data,
            },
            Err(_) => return refused("its text is not UTF-8", notices),
        },
        Given::Data { ref mime_type, .. } if mime_type != "application/pdf" => {
            return refused("the protocol takes PDF and plain text", notices);
        }
        given => source(given),
    };
    Ok(Body::Document {
        source,
        title: document.name.as_deref(),
        citations: document.citations,
    }
    .into())
}

fn source(given: Given<'_>) -> Source<'_> {
    match given {
        Given::Data { mime_type, data } => Source::Base64 {
            media_type: match &*mime_type {
                "image/jpg" => Cow::Borrowed("image/jpeg"),
                _ => mime_type,
            },
            data: Base64(data),
        },
        Given::Url { url, .. } => Source::Url { url },
        Given::File { id, .. } => Source::File { file_id: id },
    }
}

/// Whether a block names a file that was uploaded before.
pub(super) fn is_file(block: &Block<'_>) -> bool {
    let (Body::Image { source } | Body::Document { source, .. }) = &block.body else {
        return false;
    };
    matches!(source, Source::File { .. })
}
