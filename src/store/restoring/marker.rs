//! A file in the data folder that is there as long as a backup is being restored, and stays if that is interrupted.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::store::Result;
use crate::store::StoreError;

const NAME: &str = "restore-unfinished";

/// Says that a backup is being restored into a data folder. No server starts there meanwhile, nor after an exchange that was
/// interrupted; from its beginning on the stamp stands in the file.
#[derive(Debug)]
pub struct Marker {
    path: PathBuf,
    file: File,
    stamp: String,
    is_resumed: bool,
}

impl Marker {
    /// Refuses to go on where a backup is being restored, or was not restored to its end.
    ///
    /// # Errors
    /// [`StoreError::BeingRestored`], [`StoreError::HalfRestored`].
    pub(in crate::store) fn check(data_dir: &Path) -> Result<()> {
        let path = data_dir.join(NAME);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(StoreError::file(format!("reading {} failed", path.display()))(error)),
        };
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => return Err(StoreError::BeingRestored),
            Err(TryLockError::Error(error)) => {
                return Err(StoreError::file(format!("locking {} failed", path.display()))(error));
            }
            Ok(()) => {}
        }
        // It ended between the two looks.
        if !path.exists() {
            return Ok(());
        }
        let stamp = read(&mut file);
        // Whoever was filling a new database has ended, and moved nothing.
        if stamp.is_empty() { Ok(()) } else { Err(StoreError::HalfRestored { stamp }) }
    }

    /// Begins, or goes on with what was interrupted. `stamp` names what will be moved aside, unless an earlier attempt
    /// has named it.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when somebody else restores there; when the folder cannot be written to.
    pub fn set(data_dir: &Path, stamp: &str) -> Result<Self> {
        let path = data_dir.join(NAME);
        let failed = || StoreError::file(format!("writing {} failed", path.display()));
        make_folder(data_dir)?;
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true).mode(0o600);
        let mut file = loop {
            let file = options.open(&path).map_err(failed())?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let why = format!("another backup is being restored into {}; wait until it is", data_dir.display());
                    return Err(StoreError::InUse(why));
                }
                Err(TryLockError::Error(error)) => return Err(failed()(error)),
            }
            // Whoever had the lock before may have removed the file between the two.
            if is_at(&file, &path).map_err(failed())? {
                break file;
            }
        };
        let earlier = read(&mut file);
        let is_resumed = !earlier.is_empty();
        let stamp = if is_resumed { earlier } else { stamp.to_owned() };
        Ok(Self { path, file, stamp, is_resumed })
    }

    /// From here on something may be moved, and an interruption leaves half of each.
    pub(super) fn begin_exchange(&self) -> Result<()> {
        if self.is_resumed {
            return Ok(());
        }
        let failed = || StoreError::file(format!("writing {} failed", self.path.display()));
        (&self.file).write_all(self.stamp.as_bytes()).map_err(failed())?;
        self.file.sync_all().map_err(failed())?;
        self.path.parent().map_or(Ok(()), sync_folder)
    }

    /// Names what is moved aside.
    pub fn stamp(&self) -> &str {
        &self.stamp
    }

    /// All is done.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn end(self) -> Result<()> {
        fs::remove_file(&self.path).map_err(StoreError::file(format!("removing {} failed", self.path.display())))?;
        self.path.parent().map_or(Ok(()), sync_folder)
    }

    /// It failed and nothing was moved, so all is as it was before.
    pub fn withdraw(self) {
        // What an earlier attempt left half done is still half done.
        if !self.is_resumed {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The folder beside `path` into which what is there is moved; `number` is 1, or more where an earlier attempt with the same
/// stamp has used the folder.
pub fn aside_folder(path: &Path, stamp: &str, number: u32) -> PathBuf {
    path.with_file_name(match number {
        0 | 1 => format!("before-restore-{stamp}"),
        number => format!("before-restore-{stamp}-{number}"),
    })
}

/// Whether a path names this file.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let own = file.metadata()?;
    match path.metadata() {
        Ok(named) => Ok((named.dev(), named.ino()) == (own.dev(), own.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes a folder, and those above it, for the owner alone.
pub(super) fn make_folder(folder: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(StoreError::file(format!("creating the folder {} failed", folder.display())))
}

/// Makes sure that names in a folder survive a loss of power.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(StoreError::file(format!("writing the folder {} failed", folder.display())))
}

fn read(file: &mut File) -> String {
    let mut stamp = String::new();
    // What cannot be read names nothing.
    let _ = file.take(64).read_to_string(&mut stamp);
    stamp.retain(|c| c.is_ascii_alphanumeric());
    stamp
}
