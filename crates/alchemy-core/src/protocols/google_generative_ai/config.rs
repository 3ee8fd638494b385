//! The options of a request.
//!
//! Source: <https://ai.google.dev/api/generate-content#generationconfig> (2026-11).

use serde::Serialize;
use serde_json::json;

use super::{functions, schema, thinking_config};
use crate::error::{Error, Result};
use crate::json::{Json, Object};
use crate::protocols::Request;
use crate::protocols::encoding::body::Fields;
use crate::protocols::encoding::notices::Notices;
use crate::protocols::encoding::options;
use crate::protocols::encoding::tools::Tools;
use crate::types::{CacheRetention, ResponseFormat};

/// The keys of the body below which `extra_body` counts key by key: nearly every option stands in one of them.
pub(super) const MERGED: [&str; 2] = ["generationConfig", "toolConfig"];

/// Adds the options to the body.
pub(super) fn encode(
    request: &Request<'_>,
    tools: &Tools<'_>,
    fields: &mut Fields,
    notices: &mut Notices,
) -> Result<()> {
    let prompt = request.context.system_prompt.as_deref();
    if let Some(prompt) = prompt.filter(|prompt| !prompt.is_empty()) {
        fields.set("systemInstruction", json!({"parts": [{"text": prompt}]}))?;
    }
    let wire_tools = functions::tools(tools, notices)?;
    if !wire_tools.is_empty() {
        fields.set("tools", wire_tools)?;
    }
    let mut tool_config = Config::default();
    if let Some(calling) = functions::calling_config(request, tools, notices)? {
        tool_config.set("functionCallingConfig", calling)?;
    }
    tool_config.finish("toolConfig", request, fields)?;
    generation(request, notices)?.finish("generationConfig", request, fields)?;
    if let Some(tier) = &request.options.service_tier {
        fields.set("serviceTier", tier)?;
    }
    not_known(request, notices);
    Ok(())
}

fn generation(request: &Request<'_>, notices: &mut Notices) -> Result<Config> {
    let mut config = Config::default();
    let max_tokens = options::max_tokens(request)?;
    if let Some(max_tokens) = max_tokens {
        config.set("maxOutputTokens", max_tokens)?;
    }
    if let Some(temperature) = options::temperature(request, 2.0, notices)? {
        config.set("temperature", temperature)?;
    }
    if let Some(top_p) = options::top_p(request, notices)? {
        config.set("topP", top_p)?;
    }
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
    match options.cache {
        None | Some(CacheRetention::Auto) => {}
        Some(CacheRetention::None) => notices.option_dropped("cache", "the server caches as it sees fit"),
        Some(_) => notices.option_dropped("cache", "the server takes no wish about its cache"),
    }
    if options.session_id.is_some() {
        notices.option_dropped("session_id", "the server takes no name of a conversation");
    }
    if options.previous_response_id.is_some() {
        notices.option_dropped("previous_response_id", "the server stores no answers");
    }
    if options::user_id(request).is_some() {
        notices.option_dropped("metadata.user_id", "the server takes no name of a user");
    }
    if !options::labels(request).is_empty() {
        notices.option_dropped("metadata", "the server keeps no labels");
    }
}

/// An object in the body.
#[derive(Default)]
struct Config(Vec<(&'static str, Json)>);

impl Config {
    fn set<T: Serialize>(&mut self, key: &'static str, value: T) -> Result<()> {
        let value = Json::of(&value).map_err(|error| Error::shape(key, &error))?;
        self.0.push((key, value));
        Ok(())
    }

    /// Adds the object to the body, unless it is empty. The keys of the same object in `extra_body` replace ours,
    /// and take them away where they are null.
    fn finish(self, name: &'static str, request: &Request<'_>, fields: &mut Fields) -> Result<()> {
        let extra = request.options.extra_body.get(name);
        let extra = extra.and_then(|extra| extra.read::<Object>().ok()).unwrap_or_default();
        let own = self.0.iter().filter(|(key, _)| !extra.contains_key(*key));
        let merged: Pairs<'_> = Pairs(
            own.map(|(key, value)| (*key, value))
                .chain(extra.iter().map(|(key, value)| (key.as_str(), value)))
                .filter(|(_, value)| !value.is_null())
                .collect(),
        );
        match merged.0.is_empty() {
            true => Ok(()),
            false => fields.set(name, merged),
        }
    }
}

/// An object by its keys, in their order.
struct Pairs<'a>(Vec<(&'a str, &'a Json)>);

impl Serialize for Pairs<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}
