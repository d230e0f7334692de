//! The port: whether somebody listens, and what becomes of the connections.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use hyper::Request;
use hyper::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::answers::Answers;
use super::player::Body;
use crate::support::Taken;
use crate::support::soon;

/// A port of the server's own, open or closed. Dropped, it is gone with all its connections.
pub struct Door {
    taken: Taken,
    inside: Arc<Inside>,
    open: Mutex<Option<Open>>,
}

struct Inside {
    answers: Arc<Answers>,
    tls: Option<TlsAcceptor>,
    connections: AtomicUsize,
    is_mute: AtomicBool,
}

/// A listener at work.
struct Open {
    signals: Signals,
    _tasks: JoinSet<()>,
}

#[derive(Clone, Default)]
struct Signals {
    /// No new connections; those that are there end with the answer under way.
    closing: CancellationToken,
    /// Nobody listens any more.
    closed: CancellationToken,
    /// The connections end, whatever is under way.
    dying: CancellationToken,
}

impl Door {
    /// A closed one.
    pub fn new(answers: Arc<Answers>, tls: Option<TlsAcceptor>) -> Self {
        let inside = Inside { answers, tls, connections: AtomicUsize::new(0), is_mute: AtomicBool::new(false) };
        Self { taken: Taken::any(), inside: Arc::new(inside), open: Mutex::new(None) }
    }

    /// Where it is, open or closed.
    pub fn address(&self) -> SocketAddr {
        self.taken.address()
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.inside.connections.load(Ordering::Relaxed)
    }

    /// Whether new connections are accepted and then left alone, without so much as a handshake.
    pub fn mute(&self, is_mute: bool) {
        self.inside.is_mute.store(is_mute, Ordering::Relaxed);
    }

    /// Begins to listen.
    pub async fn open(&self) {
        let listener = TcpListener::bind(self.address()).await.unwrap();
        let signals = Signals::default();
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&self.inside).accept(listener, signals.clone()));
        let before = self.open.lock().unwrap().replace(Open { signals, _tasks: tasks });
        assert!(before.is_none_or(|before| before.signals.closed.is_cancelled()), "it is open already");
    }

    /// Refuses connections from now on. Answers under way are finished first, unless it dies.
    pub async fn close(&self, is_dying: bool) {
        let signals = self.open.lock().unwrap().as_ref().expect("it was open").signals.clone();
        if is_dying {
            signals.dying.cancel();
        }
        signals.closing.cancel();
        soon("the end of a listener", signals.closed.cancelled()).await;
    }
}

impl Inside {
    async fn accept(self: Arc<Self>, listener: TcpListener, signals: Signals) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = signals.closing.cancelled() => break,
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    let number = self.connections.fetch_add(1, Ordering::Relaxed);
                    connections.spawn(Arc::clone(&self).connection(stream, number, signals.clone()));
                }
            }
        }
        drop(listener);
        signals.closed.cancel();
        while connections.join_next().await.is_some() {}
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, number: usize, signals: Signals) {
        if self.is_mute.load(Ordering::Relaxed) {
            return signals.closing.cancelled().await;
        }
        // A token shall not wait for the next one.
        stream.set_nodelay(true).unwrap();
        match &self.tls {
            None => self.serve(stream, number, signals).await,
            Some(tls) => {
                // A client that does not like the certificate is none of the server's business.
                let Ok(stream) = tls.accept(stream).await else { return };
                self.serve(stream, number, signals).await;
            }
        }
    }

    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin, number: usize, signals: Signals) {
        let service = service_fn(|request| self.answer(request, number, signals.dying.clone()));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        // Whoever breaks the connection has his reasons.
        tokio::select! {
            _ = connection.as_mut() => return,
            () = signals.dying.cancelled() => return,
            () = signals.closing.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            _ = connection => {}
            () = signals.dying.cancelled() => {}
        }
    }

    fn answer(
        &self,
        request: Request<Incoming>,
        number: usize,
        life: CancellationToken,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> + use<> {
        let answers = Arc::clone(&self.answers);
        async move { Ok(answers.answer(request, number, life).await) }
    }
}
