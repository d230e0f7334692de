//! The file lines are written to: opened, opened anew, and finished when it is large or old enough.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;
use std::time::UNIX_EPOCH;

use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::edge::access_log::Rotation;
use crate::edge::access_log::kept::Kept;
use crate::telemetry::chain;

/// How often to look whether the file is still where it was, and how soon to try again what failed.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// Lines hold people's addresses: for the owner, and for the group that watches.
pub(super) const MODE: u32 = 0o640;

/// The access log's file.
pub(super) struct LogFile {
    path: PathBuf,
    clock: Clock,
    open: Option<Open>,
    /// When it was last looked for, or could not be opened.
    looked_at: Option<Instant>,
    /// Why it is not there.
    missing: String,
    kept: Kept,
    /// The last attempt to finish a file failed, and was said.
    is_stuck: bool,
}

struct Open {
    file: File,
    identity: (u64, u64),
    bytes: u64,
    began: Timestamp,
    /// Neither a device nor a pipe.
    is_regular: bool,
    /// The last write ended inside a line.
    is_torn: bool,
}

impl LogFile {
    pub(super) fn new(path: PathBuf, clock: Clock) -> Self {
        let kept = Kept::new(&path, clock.clone());
        Self { path, clock, open: None, looked_at: None, missing: String::new(), kept, is_stuck: false }
    }

    /// Opens the file anew: whoever moved it gets no more lines.
    pub(super) fn reopen(&mut self) {
        (self.open, self.looked_at) = (None, None);
    }

    /// Writes whole lines.
    ///
    /// # Errors
    /// Why, and how many bytes were not written.
    pub(super) fn write(&mut self, lines: &[u8], rotation: &Rotation) -> Result<(), (usize, String)> {
        self.look();
        if self.is_due(rotation) {
            self.rotate();
        }
        self.kept.tidy(rotation);
        let Some(open) = &mut self.open else { return Err((lines.len(), self.missing.clone())) };
        let place = |error: io::Error| format!("writing {}: {error}", self.path.display());
        if open.is_torn {
            open.file.write_all(b"\n").map_err(|error| (lines.len(), place(error)))?;
            (open.is_torn, open.bytes) = (false, open.bytes + 1);
        }
        let mut rest = lines;
        while !rest.is_empty() {
            match open.file.write(rest) {
                Ok(count @ 1..) => {
                    open.bytes += count as u64;
                    open.is_torn = rest.get(count - 1) != Some(&b'\n');
                    rest = rest.get(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) => return Err((rest.len(), place(io::ErrorKind::WriteZero.into()))),
                Err(error) => return Err((rest.len(), place(error))),
            }
        }
        Ok(())
    }

    /// Waits for what is done with finished files.
    #[cfg(test)]
    pub(super) fn wait(&mut self) {
        self.kept.wait();
    }

    /// Opens the file if it is not open, or if another or none is at its place.
    fn look(&mut self) {
        if self.looked_at.is_some_and(|at| at.elapsed() < LOOK_INTERVAL) {
            return;
        }
        self.looked_at = Some(Instant::now());
        let at_place = fs::metadata(&self.path).ok().map(|found| (found.dev(), found.ino()));
        if self.open.as_ref().is_some_and(|open| at_place == Some(open.identity)) {
            return;
        }
        match open(&self.path, &self.clock) {
            Ok(open) => self.open = Some(open),
            Err(error) => {
                self.open = None;
                self.missing = format!("opening {}: {error}", self.path.display());
            }
        }
    }

    fn is_due(&self, rotation: &Rotation) -> bool {
        let Some(open) = self.open.as_ref().filter(|open| open.is_regular && open.bytes > 0) else { return false };
        let age_ms = self.clock.now().unix_ms().saturating_sub(open.began.unix_ms());
        let is_old = u128::try_from(age_ms).is_ok_and(|age_ms| age_ms >= rotation.age_max.as_millis());
        let is_large = open.bytes >= rotation.bytes_max;
        (rotation.bytes_max > 0 && is_large) || (!rotation.age_max.is_zero() && is_old)
    }

    /// Gives the file the name it is kept under, and begins another.
    fn rotate(&mut self) {
        let finished = self.kept.next_name();
        match fs::rename(&self.path, &finished) {
            Ok(()) => {
                self.is_stuck = false;
                self.kept.add();
                self.reopen();
                self.look();
            }
            Err(error) if !self.is_stuck => {
                self.is_stuck = true;
                let (from, to) = (self.path.display(), finished.display());
                let error = chain(&error);
                tracing::warn!(%error, "the access log goes on in one file: renaming {from} to {to} failed");
            }
            Err(_) => {}
        }
    }
}

fn open(path: &Path, clock: &Clock) -> io::Result<Open> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = File::options().append(true).create(true).mode(MODE).open(path)?;
    let found = file.metadata()?;
    // Where the file system does not keep when a file was made, its last change is the nearest there is.
    let made = found.created().or_else(|_| found.modified()).ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let made = made.and_then(|since_epoch| i64::try_from(since_epoch.as_millis()).ok()).map(Timestamp::from_unix_ms);
    let began = if found.len() == 0 { clock.now() } else { made.unwrap_or_else(|| clock.now()) };
    Ok(Open {
        file,
        identity: (found.dev(), found.ino()),
        bytes: found.len(),
        began,
        is_regular: found.is_file(),
        is_torn: false,
    })
}
