//! One line on the terminal that says how far it is.

use std::io::IsTerminal as _;
use std::io::Write as _;
use std::time::Duration;
use std::time::Instant;

/// How often the line is written anew.
const PAUSE: Duration = Duration::from_millis(200);

/// The line. Dropped, it is wiped out. Where standard error is no terminal nothing is written.
pub(super) struct Line {
    verb: &'static str,
    is_shown: bool,
    last: Option<Instant>,
}

impl Line {
    /// `verb` says what is done, such as `reading`.
    pub(super) fn new(verb: &'static str) -> Self {
        Self { verb, is_shown: std::io::stderr().is_terminal(), last: None }
    }

    /// So far it is done.
    pub(super) fn show(&mut self, done: u64, all: u64) {
        if !self.is_shown || self.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return;
        }
        self.last = Some(Instant::now());
        let _ = write!(std::io::stderr(), "\r{}: {} of {} MB ", self.verb, done / 1_000_000, all.div_ceil(1_000_000));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.last.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
