//! `bank-aicc serve`, and what `demo` shares with it.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::getrlimit;
use rustix::process::setrlimit;
use tokio::runtime::Runtime;
use tokio::signal::unix::Signal;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio_util::sync::CancellationToken;

use crate::cli::Failure;
use crate::cli::load;
use crate::cli::manager;
use crate::clock::Clock;
use crate::config::Config;
use crate::knowledge::import::Readers;
use crate::server::FirstPack;
use crate::server::Reloader;
use crate::server::Server;
use crate::telemetry;
use crate::telemetry::chain;

/// Set, there is a socket that says back what it hears, on loopback alone.
const ECHO_VARIABLE: &str = "BANK_AICC_ECHO_SOCKET";

/// Runs the server until it is told to stop.
pub(super) fn run(path: &Path) -> Result<(), Failure> {
    let config = load(path)?;
    telemetry::start_logging(&config.log);
    let pack = config.knowledge.pack.as_ref();
    let first_pack = pack.map_or(FirstPack::None, |pack| FirstPack::Path(config.server.resolve(pack)));
    allow_descriptors();
    let runtime = runtime(&config)?;
    let served = runtime.block_on(async {
        let server = Server::bind(config, Clock::system(), first_pack, Readers::in_child()).await;
        let mut server = server.map_err(anyhow::Error::from)?;
        if std::env::var_os(ECHO_VARIABLE).is_some() {
            server = server.with_echo();
        }
        announce(&server);
        let shutdown = until_signal()?;
        manager::tell_ready();
        tokio::spawn(manager::feed_watchdog(server.pulse(), shutdown.clone()));
        tokio::spawn(reload_on_signal(path.to_owned(), server.reloader(), listen(SignalKind::hangup())?));
        tokio::spawn(reopen_on_signal(server.reloader(), listen(SignalKind::user_defined1())?));
        server.run(shutdown).await;
        Ok(())
    });
    // A first pack that is still being read is not waited for; the next start reads it again.
    runtime.shutdown_background();
    served
}

/// Takes as many file descriptors as the process may have; the usual limit is for programs that still use `select`.
fn allow_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "the limit on file descriptors could not be raised; see LimitNOFILE= of the unit");
    }
}

/// The threads everything runs on.
pub(super) fn runtime(config: &Config) -> anyhow::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if config.server.worker_threads > 0 {
        builder.worker_threads(config.server.worker_threads);
    }
    builder.enable_all().build().context("starting the runtime")
}

/// The first line of the log.
pub(super) fn announce(server: &Server) {
    for address in server.addresses() {
        tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening on http://{address}");
    }
    for address in server.tls_addresses() {
        tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening on https://{address}");
    }
}

fn listen(kind: SignalKind) -> anyhow::Result<Signal> {
    signal(kind).with_context(|| format!("listening for signal {}", kind.as_raw_value()))
}

/// Opens the access log's file anew on each SIGUSR1, as nginx does: whoever rotates logs moves the file first.
async fn reopen_on_signal(reloader: Reloader, mut signal: Signal) {
    while signal.recv().await.is_some() {
        reloader.reopen_logs();
        tracing::info!("the access log was opened again");
    }
}

/// Reads the configuration again on each SIGHUP. What is wrong with it is told, and the old one stays in force.
async fn reload_on_signal(path: PathBuf, reloader: Reloader, mut hangup: Signal) {
    while hangup.recv().await.is_some() {
        manager::tell_reloading();
        let (path, reloader) = (path.clone(), reloader.clone());
        let reloaded = tokio::task::spawn_blocking(move || {
            let config = load(&path).map_err(|errors| errors.to_string())?;
            reloader.reload(config).map_err(|error| chain(&error).to_string())
        });
        match reloaded.await {
            Ok(Ok(waiting)) if waiting.is_empty() => tracing::info!("the configuration was read again"),
            Ok(Ok(waiting)) => {
                let keys = waiting.join(", ");
                tracing::warn!(keys, "the configuration was read again; these keys wait for the next start");
            }
            Ok(Err(error)) => tracing::error!(error, "the new configuration is wrong, so the old one stays in force"),
            Err(error) => tracing::error!(%error, "reading the configuration again was interrupted"),
        }
        manager::tell_ready();
    }
}

/// A token that SIGTERM or SIGINT cancels.
pub(super) fn until_signal() -> anyhow::Result<CancellationToken> {
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    let shutdown = CancellationToken::new();
    let cancelled = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        manager::tell_stopping();
        cancelled.cancel();
    });
    Ok(shutdown)
}
