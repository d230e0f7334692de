//! What is kept for a time only, and its end.
//!
//! What has had its time is deleted in small transactions, so that no customer waits for it, and each of them records in the audit
//! trail what it deleted. A conversation goes with all that belongs to it, or stays.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::Timestamp;
use crate::store::Result;
use crate::store::dialect::Tx;
use crate::store::dialect::WriteLease;
use crate::store::pool::Pool;
use crate::store::pool::in_time;
use crate::store::pool::on_pool;
use crate::store::statement::Statement;
use crate::store::statement::Value;
use crate::store::switches;

/// Most messages that are deleted in one transaction, unless one conversation alone has more.
const MESSAGES_MAX: u64 = 2_000;
/// How long one transaction may take, and how long counting.
const DELETE_LIMIT: Duration = Duration::from_mins(1);
const COUNT_LIMIT: Duration = Duration::from_mins(10);
/// Conversations that are over.
macro_rules! over {
    () => {
        "activity IN ('silent', 'closed') AND updated_at_ms < ?"
    };
}
/// Those in which nobody ever wrote; apart, because another index finds them.
macro_rules! never_begun {
    () => {
        "activity = 'active' AND last_message_at_ms IS NULL
            AND (handover_status IS NULL OR handover_status NOT IN ('pending', 'accepted')) AND updated_at_ms < ?"
    };
}
/// Pages of a SQLite file that are given back to the disk after a transaction; of 4 KiB each.
const PAGES_FREED: &str = "PRAGMA incremental_vacuum(2048)";
/// The actor in the audit trail.
const ACTOR: &str = "retention";
/// The action.
const DELETED: &str = "retention.deleted";

/// What was last changed before these has had its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expiry {
    /// Conversations that are over, or never began; `None`: none has.
    pub conversations: Option<Timestamp>,
    /// Reasons of answers, requests to language models, the audit trail; `None`: none has.
    pub audit: Option<Timestamp>,
}

/// How much has had its time, or was deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expired {
    /// Conversations, each with its summary, its opinions and its receipts.
    pub conversations: u64,
    /// Their messages.
    pub messages: u64,
    /// Reasons of answers.
    pub decisions: u64,
    /// Requests to language models.
    pub model_runs: u64,
    /// Lines of the audit trail.
    pub audit_entries: u64,
}

impl Expired {
    /// Nothing at all.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl std::ops::AddAssign for Expired {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.messages += other.messages;
        self.decisions += other.decisions;
        self.model_runs += other.model_runs;
        self.audit_entries += other.audit_entries;
    }
}

/// Ends what has had its time.
pub struct Retention<'s> {
    pool: &'s Pool,
}

impl<'s> Retention<'s> {
    pub(super) fn new(pool: &'s Pool) -> Self {
        Self { pool }
    }

