//! The shape that the answer must have, as far as the server can force it.

use std::borrow::Cow;

use serde::Serialize;

use super::notices::Notices;
use super::schema::{is_strict, name};
use crate::json::Json;
use crate::protocols::Request;
use crate::quirks::ResponseFormats;
use crate::types::ResponseFormat;

const OPTION: &str = "response_format";

/// What the server is told.
pub(crate) enum Format<'a> {
    /// Any JSON object.
    Object,
    /// What a schema takes.
    Schema(NamedSchema<'a>),
}

/// A schema with the name that servers ask for.
#[derive(Serialize)]
pub(crate) struct NamedSchema<'a> {
    name: String,
    schema: Cow<'a, Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

/// The format that is sent; None if there is none.
pub(crate) fn format<'a>(request: &Request<'a>, notices: &mut Notices) -> Option<Format<'a>> {
    let quirks = request.quirks;
    let asked = request.options.response_format.as_ref()?;
    let (schema, strict) = match (asked, quirks.response_formats) {
        // Free text is what every server answers unasked.
        (ResponseFormat::Text, _) => return None,
        (_, ResponseFormats::None) => {
            notices.option_dropped(OPTION, "the server forces no format");
            return None;
        }
        (ResponseFormat::Json, ResponseFormats::SchemaOnly) => {
            notices.option_mapped(OPTION, "the server knows schemas alone; it gets that of any object");
            let any = Json::parse(r#"{"type":"object"}"#).unwrap_or_default();
            (Cow::Owned(any), false)
        }
        (ResponseFormat::Json, _) => return Some(Format::Object),
        (ResponseFormat::Schema(_), ResponseFormats::JsonOnly) => {
            let text = "the server forces JSON, but no schema: put the schema into the prompt";
            notices.option_mapped(OPTION, text);
            return Some(Format::Object);
        }
        (ResponseFormat::Schema(schema), _) => {
            let strict = quirks.strict_schema && is_strict(&schema.read().unwrap_or_default());
            if quirks.strict_schema && !strict {
                let text = "the server forces a schema only if each object in it requires all its properties and \
                            has additionalProperties false; this one is a hint to it";
                notices.option_mapped(OPTION, text);
            }
            (Cow::Borrowed(schema), strict)
        }
    };
    Some(Format::Schema(NamedSchema {
        name: name(&schema),
        schema,
        strict: strict.then_some(true),
    }))
}
