//! The shape that the answer must have.

use serde::Serialize;
use serde_json::json;

use crate::error::Result;
use crate::json::Json;
use crate::protocols::Request;
use crate::protocols::encoding::body::Fields;
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::schema::{is_strict, name};
use crate::quirks::ResponseFormats;
use crate::types::ResponseFormat;

const OPTION: &str = "response_format";

/// Adds the format to the body.
pub(super) fn encode(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let formats = request.quirks.response_formats;
    let json_object = || json!({"type": "json_object"});
    match &request.options.response_format {
        // Free text is what every server answers unasked.
        None | Some(ResponseFormat::Text) => Ok(()),
        Some(_) if formats == ResponseFormats::None => {
            notices.option_dropped(OPTION, "the server forces no format");
            Ok(())
        }
        Some(ResponseFormat::Json) if formats == ResponseFormats::SchemaOnly => {
            notices.option_mapped(OPTION, "the server knows schemas alone; it gets that of any object");
            let schema = Json::parse(r#"{"type":"object"}"#).unwrap_or_default();
            fields.set("response_format", SchemaFormat::new(&schema, None))
        }
        Some(ResponseFormat::Json) => fields.set("response_format", json_object()),
        Some(ResponseFormat::Schema(_)) if formats == ResponseFormats::JsonOnly => {
            notices.option_mapped(
                OPTION,
                "the server forces JSON, but no schema: put the schema into the prompt",
            );
            fields.set("response_format", json_object())
        }
        Some(ResponseFormat::Schema(schema)) => {
            let strict = request.quirks.strict_schema && is_strict(&schema.read().unwrap_or_default());
            if request.quirks.strict_schema && !strict {
                let text = "the server forces a schema only if each object in it requires all its properties and \
                            has additionalProperties false; this one is a hint to it";
                notices.option_mapped(OPTION, text);
            }
            fields.set("response_format", SchemaFormat::new(schema, strict.then_some(true)))
        }
    }
}

#[derive(Serialize)]
struct SchemaFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    json_schema: NamedSchema<'a>,
}

#[derive(Serialize)]
struct NamedSchema<'a> {
    name: String,
    schema: &'a Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

impl<'a> SchemaFormat<'a> {
    fn new(schema: &'a Json, strict: Option<bool>) -> Self {
        SchemaFormat {
            kind: "json_schema",
            json_schema: NamedSchema {
                name: name(schema),
                schema,
                strict,
            },
        }
    }
}
