//! Images, audio and documents: where their content is, and of which type it is.
//!
//! What a server cannot be handed is replaced by a short text, so that the model knows that something was there,
//! and a notice says so. Content that the model's description does not list is sent all the same: the
//! description may be older than the model, and the server knows better.

use std::borrow::Cow;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use super::notices::{Notices, Place};
use crate::error::{Error, Result};
use crate::types::{Audio, Document, Image, Modality, Model};

/// Bytes as base64 text, written straight into the body.
pub(crate) struct Base64<'a>(pub(crate) &'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Display::new(self.0, &STANDARD))
    }
}

/// Bytes as a data URL, written straight into the body.
pub(crate) struct DataUrl<'a> {
    pub(crate) mime_type: Cow<'a, str>,
    pub(crate) data: &'a [u8],
}

impl Serialize for DataUrl<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let data = Base64Display::new(self.data, &STANDARD);
        serializer.collect_str(&format_args!("data:{};base64,{data}", self.mime_type))
    }
}

/// Where the content of a block is.
pub(crate) enum Given<'a> {
    /// Here, of this type.
    Data { mime_type: Cow<'a, str>, data: &'a [u8] },
    /// At an address, of this type if it is known.
    Url { url: &'a str, mime_type: Option<&'a str> },
    /// With the provider, of this type if it is known.
    File { id: &'a str, mime_type: Option<&'a str> },
}

/// Where an image is.
///
/// # Errors
/// If it is not in exactly one place, or if its type cannot be told.
pub(crate) fn image(image: &Image, place: Place) -> Result<Given<'_>> {
    let given = Places {
        data: image.data.as_ref().map(|data| &*data.0),
        url: image.url.as_deref(),
        file_id: image.file_id.as_deref(),
        mime_type: image.mime_type.as_deref(),
    };
    given.one(image_type, "data, url and file_id", place)
}

/// Where audio is. That it is known to a provider by an id is for the protocol to see.
///
/// # Errors
/// If it is not in exactly one place, or if its type cannot be told.
pub(crate) fn audio(audio: &Audio, place: Place) -> Result<Given<'_>> {
    let given = Places {
        data: audio.data.as_ref().map(|data| &*data.0),
        url: audio.url.as_deref(),
        file_id: None,
        mime_type: audio.mime_type.as_deref(),
    };
    given.one(audio_type, "data and url", place)
}

/// Where a document is.
///
/// # Errors
/// If it is not in exactly one place, or if its type cannot be told.
pub(crate) fn document(document: &Document, place: Place) -> Result<Given<'_>> {
    let given = Places {
        data: document.data.as_ref().map(|data| &*data.0),
        url: document.url.as_deref(),
        file_id: document.file_id.as_deref(),
        mime_type: document.mime_type.as_deref(),
    };
    given.one(document_type, "data, url and file_id", place)
}

/// The places where a block says that its content is.
struct Places<'a> {
    data: Option<&'a [u8]>,
    url: Option<&'a str>,
    file_id: Option<&'a str>,
    mime_type: Option<&'a str>,
}

impl<'a> Places<'a> {
    fn one(self, tell: fn(&[u8]) -> Option<&'static str>, names: &str, place: Place) -> Result<Given<'a>> {
        let mime_type = self.mime_type;
        match (self.data, self.url, self.file_id) {
            (Some(data), None, None) if !data.is_empty() => {
                let told = mime_type.or_else(|| tell(data)).ok_or_else(|| {
                    let reason = "the first bytes do not tell the type; give it";
                    Error::invalid(format!("{place}.mime_type"), reason)
                })?;
                Ok(Given::Data {
                    mime_type: Cow::Borrowed(told),
                    data,
                })
            }
            (None, Some(url), None) if !url.is_empty() => Ok(Given::Url { url, mime_type }),
            (None, None, Some(id)) if !id.is_empty() => Ok(Given::File { id, mime_type }),
            _ => {
                let reason = format!("the block has exactly one of {names}, and it is not empty");
                Err(Error::invalid(place.to_string(), &reason))
            }
        }
    }
}

/// The text that stands for a block which the server cannot be handed, with a notice.
pub(crate) fn left_out(what: &str, place: Place, reason: &str, notices: &mut Notices) -> String {
    notices.block_converted(place, format!("the {what} is left out: {reason}"));
    format!("[{what} left out]")
}

/// A document of text as text of the message, with a notice; None if this is none. Not every server takes text as a
/// file, and it is as good as part of the prompt.
pub(crate) fn as_text<'a>(
    given: &Given<'a>,
    name: Option<&str>,
    place: Place,
    notices: &mut Notices,
) -> Option<Cow<'a, str>> {
    let Given::Data { mime_type, data } = given else {
        return None;
    };
    let data: &'a [u8] = data;
    let text = std::str::from_utf8(data)
        .ok()
        .filter(|_| mime_type.starts_with("text/"))?;
    notices.block_converted(place, "a document of text is sent as text of the message");
    Some(name.map_or(Cow::Borrowed(text), |name| Cow::Owned(format!("{name}:\n\n{text}"))))
}

