//! Conversations that nobody has: one question each, answered as a customer's would be.

use std::sync::Arc;

use serde::Deserialize;
use time::Date;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::chat::Asker;
use crate::chat::Chat;
use crate::chat::Engine;
use crate::chat::Model;
use crate::chat::Reply;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::Database;
use crate::config::LlmBudget;
use crate::config::LlmRole;
use crate::config::Storage;
use crate::domain::Engine as AnsweredBy;
use crate::domain::Message;
use crate::domain::SessionId;
use crate::domain::Source;
use crate::eval::Outcome;
use crate::eval::llm::RehearsalError;
use crate::eval::llm::Spoken;
use crate::knowledge::Pack;
use crate::knowledge::Test;
use crate::knowledge::passages_of;
use crate::llm::Pool;
use crate::store::Store;
use crate::store::StoredRun;
use crate::telemetry::Metrics;
use crate::text::figures;

/// A server's conversations without the server.
pub(super) struct Rehearsal {
    chat: Chat,
    engine: Arc<Engine>,
    today: Date,
    chars_max: usize,
    /// Holds the engine for the conversations.
    _engine: watch::Sender<Option<Arc<Engine>>>,
    /// The database is in it.
    _folder: tempfile::TempDir,
}

/// An answer, and what the model had to do with it.
pub(super) struct Answered {
    pub(super) message: Message,
    pub(super) reply: Arc<Reply>,
    pub(super) spoken: Option<Spoken>,
}

impl Rehearsal {
    /// Conversations on `today` with what `engine` knows and the models of `config`, without its budget: what is spent here is not
    /// spent on customers.
    pub(super) async fn open(config: &Config, engine: Arc<Engine>, today: Date) -> Result<Self, RehearsalError> {
        let folder = tempfile::Builder::new().prefix("bank-aicc-eval-").tempdir()?;
        let mut config = config.clone();
        config.llm.budget = LlmBudget { tokens_per_day: 0, tokens_per_session: 0 };
        let file = folder.path().join("conversations.db");
        config.storage = Storage { url: Database::Sqlite { file }, ..config.storage };
        let tasks = TaskTracker::new();
        let store = Store::open(&config.storage, folder.path(), &tasks).await?;
        let metrics = Metrics::new();
        let pool = Pool::start(&config.llm, |file| config.server.resolve(file), &metrics);
        let pool = pool.filter(|pool| pool.serves(LlmRole::Answer)).ok_or(RehearsalError::NoModel)?;
        let clock = Clock::noon_of(today);
        let model = Model::new(pool, store.clone(), clock.clone(), &metrics, tasks, CancellationToken::new());
        // It is off until the database was asked.
        model.switch("", false, "measuring", "bank-aicc eval").await?;
        let (sender, in_use) = watch::channel(Some(Arc::clone(&engine)));
        let chars_max = config.api.limits.message_chars_max;
        let chat = Chat::new(&config, store, clock, in_use, Some(model), &metrics);
        Ok(Self { chat, engine, today, chars_max, _engine: sender, _folder: folder })
    }

    /// What is known.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The day on which it is asked.
    pub(super) fn today(&self) -> Date {
        self.today
    }

    /// Puts a test question.
    pub(super) async fn outcome(&self, test: &Test) -> Result<Outcome, RehearsalError> {
        let mut outcome = Outcome::of(&self.engine, test, self.today);
        let Some(Answered { message, reply, spoken }) = self.ask(&test.utterance).await? else { return Ok(outcome) };
        outcome.intent = reply.intent;
        if let Some(turn) = &reply.turn {
            outcome.ticket = turn.decision.ticket;
            let candidates = turn.decision.category_candidates.iter();
            outcome.categories = candidates.map(|one| (one.category.clone(), one.confidence)).collect();
        }
        outcome.answered_from = message.sources.iter().map(|source| source.document_id.clone()).collect();
        if outcome.is_answered() {
            outcome.answer = message.body;
        }
        outcome.faults = match &spoken {
            Some(spoken) => spoken.citation_faults.iter().chain(&spoken.figure_faults).cloned().collect(),
            None => outcome.faults,
        };
        outcome.spoken = spoken;
        Ok(outcome)
    }

