//! HTTPS: certificates, and the handshake of each connection.

pub(super) mod certificate;
mod certificates;
mod client;
mod keeper;
mod local_ca;
mod probe;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use arc_swap::ArcSwap;
use rustls::CipherSuite;
use rustls::ProtocolVersion;
use rustls::ServerConfig;
use rustls::SupportedCipherSuite;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs;
use rustls::server::ProducesTickets;
use rustls::server::ServerSessionMemoryCache;
use rustls::server::StoresServerSessions;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::clock::Clock;
use crate::config;
use crate::config::Config;
use crate::config::SiteSource;
use crate::config::TlsVersion;
use crate::edge::acme;
use crate::edge::acme::Acme;
use crate::edge::acme::Challenges;
use crate::edge::listener::TlsSession;
use crate::telemetry::Kind;
use crate::telemetry::Metrics;
use crate::telemetry::chain;

pub use certificates::Origin;
pub use certificates::SiteStatus;
pub use local_ca::LocalCa;
pub use local_ca::LocalCaError;
pub use probe::Shown;
pub use probe::probe;
pub use probe::reachable;
pub(in crate::edge) use probe::trusting_anybody;

use certificates::ACME_PROTOCOL;
use certificates::Certificates;

/// TLS 1.2 sessions that are remembered; those of 1.3 are with the clients.
const SESSIONS_MAX: usize = 10_240;

/// What a connection speaks after its handshake.
pub(super) enum Handshake {
    /// HTTP/1.1
    Http1,
    /// HTTP/2
    Http2,
    /// Nothing: an ACME authority has seen its challenge's certificate.
    AcmeChallenge,
}

