//! What is remembered of each client: governor's state for it, for a bounded number of clients.

use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use foldhash::quality::RandomState;
use governor::nanos::Nanos;
use governor::state::StateStore;
use lru::LruCache;

/// Parts with a lock of their own, so that clients hardly ever wait for each other.
const SHARDS: usize = 16;
/// The least one is for: with fewer, chance would fill one long before the others.
const CLIENTS_PER_SHARD_MIN: usize = 1024;

/// A table of clients, each with the time at which it will have nothing left to make good: the theoretical arrival time
/// of governor's algorithm (GCRA), in nanoseconds since the limiter began.
///
/// When it is full, the client that was silent for the longest time makes place for the newcomer, who takes over its time.
/// A time that has passed, as it nearly always has, is as good as none. One that has not cannot be got rid of by
/// having oneself forgotten under a flood of strangers: it stays with the place.
#[derive(Clone)]
pub(super) struct Clients {
    shared: Arc<Shared>,
}

struct Shared {
    shards: Vec<Mutex<Shard>>,
    clients_per_shard_max: usize,
    hasher: RandomState,
    evicted: AtomicU64,
}

type Shard = LruCache<IpAddr, Option<NonZeroU64>, RandomState>;

impl Clients {
    /// An empty table for at most `clients_max`.
    pub(super) fn new(clients_max: usize) -> Self {
        let count = (clients_max / CLIENTS_PER_SHARD_MIN).clamp(1, SHARDS);
        let shard = || Mutex::new(LruCache::unbounded_with_hasher(RandomState::default()));
        let shared = Shared {
            shards: std::iter::repeat_with(shard).take(count).collect(),
            clients_per_shard_max: (clients_max / count).max(1),
            hasher: RandomState::default(),
            evicted: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.shared.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// How many made place for others so far.
    pub(super) fn evicted(&self) -> u64 {
        self.shared.evicted.load(Relaxed)
    }
}

impl StateStore for Clients {
    type Key = IpAddr;

    fn measure_and_replace<T, F, E>(&self, client: &IpAddr, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let shared = &*self.shared;
        let number = shared.hasher.hash_one(client) as usize % shared.shards.len();
        let Some(shard) = shared.shards.get(number) else { return decide(None).map(|(outcome, _)| outcome) };
        let mut clients = lock(shard);
        // A refusal is a sign of life, too: who is refused again and again is not forgotten.
        if let Some(time) = clients.get_mut(client) {
            let (outcome, next) = decide(time.map(|time| time.get().into()))?;
            *time = NonZeroU64::new(next.into());
            return Ok(outcome);
        }
        let is_full = clients.len() >= shared.clients_per_shard_max;
        let inherited = if is_full { clients.pop_lru().and_then(|(_, time)| time) } else { None };
        if is_full {
            shared.evicted.fetch_add(1, Relaxed);
        }
        let decided = decide(inherited.map(|time| time.get().into()));
        let (outcome, time) = match decided {
            Ok((outcome, next)) => (Ok(outcome), NonZeroU64::new(next.into())),
            Err(refusal) => (Err(refusal), inherited),
        };
        clients.put(*client, time);
        outcome
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
