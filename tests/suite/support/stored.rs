//! Every row that a database holds, and how its tables are made, read by other means than the program's.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::AssertSqlSafe;
use sqlx::Connection as _;
use sqlx::Executor as _;
use sqlx::SqliteConnection;

use super::MariaDb;
use super::Server;

/// A database.
#[derive(Debug, Clone)]
pub enum Stored {
    /// In this file.
    Sqlite(String),
    /// Of this name in the process's own MariaDB.
    MariaDb(String),
}

impl Stored {
    /// What a server stores into.
    pub fn of(server: &Server) -> Self {
        match server.database() {
            Some(name) => Self::MariaDb(name.to_owned()),
            None => Self::file(&server.folder().join("bank-aicc.db")),
        }
    }

    /// A SQLite file.
    pub fn file(path: &Path) -> Self {
        Self::Sqlite(format!("sqlite:{}?mode=rw", path.display()))
    }

    /// Each table with its rows, sorted; under `schema` how they are made. Of the record of migrations only which there are.
    pub async fn rows(&self) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        for (table, columns) in self.tables().await {
            let columns = columns.iter().filter(|name| !matches!(name.as_str(), "installed_on" | "execution_time"));
            let shown = columns.map(|column| match self {
                Self::Sqlite(_) => format!("quote({column})"),
                Self::MariaDb(_) => format!("COALESCE(HEX(CONCAT({column})), '-')"),
            });
            let shown: Vec<String> = shown.collect();
            let mut rows = self
                .texts(&match self {
                    Self::Sqlite(_) => format!("SELECT {} FROM {table}", shown.join(" || ',' || ")),
                    Self::MariaDb(_) => format!("SELECT CONCAT_WS(',', {}) FROM {table}", shown.join(", ")),
                })
                .await;
            rows.sort();
            found.insert(table, rows);
        }
        let schema = self.schema(found.keys()).await;
        found.insert("schema".to_owned(), schema);
        found
    }

    /// The first column of what a query finds.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(url) => {
                let mut connection = SqliteConnection::connect(url).await.unwrap();
                let found = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                found
            }
            Self::MariaDb(name) => {
                let mut connection = MariaDb::shared().await.connect(name).await;
                let found = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
                connection.close().await.unwrap();
                found
            }
        }
    }

    /// Executes a statement, one for each database.
    pub async fn execute(&self, sqlite: &'static str, mariadb: &'static str) {
        match self {
            Self::Sqlite(url) => {
                let mut connection = SqliteConnection::connect(url).await.unwrap();
                connection.execute(sqlite).await.unwrap();
                connection.close().await.unwrap();
            }
            Self::MariaDb(name) => {
                let mut connection = MariaDb::shared().await.connect(name).await;
                connection.execute(mariadb).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// The tables in use, with their columns.
    async fn tables(&self) -> Vec<(String, Vec<String>)> {
        let (tables, columns) = match self {
            Self::Sqlite(_) => (
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
                "SELECT name FROM pragma_table_info('TABLE') ORDER BY cid",
            ),
            Self::MariaDb(_) => (
                "SELECT CAST(table_name AS CHAR) FROM information_schema.tables
                 WHERE table_schema = DATABASE() AND table_name NOT LIKE 'old\\_%' ORDER BY table_name",
                "SELECT CAST(column_name AS CHAR) FROM information_schema.columns
                 WHERE table_schema = DATABASE() AND table_name = 'TABLE' ORDER BY ordinal_position",
            ),
        };
        let mut found = Vec::new();
        for table in self.texts(tables).await {
            let columns = self.texts(&columns.replace("TABLE", &table)).await;
            found.push((table, columns));
        }
        assert!(found.len() > 5, "{found:?}");
        found
    }

    async fn schema(&self, tables: impl Iterator<Item = &String>) -> Vec<String> {
        let Self::MariaDb(name) = self else {
            return self.texts("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").await;
        };
        let mut connection = MariaDb::shared().await.connect(name).await;
        let mut found = Vec::new();
        for table in tables {
            let sql = AssertSqlSafe(format!("SHOW CREATE TABLE {table}"));
            let (_, made): (String, String) = sqlx::query_as(sql).fetch_one(&mut connection).await.unwrap();
            let words = made.split_whitespace().filter(|word| !word.starts_with("AUTO_INCREMENT="));
            found.push(words.collect::<Vec<_>>().join(" "));
        }
        connection.close().await.unwrap();
        found
    }
}
