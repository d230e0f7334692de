//! A folder of backups: how they are named, which are there, and which are kept.

use std::fs;
use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;

use time::OffsetDateTime;
use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::backup::BackupError;
use crate::backup::contents;
use crate::backup::encryption;
use crate::backup::error::at;
use crate::backup::manifest::Manifest;

/// Names of files that are being written.
pub(super) const UNFINISHED_PREFIX: &str = ".bank-aicc-";
pub(super) const UNFINISHED_SUFFIX: &str = ".unfinished";

/// A file that was written to a shorter time ago is left alone: between being made and being locked it looks like a remainder.
const UNFINISHED_AGE_MIN: Duration = Duration::from_secs(60);

const PREFIX: &str = "bank-aicc-";
const SUFFIX: &str = ".tar.zst";
const SEALED_SUFFIX: &str = ".tar.zst.age";
const STAMP: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// A file that may be a backup.
#[derive(Debug)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// How large it is.
    pub bytes: u64,
    /// What it says of itself.
    pub manifest: Result<Manifest, BackupError>,
}

impl Found {
    /// When it was made, Unix milliseconds: as it says of itself, or, encrypted, as its name says.
    pub fn made_at_ms(&self) -> Option<i64> {
        match &self.manifest {
            Ok(manifest) => Some(manifest.made_at_ms),
            Err(BackupError::Sealed(_)) => time_of(&self.name).map(|at| at.unix_timestamp() * 1000),
            Err(_) => None,
        }
    }
}

/// The files in a folder that are called like backups, the newest first. Those that say of themselves when they were made are
/// in that order; only the beginning of each is read.
///
/// # Errors
/// When the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Found>, BackupError> {
    let mut found = Vec::new();
    for entry in entries(folder)? {
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        let Ok(metadata) = entry.metadata() else { continue };
        if !(name.ends_with(SUFFIX) || name.ends_with(SEALED_SUFFIX)) || !metadata.is_file() {
            continue;
        }
        let path = entry.path();
        let opened = File::open(&path).map_err(at("reading", &path));
        let opened = opened.and_then(|file| encryption::unsealed(file, &name, None));
        let manifest = opened.and_then(|from| contents::peek(from, &name));
        found.push(Found { name, bytes: metadata.len(), manifest });
    }
    found.sort_by_key(|found| (std::cmp::Reverse(found.made_at_ms().unwrap_or(i64::MIN)), found.name.clone()));
    Ok(found)
}

/// When the newest backup was made that is named by its time; none if there is no such file.
///
/// # Errors
/// When the folder cannot be read; one that is not there has none.
pub fn newest(folder: &Path) -> Result<Option<OffsetDateTime>, BackupError> {
    if !folder.exists() {
        return Ok(None);
    }
    Ok(named_by_time(folder)?.into_iter().map(|(at, _)| at).max())
}

/// Removes all backups that are named by their time but `made`, which is the one just made, and the newest others, `keep` in
/// all. No other file is ever removed.
///
/// # Errors
/// When the folder cannot be read or one cannot be removed.
pub fn retain(folder: &Path, keep: usize, made: &Path) -> Result<Vec<PathBuf>, BackupError> {
    let mut found = named_by_time(folder)?;
    // With a clock that was set back, it need not be the newest.
    found.retain(|(_, path)| path != made);
    found.sort();
    let surplus = found.len().saturating_sub(keep.saturating_sub(1));
    let mut removed = Vec::new();
    for (_, path) in found.into_iter().take(surplus) {
        match fs::remove_file(&path) {
            Ok(()) => removed.push(path),
            // Another server shares the folder.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(BackupError::file("removing", &path, &error)),
        }
    }
    Ok(removed)
}

/// What a backup is called that is made at this time.
pub(super) fn name_at(time: OffsetDateTime, is_sealed: bool) -> String {
    format!("{PREFIX}{}{}", stamp_at(time), if is_sealed { SEALED_SUFFIX } else { SUFFIX })
}

/// A time as it stands in names.
pub(super) fn stamp_at(time: OffsetDateTime) -> String {
    time.format(STAMP).unwrap_or_default()
}

