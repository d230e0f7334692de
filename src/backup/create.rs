//! Makes a backup.

use std::collections::BTreeMap;
use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::TryLockError;
use std::io;
use std::io::BufWriter;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;

use tempfile::NamedTempFile;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::backup::BackupError;
use crate::backup::Progress;
use crate::backup::Recipient;
use crate::backup::archive::Writer;
use crate::backup::contents;
use crate::backup::contents::TABLES;
use crate::backup::encryption;
use crate::backup::encryption::Summed;
use crate::backup::error::at;
use crate::backup::files;
use crate::backup::folder;
use crate::backup::manifest::FORMAT;
use crate::backup::manifest::MANIFEST;
use crate::backup::manifest::Manifest;
use crate::backup::manifest::SUMS;
use crate::backup::manifest::Sums;
use crate::clock::Clock;
use crate::config::Config;
use crate::store::Rows;
use crate::store::Snapshot;

/// Runs of rows that wait to be written; each is about a MiB.
const RUNS_WAITING: usize = 2;

/// What is to be in a backup, and with what it is made.
pub struct Wish<'w> {
    /// The installation.
    pub config: &'w Config,
    /// The time.
    pub clock: &'w Clock,
    /// Where the database is read.
    pub handle: &'w Handle,
    /// Ends it early.
    pub cancelled: &'w CancellationToken,
    /// Whose public key it is encrypted to, if it is.
    pub recipient: Option<&'w Recipient>,
    /// With the files of passwords, keys and certificates that the configuration names.
    pub with_secrets: bool,
}

/// What is compared with what is read again.
enum Written {
    /// What it holds.
    Open(Sums),
    /// Of one that is encrypted, and cannot be read here: the SHA-256 of the file.
    Sealed([u8; 32]),
}

/// A backup that was made, read again and found good.
#[derive(Debug)]
pub struct Made {
    /// Where it is.
    pub path: PathBuf,
    /// How large it is.
    pub bytes: u64,
    /// What belongs to the installation and is not in it.
    pub not_in_it: Vec<String>,
}

/// Makes a backup in a folder, which is made if it is missing, named by the time.
///
/// # Errors
/// Why there is none; then nothing of it is left.
pub fn create_in(wish: &Wish<'_>, folder: &Path, progress: Progress<'_>) -> Result<Made, BackupError> {
    make_folder(folder)?;
    let name = folder::name_at(wish.clock.now_utc(), wish.recipient.is_some());
    create(wish, &folder.join(name), progress)
}

/// Whether backups could be made in this folder, which is made if it is missing.
///
/// # Errors
/// Why not.
pub fn try_folder(folder: &Path) -> Result<(), BackupError> {
    make_folder(folder)?;
    begin_in(folder).map(drop)
}

fn make_folder(folder: &Path) -> Result<(), BackupError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(at("creating the folder", folder))
}

/// A backup's file without its name.
fn begin_in(folder: &Path) -> Result<NamedTempFile, BackupError> {
    let mut unfinished = tempfile::Builder::new();
    unfinished.prefix(folder::UNFINISHED_PREFIX).suffix(folder::UNFINISHED_SUFFIX);
    unfinished.tempfile_in(folder).map_err(at("writing into", folder))
}

/// Makes a backup at a path at which nothing is yet.
///
/// # Errors
/// Why there is none; then nothing of it is left.
pub fn create(wish: &Wish<'_>, path: &Path, progress: Progress<'_>) -> Result<Made, BackupError> {
    let folder = files::folder_of(path);
    if path.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(path.to_owned()));
    }
    folder::remove_unfinished(folder);
    let unfinished = begin_in(folder)?;
    // For as long as it is locked, it is no remainder. A file system without locks has none that are removed, either.
    if matches!(unfinished.as_file().try_lock(), Err(TryLockError::WouldBlock)) {
        let why = "another program takes it for what was left by an earlier one; make the backup again";
        return Err(BackupError::File(format!("writing {}: {why}", unfinished.path().display())));
    }
    let (manifest, written) = write(wish, BufWriter::new(unfinished.as_file()), folder, progress)?;
    unfinished.as_file().sync_all().map_err(at("writing into", folder))?;
    let bytes = read_again(unfinished.path(), path, &written)?;
    files::put_in_place(unfinished, path)?;
    Ok(Made { path: path.to_owned(), bytes, not_in_it: manifest.not_in_it })
}

/// Writes a backup to wherever somebody else keeps it; what is not in it.
///
/// # Errors
/// Why it is not whole.
pub fn write_to(wish: &Wish<'_>, to: impl Write, progress: Progress<'_>) -> Result<Vec<String>, BackupError> {
    Ok(write(wish, to, Path::new("standard output"), progress)?.0.not_in_it)
}

