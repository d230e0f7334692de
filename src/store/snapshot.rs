//! The whole database as it was at one moment, read while others go on writing.

use std::fmt;
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use serde::Deserialize;
use serde::Serialize;
use sqlx::ConnectOptions as _;
use sqlx::Executor as _;
use sqlx::MySqlConnection;
use sqlx::Row as _;
use sqlx::SqliteConnection;
use sqlx::TypeInfo as _;
use sqlx::ValueRef as _;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::mysql::MySqlRow;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqliteRow;
use tokio::sync::mpsc::Sender;

use crate::config::Database;
use crate::config::Storage;
use crate::store::Cell;
use crate::store::Layout;
use crate::store::Result;
use crate::store::Rows;
use crate::store::StoreError;
use crate::store::layout::MIGRATIONS_TABLE;
use crate::store::layout::NEWEST;
use crate::store::layout::sqlite_schema;
use crate::store::pool::in_time;
use crate::store::restoring::Marker;

/// A run of rows is sent when it has about as many bytes, or as many rows.
const RUN_BYTES: usize = 1 << 20;
const RUN_ROWS: usize = 4_096;
/// How long whoever writes the backup may take for one run, before the transaction, which keeps older versions of rows, is ended.
const RUN_TIME: Duration = Duration::from_secs(600);

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatabaseKind {
    /// The embedded one.
    Sqlite,
    /// MariaDB or MySQL.
    MariaDb,
}

impl DatabaseKind {
    /// Of the database that a configuration names.
    pub const fn of(database: &Database) -> Self {
        match database {
            Database::Sqlite { .. } => Self::Sqlite,
            Database::MySql { .. } => Self::MariaDb,
        }
    }
}

impl fmt::Display for DatabaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite file",
            Self::MariaDb => "MariaDB",
        })
    }
}

/// A transaction that reads, on a connection of its own. Nobody waits for it: MariaDB keeps the older versions of rows
/// that change meanwhile, SQLite lets its log grow.
pub struct Snapshot {
    connection: Connection,
    layout: Layout,
    bytes: u64,
}

enum Connection {
    Sqlite(Box<SqliteConnection>),
    MySql(Box<MySqlConnection>),
}

impl Snapshot {
    /// Begins to read. The schema is left as it is.
    ///
    /// # Errors
    /// [`StoreError::NeverServed`] without tables; when a backup is being restored; when the database cannot be read.
    pub async fn open(settings: &Storage, data_dir: &Path) -> Result<Self> {
        Marker::check(data_dir)?;
        match &settings.url {
            Database::Sqlite { file } => Self::of_sqlite(&data_dir.join(file), settings).await,
            Database::MySql { url } => in_time(settings.connect_timeout * 2, Self::of_mariadb(url.reveal())).await,
        }
    }

    /// Which database it is of.
    pub fn kind(&self) -> DatabaseKind {
        match self.connection {
            Connection::Sqlite(_) => DatabaseKind::Sqlite,
            Connection::MySql(_) => DatabaseKind::MariaDb,
        }
    }

    /// The tables.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// About how many bytes the database takes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Sends every row, table by table. Ends early, and well, if nobody listens any more.
    ///
    /// # Errors
    /// When the database cannot be read to its end; when the listener takes nothing for ten minutes.
    pub async fn send(self, listener: Sender<Rows>) -> Result<()> {
        match self.connection {
            Connection::Sqlite(mut connection) => {
                for table in &self.layout.tables {
                    let mut rows = sqlx::query(table.select()).fetch(&mut *connection);
                    let mut run = Run::new(&table.name, &listener);
                    while let Some(row) = rows.try_next().await? {
                        if listener.is_closed() {
                            return Ok(());
                        }
                        run.push((0..row.len()).map(|at| sqlite_cell(&row, at)).collect::<Result<_>>()?).await?;
                    }
                    run.send().await?;
                }
            }
            Connection::MySql(mut connection) => {
                for table in &self.layout.tables {
                    let mut rows = sqlx::query(table.select()).fetch(&mut *connection);
                    let mut run = Run::new(&table.name, &listener);
                    while let Some(row) = rows.try_next().await? {
                        if listener.is_closed() {
                            return Ok(());
                        }
                        run.push(
                            (0..row.len())
                                .map(|at| mariadb_cell(&row, at, table.is_blob(at)))
                                .collect::<Result<_>>()?,
                        )
                        .await?;
                    }
                    run.send().await?;
                }
            }
        }
        Ok(())
    }

