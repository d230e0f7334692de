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
mod listener;
mod pipeline;
mod problem;
mod request_id;

pub use assets::Asset;
pub use assets::Assets;
pub use client::ClientAddress;
pub use connections::ConnectionPermit;
pub use listener::End;
pub use listener::Listener;
pub use pipeline::Application;
pub use problem::Problem;
pub use request_id::RequestId;

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::config::Config;
use crate::config::ServerLimits;

/// The edge around one application. Cheap to clone: all clones are one.
#[derive(Clone)]
pub struct Edge {
    parts: Arc<Parts>,
}

/// What the steps of a request stand on. Whatever a reload may change is behind an [`ArcSwap`], here or in the part itself.
struct Parts {
    limits: ArcSwap<ServerLimits>,
    /// One line of log for each request.
    logs_access: bool,
    /// Paths that programs ask: refusals are JSON even for a browser.
    is_api: fn(&str) -> bool,
}

impl Edge {
    /// As the configuration says. Of paths for which `is_api` holds, programs ask, and refusals are JSON even for a browser.
    pub fn new(config: &Config, is_api: fn(&str) -> bool) -> Self {
        let parts = Parts {
            limits: ArcSwap::from_pointee(config.server.limits.clone()),
            logs_access: config.log.access,
            is_api,
        };
        Self { parts: Arc::new(parts) }
    }
}
