//! A new configuration for a running server.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::config::Config;
use crate::edge::Edge;
use crate::edge::EdgeError;
use crate::telemetry;

/// Sections whose keys take effect at once; all others wait for the next start.
const RELOADED: [&str; 6] =
    ["edge.", "server.limits.", "log.level", "log.access", "api.public_url", "api.cors_allowed_origins"];
/// Keys below those that all the same wait.
const STARTED: [&str; 2] = ["edge.tls.listen", "edge.client_certificates.listeners"];

/// Takes over a new configuration. Cheap to clone.
#[derive(Clone)]
pub struct Reloader {
    edge: Edge,
    /// What it started with: keys that wait for the next start are compared with that.
    started: Arc<Mutex<Config>>,
}

impl Reloader {
    pub(super) fn new(edge: Edge, config: Config) -> Self {
        Self { edge, started: Arc::new(Mutex::new(config)) }
    }

    /// Opens the access log's file anew.
    pub fn reopen_logs(&self) {
        self.edge.reopen_logs();
    }

    /// Takes over certificates, limits, upstreams and the log level, and opens the access log anew. The keys that need a restart to be
    /// as they are now.
    ///
    /// # Errors
    /// Why it cannot be taken over; then the old configuration stays in force.
    pub fn reload(&self, config: Config) -> Result<Vec<String>, EdgeError> {
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        self.edge.reload(&config)?;
        self.edge.reopen_logs();
        telemetry::set_level(&config.log);
        let waits = |key: &String| {
            let is_reloaded = RELOADED.iter().any(|prefix| key.starts_with(prefix));
            !is_reloaded || STARTED.contains(&key.as_str())
        };
        Ok(started.changed_keys(&config).into_iter().filter(waits).collect())
    }
}
