//! TLS as a client speaks it, and certificates of the tests' own.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use hyper::Request;
use hyper::client::conn::http1;
use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::DnType;
use rcgen::IsCa;
use rcgen::Issuer;
use rcgen::KeyPair;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::SupportedProtocolVersion;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;
use time::OffsetDateTime;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Answer;
use super::soon;

/// A client that trusts one authority.
#[derive(Clone)]
pub struct Tls {
    config: ClientConfig,
}

impl Tls {
    /// Trusts the authorities in this PEM.
    pub fn trusting(root_pem: &str) -> Self {
        Self::with_versions(root_pem, &[&rustls::version::TLS13, &rustls::version::TLS12], None)
    }

    /// The same, speaking these versions alone.
    pub fn speaking(root_pem: &str, versions: &[&'static SupportedProtocolVersion]) -> Self {
        Self::with_versions(root_pem, versions, None)
    }

    /// The same, with a certificate of its own: PEM of chain and key.
    pub fn known(root_pem: &str, own: &(String, String)) -> Self {
        Self::with_versions(root_pem, &[&rustls::version::TLS13], Some(own))
    }

    fn with_versions(
        root_pem: &str,
        versions: &[&'static SupportedProtocolVersion],
        own: Option<&(String, String)>,
    ) -> Self {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(root_pem.as_bytes()) {
            roots.add(root.unwrap()).unwrap();
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().unwrap();
                builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
            }
        };
        Self { config }
    }

    /// Opens a connection that offers these protocols, to a server that is to be `name`.
    pub async fn connect(
        &self,
        address: SocketAddr,
        name: &str,
        protocols: &[&str],
    ) -> io::Result<TlsStream<TcpStream>> {
        self.over(TcpStream::connect(address).await?, name, protocols).await
    }

    /// The same over a connection that is there already.
    pub async fn over(&self, stream: TcpStream, name: &str, protocols: &[&str]) -> io::Result<TlsStream<TcpStream>> {
        let mut config = self.config.clone();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        soon("the TLS handshake", TlsConnector::from(Arc::new(config)).connect(name, stream)).await
    }

    /// `GET` over HTTP/1.1 on a new connection.
    pub async fn get(&self, address: SocketAddr, name: &str, path: &str) -> io::Result<Answer> {
        let stream = self.connect(address, name, &["http/1.1"]).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        let driver = tokio::spawn(connection);
        let request = Request::get(path).header("host", name).body(Full::<Bytes>::default()).unwrap();
        let answer = soon("an answer", sender.send_request(request)).await.map_err(io::Error::other)?;
        let answer = read(answer).await;
        driver.abort();
        Ok(answer)
    }

    /// Opens an HTTP/2 connection.
    pub async fn http2(&self, address: SocketAddr, name: &str) -> io::Result<http2::SendRequest<Full<Bytes>>> {
        let stream = self.connect(address, name, &["h2", "http/1.1"]).await?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// Reads an answer to its end.
pub async fn read(answer: hyper::Response<hyper::body::Incoming>) -> Answer {
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = soon("the body", answer.into_body().collect()).await.unwrap().to_bytes().to_vec();
    Answer { status, headers, body }
}

/// An authority of the tests' own.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// A new one.
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// What trusts it.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// PEM of a certificate for these names, and of its key, valid from a day ago for so many days from now.
    pub fn issue(&self, names: &[&str], days: i64) -> (String, String) {
        self.issue_from(names, -1, days)
    }

    /// The same, valid from so many days from now.
    pub fn issue_from(&self, names: &[&str], from_day: i64, days: i64) -> (String, String) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        let now = OffsetDateTime::now_utc();
        (params.not_before, params.not_after) =
            (now + time::Duration::days(from_day), now + time::Duration::days(days));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// Writes such a certificate to `<name>.pem` and `<name>.key` of a folder.
    pub fn write(&self, folder: &Path, name: &str, names: &[&str], days: i64) {
        let (certificate, key) = self.issue(names, days);
        fs::write(folder.join(format!("{name}.key")), key).unwrap();
        fs::write(folder.join(format!("{name}.pem")), certificate).unwrap();
    }
}
