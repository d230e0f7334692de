//! What customers think of answers, and that they were told who answers.

use foldhash::HashMap;

use crate::domain::FeedbackReason;
use crate::domain::MessageId;
use crate::domain::SessionId;
use crate::domain::Timestamp;
use crate::store::Result;
use crate::store::dialect::Rows;
use crate::store::dialect::insert_apart;
use crate::store::pool::Pool;
use crate::store::pool::on_pool;
use crate::store::statement::Value;
use crate::text::pii::Masked;

const INTO: &str = "INTO feedback (message_id, session_id, is_useful, reason, comment, updated_at_ms)";
const COLUMNS: usize = 6;
/// A later opinion replaces the earlier.
const UPSERT_SQLITE: &str = "ON CONFLICT (message_id) DO UPDATE SET is_useful = excluded.is_useful,
    reason = excluded.reason, comment = excluded.comment, updated_at_ms = excluded.updated_at_ms";
const UPSERT_MYSQL: &str = "ON DUPLICATE KEY UPDATE is_useful = VALUES(is_useful),
    reason = VALUES(reason), comment = VALUES(comment), updated_at_ms = VALUES(updated_at_ms)";

const RECEIPTS_INTO: &str = "INTO notice_receipts (session_id, version, seen_at_ms)";
const RECEIPTS_COLUMNS: usize = 3;
/// The first receipt stays.
const KEEP_SQLITE: &str = "ON CONFLICT (session_id, version) DO NOTHING";
const KEEP_MYSQL: &str = "ON DUPLICATE KEY UPDATE version = version";

/// What a customer thinks of an answer.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// It helped.
    pub is_useful: bool,
    /// Why not.
    pub reason: Option<FeedbackReason>,
    /// In his own words.
    pub comment: Option<Masked>,
}

/// Keeps what customers say about the service rather than to it.
pub struct Opinions<'s> {
    pool: &'s Pool,
}

impl<'s> Opinions<'s> {
    pub(super) fn new(pool: &'s Pool) -> Self {
        Self { pool }
    }

    /// Stores what a customer thinks of an answer, instead of what he thought before.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn put(&self, session: &SessionId, answer: MessageId, feedback: Feedback, now: Timestamp) -> Result<()> {
        let row = vec![
            Value::Int(answer.get()),
            session.as_str().to_owned().into(),
            Value::Bool(feedback.is_useful),
            Value::MaybeWord(feedback.reason.map(FeedbackReason::as_str)),
            Value::MaybeText(feedback.comment.map(Masked::into_string)),
            Value::Int(now.unix_ms()),
        ];
        let end = [UPSERT_SQLITE, UPSERT_MYSQL];
        insert_apart(self.pool, Vec::new(), vec![Rows { into: INTO, columns: COLUMNS, end, rows: vec![row] }]).await
    }

    /// Which answers of a conversation helped and which did not, as far as the customer said.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn of(&self, session: &SessionId) -> Result<HashMap<MessageId, bool>> {
        const SQL: &str = "SELECT message_id, is_useful FROM feedback WHERE session_id = ?";
        let rows: Vec<(i64, bool)> = on_pool!(self.pool, db => {
            sqlx::query_as(SQL).bind(session.as_str()).fetch_all(db).await?
        });
        Ok(rows.into_iter().map(|(message, is_useful)| (MessageId::new(message), is_useful)).collect())
    }

    /// Stores that a text of the AI notice was seen in a conversation; the first time counts.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn acknowledge_notice(&self, session: &SessionId, version: &str, now: Timestamp) -> Result<()> {
        let row = vec![session.as_str().to_owned().into(), version.to_owned().into(), Value::Int(now.unix_ms())];
        let (into, columns, end) = (RECEIPTS_INTO, RECEIPTS_COLUMNS, [KEEP_SQLITE, KEEP_MYSQL]);
        insert_apart(self.pool, Vec::new(), vec![Rows { into, columns, end, rows: vec![row] }]).await
    }
}
