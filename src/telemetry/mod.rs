//! What the program tells about itself. Lines go to standard error; the level, the shape and the access log are
//! `[log]` in `config.toml`. No line holds a customer's words, an account number, a name or a token.

use std::error::Error;
use std::fmt;
use std::fmt::Write as _;
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

/// An error with everything that led to it: `what failed: why: why that`. The JSON log would show only the first part.
pub fn chain(error: &dyn Error) -> impl fmt::Display {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

/// Changes how much is written.
pub fn set_level(settings: &Log) {
    let Some(filter) = FILTER.get() else { return };
    // An error here means that the process no longer logs.
    let _ = filter.reload(EnvFilter::new(settings.level.as_str()));
}

/// Starts logging for the whole process. A second call changes nothing.
pub fn start_logging(settings: &Log) {
    let (filter, handle) = reload::Layer::new(EnvFilter::new(settings.level.as_str()));
    let _ = FILTER.set(handle);
    let registry = tracing_subscriber::registry().with(filter);
    // An error here means that logging runs already.
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
