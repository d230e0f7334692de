//! Where SQLite and MariaDB differ. Everything else is written once.

use sqlx::Connection as _;
use sqlx::MySql;
use sqlx::Sqlite;
use sqlx::Transaction;

use crate::store::Result;
use crate::store::connections::Lease;
use crate::store::pool::Pool;
use crate::store::pool::in_time;
use crate::store::statement::Statement;
use crate::store::statement::Value;

/// The one connection that writes, of either database. Closed unless [`WriteLease::end`] says that all went well.
pub(super) enum WriteLease {
    Sqlite(Lease<Sqlite>),
    MySql(Lease<MySql>),
}

impl WriteLease {
    /// Takes the connection.
    pub(super) async fn of(pool: &Pool) -> Result<Self> {
        match pool {
            Pool::Sqlite { write, place, .. } => {
                place.check()?;
                Ok(Self::Sqlite(write.lease().await?))
            }
            Pool::MySql { write, .. } => Ok(Self::MySql(write.lease().await?)),
        }
    }

    /// Executes what only SQLite needs, outside of a transaction.
    pub(super) async fn execute_on_sqlite(&mut self, sql: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(lease) => {
                sqlx::query(sql).execute(lease.connection()?).await?;
            }
            Self::MySql(_) => {}
        }
        Ok(())
    }

    /// Gives it back.
    pub(super) fn end(self) {
        match self {
            Self::Sqlite(lease) => lease.end(),
            Self::MySql(lease) => lease.end(),
        }
    }
}

/// The rows of selects, on a reading connection, beside whoever writes.
pub(super) async fn fetch_apart<T>(pool: &Pool, statements: Vec<Statement>) -> Result<Vec<T>>
where
    T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow>
        + for<'r> sqlx::FromRow<'r, sqlx::mysql::MySqlRow>
        + Send
        + Unpin,
{
    let mut found = Vec::new();
    for statement in statements {
        let fetch = async {
            match pool {
                Pool::Sqlite { read, place, .. } => {
                    place.check()?;
                    let mut lease = read.lease().await?;
                    let rows = statement.fetch_sqlite(lease.connection()?).await?;
                    lease.end();
                    Ok(rows)
                }
                Pool::MySql { read, .. } => {
                    let mut lease = read.lease().await?;
                    let rows = statement.fetch_mysql(lease.connection()?).await?;
                    lease.end();
                    Ok(rows)
                }
            }
        };
        found.extend(in_time(pool.read_timeout(), fetch).await?);
    }
    Ok(found)
}

/// Rows of one table, to be inserted.
pub(super) struct Rows {
    /// The table and its columns, as a statement names them.
    pub(super) into: &'static str,
    pub(super) columns: usize,
    /// The end of the statement, for SQLite and for MariaDB.
    pub(super) end: [&'static str; 2],
    pub(super) rows: Vec<Vec<Value>>,
}

/// Inserts what belongs to no change of a conversation, once `before` is executed; all of it or nothing.
pub(super) async fn insert_apart(pool: &Pool, before: Vec<Statement>, inserts: Vec<Rows>) -> Result<()> {
    let insert = async {
        let mut lease = WriteLease::of(pool).await?;
        let mut tx = Tx::begin(&mut lease).await?;
        for statement in before {
            tx.execute(statement).await?;
        }
        for Rows { into, columns, end: [sqlite, mysql], rows } in inserts {
            let (verb, end) = (tx.insert_verb(), tx.upsert(sqlite, mysql));
            for statement in Statement::inserts(verb, into, columns, end, rows) {
                tx.insert(statement, columns).await?;
            }
        }
        tx.commit().await?;
        lease.end();
        Ok(())
    };
    in_time(pool.read_timeout(), insert).await
}

/// A writing transaction on either database. Dropped without [`Tx::commit`], it is rolled back.
pub(super) enum Tx<'l> {
    Sqlite(Transaction<'l, Sqlite>),
    MySql {
        transaction: Transaction<'l, MySql>,
        /// Distance between two generated ids; more than 1 in a Galera cluster.
        id_step: i64,
    },
}

impl<'l> Tx<'l> {
    /// Begins to write. On SQLite the write lock is taken at once, so a later statement cannot fail on it.
    pub(super) async fn begin(lease: &'l mut WriteLease) -> Result<Self> {
        match lease {
            WriteLease::Sqlite(lease) => Ok(Self::Sqlite(lease.connection()?.begin_with("BEGIN IMMEDIATE").await?)),
            WriteLease::MySql(lease) => {
                let mut transaction = lease.connection()?.begin().await?;
                let id_step = sqlx::query_scalar("SELECT CAST(@@auto_increment_increment AS SIGNED)")
                    .fetch_one(&mut *transaction)
                    .await?;
                Ok(Self::MySql { transaction, id_step })
            }
        }
    }

    /// Makes everything durable.
    pub(super) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::MySql { transaction, .. } => transaction.commit().await?,
        }
        Ok(())
    }

    /// Executes a statement that inserts; the id of each generated row, in order. Meaningful only for a table
    /// that generates ids: both databases number the rows of one statement in one even run.
    pub(super) async fn insert(&mut self, statement: Statement, columns: usize) -> Result<Vec<i64>> {
        let rows = i64::try_from(statement.rows(columns)).unwrap_or_default();
        match self {
            Self::Sqlite(transaction) => {
                let last = statement.execute_sqlite(transaction).await?.last_insert_rowid();
                Ok((last - rows + 1..=last).collect())
            }
            Self::MySql { transaction, id_step } => {
                let first = statement.execute_mysql(transaction).await?.last_insert_id();
                let first = i64::try_from(first).unwrap_or_default();
                Ok((0..rows).map(|row| first + row * *id_step).collect())
            }
        }
    }

    /// Executes a statement that generates no ids; how many rows it changed.
    pub(super) async fn execute(&mut self, statement: Statement) -> Result<u64> {
        match self {
            Self::Sqlite(transaction) => Ok(statement.execute_sqlite(transaction).await?.rows_affected()),
            Self::MySql { transaction, .. } => Ok(statement.execute_mysql(transaction).await?.rows_affected()),
        }
    }

    /// The rows of a select.
    pub(super) async fn fetch<T>(&mut self, statement: Statement) -> Result<Vec<T>>
    where
        T: for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow>
            + for<'r> sqlx::FromRow<'r, sqlx::mysql::MySqlRow>
            + Send
            + Unpin,
    {
        match self {
            Self::Sqlite(transaction) => statement.fetch_sqlite(transaction).await,
            Self::MySql { transaction, .. } => statement.fetch_mysql(transaction).await,
        }
    }

    /// The end of a list of keys whose rows are then changed: MariaDB locks them against other nodes, SQLite's
    /// transaction holds the only lock there is.
    pub(super) const fn keys_end_for_update(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => ")",
            Self::MySql { .. } => ") FOR UPDATE",
        }
    }

    /// How an insert begins. A failed statement fails its transaction here, so SQLite need not keep copies of the pages
    /// a statement changes in order to undo that statement alone.
    pub(super) const fn insert_verb(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "INSERT OR FAIL",
            Self::MySql { .. } => "INSERT",
        }
    }

    /// The end of an insert that replaces the row with the same key.
    pub(super) const fn upsert<'s>(&self, sqlite: &'s str, mysql: &'s str) -> &'s str {
        match self {
            Self::Sqlite(_) => sqlite,
            Self::MySql { .. } => mysql,
        }
    }
}
