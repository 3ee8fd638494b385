//! Media that a model made.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::value::RawValue;

use super::wire::{FileData, InlineData};
use crate::protocols::decoding::surrogates::{clean, read_clean};
use crate::protocols::decoding::wire::Str;
use crate::types::{Audio, Bytes, ContentBlock, Document, Image};

/// Media in the part itself. An error says in a few words what is wrong with it.
pub(super) fn inline(raw: &RawValue, signature: Option<String>) -> Result<ContentBlock, String> {
    let data: InlineData<'_> = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
    // Google writes the usual alphabet; its own libraries read and write the other one too.
    let bytes = data.data.map(|Str(data)| {
        STANDARD
            .decode(data.as_bytes())
            .or_else(|_| URL_SAFE.decode(data.as_bytes()))
    });
    let bytes = bytes
        .transpose()
        .map_err(|error| format!("inlineData is not base64: {error}"))?;
    Ok(block(
        data.mime_type,
        data.name,
        Some(bytes.unwrap_or_default().into()),
        None,
        signature,
    ))
}

/// Media at an address. An error says in a few words what is wrong with it.
pub(super) fn file(raw: &RawValue, signature: Option<String>) -> Result<ContentBlock, String> {
    let read = read_clean::<FileData<'static>, _>(raw.get(), |file| {
        let url = file.uri.map(|Str(uri)| clean(&uri).into_owned());
        block(file.mime_type, file.name, None, url, signature)
    });
    read.map_err(|error| error.to_string())
}

fn block(
    mime_type: Option<Str<'_>>,
    name: Option<Str<'_>>,
    data: Option<Bytes>,
    url: Option<String>,
    signature: Option<String>,
) -> ContentBlock {
    let mime_type = mime_type.map(|Str(mime_type)| mime_type.into_owned());
    let kind = mime_type.as_deref().and_then(|mime_type| mime_type.split('/').next());
    match kind {
        Some("image") => Image {
            data,
            url,
            mime_type,
            signature,
            ..Image::default()
        }
        .into(),
        Some("audio") => Audio {
            data,
            url,
            mime_type,
            signature,
            ..Audio::default()
        }
        .into(),
        _ => Document {
            data,
            url,
            mime_type,
            name: name.map(|Str(name)| name.into_owned()),
            signature,
            ..Document::default()
        }
        .into(),
    }
}
