//! The one error type: what failed, where, and what to do.

use std::fmt;

use crate::json::{self, ShapeError};
use crate::types::{AssistantMessage, Attempt, Notice};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident,)+) => {
        /// What kind of failure an error is. Each has an exception of the same name in Python.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorKind {
            $($(#[$doc])* $kind,)+
        }

        impl ErrorKind {
            /// Every kind.
            pub const ALL: &'static [ErrorKind] = &[$(ErrorKind::$kind,)+];

            /// The name, as the Python exception has it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(ErrorKind::$kind => stringify!($kind),)+
                }
            }
        }
    };
}

kinds! {
    /// No model of that name is known.
    ModelNotFoundError,
    /// No key was given and the environment has none.
    MissingKeyError,
    /// The request has a wrong shape or value; nothing was sent.
    InvalidRequestError,
    /// `strict` was asked for and something could not be honoured; nothing was sent.
    UnsupportedOptionError,
    /// The provider refused the request: 400, 409, 413, 422 and other 4xx.
    BadRequestError,
    /// The conversation is longer than the model's context window.
    ContextOverflowError,
    /// The key is wrong: 401.
    AuthenticationError,
    /// The key may not do this: 402, 403.
    PermissionDeniedError,
    /// There is no such model or path: 404.
    NotFoundError,
    /// Too many requests or tokens: 429.
    RateLimitError,
    /// The provider is overloaded: 503, 529.
    OverloadedError,
    /// The provider failed: other 5xx.
    ServerError,
    /// The connection could not be made, or broke.
    ApiConnectionError,
    /// The connection was not made in time.
    ConnectTimeoutError,
    /// The answer did not begin in time.
    FirstEventTimeoutError,
    /// The answer paused for too long.
    IdleTimeoutError,
    /// The answer was not whole in time.
    TotalTimeoutError,
    /// The answer is cut, malformed, or reports a failure inside.
    ResponseError,
    /// The caller closed the stream before its end.
    AbortedError,
}

impl ErrorKind {
    /// The kind that an HTTP status stands for.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            401 => ErrorKind::AuthenticationError,
            402 | 403 => ErrorKind::PermissionDeniedError,
            404 => ErrorKind::NotFoundError,
            429 => ErrorKind::RateLimitError,
            503 | 529 => ErrorKind::OverloadedError,
            400..500 => ErrorKind::BadRequestError,
            500..600 => ErrorKind::ServerError,
            _ => ErrorKind::ResponseError,
        }
    }
}

/// What failed, in one line, with what is known about it.
#[derive(Clone)]
pub struct Error {
    /// What kind of failure this is.
    pub kind: ErrorKind,
    /// One line: what failed, where, what to do.
    pub message: String,
    /// Where in the request, such as `messages[3].content[0].text`.
    pub path: Option<String>,
    /// The provider that was asked.
    pub provider: Option<String>,
    /// The model that was asked for.
    pub model: Option<String>,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The provider's id of the exchange.
    pub request_id: Option<String>,
    /// The answer's body, where it was an error, cut at 64 KB.
    pub body: Option<String>,
    /// Seconds to wait before another try, where the provider said.
    pub retry_after: Option<f64>,
    /// The limit in seconds that was exceeded, for timeouts.
    pub seconds: Option<f64>,
    /// Whether sending the same again cannot help; see [`Error::is_permanent`].
    pub permanent: bool,
    /// The notices that `strict` turned into an error.
    pub notices: Vec<Notice>,
    /// Every time the request was sent, in order.
    pub attempts: Vec<Attempt>,
    /// The message so far.
    pub partial: Option<Box<AssistantMessage>>,
}

/// A result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of a kind.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error {
            kind,
            message: message.into(),
            path: None,
            provider: None,
            model: None,
            status: None,
            request_id: None,
            body: None,
            retry_after: None,
            seconds: None,
            permanent: false,
            notices: Vec::new(),
            attempts: Vec::new(),
            partial: None,
        }
    }

    /// A request of the wrong shape or value.
    #[must_use]
    pub fn invalid(path: impl Into<String>, message: &str) -> Self {
        let path = path.into();
        let text = if path.is_empty() {
            message.to_owned()
        } else {
            format!("{path}: {message}")
        };
        Error {
            path: (!path.is_empty()).then_some(path),
            ..Error::new(ErrorKind::InvalidRequestError, text)
        }
    }

    /// A request of the wrong shape, found below `outer`.
    #[must_use]
    pub fn shape(outer: &str, error: &ShapeError) -> Self {
        Error::invalid(json::join(outer, &error.path), &error.message)
    }
}

impl Error {
    /// Whether the way to the server fails by what somebody has to change first, so that sending the same again is in
    /// vain: a certificate that is not trusted, a proxy that wants a password, an answer in a form that cannot be read.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        self.permanent
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}({:?})", self.kind.name(), self.message)
    }
}

impl std::error::Error for Error {}
