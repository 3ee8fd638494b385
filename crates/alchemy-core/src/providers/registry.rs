//! The providers we know: where they are, which key they want, how they deviate.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::quirks::Quirks;
use crate::types::Model;

/// Who serves models. All of it is data, from `data/providers.json`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The id, the part of a model's name before the first slash.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// The wire protocol, one of [`Api`](crate::types::Api).
    #[serde(default = "completions")]
    pub api: String,
    /// Where it is; None: it has no address of its own, the user gives one.
    #[serde(default)]
    pub base_url: Option<String>,
    /// The environment variables that may hold the key; the first that is set counts.
    #[serde(default)]
    pub env: Vec<String>,
    /// Whether requests without a key make sense, as with servers on the user's own machine.
    #[serde(default)]
    pub key_optional: bool,
    /// How the key is sent.
    #[serde(default)]
    pub auth: Auth,
    /// Whether it serves what its owner put there, so that no list of its models can exist.
    #[serde(default)]
    pub any_model: bool,
    /// Headers sent with each request; never a key.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// How it deviates from the protocol.
    #[serde(default)]
    pub quirks: Quirks,
}

/// How a key is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// As `authorization: Bearer <key>`.
    #[default]
    Bearer,
    /// As the value of this header.
    Header(String),
}

fn completions() -> String {
    crate::types::Api::OpenAiCompletions.as_str().to_owned()
}

/// The provider of models that name none, or one we do not know: an address and nothing else.
const CUSTOM: &str = "custom";

struct Registry {
    providers: Vec<Provider>,
    custom: Provider,
}

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        // A broken file fails `every_provider_reads`, so the default stands for what cannot happen.
        let providers: Vec<Provider> = crate::json::read(include_str!("../../data/providers.json")).unwrap_or_default();
        let custom = providers
            .iter()
            .find(|provider| provider.id == CUSTOM)
            .cloned()
            .unwrap_or_else(|| Provider {
                id: CUSTOM.to_owned(),
                name: "Custom".to_owned(),
                api: completions(),
                base_url: None,
                env: Vec::new(),
                key_optional: true,
                auth: Auth::Bearer,
                any_model: true,
                headers: BTreeMap::new(),
                quirks: Quirks::default(),
            });
        Registry { providers, custom }
    })
}

/// Every provider, by id.
#[must_use]
pub fn all() -> &'static [Provider] {
    &registry().providers
}

/// The provider of an id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Provider> {
    all().iter().find(|provider| provider.id == id)
}

/// The provider of a model; one without description for an id we do not know.
#[must_use]
pub fn of(model: &Model) -> &'static Provider {
    find(&model.provider).unwrap_or(&registry().custom)
}

/// A model's quirks: its provider's, and its own over them.
///
/// # Errors
/// `InvalidRequestError` with the path `model.quirks.<key>`.
pub fn quirks(model: &Model) -> Result<Cow<'static, Quirks>> {
    let provider = of(model);
    match model.quirks.is_empty() {
        true => Ok(Cow::Borrowed(&provider.quirks)),
        false => provider.quirks.overlaid(&model.quirks).map(Cow::Owned),
    }
}

/// A model's address: the caller's, else the model's, else the provider's.
///
/// # Errors
/// `InvalidRequestError` with the path `base_url` if there is none.
pub fn base_url<'a>(model: &'a Model, given: Option<&'a str>) -> Result<&'a str> {
    given
        .or(model.base_url.as_deref())
        .or(of(model).base_url.as_deref())
        .ok_or_else(|| {
            let message = format!("{} has no address of its own; pass base_url=", model.provider);
            Error {
                provider: Some(model.provider.clone()),
                ..Error::invalid("base_url", &message)
            }
        })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::providers::resolve_url;

    #[test]
    fn every_provider_reads() {
        let read: std::result::Result<Vec<Provider>, _> = crate::json::read(include_str!("../../data/providers.json"));
        let ids: Vec<String> = read.unwrap().into_iter().map(|provider| provider.id).collect();
        assert!(ids.len() > 30);
        assert_eq!(
            ids.iter().collect::<BTreeSet<_>>().len(),
            ids.len(),
            "an id is there twice"
        );
        assert!(ids.is_sorted(), "not in order");
    }

    #[test]
    fn every_provider_can_be_reached() {
        for provider in all() {
            assert!(!provider.id.contains('/'), "{}", provider.id);
            assert!(
                provider.key_optional || !provider.env.is_empty(),
                "{} has no key variable",
                provider.id
            );
            if let Some(base_url) = &provider.base_url {
                let url = resolve_url(base_url, "chat/completions").unwrap();
                let local = url.host_str() == Some("127.0.0.1");
                assert!(url.scheme() == "https" || local, "{} is not encrypted", provider.id);
                assert!(
                    !local || provider.key_optional,
                    "{} is local and wants a key",
                    provider.id
                );
            }
        }
    }

    #[test]
    fn the_address_is_the_nearest_one_given() {
        let mut model = Model::new("m", "groq");
        assert_eq!(base_url(&model, None).unwrap(), "https://api.groq.com/openai/v1");
        model.base_url = Some("http://model".to_owned());
        assert_eq!(base_url(&model, None).unwrap(), "http://model");
        assert_eq!(base_url(&model, Some("http://caller")).unwrap(), "http://caller");
    }

    #[test]
    fn a_provider_without_an_address_says_what_to_pass() {
        let model = Model::new("m", "azure");
        let error = base_url(&model, None).unwrap_err();
        assert_eq!(error.path.as_deref(), Some("base_url"));
        assert!(
            error.message.contains("azure") && error.message.contains("base_url="),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_provider_has_no_quirks() {
        let model = Model::new("m", "nobody");
        assert_eq!(*quirks(&model).unwrap(), Quirks::default());
        assert!(of(&model).key_optional);
    }
}
