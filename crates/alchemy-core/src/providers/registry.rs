//! The providers we know: where they are, which key they want, how they deviate.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::quirks::Quirks;
use crate::types::{Api, Model};

/// Who serves models. All of it is data, from `data/providers.json`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, from = "Row")]
pub struct Provider {
    /// The id, the part of a model's name before the first slash.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// The wire protocol that its models speak unless another one is asked for.
    pub api: String,
    /// The environment variables that may hold the key; the first that is set counts.
    pub env: Vec<String>,
    /// Whether requests without a key make sense, as with servers on the user's own machine.
    pub key_optional: bool,
    /// Whether it serves what its owner put there, so that no list of its models can exist.
    pub any_model: bool,
    /// What it offers, by wire protocol; the first is that of `api`.
    services: Vec<(String, Service)>,
}

/// What a provider offers over one wire protocol.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Service {
    /// Where it is; None: it has no address of its own, the user gives one.
    pub base_url: Option<String>,
    /// How the key is sent; None: as the protocol has it.
    pub auth: Option<Auth>,
    /// Keys that are sent in another way than the others.
    pub bearer_keys: Option<BearerKeys>,
    /// Headers sent with each request; never a key.
    pub headers: BTreeMap<String, String>,
    /// How it deviates from the protocol.
    pub quirks: Quirks,
}

/// How a key is sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// As `authorization: Bearer <key>`.
    Bearer,
    /// As the value of this header.
    Header(String),
}

/// Keys that are told by their beginning and sent as `authorization: Bearer <key>`, such as the tokens of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BearerKeys {
    /// How they begin.
    pub prefix: String,
    /// Headers that go with them.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// A provider as its row in the data has it: what it offers over its own protocol stands in the row itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    name: String,
    #[serde(default = "completions")]
    api: String,
    #[serde(default)]
    env: Vec<String>,
    #[serde(default)]
    key_optional: bool,
    #[serde(default)]
    any_model: bool,
    #[serde(default)]
    base_url: Option<String>,
    #[serde(default)]
    auth: Option<Auth>,
    #[serde(default)]
    bearer_keys: Option<BearerKeys>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    quirks: Quirks,
    /// What it offers over other protocols.
    #[serde(default)]
    also: BTreeMap<String, Service>,
}

impl From<Row> for Provider {
    fn from(row: Row) -> Self {
        let own = Service {
            base_url: row.base_url,
            auth: row.auth,
            bearer_keys: row.bearer_keys,
            headers: row.headers,
            quirks: row.quirks,
        };
        Provider {
            services: std::iter::once((row.api.clone(), own)).chain(row.also).collect(),
            id: row.id,
            name: row.name,
            api: row.api,
            env: row.env,
            key_optional: row.key_optional,
            any_model: row.any_model,
        }
    }
}

impl Provider {
    /// The wire protocols that it speaks, its own first.
    pub fn apis(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(|(api, _)| api.as_str())
    }

    /// Whether it is known to speak a wire protocol. Of a server that nobody has described anything may be true.
    #[must_use]
    pub fn speaks(&self, api: &str) -> bool {
        self.id == CUSTOM || self.service(api).is_some()
    }

    /// What it offers over a wire protocol, or nothing in particular if it is not known to speak it.
    #[must_use]
    pub fn service_or_plain(&'static self, api: &str) -> &'static Service {
        self.service(api).unwrap_or(&registry().plain)
    }

    /// What it offers over a wire protocol; None if it is not known to speak it.
    #[must_use]
    pub fn service(&self, api: &str) -> Option<&Service> {
        self.services
            .iter()
            .find_map(|(spoken, service)| (spoken == api).then_some(service))
    }
}

fn completions() -> String {
    crate::types::Api::OpenAiCompletions.as_str().to_owned()
}

/// The provider of models that name none, or one we do not know: an address and nothing else.
const CUSTOM: &str = "custom";

struct Registry {
    providers: Vec<Provider>,
    custom: Provider,
    /// What stands in for a protocol that a provider is not known to speak.
    plain: Service,
}

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        // A broken file fails `every_provider_reads`, so the default stands for what cannot happen.
        let mut providers: Vec<Provider> =
            crate::json::read(include_str!("../../data/providers.json")).unwrap_or_default();
        providers.sort_by(|one, other| one.id.cmp(&other.id));
        let custom = providers
            .iter()
            .find(|provider| provider.id == CUSTOM)
            .cloned()
            .unwrap_or_else(|| Provider {
                id: CUSTOM.to_owned(),
                name: "Custom".to_owned(),
                api: completions(),
                env: Vec::new(),
                key_optional: true,
                any_model: true,
                services: Vec::new(),
            });
        Registry {
            providers,
            custom,
            plain: Service::default(),
        }
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
    let all = all();
    let index = all.binary_search_by(|provider| provider.id.as_str().cmp(id)).ok()?;
    all.get(index)
}

