//! A WebSocket between its ends: a tunnel of bytes, until one of the ends closes it, both are silent for too long, or the server
//! ends.
//!
//! Invariant: the one thing that is said to a client and does not come from its upstream is the frame that tells it to connect
//! anew, and that stands between two frames of the upstream's.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::task::ready;
use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;
use tokio::io::ReadBuf;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::edge::InUse;
use crate::edge::proxy::frames::Frames;
use crate::edge::proxy::upstreams::InFlight;

/// What is held of each direction. Messages of a chat are short.
const BUFFER_BYTES: usize = 4096;
/// How long either end may take to hear that a tunnel is over.
const FAREWELL: Duration = Duration::from_secs(1);
/// A frame that closes with the code of a server that restarts, 1012, in IANA's registry of RFC 6455 §11.7: connect anew.
const SERVICE_RESTART: &[u8] = &[0x88, 2, 0x03, 0xf4];

/// What a tunnel holds as long as it lasts.
pub(super) struct Tunnel {
    /// How long it may be silent in both directions.
    pub(super) idle_timeout: Duration,
    /// The place at the upstream.
    pub(super) in_flight: InFlight,
    /// The client's place among the connections.
    pub(super) in_use: Option<InUse>,
}

impl Tunnel {
    /// Connects the two ends. When the server begins to end, the client is told so after the frame that is on its way to it.
    pub(super) async fn run(self, near: OnUpgrade, far: OnUpgrade, end: &CancellationToken) {
        let Self { idle_timeout, in_flight, in_use } = self;
        // Either end may be gone before it begins, which is no event.
        let Ok((near, far)) = futures_util::future::try_join(near, far).await else { return };
        let (activity, told) = (Activity::new(), CancellationToken::new());
        let mut near = activity.watch(near);
        let mut far = Far::new(activity.watch(far), end, &told);
        tokio::select! {
            _ = tokio::io::copy_bidirectional_with_sizes(&mut near, &mut far, BUFFER_BYTES, BUFFER_BYTES) => {}
            () = activity.ceased(idle_timeout) => {
                let upstream = in_flight.upstream().address();
                tracing::debug!(upstream = &**upstream, "a WebSocket was silent for tunnel_idle_timeout and is closed");
            }
            // The client's answer goes to the upstream, which so hears of the end as well.
            () = async { told.cancelled().await; tokio::time::sleep(FAREWELL).await } => {}
        }
        let farewell = async { tokio::join!(near.shutdown(), far.shutdown()) };
        // Whoever does not take it is cut.
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
        drop(in_use);
    }
}

/// When something last came through a tunnel.
#[derive(Clone)]
struct Activity {
    begun: Instant,
    last_ms: Arc<AtomicU64>,
}

/// One end of a tunnel.
struct Watched {
    io: TokioIo<Upgraded>,
    activity: Activity,
}

/// The upstream's end, which falls silent when the server ends.
struct Far {
    watched: Watched,
    said: Frames,
    end: Pin<Box<WaitForCancellationFutureOwned>>,
    speech: Speech,
    told: CancellationToken,
}

/// What the client gets from the upstream's end.
#[derive(Clone, Copy)]
enum Speech {
    /// Whatever the upstream says.
    Upstream,
    /// The rest of the frame the upstream is in.
    LastFrame,
    /// This, and nothing more.
    Farewell(&'static [u8]),
}

impl Activity {
    fn new() -> Self {
        Self { begun: Instant::now(), last_ms: Arc::default() }
    }

    fn watch(&self, upgraded: Upgraded) -> Watched {
        Watched { io: TokioIo::new(upgraded), activity: self.clone() }
    }

    fn note(&self) {
        let elapsed_ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(elapsed_ms, Ordering::Relaxed);
    }

    /// Waits until nothing came for this long.
    async fn ceased(&self, idle_timeout: Duration) {
        loop {
            let last = Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
            let deadline = self.begun + last + idle_timeout;
            if deadline <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(deadline).await;
        }
    }
}

impl Far {
    /// `told` is cancelled when the client is told of the end.
    fn new(watched: Watched, end: &CancellationToken, told: &CancellationToken) -> Self {
        let end = Box::pin(end.clone().cancelled_owned());
        Self { watched, said: Frames::new(), end, speech: Speech::Upstream, told: told.clone() }
    }

    /// Reads what the upstream says, at most so many bytes of it.
    fn listen(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>, bytes_max: u64) -> Poll<io::Result<()>> {
        let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX).min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(bytes_max));
        ready!(Pin::new(&mut self.watched).poll_read(context, &mut part))?;
        self.said.follow(part.filled());
        let bytes = part.filled().len();
        buffer.advance(bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Far {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if matches!(this.speech, Speech::Upstream) && this.end.as_mut().poll(context).is_ready() {
            this.speech = Speech::LastFrame;
        }
        if matches!(this.speech, Speech::LastFrame) && this.said.bytes_missing_min() == 0 {
            this.speech = Speech::Farewell(if this.said.has_closed() { &[] } else { SERVICE_RESTART });
            this.told.cancel();
        }
        match this.speech {
            Speech::Upstream => this.listen(context, buffer, u64::MAX),
            Speech::LastFrame => this.listen(context, buffer, this.said.bytes_missing_min()),
            Speech::Farewell(words) => {
                let (now, later) = words.split_at(words.len().min(buffer.remaining()));
                buffer.put_slice(now);
                this.speech = Speech::Farewell(later);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for Far {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.watched).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.watched).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.watched).poll_shutdown(context)
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.activity.note();
        }
        polled
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
