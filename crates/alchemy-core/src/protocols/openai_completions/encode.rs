//! A request as bytes.
//!
//! Unset options send nothing. What the server cannot be told is left out, with a notice; what no server
//! can make sense of is an error.

use super::{conversation, options, reasoning};
use crate::error::Result;
use crate::protocols::encoding::body::{self, Fields};
use crate::protocols::encoding::cache;
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::tools::Tools;
use crate::protocols::{Encoded, Endpoint, Request};

/// Encodes a request.
///
/// # Errors
/// `InvalidRequestError` with the path of what cannot be encoded.
pub fn encode(request: &Request<'_>) -> Result<Encoded> {
    let mut notices = Notices::default();
    let tools = Tools::of(request, &mut notices)?;
    let messages = conversation::encode(request, &tools, &mut notices)?;
    let mut fields = Fields::default();
    options::encode(request, &tools, &mut fields, &mut notices)?;
    reasoning::encode(request, &mut fields, &mut notices)?;
    let headers = cache::session_headers(request, &mut notices);
    let model = Some(("model", request.model.id.as_str()));
    Ok(Encoded {
        endpoint: Endpoint {
            path: "chat/completions".into(),
            version: "v1",
            version_left_out: false,
        },
        headers,
        list_headers: &[],
        body: body::write(request, model, ("messages", &messages), &fields)?,
        notices: notices.0,
    })
}
