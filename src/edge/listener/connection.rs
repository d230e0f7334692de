//! The life of one connection: who it is, TLS, requests, its end.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use hyper::Response;
use hyper::body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::server::conn::http2;
use hyper::service::Service;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::config::ServerLimits;
use crate::edge::Application;
use crate::edge::Parts;
use crate::edge::client::Visit;
use crate::edge::connections::ConnectionPermit;
use crate::edge::connections::Reservation;
use crate::edge::listener::End;
use crate::edge::listener::activity::Activity;
use crate::edge::listener::activity::Busy;
use crate::edge::listener::activity::Verdict;
use crate::edge::listener::answer::Answer;
use crate::edge::listener::set_up;
use crate::edge::listener::stream::Watched;
use crate::edge::listener::stream::metered;
use crate::edge::proxy_protocol;
use crate::edge::tls::Handshake;
use crate::edge::traffic::Traffic;
use crate::telemetry::chain;

/// What is read of a header beyond its limit, as a multiple of the limit: a browser whose cookies have grown too large is told
/// so in words (`framing`), and only what is longer than this by a bare status of hyper's.
const HEADER_READ_FACTOR: usize = 2;
/// What an idle client gets to take its leave.
const FAREWELL: Duration = Duration::from_secs(1);
/// Requests of one HTTP/2 connection that may be under way (as nginx).
const STREAMS_MAX: u32 = 128;
/// What a client may send of one HTTP/2 request's body before it is read, and of all.
const STREAM_WINDOW_BYTES: u32 = 256 << 10;
const CONNECTION_WINDOW_BYTES: u32 = 1 << 20;
/// What is kept of one HTTP/2 response while the client does not take it.
const STREAM_SEND_BYTES: usize = 256 << 10;
/// How often a busy HTTP/2 client is asked whether it is still there, and how long it may take to say so.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// Who is on the other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Where it comes from: the connection's other end, or what a load balancer says by PROXY protocol.
    pub address: IpAddr,
    /// TLS, if there is any.
    pub tls: Option<Arc<TlsSession>>,
}

/// What was agreed on when a TLS connection began.
#[derive(Debug)]
pub struct TlsSession {
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: &'static str,
    /// The name the client asked for.
    pub server_name: Option<String>,
    /// The client has a certificate of an authority that is trusted for it.
    pub is_client_known: bool,
}

/// Keeps a connection counted and its request busy: whoever upgrades keeps it.
#[derive(Clone)]
pub struct InUse {
    _permit: ConnectionPermit,
    _busy: Busy,
}

/// What all connections of one socket share.
#[derive(Clone)]
pub(super) struct Serve<A> {
    pub(super) application: A,
    pub(super) parts: Arc<Parts>,
    pub(super) local: SocketAddr,
    pub(super) is_tls: bool,
    pub(super) tracker: TaskTracker,
    pub(super) end: End,
}

impl<A: Application> Serve<A> {
    /// Takes a connection, on a task of its own, or closes it if there are too many. A load balancer says first whose it is.
    pub(super) fn begin(&self, mut stream: TcpStream, peer: SocketAddr) {
        let address = peer.ip().to_canonical();
        let balancers = self.parts.proxy_protocol_from.load();
        if !balancers.iter().any(|network| network.contains(&address)) {
            return self.admit(stream, address, None);
        }
        // Whose it is, is not known yet, so it counts among all only.
        let Some(place) = self.parts.connections.reserve(address) else { return };
        let serve = self.clone();
        let timeout = self.parts.limits.load().header_read_timeout;
        self.tracker.spawn(async move {
            let source = serve.end.begin.run_until_cancelled(proxy_protocol::read(&mut stream, timeout)).await;
            match source {
                Some(Ok(source)) => serve.admit(stream, source.map_or(address, |source| source.ip()), Some(place)),
                Some(Err(error)) => {
                    tracing::debug!(%address, error = %chain(&error), "a load balancer was not understood")
                }
                None => {}
            }
        });
    }

    fn admit(&self, stream: TcpStream, address: IpAddr, place: Option<Reservation>) {
        // Above the limit the connection is closed without a word: a word would cost what is short.
        let Some(permit) = self.parts.connections.admit(address, place) else { return };
        set_up(&stream);
        let taken = Arc::default();
        let stream = metered(stream, Arc::clone(&taken));
        let connection = Connection {
            application: self.application.clone(),
            limits: self.parts.limits.load_full(),
            traffic: Arc::clone(&self.parts.traffic),
            taken,
            permit,
            end: self.end.clone(),
        };
        if !self.is_tls {
            let peer = Peer { address, tls: None };
            self.tracker.spawn(connection.serve_http1(stream, peer));
            return;
        }
        let Some(tls) = &self.parts.tls else { return };
        let handshake = tls.begin(stream, self.local);
        let end = self.end.now.clone();
        self.tracker.spawn(async move {
            let Some(handshaken) = end.run_until_cancelled(handshake).await else { return };
            match handshaken {
                Ok((stream, session, Handshake::Http1)) => {
                    connection.serve_http1(stream, Peer { address, tls: Some(Arc::new(session)) }).await;
                }
                Ok((stream, session, Handshake::Http2)) => {
                    connection.serve_http2(stream, Peer { address, tls: Some(Arc::new(session)) }).await;
                }
                // An authority has seen what it came for.
                Ok((_, _, Handshake::AcmeChallenge)) => {}
                Err(error) => tracing::debug!(%address, %error, "a TLS handshake failed"),
            }
        });
    }
}

