//! WebSockets through the proxy: asked for over HTTP/1.1 (RFC 6455) or HTTP/2 (RFC 8441), passed on over HTTP/1.1, and then a
//! tunnel of bytes.
//!
//! No other protocol is switched to: within a tunnel nothing is looked at any more, and with `h2c` a client could ask the
//! upstream for whatever it likes.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;
use tokio::io::ReadBuf;
use tokio::time::Instant;

use crate::edge::InUse;
use crate::edge::proxy::Life;
use crate::edge::proxy::headers;
use crate::edge::proxy::upstreams::InFlight;

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
const UPGRADE: HeaderValue = HeaderValue::from_static("upgrade");
/// What is held of each direction. Messages of a chat are short.
const BUFFER_BYTES: usize = 4096;
/// How long either end may take to hear that a tunnel is over.
const FAREWELL: Duration = Duration::from_secs(1);

/// A client's wish for a WebSocket.
pub(super) struct Upgrade {
    near: OnUpgrade,
    is_extended: bool,
}

/// What a tunnel holds as long as it lasts.
pub(super) struct Tunnel {
    /// How long it may be silent in both directions.
    pub(super) idle_timeout: Duration,
    /// The place at the upstream.
    pub(super) in_flight: InFlight,
    /// The client's place among the connections.
    pub(super) in_use: Option<InUse>,
}

impl Upgrade {
    /// What a request wishes, if it does.
    pub(super) fn wanted(request: &mut Request) -> Option<Self> {
        let protocol = request.extensions().get::<Protocol>();
        let is_extended = protocol.is_some_and(|protocol| protocol.as_str().eq_ignore_ascii_case("websocket"));
        let is_extended = is_extended && request.method() == Method::CONNECT;
        let is_upgrade = request.method() == Method::GET
            && headers::mentions(request.headers(), &header::CONNECTION, "upgrade")
            && headers::mentions(request.headers(), &header::UPGRADE, "websocket");
        (is_extended || is_upgrade).then(|| Self { near: hyper::upgrade::on(request), is_extended })
    }

    /// Adds to a request's headers what asks for the upgrade.
    pub(super) fn ask(&self, headers: &mut HeaderMap) {
        headers.insert(header::CONNECTION, UPGRADE);
        headers.insert(header::UPGRADE, WEBSOCKET);
        if self.is_extended {
            headers.insert(header::SEC_WEBSOCKET_KEY, new_key());
            headers.entry(header::SEC_WEBSOCKET_VERSION).or_insert(HeaderValue::from_static("13"));
        }
    }

    /// The answer to the client, after which both ends are connected until one of them closes.
    pub(super) fn switch(
        self,
        mut answer: Response<Incoming>,
        mut headers: HeaderMap,
        tunnel: Tunnel,
        life: &Life,
    ) -> Response {
        let far = hyper::upgrade::on(&mut answer);
        let end = life.end.clone();
        life.tracker.spawn(async move {
            tokio::select! {
                () = tunnel.run(self.near, far, end.begin.cancelled()) => {}
                () = end.now.cancelled() => {}
            }
        });
        let mut response = Response::new(Body::empty());
        if self.is_extended {
            headers.remove(header::SEC_WEBSOCKET_ACCEPT);
        } else {
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            headers.insert(header::CONNECTION, UPGRADE);
            headers.insert(header::UPGRADE, WEBSOCKET);
        }
        *response.headers_mut() = headers;
        response
    }
}

impl Tunnel {
    async fn run(self, near: OnUpgrade, far: OnUpgrade, end: impl Future<Output = ()>) {
        let Self { idle_timeout, in_flight, in_use } = self;
        // Either end may be gone before it begins, which is no event.
        let Ok((near, far)) = futures_util::future::try_join(near, far).await else { return };
        let activity = Activity::new();
        let (mut near, mut far) = (activity.watch(near), activity.watch(far));
        tokio::select! {
            _ = tokio::io::copy_bidirectional_with_sizes(&mut near, &mut far, BUFFER_BYTES, BUFFER_BYTES) => {}
            () = activity.ceased(idle_timeout) => {
                let upstream = in_flight.upstream().address();
                tracing::debug!(upstream = &**upstream, "a WebSocket was silent for tunnel_idle_timeout and is closed");
            }
            () = end => {}
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

/// A `Sec-WebSocket-Key`: 16 random bytes in base64 (RFC 6455 §4.1), which HTTP/2 clients do not send.
fn new_key() -> HeaderValue {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits: u128 = rand::random();
    let letter =
        |six: u128| usize::try_from(six & 63).ok().and_then(|six| ALPHABET.get(six)).map_or('A', |b| char::from(*b));
    let mut key = String::with_capacity(24);
    for _ in 0..21 {
        key.push(letter(bits));
        bits >>= 6;
    }
    // The last letter stands for the two bits that are left.
    key.push(letter(bits << 4));
    key.push_str("==");
    HeaderValue::from_str(&key).unwrap_or(HeaderValue::from_static("AAAAAAAAAAAAAAAAAAAAAA=="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sixteen_bytes_in_base64() {
        let keys = [new_key(), new_key()];
        assert_ne!(keys[0], keys[1]);
        for key in keys {
            let key = key.to_str().unwrap();
            assert_eq!((key.len(), key.ends_with("==")), (24, true), "{key}");
            assert!("AQgw".contains(&key[21..22]), "no bits beyond the sixteenth byte: {key}");
        }
    }
}
