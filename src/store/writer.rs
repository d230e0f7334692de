//! The one writer: whatever waits is committed together (group commit, design D2).
//!
//! A flush to disk takes milliseconds and one is needed for every commit, so throughput comes from sharing it:
//! while one transaction is being flushed the next changes queue up, and all of them become the next transaction.
//! A change that arrives alone is committed at once. Where the disk flushes faster than work comes in, commits would be
//! small and each would pay for its own statements; so after a commit of many the next waits a moment for company.
//!
//! Back-pressure: the queue holds `storage.queue_max` changes; one more is refused with
//! [`StoreError::Overloaded`]. A caller waits at most `storage.write_timeout`.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::time::Duration;

use sqlx::Executor as _;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::config::Storage;
use crate::domain::MessageId;
use crate::domain::SessionId;
use crate::store::Change;
use crate::store::CommitError;
use crate::store::Committed;
use crate::store::Result;
use crate::store::RunId;
use crate::store::StoreError;
use crate::store::dialect::Tx;
use crate::store::dialect::WriteLease;
use crate::store::messages;
use crate::store::model_runs;
use crate::store::pool::Pool;
use crate::store::reports;
use crate::store::sessions;
use crate::store::statement::Statement;
use crate::store::statement::Value;
use crate::store::trouble::Trouble;
use crate::telemetry::chain;

/// A commit of this many changes says that more are coming.
const BUSY_BATCH: usize = 8;
/// How long the next commit then waits for company.
const LINGER: Duration = Duration::from_millis(5);
/// How often a transaction that met another one is tried again before its callers are told.
const DEADLOCK_RETRIES: usize = 3;

/// A handle on the writer task.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
    write_timeout: Duration,
    trouble: Trouble,
}

struct Job {
    change: Change,
    announce: Announce,
    reply: oneshot::Sender<Outcome>,
}

/// Tells whoever watches that a change is committed.
pub(super) type Announce = Box<dyn FnOnce(&Committed) + Send>;

type Outcome = Result<Committed, CommitError>;

impl Writer {
    /// Starts the task. It ends when the last handle is gone and the queue is empty.
    pub(super) fn start(pool: Pool, settings: &Storage, tracker: &TaskTracker) -> Self {
        let (queue, jobs) = mpsc::channel(settings.queue_max);
        let (batch_max, write_timeout) = (settings.batch_max, settings.write_timeout);
        let trouble = Trouble::default();
        tracker.spawn(run(pool, jobs, batch_max, write_timeout, trouble.clone()));
        Self { queue, write_timeout, trouble }
    }

    /// What went wrong.
    pub(super) fn trouble(&self) -> &Trouble {
        &self.trouble
    }

    /// Whether the task still runs.
    pub(super) fn is_running(&self) -> bool {
        !self.queue.is_closed()
    }

    /// Queues one change and waits until it is on disk.
    pub(super) async fn commit(&self, change: Change, announce: Announce) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        self.queue.try_send(Job { change, announce, reply }).map_err(|refused| match refused {
            TrySendError::Full(_) => StoreError::Overloaded,
            TrySendError::Closed(_) => StoreError::Stopped,
        })?;
        match tokio::time::timeout(self.write_timeout, outcome).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) | Err(_) => Err(StoreError::TimedOut.into()),
        }
    }
}

async fn run(pool: Pool, mut jobs: mpsc::Receiver<Job>, batch_max: usize, write_timeout: Duration, trouble: Trouble) {
    let mut waiting = VecDeque::new();
    let mut committed_last = 0;
    loop {
        if committed_last >= BUSY_BATCH {
            tokio::time::sleep(LINGER).await;
        }
        if waiting.is_empty() {
            let Some(job) = jobs.recv().await else { return end(&pool, write_timeout).await };
            waiting.push_back(job);
        }
        while waiting.len() < batch_max {
            let Ok(job) = jobs.try_recv() else { break };
            waiting.push_back(job);
        }
        let (changes, callers): (Vec<_>, Vec<_>) =
            next_batch(&mut waiting).into_iter().map(|job| (job.change, (job.announce, job.reply))).unzip();
        committed_last = changes.len();
        for ((announce, reply), outcome) in
            callers.into_iter().zip(commit_all(&pool, changes, write_timeout, &trouble).await)
        {
            if let Ok(committed) = &outcome {
                announce(committed);
            }
            // A caller that gave up no longer listens.
            let _ = reply.send(outcome);
        }
    }
}

/// Brings what stands in SQLite's log into the database's file, so that the file alone is whole once the program has ended.
async fn end(pool: &Pool, patience: Duration) {
    let Pool::Sqlite { write, .. } = pool else { return };
    let checkpoint = async {
        let mut lease = write.lease().await?;
        lease.connection()?.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        lease.end();
        Ok::<_, StoreError>(())
    };
    let outcome = tokio::time::timeout(patience, checkpoint).await.unwrap_or(Err(StoreError::TimedOut));
    if let Err(error) = outcome {
        // The next start does it.
        tracing::debug!(error = %chain(&error), "SQLite's log was not brought into the file");
    }
}

