//! Connections: which database, how it is opened, and how its schema is kept up to date.

use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::MySql;
use sqlx::Sqlite;
use sqlx::migrate::MigrateError;
use sqlx::migrate::Migrator;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::mysql::MySqlConnection;
use sqlx::sqlite::SqliteAutoVacuum;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqliteConnection;
use sqlx::sqlite::SqliteJournalMode;
use sqlx::sqlite::SqliteSynchronous;

use crate::config::Database;
use crate::config::Storage;
use crate::store::Layout;
use crate::store::Marker;
use crate::store::Result;
use crate::store::StoreError;
use crate::store::connections::Connections;
use crate::store::connections::Terms;
use crate::store::place::Place;
use crate::store::soundness::look_quickly;

pub(super) static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
pub(super) static MARIADB_MIGRATIONS: Migrator = sqlx::migrate!("migrations/mariadb");

/// How long SQLite waits for another process (an import, a backup) to let go of the file, unless
/// `storage.write_timeout` is shorter.
const SQLITE_BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The connections to one of the two databases.
#[derive(Clone)]
pub(super) enum Pool {
    /// One connection writes, several read beside it (WAL).
    Sqlite {
        /// Exactly one connection.
        write: Connections<Sqlite>,
        /// Read-only connections.
        read: Connections<Sqlite>,
        /// Where the file has to be.
        place: Arc<Place>,
        /// How long a read may take, waiting for a connection included.
        read_timeout: Duration,
    },
    /// MariaDB or MySQL.
    MySql {
        /// One connection, so that readers cannot keep the writer waiting.
        write: Connections<MySql>,
        /// The others.
        read: Connections<MySql>,
        /// How long a read may take, waiting for a connection included.
        read_timeout: Duration,
    },
}

/// Runs the same code on a reading connection of either database, for as long as a read may take.
macro_rules! on_pool {
    ($pool:expr, $db:ident => $body:expr) => {
        match $pool {
            $crate::store::pool::Pool::Sqlite { read, place, read_timeout, .. } => {
                place.check()?;
                $crate::store::pool::on_pool!(@ read, read_timeout, $db => $body)
            }
            $crate::store::pool::Pool::MySql { read, read_timeout, .. } => {
                $crate::store::pool::on_pool!(@ read, read_timeout, $db => $body)
            }
        }
    };
    (@ $read:ident, $timeout:ident, $db:ident => $body:expr) => {
        $crate::store::pool::in_time(*$timeout, async {
            let mut lease = $read.lease().await?;
            let $db = lease.connection()?;
            let found = $body;
            lease.end();
            Ok(found)
        })
        .await?
    };
}
pub(super) use on_pool;

impl Pool {
    /// How long work on a connection may take.
    pub(super) fn read_timeout(&self) -> Duration {
        match self {
            Self::Sqlite { read_timeout, .. } | Self::MySql { read_timeout, .. } => *read_timeout,
        }
    }

    /// Connects and migrates.
    pub(super) async fn open(settings: &Storage, data_dir: &Path) -> Result<Self> {
        Marker::check(data_dir)?;
        match &settings.url {
            Database::Sqlite { file } => open_sqlite(&data_dir.join(file), data_dir, settings).await,
            Database::MySql { url } => open_mysql(url.reveal(), data_dir, settings).await,
        }
    }

    /// Connects to a database that is there and up to date, and changes nothing; `None` if this program has none there yet.
    pub(super) async fn look(settings: &Storage, data_dir: &Path) -> Result<Option<Self>> {
        Marker::check(data_dir)?;
        let pool = match &settings.url {
            Database::Sqlite { file } => {
                let file = data_dir.join(file);
                if !file.exists() {
                    return Ok(None);
                }
                sqlite_pool(sqlite_options(&file, settings), None, &file, settings)?
            }
            Database::MySql { url } => mysql_pool(&mysql_options(url.reveal())?, settings),
        };
        let known = Layout::newest_schema();
        match pool.schema().await? {
            None => Ok(None),
            Some(found) if found < known => Err(StoreError::OlderSchema { found, known }),
            Some(found) if found > known => Err(StoreError::NewerSchema { found, known }),
            Some(_) => Ok(Some(pool)),
        }
    }

