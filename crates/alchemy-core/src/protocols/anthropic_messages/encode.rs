//! A request as bytes.

use crate::error::{Error, Result};
use crate::protocols::{Encoded, Request};

/// Encodes a request.
///
/// # Errors
/// `InvalidRequestError` with the path of what cannot be encoded.
pub fn encode(_request: &Request<'_>) -> Result<Encoded> {
    Err(Error::invalid("model.api", "not built yet"))
}
