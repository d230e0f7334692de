//! The conversations in use: one at a time changes, each has a pace, and its state is read once.
//!
//! A cell is a cache and a queue, not the truth: the store refuses a change that was computed from a stale state, so
//! several nodes may have a cell for the same conversation.

use std::hash::DefaultHasher;
use std::hash::Hash as _;
use std::hash::Hasher as _;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use governor::DefaultDirectRateLimiter;
use governor::Quota;
use governor::RateLimiter;
use governor::clock::Clock as _;
use governor::clock::DefaultClock;
use moka::sync::Cache;
use tokio::sync::Mutex;
use tokio::sync::MutexGuard;
use tokio::sync::Notify;
use tokio::sync::OwnedMutexGuard;

use crate::domain::MessageId;
use crate::domain::Session;
use crate::domain::SessionId;
use crate::domain::TokenHash;
use crate::store::StoreError;

/// Most conversations kept in memory, about 1 KiB each; the least recently used is read again when it is needed.
const CELLS_MAX: u64 = 100_000;
/// A conversation that nobody touched for this long is read again.
const IDLE: Duration = Duration::from_mins(15);

/// Who may use a conversation (design D11).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// An existing client that chose the id; it holds no token.
    Legacy,
    /// Whoever holds the token with this hash.
    Token(TokenHash),
}

pub(super) struct Cell {
    /// The state as of the last change made here; `None` if it has to be read. Locked for the whole of a change.
    state: Mutex<Option<Session>>,
    /// Held for the whole of a turn where a language model may be asked; the state is then locked only before and after.
    turns: Arc<Mutex<()>>,
    /// Those who would rather not wait for what a language model is saying: the next turn, an agent.
    wanted: AtomicUsize,
    /// How many there have been.
    waits: AtomicU64,
    is_wanted: Notify,
    /// Never changes once the conversation is stored.
    owner: OnceLock<Owner>,
    /// As it was opened, if that could not be stored.
    unsaved: OnceLock<Box<Session>>,
    /// The store was asked and did not know the conversation, so that its first message need not ask again. If another
    /// node stores it meanwhile, the version check refuses what was made of a conversation that seemed new.
    is_unknown: AtomicBool,
    /// The highest message that was announced from here, or at least known to be.
    announced: AtomicI64,
    /// The [print](Self::was_answered) of the last answer from documents; 0 before the first.
    answered: AtomicU64,
    pace: DefaultDirectRateLimiter,
    wait_max: Duration,
}

pub(super) struct Cells {
    cells: Cache<SessionId, Arc<Cell>>,
    pace: Quota,
    wait_max: Duration,
}

impl Cells {
    /// `messages_per_second` and `burst` pace each conversation's messages. A change waits no longer than `wait_max`
    /// for the one before it.
    pub(super) fn new(messages_per_second: f64, burst: u32, wait_max: Duration) -> Self {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let period = Duration::try_from_secs_f64(1.0 / messages_per_second).unwrap_or(Duration::from_secs(1));
        let pace = Quota::with_period(period.max(Duration::from_nanos(1)))
            .unwrap_or(Quota::per_second(NonZeroU32::MIN))
            .allow_burst(burst);
        let cells = Cache::builder().max_capacity(CELLS_MAX).time_to_idle(IDLE).build();
        Self { cells, pace, wait_max }
    }

    pub(super) fn get(&self, id: &SessionId) -> Arc<Cell> {
        if let Some(cell) = self.cells.get(id) {
            return cell;
        }
        self.cells.get_with(id.clone(), || {
            Arc::new(Cell {
                state: Mutex::new(None),
                turns: Arc::default(),
                wanted: AtomicUsize::new(0),
                waits: AtomicU64::new(0),
                is_wanted: Notify::new(),
                owner: OnceLock::new(),
                unsaved: OnceLock::new(),
                is_unknown: AtomicBool::new(false),
                announced: AtomicI64::new(0),
                answered: AtomicU64::new(0),
                pace: RateLimiter::direct(self.pace),
                wait_max: self.wait_max,
            })
        })
    }
}

