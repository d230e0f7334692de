//! Conversations.

use crate::domain::Activity;
use crate::domain::Attendant;
use crate::domain::Collected;
use crate::domain::CustomerReference;
use crate::domain::Handover;
use crate::domain::HandoverStatus;
use crate::domain::Session;
use crate::domain::SessionId;
use crate::domain::Timestamp;
use crate::domain::TokenHash;
use crate::store::Result;
use crate::store::StoreError;
use crate::store::pool::Pool;
use crate::store::pool::on_pool;
use crate::store::statement::Value;

/// What is inserted into, up to the values, for [`row`].
pub(super) const INTO: &str = "INTO sessions (
    id, version, token_hash, created_at_ms, updated_at_ms, last_message_at_ms, activity, stage, collected, topic,
    handover_status, handover_requested_at_ms, handover_accepted_at_ms, agent_id, is_listed_for_agents,
    customer_reference, agent_name)";
/// Number of columns in [`INTO`].
pub(super) const COLUMNS: usize = 17;
/// Replaces the conversation's state; who opened it, and when, stays. Falling silent is no going on: a conversation that was moved
/// from the earlier system stays one that only was moved.
pub(super) const UPSERT_SQLITE: &str = "ON CONFLICT (id) DO UPDATE SET
    moved_version = CASE WHEN moved_version = sessions.version AND excluded.activity = 'silent'
        THEN excluded.version ELSE moved_version END,
    version = excluded.version, updated_at_ms = excluded.updated_at_ms,
    last_message_at_ms = excluded.last_message_at_ms, activity = excluded.activity, stage = excluded.stage,
    collected = excluded.collected, topic = excluded.topic, handover_status = excluded.handover_status,
    handover_requested_at_ms = excluded.handover_requested_at_ms,
    handover_accepted_at_ms = excluded.handover_accepted_at_ms, agent_id = excluded.agent_id,
    is_listed_for_agents = excluded.is_listed_for_agents, agent_name = excluded.agent_name";
/// The same for MariaDB, which assigns from left to right: what looks at the version comes before it.
pub(super) const UPSERT_MYSQL: &str = "ON DUPLICATE KEY UPDATE
    moved_version = CASE WHEN moved_version = version AND VALUES(activity) = 'silent'
        THEN VALUES(version) ELSE moved_version END,
    version = VALUES(version), updated_at_ms = VALUES(updated_at_ms),
    last_message_at_ms = VALUES(last_message_at_ms), activity = VALUES(activity), stage = VALUES(stage),
    collected = VALUES(collected), topic = VALUES(topic), handover_status = VALUES(handover_status),
    handover_requested_at_ms = VALUES(handover_requested_at_ms),
    handover_accepted_at_ms = VALUES(handover_accepted_at_ms), agent_id = VALUES(agent_id),
    is_listed_for_agents = VALUES(is_listed_for_agents), agent_name = VALUES(agent_name)";

/// Selects whole conversations, for [`SessionRow`].
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, version, token_hash, created_at_ms, updated_at_ms, last_message_at_ms, activity, stage, collected, topic,
                    handover_status, handover_requested_at_ms, handover_accepted_at_ms, agent_id, is_listed_for_agents,
                    customer_reference, agent_name
             FROM sessions ",
            $rest
        )
    };
}

/// Reads conversations.
pub struct Sessions<'s> {
    pool: &'s Pool,
}

impl<'s> Sessions<'s> {
    pub(super) fn new(pool: &'s Pool) -> Self {
        Self { pool }
    }

    /// The conversation with this id.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn find(&self, id: &SessionId) -> Result<Option<Session>> {
        const SQL: &str = select!("WHERE id = ?");
        let row: Option<SessionRow> = on_pool!(self.pool, db => {
            sqlx::query_as(SQL).bind(id.as_str()).fetch_optional(db).await?
        });
        row.map(Session::try_from).transpose()
    }

    /// How many conversations that are not closed wait for an agent since before `since`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn waiting_before(&self, since: Timestamp) -> Result<u32> {
        const SQL: &str = "
            SELECT COUNT(*) FROM sessions
            WHERE handover_status = 'pending' AND activity <> 'closed' AND handover_requested_at_ms < ?";
        let (count,): (i64,) = on_pool!(self.pool, db => {
            sqlx::query_as(SQL).bind(since.unix_ms()).fetch_one(db).await?
        });
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Active conversations that agents should see, most recently used first, at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn listed_for_agents(&self, limit: u32) -> Result<Vec<Session>> {
        const SQL: &str = select!(
            "WHERE activity = 'active' AND is_listed_for_agents = TRUE ORDER BY last_message_at_ms DESC LIMIT ?"
        );
        let rows: Vec<SessionRow> = on_pool!(self.pool, db => {
            sqlx::query_as(SQL).bind(limit).fetch_all(db).await?
        });
        rows.into_iter().map(Session::try_from).collect()
    }

    /// Conversations that are over, most recently changed first, at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn closed(&self, limit: u32) -> Result<Vec<Session>> {
        const SQL: &str = select!("WHERE activity IN ('silent', 'closed') ORDER BY updated_at_ms DESC LIMIT ?");
        let rows: Vec<SessionRow> = on_pool!(self.pool, db => {
            sqlx::query_as(SQL).bind(limit).fetch_all(db).await?
        });
        rows.into_iter().map(Session::try_from).collect()
    }

    /// Active conversations whose last message is older than `cutoff` and that neither wait for an agent nor have
    /// one, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn silent_since(&self, cutoff: Timestamp, limit: u32) -> Result<Vec<SessionId>> {
        const SQL: &str = "
            SELECT id FROM sessions
            WHERE activity = 'active' AND last_message_at_ms < ?
              AND (handover_status IS NULL OR handover_status NOT IN ('pending', 'accepted'))
            ORDER BY last_message_at_ms LIMIT ?";
        let rows: Vec<(Vec<u8>,)> = on_pool!(self.pool, db => {
            sqlx::query_as(SQL).bind(cutoff.unix_ms()).bind(limit).fetch_all(db).await?
        });
        rows.into_iter().map(|(id,)| session_id(id)).collect()
    }
}

