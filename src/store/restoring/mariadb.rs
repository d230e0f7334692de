//! Tables of a MariaDB database, made under other names beside those in use.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use sqlx::AssertSqlSafe;
use sqlx::ConnectOptions as _;
use sqlx::Executor as _;
use sqlx::MySqlConnection;
use sqlx::SqlSafeStr as _;
use sqlx::migrate::Migration;
use sqlx::migrate::Migrator;
use sqlx::mysql::MySqlConnectOptions;

use crate::config::Storage;
use crate::store::Cell;
use crate::store::Layout;
use crate::store::Marker;
use crate::store::Result;
use crate::store::Table;
use crate::store::cell::bound;
use crate::store::layout::MIGRATIONS_TABLE;
use crate::store::pool::MARIADB_MIGRATIONS;
use crate::store::pool::in_time;
use crate::store::pool::migration_error;
use crate::store::pool::take_migration_turn;
use crate::store::restoring::NUMBERS_SKIPPED;
use crate::store::restoring::NotExchanged;
use crate::store::restoring::in_use;

/// Before the names of tables that are not complete yet.
const PREFIX: &str = "restoring_";
/// Before the names of those that were there before.
const ASIDE: &str = "old_";
/// Rows of one statement, and about how many bytes: what a server takes at once (`max_allowed_packet`) is 16 MiB.
const ROWS_MAX: usize = 256;
const BYTES_MAX: usize = 2 << 20;

/// The new tables.
pub(super) struct MariaDbRestoring {
    /// Also holds the turn to migrate, so no server that starts takes up what is half done.
    connection: MySqlConnection,
    /// The tables of this program. All others in the database are somebody else's, and stay as they are.
    names: BTreeSet<String>,
}

impl MariaDbRestoring {
    pub(super) async fn begin(url: &str, settings: &Storage, layout: &Layout) -> Result<Self> {
        let options = MySqlConnectOptions::from_str(url)?.charset("utf8mb4").disable_statement_logging();
        let connecting = async { Ok(options.connect().await?) };
        let mut connection = in_time(settings.connect_timeout, connecting).await?;
        in_use::be_alone(&mut connection).await?;
        take_migration_turn(&mut connection).await?;
        let newest = Layout::of(Layout::newest_schema()).await?;
        let names = newest.tables.iter().chain(&layout.tables).map(|table| table.name.clone());
        let names = names.chain([MIGRATIONS_TABLE.to_owned()]).collect();
        let mut restoring = Self { connection, names };
        // What one that was killed left.
        restoring.drop_made().await?;
        match migrator(&newest).run_to(layout.schema, &mut restoring.connection).await {
            Ok(()) => Ok(restoring),
            Err(error) => {
                restoring.abandon().await;
                Err(migration_error(error))
            }
        }
    }

    /// Drops the new tables. Where the connection is lost, they stay until the next attempt.
    pub(super) async fn abandon(mut self) {
        let _ = self.drop_made().await;
    }

    async fn drop_made(&mut self) -> Result<()> {
        for table in self.made().await? {
            self.connection.execute(AssertSqlSafe(format!("DROP TABLE `{PREFIX}{table}`"))).await?;
        }
        Ok(())
    }

    /// The new tables, without the prefix.
    async fn made(&mut self) -> Result<Vec<String>> {
        let all = tables(&mut self.connection).await?;
        let made = all.iter().filter_map(|table| table.strip_prefix(PREFIX));
        Ok(made.filter(|name| self.names.contains(*name)).map(str::to_owned).collect())
    }

