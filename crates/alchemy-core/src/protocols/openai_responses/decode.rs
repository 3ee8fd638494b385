//! An answer, streamed or whole, to events.

use crate::assembler::Assembler;
use crate::error::Result;
use crate::protocols::failure::response_error;
use crate::protocols::{Decode, Flow};
use crate::quirks::Quirks;
use crate::types::ModelCost;

/// Decodes the answer to one request.
pub struct Decoder {}

impl Decoder {
    /// A decoder for a server with these quirks and a model with these prices.
    #[must_use]
    pub fn new(_quirks: &Quirks, _prices: Option<ModelCost>) -> Self {
        Decoder {}
    }
}

impl Decode for Decoder {
    fn event(&mut self, _data: &str, assembler: &mut Assembler) -> Result<Flow> {
        Err(response_error(assembler.message(), "not built yet"))
    }

    fn body(&mut self, _body: &str, assembler: &mut Assembler) -> Result<()> {
        Err(response_error(assembler.message(), "not built yet"))
    }

    fn end(&mut self, assembler: &mut Assembler) -> Result<()> {
        Err(response_error(assembler.message(), "not built yet"))
    }

    fn interrupted(&mut self, _assembler: &mut Assembler) {}
}