    /// How much has had its time. Changes nothing.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn expired(&self, expiry: Expiry) -> Result<Expired> {
        const OVER: &str = concat!("SELECT COUNT(*) FROM sessions WHERE ", over!());
        const NEVER_BEGUN: &str = concat!("SELECT COUNT(*) FROM sessions WHERE ", never_begun!());
        const MESSAGES: &str =
            concat!("SELECT COUNT(*) FROM messages JOIN sessions ON sessions.id = messages.session_id WHERE ", over!());
        const DECISIONS: &str = "SELECT COUNT(*) FROM decisions WHERE decided_at_ms < ?";
        const RUNS: &str = "SELECT COUNT(*) FROM model_runs WHERE started_at_ms < ?";
        const AUDIT: &str = "SELECT COUNT(*) FROM audit WHERE at_ms < ?";
        Ok(Expired {
            conversations: self.count(OVER, expiry.conversations).await?
                + self.count(NEVER_BEGUN, expiry.conversations).await?,
            messages: self.count(MESSAGES, expiry.conversations).await?,
            decisions: self.count(DECISIONS, expiry.audit).await?,
            model_runs: self.count(RUNS, expiry.audit).await?,
            audit_entries: self.count(AUDIT, expiry.audit).await?,
        })
    }

    /// When the last thousand messages were stored, newest first. What says that the clock may be, or was, wrong.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn last_stored(&self) -> Result<Vec<Timestamp>> {
        const SQL: &str = "SELECT created_at_ms FROM messages ORDER BY id DESC LIMIT 1000";
        let times: Vec<i64> = on_pool!(self.pool, db => sqlx::query_scalar(SQL).fetch_all(db).await?);
        Ok(times.into_iter().map(Timestamp::from_unix_ms).collect())
    }

    async fn count(&self, sql: &'static str, before: Option<Timestamp>) -> Result<u64> {
        let Some(before) = before.map(Timestamp::unix_ms) else { return Ok(0) };
        let limit = &COUNT_LIMIT;
        let count: i64 = match self.pool {
            Pool::Sqlite { read, place, .. } => {
                place.check()?;
                on_pool!(@ read, limit, db => sqlx::query_scalar(sql).bind(before).fetch_one(db).await?)
            }
            Pool::MySql { read, .. } => {
                on_pool!(@ read, limit, db => sqlx::query_scalar(sql).bind(before).fetch_one(db).await?)
            }
        };
        Ok(count.unsigned_abs())
    }

    /// Deletes some of what has had its time, oldest first, and records it; all of that or nothing. Nothing was deleted when
    /// nothing is left.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn delete_some(&self, expiry: Expiry, now: Timestamp) -> Result<Expired> {
        let delete = async {
            let mut lease = WriteLease::of(self.pool).await?;
            let mut tx = Tx::begin(&mut lease).await?;
            let mut deleted = Expired::default();
            if let Some(before) = expiry.conversations {
                delete_conversations(&mut tx, before, &mut deleted).await?;
            }
            if let Some(before) = expiry.audit {
                delete_audit(&mut tx, before, &mut deleted).await?;
            }
            if !deleted.is_nothing() {
                record(&mut tx, expiry, deleted, now).await?;
            }
            tx.commit().await?;
            if !deleted.is_nothing() {
                lease.execute_on_sqlite(PAGES_FREED).await?;
            }
            lease.end();
            Ok(deleted)
        };
        in_time(DELETE_LIMIT, delete).await
    }
}

/// Deletes the conversations that were changed longest ago.
async fn delete_conversations(tx: &mut Tx<'_>, before: Timestamp, deleted: &mut Expired) -> Result<()> {
    let mut ids = expired_ids(tx, over!(), before).await?;
    if ids.is_empty() {
        ids = expired_ids(tx, never_begun!(), before).await?;
    }
    let keys = few_enough(tx, ids).await?;
    for (delete, count) in [
        ("DELETE FROM feedback WHERE session_id IN (", None),
        ("DELETE FROM notice_receipts WHERE session_id IN (", None),
        ("DELETE FROM reports WHERE session_id IN (", None),
        ("DELETE FROM messages WHERE session_id IN (", Some(&mut deleted.messages)),
        ("DELETE FROM sessions WHERE id IN (", Some(&mut deleted.conversations)),
    ] {
        let mut rows = 0;
        for statement in Statement::selects(delete, "?", ", ", ")", &keys) {
            rows += tx.execute(statement).await?;
        }
        if let Some(count) = count {
            *count += rows;
        }
    }
    Ok(())
}

/// Some conversations that have had their time, those first that were changed longest ago. MariaDB locks them, so that none is gone on with
/// on another node meanwhile.
async fn expired_ids(tx: &mut Tx<'_>, which: &'static str, before: Timestamp) -> Result<Vec<Vec<u8>>> {
    const FIRST: &str = "SELECT id FROM sessions WHERE ";
    let end = match tx {
        Tx::Sqlite(_) => " ORDER BY updated_at_ms LIMIT 200",
        Tx::MySql { .. } => " ORDER BY updated_at_ms LIMIT 200 FOR UPDATE",
    };
    let mut ids = Vec::new();
    for statement in Statement::selects(FIRST, which, "", end, &[vec![Value::Int(before.unix_ms())]]) {
        ids.extend(tx.fetch::<(Vec<u8>,)>(statement).await?.into_iter().map(|(id,)| id));
    }
    Ok(ids)
}

