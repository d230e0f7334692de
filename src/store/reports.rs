//! Hand-over reports for the agents' dashboards.

use crate::domain::Report;
use crate::domain::SessionId;
use crate::domain::Timestamp;
use crate::store::Result;
use crate::store::StoreError;
use crate::store::pool::Pool;
use crate::store::pool::on_pool;
use crate::store::sessions;
use crate::store::statement::Value;

/// What is inserted into, up to the values, for [`row`].
pub(super) const INTO: &str = "INTO reports (session_id, report, created_at_ms, updated_at_ms)";
/// Number of columns in [`INTO`].
pub(super) const COLUMNS: usize = 4;
/// A later report replaces the earlier; its place among the others stays.
pub(super) const UPSERT_SQLITE: &str =
    "ON CONFLICT (session_id) DO UPDATE SET report = excluded.report, updated_at_ms = excluded.updated_at_ms";
/// The same for MariaDB.
pub(super) const UPSERT_MYSQL: &str =
    "ON DUPLICATE KEY UPDATE report = VALUES(report), updated_at_ms = VALUES(updated_at_ms)";

/// The latest automatic report of one conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct DashboardReport {
    /// Whose it is.
    pub session: SessionId,
    /// The report.
    pub report: Report,
}

/// Reads reports.
pub struct Reports<'s> {
    pool: &'s Pool,
}

impl<'s> Reports<'s> {
    pub(super) fn new(pool: &'s Pool) -> Self {
        Self { pool }
    }

    /// The reports of the `limit` conversations that were reported last, oldest first.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn latest(&self, limit: u32) -> Result<Vec<DashboardReport>> {
        const SQL: &str = "
            SELECT session_id, report FROM reports
            ORDER BY created_at_ms DESC, session_id DESC LIMIT ?";
        let rows: Vec<(Vec<u8>, String)> = on_pool!(self.pool, db => {
            sqlx::query_as(SQL).bind(limit).fetch_all(db).await?
        });
        rows.into_iter()
            .rev()
            .map(|(session, report)| {
                let report =
                    serde_json::from_str(&report).map_err(|_| StoreError::Unreadable { column: "reports.report" })?;
                Ok(DashboardReport { session: sessions::session_id(session)?, report })
            })
            .collect()
    }
}

/// A report's values in the order of [`INTO`]'s columns.
pub(super) fn row(session: &SessionId, report: &Report, now: Timestamp) -> Vec<Value> {
    let now = Value::Int(now.unix_ms());
    vec![session.as_str().to_owned().into(), sessions::json(report), now.clone(), now]
}
