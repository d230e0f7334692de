//! The edge server: connections in, requests out, and everything a reverse proxy would do in between.
//!
//! One connection: [`Listener`] accepts it within its limits, HTTP is read with time limits, and each request runs
//! through [`Edge::wrap`]: a request id, the response's common headers, compression, one shape for errors, one line of log.
//!
//! Invariants: a connection counts against its limits until it is really closed, upgraded ones included; nothing
//! waits for a silent client for longer than its time limit; every refusal leaves as a [`Problem`].
//!
//! The room knows no word of the bank: it could front another axum application (design D12).

mod access_log;
mod assets;
mod client;
mod compression;
mod connections;
mod cors;
mod encoding;
mod error_page;
mod headers;
mod https;
mod listener;
mod pace;
mod pipeline;
mod preconditions;
mod private_file;
mod problem;
mod request_id;
mod tls;

pub use assets::AssetRules;
pub use assets::Assets;
pub use client::ClientAddress;
pub use client::IsSecure;
pub use listener::BindError;
pub use listener::End;
pub use listener::InUse;
pub use listener::Listener;
pub use listener::Peer;
pub use listener::TlsSession;
pub use pace::TooSlow;
pub use pipeline::Application;
pub use problem::Problem;
pub use request_id::RequestId;
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
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::Config;
use crate::config::ServerLimits;
use crate::edge::compression::Compression;
use crate::edge::cors::Cors;
use crate::edge::headers::Headers;

use connections::Connections;
use https::Https;
use tls::Tls;

/// The edge around one application. Cheap to clone: all clones are one.
#[derive(Clone)]
pub struct Edge {
    parts: Arc<Parts>,
}

/// What the steps of a request stand on. Whatever a reload may change is behind an [`ArcSwap`], here or in the part itself.
struct Parts {
    limits: ArcSwap<ServerLimits>,
    connections: Connections,
    /// HTTPS, if there is any.
    tls: Option<Arc<Tls>>,
    /// Where it listens for HTTPS first.
    tls_port: Option<u16>,
    https: ArcSwap<Https>,
    /// One line of log for each request.
    logs_access: bool,
    /// Paths that programs ask: refusals are JSON even for a browser.
    is_api: fn(&str) -> bool,
    assets: Assets,
    compression: Compression,
    cors: Cors,
    headers: Headers,
}

impl Edge {
    /// As the configuration says, for what comes to `listener`. Of paths for which `is_api` holds, programs ask, and refusals are JSON even
    /// for a browser. Requests for `assets` do not reach the application.
    ///
    /// # Errors
    /// Why HTTPS cannot be served.
    pub fn new(
        config: &Config,
        listener: &Listener,
        clock: Clock,
        is_api: fn(&str) -> bool,
        assets: Assets,
    ) -> Result<Self, TlsError> {
        let tls_port = listener.tls_addresses().first().map(SocketAddr::port);
        let limits = &config.server.limits;
        let tls = match config.edge.tls.listen.is_empty() {
            true => None,
            false => Some(Arc::new(Tls::new(&config.edge, &config.server.data_dir, clock)?)),
        };
        let parts = Parts {
            connections: Connections::new(limits.connections_max, limits.connections_per_client_max),
            tls,
            tls_port,
            https: ArcSwap::from_pointee(Https::new(config, tls_port)),
            limits: ArcSwap::from_pointee(limits.clone()),
            logs_access: config.log.access,
            is_api,
            assets,
            compression: Compression::new(&config.edge.compression),
            cors: Cors::new(&config.api),
            headers: Headers::new(config),
        };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// Starts what the edge does beside requests, on tasks of `tracker` until `shutdown`.
    pub fn start(&self, tracker: &TaskTracker, shutdown: &CancellationToken) {
        if let Some(tls) = &self.parts.tls {
            tracker.spawn(Arc::clone(tls).keep(shutdown.clone()));
        }
    }

    /// Takes over what of the configuration may change while it serves.
    ///
    /// # Errors
    /// Why HTTPS cannot be served that way; then nothing changes.
    pub fn reload(&self, config: &Config) -> Result<(), TlsError> {
        let Parts {
            limits,
            connections: _,
            tls,
            tls_port,
            https,
            logs_access: _,
            is_api: _,
            assets: _,
            compression,
            cors,
            headers,
        } = &*self.parts;
        if let Some(tls) = tls {
            tls.reload(&config.edge)?;
        }
        https.store(Arc::new(Https::new(config, *tls_port)));
        limits.store(Arc::new(config.server.limits.clone()));
        compression.reload(&config.edge.compression);
        cors.reload(&config.api);
        headers.reload(config);
        Ok(())
    }
}
