//! What the program tells about itself: lines of log and figures. Lines go to standard error; the level and the shape are
//! `[log]` in `config.toml`. No line and no figure holds a customer's words, an account number, a name or a token.

mod histogram;
mod logging;
mod metrics;
mod process;
mod throttle;

use std::error::Error;
use std::fmt;
use std::fmt::Write as _;

pub use histogram::Histogram;
pub use logging::set_level;
pub use logging::start_logging;
pub use metrics::Exposition;
pub use metrics::Figure;
pub use metrics::Gauge;
pub use metrics::Held;
pub use metrics::Kind;
pub use metrics::Metrics;
pub use metrics::Samples;
pub use throttle::Throttle;

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
