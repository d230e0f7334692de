//! Finished files of the access log: `access.log.20261123T000000.000Z.gz`. Compressed and removed by a thread beside the
//! writer, which begins with whatever an earlier run left undone.

use std::fs;
use std::fs::File;
use std::io;
use std::io::BufReader;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::thread::JoinHandle;

use flate2::Compression;
use flate2::write::GzEncoder;
use time::PrimitiveDateTime;
use time::format_description::StaticFormatDescription;
use time::macros::format_description;

use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::edge::access_log::Rotation;
use crate::edge::access_log::file::MODE;

/// The time a file was finished at (UTC), so that names sort by age.
const STAMP: StaticFormatDescription =
    format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z");
const STAMP_CHARS: usize = 20;
const PACKED: &str = "gz";
const HALF_PACKED: &str = "part";

/// The finished files beside the one that is written.
pub(super) struct Kept {
    folder: PathBuf,
    /// The name of the file that is written.
    name: String,
    clock: Clock,
    is_due: bool,
    working: Option<JoinHandle<()>>,
}

impl Kept {
    /// Beside the file at `path`.
    pub(super) fn new(path: &Path, clock: Clock) -> Self {
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Something may be left of the last run.
        Self { folder, name, clock, is_due: true, working: None }
    }

    /// A name for the file that is finished now.
    pub(super) fn next_name(&self) -> PathBuf {
        let mut at = self.clock.now().unix_ms();
        loop {
            let name = self.folder.join(format!("{}.{}", self.name, stamp(Timestamp::from_unix_ms(at))));
            let is_taken = name.exists() || with_suffix(&name, PACKED).exists();
            if !is_taken {
                return name;
            }
            at += 1;
        }
    }

    /// A file was finished.
    pub(super) fn add(&mut self) {
        self.is_due = true;
    }

    /// Compresses and removes what is due, beside the caller, one at a time.
    pub(super) fn tidy(&mut self, rotation: &Rotation) {
        if !self.is_due || self.working.as_ref().is_some_and(|working| !working.is_finished()) {
            return;
        }
        self.is_due = false;
        let (folder, name, now, rotation) = (self.folder.clone(), self.name.clone(), self.clock.now(), *rotation);
        let work = move || {
            if let Err(error) = tidy(&folder, &name, now, &rotation) {
                let folder = folder.display();
                tracing::warn!(%error, "finished access logs in {folder} were not compressed or removed");
            }
        };
        match std::thread::Builder::new().name("access-log-files".to_owned()).spawn(work) {
            Ok(working) => self.working = Some(working),
            Err(error) => tracing::warn!(%error, "finished access logs are not compressed: no thread"),
        }
    }

    /// Waits for what is under way.
    #[cfg(test)]
    pub(super) fn wait(&mut self) {
        if let Some(working) = self.working.take() {
            working.join().unwrap();
        }
    }
}

/// Removes what is too much or too old, and compresses the others. Goes on after a failure; the first is returned.
fn tidy(folder: &Path, name: &str, now: Timestamp, rotation: &Rotation) -> io::Result<()> {
    let mut outcome = Ok(());
    let mut note = |result: io::Result<()>| {
        if outcome.is_ok() {
            outcome = result;
        }
    };
    let mut finished: Vec<(Timestamp, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.file_name();
        let Some(stamped) = file.to_str().and_then(|file| finished_at(file, name)) else { continue };
        match stamped {
            (_, Some(HALF_PACKED)) => note(fs::remove_file(entry.path())),
            (at, _) => finished.push((at, entry.path())),
        }
    }
    finished.sort_by(|a, b| b.cmp(a));
    for (number, (at, path)) in finished.into_iter().enumerate() {
        let age_ms = now.unix_ms().saturating_sub(at.unix_ms());
        let is_old = u128::try_from(age_ms).is_ok_and(|age_ms| age_ms >= rotation.kept_age_max.as_millis());
        if number >= rotation.kept_files_max || (!rotation.kept_age_max.is_zero() && is_old) {
            note(fs::remove_file(path));
        } else if path.extension().is_none_or(|extension| extension != PACKED) {
            note(pack(&path));
        }
    }
    outcome
}

/// When a file of this name was finished, and what it was made into; `None` for other files.
fn finished_at<'f>(file: &'f str, name: &str) -> Option<(Timestamp, Option<&'f str>)> {
    let (stamp, suffix) = file.strip_prefix(name)?.strip_prefix('.')?.split_at_checked(STAMP_CHARS)?;
    let suffix = match suffix {
        "" => None,
        ".gz" => Some(PACKED),
        ".gz.part" => Some(HALF_PACKED),
        _ => return None,
    };
    let at = PrimitiveDateTime::parse(stamp, STAMP).ok()?.assume_utc().unix_timestamp_nanos() / 1_000_000;
    Some((Timestamp::from_unix_ms(i64::try_from(at).ok()?), suffix))
}

fn stamp(at: Timestamp) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.unix_ms()) * 1_000_000);
    at.unwrap_or(time::OffsetDateTime::UNIX_EPOCH).format(STAMP).unwrap_or_default()
}

/// Compresses a file, so that at any moment the lines are in one whole file.
fn pack(path: &Path) -> io::Result<()> {
    let packed = with_suffix(path, PACKED);
    let half_packed = with_suffix(&packed, HALF_PACKED);
    let written = (|| {
        let target = File::options().write(true).create(true).truncate(true).mode(MODE).open(&half_packed)?;
        let mut encoder = GzEncoder::new(target, Compression::default());
        io::copy(&mut BufReader::new(File::open(path)?), &mut encoder)?;
        encoder.finish()?.sync_all()?;
        fs::rename(&half_packed, &packed)?;
        fs::remove_file(path)
    })();
    if written.is_err() {
        // The disk may be full of it.
        let _ = fs::remove_file(&half_packed);
    }
    written
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finished_files_of_this_log_are_touched() {
        let at = Timestamp::from_unix_ms(20_780 * 86_400_000 + 1_002);
        assert_eq!(stamp(at), "20261123T000001.002Z");
        let name = format!("access.log.{}", stamp(at));
        assert_eq!(finished_at(&name, "access.log"), Some((at, None)));
        assert_eq!(finished_at(&format!("{name}.gz"), "access.log"), Some((at, Some(PACKED))));
        for other in
            ["access.log", "access.log.1", "access.log.1.gz", "access.log.conf", "other.log.20261123T000001.002Z"]
        {
            assert_eq!(finished_at(other, "access.log"), None, "{other}");
        }
        assert_eq!(finished_at(&format!("{name}.bz2"), "access.log"), None);
    }
}
