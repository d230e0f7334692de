//! Switches of the language model, and the audit trail that changes of them are recorded in.

use crate::domain::Timestamp;
use crate::store::Result;
use crate::store::dialect::Rows;
use crate::store::dialect::insert_apart;
use crate::store::pool::Pool;
use crate::store::pool::on_pool;
use crate::store::statement::Value;

const INTO: &str = "INTO model_switches (category, is_off, reason, changed_by, changed_at_ms)";
const COLUMNS: usize = 5;
const UPSERT_SQLITE: &str = "ON CONFLICT (category) DO UPDATE SET is_off = excluded.is_off, reason = excluded.reason,
    changed_by = excluded.changed_by, changed_at_ms = excluded.changed_at_ms";
const UPSERT_MYSQL: &str = "ON DUPLICATE KEY UPDATE is_off = VALUES(is_off), reason = VALUES(reason),
    changed_by = VALUES(changed_by), changed_at_ms = VALUES(changed_at_ms)";
pub(super) const AUDIT_INTO: &str = "INTO audit (at_ms, actor, action, subject, detail)";
pub(super) const AUDIT_COLUMNS: usize = 5;

/// A switch of the language model.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Switch {
    /// The category it is for; empty for all.
    pub category: String,
    /// The model is not used.
    pub is_off: bool,
    /// Why.
    pub reason: String,
    /// By whom.
    pub changed_by: String,
    /// When, in milliseconds since the Unix epoch.
    pub changed_at_ms: i64,
}

/// One line of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditEntry {
    /// Its number.
    pub id: i64,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// Did what, such as `model.off`.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What else is known.
    pub detail: String,
}

/// Keeps and finds switches.
pub struct Switches<'s> {
    pool: &'s Pool,
}

impl<'s> Switches<'s> {
    pub(super) fn new(pool: &'s Pool) -> Self {
        Self { pool }
    }

    /// All switches that were ever set.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn all(&self) -> Result<Vec<Switch>> {
        const SQL: &str =
            "SELECT category, is_off, reason, changed_by, changed_at_ms FROM model_switches ORDER BY category";
        Ok(on_pool!(self.pool, db => sqlx::query_as(SQL).fetch_all(db).await?))
    }

    /// Sets a switch and records it, both or neither.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set(&self, category: &str, is_off: bool, reason: &str, by: &str, now: Timestamp) -> Result<()> {
        let row = vec![
            category.to_owned().into(),
            Value::Bool(is_off),
            reason.to_owned().into(),
            by.to_owned().into(),
            Value::Int(now.unix_ms()),
        ];
        let subject = if category.is_empty() { "all categories" } else { category };
        let entry = audit_row(now, by, if is_off { "model.off" } else { "model.on" }, subject, reason);
        let end = [UPSERT_SQLITE, UPSERT_MYSQL];
        let switch = Rows { into: INTO, columns: COLUMNS, end, rows: vec![row] };
        let entry = Rows { into: AUDIT_INTO, columns: AUDIT_COLUMNS, end: ["", ""], rows: vec![entry] };
        insert_apart(self.pool, Vec::new(), vec![switch, entry]).await
    }

    /// The latest lines of the audit trail whose actions begin like this, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn audit(&self, actions: &'static str, limit: u32) -> Result<Vec<AuditEntry>> {
        const SQL: &str = "SELECT id, at_ms, actor, action, subject, detail FROM audit
            WHERE SUBSTR(action, 1, ?) = ? ORDER BY id DESC LIMIT ?";
        let length = actions.len() as i64;
        Ok(on_pool!(self.pool, db => sqlx::query_as(SQL).bind(length).bind(actions).bind(limit).fetch_all(db).await?))
    }
}

/// A line of the audit trail in the order of [`AUDIT_INTO`]'s columns.
pub(super) fn audit_row(now: Timestamp, by: &str, action: &'static str, subject: &str, detail: &str) -> Vec<Value> {
    vec![
        Value::Int(now.unix_ms()),
        by.to_owned().into(),
        Value::Word(action),
        subject.to_owned().into(),
        detail.to_owned().into(),
    ]
}
