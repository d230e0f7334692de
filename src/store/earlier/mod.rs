//! The earlier system's database, a MariaDB or MySQL of which `chat_sessions` and `chat_messages` are read (wire contract §10).
//!
//! It is only read, in one snapshot, so that a conversation and its messages fit together while the earlier system goes on. Which
//! ids are the same is for that database to say, by the collation of its columns: it joins, nothing here compares. Every
//! value but the numbers of rows comes as text, whatever its column is declared as; what it means is for whoever reads it.
//! `TIMESTAMP` columns are read in the server's own time zone, as the application read them.

mod shape;

use std::str::FromStr;
use std::time::Duration;

use sqlx::AssertSqlSafe;
use sqlx::ConnectOptions as _;
use sqlx::Executor as _;
use sqlx::Row as _;
use sqlx::mysql::MySqlConnectOptions;
use sqlx::mysql::MySqlConnection;
use sqlx::mysql::MySqlRow;

use crate::config::Database;
use crate::store::earlier::shape::Shape;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long one read may take; a copy without indexes is read slowly.
const READ_TIMEOUT: Duration = Duration::from_mins(10);
/// What is read of a conversation, after its row's number.
const SESSION_COLUMNS: [&str; 13] = [
    "session_id",
    "created_at",
    "updated_at",
    "is_active",
    "is_human_required_flow",
    "customer_consent_received",
    "info_collection_complete",
    "collected_info",
    "context_intent",
    "handover_status",
    "handover_requested_at",
    "handover_accepted_at",
    "assigned_agent_id",
];
/// What is read of a message, after its number and that of its conversation's row.
const MESSAGE_COLUMNS: [&str; 7] =
    ["session_id", "role", "message", "intent", "suggested_action", "source_documents", "created_at"];

/// Why the earlier system's data cannot be read. `Display` is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum EarlierError {
    /// The URL is none that can be used.
    #[error("the earlier system is in a MariaDB or MySQL; allowed: mysql://user@host:3306/database")]
    NotMySql,
    /// No connection.
    #[error(
        "the earlier system's database cannot be reached; check the address, the firewall, the user and the password"
    )]
    Unreachable(#[source] sqlx::Error),
    /// Nobody answered for long.
    #[error("the earlier system's database does not answer; check that it runs, and repeat the command")]
    TimedOut,
    /// A table is not there.
    #[error(
        "it has no table {table}, or this user may not read it; check the database's name, and \
         GRANT SELECT ON {table}"
    )]
    NoTable {
        /// Which.
        table: &'static str,
    },
    /// A column is not there without which nothing can be read.
    #[error("its table {table} has no column {column}, so it is not the earlier system's")]
    NoColumn {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
    },
    /// Reading would take hours.
    #[error(
        "chat_messages has {rows} rows and no index on session_id, so that reading it would take hours; run on that \
         database, at a quiet time: CREATE INDEX chat_messages_session_id ON chat_messages (session_id)"
    )]
    NoIndex {
        /// How many rows.
        rows: u64,
    },
    /// A key is not one.
    #[error(
        "{table} has the {column} {key} in more than one row, so it is a copy without its keys; use one that was \
         restored from a whole backup"
    )]
    Repeated {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// What stands there twice.
        key: String,
    },
    /// Anything else.
    #[error("the earlier system's database refused to be read")]
    Refused(#[source] sqlx::Error),
}

/// A row of `chat_sessions`, as it is written there.
#[derive(Debug, Clone, Default)]
pub struct EarlierSession {
    /// Its `id`.
    pub row: i64,
    /// Its name, in one of the spellings its clients used.
    pub session_id: String,
    /// In UTC (wire contract §1).
    pub created_at: Option<String>,
    /// In Korean time, or in UTC.
    pub updated_at: Option<String>,
    /// 0 or 1.
    pub is_active: Option<String>,
    /// 0 or 1; the flags of wire contract §7.
    pub is_human_required_flow: Option<String>,
    /// 0 or 1.
    pub customer_consent_received: Option<String>,
    /// 0 or 1.
    pub info_collection_complete: Option<String>,
    /// A JSON object.
    pub collected_info: Option<String>,
    /// A category's name.
    pub context_intent: Option<String>,
    /// As on the wire.
    pub handover_status: Option<String>,
    /// In Korean time.
    pub handover_requested_at: Option<String>,
    /// In Korean time.
    pub handover_accepted_at: Option<String>,
    /// The desk's name for the agent.
    pub assigned_agent_id: Option<String>,
}

/// A row of `chat_messages`, as it is written there.
#[derive(Debug, Clone, Default)]
pub struct EarlierMessage {
    /// Its `id`.
    pub id: i64,
    /// The `id` of its conversation's row.
    pub session_row: i64,
    /// Its conversation's name, as the client spelled it.
    pub session_id: String,
    /// `USER` or `ASSISTANT`.
    pub role: Option<String>,
    /// The text.
    pub message: Option<String>,
    /// Of a customer's.
    pub intent: Option<String>,
    /// Of the assistant's; an agent's has none.
    pub suggested_action: Option<String>,
    /// A JSON array.
    pub source_documents: Option<String>,
    /// In Korean time.
    pub created_at: Option<String>,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlierTotals {
    /// Rows of `chat_sessions`.
    pub sessions: u64,
    /// Rows of `chat_messages`.
    pub messages: u64,
    /// The largest number of a message; 0 if there is none.
    pub last_message: i64,
}

/// The earlier system's database, open for reading.
pub struct Earlier {
    connection: MySqlConnection,
    shape: Shape,
    totals: EarlierTotals,
}

impl Earlier {
    /// Connects, looks whether it is the earlier system's and whole, and takes a snapshot of it.
    ///
    /// # Errors
    /// [`EarlierError`].
    pub async fn open(database: &Database) -> Result<Self, EarlierError> {
        let Database::MySql { url } = database else { return Err(EarlierError::NotMySql) };
        let options = MySqlConnectOptions::from_str(url.reveal()).map_err(|_| EarlierError::NotMySql)?;
        let options = options.charset("utf8mb4").disable_statement_logging();
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await;
        let connecting = connecting.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        let mut connection = connecting.map_err(EarlierError::Unreachable)?;
        connection.execute("SET time_zone = @@global.time_zone").await.map_err(EarlierError::Refused)?;
        let shape = in_time(Shape::of(&mut connection)).await?;
        let begin = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
        connection.execute(begin).await.map_err(EarlierError::Refused)?;
        let totals = in_time(shape.check(&mut connection)).await?;
        Ok(Self { connection, shape, totals })
    }

