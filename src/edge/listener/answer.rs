//! A response's body on its way into its connection.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Body as HttpBody;
use hyper::body::Frame;
use hyper::body::SizeHint;

use crate::config::ServerLimits;
use crate::edge::listener::activity::Activity;
use crate::edge::listener::activity::Busy;
use crate::edge::listener::activity::Held;

/// What is handed over at once: one frame of the usual size (RFC 9113 §6.5.2).
const PIECE_BYTES: usize = 16 << 10;
/// The least step in which a client gives its window back: half of the one it has by itself (RFC 9113 §6.9.2).
const WINDOW_STEP_BYTES: u64 = 32 << 10;
/// The least rate of a client whose rate is not limited: a window that stays shut is no rate.
const WINDOW_RATE_MIN: u64 = 256;
/// The longest that a client may keep its window shut, however large it was.
const PATIENCE_MAX: Duration = Duration::from_secs(600);

/// A response's body that keeps its request busy until it is sent.
pub(super) enum Answer<B> {
    /// Over HTTP/1.1: as it is.
    Whole { body: B, _busy: Busy },
    /// Over HTTP/2: in pieces.
    Pieces(Pieces<B>),
}

/// A body in pieces. The next one is asked for only when the client had a window for the one before, so a client that gives none is
/// told from one that waits for the application; and a body is not done before it is nearly sent.
pub(super) struct Pieces<B> {
    stream: Arc<Stream<B>>,
    activity: Arc<Activity>,
    /// The stream as its connection knows it, once it does.
    held: Option<Arc<dyn Held>>,
}

struct Stream<B> {
    /// `None` once its client was given up.
    content: Mutex<Option<Content<B>>>,
    /// When the last piece was handed over, while the next one is not asked for; else 0.
    held_since: AtomicU64,
    handed_on: AtomicU64,
}

struct Content<B> {
    body: B,
    /// What is left of the body's last frame.
    rest: Bytes,
    _busy: Busy,
}

/// A client did not take what it had asked for.
#[derive(Debug, thiserror::Error)]
#[error("the client kept its window shut")]
struct GivenUp;

impl<B: HttpBody<Data = Bytes, Error = axum::Error> + Send + Unpin + 'static> Answer<B> {
    pub(super) fn new(body: B, busy: Busy) -> Self {
        if !busy.activity().is_multiplexed {
            return Self::Whole { body, _busy: busy };
        }
        let activity = Arc::clone(busy.activity());
        let content = Mutex::new(Some(Content { body, rest: Bytes::new(), _busy: busy }));
        let stream = Stream { content, held_since: AtomicU64::new(0), handed_on: AtomicU64::new(0) };
        Self::Pieces(Pieces { stream: Arc::new(stream), activity, held: None })
    }
}

impl<B> Stream<B> {
    fn content(&self) -> MutexGuard<'_, Option<Content<B>>> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<B: HttpBody<Data = Bytes, Error = axum::Error> + Send + Unpin + 'static> Pieces<B> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut content = self.stream.content();
        let Some(Content { body, rest, .. }) = &mut *content else {
            return Poll::Ready(Some(Err(axum::Error::new(GivenUp))));
        };
        if rest.is_empty() {
            self.stream.held_since.store(0, Relaxed);
            match Pin::new(body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => *rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                other @ (Poll::Ready(_) | Poll::Pending) => return other,
            }
        }
        let piece = rest.split_to(rest.len().min(PIECE_BYTES));
        self.stream.handed_on.fetch_add(piece.len() as u64, Relaxed);
        self.stream.held_since.store(self.activity.now(), Relaxed);
        drop(content);
        if self.held.is_none() {
            let held: Arc<dyn Held> = self.stream.clone();
            self.activity.hold(Arc::clone(&held));
            self.held = Some(held);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end(&self) -> bool {
        self.stream.content().as_ref().is_some_and(|content| content.rest.is_empty() && content.body.is_end_stream())
    }

    fn size(&self) -> SizeHint {
        let content = self.stream.content();
        let Some(Content { body, rest, .. }) = &*content else { return SizeHint::default() };
        let (of_body, rest) = (body.size_hint(), rest.len() as u64);
        let mut hint = SizeHint::new();
        if let Some(bytes) = of_body.upper() {
            hint.set_upper(bytes + rest);
        }
        hint.set_lower(of_body.lower() + rest);
        hint
    }
}

impl<B> Drop for Pieces<B> {
    fn drop(&mut self) {
        if let Some(held) = &self.held {
            self.activity.let_go(held);
        }
    }
}

impl<B: Send + 'static> Held for Stream<B> {
    fn judge(&self, now: u64, limits: &ServerLimits) -> Option<Duration> {
        let held_since = self.held_since.load(Relaxed);
        if held_since == 0 {
            return None;
        }
        // At the least rate the next step takes so long, and a window is the larger the more it has let through.
        let step = WINDOW_STEP_BYTES.max(self.handed_on.load(Relaxed) / 2);
        let rate_min = limits.transfer_rate_min.get().max(WINDOW_RATE_MIN);
        let patience = Duration::from_millis(1000 * step / rate_min).min(PATIENCE_MAX).max(limits.transfer_timeout);
        let left = patience.checked_sub(Duration::from_millis(now.saturating_sub(held_since)));
        let left = left.filter(|left| !left.is_zero());
        if left.is_none() {
            drop(self.content().take());
        }
        left
    }
}

