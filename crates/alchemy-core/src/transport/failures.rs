//! What went wrong on the way, in words that say what to do, and without a secret.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError};
use url::Url;

use super::direct;
use super::proxies::{Route, place_of};
use crate::error::{Error, ErrorKind};

/// Where a request came to nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It was not one that HTTP can carry.
    Request,
    /// On the way to a connection.
    Connect,
    /// On the connection.
    Answer,
}

/// Why a request has no answer.
pub(super) enum Unsent {
    /// No connection was made in time.
    Late,
    /// Something failed.
    Failed(Failed),
}

/// What failed, and where.
pub(super) struct Failed {
    stage: Stage,
    cause: Box<dyn StdError + Send + Sync>,
}

impl From<direct::Unsent> for Unsent {
    fn from(unsent: direct::Unsent) -> Self {
        let (stage, cause) = match unsent {
            direct::Unsent::ConnectTimeout => return Unsent::Late,
            direct::Unsent::Connect(cause) => (Stage::Connect, cause),
            direct::Unsent::Lost(error) => (Stage::Answer, error.into()),
        };
        Unsent::Failed(Failed { stage, cause })
    }
}

impl From<reqwest::Error> for Unsent {
    fn from(error: reqwest::Error) -> Self {
        if error.is_connect() && error.is_timeout() {
            return Unsent::Late;
        }
        let stage = match (error.is_builder(), error.is_connect()) {
            (true, _) => Stage::Request,
            (_, true) => Stage::Connect,
            _ => Stage::Answer,
        };
        let cause = error.into();
        Unsent::Failed(Failed { stage, cause })
    }
}

/// What became of a request that had no answer.
pub(super) fn unsent(unsent: &Unsent, url: &Url, route: &Route) -> Error {
    let via = route.via(url);
    let place = match via {
        Some(via) => format!("{} by the proxy {via}", place_of(url)),
        None => place_of(url),
    };
    let Unsent::Failed(Failed { stage, cause }) = unsent else {
        return Error::new(ErrorKind::ConnectTimeoutError, format!("no connection to {place}"));
    };
    let failed = match stage {
        Stage::Connect => format!("cannot connect to {place}"),
        _ => format!("the connection to {place} broke before the answer"),
    };
    if let Some(tls) = tls_error(&**cause) {
        return permanent(format!("{failed}: {}", explained(tls, url)));
    }
    let cause = root_cause(&**cause);
    if let Some(via) = via
        && REFUSED_BY_PROXY.iter().any(|refusal| cause.contains(refusal))
    {
        return unwelcome(url, via);
    }
    permanent_if(
        *stage == Stage::Request,
        match stage {
            Stage::Connect => {
                let check = via.map_or("the network", |_| "the proxy");
                format!("{failed}: {cause}; check {check} and base_url")
            }
            _ => format!("{failed}: {cause}"),
        },
    )
}

/// A proxy wants to know who asks.
pub(super) fn unwelcome(url: &Url, via: &str) -> Error {
    permanent(format!(
        "cannot connect to {}: the proxy {via} does not let this client in; write its user name and password into \
         the proxy's address, as in http://user:password@host",
        place_of(url)
    ))
}

/// How proxies say so, in the words of the HTTP client: by HTTP status 407, and by the two ways of SOCKS.
const REFUSED_BY_PROXY: &[&str] = &[
    "proxy authorization required",
    "could not find matching auth method",
    "credentials not accepted",
    "server does not support user/pass authentication",
    "server implements authentication incorrectly",
];

