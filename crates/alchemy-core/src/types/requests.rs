//! What a caller asks for besides the conversation, and what is said about it.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::is_default;
use super::literals::{Api, CacheRetention, ReasoningLevel, ToolChoiceMode};
use super::policies::Retrying;
use super::tools::{Tool, ToolChoice};
use crate::json::{self, Json, Object, ShapeError, shape_error};

/// How long to wait, by phase, in seconds. None waits without end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeout {
    /// For the connection, TLS included.
    pub connect: Option<f64>,
    /// From the send to the first event; a non-streamed answer is one event.
    pub first_event: Option<f64>,
    /// Between two pieces of an answer that has begun.
    pub idle: Option<f64>,
    /// From the send to the end.
    pub total: Option<f64>,
}

impl Default for Timeout {
    fn default() -> Self {
        Timeout {
            connect: Some(10.0),
            first_event: Some(600.0),
            idle: Some(120.0),
            total: Some(3600.0),
        }
    }
}

/// The timeouts of a request: all phases, or the total alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Timeouts {
    /// Every phase.
    Phases(Timeout),
    /// The total in seconds; the other phases stay at their defaults.
    Total(f64),
}

impl Timeouts {
    /// The figure for each phase.
    #[must_use]
    pub fn phases(self) -> Timeout {
        match self {
            Timeouts::Phases(timeout) => timeout,
            Timeouts::Total(total) => Timeout {
                total: Some(total),
                ..Timeout::default()
            },
        }
    }
}

impl Serialize for Timeouts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Timeouts::Phases(timeout) => timeout.serialize(serializer),
            Timeouts::Total(total) => serializer.serialize_f64(*total),
        }
    }
}

impl<'de> Deserialize<'de> for Timeouts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = json::raw(deserializer)?;
        let timeouts = match raw.get().starts_with('{') {
            true => json::read(raw.get()).map(Timeouts::Phases),
            false => json::read(raw.get()).map(Timeouts::Total),
        };
        let timeouts = timeouts.map_err(ShapeError::into_custom)?;
        let Timeout {
            connect,
            first_event,
            idle,
            total,
        } = timeouts.phases();
        let phases = [
            ("connect", connect),
            ("first_event", first_event),
            ("idle", idle),
            ("total", total),
        ];
        match phases
            .iter()
            .find(|(_, seconds)| seconds.is_some_and(|seconds| !seconds.is_finite() || seconds <= 0.0))
        {
            Some((phase, _)) => Err(shape_error(phase, "a timeout is a number of seconds above 0")),
            None => Ok(timeouts),
        }
    }
}

/// How much to think: a level, or a budget in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reasoning {
    /// A level.
    Level(ReasoningLevel),
    /// A budget in tokens.
    Budget(u64),
}

impl Serialize for Reasoning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Reasoning::Level(level) => level.serialize(serializer),
            Reasoning::Budget(tokens) => serializer.serialize_u64(*tokens),
        }
    }
}

impl<'de> Deserialize<'de> for Reasoning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = json::raw(deserializer)?;
        match raw.get().starts_with('"') {
            true => json::read(raw.get()).map(Reasoning::Level),
            false => json::read(raw.get()).map(Reasoning::Budget),
        }
        .map_err(ShapeError::into_custom)
    }
}

/// The shape that the answer must have.
#[derive(Clone, Debug, PartialEq)]
pub enum ResponseFormat {
    /// Free text.
    Text,
    /// Any JSON object.
    Json,
    /// A value that fits this JSON Schema.
    Schema(Json),
}

impl Serialize for ResponseFormat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ResponseFormat::Text => serializer.serialize_str("text"),
            ResponseFormat::Json => serializer.serialize_str("json"),
            ResponseFormat::Schema(schema) => schema.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ResponseFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        match json.text() {
            "\"text\"" => Ok(ResponseFormat::Text),
            "\"json\"" => Ok(ResponseFormat::Json),
            _ if json.is_object() => Ok(ResponseFormat::Schema(json)),
            _ => Err(shape_error("", "expected `text`, `json` or a JSON Schema")),
        }
    }
}

/// Takes a tool choice, or a mode's name alone.
fn tool_choice<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ToolChoice>, D::Error> {
    let raw = json::raw(deserializer)?;
    let text = raw.get();
    let choice = if text == "null" {
        return Ok(None);
    } else if text.starts_with('"') {
        json::read(text).map(|mode| ToolChoice { mode, name: None })
    } else {
        json::read(text)
    };
    let choice = choice.map_err(ShapeError::into_custom)?;
    if (choice.mode == ToolChoiceMode::Tool) == choice.name.is_some() {
        Ok(Some(choice))
    } else {
        Err(shape_error(
            "name",
            "a tool's name goes with the mode `tool`, and only with it",
        ))
    }
}

