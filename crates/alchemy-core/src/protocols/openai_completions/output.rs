//! Images, audio and unknown parts that a model made.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::Json;
use crate::protocols::decoding::answer::opaque;
use crate::protocols::decoding::surrogates;
use crate::types::{Api, Audio, Bytes, ContentBlock, Image};

/// The pieces of the audio that an answer speaks.
#[derive(Default)]
pub(super) struct AudioParts {
    heard: bool,
    id: Option<String>,
    data: Vec<u8>,
    transcript: String,
    expires_at: Option<Json>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireAudio {
    expires_at: Option<Json>,
    id: Option<String>,
    data: Option<String>,
    transcript: Option<String>,
}

impl AudioParts {
    pub(super) fn is_empty(&self) -> bool {
        !self.heard
    }

    /// Takes a chunk's piece; each is base64 of its own.
    pub(super) fn take(&mut self, json: &str) -> Result<(), String> {
        let piece: WireAudio =
            surrogates::read(json).map_err(|error| format!("the server sent malformed audio: {error}"))?;
        let some = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
        self.heard |= some(&piece.id) || some(&piece.data) || some(&piece.transcript);
        if some(&piece.id) {
            self.id = piece.id.clone();
        }
        self.expires_at = piece.expires_at.or(self.expires_at.take());
        self.transcript
            .push_str(piece.transcript.as_deref().unwrap_or_default());
        let data = STANDARD.decode(piece.data.unwrap_or_default());
        self.data
            .extend(data.map_err(|error| format!("the server sent audio that is not base64: {error}"))?);
        Ok(())
    }

    /// The whole, once, and until when the provider keeps it.
    pub(super) fn finish(&mut self) -> Option<(ContentBlock, Option<Json>)> {
        let AudioParts {
            heard,
            id,
            data,
            transcript,
            expires_at,
        } = std::mem::take(self);
        heard.then(|| {
            let audio = Audio {
                mime_type: mime_type(&data).map(str::to_owned),
                data: (!data.is_empty()).then_some(Bytes::from(data)),
                url: None,
                transcript: (!transcript.is_empty()).then_some(transcript),
                id,
                ..Audio::default()
            };
            (audio.into(), expires_at)
        })
    }
}

/// What an audio file is by its first bytes; None for raw samples.
fn mime_type(data: &[u8]) -> Option<&'static str> {
    match data {
        [b'R', b'I', b'F', b'F', ..] => Some("audio/wav"),
        [b'I', b'D', b'3', ..] | [0xFF, 0xE0..=0xFF, ..] => Some("audio/mpeg"),
        [b'f', b'L', b'a', b'C', ..] => Some("audio/flac"),
        [b'O', b'g', b'g', b'S', ..] => Some("audio/ogg"),
        _ => None,
    }
}

/// The images of OpenRouter's `images` list; an entry of another shape is kept whole.
pub(super) fn images(json: &str) -> Vec<ContentBlock> {
    #[derive(Deserialize)]
    struct Entry {
        image_url: Url,
    }

    #[derive(Deserialize)]
    struct Url {
        url: String,
    }

    let entries: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
    let read = |entry: &RawValue| match serde_json::from_str::<Entry>(entry.get()) {
        Ok(Entry { image_url: Url { url } }) => ContentBlock::Image(image(url)),
        Err(_) => opaque(Api::OpenAiCompletions, "image", entry.get()),
    };
    entries.into_iter().map(read).collect()
}

/// An image from an address, or from the data inside a `data:` one.
fn image(url: String) -> Image {
    let inline = url.strip_prefix("data:").and_then(|rest| {
        let (mime_type, data) = rest.split_once(";base64,")?;
        Some((mime_type.to_owned(), STANDARD.decode(data).ok()?))
    });
    match inline {
        Some((mime_type, data)) => Image {
            data: Some(Bytes::from(data)),
            mime_type: Some(mime_type),
            ..Image::default()
        },
        None => Image {
            url: Some(url),
            ..Image::default()
        },
    }
}