/// Takes what can be committed together: callers that still wait, and one change for each conversation.
fn next_batch(waiting: &mut VecDeque<Job>) -> Vec<Job> {
    let mut taken: HashSet<SessionId> = HashSet::with_capacity(waiting.len());
    let (batch, later): (Vec<_>, Vec<_>) = waiting
        .drain(..)
        .filter(|job| !job.reply.is_closed())
        .partition(|job| taken.insert(job.change.session.id.clone()));
    waiting.extend(later);
    batch
}

/// Commits a batch; when only some change in it is at fault, the others are committed one by one.
async fn commit_all(pool: &Pool, changes: Vec<Change>, write_timeout: Duration, trouble: &Trouble) -> Vec<Outcome> {
    let outcome = commit_together(pool, &changes, write_timeout).await;
    trouble.note(&outcome, changes.len());
    let failure = match outcome {
        Ok(outcomes) => return outcomes,
        Err(failure) => failure,
    };
    if changes.len() == 1 || failure.is_outage() {
        return changes.iter().map(|_| Err(failure.clone().into())).collect();
    }
    let mut outcomes = Vec::with_capacity(changes.len());
    for change in changes {
        let alone = [change];
        outcomes.push(match commit_together(pool, &alone, write_timeout).await {
            Ok(mut outcome) => outcome.pop().unwrap_or(Err(StoreError::Overloaded.into())),
            Err(failure) => Err(failure.into()),
        });
    }
    outcomes
}

async fn commit_together(pool: &Pool, changes: &[Change], write_timeout: Duration) -> Result<Vec<Outcome>> {
    let mut attempt = 0;
    loop {
        let result = tokio::time::timeout(write_timeout, commit_once(pool, changes)).await;
        match result.unwrap_or(Err(StoreError::TimedOut)) {
            Err(error) if error.is_deadlock() && attempt < DEADLOCK_RETRIES => attempt += 1,
            result => return result,
        }
    }
}

async fn commit_once(pool: &Pool, changes: &[Change]) -> Result<Vec<Outcome>> {
    let mut lease = WriteLease::of(pool).await?;
    let mut tx = Tx::begin(&mut lease).await?;
    let versions = stored_versions(&mut tx, changes).await?;
    let duplicates = stored_duplicates(&mut tx, changes).await?;
    let answered = answered(&mut tx, changes).await?;
    let mut refused: Vec<Option<CommitError>> = changes
        .iter()
        .map(|change| {
            let key = change.messages.iter().find_map(|message| message.client_message_id.as_ref());
            if let Some(id) = key.and_then(|key| duplicates.get(&(change.session.id.as_str(), key.as_str()))) {
                return Some(CommitError::Duplicate(*id));
            }
            if let Some(question) = change.answers.filter(|question| answered.contains(question)) {
                return Some(CommitError::Duplicate(question));
            }
            let stored = versions.get(change.session.id.as_str()).copied().unwrap_or(0);
            (stored != change.session.version).then_some(CommitError::Stale)
        })
        .collect();
    let accepted: Vec<&Change> =
        changes.iter().zip(&refused).filter(|(_, refused)| refused.is_none()).map(|(change, _)| change).collect();
    let mut committed = write(&mut tx, &accepted).await?.into_iter();
    tx.commit().await?;
    lease.end();
    Ok(refused
        .iter_mut()
        .map(|refused| match refused.take() {
            Some(error) => Err(error),
            None => Ok(committed.next().unwrap_or_default()),
        })
        .collect())
}

/// The versions the database has now, by session id.
async fn stored_versions(tx: &mut Tx<'_>, changes: &[Change]) -> Result<HashMap<String, i64>> {
    // Sorted, so that two nodes lock the same rows in the same order.
    let mut ids: Vec<&str> = changes.iter().map(|change| change.session.id.as_str()).collect();
    ids.sort_unstable();
    let keys: Vec<_> = ids.into_iter().map(|id| vec![Value::from(id.to_owned())]).collect();
    let mut versions = HashMap::with_capacity(changes.len());
    let end = tx.keys_end_for_update();
    for statement in Statement::selects("SELECT id, version FROM sessions WHERE id IN (", "?", ", ", end, &keys) {
        for (id, version) in tx.fetch::<(Vec<u8>, i64)>(statement).await? {
            versions.insert(sessions::session_id(id)?.as_str().to_owned(), version);
        }
    }
    Ok(versions)
}

