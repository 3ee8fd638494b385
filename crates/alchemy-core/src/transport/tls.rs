//! TLS: who is trusted, and who we say we are.
//!
//! Certificates are always verified. There is no way to turn that off: a server of one's own is trusted by its
//! certificate, or that of its authority, as `ca_file`.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TransportConfig;
use crate::env;
use crate::error::{Error, ErrorKind, Result};

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
