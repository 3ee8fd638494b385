//! From a model, a conversation and options to a request that can be sent.

mod headers;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use url::Url;

use self::headers::{header_name, header_value, joined, sounds_secret};
use crate::answer::Answer;
use crate::env;
use crate::error::{Error, ErrorKind, Result};
use crate::headers::{Headers, is_value};
use crate::limiter::{self, Claim, Limiter};
use crate::protocols::{self, Encoded, Request};
use crate::providers::{self, Auth, Provider, Service};
use crate::quirks::Known;
use crate::random;
use crate::retry::Budgets;
use crate::secrets::SECRET_LENGTH;
use crate::stream::{Again, Coalescing, Sending};
use crate::transport::{Call, Transport};
use crate::types::{Context, Model, Notice, Options, Retries, Timeout};

/// What the headers of most requests take at most.
const HEADER_BYTES: usize = 256;

/// Keys and addresses by provider id.
#[derive(Clone, Default)]
pub struct Settings {
    /// Keys, over the environment's.
    pub api_keys: BTreeMap<String, String>,
    /// Addresses, over the providers' own.
    pub base_urls: BTreeMap<String, String>,
}

/// A model with what is known of how it is served, which is found out once for all of its requests.
pub struct Asked {
    model: Arc<Model>,
    provider: &'static Provider,
    service: &'static Service,
    auth: &'static Auth,
    quirks: Known,
    /// Where the server is, unless a client or a request says otherwise.
    base_url: Option<String>,
}

impl Asked {
    /// Looks a model's provider up.
    ///
    /// # Errors
    /// Quirks of the model's own that there are not.
    pub fn new(model: Arc<Model>) -> Result<Self> {
        let provider = providers::of(&model);
        let service = provider.service_or_plain(&model.api);
        let quirks = service.quirks_of(&model).map_err(|error| of_model(&model, error))?;
        Ok(Asked {
            provider,
            service,
            auth: providers::auth(&model, service),
            quirks: quirks.into(),
            base_url: providers::base_url(&model, None).ok().map(str::to_owned),
            model,
        })
    }
}

/// An error with the model that was asked.
fn of_model(model: &Model, mut error: Error) -> Error {
    error.provider = error.provider.or_else(|| Some(model.provider.clone()));
    error.model = error.model.or_else(|| Some(model.id.clone()));
    error
}

/// A request that was checked and encoded, and not sent.
pub struct Prepared {
    asked: Arc<Asked>,
    encoded: Encoded,
    body: Bytes,
    streamed: bool,
    base_url: String,
    key: Option<String>,
    headers: BTreeMap<String, Option<String>>,
    timeout: Timeout,
    retries: Retries,
    /// The most bytes that one event of the answer may have; None: as it is by default.
    max_event_bytes: Option<NonZeroUsize>,
    /// When deltas that were merged are handed over; None: they are not merged.
    coalescing: Option<Coalescing>,
    /// What this request has in the header by which the provider knows one that is sent again.
    idempotency: Option<String>,
    /// The most tokens that the caller wants.
    max_tokens: Option<u64>,
    /// The request as it was checked, unless its address or key is still to be told.
    checked: Option<Call>,
}

impl Settings {
    /// Checks and encodes a request: pure work, save for reading a key from the environment.
    ///
    /// # Errors
    /// A missing key, a request of a wrong shape or value, or with `strict` anything that cannot be honoured.
    pub fn prepare(&self, model: Arc<Model>, context: &Context, options: Options, streamed: bool) -> Result<Prepared> {
        self.prepare_asked(Arc::new(Asked::new(model)?), context, options, streamed)
    }

    /// [`Settings::prepare`] for a model that was looked up before.
    ///
    /// # Errors
    /// As [`Settings::prepare`].
    pub fn prepare_asked(
        &self,
        mut asked: Arc<Asked>,
        context: &Context,
        options: Options,
        streamed: bool,
    ) -> Result<Prepared> {
        if let Some(api) = options.api
            && api.as_str() != asked.model.api
        {
            let model = Model {
                api: api.as_str().to_owned(),
                ..(*asked.model).clone()
            };
            asked = Arc::new(Asked::new(Arc::new(model))?);
        }
        let prepared = self.prepare_unplaced(&asked, context, options, streamed);
        prepared.map_err(|error| of_model(&asked.model, error))
    }

