//! Messages, and the decisions behind the assistant's.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::Author;
use crate::domain::ClientMessageId;
use crate::domain::Decision;
use crate::domain::Engine;
use crate::domain::HandoverStatus;
use crate::domain::Intent;
use crate::domain::Message;
use crate::domain::MessageId;
use crate::domain::Session;
use crate::domain::SessionId;
use crate::domain::StageName;
use crate::domain::SuggestedAction;
use crate::domain::Ticket;
use crate::domain::Timestamp;
use crate::store::NewMessage;
use crate::store::Result;
use crate::store::StoreError;
use crate::store::pool::Pool;
use crate::store::pool::on_pool;
use crate::store::statement::Value;

/// What is inserted into, up to the values, for [`row`].
pub(super) const INTO: &str = "INTO messages (
    session_id, author, body, intent, suggested_action, sources, quick_replies, client_message_id, is_protected,
    created_at_ms, agent_name, engine)";
/// Number of columns in [`INTO`].
pub(super) const COLUMNS: usize = 12;
/// What is inserted into, up to the values, for [`decision_row`].
pub(super) const INTO_DECISIONS: &str = "INTO decisions (
    message_id, user_message_id, ticket, category, confidence, rule, stage_before, stage_after, handover_change,
    engine, pack_digest, program_version, category_candidates, elapsed_ms, passages, decided_at_ms)";
/// Number of columns in [`INTO_DECISIONS`].
pub(super) const DECISION_COLUMNS: usize = 16;

/// Reads messages.
pub struct Messages<'s> {
    pool: &'s Pool,
}

impl<'s> Messages<'s> {
    pub(super) fn new(pool: &'s Pool) -> Self {
        Self { pool }
    }

    /// Messages of a conversation after `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn after(&self, session: &SessionId, after: MessageId, limit: u32) -> Result<Vec<Message>> {
        const SQL: &str = "
            SELECT id, author, body, intent, suggested_action, sources, quick_replies, client_message_id,
                   is_protected, created_at_ms, agent_name, engine
            FROM messages WHERE session_id = ? AND id > ?
            ORDER BY id LIMIT ?";
        let rows: Vec<MessageRow> = on_pool!(self.pool, db => {
            sqlx::query_as(SQL).bind(session.as_str()).bind(after.get()).bind(limit).fetch_all(db).await?
        });
        rows.into_iter().map(Message::try_from).collect()
    }

    /// The latest messages of a conversation, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn latest(&self, session: &SessionId, limit: u32) -> Result<Vec<Message>> {
        const SQL: &str = "
            SELECT id, author, body, intent, suggested_action, sources, quick_replies, client_message_id,
                   is_protected, created_at_ms, agent_name, engine
            FROM messages WHERE session_id = ?
            ORDER BY id DESC LIMIT ?";
        let rows: Vec<MessageRow> = on_pool!(self.pool, db => {
            sqlx::query_as(SQL).bind(session.as_str()).bind(limit).fetch_all(db).await?
        });
        rows.into_iter().rev().map(Message::try_from).collect()
    }

    /// One message of a conversation.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn find(&self, session: &SessionId, id: MessageId) -> Result<Option<Message>> {
        let previous = MessageId::new(id.get() - 1);
        Ok(self.after(session, previous, 1).await?.into_iter().find(|message| message.id == id))
    }

    /// The last message of a conversation that was answered with `HANDOVER`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn last_handover(&self, session: &SessionId) -> Result<Option<MessageId>> {
        const SQL: &str = "
            SELECT id FROM messages WHERE session_id = ? AND suggested_action = 'HANDOVER'
            ORDER BY id DESC LIMIT 1";
        let row: Option<(i64,)> = on_pool!(self.pool, db => {
            sqlx::query_as(SQL).bind(session.as_str()).fetch_optional(db).await?
        });
        Ok(row.map(|(id,)| MessageId::new(id)))
    }

    /// The decision that answered a customer's message, and the assistant's message that was its answer.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn answer_to(&self, session: &SessionId, question: MessageId) -> Result<Option<(Message, Decision)>> {
        // An answer comes after its question, most often right after.
        const SQL: &str = "
            SELECT d.message_id, d.ticket, d.category, d.confidence, d.rule, d.stage_before,
                   d.stage_after, d.handover_change, d.engine, d.pack_digest, d.program_version,
                   d.category_candidates, d.elapsed_ms, d.passages
            FROM decisions d JOIN messages m ON m.id = d.message_id
            WHERE m.session_id = ? AND m.id > ? AND d.user_message_id = ?
            ORDER BY m.id LIMIT 1";
        let row: Option<DecisionRow> = on_pool!(self.pool, db => {
            let query = sqlx::query_as(SQL).bind(session.as_str()).bind(question.get()).bind(question.get());
            query.fetch_optional(db).await?
        });
        let Some(row) = row else { return Ok(None) };
        let message = self.find(session, MessageId::new(row.message_id)).await?;
        Ok(message.zip(Some(Decision::try_from(row)?)))
    }
}

/// A message's values in the order of [`INTO`]'s columns.
pub(super) fn row(session: &Session, message: &NewMessage) -> Vec<Value> {
    row_at(session, message, session.updated_at)
}