impl Cell {
    /// Waits until the change before this one is over.
    ///
    /// # Errors
    /// [`StoreError::TimedOut`]: a change only ever waits for the database.
    pub(super) async fn enter(&self) -> Result<MutexGuard<'_, Option<Session>>, StoreError> {
        tokio::time::timeout(self.wait_max, self.state.lock()).await.map_err(|_| StoreError::TimedOut)
    }

    /// Waits until the turn before this one is over. Whoever writes that answer is told that the next one waits.
    ///
    /// # Errors
    /// [`StoreError::TimedOut`]: with somebody waiting a turn only ever waits for the database.
    pub(super) async fn begin_turn(self: &Arc<Self>) -> Result<OwnedMutexGuard<()>, StoreError> {
        let _wanted = self.want();
        let turn = Arc::clone(&self.turns).lock_owned();
        tokio::time::timeout(self.wait_max, turn).await.map_err(|_| StoreError::TimedOut)
    }

    /// Says that somebody would rather not wait for a language model, until what is returned is dropped. What it is saying ends.
    pub(super) fn want(self: &Arc<Self>) -> Wanted {
        self.wanted.fetch_add(1, Ordering::AcqRel);
        self.waits.fetch_add(1, Ordering::AcqRel);
        self.is_wanted.notify_waiters();
        Wanted { cell: Arc::clone(self) }
    }

    /// Whether somebody waits.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Acquire) > 0
    }

    /// How often anybody waited so far.
    pub(super) fn waits(&self) -> u64 {
        self.waits.load(Ordering::Acquire)
    }

    /// Waits until somebody waits, or has waited since there were so many [`waits`](Self::waits): whoever only changes the
    /// conversation is soon done.
    pub(super) async fn until_wanted(&self, since: u64) {
        loop {
            let mut told = std::pin::pin!(self.is_wanted.notified());
            // Heard from here on, so that nothing falls between looking and waiting.
            told.as_mut().enable();
            if self.is_wanted() || self.waits() > since {
                return;
            }
            told.await;
        }
    }

    /// Who may use the conversation, if that is known here.
    pub(super) fn owner(&self) -> Option<&Owner> {
        self.owner.get()
    }

    /// Notes what the store has; who may use it.
    pub(super) fn note(&self, stored: Option<&Session>) -> Option<&Owner> {
        self.is_unknown.store(stored.is_none(), Ordering::Relaxed);
        let session = stored?;
        Some(self.owner.get_or_init(|| session.token_hash.clone().map_or(Owner::Legacy, Owner::Token)))
    }

    /// Notes a conversation that was opened while nothing could be stored.
    pub(super) fn note_unsaved(&self, opened: Session) {
        self.unsaved.get_or_init(|| opened.into());
    }

    /// The conversation as it was opened, if that could not be stored then.
    pub(super) fn unsaved(&self) -> Option<&Session> {
        self.unsaved.get().map(Box::as_ref)
    }

    /// Whether the store did not know the conversation when it was asked. Said once: after a refusal it is asked again.
    pub(super) fn take_unknown(&self) -> bool {
        self.is_unknown.swap(false, Ordering::Relaxed)
    }

    /// Notes that a turn up to this message is announced; whether it was new.
    pub(super) fn note_announced(&self, last: MessageId) -> bool {
        self.announced.fetch_max(last.get(), Ordering::Relaxed) < last.get()
    }

    /// Whether the last answer from documents was this one.
    pub(super) fn was_answered(&self, answer: &str) -> bool {
        self.answered.load(Ordering::Relaxed) == print_of(answer)
    }

    /// Notes the answer from documents that was given last, or that something else was said.
    pub(super) fn note_answer(&self, answer: Option<&str>) {
        self.answered.store(answer.map_or(0, print_of), Ordering::Relaxed);
    }

    /// Takes one message from the conversation's allowance; else how long to wait for the next.
    pub(super) fn admit(&self) -> Result<(), Duration> {
        self.pace.check().map_err(|denied| denied.wait_time_from(DefaultClock::default().now()))
    }
}

/// Somebody who waits.
pub struct Wanted {
    cell: Arc<Cell>,
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.cell.wanted.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What tells a text from others; never 0.
fn print_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish() | 1
}