/// Why there is no HTTPS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The authority for clients' certificates.
    #[error("edge.client_certificates.ca_file: {0}")]
    ClientAuthority(String),
    /// The protocol library.
    #[error("setting up TLS")]
    Setup(#[from] rustls::Error),
    /// The local authority.
    #[error("the local certificate authority")]
    LocalCa(#[from] LocalCaError),
}

/// How many handshakes there were.
#[derive(Debug, Default)]
pub struct HandshakeCounts {
    /// With TLS 1.2.
    pub tls12: AtomicU64,
    /// With TLS 1.3.
    pub tls13: AtomicU64,
    /// That went on from an earlier session.
    pub resumed: AtomicU64,
    /// That came to nothing.
    pub failed: AtomicU64,
}

/// HTTPS for all listeners.
pub struct Tls {
    certificates: Arc<Certificates>,
    configs: ArcSwap<Configs>,
    resumption: Resumption,
    /// Listeners for known clients alone, as they were at start: sockets do not change while it runs.
    known_listeners: config::ClientCertificates,
    data_dir: PathBuf,
    clock: Clock,
    /// Of handshakes.
    pub counts: HandshakeCounts,
}

/// How sessions go on in a later connection. What was found out of a client in the first holds in the next, so whoever
/// asks more of clients, or something else, may not share it.
#[derive(Clone)]
struct Resumption {
    tickets: Arc<dyn ProducesTickets>,
    sessions: Arc<dyn StoresServerSessions>,
}

impl Resumption {
    fn new() -> Result<Self, rustls::Error> {
        Ok(Self { tickets: aws_lc_rs::Ticketer::new()?, sessions: ServerSessionMemoryCache::new(SESSIONS_MAX) })
    }
}

/// What changes with the configuration.
struct Configs {
    settings: config::Edge,
    ordinary: Arc<ServerConfig>,
    /// While an authority may come to look at a challenge.
    challenged: Arc<ServerConfig>,
    /// For listeners that only known clients may use.
    known_clients: Arc<ServerConfig>,
}

impl Tls {
    /// As the configuration says, with a certificate for each site; and what gets certificates from an ACME authority, to be
    /// run.
    ///
    /// # Errors
    /// [`TlsError`]
    pub fn new(config: &Config, clock: Clock, challenges: Challenges) -> Result<(Arc<Self>, Option<Acme>), TlsError> {
        let (settings, data_dir) = (&config.edge, &config.server.data_dir);
        let resumption = Resumption::new()?;
        let certificates = Arc::new(Certificates::new(challenges));
        let configs = ArcSwap::from_pointee(Configs::new(settings, data_dir, &certificates, &resumption)?);
        let data_dir = data_dir.to_owned();
        let counts = HandshakeCounts::default();
        let known_listeners = settings.client_certificates.clone();
        let tls = Arc::new(Self { certificates, configs, resumption, known_listeners, data_dir, clock, counts });
        let wants = |site: &config::Site| site.source == SiteSource::Acme;
        let acme = settings.sites.iter().any(wants).then(|| tls.acme(config));
        tls.load_sites(acme.as_ref())?;
        Ok((tls, acme))
    }

    /// Takes over what the configuration says now. What gets certificates from an ACME authority, to be run instead of the one
    /// before, if it has changed.
    ///
    /// # Errors
    /// [`TlsError`]; then everything stays as it was.
    pub fn reload(self: &Arc<Self>, config: &Config) -> Result<Option<Acme>, TlsError> {
        let settings = &config.edge;
        let configs = Configs::new(settings, &self.data_dir, &self.certificates, &self.resumption)?;
        let before = self.configs.swap(Arc::new(configs));
        let by_acme = |settings: &config::Edge| -> Vec<config::Site> {
            settings.sites.iter().filter(|site| site.source == SiteSource::Acme).cloned().collect()
        };
        let is_same = before.settings.acme == settings.acme && by_acme(&before.settings) == by_acme(settings);
        // Also if no site wants one any more: then nothing is to be ordered for those before.
        let acme = (!is_same).then(|| self.acme(config));
        if let Err(error) = self.load_sites(acme.as_ref()) {
            // It is tried again and again; everything else is taken over.
            tracing::error!(error = %chain(&error), "not every site has a certificate yet");
        }
        Ok(acme)
    }

    /// What gets certificates from an ACME authority for the sites that want one.
    fn acme(self: &Arc<Self>, config: &Config) -> Acme {
        let tls = Arc::clone(self);
        let install: acme::Install = Arc::new(move |names, key| tls.install_acme(names, key));
        Acme::new(config, self.clock.clone(), self.certificates.challenges().clone(), install)
    }

    /// The certificates, and how they stand.
    pub fn status(&self) -> Vec<SiteStatus> {
        self.certificates.status()
    }

    /// Adds how handshakes went, and how long certificates are good for.
    pub(super) fn register(self: &Arc<Self>, metrics: &Metrics) {
        let tls = Arc::clone(self);
        let help = "TLS handshakes by version.";
        metrics.register("edge_tls_handshakes", help, Kind::Counter, move |samples| {
            samples.add(&[("version", "TLSv1.2")], tls.counts.tls12.load(Relaxed));
            samples.add(&[("version", "TLSv1.3")], tls.counts.tls13.load(Relaxed));
        });
        let tls = Arc::clone(self);
        let help = "TLS handshakes that went on from an earlier session.";
        metrics.register("edge_tls_handshakes_resumed", help, Kind::Counter, move |samples| {
            samples.add(&[], tls.counts.resumed.load(Relaxed));
        });
        let tls = Arc::clone(self);
        metrics.register("edge_tls_handshakes_failed", "TLS handshakes that failed.", Kind::Counter, move |samples| {
            samples.add(&[], tls.counts.failed.load(Relaxed));
        });
        let tls = Arc::clone(self);
        let help = "Days until the certificate of a site is no longer valid, by the site's first name; less than 0 afterwards.";
        metrics.register("edge_certificate_days_left", help, Kind::Gauge, move |samples| {
            for site in tls.status() {
                if let (Some(name), Some((_, _, not_after))) = (site.names.first(), &site.served) {
                    let left = (*not_after - tls.now()).as_seconds_f64() / 86_400.0;
                    samples.add(&[("site", name)], left);
                }
            }
        });
    }

    /// Begins TLS on a connection that came to the listener at `local`.
    pub(super) fn begin<S>(
        self: &Arc<Self>,
        stream: S,
        local: SocketAddr,
    ) -> impl Future<Output = io::Result<(TlsStream<S>, TlsSession, Handshake)>> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let configs = self.configs.load();
        let timeout = configs.settings.tls.handshake_timeout;
        let is_for_known = self.known_listeners.is_required_on(local);
        let config = match (is_for_known, self.certificates.is_challenged()) {
            (true, _) => &configs.known_clients,
            (false, true) => &configs.challenged,
            (false, false) => &configs.ordinary,
        };
        let acceptor = TlsAcceptor::from(Arc::clone(config));
        let tls = Arc::clone(self);
        async move {
            let stream = tokio::time::timeout(timeout, acceptor.accept(stream)).await;
            let stream = stream.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            let stream = stream.inspect_err(|_| {
                tls.counts.failed.fetch_add(1, Relaxed);
            })?;
            let session = tls.session(&stream);
            if is_for_known && !session.is_client_known {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, "no certificate was shown"));
            }
            let spoken = match stream.get_ref().1.alpn_protocol() {
                Some(b"h2") => Handshake::Http2,
                Some(name) if name == ACME_PROTOCOL => Handshake::AcmeChallenge,
                Some(_) | None => Handshake::Http1,
            };
            Ok((stream, session, spoken))
        }
    }

    fn session<S>(&self, stream: &TlsStream<S>) -> TlsSession {
        let (_, connection) = stream.get_ref();
        let is_13 = connection.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        let count = if is_13 { &self.counts.tls13 } else { &self.counts.tls12 };
        count.fetch_add(1, Relaxed);
        if connection.handshake_kind() == Some(rustls::HandshakeKind::Resumed) {
            self.counts.resumed.fetch_add(1, Relaxed);
        }
        TlsSession {
            version: if is_13 { "TLSv1.3" } else { "TLSv1.2" },
            server_name: connection.server_name().map(str::to_owned),
            is_client_known: connection.peer_certificates().is_some_and(|chain| !chain.is_empty()),
        }
    }
}