impl<B: HttpBody<Data = Bytes, Error = axum::Error> + Send + Unpin + 'static> HttpBody for Answer<B> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.get_mut() {
            Self::Whole { body, .. } => Pin::new(body).poll_frame(context),
            Self::Pieces(pieces) => pieces.poll(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole { body, .. } => body.is_end_stream(),
            Self::Pieces(pieces) => pieces.is_end(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole { body, .. } => body.size_hint(),
            Self::Pieces(pieces) => pieces.size(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use axum::body::Body;

    use super::*;
    use crate::config::Config;

    fn answer(body: Body) -> (Answer<Body>, Arc<Activity>) {
        let activity = Activity::new(true, Arc::default(), Arc::default());
        (Answer::new(body, activity.begin_request()), activity)
    }

    fn next(answer: &mut Answer<Body>) -> Option<Result<usize, String>> {
        match Pin::new(answer).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(Ok(frame))) => Some(Ok(frame.into_data().unwrap().len())),
            Poll::Ready(Some(Err(error))) => Some(Err(error.to_string())),
            Poll::Ready(None) => None,
            Poll::Pending => panic!("nothing to wait for"),
        }
    }

    #[test]
    fn a_body_comes_in_pieces_and_says_what_is_left() {
        let (mut answer, activity) = answer(Body::from(vec![0; 40 << 10]));
        assert_eq!(answer.size_hint().exact(), Some(40 << 10));
        for (bytes, left) in [(16 << 10, 24 << 10), (16 << 10, 8 << 10), (8 << 10, 0)] {
            assert!(!answer.is_end_stream());
            assert_eq!(next(&mut answer), Some(Ok(bytes)));
            assert_eq!(answer.size_hint().exact(), Some(left));
        }
        assert!(answer.is_end_stream());
        assert_eq!(next(&mut answer), None);
        drop(answer);
        assert!(activity.is_rid_of_streams());
    }

    #[test]
    fn a_client_is_given_up_that_does_not_ask_on() {
        let limits = Config::default().server.limits;
        let (mut answer, activity) = answer(Body::from(vec![0; 1 << 20]));
        let Answer::Pieces(Pieces { stream, .. }) = &answer else { panic!("not over HTTP/2") };
        let stream = Arc::clone(stream);
        let hours = 3_600_000;
        assert_eq!(stream.judge(9 * hours, &limits), None, "the application is waited for");
        assert_eq!(next(&mut answer), Some(Ok(PIECE_BYTES)));
        // 32 KiB at 256 bytes a second.
        let patience = stream.judge(activity.now(), &limits).unwrap();
        assert!((Duration::from_secs(120)..=Duration::from_secs(128)).contains(&patience), "{patience:?}");
        for _ in 1..40 {
            assert_eq!(next(&mut answer), Some(Ok(PIECE_BYTES)));
        }
        assert!(stream.judge(activity.now(), &limits).unwrap() > Duration::from_secs(500), "a large window");
        assert_eq!(stream.judge(activity.now() + hours, &limits), None);
        assert!(!answer.is_end_stream());
        assert_eq!(next(&mut answer), Some(Err(GivenUp.to_string())));
    }
}
