//! One prefix: its settings, its upstreams, and the connections to them.

use std::hash::Hasher as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fnv::FnvHasher;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioTimer;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;

use crate::authorities;
use crate::config;
use crate::config::WebOrigin;
use crate::edge::proxy::ProxyError;
use crate::edge::proxy::body::LentBody;
use crate::edge::proxy::connect::Connector;
use crate::edge::proxy::path;
use crate::edge::proxy::upstreams::Tolerance;
use crate::edge::proxy::upstreams::Upstreams;

/// How long a connection is kept for the next request: shorter than servers usually keep theirs (nginx 75 s, Tomcat 60 s), so
/// that it is rarely they who close it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// One prefix.
pub(super) struct Route {
    pub(super) settings: config::Proxy,
    pub(super) upstreams: Upstreams,
    pub(super) client: Client<Connector, LentBody>,
    /// Names this proxy in `Via`. All installations that send a prefix to the same servers have the same name: they are one
    /// proxy, and a request that went through one of them is not sent on by the next.
    pub(super) name: String,
    /// The prefix as it stands in a URL, if the upstream does not see it.
    pub(super) stripped: Option<String>,
    authorities: Authorities,
}

/// Who may have issued the upstreams' certificates.
#[derive(PartialEq)]
enum Authorities {
    /// There is no https upstream.
    None,
    /// Whoever the system trusts.
    System,
    /// Those of a file.
    These(Vec<CertificateDer<'static>>),
}

impl Route {
    /// The `number`th of the configuration, with what is known of its upstreams and, if they are made alike, its connections
    /// from `earlier`.
    pub(super) fn new(
        number: usize,
        settings: &config::Proxy,
        ca_file: Option<PathBuf>,
        earlier: Option<&Self>,
    ) -> Result<Self, ProxyError> {
        let authorities = match ca_file {
            Some(path) => {
                Authorities::These(authorities::read(&path).map_err(|why| ProxyError::CaFile { number, why })?)
            }
            None if settings.upstreams.iter().any(WebOrigin::is_https) => Authorities::System,
            None => Authorities::None,
        };
        let connects_alike = |earlier: &&Self| {
            let of = |settings: &config::Proxy| {
                (settings.connect_timeout, settings.send_timeout, settings.idle_connections_max)
            };
            of(&earlier.settings) == of(settings) && earlier.authorities == authorities
        };
        let client = match earlier.filter(connects_alike) {
            Some(earlier) => earlier.client.clone(),
            None => client(settings, authorities.to_tls(number)?),
        };
        let tolerance = Tolerance { fails: settings.fails, fail_timeout: settings.fail_timeout };
        let known = earlier.map(|route| &route.upstreams);
        Ok(Self {
            upstreams: Upstreams::new(&settings.upstreams, settings.balance, tolerance, known),
            client,
            name: name(settings),
            stripped: settings.strip_prefix.then(|| path::encode(&settings.prefix)),
            settings: settings.clone(),
            authorities,
        })
    }
}

fn client(settings: &config::Proxy, tls: Option<Arc<ClientConfig>>) -> Client<Connector, LentBody> {
    // The tasks of its connections end with the client, which ends with the last request and the route.
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(settings.idle_connections_max)
        .build(Connector::new(tls, settings.connect_timeout, settings.send_timeout))
}

impl Authorities {
    fn to_tls(&self, number: usize) -> Result<Option<Arc<ClientConfig>>, ProxyError> {
        let roots = match self {
            Self::None => return Ok(None),
            Self::System => authorities::roots(&rustls_native_certs::load_native_certs().certs),
            Self::These(certificates) => authorities::roots(certificates),
        };
        if roots.is_empty() {
            return Err(ProxyError::NoAuthorities { number });
        }
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        // The versions are the provider's own, so this cannot fail.
        let builder =
            builder.with_safe_default_protocol_versions().map_err(|_| ProxyError::NoAuthorities { number })?;
        let mut tls = builder.with_root_certificates(roots).with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(Arc::new(tls)))
    }
}

/// The same for everybody who sends the same prefix to the same servers.
fn name(settings: &config::Proxy) -> String {
    let mut servers: Vec<&str> = settings.upstreams.iter().map(WebOrigin::as_str).collect();
    servers.sort_unstable();
    let mut hasher = FnvHasher::default();
    for text in std::iter::once(settings.prefix.as_str()).chain(servers) {
        hasher.write(text.as_bytes());
        hasher.write_u8(0);
    }
    format!("{}-{:016x}", env!("CARGO_PKG_NAME"), hasher.finish())
}
