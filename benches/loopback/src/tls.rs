//! TLS with an authority made at the start, whose certificate clients are told to trust.

use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::serve::{self, Link, Server};
use crate::two;

/// Letters to a line of a certificate.
const LINE: usize = 64;

/// Makes the authority and the server's certificate, writes the former to `ca.pem` in the folder, and returns what
/// accepts connections.
pub(crate) fn acceptor(folder: &Path) -> io::Result<TlsAcceptor> {
    let Made {
        authority,
        certificate,
        key,
    } = Made::new().map_err(io::Error::other)?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("ca.pem"), pem(&authority))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], PrivatePkcs8KeyDer::from(key).into())
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// What is made at the start, all of it DER.
struct Made {
    authority: Vec<u8>,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Made {
    fn new() -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params
            .distinguished_name
            .push(DnType::CommonName, "alchemy loopback authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;
        Ok(Self {
            authority: authority.der().to_vec(),
            certificate: certificate.der().to_vec(),
            key: key.serialize_der(),
        })
    }
}

fn pem(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let mut out = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for at in (0..text.len()).step_by(LINE) {
        out.push_str(text.get(at..text.len().min(at + LINE)).unwrap_or_default());
        out.push('\n');
    }
    out + "-----END CERTIFICATE-----\n"
}

/// Serves one connection, by the version of HTTP that the client chose.
pub(crate) async fn connection(socket: TcpStream, acceptor: &TlsAcceptor, server: Rc<Server>) -> io::Result<()> {
    let stream = acceptor.accept(socket).await?;
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        two::connection(stream, server).await
    } else {
        serve::connection(stream, &server).await
    }
}

impl Link for TlsStream<TcpStream> {
    async fn read(&mut self, kept: &mut Vec<u8>) -> io::Result<bool> {
        Ok(self.read_buf(kept).await? > 0)
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes).await?;
        self.flush().await
    }

    fn socket(&self) -> Option<Rc<TcpStream>> {
        None
    }
}