/// `place` is for the errors.
fn write(
    wish: &Wish<'_>,
    to: impl Write,
    place: &Path,
    progress: Progress<'_>,
) -> Result<(Manifest, Written), BackupError> {
    let Some(recipient) = wish.recipient else {
        let (manifest, sums) = write_open(wish, to, place, progress)?;
        return Ok((manifest, Written::Open(sums)));
    };
    let failed = at("writing into", place);
    let mut sealed = encryption::seal(Summed::new(to), recipient).map_err(&failed)?;
    let (manifest, _) = write_open(wish, &mut sealed, place, progress)?;
    let mut summed = sealed.finish().map_err(&failed)?;
    summed.flush().map_err(&failed)?;
    Ok((manifest, Written::Sealed(summed.sum())))
}

fn write_open(
    wish: &Wish<'_>,
    to: impl Write,
    place: &Path,
    progress: Progress<'_>,
) -> Result<(Manifest, Sums), BackupError> {
    let Wish { config, clock, handle, cancelled, with_secrets, recipient: _ } = wish;
    let failed = at("writing into", place);
    let files = files::collect(config, *with_secrets)?;
    let snapshot = handle.block_on(Snapshot::open(&config.storage, &config.server.data_dir))?;
    let now = clock.now();
    let layout = snapshot.layout().clone();
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at_ms: now.unix_ms(),
        database: snapshot.kind(),
        schema: layout.schema,
        not_in_it: files.left_out,
        tables: layout.tables.iter().map(|table| (table.name.clone(), table.columns.clone())).collect(),
    };
    let mtime = u64::try_from(now.unix_ms() / 1000).unwrap_or_default();
    let mut writer = Writer::begin(to, mtime).map_err(&failed)?;
    writer.entry(MANIFEST, &json(&manifest)?).map_err(&failed)?;

    let bytes = snapshot.bytes();
    let (sender, mut receiver) = mpsc::channel(RUNS_WAITING);
    let sending = handle.spawn(snapshot.send(sender));
    let mut rows: BTreeMap<String, u64> = layout.tables.iter().map(|table| (table.name.clone(), 0)).collect();
    let (mut done, mut number) = (0, 0_u64);
    loop {
        let next = handle.block_on(cancelled.run_until_cancelled(receiver.recv()));
        let Some(run) = next.ok_or(BackupError::Interrupted)? else { break };
        let content = lines(&run)?;
        number += 1;
        writer.entry(&format!("{TABLES}{}/{number:08}.jsonl", run.table), &content).map_err(&failed)?;
        *rows.entry(run.table).or_default() += run.rows.len() as u64;
        done += content.len() as u64;
        progress(done.min(bytes), bytes);
    }
    handle.block_on(sending).map_err(|_| BackupError::Panicked)??;

    for (name, content) in &files.files {
        writer.entry(name, content).map_err(&failed)?;
    }
    let sums = Sums { entries: writer.sums(), rows };
    writer.entry(SUMS, &json(&sums)?).map_err(&failed)?;
    writer.end().map_err(&failed)?;
    Ok((manifest, sums))
}

/// Reads what was written, and compares. Its length.
fn read_again(unfinished: &Path, path: &Path, written: &Written) -> Result<u64, BackupError> {
    let name = path.display().to_string();
    let unfaithful = |why: String| BackupError::Unfaithful { name: name.clone(), why };
    let mut file = File::open(unfinished).map_err(at("reading", unfinished))?;
    let bytes = fs::metadata(unfinished).map_err(at("reading", unfinished))?.len();
    let is_as_written = match written {
        Written::Open(sums) => {
            let verified = contents::verify(file, bytes, &name, None, &mut |_, _| ());
            verified.map_err(|error| unfaithful(error.to_string()))?.sums == *sums
        }
        Written::Sealed(sum) => {
            let mut read = Summed::new(io::sink());
            io::copy(&mut file, &mut read).map_err(at("reading", unfinished))?;
            read.sum() == *sum
        }
    };
    if !is_as_written {
        return Err(unfaithful("other sums".to_owned()));
    }
    Ok(bytes)
}

/// One row a line.
fn lines(rows: &Rows) -> Result<Vec<u8>, BackupError> {
    let mut content = Vec::new();
    for row in &rows.rows {
        serde_json::to_writer(&mut content, row).map_err(unwritable)?;
        content.push(b'\n');
    }
    Ok(content)
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, BackupError> {
    serde_json::to_vec_pretty(value).map_err(unwritable)
}

fn unwritable(error: serde_json::Error) -> BackupError {
    BackupError::File(format!("writing the backup as JSON: {error}"))
}