    /// The newest migration that the database has.
    async fn schema(&self) -> Result<Option<i64>> {
        const SQLITE: &str = "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
        const MYSQL: &str = "SELECT COUNT(*) FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_name = '_sqlx_migrations'";
        const NEWEST: &str = "SELECT MAX(version) FROM _sqlx_migrations";
        let exists = if matches!(self, Self::Sqlite { .. }) { SQLITE } else { MYSQL };
        let (count,): (i64,) = on_pool!(self, db => sqlx::query_as(exists).fetch_one(db).await?);
        if count == 0 {
            return Ok(None);
        }
        let (newest,): (Option<i64>,) = on_pool!(self, db => sqlx::query_as(NEWEST).fetch_one(db).await?);
        Ok(newest)
    }

    /// Asks the database for one row.
    pub(super) async fn ping(&self) -> Result<()> {
        const SQL: &str = "SELECT 1";
        on_pool!(self, db => sqlx::query(SQL).execute(db).await.map(|_| ())?);
        Ok(())
    }
}

/// Gives up after this long.
pub(super) async fn in_time<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(limit, work).await.unwrap_or(Err(StoreError::TimedOut))
}

async fn open_sqlite(file: &Path, data_dir: &Path, settings: &Storage) -> Result<Pool> {
    create_private(file)?;
    let options = sqlite_options(file, settings);
    let writer = {
        // Two processes that start at once take turns: SQLite itself offers no lock around a set of migrations, and whoever gives a
        // new file its log does not wait for another.
        let _turn = MigrationLock::take(file)?;
        // Whoever restores a backup has the turn, too, and may have begun meanwhile.
        Marker::check(data_dir)?;
        // The mode is the file's for good once it is made. Said of one that is there, SQLite writes it down again: into a file that may
        // be damaged, and only once nobody else writes.
        let is_new = file.metadata().is_ok_and(|metadata| metadata.len() == 0);
        let first =
            if is_new { writing(&options).auto_vacuum(SqliteAutoVacuum::Incremental) } else { writing(&options) };
        let mut writer = first.connect().await?;
        look_quickly(&mut writer).await?;
        migrate(&SQLITE_MIGRATIONS, &mut writer).await?;
        writer
    };
    sqlite_pool(options, Some(writer), file, settings)
}

fn sqlite_options(file: &Path, settings: &Storage) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(SQLITE_BUSY_TIMEOUT.min(settings.write_timeout))
        // 16 MiB of WAL between checkpoints: fewer pauses for the one writer, and a bounded file.
        .pragma("wal_autocheckpoint", "4096")
        // 16 MiB of pages: the tables' ends and the busy conversations stay in memory.
        .pragma("cache_size", "-16384")
        .disable_statement_logging()
}

/// Of the connection that writes: deleted rows are overwritten.
fn writing(options: &SqliteConnectOptions) -> SqliteConnectOptions {
    options.clone().pragma("secure_delete", "ON")
}

/// `writer` is a connection that is there already.
fn sqlite_pool(
    options: SqliteConnectOptions,
    writer: Option<SqliteConnection>,
    file: &Path,
    settings: &Storage,
) -> Result<Pool> {
    let place = Place::of(file).map_err(|source| StoreError::File {
        what: format!("finding the database file {} failed", file.display()),
        source: source.into(),
    })?;
    let terms = |options: SqliteConnectOptions, count| Terms {
        // A file that is gone later is not made anew.
        options: options.create_if_missing(false),
        count,
        timeout: settings.connect_timeout,
        greeting: None,
        is_pinged: false,
    };
    let write = Connections::new(terms(writing(&options), 1));
    let write = match writer {
        Some(writer) => write.with(writer),
        None => write,
    };
    let read = Connections::new(terms(options.read_only(true), settings.readers));
    Ok(Pool::Sqlite { write, read, place: place.into(), read_timeout: settings.write_timeout })
}