    /// Puts a message as the first of a conversation. `None` if it is not taken, such as for its length.
    pub(super) async fn ask(&self, text: &str) -> Result<Option<Answered>, RehearsalError> {
        let session = SessionId::parse(&Uuid::now_v7().to_string())?;
        let text: String = text.chars().take(self.chars_max).collect();
        let reply = self.chat.take_turn(&session, &text, None, Asker::default()).await?;
        let Some(turn) = &reply.turn else { return Ok(None) };
        let message = turn.answer.clone();
        let runs = self.chat.store().model_runs().of(&session, u32::MAX).await?;
        let run = runs.into_iter().find(|run| run.role == LlmRole::Answer.as_str());
        let spoken = run.map(|run| self.spoken(run, &message));
        Ok(Some(Answered { message, reply, spoken }))
    }

    fn spoken(&self, run: StoredRun, answer: &Message) -> Spoken {
        #[derive(Deserialize)]
        struct Verdict {
            verdict: String,
            #[serde(default)]
            stopped: Option<String>,
        }
        let verdicts: Vec<Verdict> = run.verdicts.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
        let released = verdicts.iter().filter(|one| one.stopped.is_none()).count();
        let stopped = verdicts.into_iter().filter_map(|one| Some((one.verdict, one.stopped?))).collect();
        let is_shown = answer.engine == Some(AnsweredBy::Llm);
        let sources = answer.sources.iter().filter(|_| is_shown);
        Spoken {
            model: run.model.unwrap_or_default(),
            outcome: run.outcome,
            reason: run.reason.unwrap_or_default(),
            released,
            stopped,
            citation_faults: sources.filter_map(|source| citation_fault(&self.engine, source, self.today)).collect(),
            figure_faults: if is_shown { figure_faults(answer) } else { Vec::new() },
            first_token_ms: run.first_token_ms,
            total_ms: run.total_ms,
            tokens: run.prompt_tokens + run.completion_tokens,
        }
    }
}

/// What is wrong with a source that is shown. Asked of the documents themselves, not of what the guard thought of them.
fn citation_fault(engine: &Engine, source: &Source, today: Date) -> Option<String> {
    let Some(document) = engine.pack().documents.iter().find(|document| document.id == source.document_id) else {
        return Some(format!("the document {} does not exist", source.document_id));
    };
    if !Pack::is_in_force(document, today) {
        return Some(format!("{} is not in force", document.source));
    }
    let tight = |text: &str| -> String { text.split_whitespace().collect() };
    let all: String = passages_of(document).iter().map(|passage| tight(&passage.text)).collect();
    let missing = source.excerpt.lines().find(|line| !all.contains(&tight(line)))?;
    Some(format!("{} does not say '{missing}'", document.source))
}

/// Figures of an answer that stand in none of its sources.
fn figure_faults(answer: &Message) -> Vec<String> {
    let held = answer.sources.iter().flat_map(|source| [&source.excerpt, &source.section, &source.title]);
    let held: Vec<figures::Figure> = held.flat_map(|text| figures::read(text).all).collect();
    let said = figures::read(&answer.body);
    let is_missing = |figure: &&figures::Figure| !held.iter().any(|theirs| figure.value.stands_as(&theirs.value));
    let words = |figure: &figures::Figure| -> String {
        said.form.get(figure.span.clone()).unwrap_or_default().iter().collect()
    };
    said.stated().filter(is_missing).map(|figure| format!("'{}' stands in no source", words(figure))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Author;
    use crate::domain::MessageId;

    fn answer(body: &str, excerpt: &str) -> Message {
        let source = Source {
            source: "loan.md".into(),
            page: 1,
            score: 1.0,
            document_id: "loan".into(),
            title: "신용대출 안내".into(),
            section: String::new(),
            excerpt: excerpt.into(),
        };
        Message {
            id: MessageId::new(1),
            author: Author::Assistant,
            body: body.into(),
            intent: None,
            suggested_action: None,
            sources: vec![source],
            quick_replies: Vec::new(),
            client_message_id: None,
            is_protected: false,
            agent_name: None,
            engine: Some(AnsweredBy::Llm),
            created_at: Clock::system().now(),
        }
    }

    #[test]
    fn figures_are_looked_for_in_the_sources_however_they_are_written() {
        let excerpt = "금리는 연 4.62%이고 한도는 1억 원입니다. 기간은 1년입니다.";
        assert_eq!(figure_faults(&answer("한도는 100,000,000원, 기간은 12개월입니다.", excerpt)), [""; 0]);
        assert_eq!(figure_faults(&answer("금리는 연 4.26%입니다.", excerpt)), ["'4.26%' stands in no source"]);
        assert_eq!(figure_faults(&answer("한도는 이억 원입니다.", excerpt)).len(), 1);
    }
}
