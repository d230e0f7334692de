//! Sockets that accept connections, and the life of each connection.
//!
//! Written on hyper rather than taken from `axum::serve`, which has no limits on time or connections and no hook for TLS.

mod activity;
mod answer;
mod connection;
mod sockets;
mod stream;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::edge::Application;
use crate::edge::Edge;
use crate::telemetry::Throttle;
use crate::telemetry::chain;

pub use connection::InUse;
pub use connection::Peer;
pub use connection::TlsSession;
pub use sockets::BindError;

use connection::Serve;
use sockets::Socket;

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
    sockets: Vec<Socket>,
}

impl Listener {
    /// Takes the sockets the service manager hands over (`LISTEN_FDS`), and binds the remaining addresses: `plain` for HTTP,
    /// `tls` for HTTPS. A socket that was handed over is for the address with its port.
    ///
    /// # Errors
    /// The address that could not be bound, or the socket that is for no address, and why.
    pub fn bind(plain: &[SocketAddr], tls: &[SocketAddr]) -> Result<Self, BindError> {
        Ok(Self { sockets: sockets::bind(plain, tls)? })
    }

    /// Where it listens for plain HTTP, with the ports the system chose.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.of_kind(false)
    }

    /// Where it listens for HTTPS, with the ports the system chose.
    pub fn tls_addresses(&self) -> Vec<SocketAddr> {
        self.of_kind(true)
    }

    fn of_kind(&self, is_tls: bool) -> Vec<SocketAddr> {
        self.sockets.iter().filter(|socket| socket.is_tls == is_tls).map(|socket| socket.address).collect()
    }

    /// Serves `application` on tasks of `tracker` until `end`.
    pub fn serve(self, edge: &Edge, application: impl Application, tracker: &TaskTracker, end: &End) {
        for Socket { listener, address, is_tls } in self.sockets {
            let serve = Serve {
                application: application.clone(),
                parts: edge.parts.clone(),
                local: address,
                is_tls,
                tracker: tracker.clone(),
                end: end.clone(),
            };
            tracker.spawn(accept(listener, serve));
        }
    }
}

async fn accept<A: Application>(listener: TcpListener, serve: Serve<A>) {
    let failures = Throttle::default();
    loop {
        let accepted = tokio::select! {
            () = serve.end.begin.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => serve.begin(stream, peer),
            Err(error) => {
                if let Some(unsaid) = failures.admit() {
                    tracing::warn!(error = %chain(&error), unsaid, "a connection was not accepted");
                }
                tokio::time::sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
}

fn set_up(stream: &TcpStream) {
    // An answer of two writes must not wait for the client's acknowledgement of the first.
    let _ = stream.set_nodelay(true);
}
