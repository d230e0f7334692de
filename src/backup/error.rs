//! Why there is no backup, or nothing was restored.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::store::DatabaseKind;
use crate::store::StoreError;

/// Why a backup was not made, found bad, or not restored. `Display` says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file or folder: what was tried, why it failed and what to do.
    #[error("{0}")]
    File(String),
    /// There is such a file.
    #[error("{} is there already; name another file", .0.display())]
    Exists(PathBuf),
    /// Another kind of file.
    #[error("{0} is no backup of bank-aicc")]
    Foreign(String),
    /// It is encrypted, and there is no key.
    #[error("{0} is encrypted; name the file of its private key: `--identity FILE`")]
    Sealed(String),
    /// It is encrypted, and this is another key.
    #[error("{name} was encrypted to another public key than that of {}", identity.display())]
    OtherKey {
        /// The file.
        name: String,
        /// The file of the private key.
        identity: PathBuf,
    },
    /// It is not as it was written.
    #[error("{name} is damaged: {why}; take another backup")]
    Damaged {
        /// The file.
        name: String,
        /// What was found.
        why: String,
    },
    /// Made by a later version.
    #[error(
        "{name} was made by bank-aicc {program}, whose {what} this program does not know; install that version or a later one"
    )]
    Newer {
        /// The file.
        name: String,
        /// The version that made it.
        program: String,
        /// What is not known.
        what: String,
    },
    /// The configuration names the other kind of database.
    #[error("the backup is of a {of}, and storage.url names a {named}; `--to FOLDER` makes a SQLite file of it")]
    OtherDatabase {
        /// What it was made of.
        of: DatabaseKind,
        /// Where it should be restored.
        named: DatabaseKind,
    },
    /// What was written is not what was read again.
    #[error("what was written to {name} is not what is read from it ({why}); look for disk errors in the system's log")]
    Unfaithful {
        /// The file.
        name: String,
        /// What was found.
        why: String,
    },
    /// Something was moved already.
    #[error("{0}; the backup was not restored to its end: when this is mended, run the same restore again")]
    Halfway(Box<BackupError>),
    /// The program was told to end.
    #[error("the program was told to end, so no backup was made")]
    Interrupted,
    /// A fault of the program.
    #[error("the backup's thread ended unexpectedly; report the error in the log before this one")]
    Panicked,
}

impl BackupError {
    /// Something that was tried with a file. The remedy goes with the kind of the error.
    pub(super) fn file(tried: &str, path: &Path, error: &io::Error) -> Self {
        use io::ErrorKind;
        let is = |kinds: &[ErrorKind]| kinds.contains(&error.kind());
        let remedy = if is(&[ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge]) {
            "; make room on that disk, or name a folder on another one"
        } else if is(&[ErrorKind::PermissionDenied]) {
            "; run it as the user who runs the server"
        } else if is(&[ErrorKind::ReadOnlyFilesystem]) {
            "; a service may write where ReadWritePaths= of its unit says; run it as the user who runs the server"
        } else if is(&[ErrorKind::NotFound]) {
            "; is the path right?"
        } else {
            ""
        };
        Self::File(format!("{tried} {}: {error}{remedy}", path.display()))
    }
}

/// An error in writing an archive, of which the path is known further up.
pub(super) fn at<'p>(tried: &'p str, path: &'p Path) -> impl Fn(io::Error) -> BackupError + 'p {
    move |error| BackupError::file(tried, path, &error)
}