    async fn of_sqlite(file: &Path, settings: &Storage) -> Result<Self> {
        // A file that is not there is not made.
        match file.metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(StoreError::NeverServed),
            Err(error) => {
                return Err(StoreError::file(format!("opening the database file {} failed", file.display()))(error));
            }
            Ok(_) => {}
        }
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .busy_timeout(settings.write_timeout)
            .disable_statement_logging();
        let mut connection = options.connect().await?;
        connection.execute("BEGIN").await?;
        // The first read decides which moment is read.
        let schema = sqlite_schema(&mut connection).await?.ok_or(StoreError::NeverServed)?;
        let size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        let bytes: i64 = sqlx::query_scalar(size).fetch_one(&mut connection).await?;
        let layout = Layout::of(schema).await?;
        let bytes = u64::try_from(bytes).unwrap_or_default();
        Ok(Self { connection: Connection::Sqlite(Box::new(connection)), layout, bytes })
    }

    async fn of_mariadb(url: &str) -> Result<Self> {
        const TABLE: &str =
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?";
        const SIZE: &str = "
            SELECT CAST(COALESCE(SUM(data_length), 0) AS SIGNED) FROM information_schema.tables
            WHERE table_schema = DATABASE() AND table_name NOT LIKE 'old\\_%'";
        let options = MySqlConnectOptions::from_str(url)?.charset("utf8mb4").disable_statement_logging();
        let mut connection = options.connect().await?;
        let count: i64 = sqlx::query_scalar(TABLE).bind(MIGRATIONS_TABLE).fetch_one(&mut connection).await?;
        if count == 0 {
            return Err(StoreError::NeverServed);
        }
        for statement in [
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            // Whoever writes the backup may wait for a slow disk.
            "SET SESSION net_write_timeout = 3600",
            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        ] {
            connection.execute(statement).await?;
        }
        let schema: Option<i64> = sqlx::query_scalar(NEWEST).fetch_one(&mut connection).await?;
        let bytes: i64 = sqlx::query_scalar(SIZE).fetch_one(&mut connection).await?;
        let layout = Layout::of(schema.ok_or(StoreError::NeverServed)?).await?;
        let bytes = u64::try_from(bytes).unwrap_or_default();
        Ok(Self { connection: Connection::MySql(Box::new(connection)), layout, bytes })
    }
}

/// Rows that wait to be sent together.
struct Run<'a> {
    table: &'a str,
    rows: Vec<Vec<Cell>>,
    bytes: usize,
    listener: &'a Sender<Rows>,
}

impl<'a> Run<'a> {
    fn new(table: &'a str, listener: &'a Sender<Rows>) -> Self {
        Self { table, rows: Vec::new(), bytes: 0, listener }
    }

    async fn push(&mut self, row: Vec<Cell>) -> Result<()> {
        self.bytes += row.iter().map(Cell::bytes).sum::<usize>();
        self.rows.push(row);
        if self.bytes >= RUN_BYTES || self.rows.len() >= RUN_ROWS {
            self.send().await?;
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<()> {
        self.bytes = 0;
        let rows = std::mem::take(&mut self.rows);
        if !rows.is_empty() {
            let sending = self.listener.send(Rows { table: self.table.to_owned(), rows });
            // Whoever gave up says why.
            let _ = tokio::time::timeout(RUN_TIME, sending).await.map_err(|_| {
                let what = "the backup's destination took nothing for ten minutes, so no backup was made; see that the disk, or \
                            the program it is sent to, works";
                StoreError::file(what)(std::io::ErrorKind::TimedOut.into())
            })?;
        }
        Ok(())
    }
}

/// By what the value is; a column of SQLite can hold anything.
fn sqlite_cell(row: &SqliteRow, at: usize) -> Result<Cell> {
    let value = row.try_get_raw(at)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info();
    Ok(match kind.name() {
        "TEXT" => Cell::Text(row.try_get_unchecked(at)?),
        "REAL" => Cell::Real { real: row.try_get_unchecked(at)? },
        "BLOB" => Cell::Blob { blob: row.try_get_unchecked(at)? },
        _ => Cell::Integer(row.try_get_unchecked(at)?),
    })
}

/// By what the column is; only the layout tells bytes from text that is compared byte by byte.
fn mariadb_cell(row: &MySqlRow, at: usize, is_blob: bool) -> Result<Cell> {
    let value = row.try_get_raw(at)?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info();
    Ok(match kind.name() {
        "DOUBLE" => Cell::Real { real: row.try_get_unchecked(at)? },
        "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" if is_blob => Cell::Blob { blob: row.try_get_unchecked(at)? },
        "VARBINARY" | "BINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB" => {
            match String::from_utf8(row.try_get_unchecked(at)?) {
                Ok(text) => Cell::Text(text),
                Err(error) => Cell::Blob { blob: error.into_bytes() },
            }
        }
        "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" => Cell::Text(row.try_get_unchecked(at)?),
        _ => Cell::Integer(row.try_get_unchecked(at)?),
    })
}
