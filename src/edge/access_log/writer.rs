//! The one thread that writes lines, so that no request waits for a disk.

use std::io;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::clock::Clock;
use crate::edge::access_log::Destination;
use crate::edge::access_log::Shared;
use crate::edge::access_log::file::LogFile;
use crate::edge::access_log::queue::Work;

/// Writes until the log is closed.
pub(super) struct Writer {
    shared: Arc<Shared>,
    clock: Clock,
    /// The file in use, and its path as it was configured.
    file: Option<(PathBuf, LogFile)>,
    /// Lines that could not be written since the last that could; `None` while all is well.
    failing: Option<u64>,
    /// Lines that found no room in the queue since it was last caught up with.
    overflowed: u64,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, clock: Clock) -> Self {
        Self { shared, clock, file: None, failing: None, overflowed: 0 }
    }

    pub(super) fn run(mut self) {
        let mut work = Work::default();
        while !work.closes {
            self.shared.queue.take(&mut work);
            self.note_overflow(work.dropped_count);
            match work.reopens_after.and_then(|bytes| work.lines.split_at_checked(bytes)) {
                None => self.write(&work.lines),
                Some((before, after)) => {
                    self.write(before);
                    if let Some((_, file)) = &mut self.file {
                        file.reopen();
                    }
                    self.write(after);
                }
            }
        }
        self.shared.queue.finish();
    }

    /// Writes whole lines, counts what was written and what was not. A failure is said once, and so is its end.
    fn write(&mut self, lines: &[u8]) {
        if lines.is_empty() {
            return;
        }
        let count = count_lines(lines);
        let outcome = self.try_write(lines);
        let counts = &self.shared.counts;
        match outcome {
            Ok(()) => {
                counts.written.fetch_add(count, Ordering::Relaxed);
                if let Some(lines) = self.failing.take() {
                    tracing::warn!(lines, "the access log is written again; lines were dropped");
                }
            }
            Err((bytes_left, error)) => {
                let lost = count_lines(lines.get(lines.len().saturating_sub(bytes_left)..).unwrap_or_default());
                counts.written.fetch_add(count.saturating_sub(lost), Ordering::Relaxed);
                counts.unwritten.fetch_add(lost, Ordering::Relaxed);
                if self.failing.is_none() {
                    tracing::error!(%error, "the access log cannot be written; lines are dropped until it can");
                }
                self.failing = Some(self.failing.unwrap_or(0) + lost);
            }
        }
    }

    fn try_write(&mut self, lines: &[u8]) -> Result<(), (usize, String)> {
        let settings = self.shared.settings.load();
        match &settings.destination {
            Destination::Stderr => write_stream(&mut io::stderr().lock(), "standard error", lines),
            Destination::Stdout => write_stream(&mut io::stdout().lock(), "standard output", lines),
            Destination::File(path) => {
                let kept = self.file.take().filter(|(of, _)| of == path);
                let new = || (path.clone(), LogFile::new(path.clone(), self.clock.clone()));
                let (_, file) = self.file.insert(kept.unwrap_or_else(new));
                file.write(lines, &settings.rotation)
            }
        }
    }

    fn note_overflow(&mut self, dropped: u64) {
        self.overflowed += dropped;
        if dropped == 0 && self.overflowed > 0 {
            let lines = std::mem::take(&mut self.overflowed);
            tracing::warn!(lines, "the access log keeps up again; lines were dropped");
        }
    }
}

fn count_lines(lines: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', lines).count() as u64
}

fn write_stream(stream: &mut impl Write, name: &str, lines: &[u8]) -> Result<(), (usize, String)> {
    let mut rest = lines;
    while !rest.is_empty() {
        match stream.write(rest) {
            Ok(count @ 1..) => rest = rest.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) => return Err((rest.len(), format!("{name} takes nothing more"))),
            Err(error) => return Err((rest.len(), format!("writing to {name}: {error}"))),
        }
    }
    stream.flush().map_err(|error| (0, format!("writing to {name}: {error}")))
}
