//! The edge server: connections in, requests out, and everything a reverse proxy would do in between.
//!
//! One connection: [`Listener`] accepts it within its limits, HTTP is read with time limits, and each request runs
//! through [`Edge::wrap`]: a request id, the response's common headers, compression, one shape for errors, one line of log.
//!
//! Invariants: a connection counts against its limits until it is really closed, upgraded ones included; nothing
//! waits for a silent client for longer than its time limit; every refusal leaves as a [`Problem`].
//!
//! The room knows no word of the bank: it could front another axum application (design D12).

pub mod acme;

mod access_log;
mod assets;
mod certificate;
mod client;
mod compression;
mod connections;
mod cors;
mod encoding;
mod error_page;
mod exchange;
mod files;
mod forwarded;
mod framing;
mod headers;
mod https;
mod issuance;
mod listener;
mod pace;
mod pipeline;
mod preconditions;
mod private_file;
mod problem;
mod proxy;
mod proxy_protocol;
mod pulse;
mod rate_limit;
mod request_id;
mod routes;
mod status;
mod target;
mod tls;
mod traffic;

pub use assets::AssetRules;
pub use assets::Assets;
pub use client::ClientAddress;
pub use client::IsSecure;
pub use error_page::prefers_english;
pub use files::try_files;
pub use listener::BindError;
pub use listener::End;
pub use listener::InUse;
pub use listener::Listener;
pub use listener::Peer;
pub use listener::TlsSession;
pub use pace::TooSlow;
pub use pipeline::Application;
pub use problem::Problem;
pub use proxy::ProxyError;
pub use proxy::UpstreamSnapshot;
pub use proxy::UpstreamTime;
pub use pulse::Pulse;
pub use request_id::RequestId;
pub use routes::RouteClass;
pub use routes::keep_route;
pub use tls::LocalCa;
pub use tls::LocalCaError;
pub use tls::Origin;
pub use tls::Shown;
pub use tls::SiteStatus;
pub use tls::TlsError;
pub use tls::probe;
pub use tls::reachable;

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use ipnet::IpNet;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::Config;
use crate::config::ServerLimits;
use crate::config::Status;
use crate::edge::access_log::AccessLog;
use crate::edge::acme::Challenges;
use crate::edge::compression::Compression;
use crate::edge::cors::Cors;
use crate::edge::headers::Headers;
use crate::edge::proxy::Proxy;
use crate::edge::routes::Routes;
use crate::edge::traffic::Traffic;
use crate::telemetry::Metrics;

use connections::Connections;
use forwarded::Proxies;
use https::Https;
use issuance::Issuance;
use rate_limit::RateLimit;
use tls::Tls;

