//! What a connection is doing, and when it has been at it for too long.
//!
//! hyper's own limit on reading a header is one for two things: a header that comes slowly and a connection that rests between
//! requests. Here they are apart, for HTTP/1.1 and HTTP/2 alike, and a client that takes its answer too slowly is found, too.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Body as HttpBody;
use hyper::body::Frame;
use hyper::body::SizeHint;
use tokio::time::Instant;

use crate::config::ServerLimits;
use crate::edge::traffic::Traffic;

/// What of a response over HTTP/2 is handed over at once: one frame of the usual size (RFC 9113 §6.5.2).
const PIECE_BYTES: usize = 16 << 10;
/// What an HTTP/2 client reads before it says so: half the window it has by itself (RFC 9113 §6.9.2), as all of them do.
const WINDOW_STEP_BYTES: u64 = 32 << 10;
/// The least rate of a client whose rate is not limited: a window that stays shut is no rate.
const WINDOW_RATE_MIN: u64 = 256;

/// What a connection is doing. Times are milliseconds since it began, plus one, so that 0 is never.
pub(super) struct Activity {
    begun: Instant,
    traffic: Arc<Traffic>,
    /// Several requests share the connection (HTTP/2), so bytes between requests are not the start of one.
    is_multiplexed: bool,
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
    /// Responses over HTTP/2 of which there is more as soon as the client gives them a window.
    held: AtomicUsize,
    /// When the first of them began to wait.
    held_since: AtomicU64,
    /// What was handed on of them since.
    handed_on: AtomicU64,
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
            held: AtomicUsize::new(0),
            held_since: AtomicU64::new(0),
            handed_on: AtomicU64::new(0),
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

    /// Of one more response there is more as soon as the client takes it.
    fn hold(&self) {
        if self.held.fetch_add(1, Relaxed) == 0 {
            self.handed_on.store(0, Relaxed);
            self.held_since.store(self.now(), Relaxed);
        }
    }

    /// One of them waits for its client no more.
    fn let_go(&self) {
        if self.held.fetch_sub(1, Relaxed) == 1 {
            self.held_since.store(0, Relaxed);
        }
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
        let held = self.held_since.load(Relaxed);
        if held != 0 {
            // A client gives its window back in steps, and at the least rate a step lasts so long.
            let rate_min = limits.transfer_rate_min.get().max(WINDOW_RATE_MIN);
            let patience = Duration::from_millis(1000 * WINDOW_STEP_BYTES / rate_min);
            let (lasted, patience) = (since(held), patience.max(limits.transfer_timeout));
            if lasted >= patience {
                let handed_on = self.handed_on.swap(0, Relaxed);
                if handed_on == 0 || !is_fast_enough(handed_on + WINDOW_STEP_BYTES, lasted, limits) {
                    return Verdict::TooSlow;
                }
                self.held_since.store(now, Relaxed);
            } else {
                wait = wait.min(patience - lasted);
            }
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
            if lasted >= limit {
                return verdict;
            }
            wait = wait.min(limit - lasted);
        }
        Verdict::WaitUntil(Instant::now() + wait.max(Duration::from_millis(1)))
    }

    fn now(&self) -> u64 {
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

/// A request that is being answered, until the last clone is dropped.
pub(super) struct Busy(Arc<Activity>);

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

/// A response's body that keeps its request busy until it is sent.
///
/// Over HTTP/2 it hands itself over in pieces, because the next one is asked for only when the client had a window for the one
/// before: whoever gives none is told from whoever waits for the application, and a body is not done before it is nearly sent.
pub(super) struct Answer<B> {
    body: B,
    busy: Busy,
    /// What is left of the body's last frame.
    rest: Bytes,
    /// The next piece waits for the client.
    is_held: bool,
}

impl<B: HttpBody> Answer<B> {
    pub(super) fn new(body: B, busy: Busy) -> Self {
        Self { body, busy, rest: Bytes::new(), is_held: false }
    }

    fn set_held(&mut self, is_held: bool) {
        let activity = &self.busy.0;
        if !activity.is_multiplexed || self.is_held == is_held {
            return;
        }
        self.is_held = is_held;
        if is_held { activity.hold() } else { activity.let_go() }
    }
}

impl<B> Drop for Answer<B> {
    fn drop(&mut self) {
        if self.is_held {
            self.busy.0.let_go();
        }
    }
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for Answer<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if !self.busy.0.is_multiplexed {
            return Pin::new(&mut self.body).poll_frame(context);
        }
        if self.rest.is_empty() {
            let polled = Pin::new(&mut self.body).poll_frame(context);
            let Poll::Ready(Some(Ok(frame))) = polled else {
                self.set_held(false);
                return polled;
            };
            match frame.into_data() {
                Ok(data) => self.rest = data,
                Err(frame) => return Poll::Ready(Some(Ok(frame))),
            }
        }
        let bytes = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(bytes);
        self.busy.0.handed_on.fetch_add(bytes as u64, Relaxed);
        self.set_held(true);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let rest = self.rest.len() as u64;
        if rest > 0 {
            let upper = hint.upper().map(|bytes| bytes + rest);
            hint.set_lower(hint.lower() + rest);
            if let Some(upper) = upper {
                hint.set_upper(upper);
            }
        }
        hint
    }
}
