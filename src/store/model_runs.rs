//! What language models were asked, and what became of their answers.

use serde::Serialize;

use crate::config::LlmRole;
use crate::domain::MessageId;
use crate::domain::PassageVersion;
use crate::domain::SessionId;
use crate::domain::Timestamp;
use crate::store::Result;
use crate::store::dialect::Rows;
use crate::store::dialect::insert_apart;
use crate::store::messages::json_unless_empty;
use crate::store::pool::Pool;
use crate::store::pool::on_pool;
use crate::store::sessions::session_id;
use crate::store::statement::Statement;
use crate::store::statement::Value;
use crate::text::pii::Masked;

/// What is inserted into, up to the values, for [`row`].
pub(super) const INTO: &str = "INTO model_runs (
    session_id, message_id, role, started_at_ms, endpoint, model, prompt_version, outcome, reason, attempts,
    queued_ms, first_token_ms, total_ms, prompt_tokens, completion_tokens, is_estimated, passages, verdicts)";
/// Number of columns in [`INTO`].
pub(super) const COLUMNS: usize = 18;

/// A statement that reads [`StoredRun`]s: what else is read, and which.
macro_rules! select_runs {
    ($more:literal, $which:literal) => {
        concat!(
            "SELECT r.id, r.message_id, r.role, r.started_at_ms, r.endpoint, r.model, r.prompt_version, r.outcome, r.reason,
                    r.attempts, r.queued_ms, r.first_token_ms, r.total_ms, r.prompt_tokens, r.completion_tokens,
                    r.is_estimated, r.passages, r.verdicts, m.engine",
            $more,
            " FROM model_runs r LEFT JOIN messages m ON m.id = r.message_id ",
            $which
        )
    };
}

/// One question to a language model, for the record.
#[derive(Debug, Clone)]
pub struct ModelRun {
    /// What it was asked to do.
    pub role: LlmRole,
    /// When.
    pub started_at: Timestamp,
    /// Which endpoint answered; `None` if none was asked, or none answered.
    pub endpoint: Option<String>,
    /// Which model.
    pub model: Option<String>,
    /// Version of the prompt: its name and the digest of its text.
    pub prompt_version: String,
    /// What became of it.
    pub outcome: RunOutcome,
    /// Why not all of it was used, in one word.
    pub reason: Option<&'static str>,
    /// Endpoints that were asked.
    pub attempts: u32,
    /// Waiting for a free endpoint, in milliseconds.
    pub queued_ms: u64,
    /// From asking to the first token, in milliseconds.
    pub first_token_ms: Option<u64>,
    /// From beginning to end, in milliseconds.
    pub total_ms: u64,
    /// Tokens of what was asked.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
    /// The endpoint did not say how many tokens.
    pub is_estimated: bool,
    /// The passages it was given.
    pub passages: Vec<PassageVersion>,
    /// The guard's verdict on each sentence.
    pub verdicts: Vec<Verdict>,
}

/// The number of a stored run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunId(pub(super) i64);

/// What became of what a model said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// All of it was used.
    Used,
    /// Its beginning was used; the embedded engine finished it.
    Finished,
    /// None of it was used.
    Unused,
    /// It is about to be asked. The record of what came of it takes its place, unless the program is killed before.
    Begun,
}

/// The guard's verdict on a sentence.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// `released`, or the fault.
    pub verdict: &'static str,
    /// Numbers of the passages it cites.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cites: Vec<usize>,
    /// The sentence, if it was stopped.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub stopped: Option<Masked>,
}

fn as_text<S: serde::Serializer>(text: &Option<Masked>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(text.as_ref().map_or("", Masked::as_str))
}

impl RunOutcome {
    /// The word in the database and in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Finished => "finished",
            Self::Unused => "unused",
            Self::Begun => "begun",
        }
    }
}

/// Reads what models were asked.
pub struct ModelRuns<'s> {
    pool: &'s Pool,
}

/// A stored run, as it is shown to auditors.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StoredRun {
    /// Its number.
    pub id: i64,
    /// The assistant's message; the customer's, while it is not answered.
    pub message_id: Option<i64>,
    /// What the model was asked to do.
    pub role: String,
    /// When, in milliseconds since the Unix epoch.
    pub started_at_ms: i64,
    /// Which endpoint.
    pub endpoint: Option<String>,
    /// Which model.
    pub model: Option<String>,
    /// Version of the prompt.
    pub prompt_version: String,
    /// What became of it.
    pub outcome: String,
    /// Why not all of it was used.
    pub reason: Option<String>,
    /// Endpoints that were asked.
    pub attempts: i64,
    /// Waiting for a free endpoint.
    pub queued_ms: i64,
    /// From asking to the first token.
    pub first_token_ms: Option<i64>,
    /// From beginning to end.
    pub total_ms: i64,
    /// Tokens of what was asked.
    pub prompt_tokens: i64,
    /// Tokens of the answer.
    pub completion_tokens: i64,
    /// The endpoint did not say how many tokens.
    pub is_estimated: bool,
    /// The passages it was given, as JSON.
    pub passages: Option<String>,
    /// The guard's verdicts, as JSON.
    pub verdicts: Option<String>,
    /// What wrote the assistant's message.
    pub engine: Option<String>,
}

/// A run with the conversation it belongs to.
#[derive(sqlx::FromRow)]
struct RunOfSession {
    session_id: Vec<u8>,
    #[sqlx(flatten)]
    run: StoredRun,
}

