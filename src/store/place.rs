//! Whether SQLite's file is still where it was opened.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::store::Result;
use crate::store::StoreError;

/// The file that the connections have open, and the path it had then. SQLite itself goes on in a file that was moved or
/// deleted, so that what is committed there would be gone with the process.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    identity: (u64, u64),
}

impl Place {
    /// Of a file that was just opened.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }

    /// Costs a microsecond.
    ///
    /// # Errors
    /// [`StoreError::FileMoved`] when the path leads to no file, or to another.
    pub(super) fn check(&self) -> Result<()> {
        match identity(&self.path) {
            Ok(identity) if identity == self.identity => Ok(()),
            Ok(_) | Err(_) => Err(StoreError::FileMoved),
        }
    }
}

/// Device and number of the file.
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    path.metadata().map(|file| (file.dev(), file.ino()))
}