/// Makes the folder and the empty file where they are missing, readable by their owner alone whatever the umask is:
/// SQLite gives its other files the mode of the first.
fn create_private(file: &Path) -> Result<()> {
    if let Some(folder) = file.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|source| StoreError::File {
            what: format!("creating the data folder {} failed", folder.display()),
            source: source.into(),
        })?;
    }
    private_file(file).map(|_| ()).map_err(|source| StoreError::File {
        what: format!("opening the database file {} failed", file.display()),
        source: source.into(),
    })
}

fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

async fn open_mysql(url: &str, data_dir: &Path, settings: &Storage) -> Result<Pool> {
    let pool = mysql_pool(&mysql_options(url)?, settings);
    if let Pool::MySql { write, .. } = &pool {
        let mut lease = write.lease().await?;
        let connection = lease.connection()?;
        take_migration_turn(connection).await?;
        // Whoever restores a backup has the turn, too, and may have begun meanwhile.
        Marker::check(data_dir)?;
        migrate(&MARIADB_MIGRATIONS, connection).await?;
        // The turn ends with the lease, because that is not given back.
    }
    Ok(pool)
}

fn mysql_options(url: &str) -> Result<MySqlConnectOptions> {
    Ok(MySqlConnectOptions::from_str(url)?.charset("utf8mb4").disable_statement_logging())
}

fn mysql_pool(options: &MySqlConnectOptions, settings: &Storage) -> Pool {
    let terms = |count| Terms {
        options: options.clone(),
        count,
        timeout: settings.connect_timeout,
        // Not what the site chose: the locks on conversations that are yet to be stored come with this level.
        greeting: Some("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"),
        is_pinged: true,
    };
    let (write, read) = (Connections::new(terms(1)), Connections::new(terms(settings.readers)));
    Pool::MySql { write, read, read_timeout: settings.write_timeout }
}

/// Applies what is missing, and refuses a schema from the future.
async fn migrate<C>(migrator: &'static Migrator, connection: &mut C) -> Result<()>
where
    C: sqlx::migrate::Migrate,
    for<'c> &'c mut C: sqlx::Acquire<'c, Connection = &'c mut C>,
{
    migrator.run(connection).await.map_err(migration_error)
}

/// What a failed migration means.
pub(super) fn migration_error(error: MigrateError) -> StoreError {
    if let MigrateError::VersionMissing(found) = error {
        return StoreError::NewerSchema { found, known: Layout::newest_schema() };
    }
    if let MigrateError::Execute(error) = error {
        return error.into();
    }
    StoreError::Migration(Arc::new(error))
}

/// Waits until no other process migrates the same database of a MariaDB server. sqlx asks for a lock that MariaDB does
/// not know: one without a time limit, which it grants to nobody and says nothing.
pub(super) async fn take_migration_turn(connection: &mut MySqlConnection) -> Result<()> {
    const SQL: &str = "SELECT GET_LOCK(CONCAT('bank-aicc ', MD5(DATABASE())), 60)";
    match sqlx::query_scalar(SQL).fetch_one(connection).await? {
        Some(1_i64) => Ok(()),
        Some(_) | None => Err(StoreError::TimedOut),
    }
}

/// Held while migrations run on a SQLite file; a lock on a file beside it.
pub(super) struct MigrationLock {
    _file: File,
}

impl MigrationLock {
    fn take(database: &Path) -> Result<Self> {
        let path = Self::path(database);
        let locked = private_file(&path).and_then(|file| file.lock().map(|()| file));
        let file = locked.map_err(StoreError::file(format!("locking {} failed", path.display())))?;
        Ok(Self { _file: file })
    }

    /// None if somebody else has it.
    pub(super) fn try_take(database: &Path) -> Result<Option<Self>> {
        let path = Self::path(database);
        let failed = || StoreError::file(format!("locking {} failed", path.display()));
        let file = private_file(&path).map_err(failed())?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed()(error)),
        }
    }

    fn path(database: &Path) -> PathBuf {
        let mut name = database.as_os_str().to_owned();
        name.push(".migrate.lock");
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::config::Config;

    #[tokio::test]
    async fn what_is_stored_is_readable_by_its_owner_alone() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        let _pool = open_sqlite(&folder.join("bank-aicc.db"), &folder, &Config::default().storage).await.unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}
