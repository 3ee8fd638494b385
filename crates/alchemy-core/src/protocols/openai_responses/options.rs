//! The options of a request.

use serde_json::json;

use super::tools;
use crate::error::{Error, Result};
use crate::json::Json;
use crate::protocols::Request;
use crate::protocols::encoding::body::Fields;
use crate::protocols::encoding::effort::{self, Wish};
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::options as checked;
use crate::protocols::encoding::schema::{is_strict, name};
use crate::protocols::encoding::tools::Tools;
use crate::quirks::{CacheControl, MetadataForm, ReasoningFormat, ResponseFormats, SessionField, UserField};
use crate::types::{CacheRetention, ResponseFormat};

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
    let prompt = request.context.system_prompt.as_deref();
    if let Some(prompt) = prompt.filter(|prompt| !prompt.is_empty()) {
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
    tools::encode(request, tools, fields, notices)?;
    response_format(request, fields, notices)?;
    cache(request, fields, notices)?;
    if let Some(tier) = &options.service_tier {
        fields.set("service_tier", tier)?;
    }
    labels(request, fields, notices)
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
    if let Some(temperature) = checked::temperature(request, HIGHEST_TEMPERATURE, notices)? {
        fields.set("temperature", temperature)?;
    }
    if let Some(top_p) = checked::top_p(request, notices)? {
        fields.set("top_p", top_p)?;
    }
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
    const OPTION: &str = "response_format";
    let formats = request.quirks.response_formats;
    let any = Json::parse(r#"{"type":"object"}"#).unwrap_or_default();
    let (schema, strict) = match &request.options.response_format {
        // Free text is what every server answers unasked.
        None | Some(ResponseFormat::Text) => return Ok(()),
        Some(_) if formats == ResponseFormats::None => {
            notices.option_dropped(OPTION, "the server forces no format");
            return Ok(());
        }
        Some(ResponseFormat::Json) if formats == ResponseFormats::SchemaOnly => {
            notices.option_mapped(OPTION, "the server knows schemas alone; it gets that of any object");
            (&any, false)
        }
        Some(ResponseFormat::Schema(_)) if formats == ResponseFormats::JsonOnly => {
            let text = "the server forces JSON, but no schema: put the schema into the prompt";
            notices.option_mapped(OPTION, text);
            return fields.set("text", json!({"format": {"type": "json_object"}}));
        }
        Some(ResponseFormat::Json) => return fields.set("text", json!({"format": {"type": "json_object"}})),
        Some(ResponseFormat::Schema(schema)) => {
            let strict = request.quirks.strict_schema && is_strict(&schema.read().unwrap_or_default());
            if request.quirks.strict_schema && !strict {
                let text = "the server forces a schema only if each object in it requires all its properties and \
                            has additionalProperties false; this one is a hint to it";
                notices.option_mapped(OPTION, text);
            }
            (schema, strict)
        }
    };
    fields.set(
        "text",
        TextOption {
            format: Format {
                kind: "json_schema",
                name: name(schema),
                schema,
                strict: strict.then_some(true),
            },
        },
    )
}

#[derive(serde::Serialize)]
struct TextOption<'a> {
    format: Format<'a>,
}

#[derive(serde::Serialize)]
struct Format<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
    schema: &'a Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

fn cache(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    match (request.options.cache, request.quirks.cache) {
        (None | Some(CacheRetention::Auto), _) => {}
        (Some(CacheRetention::None), _) => notices.option_dropped("cache", "the server caches as it sees fit"),
        (Some(CacheRetention::Short), CacheControl::Retention) => fields.set("prompt_cache_retention", "in_memory")?,
        (Some(CacheRetention::Long), CacheControl::Retention) => fields.set("prompt_cache_retention", "24h")?,
        (Some(_), _) => notices.option_dropped("cache", "the server takes no wish about its cache"),
    }
    match (&request.options.session_id, request.quirks.session_field) {
        (Some(id), SessionField::PromptCacheKey) => fields.set("prompt_cache_key", id),
        (Some(id), SessionField::SessionId) => fields.set("session_id", id),
        _ => Ok(()),
    }
}

/// The headers of the request, which carry the name of the conversation to some servers.
pub(super) fn headers(request: &Request<'_>, notices: &mut Notices) -> Vec<(String, String)> {
    let Some(id) = &request.options.session_id else {
        return Vec::new();
    };
    let name = match request.quirks.session_field {
        SessionField::XGrokConvId => "x-grok-conv-id",
        SessionField::XSessionAffinity => "x-session-affinity",
        SessionField::PromptCacheKey | SessionField::SessionId => return Vec::new(),
        SessionField::None => {
            notices.option_dropped("session_id", "the server takes no name of a conversation");
            return Vec::new();
        }
    };
    if id.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) {
        let text = "the server takes it in a header, which holds plain characters alone";
        notices.option_dropped("session_id", text);
        return Vec::new();
    }
    vec![(name.to_owned(), id.clone())]
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
    match quirks.metadata {
        _ if labels.is_empty() => Ok(()),
        MetadataForm::Metadata => fields.set("metadata", labels),
        MetadataForm::StoredMetadata if stored(request) => fields.set("metadata", labels),
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
