//! Conversations of the earlier system on their way into this one: what of them is here, and storing them by the hundred.
//!
//! A moved message is known by its number there (`messages.earlier_id`), a moved conversation by its messages or, if none is here, by
//! its name; `sessions.moved_version` is the version it had when it was last moved. Many conversations are one transaction, so
//! that whatever ends the program leaves each of them whole or not at all, and the next attempt goes on where the last one ended.

use std::collections::HashMap;
use std::collections::HashSet;
use std::time::Duration;

use crate::domain::Session;
use crate::domain::SessionId;
use crate::domain::Timestamp;
use crate::store::NewMessage;
use crate::store::Result;
use crate::store::StoreError;
use crate::store::dialect::Tx;
use crate::store::dialect::WriteLease;
use crate::store::dialect::fetch_apart;
use crate::store::messages;
use crate::store::pool::Pool;
use crate::store::pool::in_time;
use crate::store::sessions;
use crate::store::sessions::SessionRow;
use crate::store::statement::Statement;
use crate::store::statement::Value;

/// How long storing some hundreds of conversations may take, on a disk that is busy with customers.
const WRITE_TIMEOUT: Duration = Duration::from_mins(2);
/// How often a transaction that met another one is tried again.
const RETRIES: usize = 5;

const INTO_SESSIONS: &str = "INTO sessions (
    id, version, token_hash, created_at_ms, updated_at_ms, last_message_at_ms, activity, stage, collected, topic,
    handover_status, handover_requested_at_ms, handover_accepted_at_ms, agent_id, is_listed_for_agents,
    customer_reference, agent_name, moved_version)";
const SESSION_COLUMNS: usize = sessions::COLUMNS + 1;
const UPSERT_SQLITE: &str = "ON CONFLICT (id) DO UPDATE SET
    version = excluded.version, moved_version = excluded.moved_version, updated_at_ms = excluded.updated_at_ms,
    last_message_at_ms = excluded.last_message_at_ms, activity = excluded.activity, stage = excluded.stage,
    collected = excluded.collected, topic = excluded.topic, handover_status = excluded.handover_status,
    handover_requested_at_ms = excluded.handover_requested_at_ms,
    handover_accepted_at_ms = excluded.handover_accepted_at_ms, agent_id = excluded.agent_id,
    is_listed_for_agents = excluded.is_listed_for_agents, agent_name = excluded.agent_name";
const UPSERT_MYSQL: &str = "ON DUPLICATE KEY UPDATE
    version = VALUES(version), moved_version = VALUES(moved_version), updated_at_ms = VALUES(updated_at_ms),
    last_message_at_ms = VALUES(last_message_at_ms), activity = VALUES(activity), stage = VALUES(stage),
    collected = VALUES(collected), topic = VALUES(topic), handover_status = VALUES(handover_status),
    handover_requested_at_ms = VALUES(handover_requested_at_ms),
    handover_accepted_at_ms = VALUES(handover_accepted_at_ms), agent_id = VALUES(agent_id),
    is_listed_for_agents = VALUES(is_listed_for_agents), agent_name = VALUES(agent_name)";

/// With the number they had, and with a new one.
const INTO_MESSAGES: &str = "INTO messages (
    session_id, author, body, intent, suggested_action, sources, quick_replies, client_message_id, is_protected,
    created_at_ms, agent_name, engine, earlier_id, id)";
const INTO_MESSAGES_ANEW: &str = "INTO messages (
    session_id, author, body, intent, suggested_action, sources, quick_replies, client_message_id, is_protected,
    created_at_ms, agent_name, engine, earlier_id)";

/// A conversation's next state here, and the messages it brings.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Its state. `version` is that of what is here; 0 if nothing is.
    pub session: Session,
    /// The last message that is here.
    pub last_message: Option<i64>,
    /// In order; they come after those that are here.
    pub messages: Vec<ArrivingMessage>,
}

/// A message with what it was there.
#[derive(Debug, Clone)]
pub struct ArrivingMessage {
    /// Its number there, which it keeps if that is free.
    pub earlier_id: i64,
    /// What it says.
    pub message: NewMessage,
    /// When it was said.
    pub created_at: Timestamp,
}

/// By what a conversation of the earlier system is known.
#[derive(Debug, Clone)]
pub struct Known {
    /// The number of its first message.
    pub first_message: Option<i64>,
    /// The names it may have here, the likeliest first.
    pub names: Vec<SessionId>,
}

/// What is here of a conversation.
#[derive(Debug, Clone)]
pub struct Here {
    /// Its state.
    pub session: Session,
    /// The version it was moved with; `None` if it began here.
    pub moved_version: Option<i64>,
    /// Its messages' numbers there.
    pub earlier_ids: HashSet<i64>,
    /// Its last message's number here.
    pub last_message: Option<i64>,
}

impl Here {
    /// It was moved and nothing happened to it since.
    pub fn is_as_moved(&self) -> bool {
        self.moved_version == Some(self.session.version)
    }
}