    /// How much there is in all.
    pub fn totals(&self) -> EarlierTotals {
        self.totals
    }

    /// Conversations after a row, by the rows' numbers, at most `limit`.
    ///
    /// # Errors
    /// [`EarlierError`].
    pub async fn sessions(&mut self, after: i64, limit: u32) -> Result<Vec<EarlierSession>, EarlierError> {
        let sql = format!(
            "SELECT CAST(s.id AS SIGNED), {} FROM chat_sessions s WHERE s.id > ? ORDER BY s.id LIMIT ?",
            self.shape.sessions.select('s', &SESSION_COLUMNS)
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(after).bind(limit).try_map(session);
        in_time(async { query.fetch_all(&mut self.connection).await.map_err(EarlierError::Refused) }).await
    }

    /// How many messages each conversation of these rows has, the first and the last included; none for those that have none.
    ///
    /// # Errors
    /// [`EarlierError`].
    pub async fn message_counts(&mut self, first: i64, last: i64) -> Result<Vec<(i64, u64)>, EarlierError> {
        const SQL: &str = "
            SELECT CAST(s.id AS SIGNED), COUNT(*)
            FROM chat_sessions s STRAIGHT_JOIN chat_messages m ON m.session_id = s.session_id
            WHERE s.id BETWEEN ? AND ? GROUP BY s.id ORDER BY s.id";
        let query = sqlx::query_as::<_, (i64, i64)>(SQL).bind(first).bind(last);
        let counts =
            in_time(async { query.fetch_all(&mut self.connection).await.map_err(EarlierError::Refused) }).await?;
        Ok(counts.into_iter().map(|(row, count)| (row, count.unsigned_abs())).collect())
    }

    /// The messages of the conversations of these rows, the first and the last included, by conversation and number.
    ///
    /// # Errors
    /// [`EarlierError`].
    pub async fn messages(&mut self, first: i64, last: i64) -> Result<Vec<EarlierMessage>, EarlierError> {
        let sql = format!(
            "SELECT CAST(m.id AS SIGNED), CAST(s.id AS SIGNED), {}
             FROM chat_sessions s STRAIGHT_JOIN chat_messages m ON m.session_id = s.session_id
             WHERE s.id BETWEEN ? AND ? ORDER BY s.id, m.id",
            self.shape.messages.select('m', &MESSAGE_COLUMNS)
        );
        let query = sqlx::query(AssertSqlSafe(sql)).bind(first).bind(last).try_map(message);
        in_time(async { query.fetch_all(&mut self.connection).await.map_err(EarlierError::Refused) }).await
    }

    /// Messages after a number that belong to no conversation, with the name of the one they miss, at most `limit`.
    ///
    /// # Errors
    /// [`EarlierError`].
    pub async fn orphans(&mut self, after: i64, limit: u32) -> Result<Vec<(i64, String)>, EarlierError> {
        const SQL: &str = "
            SELECT CAST(m.id AS SIGNED), CAST(m.session_id AS CHAR)
            FROM chat_messages m LEFT JOIN chat_sessions s ON s.session_id = m.session_id
            WHERE s.session_id IS NULL AND m.id > ? ORDER BY m.id LIMIT ?";
        let query = sqlx::query_as::<_, (i64, Option<String>)>(SQL).bind(after).bind(limit);
        let orphans =
            in_time(async { query.fetch_all(&mut self.connection).await.map_err(EarlierError::Refused) }).await?;
        Ok(orphans.into_iter().map(|(id, session)| (id, session.unwrap_or_default())).collect())
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, EarlierError>>) -> Result<T, EarlierError> {
    tokio::time::timeout(READ_TIMEOUT, work).await.unwrap_or(Err(EarlierError::TimedOut))
}

fn session(row: MySqlRow) -> Result<EarlierSession, sqlx::Error> {
    let text = |index: usize| row.try_get::<Option<String>, _>(index);
    Ok(EarlierSession {
        row: row.try_get(0)?,
        session_id: text(1)?.unwrap_or_default(),
        created_at: text(2)?,
        updated_at: text(3)?,
        is_active: text(4)?,
        is_human_required_flow: text(5)?,
        customer_consent_received: text(6)?,
        info_collection_complete: text(7)?,
        collected_info: text(8)?,
        context_intent: text(9)?,
        handover_status: text(10)?,
        handover_requested_at: text(11)?,
        handover_accepted_at: text(12)?,
        assigned_agent_id: text(13)?,
    })
}

fn message(row: MySqlRow) -> Result<EarlierMessage, sqlx::Error> {
    let text = |index: usize| row.try_get::<Option<String>, _>(index);
    Ok(EarlierMessage {
        id: row.try_get(0)?,
        session_row: row.try_get(1)?,
        session_id: text(2)?.unwrap_or_default(),
        role: text(3)?,
        message: text(4)?,
        intent: text(5)?,
        suggested_action: text(6)?,
        source_documents: text(7)?,
        created_at: text(8)?,
    })
}
