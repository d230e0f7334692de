//! What a language model may do in a conversation: say passages in other words, choose a category where the classifier is not
//! sure, and sum up for an agent. Nothing else: it is given masked text and passages only, and what it says is text that the
//! guard lets through or not.
//!
//! Invariants: every question to a model has an embedded answer to fall back on, and ends when nobody waits for it any more: the
//! customer went or wrote again, an agent took over, an operator switched the model off, or the program ends. Nothing a model
//! says is shown before the guard has let it through, sentence by sentence. Every question is recorded, with what became of it.

mod asking;
mod budget;
mod categorise;
mod compose;
mod figures;
mod prompts;
mod stop;
mod summarise;
mod switches;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::chat::cells::Cell;
use crate::clock::Clock;
use crate::config::LlmBudget;
use crate::config::LlmRole;
use crate::llm::EndpointState;
use crate::llm::Pool;
use crate::store::Store;
use crate::store::StoreError;
use crate::telemetry::Metrics;
use crate::telemetry::chain;

pub use prompts::Prompt;

pub(super) use categorise::Categorised;
pub(super) use compose::Composed;
pub(super) use compose::Task;
pub(super) use stop::Stop;

use budget::Budget;
use figures::Figures;
use switches::Switches;

/// How often the database is asked for the switches, so that one set on any node counts everywhere within two seconds.
const SWITCHES_INTERVAL: Duration = Duration::from_millis(500);
/// How often it is asked for the tokens of the day.
const SPENT_INTERVAL: Duration = Duration::from_secs(10);

/// How an answer comes along, for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It waits for a model, at this place in the queue, 1 for the next.
    Waiting(usize),
    /// The model has begun.
    Begun,
    /// The next sentences of the answer, with the white space before them.
    Text(String),
}

/// Who is told how an answer comes along.
pub type Listener = UnboundedSender<Progress>;

/// A handle on the language models, for conversations.
#[derive(Clone)]
pub struct Model {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    store: Store,
    clock: Clock,
    switches: Switches,
    budget: Budget,
    figures: Figures,
    tracker: TaskTracker,
    shutdown: CancellationToken,
}

impl Model {
    /// Conversations that ask `pool`. Turns that ask a model run on `tracker`; `shutdown` ends what models are saying.
    pub fn new(
        pool: Pool,
        store: Store,
        clock: Clock,
        metrics: &Metrics,
        tracker: TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        let budget = Budget::new(pool.settings().budget.clone());
        budget.register(metrics, &clock);
        let figures = Figures::register(metrics);
        let inner = Inner { pool, store, clock, switches: Switches::new(), budget, figures, tracker, shutdown };
        Self { inner: Arc::new(inner) }
    }

    /// Keeps what is known of the switches and of the tokens spent, until the shutdown.
    pub async fn keep(self) {
        // Until the switches are known nobody is asked, so what was spent has to be known before.
        self.read_spent().await;
        tokio::join!(self.keep_switches(), self.keep_spent());
    }

    async fn keep_switches(&self) {
        loop {
            if let Err(error) = self.refresh().await {
                // What was known last counts.
                tracing::warn!(error = %chain(&error), "reading the model's switches failed");
            }
            // No event tells what another process wrote to the database.
            if self.is_over_in(SWITCHES_INTERVAL).await {
                return;
            }
        }
    }

    /// Apart from the switches, which must not wait for a day's sum.
    async fn keep_spent(&self) {
        while !self.is_over_in(SPENT_INTERVAL).await {
            self.read_spent().await;
        }
    }

    async fn read_spent(&self) {
        if let Err(error) = self.note_spent().await {
            tracing::warn!(error = %chain(&error), "reading the tokens spent on models failed");
        }
    }

    /// Whether the program ends within this time.
    async fn is_over_in(&self, span: Duration) -> bool {
        tokio::time::timeout(span, self.inner.shutdown.cancelled()).await.is_ok()
    }

    /// Switches the model on or off, for one category or, with none, for all, and records who did.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn switch(&self, category: &str, is_off: bool, reason: &str, by: &str) -> Result<(), StoreError> {
        self.inner.store.switches().set(category, is_off, reason, by, self.inner.clock.now()).await?;
        self.refresh().await
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        self.inner.switches.update(&self.inner.store.switches().all().await?);
        Ok(())
    }

    async fn note_spent(&self) -> Result<(), StoreError> {
        let Inner { store, clock, budget, .. } = &*self.inner;
        if budget.has_day_max() {
            let today = clock.today_in_korea();
            budget.note_stored(today, store.model_runs().tokens_since(clock.start_of_today_in_korea()).await?);
        }
        Ok(())
    }

    /// How many tokens may be spent.
    pub fn budget(&self) -> &LlmBudget {
        &self.inner.pool.settings().budget
    }

    /// Whether a question was not asked today because the day's tokens are spent.
    pub fn is_day_spent(&self) -> bool {
        self.inner.budget.is_day_spent(self.inner.clock.today_in_korea())
    }

    /// How each endpoint stands, and how many questions wait.
    pub fn endpoints(&self) -> (Vec<EndpointState>, usize) {
        self.inner.pool.states()
    }

    /// Whether a model may be asked to do this for a message of this category.
    pub(super) fn may(&self, role: LlmRole, category: Option<&str>) -> bool {
        self.inner.pool.serves(role) && self.inner.switches.allow(category) && !self.inner.shutdown.is_cancelled()
    }

    /// What turns that may ask a model run on.
    pub(super) fn tracker(&self) -> &TaskTracker {
        &self.inner.tracker
    }

    /// What ends a question to a model before its time.
    pub(super) fn stop(&self, left: CancellationToken, cell: Option<Arc<Cell>>, category: Option<String>) -> Stop {
        Stop::new(left, cell, self.inner.shutdown.clone(), self.inner.switches.clone(), category)
    }
}