/// Messages that are stored already, by session id and client_message_id.
async fn stored_duplicates<'c>(
    tx: &mut Tx<'_>,
    changes: &'c [Change],
) -> Result<HashMap<(&'c str, &'c str), MessageId>> {
    let named: Vec<(&str, &str)> = changes
        .iter()
        .flat_map(|change| change.messages.iter().map(move |message| (change, message)))
        .filter_map(|(change, message)| {
            Some((change.session.id.as_str(), message.client_message_id.as_ref()?.as_str()))
        })
        .collect();
    let keys: Vec<_> =
        named.iter().map(|(session, name)| vec![(*session).to_owned().into(), (*name).to_owned().into()]).collect();
    let mut stored: HashMap<(Vec<u8>, Vec<u8>), i64> = HashMap::new();
    for statement in Statement::selects(
        "SELECT session_id, client_message_id, id FROM messages WHERE ",
        "(session_id = ? AND client_message_id = ?)",
        " OR ",
        "",
        &keys,
    ) {
        for (session, name, id) in tx.fetch::<(Vec<u8>, Vec<u8>, i64)>(statement).await? {
            stored.insert((session, name), id);
        }
    }
    Ok(named
        .into_iter()
        .filter_map(|(session, name)| {
            let id = stored.get(&(session.as_bytes().to_vec(), name.as_bytes().to_vec()))?;
            Some(((session, name), MessageId::new(*id)))
        })
        .collect())
}

/// Which of the messages that changes answer are answered already, by another node.
async fn answered(tx: &mut Tx<'_>, changes: &[Change]) -> Result<HashSet<MessageId>> {
    let keys: Vec<_> = changes
        .iter()
        .filter_map(|change| {
            let question = Value::Int(change.answers?.get());
            Some(vec![change.session.id.as_str().to_owned().into(), question.clone(), question])
        })
        .collect();
    let mut answered = HashSet::new();
    for statement in Statement::selects(
        "SELECT d.user_message_id FROM messages m JOIN decisions d ON d.message_id = m.id WHERE ",
        "(m.session_id = ? AND m.id > ? AND d.user_message_id = ?)",
        " OR ",
        "",
        &keys,
    ) {
        answered.extend(tx.fetch::<(i64,)>(statement).await?.into_iter().map(|(id,)| MessageId::new(id)));
    }
    Ok(answered)
}

/// Writes the accepted changes; what each of them left behind, in order.
async fn write(tx: &mut Tx<'_>, changes: &[&Change]) -> Result<Vec<Committed>> {
    let verb = tx.insert_verb();
    let rows = changes.iter().map(|change| sessions::row(&change.session)).collect();
    let upsert = tx.upsert(sessions::UPSERT_SQLITE, sessions::UPSERT_MYSQL);
    insert_all(tx, Statement::inserts(verb, sessions::INTO, sessions::COLUMNS, upsert, rows), sessions::COLUMNS)
        .await?;

    let rows = changes
        .iter()
        .flat_map(|change| change.messages.iter().map(|message| messages::row(&change.session, message)))
        .collect();
    let statements = Statement::inserts(verb, messages::INTO, messages::COLUMNS, "", rows);
    let mut ids = insert_all(tx, statements, messages::COLUMNS).await?.into_iter();
    let mut committed: Vec<Committed> = changes
        .iter()
        .map(|change| Committed {
            message_ids: ids.by_ref().take(change.messages.len()).map(MessageId::new).collect(),
            run_ids: Vec::new(),
        })
        .collect();

    let rows = changes.iter().zip(&committed).filter_map(|(change, committed)| {
        let decision = change.decision.as_ref()?;
        let (question, answer) = (change.question(committed)?, committed.message_ids.last()?);
        Some(messages::decision_row(decision, answer.get(), question.get(), change.session.updated_at))
    });
    let statements = Statement::inserts(verb, messages::INTO_DECISIONS, messages::DECISION_COLUMNS, "", rows.collect());
    insert_all(tx, statements, messages::DECISION_COLUMNS).await?;

    for statement in model_runs::removal(changes.iter().filter_map(|change| change.ends_run)) {
        tx.execute(statement).await?;
    }
    let rows = changes.iter().zip(&committed).flat_map(|(change, committed)| {
        let message = match change.decision {
            Some(_) => committed.message_ids.last().copied(),
            None => change.question(committed),
        };
        change.runs.iter().map(move |run| model_runs::row(&change.session.id, message, run))
    });
    let statements = Statement::inserts(verb, model_runs::INTO, model_runs::COLUMNS, "", rows.collect());
    let mut ids = insert_all(tx, statements, model_runs::COLUMNS).await?.into_iter();
    for (change, committed) in changes.iter().zip(&mut committed) {
        committed.run_ids = ids.by_ref().take(change.runs.len()).map(RunId).collect();
    }

    let rows = changes.iter().filter_map(|change| {
        Some(reports::row(&change.session.id, change.report.as_ref()?, change.session.updated_at))
    });
    let upsert = tx.upsert(reports::UPSERT_SQLITE, reports::UPSERT_MYSQL);
    let statements = Statement::inserts(verb, reports::INTO, reports::COLUMNS, upsert, rows.collect());
    insert_all(tx, statements, reports::COLUMNS).await?;
    Ok(committed)
}

async fn insert_all(tx: &mut Tx<'_>, statements: Vec<Statement>, columns: usize) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    for statement in statements {
        ids.extend(tx.insert(statement, columns).await?);
    }
    Ok(ids)
}