/// The same for a message that was said before.
pub(super) fn row_at(session: &Session, message: &NewMessage, created_at: Timestamp) -> Vec<Value> {
    vec![
        session.id.as_str().to_owned().into(),
        Value::Word(message.author.as_str()),
        message.body.clone().into(),
        Value::MaybeWord(message.intent.map(Intent::as_str)),
        Value::MaybeWord(message.suggested_action.map(SuggestedAction::as_str)),
        json_unless_empty(&message.sources),
        json_unless_empty(&message.quick_replies),
        Value::MaybeText(message.client_message_id.as_ref().map(|id| id.as_str().to_owned())),
        Value::Bool(message.is_protected),
        Value::Int(created_at.unix_ms()),
        Value::MaybeText(session.agent_name(message.author).map(str::to_owned)),
        Value::MaybeWord(message.engine.map(Engine::as_str)),
    ]
}

/// A decision's values in the order of [`INTO_DECISIONS`]'s columns.
pub(super) fn decision_row(decision: &Decision, answer: i64, question: i64, decided_at: Timestamp) -> Vec<Value> {
    vec![
        Value::Int(answer),
        Value::Int(question),
        Value::Word(decision.ticket.as_str()),
        Value::MaybeText(decision.category.clone()),
        Value::Real(decision.confidence.into()),
        decision.rule.clone().into(),
        Value::Word(decision.stage_before.as_str()),
        Value::Word(decision.stage_after.as_str()),
        Value::MaybeWord(decision.handover_change.map(HandoverStatus::as_str)),
        Value::Word(decision.engine.as_str()),
        decision.pack_digest.clone().into(),
        decision.program_version.clone().into(),
        json_unless_empty(&decision.category_candidates),
        Value::Int(decision.elapsed_ms),
        json_unless_empty(&decision.passages),
        Value::Int(decided_at.unix_ms()),
    ]
}

pub(super) fn json_unless_empty<T: Serialize>(list: &[T]) -> Value {
    Value::MaybeText((!list.is_empty()).then(|| serde_json::to_string(list).unwrap_or_default()))
}

fn list<T: DeserializeOwned>(json: Option<String>, column: &'static str) -> Result<Vec<T>> {
    json.map_or_else(
        || Ok(Vec::new()),
        |json| serde_json::from_str(&json).map_err(|_| StoreError::Unreadable { column }),
    )
}

/// Reads an optional word of a closed set.
fn word<T>(word: Option<String>, parse: fn(&str) -> Option<T>, column: &'static str) -> Result<Option<T>> {
    word.map(|word| parse(&word).ok_or(StoreError::Unreadable { column })).transpose()
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    id: i64,
    author: String,
    body: String,
    intent: Option<String>,
    suggested_action: Option<String>,
    sources: Option<String>,
    quick_replies: Option<String>,
    client_message_id: Option<Vec<u8>>,
    is_protected: bool,
    created_at_ms: i64,
    agent_name: Option<String>,
    engine: Option<String>,
}

impl TryFrom<MessageRow> for Message {
    type Error = StoreError;

    fn try_from(row: MessageRow) -> Result<Self> {
        let client_message_id = row
            .client_message_id
            .and_then(|id| String::from_utf8(id).ok().and_then(|id| ClientMessageId::parse(&id).ok()));
        Ok(Self {
            id: MessageId::new(row.id),
            author: Author::parse(&row.author).ok_or(StoreError::Unreadable { column: "messages.author" })?,
            body: row.body,
            intent: word(row.intent, Intent::parse, "messages.intent")?,
            suggested_action: word(row.suggested_action, SuggestedAction::parse, "messages.suggested_action")?,
            sources: list(row.sources, "messages.sources")?,
            quick_replies: list(row.quick_replies, "messages.quick_replies")?,
            client_message_id,
            is_protected: row.is_protected,
            agent_name: row.agent_name,
            engine: word(row.engine, Engine::parse, "messages.engine")?,
            created_at: Timestamp::from_unix_ms(row.created_at_ms),
        })
    }
}

#[derive(sqlx::FromRow)]
struct DecisionRow {
    message_id: i64,
    ticket: String,
    category: Option<String>,
    confidence: f64,
    rule: String,
    stage_before: String,
    stage_after: String,
    handover_change: Option<String>,
    engine: String,
    pack_digest: String,
    program_version: String,
    category_candidates: Option<String>,
    elapsed_ms: Option<i64>,
    passages: Option<String>,
}

impl TryFrom<DecisionRow> for Decision {
    type Error = StoreError;

    fn try_from(row: DecisionRow) -> Result<Self> {
        Ok(Self {
            ticket: Ticket::parse(&row.ticket).ok_or(StoreError::Unreadable { column: "decisions.ticket" })?,
            category: row.category,
            confidence: row.confidence as f32,
            rule: row.rule,
            stage_before: StageName::parse(&row.stage_before)
                .ok_or(StoreError::Unreadable { column: "decisions.stage_before" })?,
            stage_after: StageName::parse(&row.stage_after)
                .ok_or(StoreError::Unreadable { column: "decisions.stage_after" })?,
            handover_change: word(row.handover_change, HandoverStatus::parse, "decisions.handover_change")?,
            engine: Engine::parse(&row.engine).ok_or(StoreError::Unreadable { column: "decisions.engine" })?,
            pack_digest: row.pack_digest,
            program_version: row.program_version,
            category_candidates: list(row.category_candidates, "decisions.category_candidates")?,
            elapsed_ms: row.elapsed_ms.unwrap_or_default(),
            passages: list(row.passages, "decisions.passages")?,
        })
    }
}
