//! The options of a request besides reasoning.

use serde::Serialize;
use serde_json::json;

use super::tools;
use crate::error::Result;
use crate::protocols::Request;
use crate::protocols::encoding::body::Fields;
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::response_format::{self, Format, NamedSchema};
use crate::protocols::encoding::tools::Tools;
use crate::protocols::encoding::{cache, metadata, options as checked};
use crate::quirks::{CacheControl, MaxTokensField, SeedField};

/// The highest temperature that the protocol knows.
const HIGHEST_TEMPERATURE: f64 = 2.0;

/// Adds the options to the body.
pub(super) fn encode(
    request: &Request<'_>,
    tools: &Tools<'_>,
    fields: &mut Fields,
    notices: &mut Notices,
) -> Result<()> {
    if request.streamed {
        fields.set("stream", true)?;
        if request.quirks.usage_in_stream {
            fields.set("stream_options", StreamOptions { include_usage: true })?;
        }
    }
    limits(request, fields, notices)?;
    sampling(request, fields, notices)?;
    tools.encode(request, fields, notices, tools::wire, tools::choice)?;
    response_format(request, fields, notices)?;
    // Marks are set where the messages are written.
    if request.quirks.cache != CacheControl::Marks {
        cache::wish(request, fields, notices)?;
    }
    cache::session(request, fields)?;
    if let Some(tier) = &request.options.service_tier {
        fields.set("service_tier", tier)?;
    }
    checked::no_stored_answer(request, notices);
    let stored = checked::extra_is(request, "store", "true");
    metadata::encode(request, stored, fields, notices)
}

fn limits(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    if let Some(max_tokens) = checked::max_tokens(request)? {
        let key = match request.quirks.max_tokens_field {
            MaxTokensField::MaxTokens => "max_tokens",
            MaxTokensField::MaxCompletionTokens => "max_completion_tokens",
        };
        fields.set(key, max_tokens)?;
    }
    match checked::stop(request, notices)? {
        [] => Ok(()),
        stop => fields.set("stop", stop),
    }
}

fn sampling(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    checked::sampling(request, HIGHEST_TEMPERATURE, "top_p", fields, notices)?;
    match (request.options.seed, request.quirks.seed_field) {
        (None, _) => {}
        (Some(seed), SeedField::Seed) => fields.set("seed", seed)?,
        (Some(seed), SeedField::RandomSeed) => fields.set("random_seed", seed)?,
        (Some(_), SeedField::None) => notices.option_dropped("seed", "the server takes no seed"),
    }
    Ok(())
}

fn response_format(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    match response_format::format(request, notices) {
        None => Ok(()),
        Some(Format::Object) => fields.set("response_format", json!({"type": "json_object"})),
        Some(Format::Schema(json_schema)) => {
            let kind = "json_schema";
            fields.set("response_format", SchemaFormat { kind, json_schema })
        }
    }
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct SchemaFormat<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    json_schema: NamedSchema<'a>,
}