    fn prepare_unplaced(
        &self,
        asked: &Arc<Asked>,
        context: &Context,
        options: Options,
        streamed: bool,
    ) -> Result<Prepared> {
        let Asked {
            model,
            provider,
            quirks,
            ..
        } = &**asked;
        let coalescing = Coalescing::of(options.coalesce_ms, options.coalesce_chars)?;
        let mut encoded = protocols::encode(&Request {
            model,
            quirks,
            context,
            options: &options,
            streamed,
        })?;
        if options.strict && !encoded.notices.is_empty() {
            return Err(unsupported(model, encoded.notices));
        }
        let given = options
            .base_url
            .as_deref()
            .or(self.base_urls.get(&model.provider).map(String::as_str));
        let base_url = match given.or(asked.base_url.as_deref()) {
            Some(base_url) => base_url,
            // There is none, and this says so.
            None => providers::base_url(model, None)?,
        };
        let key = options.api_key.or_else(|| self.api_keys.get(&model.provider).cloned());
        let mut prepared = Prepared {
            checked: None,
            key: key.or_else(|| env::first(&provider.env)),
            timeout: options.timeout.map(crate::types::Timeouts::phases).unwrap_or_default(),
            retries: options.retries.map(crate::types::Retrying::policy).unwrap_or_default(),
            max_event_bytes: options.max_event_bytes,
            coalescing,
            idempotency: None,
            max_tokens: options.max_tokens,
            headers: options.headers,
            asked: Arc::clone(asked),
            body: std::mem::take(&mut encoded.body).into(),
            encoded,
            streamed,
            base_url: base_url.to_owned(),
        };
        prepared.idempotency = prepared.idempotency_key()?;
        if !prepared.is_local() {
            if prepared.key.is_none() && !provider.key_optional && !prepared.brings_its_own_key() {
                return Err(missing_key(provider, model));
            }
            // The address and the headers are checked here, at the caller's line, and made when they are sent.
            prepared.checked = Some(prepared.call(None, None)?);
        }
        Ok(prepared)
    }
}

