//! The conversations in use: one at a time changes, each has a pace, and its state is read once.
//!
//! A cell is a cache and a queue, not the truth: the store refuses a change that was computed from a stale state, so
//! several nodes may have a cell for the same conversation.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use governor::DefaultDirectRateLimiter;
use governor::Quota;
use governor::RateLimiter;
use governor::clock::Clock as _;
use governor::clock::DefaultClock;
use moka::sync::Cache;
use tokio::sync::Mutex;

use crate::domain::Session;
use crate::domain::SessionId;
use crate::domain::TokenHash;

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
    pub(super) state: Mutex<Option<Session>>,
    /// Never changes once the conversation is stored.
    pub(super) owner: OnceLock<Owner>,
    pace: DefaultDirectRateLimiter,
}

pub(super) struct Cells {
    cells: Cache<SessionId, Arc<Cell>>,
    pace: Quota,
}

impl Cells {
    /// `messages_per_second` and `burst` pace each conversation's messages.
    pub(super) fn new(messages_per_second: f64, burst: u32) -> Self {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let period = Duration::try_from_secs_f64(1.0 / messages_per_second).unwrap_or(Duration::from_secs(1));
        let pace = Quota::with_period(period.max(Duration::from_nanos(1)))
            .unwrap_or(Quota::per_second(NonZeroU32::MIN))
            .allow_burst(burst);
        let cells = Cache::builder().max_capacity(CELLS_MAX).time_to_idle(IDLE).build();
        Self { cells, pace }
    }

    pub(super) fn get(&self, id: &SessionId) -> Arc<Cell> {
        if let Some(cell) = self.cells.get(id) {
            return cell;
        }
        self.cells.get_with(id.clone(), || {
            Arc::new(Cell { state: Mutex::new(None), owner: OnceLock::new(), pace: RateLimiter::direct(self.pace) })
        })
    }
}

impl Cell {
    /// Takes one message from the conversation's allowance; else how long to wait for the next.
    pub(super) fn admit(&self) -> Result<(), Duration> {
        self.pace.check().map_err(|denied| denied.wait_time_from(DefaultClock::default().now()))
    }
}
