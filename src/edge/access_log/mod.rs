//! One line for each request, with the fields of the web server this program replaces (wire contract §8).
//!
//! The request's task formats its line and puts it into a queue of bounded size; one thread writes what has gathered.
//! Neither a slow nor a full nor a vanished disk holds up a request: lines are dropped then, counted, and the log says so
//! once, and again when it is over.
//!
//! No line holds a secret of a query ([`mask`]), a header that is not named here, or a byte of a body.

mod file;
mod kept;
mod line;
mod mask;
mod queue;
#[cfg(test)]
mod tests;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::clock::Clock;
use crate::config::AccessLogFormat;
use crate::config::AccessLogTarget;
use crate::config::Config;
use crate::config::LogFormat;
use crate::edge::access_log::line::Shape;
use crate::edge::access_log::queue::Outcome;
use crate::edge::access_log::queue::Queue;
use crate::edge::access_log::writer::Writer;
use crate::telemetry::Kind;
use crate::telemetry::Metrics;

pub(in crate::edge) use line::Line;

/// A line, before what its client makes long.
const LINE_BYTES: usize = 512;
/// How long the end of the program waits for the last lines.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// The access log. Dropped, it is closed.
pub(super) struct AccessLog {
    shared: Arc<Shared>,
    /// How the program's log looks, for as long as it runs.
    log_format: LogFormat,
}

struct Shared {
    settings: ArcSwap<Settings>,
    queue: Queue,
    counts: Counts,
}

/// What a reload may change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Settings {
    is_on: bool,
    skips_static: bool,
    shape: Shape,
    destination: Destination,
    rotation: Rotation,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Destination {
    Stderr,
    Stdout,
    File(PathBuf),
}

/// When a file is finished, and how long finished ones are kept; zero is never and for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rotation {
    bytes_max: u64,
    age_max: Duration,
    kept_files_max: usize,
    kept_age_max: Duration,
}

/// What became of the lines.
#[derive(Debug, Default)]
struct Counts {
    written: AtomicU64,
    /// Dropped because writing failed.
    unwritten: AtomicU64,
}

impl AccessLog {
    /// As `log.access` and `[edge.access_log]` say. A file that cannot be opened is said and tried again.
    pub(super) fn start(config: &Config, clock: Clock, metrics: &Metrics) -> Self {
        let shared = Arc::new(Shared {
            settings: ArcSwap::from_pointee(Settings::of(config, config.log.format)),
            queue: Queue::new(config.edge.access_log.queue_bytes_max.as_usize()),
            counts: Counts::default(),
        });
        let writer = Writer::new(Arc::clone(&shared), clock);
        if let Err(error) = std::thread::Builder::new().name("access-log".to_owned()).spawn(|| writer.run()) {
            tracing::error!(%error, "there is no access log: no thread for it");
            shared.queue.finish();
        }
        register(&shared, metrics);
        Self { shared, log_format: config.log.format }
    }

    /// Changes what the configuration says differently now. Lines that are queued go where they would have gone.
    pub(super) fn reload(&self, config: &Config) {
        self.shared.settings.store(Arc::new(Settings::of(config, self.log_format)));
        self.shared.queue.set_bytes_max(config.edge.access_log.queue_bytes_max.as_usize());
    }

    /// Opens the file anew, after it was moved away.
    pub(super) fn reopen(&self) {
        self.shared.queue.reopen();
    }

    /// Whether a request has a line, at a path of static files and monitoring or elsewhere.
    pub(super) fn takes(&self, is_quiet: bool) -> bool {
        let settings = self.shared.settings.load();
        let is_wanted = settings.is_on && !(is_quiet && settings.skips_static);
        // The program's log has levels, also for what is not written through it.
        is_wanted
            && (settings.destination != Destination::Stderr
                || tracing::enabled!(target: "access", tracing::Level::INFO))
    }

    /// Writes a line, soon.
    pub(super) fn write(&self, line: &Line<'_>) {
        let mut bytes = Vec::with_capacity(LINE_BYTES);
        line.write(self.shared.settings.load().shape, &mut bytes);
        match self.shared.queue.push(&bytes) {
            Outcome::Queued | Outcome::Dropped => {}
            Outcome::FirstDropped => {
                tracing::error!("the access log does not keep up with the requests; lines are dropped until it does");
            }
        }
    }

    /// Writes what is queued, and no more after it. Waits for a disk that does not answer for two seconds only.
    pub(super) fn close(&self) {
        self.shared.queue.close(CLOSE_PATIENCE);
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.close();
    }
}

impl Settings {
    fn of(config: &Config, log_format: LogFormat) -> Self {
        let log = &config.edge.access_log;
        let shape = match (&log.target, log.format, log_format) {
            (AccessLogTarget::Log, _, LogFormat::Json) => Shape::LogJson,
            (AccessLogTarget::Log, _, LogFormat::Text) => Shape::LogText,
            (AccessLogTarget::Stdout | AccessLogTarget::File(_), AccessLogFormat::Json, _) => Shape::Json,
            (AccessLogTarget::Stdout | AccessLogTarget::File(_), AccessLogFormat::Combined, _) => Shape::Combined,
        };
        let destination = match &log.target {
            AccessLogTarget::Log => Destination::Stderr,
            AccessLogTarget::Stdout => Destination::Stdout,
            AccessLogTarget::File(path) => Destination::File(config.server.resolve(path)),
        };
        let rotation = Rotation {
            bytes_max: log.file_bytes_max.get(),
            age_max: log.file_age_max,
            kept_files_max: log.kept_files_max,
            kept_age_max: log.kept_age_max,
        };
        Self { is_on: config.log.access, skips_static: log.skip_static, shape, destination, rotation }
    }
}

fn register(shared: &Arc<Shared>, metrics: &Metrics) {
    let counted = Arc::clone(shared);
    metrics.register(
        "edge_access_log_lines",
        "Lines of the access log that were written.",
        Kind::Counter,
        move |samples| {
            samples.add(&[], counted.counts.written.load(Ordering::Relaxed));
        },
    );
    let counted = Arc::clone(shared);
    let help = "Lines of the access log that were dropped, because the queue was full or writing failed.";
    metrics.register("edge_access_log_lines_dropped", help, Kind::Counter, move |samples| {
        samples.add(&[("reason", "queue")], counted.queue.dropped_total());
        samples.add(&[("reason", "write")], counted.counts.unwritten.load(Ordering::Relaxed));
    });
}
