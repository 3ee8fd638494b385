//! TLS, with a certificate that clients are told to trust.

use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::certificate::Certificate;
use crate::serve::{self, Link, Server};
use crate::two;

/// Makes a certificate, writes it to `ca.pem` in the folder for clients to trust, and returns what accepts connections.
pub(crate) fn acceptor(folder: &Path) -> io::Result<TlsAcceptor> {
    let made = Certificate::new().map_err(|_| io::Error::other("no certificate could be made"))?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("ca.pem"), made.pem())?;
    let (certificate, key) = (made.certificate.into(), PrivatePkcs8KeyDer::from(made.key));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
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