/// The provider of a model; one without description for an id we do not know.
#[must_use]
pub fn of(model: &Model) -> &'static Provider {
    find(&model.provider).unwrap_or(&registry().custom)
}

/// What a model's provider offers over the model's protocol.
#[must_use]
pub fn service(model: &Model) -> &'static Service {
    of(model).service_or_plain(&model.api)
}

/// How the key of a model's provider is sent, which offers this service over the model's protocol.
#[must_use]
pub fn auth(model: &Model, service: &'static Service) -> &'static Auth {
    static ANTHROPIC: LazyLock<Auth> = LazyLock::new(|| Auth::Header("x-api-key".to_owned()));
    static GOOGLE: LazyLock<Auth> = LazyLock::new(|| Auth::Header("x-goog-api-key".to_owned()));
    let usual = || match model.api.parse() {
        Ok(Api::AnthropicMessages) => &*ANTHROPIC,
        Ok(Api::GoogleGenerativeAi) => &*GOOGLE,
        _ => &Auth::Bearer,
    };
    service.auth.as_ref().unwrap_or_else(usual)
}

/// A model's quirks: its provider's, and its own over them.
///
/// # Errors
/// `InvalidRequestError` with the path `model.quirks.<key>`.
pub fn quirks(model: &Model) -> Result<Cow<'static, Quirks>> {
    service(model).quirks_of(model)
}

impl Service {
    /// [`quirks`] of a model that is served so.
    ///
    /// # Errors
    /// As [`quirks`].
    pub fn quirks_of(&'static self, model: &Model) -> Result<Cow<'static, Quirks>> {
        let quirks = &self.quirks;
        match model.quirks.is_empty() {
            true => Ok(Cow::Borrowed(quirks)),
            false => quirks.overlaid(&model.quirks).map(Cow::Owned),
        }
    }
}

/// Addresses that begin so name a model file on this machine; whoever owns the process behind it
/// gives the real address when the request is sent.
pub const LOCAL: &str = "local:";

/// A model's address: the caller's, else the model's, else the provider's.
///
/// # Errors
/// `InvalidRequestError` with the path `base_url` if there is none.
pub fn base_url<'a>(model: &'a Model, given: Option<&'a str>) -> Result<&'a str> {
    // The server behind the name of a file speaks what its provider speaks, and nothing else.
    let own = || {
        let own = model.base_url.as_deref();
        own.filter(|own| !own.starts_with(LOCAL) || of(model).service(&model.api).is_some())
    };
    given
        .or_else(own)
        .or_else(|| service(model).base_url.as_deref())
        .ok_or_else(|| {
            let provider = of(model);
            let spoken: Vec<String> = provider.apis().map(|api| format!("api={api:?}")).collect();
            let message = match provider.service(&model.api) {
                None if !provider.speaks(&model.api) => format!(
                    "{} is not known to speak {}; pass {}, or base_url= if it does",
                    model.provider,
                    model.api,
                    spoken.join(" or ")
                ),
                _ => format!("{} has no address of its own; pass base_url=", model.provider),
            };
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
    use crate::protocols::Endpoint;
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
            let endpoint = Endpoint {
                path: "chat/completions".into(),
                version: "v1",
                version_left_out: false,
            };
            for (api, service) in &provider.services {
                assert!(api.parse::<Api>().is_ok(), "{}: {api}", provider.id);
                let Some(base_url) = &service.base_url else { continue };
                let url = resolve_url(base_url, &endpoint).unwrap();
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
    fn a_protocol_that_the_provider_does_not_speak_is_told_apart() {
        let error = base_url(&Model::new("m", "anthropic"), None).unwrap_err();
        let expected = "base_url: anthropic is not known to speak openai-completions; pass api=\"anthropic-messages\", \
                        or base_url= if it does";
        assert_eq!(error.message, expected);
        let mut model = Model::new("m", "openai");
        model.api = "anthropic-messages".to_owned();
        let error = base_url(&model, None).unwrap_err();
        let both = "pass api=\"openai-responses\" or api=\"openai-completions\", or";
        assert!(error.message.contains(both), "{error}");
        let mut model = Model::new("m", "local");
        model.base_url = Some("local:m".to_owned());
        model.api = "google-generative-ai".to_owned();
        let error = base_url(&model, None).unwrap_err();
        assert!(error.message.contains("local is not known to speak google"), "{error}");
        assert_eq!(base_url(&model, Some("http://host")).unwrap(), "http://host");
        model.api = "anthropic-messages".to_owned();
        assert_eq!(base_url(&model, None).unwrap(), "local:m");
    }

    #[test]
    fn an_unknown_provider_has_no_quirks() {
        let model = Model::new("m", "nobody");
        assert_eq!(*quirks(&model).unwrap(), Quirks::default());
        assert!(of(&model).key_optional);
    }
}