/// A conversation's values in the order of [`INTO`]'s columns, one version on.
pub(super) fn row(session: &Session) -> Vec<Value> {
    let ms = |at: Option<Timestamp>| Value::MaybeInt(at.map(Timestamp::unix_ms));
    vec![
        session.id.as_str().to_owned().into(),
        Value::Int(session.version + 1),
        Value::MaybeText(session.token_hash.as_ref().map(|hash| hash.0.clone())),
        Value::Int(session.created_at.unix_ms()),
        Value::Int(session.updated_at.unix_ms()),
        ms(session.last_message_at),
        Value::Word(session.activity.as_str()),
        json(&session.stage),
        json(&session.collected),
        Value::MaybeText(session.topic.clone()),
        Value::MaybeWord(session.handover.status().map(HandoverStatus::as_str)),
        ms(session.handover.requested_at()),
        ms(session.handover.accepted_at()),
        Value::MaybeText(session.handover.agent_id().map(str::to_owned)),
        Value::Bool(session.is_listed_for_agents),
        Value::MaybeText(session.customer.as_ref().map(|reference| reference.as_str().to_owned())),
        Value::MaybeText(session.handover.agent_name().map(str::to_owned)),
    ]
}

/// A session id as either database returns it.
pub(super) fn session_id(stored: Vec<u8>) -> Result<SessionId> {
    String::from_utf8(stored)
        .ok()
        .and_then(|id| SessionId::parse(&id).ok())
        .ok_or(StoreError::Unreadable { column: "sessions.id" })
}

/// A customer as either database returns him.
fn customer(stored: Vec<u8>) -> Result<CustomerReference> {
    String::from_utf8(stored)
        .ok()
        .and_then(|reference| CustomerReference::parse(&reference).ok())
        .ok_or(StoreError::Unreadable { column: "sessions.customer_reference" })
}

/// A value of ours as JSON text. Maps have string keys and numbers are finite, so this cannot fail.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_string(value).unwrap_or_default().into()
}

/// Selects whole conversations by their ids, for [`SessionRow`].
pub(super) const SELECT_BY_IDS: &str = select!("WHERE id IN (");

/// A conversation as either database returns it.
#[derive(sqlx::FromRow)]
pub(super) struct SessionRow {
    id: Vec<u8>,
    version: i64,
    token_hash: Option<String>,
    created_at_ms: i64,
    updated_at_ms: i64,
    last_message_at_ms: Option<i64>,
    activity: String,
    stage: String,
    collected: String,
    topic: Option<String>,
    handover_status: Option<String>,
    handover_requested_at_ms: Option<i64>,
    handover_accepted_at_ms: Option<i64>,
    agent_id: Option<String>,
    is_listed_for_agents: bool,
    customer_reference: Option<Vec<u8>>,
    agent_name: Option<String>,
}

impl TryFrom<SessionRow> for Session {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self> {
        let unreadable = |column| StoreError::Unreadable { column };
        let at = |ms: Option<i64>| ms.map(Timestamp::from_unix_ms);
        let status = match row.handover_status {
            Some(word) => Some(HandoverStatus::parse(&word).ok_or_else(|| unreadable("sessions.handover_status"))?),
            None => None,
        };
        Ok(Self {
            id: session_id(row.id)?,
            version: row.version,
            token_hash: row.token_hash.map(TokenHash),
            customer: row.customer_reference.map(customer).transpose()?,
            created_at: Timestamp::from_unix_ms(row.created_at_ms),
            updated_at: Timestamp::from_unix_ms(row.updated_at_ms),
            last_message_at: at(row.last_message_at_ms),
            activity: Activity::parse(&row.activity).ok_or_else(|| unreadable("sessions.activity"))?,
            stage: serde_json::from_str(&row.stage).map_err(|_| unreadable("sessions.stage"))?,
            collected: serde_json::from_str::<Collected>(&row.collected)
                .map_err(|_| unreadable("sessions.collected"))?,
            topic: row.topic,
            handover: Handover::restore(
                status,
                at(row.handover_requested_at_ms),
                at(row.handover_accepted_at_ms),
                Attendant { id: row.agent_id, name: row.agent_name },
            ),
            is_listed_for_agents: row.is_listed_for_agents,
        })
    }
}
