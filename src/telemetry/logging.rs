//! Lines of log, on standard error.

use std::io::IsTerminal as _;
use std::sync::OnceLock;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Log;
use crate::config::LogFormat;

/// The filter in force.
static FILTER: OnceLock<reload::Handle<EnvFilter, Registry>> = OnceLock::new();

/// Changes how much is written.
pub fn set_level(settings: &Log) {
    let Some(filter) = FILTER.get() else { return };
    // An error here means that the process no longer logs.
    let _ = filter.reload(EnvFilter::new(settings.level.as_str()));
}

/// Starts logging for the whole process. A second call changes nothing.
pub fn start_logging(settings: &Log) {
    let (filter, handle) = reload::Layer::new(EnvFilter::new(settings.level.as_str()));
    if FILTER.set(handle).is_err() {
        return;
    }
    let registry = tracing_subscriber::registry().with(filter);
    // An error here means that the process logs through somebody else.
    let _ = match settings.format {
        LogFormat::Json => {
            let lines = layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
            registry.with(lines.with_writer(std::io::stderr)).try_init()
        }
        LogFormat::Text => {
            let lines = layer().with_ansi(std::io::stderr().is_terminal());
            registry.with(lines.with_writer(std::io::stderr)).try_init()
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LogLevel;

    /// The one test that logs for the whole process.
    #[test]
    fn the_level_changes_while_the_program_runs() {
        let log = |level: &str| Log { level: LogLevel::parse(level).unwrap(), format: LogFormat::Text, access: true };
        start_logging(&log("warn"));
        let told = || {
            (
                tracing::enabled!(target: "bank_aicc::store", tracing::Level::DEBUG),
                tracing::enabled!(target: "bank_aicc::edge", tracing::Level::INFO),
                tracing::enabled!(target: "bank_aicc::edge", tracing::Level::WARN),
            )
        };
        assert_eq!(told(), (false, false, true));
        set_level(&log("info,bank_aicc::store=debug"));
        assert_eq!(told(), (true, true, true));
        set_level(&log("error"));
        assert_eq!(told(), (false, false, false));
        start_logging(&log("info"));
        assert_eq!(told(), (false, false, false), "the first call's log goes on");
    }
}