/// What became of an answer that had begun, where the connection broke.
pub(super) fn broken(error: &(dyn StdError + 'static), url: &Url) -> Error {
    let cause = match tls_error(error) {
        Some(tls) => explained(tls, url),
        None => root_cause(error),
    };
    Error::new(
        ErrorKind::ApiConnectionError,
        format!("the connection broke in the middle of the answer: {cause}"),
    )
}

/// The same of an answer that came by the client for proxies and HTTP/2, which unpacks bodies itself.
pub(super) fn broken_by_client(error: &reqwest::Error, url: &Url) -> Error {
    match tls_error(error).is_none() && is_compression(error) {
        true => unpackable(error),
        false => broken(error, url),
    }
}

/// What became of an answer that had begun, where its bytes cannot be unpacked.
pub(super) fn unpackable(error: &(dyn StdError + 'static)) -> Error {
    Error::new(
        ErrorKind::ResponseError,
        format!(
            "the answer's compression (gzip) is broken or cut: {}",
            root_cause(error)
        ),
    )
}

fn permanent(text: String) -> Error {
    permanent_if(true, text)
}

fn permanent_if(permanent: bool, text: String) -> Error {
    Error {
        permanent,
        ..Error::new(ErrorKind::ApiConnectionError, text)
    }
}

/// The innermost cause: outer layers only say "error sending request", some with the address and what it holds.
pub(super) fn root_cause(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Whether an error is the decompressor's own: whatever comes from the connection has passed through other layers.
fn is_compression(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    let mut plain = false;
    while let Some(error) = cause {
        plain = error.is::<io::Error>();
        if !plain && !error.is::<reqwest::Error>() {
            return false;
        }
        cause = error.source();
    }
    plain
}

fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // The source of an `io::Error` is that of the error inside it, which itself is passed over.
        if let Some(inside) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && let Some(found) = tls_error(inside)
        {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// A failure of TLS: what it is, and what to do.
fn explained(error: &rustls::Error, url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match error {
        rustls::Error::InvalidCertificate(problem) => certificate_problem(problem, host),
        rustls::Error::AlertReceived(alert) => refused(*alert),
        rustls::Error::PeerIncompatible(_) => {
            format!("{error}; TLS 1.2 or 1.3 is needed, which the server has to offer")
        }
        rustls::Error::InvalidMessage(_) => {
            format!("what answers does not speak TLS ({error}); if that is right, write http:// in base_url")
        }
        _ => format!("TLS: {error}"),
    }
}

fn certificate_problem(problem: &CertificateError, host: &str) -> String {
    match problem {
        CertificateError::UnknownIssuer => {
            "nobody who is trusted here vouches for its certificate; to trust it, pass a file with the certificate of \
             its authority as ca_file="
                .to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired; it has to be renewed, unless this machine's clock is wrong".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; check this machine's clock".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("its certificate is not for {host}; check base_url")
        }
        _ => match problem.to_string() {
            text if text.contains("CaUsedAsEndEntity") => {
                "its certificate is marked as that of an authority, which no server may show; make one with \
                 basicConstraints=CA:FALSE and pass it as ca_file="
                    .to_owned()
            }
            text => format!("its certificate is not accepted ({text}); ca_file= names the authorities to trust"),
        },
    }
}

/// The server ended the handshake.
fn refused(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::CertificateRequired
        | AlertDescription::NoCertificate
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => format!(
            "the server wants a client certificate that it trusts ({alert:?}); pass client_certificate= and client_key="
        ),
        AlertDescription::HandshakeFailure => format!(
            "the server refused the handshake ({alert:?}); it may want a client certificate, client_certificate=, or \
             speak nothing of TLS 1.2 and 1.3 that is spoken here"
        ),
        AlertDescription::ProtocolVersion => {
            format!("the server refused TLS 1.2 and 1.3 ({alert:?}), and nothing older is spoken here")
        }
        _ => format!("the server refused the handshake ({alert:?})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_has_to_change_first_is_permanent() {
        let url = Url::parse("http://api.example:81/v1?a=b").unwrap();
        let error = unwelcome(&url, "p:3128");
        assert!(error.is_permanent());
        assert!(
            error
                .message
                .starts_with("cannot connect to api.example:81: the proxy p:3128")
        );
        assert!(!Error::new(ErrorKind::ApiConnectionError, "reset").is_permanent());
    }

    #[test]
    fn a_failure_of_tls_is_found_below_other_errors() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let error = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls.clone()));
        assert_eq!(tls_error(&error), Some(&tls));
        assert_eq!(tls_error(&io::Error::other("reset")), None);
    }

    #[test]
    fn each_failure_of_tls_says_what_to_do() {
        let url = Url::parse("https://api.example/v1").unwrap();
        let certificate = |problem| rustls::Error::InvalidCertificate(problem);
        for (error, words) in [
            (certificate(CertificateError::UnknownIssuer), "ca_file="),
            (certificate(CertificateError::Expired), "expired"),
            (certificate(CertificateError::NotValidYet), "clock"),
            (
                certificate(CertificateError::NotValidForName),
                "not for api.example; check base_url",
            ),
            (certificate(CertificateError::Revoked), "ca_file="),
            (
                rustls::Error::AlertReceived(AlertDescription::CertificateRequired),
                "client_certificate=",
            ),
            (
                rustls::Error::AlertReceived(AlertDescription::ProtocolVersion),
                "TLS 1.2",
            ),
            (
                rustls::Error::AlertReceived(AlertDescription::InternalError),
                "InternalError",
            ),
        ] {
            let told = explained(&error, &url);
            assert!(told.contains(words) && !told.contains('\n'), "{told}");
        }
    }
}
