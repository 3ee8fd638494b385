//! A request as bytes.
//!
//! Unset options send nothing. What the server cannot be told is left out, with a notice; what no server
//! can make sense of is an error.

use std::fmt::Write as _;

use super::{config, contents};
use crate::error::{Error, Result};
use crate::protocols::encoding::body::{self, Fields};
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::tools::Tools;
use crate::protocols::{Encoded, Endpoint, Request};
use crate::types::Options;

/// Encodes a request.
///
/// # Errors
/// `InvalidRequestError` with the path of what cannot be encoded.
pub fn encode(request: &Request<'_>) -> Result<Encoded> {
    let mut notices = Notices::default();
    let tools = Tools::of(request, &mut notices)?;
    let contents = contents::encode(request, &mut notices)?;
    let mut fields = Fields::default();
    config::encode(request, &tools, &mut fields, &mut notices)?;
    Ok(Encoded {
        endpoint: Endpoint {
            path: path(&request.model.id, request.streamed)?.into(),
            version: "v1beta",
            version_left_out: true,
        },
        headers: Vec::new(),
        list_headers: &[],
        body: write(request, &contents, &fields)?,
        notices: notices.0,
    })
}

/// The body. What `extra_body` says of the objects that were merged with it is in them already; anything else that
/// stands there in place of such an object replaces it.
fn write(request: &Request<'_>, contents: &Vec<contents::WireContent<'_>>, fields: &Fields) -> Result<Vec<u8>> {
    let extra = &request.options.extra_body;
    let merged = |key: &str| extra.get(key).is_some_and(crate::json::Json::is_object);
    if !config::MERGED.iter().any(|key| merged(key)) {
        return body::write(request, None, ("contents", contents), fields);
    }
    let mut rest = extra.clone();
    rest.retain(|key, _| !(config::MERGED.contains(&key.as_str()) && merged(key)));
    let options = Options {
        extra_body: rest,
        ..Options::default()
    };
    let request = Request {
        options: &options,
        ..*request
    };
    body::write(&request, None, ("contents", contents), fields)
}

/// The path of a model's method. Names of resources, such as `tunedModels/x`, stand as they are.
fn path(id: &str, streamed: bool) -> Result<String> {
    if id.is_empty() {
        return Err(Error::invalid("model.id", "a model needs an id"));
    }
    let (collection, name) = match id.split_once('/') {
        Some((collection @ ("models" | "tunedModels"), name)) => (collection, name),
        _ => ("models", id),
    };
    let mut path = format!("{collection}/");
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => path.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(path, "%{byte:02X}")),
        }
    }
    path.push_str(match streamed {
        true => ":streamGenerateContent?alt=sse",
        false => ":generateContent",
    });
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_model() {
        for (id, expected) in [
            ("gemini-2.5-flash", "models/gemini-2.5-flash:generateContent"),
            ("models/gemini-2.5-flash", "models/gemini-2.5-flash:generateContent"),
            ("tunedModels/my-model", "tunedModels/my-model:generateContent"),
            ("a/b:c?d e", "models/a%2Fb%3Ac%3Fd%20e:generateContent"),
        ] {
            assert_eq!(path(id, false).unwrap(), expected);
        }
        assert_eq!(path("m", true).unwrap(), "models/m:streamGenerateContent?alt=sse");
        assert_eq!(path("", false).unwrap_err().path.as_deref(), Some("model.id"));
    }
}
