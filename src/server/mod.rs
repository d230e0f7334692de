//! Puts the rooms together and runs them.
//!
//! The order of a start: the database, the sockets, the routes; the knowledge pack is made ready beside them, so that
//! `/health` answers at once. The order of an end: no new connection, requests and turns finish, WebSockets are told,
//! and last the database commits what it was given.

mod backups;
mod brain;
mod reload;
mod retention;
mod schedule;
mod web;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api;
use crate::api::AppState;
use crate::chat::Chat;
use crate::chat::Engine;
use crate::chat::Model;
use crate::clock::Clock;
use crate::config::Config;
use crate::edge::BindError;
use crate::edge::Edge;
use crate::edge::EdgeError;
use crate::edge::End;
use crate::edge::Listener;
use crate::edge::Pulse;
use crate::knowledge::import::Readers;
use crate::llm::Pool;
use crate::store::Store;
use crate::store::StoreError;
use crate::telemetry::chain;

pub use brain::FirstPack;
pub use brain::KnowledgeError;
pub use brain::import;
pub use brain::load;
pub use reload::Reloader;
pub use retention::delete_expired;
pub use retention::expiry;
pub use retention::summary;
pub use web::Screens;

use backups::Backups;
use brain::Keeper;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// An address could not be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// HTTPS cannot be served, or requests not sent on.
    #[error(transparent)]
    Edge(#[from] EdgeError),
    /// The database could not be opened.
    #[error("cannot open the database")]
    Store(#[from] StoreError),
    /// The screens cannot be shown as configured.
    #[error("web.theme.logo: {0}")]
    Screens(String),
}

/// What is left at least for writes that were accepted, however long the connections took.
const WRITES_TIME_MIN: Duration = Duration::from_secs(2);
/// The cache of indexes and classifiers, under the data folder.
const KNOWLEDGE_FOLDER: &str = "knowledge";

/// Where indexes and classifiers are kept.
pub fn knowledge_folder(config: &Config) -> PathBuf {
    config.server.data_dir.join(KNOWLEDGE_FOLDER)
}

/// A server that listens but does not serve yet.
pub struct Server {
    config: Config,
    clock: Clock,
    first_pack: FirstPack,
    readers: Readers,
    listener: Listener,
    store: Store,
    store_tasks: TaskTracker,
    engine: Option<Arc<Engine>>,
    screens: Screens,
    edge: Edge,
    echoes: bool,
}

impl Server {
    /// Opens the database and the sockets. `readers` are for the documents of the first pack.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn bind(
        config: Config,
        clock: Clock,
        first_pack: FirstPack,
        readers: Readers,
    ) -> Result<Self, ServerError> {
        let screens = Screens::new(&config).map_err(ServerError::Screens)?;
        let listener = Listener::bind(&config.server.listen, &config.edge.tls.listen)?;
        let edge = Edge::new(&config, &listener, clock.clone(), api::is_api, screens.assets())?;
        let store_tasks = TaskTracker::new();
        let store = Store::open(&config.storage, &config.server.data_dir, &store_tasks).await?;
        Ok(Self {
            config,
            clock,
            first_pack,
            readers,
            listener,
            store,
            store_tasks,
            engine: None,
            screens,
            edge,
            echoes: false,
        })
    }

    /// Where it listens, with the ports the system chose.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listener.addresses()
    }

    /// Where it listens for HTTPS.
    pub fn tls_addresses(&self) -> Vec<SocketAddr> {
        self.listener.tls_addresses()
    }

    /// What asks its sockets whether they answer.
    pub fn pulse(&self) -> Pulse {
        self.edge.pulse(&self.listener)
    }

    /// Also serves a socket that says back what it hears, if this machine alone can reach it: for suites that test the protocol.
    pub fn with_echo(self) -> Self {
        let (plain, tls) = (self.listener.addresses(), self.listener.tls_addresses());
        let echoes = plain.iter().chain(&tls).all(|address| address.ip().is_loopback());
        Self { echoes, ..self }
    }

    /// What takes over a new configuration while it runs.
    pub fn reloader(&self) -> Reloader {
        Reloader::new(self.edge.clone(), self.config.clone())
    }

    /// Makes the knowledge pack ready before anybody is served, instead of beside it.
    ///
    /// # Errors
    /// Why the pack cannot be used.
    pub async fn prepare(&mut self) -> Result<(), KnowledgeError> {
        if self.store.packs().active_digest().await?.is_none() {
            import(&self.store, &self.clock, &self.first_pack, &self.readers).await?;
        }
        self.engine = Some(Arc::new(load(&self.store, &knowledge_folder(&self.config)).await?));
        Ok(())
    }

    /// Serves until `shutdown`, then finishes what was begun, for at most `server.shutdown_timeout`.
    pub async fn run(self, shutdown: CancellationToken) {
        let Self { config, clock, first_pack, readers, listener, store, store_tasks, engine, screens, edge, echoes } =
            self;
        let tasks = TaskTracker::new();
        let (engine, engine_in_use) = watch::channel::<Option<Arc<Engine>>>(engine);
        let keeper = Keeper {
            store: store.clone(),
            clock: clock.clone(),
            first: first_pack,
            readers,
            cache_dir: knowledge_folder(&config),
            interval: config.knowledge.reload_interval,
            engine,
            shutdown: shutdown.clone(),
        };
        tasks.spawn(keeper.run());

        let pool = Pool::start(&config.llm, |file| config.server.resolve(file), edge.metrics());
        for endpoint in &config.llm.endpoints {
            let (name, url) = (&endpoint.name, endpoint.url.as_str());
            tracing::info!(
                endpoint = name,
                url,
                "a language model may be asked; masked text of customers is sent there"
            );
        }
        let model = pool.map(|pool| {
            Model::new(pool, store.clone(), clock.clone(), edge.metrics(), tasks.clone(), shutdown.clone())
        });
        if let Some(model) = &model {
            tasks.spawn(model.clone().keep());
        }
        store.register(edge.metrics());
        tasks.spawn(retention::keep(store.clone(), config.retention.clone(), clock.clone(), shutdown.clone()));
        if let Some(at) = config.backup.schedule {
            let backups = Backups::new(config.clone(), clock.clone(), edge.metrics());
            tasks.spawn(backups.make_daily(at, shutdown.clone()));
        }
        let chat = Chat::new(&config, store, clock, engine_in_use, model, edge.metrics());
        let sweep_interval = config.chat.inactivity_sweep_interval;
        tasks.spawn(schedule::sweep_silent(chat.clone(), sweep_interval, shutdown.clone()));

        let mut state = AppState::new(chat, &config, edge.metrics(), tasks.clone(), shutdown.clone());
        if echoes {
            state = state.with_echo();
        }
        let application = api::application(state, async move |request: Request| screens.page(&request));
        let end = End { begin: shutdown.clone(), now: CancellationToken::new() };
        edge.start(&tasks, &end);
        listener.serve(&edge, edge.wrap(application), &tasks, &end);

        shutdown.cancelled().await;
        tracing::info!("shutting down");
        let deadline = Instant::now() + config.server.shutdown_timeout;
        tasks.close();
        finish("connections", &tasks, deadline).await;
        // Whoever did not finish in time is cut, since his handle on the store would keep the writer waiting.
        end.now.cancel();
        // With the last task the last handle on the store is gone, and the writer ends when its queue is empty.
        store_tasks.close();
        let logs = tokio::task::spawn_blocking(move || edge.close_logs());
        finish("writes", &store_tasks, deadline.max(Instant::now() + WRITES_TIME_MIN)).await;
        if let Err(error) = logs.await {
            tracing::warn!(error = %chain(&error), "the last lines of the access log were not written");
        }
        tracing::info!("stopped");
    }
}

async fn finish(what: &'static str, tasks: &TaskTracker, deadline: Instant) {
    if tokio::time::timeout_at(deadline, tasks.wait()).await.is_err() {
        tracing::warn!(what, left = tasks.len(), "gave up waiting");
    }
}
