//! One customer turn: understand, decide, reply; and the verbs of a conversation.
//!
//! The walk of a turn: [`Chat::take_turn`] masks the text, `triage` understands it, `workflow::next` decides (purely),
//! `turn` words the reply, the store commits question, answer, decision and state as one change, and only then is
//! anybody told. Where a language model is asked, the question is a change of its own before.
//!
//! Invariants: changes of one conversation happen one after the other; an event is published right after its change is
//! committed, in the order of message ids, by the store's writer, so it is published even if the caller has gone.
//!
//! The room knows no HTTP word and no SQL.

mod answer;
mod cells;
mod context;
mod duration;
mod engine;
mod event;
mod figures;
mod follow_ups;
mod guard;
mod handover;
mod judge;
mod meaning;
mod model;
mod plan;
mod prompts;
mod quote;
mod slots;
mod summary;
mod triage;
mod turn;
mod versions;
mod wording;
mod workflow;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::Api;
use crate::config::Config;
use crate::domain::AlreadyAccepted;
use crate::domain::CustomerReference;
use crate::domain::QuickReply;
use crate::domain::Session;
use crate::domain::SessionId;
use crate::domain::SessionToken;
use crate::domain::Timestamp;
use crate::domain::TokenHash;
use crate::realtime::Hub;
use crate::realtime::Subscription;
use crate::store::Change;
use crate::store::CommitError;
use crate::store::Store;
use crate::store::StoreError;
use crate::telemetry::Metrics;

pub use crate::llm::EndpointState;
pub use cells::Owner;
pub use cells::Wanted;
pub use engine::Bearing;
pub use engine::Engine;
pub use engine::EngineError;
pub use event::Event;
pub use event::Topic;
pub use guard::Ungrounded;
pub use guard::check as check_grounded;
pub use judge::Judgement;
pub use model::Listener;
pub use model::Model;
pub use model::Progress;
pub use model::Prompt;
pub use turn::Asker;
pub use turn::Reply;

use cells::Cells;
use figures::Figures;

/// How long a turn waits for the knowledge pack while the program starts.
const ENGINE_WAIT: Duration = Duration::from_secs(20);
/// How often a change is computed anew because another node was quicker.
const STALE_RETRIES: usize = 5;
/// Conversations that fall silent together are dealt with in portions of this size.
const SWEEP_PORTION: u32 = 500;

