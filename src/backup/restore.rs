//! Puts a backup in the place of what is there.

use std::collections::BTreeMap;
use std::fs;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;

use tokio::runtime::Handle;

use crate::backup::BackupError;
use crate::backup::Manifest;
use crate::backup::Progress;
use crate::backup::Source;
use crate::backup::Verified;
use crate::backup::contents::Part;
use crate::backup::error::at;
use crate::backup::files::CONFIGURATION;
use crate::backup::files::Staged;
use crate::backup::files::TLS;
use crate::backup::files::sync_folder;
use crate::backup::folder::stamp_at;
use crate::clock::Clock;
use crate::config::Storage;
use crate::store::DatabaseKind;
use crate::store::Layout;
use crate::store::Marker;
use crate::store::Restoring;
use crate::store::aside_folder;

/// What was restored.
#[derive(Debug)]
pub struct Restored {
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// How many rows each table has.
    pub rows: BTreeMap<String, u64>,
    /// Where that is which was there before; empty if there was nothing.
    pub aside: Vec<String>,
    /// Where the backup's configuration is, if it had one.
    pub configuration: Option<PathBuf>,
}

/// Where a backup is restored.
pub struct Destination<'d> {
    /// The database.
    pub storage: &'d Storage,
    /// The folder of everything else.
    pub data_dir: &'d Path,
    /// Of a database of the other kind, too.
    pub takes_any: bool,
}

/// Restores a backup: reads all of it and compares every sum, fills a new database beside the one in use, and exchanges the
/// two.
///
/// # Errors
/// Before the exchange, nothing was changed. An exchange that failed halfway is completed by doing the same again, as the error says.
pub fn restore(
    handle: &Handle,
    destination: &Destination<'_>,
    source: &Source<'_>,
    clock: &Clock,
    mut progress: [Progress<'_>; 2],
) -> Result<Restored, BackupError> {
    let Destination { storage, data_dir, takes_any } = destination;
    let [verifying, filling] = &mut progress;
    let verified = source.verify(*verifying)?;
    let (of, named) = (verified.manifest.database, DatabaseKind::of(&storage.url));
    if of != named && !takes_any {
        return Err(BackupError::OtherDatabase { of, named });
    }

    // To the millisecond: what two restores move aside never has one name.
    let stamp =
        format!("{}{:03}Z", stamp_at(clock.now_utc()).trim_end_matches('Z'), clock.now().unix_ms().rem_euclid(1000));
    let marker = Marker::set(data_dir, &stamp)?;
    let filled = fill(handle, destination, source, &verified, &marker, *filling);
    let (restoring, mut tls, mut configuration) = match filled {
        Ok(filled) => filled,
        Err(error) => {
            marker.withdraw();
            return Err(error);
        }
    };
    let halfway = |why: BackupError| BackupError::Halfway(Box::new(why));
    let mut aside = match handle.block_on(restoring.exchange(&marker)) {
        Ok(aside) => aside,
        Err(failed) if failed.is_unchanged => {
            marker.withdraw();
            return Err(failed.error.into());
        }
        Err(failed) => return Err(halfway(failed.error.into())),
    };
    if tls.is_used {
        let moved = exchange_folder(&mut tls, &data_dir.join(TLS), marker.stamp()).map_err(halfway)?;
        aside.extend(moved.filter(|folder| !aside.contains(folder)));
    }
    configuration.keep();
    let configuration = configuration.is_used.then(|| configuration.folder().to_owned());
    marker.end().map_err(|error| halfway(error.into()))?;
    Ok(Restored { manifest: verified.manifest, rows: verified.rows, aside, configuration })
}

/// Makes everything beside what is in use.
fn fill(
    handle: &Handle,
    destination: &Destination<'_>,
    source: &Source<'_>,
    verified: &Verified,
    marker: &Marker,
    progress: Progress<'_>,
) -> Result<(Restoring, Staged, Staged), BackupError> {
    let Destination { storage, data_dir, .. } = destination;
    let mut restoring = handle.block_on(Restoring::begin(storage, data_dir, verified.manifest.schema))?;
    match fill_both(handle, data_dir, source, verified, marker, progress, &mut restoring) {
        Ok((tls, configuration)) => Ok((restoring, tls, configuration)),
        Err(error) => {
            handle.block_on(restoring.abandon());
            Err(error)
        }
    }
}

/// The new database, and the folders of certificates and of the configuration.
fn fill_both(
    handle: &Handle,
    data_dir: &Path,
    source: &Source<'_>,
    verified: &Verified,
    marker: &Marker,
    progress: Progress<'_>,
    restoring: &mut Restoring,
) -> Result<(Staged, Staged), BackupError> {
    if let Some(why) = other_tables(&verified.manifest, restoring.layout()) {
        return Err(BackupError::Damaged { name: source.name().to_owned(), why });
    }
    let mut tls = Staged::at(data_dir.join("tls.restored"))?;
    let mut configuration = Staged::at(data_dir.join(format!("restored-configuration-{}", marker.stamp())))?;
    let read = source.read(progress, |part| {
        match part {
            Part::Manifest(_) => {}
            Part::Rows(rows) => handle.block_on(restoring.insert(rows))?,
            Part::File(name, content) => {
                if let Some(name) = name.strip_prefix(TLS).and_then(|name| name.strip_prefix('/')) {
                    tls.write(name, &content)?;
                } else if let Some(name) = name.strip_prefix(CONFIGURATION).and_then(|name| name.strip_prefix('/')) {
                    configuration.write(name, &content)?;
                }
            }
        }
        Ok(())
    })?;
    if read != *verified {
        let why = "it changed while it was read".to_owned();
        return Err(BackupError::Damaged { name: source.name().to_owned(), why });
    }
    let counted: BTreeMap<String, u64> = handle.block_on(restoring.finish())?.into_iter().collect();
    if counted != verified.rows {
        let why = format!("the restored tables have {counted:?} rows, and the backup has {:?}", verified.rows);
        return Err(BackupError::Unfaithful { name: "the new database".to_owned(), why });
    }
    tls.sync()?;
    configuration.sync()?;
    Ok((tls, configuration))
}

/// Says what is different if the tables are not those of their schema.
fn other_tables(manifest: &Manifest, layout: &Layout) -> Option<String> {
    let known: BTreeMap<String, Vec<String>> =
        layout.tables.iter().map(|table| (table.name.clone(), table.columns.clone())).collect();
    (known != manifest.tables).then(|| format!("its tables are not those of schema {}", layout.schema))
}

/// Moves a folder aside and puts the new one in its place. Where the old one is.
fn exchange_folder(new: &mut Staged, folder: &Path, stamp: &str) -> Result<Option<String>, BackupError> {
    let mut told = None;
    let parent = folder.parent().unwrap_or(Path::new("."));
    if folder.exists() {
        let (mut number, name) = (1, folder.file_name().unwrap_or_default());
        // What an earlier attempt moved aside stays where it is.
        while aside_folder(folder, stamp, number).join(name).exists() {
            number += 1;
        }
        let aside = aside_folder(folder, stamp, number);
        DirBuilder::new().recursive(true).mode(0o700).create(&aside).map_err(at("creating the folder", &aside))?;
        fs::rename(folder, aside.join(name)).map_err(at("moving aside", folder))?;
        sync_folder(&aside)?;
        told = Some(aside.display().to_string());
    }
    fs::rename(new.folder(), folder).map_err(at("moving into its place", new.folder()))?;
    new.keep();
    sync_folder(parent)?;
    Ok(told)
}