impl Prepared {
    /// The model asked.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.asked.model
    }

    /// What could not be honoured exactly.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.encoded.notices
    }

    /// The time limits.
    #[must_use]
    pub fn timeout(&self) -> Timeout {
        self.timeout
    }

    /// The body that will be sent.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Whether the answer is to be streamed.
    #[must_use]
    pub fn is_streamed(&self) -> bool {
        self.streamed
    }

    /// The request as it will be sent; None for a local model, whose address is told later.
    #[must_use]
    pub fn checked(&self) -> Option<&Call> {
        self.checked.as_ref()
    }

    /// Where the server is, as it was given.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Whether the address names a file on this machine, so that [`Prepared::call`] needs a real one.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.base_url.starts_with(providers::LOCAL)
    }

    /// The answer that the request will have.
    ///
    /// # Errors
    /// If the model's protocol is not known.
    pub fn answer(&self) -> Result<Answer> {
        let decoder = protocols::decoder(&self.asked.model, &self.asked.quirks, self.asked.model.cost.clone())?;
        let mut answer = Answer::new(&self.asked.model, decoder, self.encoded.notices.clone());
        if let Some(most) = self.max_event_bytes {
            answer.limit_event(most.get());
        }
        if let Some(key) = &self.key {
            answer.hide(key);
        }
        let given = self
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_ref()?)));
        for (_, value) in given
            .chain(&self.asked.model.headers)
            .filter(|(name, _)| self.carries_key(name) || sounds_secret(name))
        {
            answer.hide(value);
        }
        Ok(answer)
    }

    /// What the request asks of its client's limits.
    #[must_use]
    fn claim(&self, limiter: &Limiter) -> Claim {
        let model = format!("{}/{}", self.asked.model.provider, self.asked.model.id);
        Claim::new(limiter, model, limiter::input_tokens(&self.body), self.max_tokens)
    }

    /// What it takes to send the request, by the client's limits if it has any; `base_url` and `key` as [`Prepared::call`] has them.
    ///
    /// # Errors
    /// As [`Prepared::call`], or connections that cannot be set up.
    pub fn into_sending(
        mut self,
        transport: &Transport,
        budgets: Arc<Budgets>,
        limiter: Option<&Limiter>,
        base_url: Option<&str>,
        key: Option<&str>,
    ) -> Result<Sending> {
        let call = match self.checked.take() {
            Some(call) if base_url.is_none() && key.is_none() => call,
            _ => self.call(base_url, key)?,
        };
        let (timeout, retries, coalescing) = (self.timeout, self.retries, self.coalescing);
        let claim = limiter.map(|limiter| self.claim(limiter));
        let connect = timeout
            .connect
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let pool = transport.pool(&call.url, connect)?;
        let again = (retries.count > 0).then(|| {
            Box::new(Repeat {
                prepared: self,
                base_url: base_url.map(str::to_owned),
                key: key.map(str::to_owned),
            }) as Box<dyn Again>
        });
        Ok(Sending {
            pool,
            call,
            timeout,
            retries,
            budgets,
            coalescing,
            claim,
            again,
            companion: None,
        })
    }

    /// The HTTP request; `base_url` and `key` stand in for a local model's.
    ///
    /// # Errors
    /// An address or a header that HTTP cannot carry.
    pub fn call(&self, base_url: Option<&str>, key: Option<&str>) -> Result<Call> {
        let url = self.url(base_url)?;
        let mut headers = Headers::with_capacity(HEADER_BYTES);
        let accept = if self.streamed {
            "text/event-stream"
        } else {
            "application/json"
        };
        headers.append(CONTENT_TYPE.as_str(), &["application/json"]);
        headers.append(ACCEPT.as_str(), &[accept]);
        let key = key.or(self.key.as_deref());
        if key.is_some_and(|key| key.len() >= SECRET_LENGTH && url.as_str().contains(key)) {
            let what = "the key is a part of the address, which ends up in logs; pass it as api_key= alone";
            return Err(Error::invalid("base_url", what));
        }
        let bearer = (self.asked.service.bearer_keys.as_ref())
            .filter(|bearer| key.is_some_and(|key| key.starts_with(&bearer.prefix)));
        if let Some(key) = key {
            let (name, scheme) = match &self.asked.auth {
                Auth::Header(name) if bearer.is_none() => (header_name(name)?, ""),
                _ => (AUTHORIZATION.as_str(), "Bearer "),
            };
            if !is_value(key) {
                let what =
                    "the key holds a character that an HTTP header cannot carry, such as a line break at its end";
                return Err(Error::invalid("api_key", what));
            }
            headers.insert(name, &[scheme, key]);
        }
        let with_key = bearer.iter().flat_map(|bearer| &bearer.headers);
        if let (Some(name), Some(value)) = (&self.asked.quirks.idempotency_header, &self.idempotency) {
            headers.insert(name, &[value]);
        }
        let fixed = self
            .asked
            .service
            .headers
            .iter()
            .chain(with_key)
            .chain(&self.asked.model.headers);
        let fixed = fixed.map(|(name, value)| (name, Some(value)));
        let encoded = self.encoded.headers.iter().map(|(name, value)| (name, Some(value)));
        let given = self.headers.iter().map(|(name, value)| (name, value.as_ref()));
        for (name, value) in fixed.chain(encoded).chain(given) {
            let name = header_name(name)?;
            let Some(value) = value else {
                headers.remove(name);
                continue;
            };
            let value = header_value(name, value)?;
            let lists = self.encoded.list_headers;
            match headers.get(name) {
                Some(list) if lists.iter().any(|known| name.eq_ignore_ascii_case(known)) => {
                    let value = joined(list, value);
                    headers.insert(name, &[&value]);
                }
                _ => headers.insert(name, &[value]),
            }
        }
        Ok(Call {
            url,
            headers,
            body: self.body.clone(),
        })
    }

    /// A key that is the same for each time the request is sent, where the provider takes one and the caller has not
    /// given one.
    fn idempotency_key(&self) -> Result<Option<String>> {
        let Some(name) = self
            .asked
            .quirks
            .idempotency_header
            .as_deref()
            .filter(|_| self.retries.count > 0)
        else {
            return Ok(None);
        };
        let Some(bits) = random::bits() else { return Ok(None) };
        header_name(name)?;
        Ok(Some(format!("alchemy-{bits:032x}")))
    }

    fn url(&self, base_url: Option<&str>) -> Result<Url> {
        providers::resolve_url(base_url.unwrap_or(&self.base_url), &self.encoded.endpoint)
    }

    /// Whether the caller's own headers carry the key.
    fn brings_its_own_key(&self) -> bool {
        let mut names = self.headers.keys().chain(self.asked.model.headers.keys());
        names.any(|name| self.carries_key(name))
    }

    /// Whether this is the name of a header that says who asks: the one that the key is sent in, or HTTP's own.
    fn carries_key(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(AUTHORIZATION.as_str())
            || matches!(&self.asked.auth, Auth::Header(header) if name.eq_ignore_ascii_case(header))
    }
}

/// A request that may be sent again.
struct Repeat {
    prepared: Prepared,
    /// A local model's address and key.
    base_url: Option<String>,
    key: Option<String>,
}

impl Again for Repeat {
    fn call(&self) -> Result<Call> {
        self.prepared.call(self.base_url.as_deref(), self.key.as_deref())
    }

    fn answer(&self) -> Result<Answer> {
        self.prepared.answer()
    }
}

fn missing_key(provider: &Provider, model: &Model) -> Error {
    let way = match provider.env.first() {
        Some(variable) => format!("set {variable} or pass api_key="),
        None => "pass api_key=".to_owned(),
    };
    Error::new(
        ErrorKind::MissingKeyError,
        format!("{}: no API key; {way}", model.provider),
    )
}

fn unsupported(model: &Model, notices: Vec<Notice>) -> Error {
    let texts: Vec<String> = notices
        .iter()
        .map(|notice| format!("{}: {}", notice.path, notice.text))
        .collect();
    let text = format!("{}: {}: {}", model.provider, model.id, texts.join("; "));
    Error {
        notices,
        ..Error::new(ErrorKind::UnsupportedOptionError, text)
    }
}
