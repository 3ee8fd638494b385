//! The options of a request.

use serde::Serialize;
use serde_json::json;

use super::tools;
use crate::error::{Error, Result};
use crate::protocols::Request;
use crate::protocols::encoding::body::Fields;
use crate::protocols::encoding::effort::{self, Wish};
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::response_format::{self, Format, NamedSchema};
use crate::protocols::encoding::tools::Tools;
use crate::protocols::encoding::{cache, metadata, options as checked};
use crate::quirks::ReasoningFormat;

/// The highest temperature that the protocol knows.
const HIGHEST_TEMPERATURE: f64 = 2.0;

/// Whether the server keeps the answer. It does unless told otherwise; alchemy tells it otherwise, unless the caller
/// wants it kept or goes on from an answer that was.
pub(super) fn stored(request: &Request<'_>) -> bool {
    match request.options.extra_body.get("store") {
        Some(store) => store.text() != "false",
        None => request.options.previous_response_id.is_some(),
    }
}

/// Adds the options to the body.
pub(super) fn encode(
    request: &Request<'_>,
    tools: &Tools<'_>,
    fields: &mut Fields,
    notices: &mut Notices,
) -> Result<()> {
    let options = request.options;
    if let Some(background) = options.extra_body.get("background")
        && !matches!(background.text(), "false" | "null")
    {
        let reason = "answers in the background are not supported; leave it out and stream the answer instead";
        return Err(Error::invalid("options.extra_body.background", reason));
    }
    if let Some(prompt) = request.system_prompt() {
        fields.set("instructions", prompt)?;
    }
    if request.streamed {
        fields.set("stream", true)?;
    }
    storage(request, fields)?;
    // The server's least is 16, but a cap is never raised: it says so itself.
    if let Some(max_tokens) = checked::max_tokens(request)? {
        fields.set("max_output_tokens", max_tokens)?;
    }
    sampling(request, fields, notices)?;
    reasoning(request, fields, notices)?;
    tools.encode(request, fields, notices, tools::wire, tools::choice)?;
    response_format(request, fields, notices)?;
    cache::wish(request, fields, notices)?;
    cache::session(request, fields)?;
    if let Some(tier) = &options.service_tier {
        fields.set("service_tier", tier)?;
    }
    metadata::encode(request, stored(request), fields, notices)
}

fn storage(request: &Request<'_>, fields: &mut Fields) -> Result<()> {
    if let Some(id) = &request.options.previous_response_id {
        fields.set("previous_response_id", id)?;
    }
    if stored(request) {
        return Ok(());
    }
    fields.set("store", false)?;
    match request.model.reasoning {
        // What the server does not keep must come along, to go back with the next request.
        true => fields.set("include", ["reasoning.encrypted_content"]),
        false => Ok(()),
    }
}

fn sampling(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    checked::sampling(request, HIGHEST_TEMPERATURE, "top_p", fields, notices)?;
    checked::stop(request, &mut Notices::default())?;
    if !request.options.stop.is_empty() {
        notices.option_dropped("stop", "the protocol has no stop sequences");
    }
    if request.options.seed.is_some() {
        notices.option_dropped("seed", "the protocol takes no seed");
    }
    Ok(())
}

fn reasoning(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let Some(wish) = effort::wish(request, notices) else {
        return Ok(());
    };
    if request.quirks.reasoning_format == ReasoningFormat::None {
        notices.option_dropped("reasoning", "the server has no setting for how much to think");
        return Ok(());
    }
    match (effort::nearest(wish, &request.quirks.reasoning_efforts, notices), wish) {
        (None, _) => Ok(()),
        (Some(effort), Wish::Off) => fields.set("reasoning", json!({"effort": effort.as_str()})),
        (Some(effort), _) => fields.set("reasoning", json!({"effort": effort.as_str(), "summary": "auto"})),
    }
}

fn response_format(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    match response_format::format(request, notices) {
        None => Ok(()),
        Some(Format::Object) => fields.set("text", json!({"format": {"type": "json_object"}})),
        Some(Format::Schema(schema)) => {
            let kind = "json_schema";
            let format = SchemaFormat { kind, schema };
            fields.set("text", TextOption { format })
        }
    }
}

#[derive(Serialize)]
struct TextOption<'a> {
    format: SchemaFormat<'a>,
}

#[derive(Serialize)]
struct SchemaFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    schema: NamedSchema<'a>,
}