/// The options of a request. Unset means unset: nothing is sent.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The wire protocol, over the model's, where the provider speaks several.
    #[serde(skip_serializing_if = "is_default")]
    pub api: Option<Api>,
    /// The key, over the client's and the environment's.
    #[serde(skip_serializing_if = "is_default")]
    pub api_key: Option<String>,
    /// The server's address, over the model's.
    #[serde(skip_serializing_if = "is_default")]
    pub base_url: Option<String>,
    /// How long to wait.
    #[serde(skip_serializing_if = "is_default")]
    pub timeout: Option<Timeouts>,
    /// How a request that failed before its answer began is sent again.
    #[serde(skip_serializing_if = "is_default")]
    pub retries: Option<Retrying>,
    /// The most that one event may have, or the whole of an answer that is not streamed, in bytes; at least 1.
    #[serde(skip_serializing_if = "is_default")]
    pub max_event_bytes: Option<NonZeroUsize>,
    /// How long a delta of a stream is held, in milliseconds above 0, while what follows in its block is merged into it.
    #[serde(skip_serializing_if = "is_default")]
    pub coalesce_ms: Option<f64>,
    /// With how many characters a delta of a stream is held no longer; at least 1.
    #[serde(skip_serializing_if = "is_default")]
    pub coalesce_chars: Option<NonZeroUsize>,
    /// Headers to add; a None value removes a default.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: BTreeMap<String, Option<String>>,
    /// Merged into the request body last, key by key.
    #[serde(skip_serializing_if = "is_default")]
    pub extra_body: Object,
    /// The most to answer in tokens, thinking included; at least 1.
    #[serde(skip_serializing_if = "is_default")]
    pub max_tokens: Option<u64>,
    /// Randomness, from 0 to 2.
    #[serde(skip_serializing_if = "is_default")]
    pub temperature: Option<f64>,
    /// Nucleus sampling, above 0 and up to 1.
    #[serde(skip_serializing_if = "is_default")]
    pub top_p: Option<f64>,
    /// Sequences at which the answer ends.
    #[serde(skip_serializing_if = "is_default")]
    pub stop: Vec<String>,
    /// For answers that repeat, as far as the provider can.
    #[serde(skip_serializing_if = "is_default")]
    pub seed: Option<i64>,
    /// A level, or a budget in tokens.
    #[serde(skip_serializing_if = "is_default")]
    pub reasoning: Option<Reasoning>,
    /// Tools, over the context's; empty: none.
    #[serde(skip_serializing_if = "is_default")]
    pub tools: Option<Vec<Tool>>,
    /// What the model may do with its tools.
    #[serde(deserialize_with = "tool_choice", skip_serializing_if = "is_default")]
    pub tool_choice: Option<ToolChoice>,
    /// Whether several tools may be called at once.
    #[serde(skip_serializing_if = "is_default")]
    pub parallel_tool_calls: Option<bool>,
    /// The shape that the answer must have.
    #[serde(skip_serializing_if = "is_default")]
    pub response_format: Option<ResponseFormat>,
    /// How long the prompt's prefix may be cached.
    #[serde(skip_serializing_if = "is_default")]
    pub cache: Option<CacheRetention>,
    /// Names the conversation, so that caches are found again.
    #[serde(skip_serializing_if = "is_default")]
    pub session_id: Option<String>,
    /// The `response_id` of a stored answer that the conversation goes on from.
    #[serde(skip_serializing_if = "is_default")]
    pub previous_response_id: Option<String>,
    /// The provider's word for how the request is processed, such as `flex` or `priority`.
    #[serde(skip_serializing_if = "is_default")]
    pub service_tier: Option<String>,
    /// Labels kept with the request at the provider; `user_id` names the end user.
    #[serde(skip_serializing_if = "is_default")]
    pub metadata: BTreeMap<String, String>,
    /// Whether a notice is an error at the call.
    #[serde(skip_serializing_if = "is_default")]
    pub strict: bool,
}

impl fmt::Debug for Options {
    /// Leaves out the key, and the headers, which may carry one.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = Options {
            api_key: self.api_key.as_ref().map(|_| "***".to_owned()),
            headers: self
                .headers
                .keys()
                .map(|name| (name.clone(), Some("***".to_owned())))
                .collect(),
            ..self.clone()
        };
        formatter.write_str(&serde_json::to_string(&shown).map_err(|_| fmt::Error)?)
    }
}

/// Something that could not be honoured exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// What happened, a stable word such as `option_dropped`.
    pub code: String,
    /// Where, such as `options.seed` or `messages[3].content[0]`.
    pub path: String,
    /// One line for people.
    pub text: String,
}

impl Notice {
    /// A notice.
    #[must_use]
    pub fn new(code: &str, path: impl Into<String>, text: impl Into<String>) -> Self {
        Notice {
            code: code.to_owned(),
            path: path.into(),
            text: text.into(),
        }
    }
}

/// The HTTP answer's head.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Header names in lower case; repeated ones joined by `, `. Cookies are left out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub headers: BTreeMap<String, String>,
    /// The provider's id of the exchange.
    #[serde(default, skip_serializing_if = "is_default")]
    pub request_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let options = Options {
            api_key: Some("sk-secret".into()),
            headers: [("x-api-key".to_owned(), Some("sk-secret".to_owned()))].into(),
            ..Options::default()
        };
        assert!(!format!("{options:?}").contains("sk-secret"));
    }

    #[test]
    fn options_take_the_short_forms() {
        let options: Options =
            json::read(r#"{"timeout":5,"reasoning":"low","tool_choice":"required","response_format":"json"}"#).unwrap();
        assert_eq!(options.timeout.unwrap().phases().total, Some(5.0));
        assert_eq!(options.reasoning, Some(Reasoning::Level(ReasoningLevel::Low)));
        assert_eq!(options.tool_choice.unwrap().mode, ToolChoiceMode::Required);
        assert_eq!(options.response_format, Some(ResponseFormat::Json));
    }

    #[test]
    fn a_wrong_timeout_is_named() {
        let error = json::read::<Options>(r#"{"timeout":{"idle":-1}}"#).unwrap_err();
        assert_eq!(error.path, "timeout.idle");
    }
}
