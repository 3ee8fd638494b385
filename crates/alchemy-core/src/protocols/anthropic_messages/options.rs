//! The options of a request besides the tools.

use serde::Serialize;
use serde_json::json;

use super::output;
use super::thinking::Plan;
use crate::error::Result;
use crate::json::Json;
use crate::protocols::Request;
use crate::protocols::encoding::body::Fields;
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::{metadata, options as checked};

/// The highest temperature that the protocol knows.
const HIGHEST_TEMPERATURE: f64 = 1.0;

/// The lowest `top_p` beside thinking. <https://platform.claude.com/docs/en/build-with-claude/extended-thinking>
const THINKING_TOP_P: f64 = 0.95;

/// The cap that is sent where neither the caller nor the model's description gives one. The protocol demands a figure,
/// and every model that is served takes this one: half of the 32,000 of the smallest of them, in round numbers.
/// <https://platform.claude.com/docs/en/about-claude/models/overview> (2026-11)
const DEFAULT_MAX_TOKENS: u64 = 16_384;

/// The cap of the answer in tokens: the caller's, else the model's own.
pub(super) fn max_tokens(request: &Request<'_>) -> Result<u64> {
    let given = checked::max_tokens(request)?;
    Ok(given.or(request.model.max_tokens).unwrap_or(DEFAULT_MAX_TOKENS))
}

/// Adds the options to the body.
pub(super) fn encode(request: &Request<'_>, plan: &Plan, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let options = request.options;
    if request.streamed {
        fields.set("stream", true)?;
    }
    if let Some(thinking) = plan.wire() {
        fields.set("thinking", thinking)?;
    }
    output_config(request, plan, fields, notices)?;
    sampling(request, plan.thinks(), fields, notices)?;
    stop(request, fields, notices)?;
    if options.seed.is_some() {
        notices.option_dropped("seed", "the protocol has no seed");
    }
    if let Some(tier) = &options.service_tier {
        fields.set("service_tier", tier)?;
    }
    checked::no_stored_answer(request, notices);
    if options.session_id.is_some() {
        let text = "the protocol takes no name of a conversation; its cache goes by the prompt alone";
        notices.option_dropped("session_id", text);
    }
    if let Some(user_id) = metadata::user_id(request) {
        fields.set("metadata", json!({ "user_id": user_id }))?;
    }
    if !metadata::labels(request).is_empty() {
        notices.option_dropped("metadata", "the protocol keeps no labels but user_id");
    }
    Ok(())
}

fn output_config(request: &Request<'_>, plan: &Plan, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let config = OutputConfig {
        effort: plan.effort(),
        format: output::schema(request, notices).map(|schema| Format {
            kind: "json_schema",
            schema,
        }),
    };
    match config.effort.is_none() && config.format.is_none() {
        true => Ok(()),
        false => fields.set("output_config", config),
    }
}

#[derive(Serialize)]
struct OutputConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format>,
}

#[derive(Serialize)]
struct Format {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: Json,
}

fn sampling(request: &Request<'_>, thinks: bool, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let temperature = checked::temperature(request, HIGHEST_TEMPERATURE, notices)?;
    let top_p = checked::top_p(request, notices)?;
    // The only temperature beside thinking is the usual one, 1.
    let temperature = temperature.filter(|temperature| {
        let taken = !thinks || *temperature >= HIGHEST_TEMPERATURE;
        if !taken {
            notices.option_dropped("temperature", "the server takes none but 1 beside thinking");
        }
        taken
    });
    let top_p = top_p.filter(|top_p| {
        let taken = !thinks || *top_p >= THINKING_TOP_P;
        if !taken {
            notices.option_dropped("top_p", "the server takes none below 0.95 beside thinking");
        }
        taken
    });
    if let Some(temperature) = temperature {
        fields.set("temperature", temperature)?;
    }
    match top_p {
        Some(_) if temperature.is_some() && !request.quirks.sampling_pair => {
            notices.option_dropped("top_p", "the server takes it only without temperature for this model");
            Ok(())
        }
        Some(top_p) => fields.set("top_p", top_p),
        None => Ok(()),
    }
}

/// The server refuses sequences of white space alone.
fn stop(request: &Request<'_>, fields: &mut Fields, notices: &mut Notices) -> Result<()> {
    let stop = checked::stop(request, notices)?;
    let sent: Vec<&String> = stop.iter().filter(|sequence| !sequence.trim().is_empty()).collect();
    if sent.len() < stop.len() {
        match sent.is_empty() {
            true => notices.option_dropped("stop", "the server refuses stop sequences of white space alone"),
            false => notices.option_clamped(
                "stop",
                "the server refuses those of white space alone; the rest is sent",
            ),
        }
    }
    match sent.is_empty() {
        true => Ok(()),
        false => fields.set("stop_sequences", sent),
    }
}
