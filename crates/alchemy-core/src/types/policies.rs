//! How a client asks: when a request is sent again, and how much is asked for at once.

use std::num::{NonZeroU32, NonZeroU64};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::{self, ShapeError, shape_error};

/// When and how often a request is sent again that failed before its answer began.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retries {
    /// How many times more it is sent at most.
    pub count: u32,
    /// The longest first wait in seconds; each further one doubles it.
    pub backoff: f64,
    /// What the doubling stops at, in seconds.
    pub max_backoff: f64,
    /// The longest wait that a provider may ask for, in seconds.
    pub max_wait: f64,
    /// How many retries each request adds to what a client may spend at one provider; None: no such limit.
    pub budget: Option<f64>,
}

impl Default for Retries {
    fn default() -> Self {
        Retries {
            count: 2,
            backoff: 0.5,
            max_backoff: 8.0,
            max_wait: 60.0,
            budget: Some(0.2),
        }
    }
}

/// The retries of a request: the whole policy, or the count alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Retrying {
    /// The whole policy.
    Policy(Retries),
    /// The count; the rest stays at its defaults.
    Count(u32),
}

impl Retrying {
    /// The whole policy.
    #[must_use]
    pub fn policy(self) -> Retries {
        match self {
            Retrying::Policy(retries) => retries,
            Retrying::Count(count) => Retries {
                count,
                ..Retries::default()
            },
        }
    }
}

impl Serialize for Retrying {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Retrying::Policy(retries) => retries.serialize(serializer),
            Retrying::Count(count) => serializer.serialize_u32(*count),
        }
    }
}

impl<'de> Deserialize<'de> for Retrying {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = json::raw(deserializer)?;
        let retrying = match raw.get().starts_with('{') {
            true => json::read(raw.get()).map(Retrying::Policy),
            false => match json::read(raw.get()) {
                Ok(count) => Ok(Retrying::Count(count)),
                Err(_) => return Err(shape_error("", "expected a whole number of 0 or more, or a `Retries`")),
            },
        };
        let retrying = retrying.map_err(ShapeError::into_custom)?;
        let policy = retrying.policy();
        let figures = [
            ("backoff", policy.backoff),
            ("max_backoff", policy.max_backoff),
            ("max_wait", policy.max_wait),
            ("budget", policy.budget.unwrap_or_default()),
        ];
        match figures.iter().find(|(_, figure)| !figure.is_finite() || *figure < 0.0) {
            Some((name, _)) => Err(shape_error(name, "expected a number of 0 or more")),
            None => Ok(retrying),
        }
    }
}

/// What a client may ask for at once and by the minute; None is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests that are under way at once, their answers included.
    pub concurrent_requests: Option<NonZeroU32>,
    /// Requests that are sent in a minute, retries included.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Tokens in a minute, in and out.
    pub tokens_per_minute: Option<NonZeroU64>,
    /// Whether the rate-limit headers of the answers hold requests back as well.
    pub learn: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            concurrent_requests: None,
            requests_per_minute: None,
            tokens_per_minute: None,
            learn: true,
        }
    }
}
