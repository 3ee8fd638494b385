//! Models and where they are served.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::is_default;
use super::literals::Modality;
use crate::json::Object;

/// A model's prices in US dollars per million tokens.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelCost {
    /// Input at full price.
    #[serde(skip_serializing_if = "is_default")]
    pub input: Option<f64>,
    /// Output.
    #[serde(skip_serializing_if = "is_default")]
    pub output: Option<f64>,
    /// Input read from the cache.
    #[serde(skip_serializing_if = "is_default")]
    pub cache_read: Option<f64>,
    /// Input written to the cache.
    #[serde(skip_serializing_if = "is_default")]
    pub cache_write: Option<f64>,
    /// Input written to the cache for an hour; None: as `cache_write`.
    #[serde(skip_serializing_if = "is_default")]
    pub cache_write_1h: Option<f64>,
}

/// A model and where it is served.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// The provider's id of the model, sent as it is.
    pub id: String,
    /// The provider's id; it picks the key and the defaults below.
    #[serde(default = "custom", skip_serializing_if = "is_custom")]
    pub provider: String,
    /// The wire protocol, one of [`Api`](super::Api).
    #[serde(default = "completions", skip_serializing_if = "is_completions")]
    pub api: String,
    /// Where the server is, with or without `/v1` or the full path; None: the provider's own address.
    #[serde(default, skip_serializing_if = "is_default")]
    pub base_url: Option<String>,
    /// A name for people.
    #[serde(default, skip_serializing_if = "is_default")]
    pub name: Option<String>,
    /// Whether it can think before it answers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reasoning: bool,
    /// What it takes.
    #[serde(default = "text_only", skip_serializing_if = "is_text_only")]
    pub input: Vec<Modality>,
    /// Input and output together, in tokens; None: not known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub context_window: Option<u64>,
    /// The most it can answer, in tokens; None: not known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub max_tokens: Option<u64>,
    /// Prices; None: not known.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cost: Option<ModelCost>,
    /// Headers sent with each request; never a key.
    #[serde(default, skip_serializing_if = "is_default")]
    pub headers: BTreeMap<String, String>,
    /// Deviations of the server from its protocol, over the provider's own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub quirks: Object,
}

fn custom() -> String {
    "custom".to_owned()
}

fn is_custom(provider: &str) -> bool {
    provider == "custom"
}

fn completions() -> String {
    super::Api::OpenAiCompletions.as_str().to_owned()
}

fn is_completions(api: &str) -> bool {
    api == super::Api::OpenAiCompletions.as_str()
}

fn text_only() -> Vec<Modality> {
    vec![Modality::Text]
}

fn is_text_only(input: &[Modality]) -> bool {
    input == [Modality::Text]
}

impl fmt::Debug for Model {
    /// Leaves out what its headers hold, and an address with a query or a user's name: keys do not belong there, and may
    /// be there all the same.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.headers.keys().map(|name| (name.clone(), "***".to_owned()));
        let shown = Model {
            headers: names.collect(),
            base_url: (self.base_url.clone()).map(|url| {
                if url.contains(['@', '?']) {
                    "***".to_owned()
                } else {
                    url
                }
            }),
            ..self.clone()
        };
        formatter.write_str(&serde_json::to_string(&shown).map_err(|_| fmt::Error)?)
    }
}

impl Model {
    /// A model of which only the id is known.
    #[must_use]
    pub fn new(id: impl Into<String>, provider: impl Into<String>) -> Self {
        Model {
            id: id.into(),
            provider: provider.into(),
            api: completions(),
            base_url: None,
            name: None,
            reasoning: false,
            input: text_only(),
            context_window: None,
            max_tokens: None,
            cost: None,
            headers: BTreeMap::new(),
            quirks: Object::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let mut model = Model::new("m", "custom");
        model.headers = [("x-api-key".to_owned(), "sk-secret".to_owned())].into();
        for url in ["https://me:sk-secret@host", "https://host?key=sk-secret"] {
            model.base_url = Some(url.to_owned());
            let shown = format!("{model:?}");
            assert!(!shown.contains("sk-secret") && shown.contains("x-api-key"), "{shown}");
        }
    }
}
