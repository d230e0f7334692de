//! A SQLite file, made beside the one in use.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use sqlx::ConnectOptions as _;
use sqlx::Connection as _;
use sqlx::Executor as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteAutoVacuum;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqliteJournalMode;
use sqlx::sqlite::SqliteSynchronous;

use crate::store::Cell;
use crate::store::Layout;
use crate::store::Marker;
use crate::store::Result;
use crate::store::StoreError;
use crate::store::Table;
use crate::store::cell::bound;
use crate::store::pool::MigrationLock;
use crate::store::pool::SQLITE_MIGRATIONS;
use crate::store::pool::migration_error;
use crate::store::restoring::NUMBERS_SKIPPED;
use crate::store::restoring::NotExchanged;
use crate::store::restoring::aside_folder;
use crate::store::restoring::in_use;
use crate::store::restoring::marker::make_folder;
use crate::store::restoring::marker::sync_folder;
use crate::store::soundness::look_through;

/// Values of one statement; SQLite allows 32,766.
const ROWS_MAX: usize = 256;
/// A database is these files, the first of which has its name.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// The new file. Dropped before it is exchanged, it is removed.
pub(super) struct SqliteRestoring {
    file: PathBuf,
    made: Made,
    connection: Option<SqliteConnection>,
    /// Nobody opens the database meanwhile; and whoever had it open is gone.
    _turn: MigrationLock,
    _seized: Option<File>,
}

/// Removes what was not put to use.
struct Made(PathBuf);

impl Drop for Made {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

impl SqliteRestoring {
    pub(super) async fn begin(file: &Path, schema: i64) -> Result<Self> {
        if let Some(folder) = file.parent() {
            make_folder(folder)?;
        }
        let turn = MigrationLock::try_take(file)?.ok_or_else(|| in_use::in_use(file))?;
        let seized = in_use::seize(file)?;
        let made = Made(with_suffix(file, ".restored"));
        remove(&made.0)?;
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&made.0);
        created.map_err(StoreError::file(format!("creating {} failed", made.0.display())))?;
        let options = SqliteConnectOptions::new()
            .filename(&made.0)
            // Until it is complete, it is of no use to anybody.
            .journal_mode(SqliteJournalMode::Off)
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .synchronous(SqliteSynchronous::Off)
            .pragma("cache_size", "-65536")
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        SQLITE_MIGRATIONS.run_to(schema, &mut connection).await.map_err(migration_error)?;
        connection.execute("BEGIN").await?;
        Ok(Self { file: file.to_owned(), made, connection: Some(connection), _turn: turn, _seized: seized })
    }

    pub(super) async fn insert(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()> {
        let connection = self.connection()?;
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let count = rows.len().min(ROWS_MAX);
            let query = sqlx::query(table.insert("", count)).persistent(count == ROWS_MAX);
            bound!(query, rows.by_ref().take(count).flatten()).execute(&mut *connection).await?;
        }
        Ok(())
    }

    pub(super) async fn finish(&mut self, layout: &Layout) -> Result<Vec<(String, u64)>> {
        let connection = self.connection()?;
        for table in layout.tables.iter().filter(|table| table.is_numbered) {
            let last: i64 = sqlx::query_scalar(layout.last_number("", table)).fetch_one(&mut *connection).await?;
            let forget = sqlx::query("DELETE FROM sqlite_sequence WHERE name = ?").bind(&table.name);
            forget.execute(&mut *connection).await?;
            let skip = sqlx::query("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)").bind(&table.name);
            skip.bind(last.saturating_add(NUMBERS_SKIPPED)).execute(&mut *connection).await?;
        }
        connection.execute("COMMIT").await?;
        look_through(connection).await?;
        let mut counts = Vec::new();
        for table in &layout.tables {
            let count: i64 = sqlx::query_scalar(table.count("")).fetch_one(&mut *connection).await?;
            counts.push((table.name.clone(), u64::try_from(count).unwrap_or_default()));
        }
        if let Some(connection) = self.connection.take() {
            connection.close().await?;
        }
        let path = &self.made.0;
        let synced = File::open(path).and_then(|file| file.sync_all());
        synced.map_err(StoreError::file(format!("writing {} failed", path.display())))?;
        Ok(counts)
    }