/// Why conversations were not stored.
#[derive(Debug, thiserror::Error)]
pub enum ArrivalError {
    /// Something changed since what is here was read; read it again.
    #[error("what is here changed meanwhile")]
    Changed,
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Stores what comes over.
pub struct Arrivals<'s> {
    pool: &'s Pool,
}

impl<'s> Arrivals<'s> {
    pub(super) fn new(pool: &'s Pool) -> Self {
        Self { pool }
    }

    /// What is here of these conversations, in their order.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn here(&self, known: &[Known]) -> Result<Vec<Option<Here>>> {
        let firsts: Vec<_> = known.iter().filter_map(|one| Some(vec![Value::Int(one.first_message?)])).collect();
        let select = "SELECT earlier_id, session_id FROM messages WHERE earlier_id IN (";
        let by_message: HashMap<i64, Vec<u8>> =
            fetch_apart(self.pool, Statement::selects(select, "?", ", ", ")", &firsts)).await?.into_iter().collect();
        let named = known.iter().flat_map(|one| one.names.iter().map(|name| name.as_str().to_owned()));
        let by_message_names = by_message.values().filter_map(|name| String::from_utf8(name.clone()).ok());
        let names: HashSet<String> = named.chain(by_message_names).collect();
        let mut here = self.sessions(names.into_iter().collect()).await?;
        let taken = known.iter().map(|one| {
            let by_message = one.first_message.and_then(|first| by_message.get(&first));
            let by_message = by_message.and_then(|name| here.get(name.as_slice()));
            let mut by_name = one.names.iter().filter_map(|name| here.get(name.as_str().as_bytes()));
            by_message.or_else(|| by_name.next()).map(|found| found.session.id.clone())
        });
        let taken: Vec<Option<SessionId>> = taken.collect();
        let moved = taken
            .iter()
            .flatten()
            .filter(|id| here.get(id.as_str().as_bytes()).is_some_and(|found| found.moved_version.is_some()));
        let keys: Vec<_> = moved.map(|id| vec![id.as_str().to_owned().into()]).collect();
        let select = "SELECT session_id, id, earlier_id FROM messages WHERE session_id IN (";
        let messages: Vec<(Vec<u8>, i64, Option<i64>)> =
            fetch_apart(self.pool, Statement::selects(select, "?", ", ", ")", &keys)).await?;
        for (session, id, earlier_id) in messages {
            if let Some(found) = here.get_mut(&session) {
                found.earlier_ids.extend(earlier_id);
                found.last_message = found.last_message.max(Some(id));
            }
        }
        Ok(taken.into_iter().map(|id| here.remove(id?.as_str().as_bytes())).collect())
    }

    /// Conversations by their names.
    async fn sessions(&self, names: Vec<String>) -> Result<HashMap<Vec<u8>, Here>> {
        let keys: Vec<_> = names.into_iter().map(|name| vec![Value::Text(name)]).collect();
        let statements =
            Statement::selects("SELECT id, moved_version FROM sessions WHERE id IN (", "?", ", ", ")", &keys);
        let moved: HashMap<Vec<u8>, Option<i64>> = fetch_apart(self.pool, statements).await?.into_iter().collect();
        if moved.is_empty() {
            return Ok(HashMap::new());
        }
        let statements = Statement::selects(sessions::SELECT_BY_IDS, "?", ", ", ")", &keys);
        let rows: Vec<SessionRow> = fetch_apart(self.pool, statements).await?;
        let mut here = HashMap::with_capacity(rows.len());
        for row in rows {
            let session = Session::try_from(row)?;
            let key = session.id.as_str().as_bytes().to_vec();
            let moved_version = moved.get(&key).copied().flatten();
            here.insert(key, Here { session, moved_version, earlier_ids: HashSet::new(), last_message: None });
        }
        Ok(here)
    }

    /// Which of the conversations would have their messages numbered anew now.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn renumbered(&self, arrivals: &[Arrival]) -> Result<Vec<bool>> {
        let statements =
            Statement::selects("SELECT id FROM messages WHERE id IN (", "?", ", ", ")", &numbers(arrivals));
        let taken: Vec<(i64,)> = fetch_apart(self.pool, statements).await?;
        Ok(renumbered(arrivals, &taken.into_iter().map(|(id,)| id).collect()))
    }

    /// Keeps numbers up to `last` for messages that are to come: whatever is said here meanwhile has a higher one.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn reserve(&self, last: i64) -> Result<()> {
        let reserve = async {
            let mut lease = WriteLease::of(self.pool).await?;
            let mut tx = Tx::begin(&mut lease).await?;
            let newest: Vec<(i64,)> =
                tx.fetch(Statement::plain("SELECT COALESCE(MAX(id), 0) FROM messages", Vec::new())).await?;
            if newest.first().is_none_or(|(newest,)| *newest < last) {
                const PLACEHOLDER: &str =
                    "INSERT INTO messages (id, session_id, author, body, is_protected, created_at_ms)
                     VALUES (?, '', 'system', '', FALSE, 0)";
                tx.execute(Statement::plain(PLACEHOLDER, vec![Value::Int(last)])).await?;
                let remove = "DELETE FROM messages WHERE id = ?";
                tx.execute(Statement::plain(remove, vec![Value::Int(last)])).await?;
            }
            tx.commit().await?;
            lease.end();
            Ok(())
        };
        in_time(WRITE_TIMEOUT, reserve).await
    }

    /// Stores conversations, all or none; which of them have their messages numbered anew.
    ///
    /// # Errors
    /// [`ArrivalError::Changed`] if one of them is no longer as it was read.
    pub async fn store(&self, arrivals: &[Arrival]) -> Result<Vec<bool>, ArrivalError> {
        let mut attempt = 0;
        loop {
            match in_time(WRITE_TIMEOUT, async { Ok(self.store_once(arrivals).await) }).await? {
                Err(ArrivalError::Store(error)) if error.is_repetition() => return Err(ArrivalError::Changed),
                Err(ArrivalError::Store(error))
                    if attempt < RETRIES && (error.is_deadlock() || matches!(error, StoreError::TimedOut)) =>
                {
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn store_once(&self, arrivals: &[Arrival]) -> Result<Vec<bool>, ArrivalError> {
        let mut lease = WriteLease::of(self.pool).await?;
        let mut tx = Tx::begin(&mut lease).await?;
        if !is_unchanged(&mut tx, arrivals).await? {
            return Err(ArrivalError::Changed);
        }
        let mut taken = HashSet::new();
        for statement in Statement::selects("SELECT id FROM messages WHERE id IN (", "?", ", ", ")", &numbers(arrivals))
        {
            taken.extend(tx.fetch::<(i64,)>(statement).await?.into_iter().map(|(id,)| id));
        }
        let renumbered = renumbered(arrivals, &taken);
        let (verb, end) = (tx.insert_verb(), tx.upsert(UPSERT_SQLITE, UPSERT_MYSQL));
        let rows = arrivals.iter().map(|arrival| session_row(&arrival.session)).collect();
        for statement in Statement::inserts(verb, INTO_SESSIONS, SESSION_COLUMNS, end, rows) {
            tx.execute(statement).await?;
        }
        let (mut kept, mut anew) = (Vec::new(), Vec::new());
        for (arrival, is_renumbered) in arrivals.iter().zip(&renumbered) {
            for arriving in &arrival.messages {
                let mut row = messages::row_at(&arrival.session, &arriving.message, arriving.created_at);
                row.push(Value::Int(arriving.earlier_id));
                if *is_renumbered {
                    anew.push(row);
                } else {
                    row.push(Value::Int(arriving.earlier_id));
                    kept.push(row);
                }
            }
        }
        // Those that keep their numbers come first, so that no new number is one of theirs.
        let (columns, anew_columns) = (messages::COLUMNS + 2, messages::COLUMNS + 1);
        let kept = Statement::inserts(verb, INTO_MESSAGES, columns, "", kept);
        let anew = Statement::inserts(verb, INTO_MESSAGES_ANEW, anew_columns, "", anew);
        for statement in kept.into_iter().chain(anew) {
            tx.execute(statement).await?;
        }
        tx.commit().await?;
        lease.end();
        Ok(renumbered)
    }
}

/// Whether what is here is what the arrivals were made for; locks it until the end of the transaction.
async fn is_unchanged(tx: &mut Tx<'_>, arrivals: &[Arrival]) -> Result<bool> {
    // Sorted, so that everybody locks the same rows in the same order.
    let mut ids: Vec<&str> = arrivals.iter().map(|arrival| arrival.session.id.as_str()).collect();
    ids.sort_unstable();
    let keys: Vec<_> = ids.into_iter().map(|id| vec![Value::Text(id.to_owned())]).collect();
    let end = tx.keys_end_for_update();
    let mut versions: HashMap<Vec<u8>, i64> = HashMap::new();
    for statement in Statement::selects("SELECT id, version FROM sessions WHERE id IN (", "?", ", ", end, &keys) {
        versions.extend(tx.fetch::<(Vec<u8>, i64)>(statement).await?);
    }
    let is_same = |arrival: &Arrival| {
        let stored = versions.get(arrival.session.id.as_str().as_bytes()).copied().unwrap_or(0);
        stored == arrival.session.version
    };
    Ok(arrivals.iter().all(is_same))
}

fn session_row(session: &Session) -> Vec<Value> {
    let mut row = sessions::row(session);
    row.push(Value::Int(session.version + 1));
    row
}

/// The numbers that messages would keep.
fn numbers(arrivals: &[Arrival]) -> Vec<Vec<Value>> {
    let messages = arrivals.iter().flat_map(|arrival| &arrival.messages);
    messages.map(|message| vec![Value::Int(message.earlier_id)]).collect()
}

/// A conversation's messages keep their numbers together or not at all, so that their order stays: if all are free, and higher than those
/// of its messages that are here.
fn renumbered(arrivals: &[Arrival], taken: &HashSet<i64>) -> Vec<bool> {
    let is_renumbered = |arrival: &Arrival| {
        let last = arrival.last_message.unwrap_or(0);
        arrival.messages.iter().any(|message| message.earlier_id <= last || taken.contains(&message.earlier_id))
    };
    arrivals.iter().map(is_renumbered).collect()
}