/// The last question to an endpoint.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LastRun {
    /// Which endpoint.
    pub endpoint: String,
    /// When, in milliseconds since the Unix epoch.
    pub started_at_ms: i64,
    /// What became of it.
    pub outcome: String,
    /// Why not all of it was used.
    pub reason: Option<String>,
}

impl<'s> ModelRuns<'s> {
    pub(super) fn new(pool: &'s Pool) -> Self {
        Self { pool }
    }

    /// The runs of a conversation, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn of(&self, session: &SessionId, limit: u32) -> Result<Vec<StoredRun>> {
        const SQL: &str = select_runs!("", "WHERE r.session_id = ? ORDER BY r.id LIMIT ?");
        Ok(on_pool!(self.pool, db => sqlx::query_as(SQL).bind(session.as_str()).bind(limit).fetch_all(db).await?))
    }

    /// The latest runs since a point in time, of one conversation or of all, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn latest(
        &self,
        session: Option<&SessionId>,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<(SessionId, StoredRun)>> {
        const ALL: &str = select_runs!(
            ", r.session_id",
            "WHERE r.started_at_ms >= ? ORDER BY r.started_at_ms DESC, r.id DESC LIMIT ?"
        );
        const OF_ONE: &str = select_runs!(
            ", r.session_id",
            "WHERE r.session_id = ? AND r.started_at_ms >= ? ORDER BY r.id DESC LIMIT ?"
        );
        let since = since.unix_ms();
        let rows: Vec<RunOfSession> = on_pool!(self.pool, db => match session {
            None => sqlx::query_as(ALL).bind(since).bind(limit).fetch_all(db).await?,
            Some(id) => sqlx::query_as(OF_ONE).bind(id.as_str()).bind(since).bind(limit).fetch_all(db).await?,
        });
        rows.into_iter().map(|row| Ok((session_id(row.session_id)?, row.run))).collect()
    }

    /// The last question since a point in time to each endpoint: when, what became of it, and why not all of it was used.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn last_of_endpoints(&self, since: Timestamp) -> Result<Vec<LastRun>> {
        const SQL: &str = "
            SELECT endpoint, started_at_ms, outcome, reason FROM model_runs
            WHERE id IN (SELECT MAX(id) FROM model_runs WHERE started_at_ms >= ? AND endpoint IS NOT NULL GROUP BY endpoint)
            ORDER BY endpoint LIMIT 1000";
        Ok(on_pool!(self.pool, db => sqlx::query_as(SQL).bind(since.unix_ms()).fetch_all(db).await?))
    }

    /// Records questions to models that led to no answer of the assistant's. `message` is the customer's message they were asked
    /// for, if there is one, and `begun` the record whose place they take.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add(
        &self,
        session: &SessionId,
        message: Option<MessageId>,
        begun: Option<RunId>,
        runs: &[ModelRun],
    ) -> Result<()> {
        let rows = runs.iter().map(|run| row(session, message, run)).collect();
        insert_apart(self.pool, removal(begun), vec![Rows { into: INTO, columns: COLUMNS, end: ["", ""], rows }]).await
    }

    /// The tokens spent since a point in time.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn tokens_since(&self, start: Timestamp) -> Result<u64> {
        const SQL: &str = "
            SELECT CAST(COALESCE(SUM(prompt_tokens + completion_tokens), 0) AS SIGNED)
            FROM model_runs WHERE started_at_ms >= ?";
        let (tokens,): (i64,) = on_pool!(self.pool, db => {
            sqlx::query_as(SQL).bind(start.unix_ms()).fetch_one(db).await?
        });
        Ok(tokens.unsigned_abs())
    }

    /// The tokens spent in a conversation.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn tokens_of(&self, session: &SessionId) -> Result<u64> {
        const SQL: &str = "
            SELECT CAST(COALESCE(SUM(prompt_tokens + completion_tokens), 0) AS SIGNED)
            FROM model_runs WHERE session_id = ?";
        let (tokens,): (i64,) = on_pool!(self.pool, db => {
            sqlx::query_as(SQL).bind(session.as_str()).fetch_one(db).await?
        });
        Ok(tokens.unsigned_abs())
    }
}

/// Removes records that a model is about to be asked, now that it is known what came of it.
pub(super) fn removal(runs: impl IntoIterator<Item = RunId>) -> Vec<Statement> {
    let keys: Vec<_> = runs.into_iter().map(|RunId(id)| vec![Value::Int(id)]).collect();
    Statement::selects("DELETE FROM model_runs WHERE id IN (", "?", ", ", ")", &keys)
}

/// A run's values in the order of [`INTO`]'s columns.
pub(super) fn row(session: &SessionId, message: Option<MessageId>, run: &ModelRun) -> Vec<Value> {
    let whole = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    vec![
        session.as_str().to_owned().into(),
        Value::MaybeInt(message.map(MessageId::get)),
        Value::Word(run.role.as_str()),
        Value::Int(run.started_at.unix_ms()),
        Value::MaybeText(run.endpoint.clone()),
        Value::MaybeText(run.model.clone()),
        run.prompt_version.clone().into(),
        Value::Word(run.outcome.as_str()),
        Value::MaybeWord(run.reason),
        Value::Int(run.attempts.into()),
        whole(run.queued_ms),
        Value::MaybeInt(run.first_token_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX))),
        whole(run.total_ms),
        whole(run.prompt_tokens),
        whole(run.completion_tokens),
        Value::Bool(run.is_estimated),
        json_unless_empty(&run.passages),
        json_unless_empty(&run.verdicts),
    ]
}
