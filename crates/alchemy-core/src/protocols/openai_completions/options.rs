//! The options of a request besides reasoning.

use serde_json::json;

use super::{cache, response_format, tools};
use crate::error::Result;
use crate::protocols::Request;
use crate::protocols::encoding::body::Fields;
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::options as checked;
use crate::protocols::encoding::tools::Tools;
use crate::quirks::{MaxTokensField, MetadataForm, SeedField, UserField};

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
            fields.set("stream_options", json!({"include_usage": true}))?;
        }
    }
    limits(request, fields, notices)?;
    sampling(request, fields, notices)?;
    tools::encode(request, tools, fields, notices)?;
    response_format::encode(request, fields, notices)?;
    cache::encode(request, fields, notices)?;
    if let Some(tier) = &request.options.service_tier {
        fields.set("service_tier", tier)?;
    }
    if request.options.previous_response_id.is_some() {
        let text = "the protocol goes on from no stored answer; what is given of the conversation is sent";
        notices.option_dropped("previous_response_id", text);
    }
    labels(request, fields, notices)
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
    if let Some(temperature) = checked::temperature(request, HIGHEST_TEMPERATURE, notices)? {
        fields.set("temperature", temperature)?;
    }
    if let Some(top_p) = checked::top_p(request, notices)? {
        fields.set("top_p", top_p)?;
    }
    match (request.options.seed, request.quirks.seed_field) {
        (None, _) => {}
        (Some(seed), SeedField::Seed) => fields.set("seed", seed)?,
        (Some(seed), SeedField::RandomSeed) => fields.set("random_seed", seed)?,
        (Some(_), SeedField::None) => notices.option_dropped("seed", "the server takes no seed"),
    }
    Ok(())
}

fn labels(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let quirks = request.quirks;
    if let Some(user) = checked::user_id(request) {
        match quirks.user_field {
            UserField::User => fields.set("user", user)?,
            UserField::SafetyIdentifier => fields.set("safety_identifier", user)?,
            UserField::UserId => fields.set("user_id", user)?,
            UserField::None => notices.option_dropped("metadata.user_id", "the server takes no name of a user"),
        }
    }
    let labels = checked::labels(request);
    if labels.is_empty() {
        return Ok(());
    }
    let stored = checked::extra_is(request, "store", "true");
    match quirks.metadata {
        MetadataForm::Metadata => fields.set("metadata", labels),
        MetadataForm::StoredMetadata if stored => fields.set("metadata", labels),
        MetadataForm::StoredMetadata => {
            let text = "the server keeps labels only with stored answers; extra_body={\"store\": True} stores them";
            notices.option_dropped("metadata", text);
            Ok(())
        }
        MetadataForm::None => {
            notices.option_dropped("metadata", "the server keeps no labels");
            Ok(())
        }
    }
}