/// What TLS is made of, with AES-128 before AES-256: nobody breaks either, and the longer one comes with SHA-384, for which
/// processors have no instructions. That is a sixth of a handshake.
fn provider() -> Arc<CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    let is_long = |suite: &SupportedCipherSuite| {
        !matches!(
            suite.suite(),
            CipherSuite::TLS13_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        )
    };
    provider.cipher_suites.sort_by_key(is_long);
    Arc::new(provider)
}

impl Configs {
    fn new(
        settings: &config::Edge,
        data_dir: &Path,
        certificates: &Arc<Certificates>,
        resumption: &Resumption,
    ) -> Result<Self, TlsError> {
        let clients = client::Verifiers::new(&settings.client_certificates, data_dir)?;
        // A certificate that was shown is not looked at again when a session goes on; its authority may be gone by then.
        let of_all =
            if settings.client_certificates.ca_file.is_some() { Resumption::new()? } else { resumption.clone() };
        let of_known = Resumption::new()?;
        let build = |verifier: Option<Arc<dyn rustls::server::danger::ClientCertVerifier>>,
                     resumption: &Resumption,
                     protocols: &[&[u8]]| {
            let versions: &[&rustls::SupportedProtocolVersion] = match settings.tls.min_version {
                TlsVersion::Tls12 => &[&rustls::version::TLS13, &rustls::version::TLS12],
                TlsVersion::Tls13 => &[&rustls::version::TLS13],
            };
            let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(versions)?;
            let builder = match verifier {
                Some(verifier) => builder.with_client_cert_verifier(verifier),
                None => builder.with_no_client_auth(),
            };
            let resolver: Arc<dyn rustls::server::ResolvesServerCert> = certificates.clone();
            let mut config = builder.with_cert_resolver(resolver);
            config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
            // The first of ours that the client has, too, not the one it happens to name first.
            config.ignore_client_order = true;
            config.ticketer = Arc::clone(&resumption.tickets);
            config.session_storage = Arc::clone(&resumption.sessions);
            Ok::<_, rustls::Error>(Arc::new(config))
        };
        Ok(Self {
            settings: settings.clone(),
            ordinary: build(clients.optional.clone(), &of_all, &[b"h2", b"http/1.1"])?,
            challenged: build(clients.optional, &of_all, &[b"h2", b"http/1.1", ACME_PROTOCOL])?,
            known_clients: build(clients.required, &of_known, &[b"h2", b"http/1.1"])?,
        })
    }
}
