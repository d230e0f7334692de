//! What a connection is doing, and when it has been at it for too long.
//!
//! hyper's own limit on reading a header is one for two things: a header that comes slowly and a connection that rests between
//! requests. Here they are apart, for HTTP/1.1 and HTTP/2 alike, and a client that takes its answer too slowly is found, too.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::ServerLimits;
use crate::edge::traffic::Traffic;

/// What a connection is doing. Times are milliseconds since it began, plus one, so that 0 is never.
pub(super) struct Activity {
    begun: Instant,
    traffic: Arc<Traffic>,
    /// Several requests share the connection (HTTP/2), so bytes between requests are not the start of one.
    pub(super) is_multiplexed: bool,
    /// Holds on requests that are being answered ([`Busy`]).
    requests: AtomicUsize,
    /// When the last one was answered.
    idle_since: AtomicU64,
    /// When the first byte of a request came whose header is not complete yet.
    header_since: AtomicU64,
    /// When the client began to take less than there is to send.
    stalled_since: AtomicU64,
    /// What the system has taken for it since, encrypted if it is.
    taken: Arc<AtomicU64>,
    /// Responses over HTTP/2 that wait for their client, or did.
    streams: Mutex<Vec<Arc<dyn Held>>>,
}

/// What to do with a connection at some time.
pub(super) enum Verdict {
    /// Look again then.
    WaitUntil(Instant),
    /// It rests; close it in good order.
    Idle,
    /// It keeps the server waiting; cut it.
    TooSlow,
}

impl Activity {
    /// `taken` counts the bytes that the system takes.
    pub(super) fn new(is_multiplexed: bool, traffic: Arc<Traffic>, taken: Arc<AtomicU64>) -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            traffic,
            is_multiplexed,
            requests: AtomicUsize::new(0),
            idle_since: AtomicU64::new(0),
            header_since: AtomicU64::new(0),
            stalled_since: AtomicU64::new(0),
            taken,
            streams: Mutex::default(),
        })
    }

    /// Bytes came.
    pub(super) fn received(&self) {
        if !self.is_multiplexed && self.requests.load(Relaxed) == 0 && self.header_since.load(Relaxed) == 0 {
            self.header_since.store(self.now(), Relaxed);
            self.traffic.reading.add();
        }
    }

    /// The client does not take more for now.
    pub(super) fn stalled(&self) {
        if self.stalled_since.load(Relaxed) == 0 {
            self.taken.store(0, Relaxed);
            self.stalled_since.store(self.now(), Relaxed);
        }
    }

    /// Everything is sent.
    pub(super) fn flushed(&self) {
        if self.stalled_since.load(Relaxed) == 0 {
            return;
        }
        self.stalled_since.store(0, Relaxed);
        if self.idle_since.load(Relaxed) != 0 {
            self.idle_since.store(self.now(), Relaxed);
        }
    }

    /// A request came; it lasts until the last clone of what is returned is dropped.
    pub(super) fn begin_request(self: &Arc<Self>) -> Busy {
        if self.requests.fetch_add(1, Relaxed) == 0 {
            self.traffic.writing.add();
        }
        if self.header_since.swap(0, Relaxed) != 0 {
            self.traffic.reading.remove();
        }
        Busy(Arc::clone(self))
    }

    /// Looks after a response from now on.
    pub(super) fn hold(&self, stream: Arc<dyn Held>) {
        self.streams().push(stream);
    }

    /// No longer.
    pub(super) fn let_go(&self, stream: &Arc<dyn Held>) {
        self.streams().retain(|held| !Arc::ptr_eq(held, stream));
    }

    #[cfg(test)]
    pub(super) fn is_rid_of_streams(&self) -> bool {
        self.streams().is_empty()
    }

    fn streams(&self) -> MutexGuard<'_, Vec<Arc<dyn Held>>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No request has come yet.
    pub(super) fn is_new(&self) -> bool {
        self.requests.load(Relaxed) == 0 && self.idle_since.load(Relaxed) == 0
    }

    /// How it stands.
    pub(super) fn judge(&self, limits: &ServerLimits) -> Verdict {
        let now = self.now();
        let since = |mark: u64| Duration::from_millis(now.saturating_sub(mark));
        let mut wait = limits.transfer_timeout;
        let stalled = self.stalled_since.load(Relaxed);
        if stalled != 0 {
            let lasted = since(stalled);
            if lasted >= limits.transfer_timeout {
                if !is_fast_enough(self.taken.swap(0, Relaxed), lasted, limits) {
                    return Verdict::TooSlow;
                }
                self.stalled_since.store(now, Relaxed);
            } else {
                wait = limits.transfer_timeout - lasted;
            }
        }
        for stream in self.streams().iter() {
            wait = stream.judge(now, limits).map_or(wait, |left| wait.min(left));
        }
        // What is still being sent was asked for, though its request is done.
        if self.requests.load(Relaxed) == 0 && stalled == 0 {
            let (header, idle) = (self.header_since.load(Relaxed), self.idle_since.load(Relaxed));
            let (lasted, limit, verdict) = if header != 0 || idle == 0 {
                // A connection begins with a header that is waited for.
                (since(header.max(1)), limits.header_read_timeout, Verdict::TooSlow)
            } else {
                (since(idle), limits.idle_timeout, Verdict::Idle)
            };
            if lasted < limit {
                wait = wait.min(limit - lasted);
            } else if self.is_multiplexed && is_fast_enough(self.taken.swap(0, Relaxed), lasted, limits) {
                // Of HTTP/2 responses that were handed over long ago, it still takes the rest.
                self.idle_since.store(now, Relaxed);
            } else {
                return verdict;
            }
        }
        Verdict::WaitUntil(Instant::now() + wait.max(Duration::from_millis(1)))
    }

    /// Milliseconds since it began, plus one.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        if *self.header_since.get_mut() != 0 {
            self.traffic.reading.remove();
        }
    }
}

/// Whether so many bytes in so long a time are what a client may take or send at the least.
pub(super) fn is_fast_enough(bytes: u64, lasted: Duration, limits: &ServerLimits) -> bool {
    bytes as f64 >= limits.transfer_rate_min.get() as f64 * lasted.as_secs_f64() && bytes > 0
}

/// A response over HTTP/2 that may wait for its client.
pub(super) trait Held: Send + Sync {
    /// Gives it up if it has waited for too long, and its connection goes on without it. Else how long it may still wait, if it does.
    fn judge(&self, now: u64, limits: &ServerLimits) -> Option<Duration>;
}

/// A request that is being answered, until the last clone is dropped.
pub(super) struct Busy(Arc<Activity>);

impl Busy {
    /// Of its connection.
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.0
    }
}

impl Clone for Busy {
    fn clone(&self) -> Self {
        self.0.requests.fetch_add(1, Relaxed);
        Self(Arc::clone(&self.0))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Relaxed);
        if self.0.requests.fetch_sub(1, Relaxed) == 1 {
            self.0.traffic.writing.remove();
        }
    }
}