/// Why the edge cannot do what the configuration says.
#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    /// HTTPS cannot be served.
    #[error("cannot serve HTTPS")]
    Tls(#[from] TlsError),
    /// Requests cannot be sent on to another system.
    #[error("cannot send requests on")]
    Proxy(#[from] ProxyError),
}

/// The edge around one application. Cheap to clone: all clones are one.
#[derive(Clone)]
pub struct Edge {
    parts: Arc<Parts>,
}

/// What the steps of a request stand on. Whatever a reload may change is behind an [`ArcSwap`], here or in the part itself.
struct Parts {
    limits: ArcSwap<ServerLimits>,
    clock: Clock,
    metrics: Metrics,
    access_log: AccessLog,
    traffic: Arc<Traffic>,
    routes: Arc<Routes>,
    status: ArcSwap<Status>,
    connections: Connections,
    proxies: Proxies,
    /// Paths that other systems answer.
    proxy: Proxy,
    /// Load balancers that begin each connection with a PROXY protocol header.
    proxy_protocol_from: ArcSwap<Vec<IpNet>>,
    rate_limit: Arc<RateLimit>,
    /// HTTPS, if there is any.
    tls: Option<Arc<Tls>>,
    /// Where it listens for HTTPS first.
    tls_port: Option<u16>,
    https: ArcSwap<Https>,
    /// What proves our names to an authority for certificates at the moment.
    challenges: Challenges,
    /// What gets certificates from that authority.
    issuance: Issuance,
    /// Paths that programs ask: refusals are JSON even for a browser.
    is_api: fn(&str) -> bool,
    /// The files as they came, and with the headers of every response.
    bare_assets: Assets,
    assets: ArcSwap<Assets>,
    compression: Compression,
    cors: Cors,
    headers: Headers,
}

impl Edge {
    /// As the configuration says, for what comes to `listener`. Of paths for which `is_api` holds, programs ask, and refusals are JSON even
    /// for a browser. Requests for `assets` do not reach the application.
    ///
    /// # Errors
    /// [`EdgeError`].
    pub fn new(
        config: &Config,
        listener: &Listener,
        clock: Clock,
        is_api: fn(&str) -> bool,
        assets: Assets,
    ) -> Result<Self, EdgeError> {
        let tls_port = listener.tls_addresses().first().map(SocketAddr::port);
        let limits = &config.server.limits;
        let metrics = Metrics::new();
        let challenges = Challenges::default();
        let (tls, acme) = match config.edge.tls.listen.is_empty() {
            true => (None, None),
            false => {
                let (tls, acme) = Tls::new(config, clock.clone(), challenges.clone())?;
                (Some(tls), acme)
            }
        };
        if let Some(tls) = &tls {
            tls.register(&metrics);
        }
        let issuance = Issuance::of(acme);
        issuance.register(&metrics);
        let traffic = Traffic::new(&metrics);
        let headers = Headers::new(config);
        let parts = Parts {
            proxy_protocol_from: ArcSwap::from_pointee(config.edge.proxy_protocol_from.clone()),
            connections: Connections::new(limits, Arc::clone(&traffic)),
            proxies: Proxies::new(&config.edge),
            proxy: Proxy::new(config, &metrics)?,
            rate_limit: RateLimit::start(&config.edge.rate_limit, &metrics),
            tls,
            tls_port,
            https: ArcSwap::from_pointee(Https::new(config, tls_port)),
            limits: ArcSwap::from_pointee(limits.clone()),
            access_log: AccessLog::start(config, clock.clone(), &metrics),
            routes: Routes::new(&metrics),
            status: ArcSwap::from_pointee(config.edge.status.clone()),
            clock,
            metrics,
            traffic,
            challenges,
            issuance,
            is_api,
            assets: ArcSwap::from_pointee(assets.dressed(&headers.own())),
            bare_assets: assets,
            compression: Compression::new(&config.edge.compression),
            cors: Cors::new(&config.api),
            headers,
        };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// Starts what the edge does beside requests, on tasks of `tracker` until `end`.
    pub fn start(&self, tracker: &TaskTracker, end: &End) {
        let shutdown = &end.begin;
        if let Some(tls) = &self.parts.tls {
            tracker.spawn(Arc::clone(tls).keep(shutdown.clone()));
        }
        self.parts.issuance.start(tracker, shutdown);
        self.parts.proxy.start(tracker, end);
    }

    /// Takes over what of the configuration may change while it serves.
    ///
    /// # Errors
    /// Why HTTPS cannot be served that way, or requests not sent on; then nothing changes.
    pub fn reload(&self, config: &Config) -> Result<(), EdgeError> {
        let Parts {
            limits,
            connections,
            proxy_protocol_from,
            proxies,
            proxy,
            rate_limit,
            tls,
            tls_port,
            https,
            issuance,
            access_log,
            status,
            bare_assets,
            assets,
            compression,
            cors,
            headers,
            ..
        } = &*self.parts;
        let routes = proxy.routes(config)?;
        if let Some(tls) = tls {
            issuance.replace(tls.reload(config)?);
        }
        https.store(Arc::new(Https::new(config, *tls_port)));
        limits.store(Arc::new(config.server.limits.clone()));
        connections.reload(&config.server.limits);
        proxies.reload(&config.edge);
        proxy.reload(routes);
        proxy_protocol_from.store(Arc::new(config.edge.proxy_protocol_from.clone()));
        rate_limit.reload(&config.edge.rate_limit);
        status.store(Arc::new(config.edge.status.clone()));
        access_log.reload(config);
        compression.reload(&config.edge.compression);
        cors.reload(&config.api);
        headers.reload(config);
        assets.store(Arc::new(bare_assets.dressed(&headers.own())));
        Ok(())
    }

    /// The figures that `/metrics` shows, for the application to add its own.
    pub fn metrics(&self) -> &Metrics {
        &self.parts.metrics
    }

    /// What was counted of the systems behind, for each upstream of each prefix.
    pub fn upstreams(&self) -> Vec<UpstreamSnapshot> {
        self.parts.proxy.snapshot()
    }

    /// Opens the access log's file anew, after somebody moved it away.
    pub fn reopen_logs(&self) {
        self.parts.access_log.reopen();
    }

    /// Writes the last lines of the access log; there are no more afterwards. Blocks, for two seconds at most.
    pub fn close_logs(&self) {
        self.parts.access_log.close();
    }

    /// What the listeners show to an authority for certificates: pages over plain HTTP, and certificates in handshakes.
    pub fn challenges(&self) -> Challenges {
        self.parts.challenges.clone()
    }
}