/// Says that citations of a document are not asked for, where the protocol has no way to.
pub(crate) fn no_citations(document: &Document, place: Place, notices: &mut Notices) {
    if document.citations == Some(true) {
        let text = "the protocol has no way to ask for citations";
        notices.add("option_dropped", format_args!("{place}.citations"), text);
    }
}

/// Kinds of content that were remarked upon.
#[derive(Default)]
pub(crate) struct Remarks(Vec<Modality>);

impl Remarks {
    /// Says, once a kind, that a model is not known to take what it is sent.
    pub(crate) fn unlisted(&mut self, model: &Model, modality: Modality, place: Place, notices: &mut Notices) {
        if !model.input.contains(&modality) && !self.0.contains(&modality) {
            self.0.push(modality);
            let text = format!(
                "{} is not described as taking {modality}; it is sent all the same",
                model.id
            );
            notices.add("modality_unlisted", place, text);
        }
    }
}

/// The type of an image.
fn image_type(data: &[u8]) -> Option<&'static str> {
    match data {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [b'B', b'M', ..] => Some("image/bmp"),
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => Some("image/tiff"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f', ..] => Some("image/avif"),
        [_, _, _, _, b'f', b't', b'y', b'p', b'h', b'e', b'i', b'c', ..] => Some("image/heic"),
        _ => None,
    }
}

/// The type of audio.
fn audio_type(data: &[u8]) -> Option<&'static str> {
    match data {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some("audio/wav"),
        [b'I', b'D', b'3', ..] => Some("audio/mpeg"),
        [b'f', b'L', b'a', b'C', ..] => Some("audio/flac"),
        [b'O', b'g', b'g', b'S', ..] => Some("audio/ogg"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("audio/mp4"),
        // A frame header: eleven set bits, then the layer, which MPEG-4 AAC has at zero.
        [0xff, second, ..] if second & 0xf6 == 0xf0 => Some("audio/aac"),
        [0xff, second, ..] if second & 0xe0 == 0xe0 => Some("audio/mpeg"),
        _ => None,
    }
}

/// The type of a document.
fn document_type(data: &[u8]) -> Option<&'static str> {
    match data {
        [b'%', b'P', b'D', b'F', ..] => Some("application/pdf"),
        _ if std::str::from_utf8(data).is_ok_and(|text| !text.contains('\0')) => Some("text/plain"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_from_the_first_bytes() {
        assert_eq!(image_type(b"\x89PNG\r\n"), Some("image/png"));
        assert_eq!(image_type(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(image_type(b"RIFF\0\0\0\0WEBP"), Some("image/webp"));
        assert_eq!(image_type(b"nothing"), None);
        assert_eq!(audio_type(b"RIFF\0\0\0\0WAVE"), Some("audio/wav"));
        assert_eq!(audio_type(b"\xff\xfb\x90\x00"), Some("audio/mpeg"));
        assert_eq!(audio_type(b"\xff\xf1\x50\x80"), Some("audio/aac"));
        assert_eq!(document_type(b"%PDF-1.7"), Some("application/pdf"));
        assert_eq!(document_type("Grüße".as_bytes()), Some("text/plain"));
        assert_eq!(document_type(b"\xff\xfe\x00"), None);
    }
}