/// The first of them, as keys, that together have no more messages than one transaction deletes.
async fn few_enough(tx: &mut Tx<'_>, ids: Vec<Vec<u8>>) -> Result<Vec<Vec<Value>>> {
    const COUNTS: &str = "SELECT session_id, COUNT(*) FROM messages WHERE session_id IN (";
    let key = |id: &Vec<u8>| vec![Value::Text(String::from_utf8_lossy(id).into_owned())];
    let keys: Vec<_> = ids.iter().map(key).collect();
    let mut counts: HashMap<Vec<u8>, u64> = HashMap::new();
    for statement in Statement::selects(COUNTS, "?", ", ", ") GROUP BY session_id", &keys) {
        let of_sessions = tx.fetch::<(Vec<u8>, i64)>(statement).await?;
        counts.extend(of_sessions.into_iter().map(|(id, count)| (id, count.unsigned_abs())));
    }
    let mut messages = 0;
    let fits = |id: &Vec<u8>| {
        let is_first = messages == 0;
        messages += counts.get(id).copied().unwrap_or_default();
        is_first || messages <= MESSAGES_MAX
    };
    let count = ids.iter().map(fits).take_while(|fits| *fits).count();
    Ok(keys.into_iter().take(count).collect())
}

/// Deletes the oldest records of the other kinds. Their ids ascend with time, so what has had its time stands in front.
async fn delete_audit(tx: &mut Tx<'_>, before: Timestamp, deleted: &mut Expired) -> Result<()> {
    for (oldest, delete, count) in [
        (
            "SELECT message_id FROM (SELECT message_id, decided_at_ms AS at_ms FROM decisions ORDER BY message_id LIMIT 1000) o
                WHERE o.at_ms < ",
            "DELETE FROM decisions WHERE message_id IN (",
            &mut deleted.decisions,
        ),
        (
            "SELECT id FROM (SELECT id, started_at_ms AS at_ms FROM model_runs ORDER BY id LIMIT 1000) o WHERE o.at_ms < ",
            "DELETE FROM model_runs WHERE id IN (",
            &mut deleted.model_runs,
        ),
        (
            "SELECT id FROM (SELECT id, at_ms FROM audit ORDER BY id LIMIT 1000) o WHERE o.at_ms < ",
            "DELETE FROM audit WHERE id IN (",
            &mut deleted.audit_entries,
        ),
    ] {
        let mut keys = Vec::new();
        for statement in Statement::selects(oldest, "?", "", "", &[vec![Value::Int(before.unix_ms())]]) {
            keys.extend(tx.fetch::<(i64,)>(statement).await?.into_iter().map(|(id,)| vec![Value::Int(id)]));
        }
        for statement in Statement::selects(delete, "?", ", ", ")", &keys) {
            *count += tx.execute(statement).await?;
        }
    }
    Ok(())
}

async fn record(tx: &mut Tx<'_>, expiry: Expiry, deleted: Expired, now: Timestamp) -> Result<()> {
    let before = |before: Option<Timestamp>| before.map_or("kept".to_owned(), |before| before.unix_ms().to_string());
    let detail = format!(
        "conversations {}, messages {} (changed before {}); decisions {}, model runs {}, audit entries {} (before {})",
        deleted.conversations,
        deleted.messages,
        before(expiry.conversations),
        deleted.decisions,
        deleted.model_runs,
        deleted.audit_entries,
        before(expiry.audit),
    );
    let row = switches::audit_row(now, ACTOR, DELETED, "expired data", &detail);
    let verb = tx.insert_verb();
    for statement in Statement::inserts(verb, switches::AUDIT_INTO, switches::AUDIT_COLUMNS, "", vec![row]) {
        tx.insert(statement, switches::AUDIT_COLUMNS).await?;
    }
    Ok(())
}
