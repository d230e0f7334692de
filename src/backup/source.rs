//! A backup's file, which is read more than once: first to see that it is good, then to restore it.

use std::fs::DirBuilder;
use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Seek as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use crate::backup::BackupError;
use crate::backup::Identity;
use crate::backup::Progress;
use crate::backup::Verified;
use crate::backup::contents;
use crate::backup::contents::Part;
use crate::backup::encryption;
use crate::backup::error::at;

/// A backup's file.
pub struct Source<'s> {
    file: File,
    bytes: u64,
    name: String,
    identity: Option<&'s Identity>,
}

impl<'s> Source<'s> {
    /// The file at a path; `identity` opens it if it is encrypted.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path, identity: Option<&'s Identity>) -> Result<Self, BackupError> {
        let file = File::open(path).map_err(at("opening", path))?;
        let metadata = file.metadata().map_err(at("reading", path))?;
        if !metadata.is_file() {
            return Err(BackupError::File(format!("{} is no file", path.display())));
        }
        Ok(Self { file, bytes: metadata.len(), name: path.display().to_string(), identity })
    }

    /// Copies what can be read only once into a file without a name in `folder`, which is made if it is missing. What is encrypted
    /// stays so.
    ///
    /// # Errors
    /// When it cannot be read, or there is no room.
    pub fn spool(
        from: &mut impl Read,
        name: &str,
        folder: &Path,
        identity: Option<&'s Identity>,
    ) -> Result<Self, BackupError> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at("creating the folder", folder))?;
        let mut file = tempfile::tempfile_in(folder).map_err(at("writing into", folder))?;
        let bytes = io::copy(from, &mut file).map_err(at("copying standard input into", folder))?;
        Ok(Self { file, bytes, name: name.to_owned(), identity })
    }

    /// What it is called in errors.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Reads all of it, and compares every sum.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify(&self, progress: Progress<'_>) -> Result<Verified, BackupError> {
        self.read(progress, |_| Ok(()))
    }

    /// The same, and gives each part to `take` before it is known that the whole is good.
    pub(super) fn read(
        &self,
        progress: Progress<'_>,
        take: impl FnMut(Part<'_>) -> Result<(), BackupError>,
    ) -> Result<Verified, BackupError> {
        let mut file = &self.file;
        file.rewind().map_err(at("reading", Path::new(&self.name)))?;
        let from = encryption::unsealed(file, &self.name, self.identity)?;
        contents::read(from, u64::MAX, self.bytes, &self.name, progress, take)
    }
}
