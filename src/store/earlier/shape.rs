//! What the earlier system's two tables look like: its columns, its keys, and whether the keys are keys.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use crate::store::earlier::EarlierError;
use crate::store::earlier::EarlierTotals;

const SESSIONS: &str = "chat_sessions";
const MESSAGES: &str = "chat_messages";
/// Without these there is nothing to read; any other may be missing in an older release's tables.
const NEEDED: [(&str, &str); 6] = [
    (SESSIONS, "id"),
    (SESSIONS, "session_id"),
    (MESSAGES, "id"),
    (MESSAGES, "session_id"),
    (MESSAGES, "role"),
    (MESSAGES, "message"),
];
/// What has to be there once.
const KEYS: [(&str, &str); 3] = [(SESSIONS, "id"), (SESSIONS, "session_id"), (MESSAGES, "id")];
/// As many messages are read quickly without an index.
const ROWS_WITHOUT_INDEX_MAX: u64 = 20_000;

/// The two tables.
pub(super) struct Shape {
    pub(super) sessions: Table,
    pub(super) messages: Table,
}

/// One of them.
#[derive(Default)]
pub(super) struct Table {
    columns: BTreeSet<String>,
    /// Columns that an index begins with.
    indexed: BTreeSet<String>,
    /// Columns that are a key by themselves.
    unique: BTreeSet<String>,
}

impl Table {
    /// The columns of a select as text, in order; NULL for what the table does not have.
    pub(super) fn select(&self, alias: char, columns: &[&'static str]) -> String {
        let one = |column: &&'static str| match self.columns.contains(*column) {
            true => format!("CAST({alias}.{column} AS CHAR)"),
            false => "CAST(NULL AS CHAR)".to_owned(),
        };
        columns.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

impl Shape {
    /// Looks at the tables.
    pub(super) async fn of(connection: &mut MySqlConnection) -> Result<Self, EarlierError> {
        const COLUMNS: &str = "
            SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR) FROM information_schema.columns
            WHERE table_schema = DATABASE() AND table_name IN ('chat_sessions', 'chat_messages')";
        const INDEXES: &str = "
            SELECT CAST(table_name AS CHAR), CAST(index_name AS CHAR), CAST(non_unique AS SIGNED),
                   CAST(column_name AS CHAR)
            FROM information_schema.statistics
            WHERE table_schema = DATABASE() AND table_name IN ('chat_sessions', 'chat_messages')
            ORDER BY table_name, index_name, seq_in_index";
        let refused = EarlierError::Refused;
        let mut tables: BTreeMap<&'static str, Table> = BTreeMap::new();
        let columns: Vec<(String, String)> =
            sqlx::query_as(COLUMNS).fetch_all(&mut *connection).await.map_err(refused)?;
        for (table, column) in columns {
            tables.entry(known(&table)).or_default().columns.insert(column.to_ascii_lowercase());
        }
        for table in [SESSIONS, MESSAGES] {
            let found = tables.get(table).ok_or(EarlierError::NoTable { table })?;
            let missing = NEEDED.iter().find(|(of, column)| *of == table && !found.columns.contains(*column));
            if let Some((table, column)) = missing {
                return Err(EarlierError::NoColumn { table, column });
            }
        }
        let rows: Vec<(String, String, i64, Option<String>)> =
            sqlx::query_as(INDEXES).fetch_all(connection).await.map_err(refused)?;
        let mut indexes: BTreeMap<(String, String), (bool, Vec<String>)> = BTreeMap::new();
        for (table, index, non_unique, column) in rows {
            let column = column.unwrap_or_default().to_ascii_lowercase();
            let (_, columns) = indexes.entry((table, index)).or_insert((non_unique == 0, Vec::new()));
            columns.push(column);
        }
        for ((table, _), (is_unique, columns)) in indexes {
            let table = tables.entry(known(&table)).or_default();
            if let (true, [column]) = (is_unique, columns.as_slice()) {
                table.unique.insert(column.clone());
            }
            table.indexed.extend(columns.into_iter().next());
        }
        let [sessions, messages] = [SESSIONS, MESSAGES].map(|table| tables.remove(table).unwrap_or_default());
        Ok(Self { sessions, messages })
    }

    /// Counts, and refuses what cannot be read in good time or without doubt.
    pub(super) async fn check(&self, connection: &mut MySqlConnection) -> Result<EarlierTotals, EarlierError> {
        const SQL: &str = "
            SELECT (SELECT COUNT(*) FROM chat_sessions), (SELECT COUNT(*) FROM chat_messages),
                   (SELECT CAST(COALESCE(MAX(id), 0) AS SIGNED) FROM chat_messages)";
        let (sessions, messages, last_message): (i64, i64, i64) =
            sqlx::query_as(SQL).fetch_one(&mut *connection).await.map_err(EarlierError::Refused)?;
        let totals = EarlierTotals {
            sessions: sessions.unsigned_abs(),
            messages: messages.unsigned_abs(),
            last_message: last_message.max(0),
        };
        if totals.messages > ROWS_WITHOUT_INDEX_MAX && !self.messages.indexed.contains("session_id") {
            return Err(EarlierError::NoIndex { rows: totals.messages });
        }
        for (table, column) in KEYS {
            let shape = if table == SESSIONS { &self.sessions } else { &self.messages };
            if shape.unique.contains(column) {
                continue;
            }
            let sql = format!(
                "SELECT CAST(MIN({column}) AS CHAR) FROM {table} GROUP BY {column} HAVING COUNT(*) > 1 LIMIT 1"
            );
            let repeated: Option<(Option<String>,)> = sqlx::query_as(AssertSqlSafe(sql))
                .fetch_optional(&mut *connection)
                .await
                .map_err(EarlierError::Refused)?;
            if let Some((key,)) = repeated {
                let key = key.unwrap_or_else(|| "NULL".to_owned());
                return Err(EarlierError::Repeated { table, column, key });
            }
        }
        Ok(totals)
    }
}

/// The table of this name, however its letters are written.
fn known(table: &str) -> &'static str {
    if table.eq_ignore_ascii_case(SESSIONS) { SESSIONS } else { MESSAGES }
}