    pub(super) async fn insert(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()> {
        let mut statement: Vec<Vec<Cell>> = Vec::new();
        let mut bytes = 0;
        self.connection.execute("START TRANSACTION").await?;
        for row in rows {
            let length: usize = row.iter().map(Cell::bytes).sum();
            if statement.len() >= ROWS_MAX || (!statement.is_empty() && bytes + length > BYTES_MAX) {
                self.insert_at_once(table, std::mem::take(&mut statement)).await?;
                bytes = 0;
            }
            bytes += length;
            statement.push(row);
        }
        if !statement.is_empty() {
            self.insert_at_once(table, statement).await?;
        }
        self.connection.execute("COMMIT").await?;
        Ok(())
    }

    async fn insert_at_once(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()> {
        let query = sqlx::query(table.insert(PREFIX, rows.len())).persistent(rows.len() == ROWS_MAX);
        bound!(query, rows.into_iter().flatten()).execute(&mut self.connection).await?;
        Ok(())
    }

    pub(super) async fn finish(&mut self, layout: &Layout) -> Result<Vec<(String, u64)>> {
        let mut counts = Vec::new();
        for table in &layout.tables {
            let name = &table.name;
            if table.is_numbered {
                let last = layout.last_number(PREFIX, table);
                let last: i64 = sqlx::query_scalar(last).fetch_one(&mut self.connection).await?;
                let next = last.saturating_add(NUMBERS_SKIPPED);
                let skip = AssertSqlSafe(format!("ALTER TABLE {PREFIX}{name} AUTO_INCREMENT = {next}"));
                self.connection.execute(skip).await?;
            }
            let count: i64 = sqlx::query_scalar(table.count(PREFIX)).fetch_one(&mut self.connection).await?;
            counts.push((name.clone(), u64::try_from(count).unwrap_or_default()));
        }
        Ok(counts)
    }

    /// One statement renames all, so at no moment is there half of each.
    pub(super) async fn exchange(mut self, marker: &Marker) -> Result<Vec<String>, NotExchanged> {
        let stamp = marker.stamp().to_ascii_lowercase();
        let (rename, aside) = match self.prepare(marker, &stamp).await {
            Ok(prepared) => prepared,
            Err(error) => {
                self.abandon().await;
                return Err(NotExchanged { error, is_unchanged: true });
            }
        };
        let renamed = self.connection.execute(AssertSqlSafe(rename)).await;
        if let Err(error) = renamed {
            // A server that refused has the new tables still under their own names; one that is gone says nothing.
            let is_unchanged = self.made().await.is_ok_and(|made| !made.is_empty());
            if is_unchanged {
                self.abandon().await;
            }
            return Err(NotExchanged { error: error.into(), is_unchanged });
        }
        Ok(aside)
    }

    /// The statement, and what is aside after it, for people.
    async fn prepare(&mut self, marker: &Marker, stamp: &str) -> Result<(String, Vec<String>)> {
        let all = tables(&mut self.connection).await?;
        let aside = free_prefix(&all, stamp);
        let mut renames: Vec<String> = all
            .iter()
            .filter(|table| self.names.contains(*table))
            .map(|table| format!("`{table}` TO `{aside}{table}`"))
            .collect();
        let first = format!("{ASIDE}{stamp}_");
        let is_aside = !renames.is_empty() || all.iter().any(|table| table.starts_with(&first));
        renames.extend(self.made().await?.iter().map(|name| format!("`{PREFIX}{name}` TO `{name}`")));
        in_use::be_alone(&mut self.connection).await?;
        marker.begin_exchange()?;
        let told = is_aside.then(|| format!("tables {first}…")).into_iter().collect();
        Ok((format!("RENAME TABLE {}", renames.join(", ")), told))
    }
}

/// The first prefix that no table has: what an earlier attempt moved aside stays as it is.
fn free_prefix(tables: &[String], stamp: &str) -> String {
    let mut prefix = format!("{ASIDE}{stamp}_");
    let mut number = 1_u32;
    while tables.iter().any(|table| table.starts_with(&prefix)) {
        number += 1;
        prefix = format!("{ASIDE}{stamp}_{number}_");
    }
    prefix
}

/// The tables of the database. None of its views, which hold nothing.
async fn tables(connection: &mut MySqlConnection) -> Result<Vec<String>> {
    const SQL: &str = "
        SELECT CAST(table_name AS CHAR) FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name";
    let names: Vec<String> = sqlx::query_scalar(SQL).fetch_all(connection).await?;
    Ok(names.into_iter().filter(|name| !name.contains('`')).collect())
}

/// The migrations for tables whose names begin with the prefix.
fn migrator(newest: &Layout) -> Migrator {
    let prefixed = |migration: &Migration| {
        let mut sql = migration.sql.as_str().to_owned();
        for table in &newest.tables {
            sql = with_prefix(&sql, &table.name);
        }
        // The checksum stays that of the file.
        Migration { sql: AssertSqlSafe(sql).into_sql_str(), ..migration.clone() }
    };
    let mut migrator = Migrator::with_migrations(MARIADB_MIGRATIONS.iter().map(prefixed).collect());
    migrator.set_locking(false).dangerous_set_table_name(format!("{PREFIX}{MIGRATIONS_TABLE}"));
    migrator
}

/// Puts the prefix before a table's name wherever a statement of the migrations names it: after TABLE, ON, UPDATE, INTO and FROM.
fn with_prefix(sql: &str, table: &str) -> String {
    let mut text = sql.to_owned();
    for word in ["TABLE", "ON", "UPDATE", "INTO", "FROM"] {
        for end in [" ", "(", "\n", ";"] {
            text = text.replace(&format!("{word} {table}{end}"), &format!("{word} {PREFIX}{table}{end}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_migration_names_a_table_in_another_way() {
        let newest = Layout::of(Layout::newest_schema()).await.unwrap();
        for (plain, prefixed) in MARIADB_MIGRATIONS.iter().zip(migrator(&newest).iter()) {
            let without_comments =
                |text: &str| text.lines().filter_map(|line| line.split("--").next()).collect::<Vec<_>>().join("\n");
            let sql = without_comments(prefixed.sql.as_str());
            let words: BTreeSet<&str> = sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
            for table in &newest.tables {
                assert!(!words.contains(table.name.as_str()), "{} names {}: {sql}", plain.description, table.name);
            }
            let statements = without_comments(plain.sql.as_str()).matches(';').count();
            assert!(sql.matches(PREFIX).count() >= statements, "{}: each statement names a table", plain.description);
            assert_eq!(plain.checksum, prefixed.checksum);
        }
    }

    #[test]
    fn what_is_aside_keeps_its_name() {
        let mut tables = vec!["messages".to_owned(), "old_20261129t023000000z_messages".to_owned()];
        assert_eq!(free_prefix(&tables, "20261130t023000000z"), "old_20261130t023000000z_");
        assert_eq!(free_prefix(&tables, "20261129t023000000z"), "old_20261129t023000000z_2_");
        tables.push("old_20261129t023000000z_2_messages".to_owned());
        assert_eq!(free_prefix(&tables, "20261129t023000000z"), "old_20261129t023000000z_3_");
    }
}
