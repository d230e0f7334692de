//! Connections: which database, how it is opened, and how its schema is kept up to date.

use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
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
use sqlx::sqlite::SqliteJournalMode;
use sqlx::sqlite::SqliteSynchronous;

use crate::config::Database;
use crate::config::Storage;
use crate::store::Result;
use crate::store::StoreError;
use crate::store::connections::Connections;
use crate::store::connections::Terms;
use crate::store::place::Place;

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
static MARIADB_MIGRATIONS: Migrator = sqlx::migrate!("migrations/mariadb");

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
        match &settings.url {
            Database::Sqlite { file } => open_sqlite(&data_dir.join(file), settings).await,
            Database::MySql { url } => open_mysql(url.reveal(), settings).await,
        }
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

async fn open_sqlite(file: &Path, settings: &Storage) -> Result<Pool> {
    create_private(file)?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(SQLITE_BUSY_TIMEOUT.min(settings.write_timeout))
        // 16 MiB of WAL between checkpoints: fewer pauses for the one writer, and a bounded file.
        .pragma("wal_autocheckpoint", "4096")
        // 16 MiB of pages: the tables' ends and the busy conversations stay in memory.
        .pragma("cache_size", "-16384")
        .disable_statement_logging();
    // Deleted rows are overwritten, and their pages can be given back to the disk.
    let writing = options.clone().auto_vacuum(SqliteAutoVacuum::Incremental).pragma("secure_delete", "ON");
    let writer = {
        // Two processes that start at once take turns: SQLite itself offers no lock around a set of migrations, and whoever gives a
        // new file its log does not wait for another.
        let _turn = MigrationLock::take(file)?;
        let mut writer = writing.connect().await?;
        migrate(&SQLITE_MIGRATIONS, &mut writer).await?;
        writer
    };
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
    let write = Connections::new(terms(writing, 1)).with(writer);
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

async fn open_mysql(url: &str, settings: &Storage) -> Result<Pool> {
    let options = MySqlConnectOptions::from_str(url)?.charset("utf8mb4").disable_statement_logging();
    let terms = |count| Terms {
        options: options.clone(),
        count,
        timeout: settings.connect_timeout,
        // Not what the site chose: the locks on conversations that are yet to be stored come with this level.
        greeting: Some("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"),
        is_pinged: true,
    };
    let write = Connections::new(terms(1));
    {
        let mut lease = write.lease().await?;
        let connection = lease.connection()?;
        take_migration_turn(connection).await?;
        migrate(&MARIADB_MIGRATIONS, connection).await?;
        // The turn ends with the lease, because that is not given back.
    }
    let read = Connections::new(terms(settings.readers));
    Ok(Pool::MySql { write, read, read_timeout: settings.write_timeout })
}

/// Applies what is missing, and refuses a schema from the future.
async fn migrate<C>(migrator: &'static Migrator, connection: &mut C) -> Result<()>
where
    C: sqlx::migrate::Migrate,
    for<'c> &'c mut C: sqlx::Acquire<'c, Connection = &'c mut C>,
{
    let known = migrator.iter().map(|migration| migration.version).max().unwrap_or_default();
    let error = match migrator.run(connection).await {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    if let MigrateError::VersionMissing(found) = error {
        return Err(StoreError::NewerSchema { found, known });
    }
    if let MigrateError::Execute(error) = error {
        return Err(error.into());
    }
    Err(StoreError::Migration(Arc::new(error)))
}

/// Waits until no other process migrates the same database of a MariaDB server. sqlx asks for a lock that MariaDB does
/// not know: one without a time limit, which it grants to nobody and says nothing.
async fn take_migration_turn(connection: &mut MySqlConnection) -> Result<()> {
    const SQL: &str = "SELECT GET_LOCK(CONCAT('bank-aicc ', MD5(DATABASE())), 60)";
    match sqlx::query_scalar(SQL).fetch_one(connection).await? {
        Some(1_i64) => Ok(()),
        Some(_) | None => Err(StoreError::TimedOut),
    }
}

/// Held while migrations run on a SQLite file; a lock on a file beside it.
struct MigrationLock {
    _file: File,
}

impl MigrationLock {
    fn take(database: &Path) -> Result<Self> {
        let mut name = database.as_os_str().to_owned();
        name.push(".migrate.lock");
        let path = PathBuf::from(name);
        let file = private_file(&path).and_then(|file| file.lock().map(|()| file)).map_err(|source| {
            StoreError::File { what: format!("locking {} failed", path.display()), source: source.into() }
        })?;
        Ok(Self { _file: file })
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
        let _pool = open_sqlite(&folder.join("bank-aicc.db"), &Config::default().storage).await.unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}