    pub(super) fn exchange(self, marker: &Marker) -> Result<Vec<String>, NotExchanged> {
        let aside = free_aside(&self.file, marker.stamp());
        marker.begin_exchange().map_err(|error| NotExchanged { error, is_unchanged: true })?;
        let mut is_moved = false;
        for step in steps(&self.file, &self.made.0, &aside) {
            match step.take() {
                Ok(was_there) => is_moved |= was_there,
                Err(error) => {
                    let is_unchanged = !is_moved && step.moved().exists();
                    return Err(NotExchanged { error, is_unchanged });
                }
            }
        }
        let asides = (1..).map(|number| aside_folder(&self.file, marker.stamp(), number));
        Ok(asides.take_while(|folder| folder.exists()).map(|folder| folder.display().to_string()).collect())
    }

    fn connection(&mut self) -> Result<&mut SqliteConnection> {
        Ok(self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)?)
    }
}

/// One change of the exchange. Whatever happens between two of them, all of them taken again, with a folder that is free
/// then, lead to the same end; nothing that was there is lost.
pub(super) enum Step {
    /// Moves what is there aside.
    Aside {
        /// Where it is.
        from: PathBuf,
        /// Where it is kept.
        to: PathBuf,
    },
    /// Puts the new one in its place.
    Put {
        /// Where it was made.
        from: PathBuf,
        /// Where it belongs.
        to: PathBuf,
    },
}

/// How `made` comes to be `file`.
pub(super) fn steps(file: &Path, made: &Path, aside: &Path) -> Vec<Step> {
    let name = file.file_name().unwrap_or_default();
    let kept = |suffix: &str| with_suffix(&aside.join(name), suffix);
    let aside = |suffix| Step::Aside { from: with_suffix(file, suffix), to: kept(suffix) };
    let put = Step::Put { from: made.to_owned(), to: file.to_owned() };
    SUFFIXES.into_iter().map(aside).chain([put]).collect()
}

/// The first folder that holds none of those files that are there: what an interrupted attempt moved stays as it is, and the rest
/// of it comes to it.
pub(super) fn free_aside(file: &Path, stamp: &str) -> PathBuf {
    let name = file.file_name().unwrap_or_default();
    let is_free = |aside: &PathBuf| {
        SUFFIXES
            .iter()
            .all(|suffix| !with_suffix(file, suffix).exists() || !with_suffix(&aside.join(name), suffix).exists())
    };
    (1..u32::MAX)
        .map(|number| aside_folder(file, stamp, number))
        .find(is_free)
        .unwrap_or_else(|| aside_folder(file, stamp, u32::MAX))
}

impl Step {
    /// What it moves.
    fn moved(&self) -> &Path {
        let (Self::Aside { from, .. } | Self::Put { from, .. }) = self;
        from
    }

    /// Whether there was anything to do.
    pub(super) fn take(&self) -> Result<bool> {
        let (from, to) = match self {
            Self::Aside { from, to } => {
                if !from.exists() {
                    return Ok(false);
                }
                if to.exists() {
                    let what = format!("moving {} to {} failed", from.display(), to.display());
                    return Err(StoreError::file(what)(io::ErrorKind::AlreadyExists.into()));
                }
                if let Some(folder) = to.parent() {
                    make_folder(folder)?;
                }
                (from, to)
            }
            Self::Put { from, to } => (from, to),
        };
        let moved = fs::rename(from, to);
        moved.map_err(StoreError::file(format!("moving {} to {} failed", from.display(), to.display())))?;
        for folder in [from.parent(), to.parent()].into_iter().flatten() {
            sync_folder(folder)?;
        }
        Ok(true)
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::file(format!("removing {} failed", path.display()))(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
