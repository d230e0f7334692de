//! Whether this server answers on its own sockets, asked as a client would ask: what a service manager's watchdog is fed on.
//!
//! A socket counts from its first answer on. One that never answered this machine, because a firewall keeps it from itself, says
//! nothing about the program.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::header;
use futures_util::future::join_all;
use rustls::pki_types::ServerName;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::edge::Edge;
use crate::edge::Listener;
use crate::edge::Parts;
use crate::edge::client::ClientAddress;
use crate::edge::reachable;
use crate::edge::tls::trusting_anybody;

/// Where it asks: through the whole edge, and answered by the application.
const PATH: &str = "/health/live";
/// Who it says it is.
const USER_AGENT: &str = "pulse";
/// What a load balancer says of a connection that is its own (PROXY protocol, version 1).
const OWN_CONNECTION: &[u8] = b"PROXY UNKNOWN\r\n";
/// More than the answer has.
const ANSWER_BYTES_MAX: u64 = 16 << 10;

/// Asks a server's own sockets again and again.
pub struct Pulse {
    parts: Arc<Parts>,
    sockets: Vec<OwnSocket>,
}

impl Edge {
    /// What asks the sockets of `listener`, which this edge serves.
    pub fn pulse(&self, listener: &Listener) -> Pulse {
        let plain = listener.addresses().into_iter().map(|address| OwnSocket::new(address, false));
        let tls = listener.tls_addresses().into_iter().map(|address| OwnSocket::new(address, true));
        Pulse { parts: Arc::clone(&self.parts), sockets: plain.chain(tls).collect() }
    }
}

impl Pulse {
    /// Asks every socket, all at once, and waits for `patience` at most.
    ///
    /// # Errors
    /// Which sockets answered before and do not now, and why.
    pub async fn beat(&mut self, patience: Duration) -> Result<(), String> {
        let parts = &self.parts;
        let asked = self.sockets.iter().map(async |socket| {
            let answer = tokio::time::timeout(patience, socket.ask(parts)).await;
            answer.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)))
        });
        let answers = join_all(asked).await;
        let mut silent = Vec::new();
        for (socket, answer) in self.sockets.iter_mut().zip(answers) {
            match answer {
                Ok(()) if !socket.has_answered => {
                    socket.has_answered = true;
                    tracing::info!(socket = socket.url(), "the watchdog is fed while this socket answers");
                }
                Ok(()) => {}
                Err(error) if socket.has_answered => silent.push(format!("{}: {error}", socket.url())),
                Err(error) => tracing::debug!(socket = socket.url(), %error, "a socket does not answer this machine"),
            }
        }
        if silent.is_empty() { Ok(()) } else { Err(silent.join("; ")) }
    }

    /// Whether any socket counts.
    pub fn has_beaten(&self) -> bool {
        self.sockets.iter().any(|socket| socket.has_answered)
    }
}

/// Whether a request is one of these, of which nobody wants to read.
pub(super) fn is_own(request: &Request) -> bool {
    let is_named = request.headers().get(header::USER_AGENT).is_some_and(|name| name == USER_AGENT);
    let is_near = || ClientAddress::of(request.extensions()).is_some_and(|client| client.0.is_loopback());
    request.uri().path() == PATH && is_named && is_near()
}

struct OwnSocket {
    /// Where this machine reaches it.
    address: SocketAddr,
    is_tls: bool,
    has_answered: bool,
}

impl OwnSocket {
    fn new(listen: SocketAddr, is_tls: bool) -> Self {
        Self { address: reachable(listen), is_tls, has_answered: false }
    }

    fn url(&self) -> String {
        format!("{}://{}", if self.is_tls { "https" } else { "http" }, self.address)
    }

    async fn ask(&self, parts: &Parts) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.address).await?;
        let own = stream.local_addr()?.ip().to_canonical();
        let exchange = async {
            if parts.proxy_protocol_from.load().iter().any(|network| network.contains(&own)) {
                stream.write_all(OWN_CONNECTION).await?;
            }
            if !self.is_tls {
                return exchange(stream).await;
            }
            let name = ServerName::IpAddress(self.address.ip().into());
            exchange(trusting_anybody().map_err(io::Error::other)?.connect(name, stream).await?).await
        };
        match exchange.await {
            // Turned away, by a limit on connections or for want of a certificate or a name. Somebody was there who did.
            Err(error) if is_refusal(&error) => Ok(()),
            ended => ended,
        }
    }
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let request =
        format!("GET {PATH} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {USER_AGENT}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
    if answer.starts_with(b"HTTP/1.1 5") {
        let line = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
        return Err(io::Error::other(String::from_utf8_lossy(line).into_owned()));
    }
    Ok(())
}

fn is_refusal(error: &io::Error) -> bool {
    use io::ErrorKind;
    let is_closed =
        matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe);
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    is_closed || matches!(cause, Some(rustls::Error::AlertReceived(_)))
}
