//! Images, audio and documents as parts of a message.
//!
//! What the server cannot be handed is replaced by a short text, so that the model knows that something
//! was there, and a notice says so. Content that the model's description does not list is sent all the same:
//! the description may be older than the model, and the server knows better.

use std::borrow::Cow;

use super::request::{AudioData, Base64, File, ImageUrl, Notices, Part, Source};
use crate::error::{Error, Result};
use crate::json;
use crate::quirks::{AudioForm, DocumentForm, ImageForm, Quirks};
use crate::types::{Audio, Document, Image};

/// An image as a part.
pub(super) fn image<'a>(image: &'a Image, path: &str, quirks: &Quirks, notices: &mut Notices) -> Result<Part<'a>> {
    let source = source(image.data.as_ref().map(|data| &*data.0), image.url.as_deref(), path)?;
    let url = match (source, quirks.images) {
        (_, ImageForm::None) => return Ok(left_out("image", path, "the server takes no images", notices)),
        (Given::Url(_), ImageForm::DataOnly) => {
            return Ok(left_out(
                "image",
                path,
                "the server fetches no images; give their bytes",
                notices,
            ));
        }
        (Given::Url(url), ImageForm::UrlOrData) => Source::Url(url),
        (Given::Data(data), _) => data_url(data, image.mime_type.as_deref(), image_type, path)?,
    };
    Ok(Part::ImageUrl {
        image_url: ImageUrl {
            url,
            detail: image.detail.as_deref(),
        },
    })
}

/// Audio as a part.
pub(super) fn audio<'a>(audio: &'a Audio, path: &str, quirks: &Quirks, notices: &mut Notices) -> Result<Part<'a>> {
    let source = source(audio.data.as_ref().map(|data| &*data.0), audio.url.as_deref(), path)?;
    match (source, quirks.audio) {
        (_, AudioForm::None) => Ok(left_out("audio", path, "the server takes no audio", notices)),
        (Given::Url(_), AudioForm::InputAudio) => Ok(left_out(
            "audio",
            path,
            "the protocol has no audio by address; give its bytes",
            notices,
        )),
        (Given::Data(data), AudioForm::InputAudio) => {
            let format = audio_format(&mime_type(data, audio.mime_type.as_deref(), audio_type, path)?);
            Ok(Part::InputAudio {
                input_audio: AudioData {
                    data: Base64(data),
                    format,
                },
            })
        }
    }
}

/// A document as a part.
pub(super) fn document<'a>(
    document: &'a Document,
    path: &str,
    quirks: &Quirks,
    notices: &mut Notices,
) -> Result<Part<'a>> {
    let given = [
        document.data.is_some(),
        document.url.is_some(),
        document.file_id.is_some(),
    ];
    if given.iter().filter(|given| **given).count() != 1 {
        return Err(Error::invalid(
            path,
            "a document has exactly one of data, url and file_id",
        ));
    }
    let name = document.name.as_deref();
    let refused = |reason: &str, notices: &mut Notices| Ok(left_out("document", path, reason, notices));
    if let Some(id) = document.file_id.as_deref() {
        return match quirks.documents {
            DocumentForm::File | DocumentForm::FileOrUrl => Ok(Part::File {
                file: File {
                    file_id: Some(id),
                    filename: None,
                    file_data: None,
                },
            }),
            DocumentForm::DocumentUrl | DocumentForm::None => {
                refused("the server takes no uploaded files here", notices)
            }
        };
    }
    if let Some(url) = document.url.as_deref() {
        return match quirks.documents {
            DocumentForm::FileOrUrl => Ok(file(Source::Url(url), name)),
            DocumentForm::DocumentUrl => Ok(Part::DocumentUrl {
                document_url: Source::Url(url),
                document_name: name,
            }),
            DocumentForm::File => refused("the server fetches no documents; give their bytes", notices),
            DocumentForm::None => refused("the server takes no documents", notices),
        };
    }
    let data = document.data.as_ref().map_or(&[][..], |data| &data.0);
    let mime_type = mime_type(data, document.mime_type.as_deref(), document_type, path)?;
    // Servers take PDF; text they refuse as a file is as good as part of the prompt.
    if mime_type.starts_with("text/")
        && let Ok(text) = std::str::from_utf8(data)
    {
        notices.block_converted(path, "a document of text is sent as text of the message");
        let text = name.map_or(Cow::Borrowed(text), |name| Cow::Owned(format!("{name}:\n\n{text}")));
        return Ok(Part::text(text));
    }
    let data = Source::Data { mime_type, data };
    match quirks.documents {
        DocumentForm::File | DocumentForm::FileOrUrl => Ok(file(data, name)),
        DocumentForm::DocumentUrl => Ok(Part::DocumentUrl {
            document_url: data,
            document_name: name,
        }),
        DocumentForm::None => refused("the server takes no documents", notices),
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

fn left_out<'a>(what: &str, path: &str, reason: &str, notices: &mut Notices) -> Part<'a> {
    notices.block_converted(path, format!("the {what} is left out: {reason}"));
    Part::text(format!("[{what} left out]"))
}

/// Where a block's content is.
enum Given<'a> {
    Data(&'a [u8]),
    Url(&'a str),
}

fn source<'a>(data: Option<&'a [u8]>, url: Option<&'a str>, path: &str) -> Result<Given<'a>> {
    match (data, url) {
        (Some(data), None) if !data.is_empty() => Ok(Given::Data(data)),
        (None, Some(url)) if !url.is_empty() => Ok(Given::Url(url)),
        _ => Err(Error::invalid(
            path,
            "the block has exactly one of data and url, and it is not empty",
        )),
    }
}

fn data_url<'a>(
    data: &'a [u8],
    given: Option<&'a str>,
    tell: fn(&[u8]) -> Option<&'static str>,
    path: &str,
) -> Result<Source<'a>> {
    Ok(Source::Data {
        mime_type: mime_type(data, given, tell, path)?,
        data,
    })
}

/// The type as given, or told from the first bytes.
fn mime_type<'a>(
    data: &[u8],
    given: Option<&'a str>,
    tell: fn(&[u8]) -> Option<&'static str>,
    path: &str,
) -> Result<Cow<'a, str>> {
    let told = given.or_else(|| tell(data)).map(Cow::Borrowed);
    told.ok_or_else(|| {
        Error::invalid(
            json::join(path, "mime_type"),
            "the first bytes do not tell the type; give it",
        )
    })
}

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

fn document_type(data: &[u8]) -> Option<&'static str> {
    match data {
        [b'%', b'P', b'D', b'F', ..] => Some("application/pdf"),
        _ if std::str::from_utf8(data).is_ok_and(|text| !text.contains('\0')) => Some("text/plain"),
        _ => None,
    }
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