/// One connection.
struct Connection<A> {
    application: A,
    limits: Arc<ServerLimits>,
    traffic: Arc<Traffic>,
    taken: Arc<AtomicU64>,
    permit: ConnectionPermit,
    end: End,
}

impl<A: Application> Connection<A> {
    async fn serve_http1<S>(self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { application, limits, traffic, taken, permit, end } = self;
        let activity = Activity::new(false, traffic, taken);
        let header_bytes_max = HEADER_READ_FACTOR * limits.header_bytes_max.as_usize();
        // On the heap, so that what remains of a connection that was upgraded is small.
        let io = TokioIo::new(Box::new(Watched::new(stream, Arc::clone(&activity))));
        let service = Requests { application, peer, permit, activity: Arc::clone(&activity) };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // The watch below has both limits that this one would be.
            .header_read_timeout(None)
            .max_header_size(header_bytes_max)
            .max_buf_size(header_bytes_max)
            .serve_connection(io, service)
            .with_upgrades();
        watch(connection, http1::UpgradeableConnection::graceful_shutdown, &activity, &limits, &end).await;
    }

    async fn serve_http2<S>(self, stream: S, peer: Peer)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { application, limits, traffic, taken, permit, end } = self;
        let activity = Activity::new(true, traffic, taken);
        let header_bytes_max = HEADER_READ_FACTOR * limits.header_bytes_max.as_usize();
        let io = TokioIo::new(Watched::new(stream, Arc::clone(&activity)));
        let service = Requests { application, peer, permit, activity: Arc::clone(&activity) };
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .enable_connect_protocol()
            .max_concurrent_streams(STREAMS_MAX)
            .max_header_list_size(u32::try_from(header_bytes_max).unwrap_or(u32::MAX))
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_send_buf_size(STREAM_SEND_BYTES)
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .serve_connection(io, service);
        watch(connection, http2::Connection::graceful_shutdown, &activity, &limits, &end).await;
    }
}

/// Answers each request of a connection.
struct Requests<A> {
    application: A,
    peer: Peer,
    permit: ConnectionPermit,
    activity: Arc<Activity>,
}

impl<A: Application> Service<hyper::Request<Incoming>> for Requests<A> {
    type Response = Response<Answer<A::Body>>;
    type Error = Infallible;
    // On the heap while it lasts, so that an idle connection does not hold its place.
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let busy = self.activity.begin_request();
        let mut request: Request =
            request.map(|body| if body.is_end_stream() { Body::empty() } else { Body::new(body) });
        let in_use = InUse { _permit: self.permit.clone(), _busy: busy.clone() };
        request.extensions_mut().insert(Visit::new(self.peer.clone(), in_use));
        let answer = self.application.clone().oneshot(request);
        Box::pin(async move { answer.await.map(|response| response.map(|body| Answer::new(body, busy))) })
    }
}

/// Drives a connection to its end, and ends it when its client is too slow, idle for too long, or the server goes down.
async fn watch<C>(connection: C, farewell: fn(Pin<&mut C>), activity: &Activity, limits: &ServerLimits, end: &End)
where
    C: Future,
{
    tokio::pin!(connection);
    let first = match activity.judge(limits) {
        Verdict::WaitUntil(time) => time,
        Verdict::Idle | Verdict::TooSlow => return,
    };
    let alarm = tokio::time::sleep_until(first);
    tokio::pin!(alarm);
    let (mut is_ending, mut has_left) = (false, false);
    // A client that goes away is no event; its request, if there was one, has its line in the access log.
    loop {
        tokio::select! {
            // What has come is read before time is called: a server that was held up itself does not blame its clients.
            biased;
            () = end.now.cancelled() => return,
            _ = connection.as_mut() => return,
            // Also when this connection has used up its turn, as a flood may with every one.
            () = tokio::task::unconstrained(alarm.as_mut()) => match activity.judge(limits) {
                Verdict::WaitUntil(time) => alarm.as_mut().reset(time),
                Verdict::TooSlow => return,
                Verdict::Idle if has_left => return,
                // A request that was on its way meanwhile is answered all the same.
                Verdict::Idle => {
                    (is_ending, has_left) = (true, true);
                    farewell(connection.as_mut());
                    alarm.as_mut().reset(tokio::time::Instant::now() + FAREWELL);
                }
            },
            () = end.begin.cancelled(), if !is_ending => {
                is_ending = true;
                // Whoever was just let in has his first request answered.
                if activity.is_new() && tokio::time::timeout(FAREWELL, connection.as_mut()).await.is_ok() {
                    return;
                }
                farewell(connection.as_mut());
            }
        }
    }
}
