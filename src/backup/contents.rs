//! Reads a backup and holds it against what it says of itself.

use std::collections::BTreeMap;
use std::io;
use std::io::Read;

use crate::backup::BackupError;
use crate::backup::Identity;
use crate::backup::Progress;
use crate::backup::archive;
use crate::backup::archive::MAGIC;
use crate::backup::encryption;
use crate::backup::manifest::FORMAT;
use crate::backup::manifest::Header;
use crate::backup::manifest::MANIFEST;
use crate::backup::manifest::Manifest;
use crate::backup::manifest::SUMS;
use crate::backup::manifest::Sums;
use crate::store::Cell;
use crate::store::Layout;
use crate::store::Rows;

/// Folder of the tables in a backup.
pub(super) const TABLES: &str = "tables/";
/// How much of a backup is decompressed only to learn what it says of itself.
const PEEK_BYTES_MAX: u64 = 4 << 20;

/// A backup that was read to its end and is as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it says of itself.
    pub manifest: Manifest,
    /// How many rows each table has.
    pub rows: BTreeMap<String, u64>,
    /// How many entries it has.
    pub entries: usize,
    pub(super) sums: Sums,
}

/// Something of a backup.
pub(super) enum Part<'a> {
    /// It begins.
    Manifest(&'a Manifest),
    /// Rows of a table.
    Rows(Rows),
    /// A file, by its name in the backup.
    File(&'a str, Vec<u8>),
}

/// Reads all of a backup, of `bytes` bytes, and compares every sum; `identity` opens it if it is encrypted. `name` is for
/// the errors.
///
/// # Errors
/// What is wrong with it.
pub fn verify(
    from: impl Read,
    bytes: u64,
    name: &str,
    identity: Option<&Identity>,
    progress: Progress<'_>,
) -> Result<Verified, BackupError> {
    let from = encryption::unsealed(from, name, identity)?;
    read(from, u64::MAX, bytes, name, progress, |_| Ok(()))
}

/// Only what a backup says of itself.
///
/// # Errors
/// As far as it is read.
pub(super) fn peek(from: impl Read, name: &str) -> Result<Manifest, BackupError> {
    let mut found = None;
    let outcome = read(from, PEEK_BYTES_MAX, 0, name, &mut |_, _| (), |part| {
        if let Part::Manifest(manifest) = part {
            found = Some(manifest.clone());
        }
        // Enough was read.
        Err(BackupError::Interrupted)
    });
    match (found, outcome) {
        (Some(manifest), _) => Ok(manifest),
        (None, Err(error)) => Err(error),
        (None, Ok(_)) => Err(BackupError::Foreign(name.to_owned())),
    }
}

/// Reads all of a backup, which decompressed has `limit` bytes at most, and gives each part to `take` before it is known that the
/// whole is good.
///
/// # Errors
/// What is wrong with it, or what `take` says.
pub(super) fn read(
    mut from: impl Read,
    limit: u64,
    bytes: u64,
    name: &str,
    progress: Progress<'_>,
    mut take: impl FnMut(Part<'_>) -> Result<(), BackupError>,
) -> Result<Verified, BackupError> {
    let foreign = || BackupError::Foreign(name.to_owned());
    let damaged = |why: String| BackupError::Damaged { name: name.to_owned(), why };
    let unread = |error: &io::Error| {
        let is_cut = error.kind() == io::ErrorKind::UnexpectedEof;
        damaged(if is_cut { "it ends too early".to_owned() } else { format!("it cannot be read ({error})") })
    };
    let mut magic = Vec::new();
    from.by_ref().take(MAGIC.len() as u64).read_to_end(&mut magic).map_err(|error| unread(&error))?;
    if magic.is_empty() {
        return Err(damaged("it is empty".to_owned()));
    }
    if magic != MAGIC {
        return Err(foreign());
    }
    let (mut is_first, mut manifest, mut sums): (bool, Option<Manifest>, Option<Sums>) = (true, None, None);
    let mut newer = None;
    let (mut found, mut rows) = (Vec::new(), BTreeMap::<String, u64>::new());
    let whole = Counted { from: io::Cursor::new(MAGIC).chain(from), done: 0, bytes, progress };
    let outcome = archive::read(whole, limit, |entry, content| {
        if std::mem::take(&mut is_first) {
            if entry != MANIFEST {
                return Err(Stop::Because(foreign()));
            }
            newer = newer_than_known(&content, name)?;
            if newer.is_none() {
                let read: Manifest =
                    serde_json::from_slice(&content).map_err(|error| Stop::Wrong(error.to_string()))?;
                found.push(archive::sum(entry, &content));
                take(Part::Manifest(&read)).map_err(Stop::Because)?;
                manifest = Some(read);
            }
        } else if newer.is_some() {
            // Nothing is known of what follows but that the compression's own checksum stands at its end.
        } else if sums.is_some() {
            return Err(Stop::Wrong(format!("{entry:?} follows what should be its end")));
        } else if entry == SUMS {
            sums = Some(serde_json::from_slice(&content).map_err(|error| Stop::Wrong(error.to_string()))?);
        } else {
            found.push(archive::sum(entry, &content));
            let part = match entry.strip_prefix(TABLES).and_then(|path| path.split_once('/')) {
                Some((table, _)) => {
                    let read = rows_of(&content).map_err(|error| Stop::Wrong(format!("{entry}: {error}")))?;
                    *rows.entry(table.to_owned()).or_default() += read.len() as u64;
                    Part::Rows(Rows { table: table.to_owned(), rows: read })
                }
                None => Part::File(entry, content),
            };
            take(part).map_err(Stop::Because)?;
        }
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(Stop::Because(error)) => return Err(error),
        Err(Stop::Wrong(why)) => return Err(damaged(why)),
        Err(Stop::Unread(error)) => return Err(unread(&error)),
    }
    if let Some(newer) = newer {
        return Err(newer);
    }
    let manifest = manifest.ok_or_else(foreign)?;
    let sums = sums.ok_or_else(|| damaged("it ends too early".to_owned()))?;
    if let Some((wrong, _)) = found.iter().zip(&sums.entries).find(|(found, expected)| found != expected) {
        return Err(damaged(format!("{} is not as it was written", wrong.name)));
    }
    if found.len() != sums.entries.len() {
        return Err(damaged(format!("it holds {} entries instead of {}", found.len(), sums.entries.len())));
    }
    let counted = rows.iter().filter(|(_, count)| **count > 0);
    if !counted.eq(sums.rows.iter().filter(|(_, count)| **count > 0)) {
        return Err(damaged("its tables do not have as many rows as were written".to_owned()));
    }
    Ok(Verified { manifest, rows: sums.rows.clone(), entries: found.len(), sums })
}

/// The rows of an entry: one a line.
fn rows_of(content: &[u8]) -> serde_json::Result<Vec<Vec<Cell>>> {
    let lines = content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(serde_json::from_slice).collect()
}

/// Whether a later version made it, in a format or of tables that are not known here.
fn newer_than_known(manifest: &[u8], name: &str) -> Result<Option<BackupError>, Stop> {
    let header: Header = serde_json::from_slice(manifest).map_err(|error| Stop::Wrong(error.to_string()))?;
    let newer = |what: String| {
        let (name, program) = (name.to_owned(), header.program.clone());
        Ok(Some(BackupError::Newer { name, program, what }))
    };
    if header.format > FORMAT {
        return newer(format!("format of backups ({}, known up to {FORMAT})", header.format));
    }
    let whole: Manifest = serde_json::from_slice(manifest).map_err(|error| Stop::Wrong(error.to_string()))?;
    let known = Layout::newest_schema();
    if whole.schema > known {
        return newer(format!("schema of the database ({}, known up to {known})", whole.schema));
    }
    Ok(None)
}

/// Why reading ended early.
enum Stop {
    /// Found out here, or told by whoever takes the parts.
    Because(BackupError),
    /// It says something else than it should.
    Wrong(String),
    /// It is not what was written.
    Unread(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Unread(error)
    }
}

/// Tells how far it is.
struct Counted<'p, R> {
    from: R,
    done: u64,
    bytes: u64,
    progress: Progress<'p>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.done += count as u64;
        (self.progress)(self.done.min(self.bytes), self.bytes);
        Ok(count)
    }
}
