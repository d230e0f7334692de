//! Which tables a schema has. It is learned from the migrations themselves, so no list of tables can be out of date.

use sqlx::AssertSqlSafe;
use sqlx::ConnectOptions as _;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteConnectOptions;

use crate::store::Result;
use crate::store::StoreError;
use crate::store::pool::SQLITE_MIGRATIONS;
use crate::store::pool::migration_error;

/// The table in which sqlx keeps which migrations were applied.
pub(super) const MIGRATIONS_TABLE: &str = "_sqlx_migrations";

/// The tables of one version of the schema, the same in both databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The newest migration that was applied.
    pub schema: i64,
    /// By name.
    pub tables: Vec<Table>,
}

/// One table. Its names are those of the program's own migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What it is called.
    pub name: String,
    /// Its columns, in the order they were made.
    pub columns: Vec<String>,
    /// The database numbers its rows, and gives no number twice.
    pub(super) is_numbered: bool,
    /// Those of its columns that hold bytes; all others hold text or numbers.
    blobs: Vec<String>,
}

impl Layout {
    /// The newest schema that this program knows.
    pub fn newest_schema() -> i64 {
        SQLITE_MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default()
    }

    /// What a schema is made of.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] for one that this program does not know.
    pub async fn of(schema: i64) -> Result<Self> {
        const TABLES: &str = "
            SELECT name, sql LIKE '%AUTOINCREMENT%' FROM sqlite_schema
            WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> ? ORDER BY name";
        const COLUMNS: &str = "SELECT name FROM pragma_table_info(?) ORDER BY cid";
        const BLOBS: &str = "SELECT name FROM pragma_table_info(?) WHERE type = 'BLOB' ORDER BY cid";
        if !SQLITE_MIGRATIONS.version_exists(schema) {
            return Err(StoreError::NewerSchema { found: schema, known: Self::newest_schema() });
        }
        let mut memory = SqliteConnectOptions::new().in_memory(true).disable_statement_logging().connect().await?;
        SQLITE_MIGRATIONS.run_to(schema, &mut memory).await.map_err(migration_error)?;
        let found: Vec<(String, bool)> = sqlx::query_as(TABLES).bind(MIGRATIONS_TABLE).fetch_all(&mut memory).await?;
        let mut tables = Vec::new();
        for (name, is_numbered) in found {
            let columns = sqlx::query_scalar(COLUMNS).bind(&name).fetch_all(&mut memory).await?;
            let blobs = sqlx::query_scalar(BLOBS).bind(&name).fetch_all(&mut memory).await?;
            tables.push(Table { name, columns, is_numbered, blobs });
        }
        Ok(Self { schema, tables })
    }

    /// The table of this name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// Finds the largest number that rows of a numbered table have, or had: what names a message may be kept longer than it.
    /// `prefix` is put before the tables' names.
    pub(super) fn last_number(&self, prefix: &str, table: &Table) -> AssertSqlSafe<String> {
        let mut found = vec![format!("SELECT MAX(id) AS number FROM {prefix}{}", table.name)];
        if table.name == "messages" {
            for other in &self.tables {
                let naming =
                    other.columns.iter().filter(|name| matches!(name.as_str(), "message_id" | "user_message_id"));
                found.extend(naming.map(|column| format!("SELECT MAX({column}) FROM {prefix}{}", other.name)));
            }
        }
        let found = found.join(" UNION ALL ");
        AssertSqlSafe(format!("SELECT CAST(COALESCE(MAX(number), 0) AS SIGNED) FROM ({found}) AS numbers"))
    }
}

impl Table {
    /// Whether the column at this place holds bytes.
    pub(super) fn is_blob(&self, at: usize) -> bool {
        self.columns.get(at).is_some_and(|column| self.blobs.contains(column))
    }

    /// All of its rows.
    pub(super) fn select(&self) -> AssertSqlSafe<String> {
        AssertSqlSafe(format!("SELECT {} FROM {}", self.columns.join(", "), self.name))
    }

    /// Inserts this many rows; `prefix` is put before the table's name.
    pub(super) fn insert(&self, prefix: &str, rows: usize) -> AssertSqlSafe<String> {
        let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
        let (name, columns, rows) = (&self.name, self.columns.join(", "), vec![row; rows].join(", "));
        AssertSqlSafe(format!("INSERT INTO {prefix}{name} ({columns}) VALUES {rows}"))
    }

    /// Counts its rows.
    pub(super) fn count(&self, prefix: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(format!("SELECT COUNT(*) FROM {prefix}{}", self.name))
    }
}

/// The newest migration that a SQLite file has; none if it has no tables.
pub(super) async fn sqlite_schema(connection: &mut SqliteConnection) -> Result<Option<i64>> {
    const TABLE: &str = "SELECT COUNT(*) FROM sqlite_schema WHERE name = ?";
    let count: i64 = sqlx::query_scalar(TABLE).bind(MIGRATIONS_TABLE).fetch_one(&mut *connection).await?;
    if count == 0 {
        return Ok(None);
    }
    Ok(sqlx::query_scalar(NEWEST).fetch_one(connection).await?)
}

/// The newest migration that was applied.
pub(super) const NEWEST: &str = "SELECT MAX(version) FROM _sqlx_migrations WHERE success";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_schema_is_known_and_none_from_the_future() {
        let first = Layout::of(1).await.unwrap();
        let names = |layout: &Layout| -> Vec<String> { layout.tables.iter().map(|table| table.name.clone()).collect() };
        assert_eq!(names(&first), ["decisions", "messages", "reports", "sessions"]);
        assert!(first.table("messages").unwrap().is_numbered && !first.table("sessions").unwrap().is_numbered);
        let newest = Layout::of(Layout::newest_schema()).await.unwrap();
        assert!(names(&newest).contains(&"packs".to_owned()));
        assert_eq!(newest.table("messages").unwrap().columns.last().unwrap(), "earlier_id");
        let packs = newest.table("packs").unwrap();
        let blobs: Vec<&str> =
            (0..packs.columns.len()).filter(|at| packs.is_blob(*at)).map(|at| packs.columns[at].as_str()).collect();
        assert_eq!(blobs, ["content"]);
        assert!(newest.tables.iter().all(|table| table.name == "packs" || table.blobs.is_empty()));
        let future = Layout::of(Layout::newest_schema() + 1).await.unwrap_err();
        assert!(matches!(future, StoreError::NewerSchema { .. }), "{future}");
    }
}
