//! Sockets that accept connections, and the life of each connection.
//!
//! Written on hyper rather than taken from `axum::serve`, which has no time limit for headers, no limit on connections
//! and no hook for TLS.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use socket2::Domain;
use socket2::Protocol;
use socket2::Socket;
use socket2::Type;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::config::ServerLimits;
use crate::edge::Application;
use crate::edge::ClientAddress;
use crate::edge::ConnectionPermit;
use crate::edge::connections::Connections;
use crate::telemetry::chain;

/// Clients that may wait to be accepted. With the usual 1024 a storm of reconnecting clients is refused and comes
/// back after a second; 4096 took 2,000 of them in 0.3 s (measured for this design).
const BACKLOG: i32 = 4096;
/// The least hyper can read a header with.
const HEADER_BYTES_MIN: usize = 8192;
/// How long to rest when the process has no file descriptor left for the next connection.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// How serving ends.
#[derive(Debug, Clone)]
pub struct End {
    /// No new connections; those there are finish the request they are in.
    pub begin: CancellationToken,
    /// Connections that are still there are cut.
    pub now: CancellationToken,
}

/// Sockets that are bound but not yet served.
pub struct Listener {
    sockets: Vec<TcpListener>,
}

impl Listener {
    /// Binds all addresses.
    ///
    /// # Errors
    /// The address that could not be bound, and why.
    pub fn bind(addresses: &[SocketAddr]) -> Result<Self, (SocketAddr, io::Error)> {
        let sockets: Result<_, _> =
            addresses.iter().map(|address| bind_one(*address).map_err(|error| (*address, error))).collect();
        Ok(Self { sockets: sockets? })
    }

    /// Where it listens, with the ports the system chose.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets.iter().filter_map(|socket| socket.local_addr().ok()).collect()
    }

    /// Serves `application` on tasks of `tracker` until `end`.
    pub fn serve(self, application: impl Application, limits: &ServerLimits, tracker: &TaskTracker, end: &End) {
        let connections = Connections::new(limits.connections_max, limits.connections_per_client_max);
        for socket in self.sockets {
            let acceptor = Acceptor {
                application: application.clone(),
                limits: limits.clone(),
                connections: connections.clone(),
                tracker: tracker.clone(),
                end: end.clone(),
            };
            tracker.spawn(acceptor.run(socket));
        }
    }
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restarted server takes its port back at once.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

struct Acceptor<A> {
    application: A,
    limits: ServerLimits,
    connections: Connections,
    tracker: TaskTracker,
    end: End,
}

impl<A: Application> Acceptor<A> {
    async fn run(self, socket: TcpListener) {
        loop {
            let accepted = tokio::select! {
                () = self.end.begin.cancelled() => return,
                accepted = socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let client = ClientAddress(peer.ip().to_canonical());
                    // Above the limit the connection is closed without a word: a word would cost what is short.
                    if let Some(permit) = self.connections.admit(client.0) {
                        self.serve(stream, client, permit);
                    }
                }
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "a connection was not accepted");
                    tokio::time::sleep(EXHAUSTED_PAUSE).await;
                }
            }
        }
    }

    fn serve(&self, stream: TcpStream, client: ClientAddress, permit: ConnectionPermit) {
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.limits.transfer_timeout));
        let application = self.application.clone();
        let keep = permit.clone();
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(client);
            request.extensions_mut().insert(permit.clone());
            // On the heap while it lasts, so that an idle connection does not hold its place.
            Box::pin(application.clone().oneshot(request))
        });
        // The one limit covers a client that sends nothing at all, a slow header, and an idle keep-alive.
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_read_timeout)
            .max_buf_size(self.limits.header_bytes_max.as_usize().max(HEADER_BYTES_MIN))
            .serve_connection(TokioIo::new(Box::pin(stream)), service)
            .with_upgrades();
        let end = self.end.clone();
        self.tracker.spawn(async move {
            let _keep = keep;
            tokio::pin!(connection);
            // A client that goes away is no event; its request, if there was one, has its line in the access log.
            tokio::select! {
                _ = connection.as_mut() => return,
                () = end.begin.cancelled() => connection.as_mut().graceful_shutdown(),
            }
            tokio::select! {
                _ = connection => {}
                () = end.now.cancelled() => {}
            }
        });
    }
}