/// Why a conversation refused.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// No such conversation, or it is no longer active.
    #[error("session {0} not found")]
    UnknownSession(SessionId),
    /// The conversation has no messages yet.
    #[error("session {0} has no conversation yet")]
    NoConversation(SessionId),
    /// The text holds a character that is no text.
    #[error("the text contains a control character")]
    InvalidText,
    /// The conversation's messages come too fast.
    #[error("too many messages")]
    RateLimited {
        /// When the next one is taken.
        retry_after: Duration,
    },
    /// Another agent has it.
    #[error(transparent)]
    AlreadyAccepted(#[from] AlreadyAccepted),
    /// The knowledge pack is still being made ready.
    #[error("the knowledge pack is being prepared; try again shortly")]
    NotReady,
    /// The conversation kept changing on other nodes.
    #[error("the conversation is changing too fast; try again shortly")]
    Contended,
    /// The database refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A handle on all conversations.
#[derive(Clone)]
pub struct Chat {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Clock,
    engine: watch::Receiver<Option<Arc<Engine>>>,
    hub: Hub<Topic, Event>,
    figures: Figures,
    cells: Cells,
    model: Option<Model>,
    /// Held while a report is made.
    reports: Semaphore,
    unclear_max: u8,
    silent_after: Duration,
    message_chars_min: usize,
    message_chars_max: usize,
}

impl Chat {
    /// Conversations kept in `store`, answered from whatever `engine` holds at the time; with the help of a language model, if
    /// there is one. What comes of them is counted in `metrics`.
    pub fn new(
        config: &Config,
        store: Store,
        clock: Clock,
        engine: watch::Receiver<Option<Arc<Engine>>>,
        model: Option<Model>,
        metrics: &Metrics,
    ) -> Self {
        let Api { limits, .. } = &config.api;
        let inner = Inner {
            store,
            clock,
            engine,
            hub: Hub::new(limits.event_queue_max),
            figures: Figures::register(metrics),
            cells: Cells::new(
                limits.session_messages_per_second,
                limits.session_messages_burst,
                config.storage.write_timeout,
            ),
            model,
            reports: Semaphore::new(1),
            unclear_max: config.chat.unclear_replies_max,
            silent_after: config.chat.session_inactive_after,
            message_chars_min: limits.message_chars_min,
            message_chars_max: limits.message_chars_max,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Opens a conversation for whoever will hold `token` (design D11); `customer` is who the bank says that is.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn open(
        &self,
        id: SessionId,
        token: TokenHash,
        customer: Option<CustomerReference>,
    ) -> Result<Session, ChatError> {
        let mut session = Session { customer, ..Session::open(id.clone(), Some(token), self.inner.clock.now()) };
        match self.inner.store.commit(Change::state(session.clone()), |_| {}).await {
            Ok(_) => session.version += 1,
            // It is stored with the first of its messages that can be; until then this process alone knows it.
            Err(CommitError::Store(error)) if error.leaves_reading() => {
                let cell = self.inner.cells.get(&id);
                cell.note(Some(&session));
                cell.note_unsaved(session.clone());
                return Ok(session);
            }
            Err(CommitError::Store(error)) => return Err(error.into()),
            Err(CommitError::Stale | CommitError::Duplicate(_)) => return Err(ChatError::Contended),
        }
        let cell = self.inner.cells.get(&id);
        cell.note(Some(&session));
        *cell.enter().await? = Some(session.clone());
        Ok(session)
    }

    /// Who may use a conversation; `None` while it does not exist.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn owner(&self, id: &SessionId) -> Result<Option<Owner>, ChatError> {
        let cell = self.inner.cells.get(id);
        if let Some(owner) = cell.owner() {
            return Ok(Some(owner.clone()));
        }
        let stored = self.inner.store.sessions().find(id).await?;
        Ok(cell.note(stored.as_ref()).cloned())
    }

    /// The conversation's state, active or not.
    ///
    /// # Errors
    /// [`ChatError::UnknownSession`], or when the database refuses.
    pub async fn session(&self, id: &SessionId) -> Result<Session, ChatError> {
        if let Some(session) = self.inner.store.sessions().find(id).await? {
            return Ok(session);
        }
        // One that was opened while nothing could be stored.
        self.inner.cells.get(id).unsaved().cloned().ok_or_else(|| ChatError::UnknownSession(id.clone()))
    }

    /// The language model, if there is one.
    pub fn model(&self) -> Option<&Model> {
        self.inner.model.as_ref()
    }

    /// Switches the language model on or off, for one category or, with none, for all, and records who did.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn switch_model(&self, category: &str, is_off: bool, reason: &str, by: &str) -> Result<(), ChatError> {
        let Inner { store, clock, model, .. } = &*self.inner;
        match model {
            Some(model) => model.switch(category, is_off, reason, by).await?,
            None => store.switches().set(category, is_off, reason, by, clock.now()).await?,
        }
        Ok(())
    }

    /// The tokens that were spent on language models today in Korea.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn tokens_today(&self) -> Result<u64, ChatError> {
        Ok(self.inner.store.model_runs().tokens_since(self.inner.clock.start_of_today_in_korea()).await?)
    }

    /// Says that a message of this conversation waits to be taken, so that the answer before it is finished quickly.
    pub fn want_turn(&self, id: &SessionId) -> Wanted {
        self.inner.cells.get(id).want()
    }

    /// The time, as conversations are stored with it.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Listens to a conversation, or to the dashboards' reports, from now on.
    pub fn subscribe(&self, topic: Topic) -> Subscription<Topic, Event> {
        self.inner.hub.subscribe(topic)
    }

    /// The store, for reading lists.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Today in Korea, by the conversations' clock.
    pub fn today(&self) -> time::Date {
        self.inner.clock.today_in_korea()
    }

    /// Whether there is a knowledge pack to answer from.
    pub fn is_ready(&self) -> bool {
        self.inner.engine.borrow().is_some()
    }

    /// What the assistant knows now; waits a little while it is being made ready.
    ///
    /// # Errors
    /// [`ChatError::NotReady`].
    pub async fn engine(&self) -> Result<Arc<Engine>, ChatError> {
        let mut engine = self.inner.engine.clone();
        if let Some(ready) = engine.borrow().as_ref() {
            return Ok(Arc::clone(ready));
        }
        let ready = tokio::time::timeout(ENGINE_WAIT, engine.wait_for(Option::is_some)).await;
        ready.ok().and_then(Result::ok).and_then(|engine| engine.clone()).ok_or(ChatError::NotReady)
    }

    /// The ways on that the screen offers before anything was said.
    pub fn opening_buttons(engine: &Engine) -> Vec<QuickReply> {
        prompts::topic_buttons(engine.pack())
    }

    /// Marks conversations silent whose last message is too old; how many there were.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn sweep_silent(&self) -> Result<usize, ChatError> {
        let mut swept = 0;
        loop {
            let cutoff = self.inner.clock.now().minus(self.inner.silent_after);
            let ids = self.inner.store.sessions().silent_since(cutoff, SWEEP_PORTION).await?;
            for id in &ids {
                match self.fall_silent(id, cutoff).await {
                    Ok(()) | Err(ChatError::UnknownSession(_) | ChatError::Contended) => {}
                    Err(error) => return Err(error),
                }
            }
            swept += ids.len();
            if ids.len() < SWEEP_PORTION as usize {
                return Ok(swept);
            }
        }
    }

    /// A new token, and what is stored of it.
    pub fn new_token() -> (SessionToken, TokenHash) {
        let secret: [u8; 32] = rand::random();
        let token = SessionToken::new(hex(&secret));
        let hash = Self::hash(&token);
        (token, hash)
    }

    /// What is stored of a token.
    pub fn hash(token: &SessionToken) -> TokenHash {
        use sha2::Digest as _;
        TokenHash(hex(&sha2::Sha256::digest(token.reveal().as_bytes())))
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