/// Removes what was left by programs that ended while they wrote. Files that somebody writes are locked.
pub(super) fn remove_unfinished(folder: &Path) {
    let Ok(entries) = entries(folder) else { return };
    for entry in entries {
        let name = entry.file_name();
        let is_ours =
            name.to_str().is_some_and(|name| name.starts_with(UNFINISHED_PREFIX) && name.ends_with(UNFINISHED_SUFFIX));
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let is_old = entry
            .metadata()
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age >= UNFINISHED_AGE_MIN));
        if is_ours && is_file && is_old && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn named_by_time(folder: &Path) -> Result<Vec<(OffsetDateTime, PathBuf)>, BackupError> {
    let mut found = Vec::new();
    for entry in entries(folder)? {
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if let Some(at) = entry.file_name().to_str().and_then(time_of).filter(|_| is_file) {
            found.push((at, entry.path()));
        }
    }
    Ok(found)
}

/// The time in a name; none if it is no name of ours.
fn time_of(name: &str) -> Option<OffsetDateTime> {
    let name = name.strip_prefix(PREFIX)?;
    let stamp = name.strip_suffix(SUFFIX).or_else(|| name.strip_suffix(SEALED_SUFFIX))?;
    let at = PrimitiveDateTime::parse(stamp, STAMP).ok()?.assume_utc();
    // Exactly as it would be written.
    (stamp_at(at) == stamp).then_some(at)
}

fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>, BackupError> {
    fs::read_dir(folder).and_then(Iterator::collect).map_err(at("reading the folder", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_surplus_backups_that_are_named_by_their_time_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let names = |folder: &Path| {
            let mut names: Vec<_> = entries(folder).unwrap().iter().map(|entry| entry.file_name()).collect();
            names.sort();
            names.into_iter().map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
        };
        let sealed = |day: u8| if day.is_multiple_of(2) { ".age" } else { "" };
        let ours = (1..=5).map(|day| format!("bank-aicc-202611{day:02}T023000Z.tar.zst{}", sealed(day)));
        let ours: Vec<String> = ours.collect();
        let others = [
            "bank-aicc-20261101T023000Z.tar.zst.age.part",
            "bank-aicc-20261131T023000Z.tar.zst",
            "bank-aicc-2026111T023000Z.tar.zst",
            "before-upgrade.tar.zst",
            "bank-aicc-.tar.zst",
            "copy of bank-aicc-20261101T023000Z.tar.zst",
        ];
        for name in ours.iter().map(String::as_str).chain(others) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("bank-aicc-20250101T000000Z.tar.zst")).unwrap();
        let [oldest, newest_one] = [0, 4].map(|at: usize| folder.path().join(&ours[at]));
        let removed = retain(folder.path(), 2, &newest_one).unwrap();
        let expected: Vec<_> = ours.iter().take(3).map(|name| folder.path().join(name)).collect();
        assert_eq!(removed, expected);
        let left = names(folder.path());
        assert_eq!(left.len(), 2 + others.len() + 1, "{left:?}");
        assert_eq!(newest(folder.path()).unwrap().map(|at| name_at(at, false)).as_ref(), ours.last());
        assert_eq!(retain(folder.path(), 0, &newest_one).unwrap().len(), 1, "one is always kept");
        fs::write(&oldest, "").unwrap();
        assert_eq!(retain(folder.path(), 1, &oldest).unwrap(), [newest_one], "the one just made is kept");
        assert!(oldest.exists());
    }

    #[test]
    fn what_somebody_writes_is_no_remainder() {
        let folder = tempfile::tempdir().unwrap();
        let names = [".bank-aicc-a.unfinished", ".bank-aicc-b.unfinished", ".bank-aicc-c.unfinished", "x.unfinished"];
        let [left, used, young, other] = names.map(|name| folder.path().join(name));
        for path in [&left, &used, &young, &other] {
            fs::write(path, "half").unwrap();
            let age = if path == &young { Duration::ZERO } else { UNFINISHED_AGE_MIN * 2 };
            File::options().write(true).open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
        }
        let file = File::open(&used).unwrap();
        file.lock().unwrap();
        remove_unfinished(folder.path());
        assert_eq!([left, used, young, other].map(|path| path.exists()), [false, true, true, true]);
    }
}
