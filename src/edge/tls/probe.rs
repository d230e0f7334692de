//! What a server shows to whoever opens a TLS connection, trusted or not.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::DigitallySignedStruct;
use rustls::SignatureScheme;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::client::danger::ServerCertVerified;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs;
use rustls::crypto::verify_tls12_signature;
use rustls::crypto::verify_tls13_signature;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::UnixTime;
use time::OffsetDateTime;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::edge::certificate::CertificateFacts;

const TIMEOUT: Duration = Duration::from_secs(5);

/// A certificate somebody shows.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Who signed it.
    pub issuer: String,
    /// From when it is valid.
    pub not_before: OffsetDateTime,
    /// Until when.
    pub not_after: OffsetDateTime,
    /// It is for the name that was asked for.
    pub is_for_name: bool,
    /// Certificates in its chain, itself included.
    pub chain_length: usize,
}

/// Asks a server for the certificate of a name. Nothing is sent but the handshake, and nothing is trusted.
///
/// # Errors
/// Why there is no answer.
pub async fn probe(address: SocketAddr, name: &str) -> Result<Shown, String> {
    let connector = trusting_anybody().map_err(|error| error.to_string())?;
    // No server is called by a wildcard.
    let asked = name.replacen('*', "probe", 1);
    let server_name = ServerName::try_from(asked.clone()).map_err(|error| error.to_string())?;
    let handshake = async {
        let stream = TcpStream::connect(address).await?;
        connector.connect(server_name, stream).await
    };
    let stream = tokio::time::timeout(TIMEOUT, handshake).await;
    let stream = stream.map_err(|_| format!("no answer within {} s", TIMEOUT.as_secs()))?;
    let stream = stream.map_err(|error| error.to_string())?;
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let leaf = chain.first().ok_or("it shows no certificate")?;
    let facts = CertificateFacts::of(leaf)?;
    let is_for_name = facts.names_missing(&[asked]).is_empty();
    let CertificateFacts { issuer, not_before, not_after, .. } = facts;
    Ok(Shown { issuer, not_before, not_after, is_for_name, chain_length: chain.len() })
}

/// Opens TLS connections to whoever answers: for what one asks oneself, or asks about a certificate.
pub(in crate::edge) fn trusting_anybody() -> Result<TlsConnector, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Where this machine reaches a listener of its own.
pub fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Accepts every certificate: what is wrong with it is what is asked for.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
