//! TLS: who is trusted, and who we say we are.
//!
//! Certificates are always verified. There is no way to turn that off: a server of one's own is trusted by its
//! certificate, or that of its authority, as `ca_file`.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::AlertDescription;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::TransportConfig;
use crate::env;
use crate::error::{Error, ErrorKind, Result};

/// The bytes before an alert that is not encrypted yet: its type, the version, of which only the first byte counts, and the
/// length.
const ALERT: (u8, u8, [u8; 2]) = (21, 3, [0, 2]);

/// Makes a connection an encrypted one.
pub(super) async fn handshake<T>(
    connector: &TlsConnector,
    name: ServerName<'static>,
    socket: T,
) -> io::Result<TlsStream<T>>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    match connector.connect(name, socket).into_fallible().await {
        Ok(encrypted) => Ok(encrypted),
        Err((error, mut socket)) => Err(last_word(error, &mut socket).await),
    }
}

/// Why a server ended the handshake. One that does not like what it reads says so and hangs up, and to write on into that
/// fails before its word is read.
async fn last_word(error: io::Error, socket: &mut (impl AsyncRead + Unpin)) -> io::Error {
    if !matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) {
        return error;
    }
    let mut word = [0; 7];
    if socket.read_exact(&mut word).await.is_err() {
        return error;
    }
    match word {
        [kind, major, _, high, low, _, alert] if (kind, major, [high, low]) == ALERT => {
            let alert = AlertDescription::from(alert);
            io::Error::new(io::ErrorKind::InvalidData, rustls::Error::AlertReceived(alert))
        }
        _ => error,
    }
}

/// The settings of TLS. `encrypted` tells whether any connection will need them; what no connection needs is not read.
pub(super) fn config(config: &TransportConfig, encrypted: bool) -> Result<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    if encrypted {
        match config.ca_file.clone().or_else(env::ssl_cert_file) {
            Some(file) => add_roots(&mut roots, &file)?,
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| Error::new(ErrorKind::ApiConnectionError, format!("TLS: {error}")))?
        .with_root_certificates(roots);
    let mut tls = match identity(config)? {
        Some(identity) if encrypted => identity.with(builder)?,
        _ => builder.with_no_client_auth(),
    };
    tls.alpn_protocols = match config.http2 {
        true => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        false => vec![b"http/1.1".to_vec()],
    };
    Ok(tls)
}

fn add_roots(roots: &mut rustls::RootCertStore, file: &Path) -> Result<()> {
    let bad = |what: &str| unusable("ca_file", file, what, "ca_file and SSL_CERT_FILE take certificates");
    let mut found = 0;
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| bad(&reason(&error)))? {
        let certificate = certificate.map_err(|error| bad(&reason(&error)))?;
        // Stores in the field hold a few certificates that no verifier takes; they vouch for nobody.
        found += usize::from(roots.add(certificate).is_ok());
    }
    match found {
        0 => Err(bad("no certificate in it")),
        _ => Ok(()),
    }
}

/// The files by which this client says who it is.
struct Identity<'a> {
    certificate: &'a Path,
    /// The file of the key, and the setting that named it.
    key: (&'a Path, &'static str),
}

fn identity(config: &TransportConfig) -> Result<Option<Identity<'_>>> {
    match (config.client_certificate.as_deref(), config.client_key.as_deref()) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Error::invalid(
            "client_key",
            "a key goes with a certificate; pass client_certificate= as well",
        )),
        (Some(certificate), key) => Ok(Some(Identity {
            certificate,
            key: key.map_or((certificate, "client_certificate"), |key| (key, "client_key")),
        })),
    }
}

type Builder = rustls::ConfigBuilder<rustls::ClientConfig, rustls::client::WantsClientCert>;

impl Identity<'_> {
    fn with(&self, builder: Builder) -> Result<rustls::ClientConfig> {
        let (key_file, setting) = self.key;
        let bad = |what: &str| {
            let takes = "client_certificate takes a certificate and those that vouch for it";
            unusable("client_certificate", self.certificate, what, takes)
        };
        let bad_key = |what: &str| {
            let takes = "the key is taken without a passphrase, from client_key or behind the certificate,";
            unusable(setting, key_file, what, takes)
        };
        let chain = CertificateDer::pem_file_iter(self.certificate).map_err(|error| bad(&reason(&error)))?;
        let chain = chain.collect::<std::result::Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| bad(&reason(&error)))?;
        if chain.is_empty() {
            return Err(bad("no certificate in it"));
        }
        let key = PrivateKeyDer::from_pem_file(key_file).map_err(|error| match error {
            pem::Error::NoItemsFound => bad_key("no private key in it that could be read"),
            _ => bad_key(&reason(&error)),
        })?;
        builder.with_client_auth_cert(chain, key).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => bad_key("the key in it is not that of the certificate"),
            // The words of other errors are left out: they may show what is in the file.
            rustls::Error::InvalidCertificate(_) => bad("the certificate in it is malformed"),
            _ => bad_key("the key in it is of no kind that TLS can use"),
        })
    }
}

/// Why a file cannot be read, without a word of what is in it: that may be a key.
fn reason(error: &pem::Error) -> String {
    match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => "nothing in it".to_owned(),
        _ => "it is malformed".to_owned(),
    }
}

fn unusable(setting: &str, file: &Path, what: &str, takes: &str) -> Error {
    Error::invalid(setting, &format!("{}: {what}; {takes} in PEM form", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_word_of_a_server_that_hangs_up_is_read() {
        let asked = async |kind: io::ErrorKind, mut bytes: &[u8]| last_word(kind.into(), &mut bytes).await;
        let alert = [21, 3, 3, 0, 2, 2, 116];
        let told = asked(io::ErrorKind::BrokenPipe, &alert).await;
        let told = told.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
        assert_eq!(
            told,
            Some(&rustls::Error::AlertReceived(AlertDescription::CertificateRequired))
        );
        for bytes in [&alert[..6], b"", b"HTTP/1.1 400"] {
            let kind = asked(io::ErrorKind::ConnectionReset, bytes).await.kind();
            assert_eq!(kind, io::ErrorKind::ConnectionReset);
        }
        let kind = asked(io::ErrorKind::UnexpectedEof, &alert).await.kind();
        assert_eq!(kind, io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_key_alone_is_refused() {
        let settings = TransportConfig {
            client_key: Some("key.pem".into()),
            ..TransportConfig::default()
        };
        let error = config(&settings, false).unwrap_err();
        assert_eq!(error.path.as_deref(), Some("client_key"));
    }

    #[test]
    fn what_is_in_a_file_is_not_shown() {
        let file = std::env::temp_dir().join(format!("alchemy-tls-{}.pem", std::process::id()));
        for text in [
            "-----BEGIN PRIVATE KEY\nc2VjcmV0\n",
            "-----BEGIN CERTIFICATE-----\nsecret!\n-----END CERTIFICATE-----\n",
        ] {
            std::fs::write(&file, text).unwrap();
            let settings = TransportConfig {
                client_certificate: Some(file.clone()),
                ..TransportConfig::default()
            };
            let error = config(&settings, true).unwrap_err();
            assert!(error.message.contains("malformed"), "{error}");
            assert!(
                !error.message.contains("BEGIN") && !error.message.contains("secret"),
                "{error}"
            );
        }
        std::fs::remove_file(file).unwrap();
    }
}
