//! What a caller can act on when the database refuses.

use std::sync::Arc;

use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;

/// Why the database did not do what was asked. `Display` says what went wrong and what to do, names no SQL
/// and no stored text, and may be shown to a client; the cause in full is the error's source.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// No connection, or the connection broke.
    #[error("the database cannot be reached; check that it runs and that storage.url is right")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// The disk or the tablespace is full.
    #[error("the database has no space left; free disk space, and writing goes on by itself")]
    Full(#[source] Arc<sqlx::Error>),
    /// The file or the server accepts no writes.
    #[error("the database is read-only; check the file's permissions and owner, or the server's read_only setting")]
    ReadOnly(#[source] Arc<sqlx::Error>),
    /// The disk under the embedded database reports errors.
    #[error("the database's disk does not work; look for disk errors in the system's log, and for quotas")]
    DiskFailed(#[source] Arc<sqlx::Error>),
    /// The embedded database's file holds what no database wrote.
    #[error(
        "the database's file is damaged; stop the service, look for disk errors in the system's log, and restore the newest \
         good backup: `bank-aicc backup restore FILE`, which moves the damaged file aside"
    )]
    Damaged(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// Somebody has the database open, so nothing may take its place.
    #[error("{0}")]
    InUse(String),
    /// A backup is being restored.
    #[error("a backup is being restored; wait until it is")]
    BeingRestored,
    /// The restoring of a backup was interrupted.
    #[error(
        "a backup was not restored to its end; run the same restore again: `bank-aicc backup restore FILE`. What was there \
         before is kept: in before-restore-{stamp} beside the database's file, in MariaDB in tables that begin with old_{stamp}, or still in \
         its place"
    )]
    HalfRestored {
        /// Names what was moved aside.
        stamp: String,
    },
    /// There are no tables.
    #[error("the database was never served, so there is nothing to back up; `bank-aicc check` shows which one it is")]
    NeverServed,
    /// The embedded database's file is no longer where it was opened.
    #[error(
        "the database's file was moved, deleted or replaced while the program runs; put it back, or restart the \
         program if the new one is to be used"
    )]
    FileMoved,
    /// More writes are waiting than `storage.queue_max`.
    #[error("the database is overloaded: too many writes are waiting; try again shortly")]
    Overloaded,
    /// The task that writes is gone; only a fault of the program ends it.
    #[error("the database's writer has stopped; restart the program, and report the error in its log before this one")]
    Stopped,
    /// No result within `storage.write_timeout`; a write may still happen.
    #[error("the database did not answer in time; try again with the same client_message_id")]
    TimedOut,
    /// The schema was made by a later release.
    #[error(
        "the database's schema (migration {found}) is newer than this program knows (up to {known}); \
         start the release that wrote it, or restore the backup made before the update"
    )]
    NewerSchema {
        /// The newest migration the database has.
        found: i64,
        /// The newest migration this program has.
        known: i64,
    },
    /// The schema is an earlier release's, and was not to be changed.
    #[error(
        "the database's schema (migration {found}) is an earlier release's (this program has {known}); start this release's \
         `bank-aicc serve` on it once, which brings it up to date"
    )]
    OlderSchema {
        /// The newest migration the database has.
        found: i64,
        /// The newest migration this program has.
        known: i64,
    },
    /// A migration failed.
    #[error("the database's schema could not be brought up to date")]
    Migration(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// A file beside the database could not be used.
    #[error("{what}")]
    File {
        /// What was tried, on what.
        what: String,
        /// Why it failed.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// A stored value does not mean anything to this program.
    #[error("the database holds a value this program does not understand in {column}; it may be damaged")]
    Unreadable {
        /// Table and column.
        column: &'static str,
    },
    /// Anything else; a fault of ours, or of the database's.
    #[error("the database refused a statement")]
    Refused(#[source] Arc<sqlx::Error>),
}

/// The store's results.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl StoreError {
    /// A stable word for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "database_unavailable",
            Self::Full(_) => "database_full",
            Self::ReadOnly(_) => "database_read_only",
            Self::DiskFailed(_) => "database_disk_failed",
            Self::Damaged(_) => "database_damaged",
            Self::InUse(_) | Self::BeingRestored => "database_in_use",
            Self::HalfRestored { .. } => "database_half_restored",
            Self::NeverServed => "database_never_served",
            Self::FileMoved => "database_file_moved",
            Self::Overloaded => "database_overloaded",
            Self::Stopped => "database_writer_stopped",
            Self::TimedOut => "database_timeout",
            Self::NewerSchema { .. } => "database_newer_schema",
            Self::OlderSchema { .. } => "database_older_schema",
            Self::Migration(_) => "database_migration_failed",
            Self::File { .. } => "database_file",
            Self::Unreadable { .. } => "database_unreadable",
            Self::Refused(_) => "database_refused",
        }
    }

    /// A file beside the database could not be used: what was tried, on what.
    pub(super) fn file(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::File { what, source: source.into() }
    }

    /// Two transactions met; the whole transaction may be tried again.
    pub(super) fn is_deadlock(&self) -> bool {
        let Self::Refused(error) = self else { return false };
        error
            .as_database_error()
            .and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>())
            .is_some_and(|error| error.number() == 1213)
    }

    /// Nothing can be written, but what is stored can be read.
    pub const fn leaves_reading(&self) -> bool {
        matches!(self, Self::Full(_) | Self::ReadOnly(_) | Self::DiskFailed(_))
    }

    /// A row with the same key is there already.
    pub(super) fn is_repetition(&self) -> bool {
        let Self::Refused(error) = self else { return false };
        error.as_database_error().is_some_and(|error| error.is_unique_violation())
    }

    /// The trouble lies with the database as a whole, so trying the parts of a batch one by one is no use.
    pub(super) const fn is_outage(&self) -> bool {
        match self {
            Self::Unavailable(_)
            | Self::Full(_)
            | Self::ReadOnly(_)
            | Self::DiskFailed(_)
            | Self::Damaged(_)
            | Self::InUse(_)
            | Self::BeingRestored
            | Self::HalfRestored { .. }
            | Self::NeverServed
            | Self::FileMoved
            | Self::Overloaded
            | Self::Stopped
            | Self::TimedOut => true,
            Self::NewerSchema { .. }
            | Self::OlderSchema { .. }
            | Self::Migration(_)
            | Self::File { .. }
            | Self::Unreadable { .. }
            | Self::Refused(_) => false,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let kind = match error.as_database_error() {
            Some(refusal) => kind_of_refusal(refusal),
            None if is_disconnected(&error) => Self::Unavailable,
            None => Self::Refused,
        };
        kind(Arc::new(error))
    }
}

type Kind = fn(Arc<sqlx::Error>) -> StoreError;

fn kind_of_refusal(refusal: &dyn DatabaseError) -> Kind {
    if let Some(refusal) = refusal.try_downcast_ref::<MySqlDatabaseError>() {
        return match refusal.number() {
            1021 | 1114 => StoreError::Full,
            1290 | 1792 | 1836 => StoreError::ReadOnly,
            1205 => |_| StoreError::TimedOut,
            // Too many connections, access denied, unknown database, shutdown, killed, Galera not ready.
            1040 | 1044 | 1045 | 1047 | 1049 | 1053 | 1077 | 1079 | 1080 | 1927 => StoreError::Unavailable,
            _ => StoreError::Refused,
        };
    }
    // The low byte of SQLite's extended result code is the primary one.
    match refusal.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff) {
        Some(13) => StoreError::Full,
        Some(3 | 8) => StoreError::ReadOnly,
        Some(5 | 6) => |_| StoreError::TimedOut,
        Some(10) => StoreError::DiskFailed,
        // Corrupt, and no database at all.
        Some(11 | 26) => |error| StoreError::Damaged(error),
        Some(14) => StoreError::Unavailable,
        _ => StoreError::Refused,
    }
}

fn is_disconnected(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
    )
}
