//! A request as bytes.
//!
//! Unset options send nothing, but for `store`: an answer is kept at the provider only where the caller asks for
//! that. What the server cannot be told is left out, with a notice; what no server can make sense of is an error.

use super::{input, options};
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
    let items = input::encode(request, &tools, options::stored(request), &mut notices)?;
    let mut fields = Fields::default();
    options::encode(request, &tools, &mut fields, &mut notices)?;
    let headers = cache::session_headers(request, &mut notices);
    let model = Some(("model", request.model.id.as_str()));
    Ok(Encoded {
        endpoint: Endpoint {
            path: "responses".into(),
            version: "v1",
            version_left_out: false,
        },
        headers,
        list_headers: &[],
        body: body::write(request, model, ("input", &items), &fields)?,
        notices: notices.0,
    })
}
