//! The options of a request.
//!
//! Source: <https://ai.google.dev/api/generate-content#generationconfig> (2026-11).

use serde::{Serialize, Serializer};
use serde_json::json;

use super::{functions, schema, thinking_config};
use crate::error::Result;
use crate::json::{Json, Object};
use crate::protocols::Request;
use crate::protocols::encoding::body::Fields;
use crate::protocols::encoding::cache::{self, NO_SESSION};
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::tools::Tools;
use crate::protocols::encoding::{metadata, options};
use crate::types::ResponseFormat;

/// The highest temperature that the protocol knows.
const HIGHEST_TEMPERATURE: f64 = 2.0;

/// The keys of the body below which `extra_body` counts key by key: nearly every option stands in one of them.
pub(super) const MERGED: [&str; 2] = ["generationConfig", "toolConfig"];

/// Adds the options to the body.
pub(super) fn encode(
    request: &Request<'_>,
    tools: &Tools<'_>,
    fields: &mut Fields,
    notices: &mut Notices,
) -> Result<()> {
    if let Some(prompt) = request.system_prompt() {
        fields.set("systemInstruction", json!({"parts": [{"text": prompt}]}))?;
    }
    let wire_tools = functions::tools(tools, notices)?;
    if !wire_tools.is_empty() {
        fields.set("tools", wire_tools)?;
    }
    let mut tool_config = Fields::default();
    if let Some(calling) = functions::calling_config(request, tools, notices)? {
        tool_config.set("functionCallingConfig", calling)?;
    }
    set_merged(request, "toolConfig", &tool_config, fields)?;
    let generation = generation(request, notices)?;
    set_merged(request, "generationConfig", &generation, fields)?;
    if let Some(tier) = &request.options.service_tier {
        fields.set("serviceTier", tier)?;
    }
    not_known(request, notices);
    Ok(())
}

fn generation(request: &Request<'_>, notices: &mut Notices) -> Result<Fields> {
    let mut config = Fields::default();
    let max_tokens = options::max_tokens(request)?;
    if let Some(max_tokens) = max_tokens {
        config.set("maxOutputTokens", max_tokens)?;
    }
    options::sampling(request, HIGHEST_TEMPERATURE, "topP", &mut config, notices)?;
    let stop = options::stop(request, notices)?;
    if !stop.is_empty() {
        config.set("stopSequences", stop)?;
    }
    if let Some(seed) = request.options.seed {
        config.set("seed", self::seed(seed, notices))?;
    }
    match &request.options.response_format {
        // Free text is what the server answers unasked.
        None | Some(ResponseFormat::Text) => {}
        Some(ResponseFormat::Json) => config.set("responseMimeType", "application/json")?,
        Some(ResponseFormat::Schema(schema)) => {
            config.set("responseMimeType", "application/json")?;
            schema::remark_unheeded(schema, "options.response_format", notices);
            config.set("responseJsonSchema", schema)?;
        }
    }
    if let Some(thinking) = thinking_config::encode(request, max_tokens, notices) {
        config.set("thinkingConfig", thinking)?;
    }
    Ok(config)
}

/// The seed as the server takes it, in 32 bits.
fn seed(seed: i64, notices: &mut Notices) -> i64 {
    if i32::try_from(seed).is_ok() {
        return seed;
    }
    let taken = seed & i64::from(i32::MAX);
    notices.option_mapped(
        "seed",
        format!("the server takes seeds of 32 bits; {seed} is sent as {taken}"),
    );
    taken
}

/// Says of each option that the protocol does not know that it is not sent.
fn not_known(request: &Request<'_>, notices: &mut Notices) {
    let options = request.options;
    cache::not_sent(request, notices);
    if options.session_id.is_some() {
        notices.option_dropped("session_id", NO_SESSION);
    }
    if options.previous_response_id.is_some() {
        notices.option_dropped("previous_response_id", "the server stores no answers");
    }
    metadata::not_sent(request, notices);
}

/// Adds an object to the body, unless it is empty. The keys of the same object in `extra_body` replace ours, and take
/// them away where they are null.
fn set_merged(request: &Request<'_>, name: &'static str, own: &Fields, fields: &mut Fields) -> Result<()> {
    let extra = request.options.extra_body.get(name);
    let extra: Object = extra.and_then(|extra| extra.read().ok()).unwrap_or_default();
    let own = own.iter().map(|(key, value)| -> (&str, &Json) { (key, value) });
    let own = own.filter(|(key, _)| !extra.contains_key(*key));
    let both = own.chain(extra.iter().map(|(key, value)| (key.as_str(), value)));
    let merged = Pairs(both.filter(|(_, value)| !value.is_null()).collect());
    match merged.0.is_empty() {
        true => Ok(()),
        false => fields.set(name, merged),
    }
}

/// An object by its keys, in their order.
struct Pairs<'a>(Vec<(&'a str, &'a Json)>);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}
