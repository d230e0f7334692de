//! A server behind the reverse proxy that does as the test says, and tells what arrived.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use socket2::Domain;
use socket2::Socket;
use socket2::Type;
use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;
use tokio::io::BufReader;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// A server on a port of its own. Dropped, it is gone with all its connections.
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

/// One request as it arrived.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// `GET`
    pub method: String,
    /// `/path?query`
    pub target: String,
    /// By their names in small letters; several values of one name have commas between.
    pub headers: BTreeMap<String, String>,
    /// The body, and what follows it in a chunked one.
    pub body: String,
    /// Which of the server's connections it came by, from 0.
    pub connection: usize,
}

impl Seen {
    /// A header's value; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What the server does with a request.
pub enum Act {
    /// Sends this and waits for the next request.
    Say(String),
    /// Sends this and closes the connection.
    SayAndClose(String),
    /// Sends what comes, and closes the connection after it.
    Stream(mpsc::Receiver<Vec<u8>>),
    /// Closes the connection without a word.
    Close,
    /// Never says anything. With a body, it is not read either.
    Hang,
    /// Becomes a WebSocket that sends back what it gets.
    Echo,
}

impl Act {
    /// `200` with a text.
    pub fn ok(text: &str) -> Self {
        Self::Say(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()))
    }

    /// An empty answer with this status.
    pub fn status(status: u16) -> Self {
        Self::Say(format!("HTTP/1.1 {status} Said\r\nContent-Length: 0\r\n\r\n"))
    }
}

/// A port that is taken, at which nobody listens: connections are refused, and one of our servers may begin to listen there.
pub struct Taken {
    socket: Socket,
}

impl Taken {
    /// Any port.
    pub fn any() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        Self { socket }
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap().as_socket().unwrap()
    }

    /// Its address, as a configuration has it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }
}

type Script = dyn Fn(&Seen) -> Act + Send + Sync;

struct Shared {
    script: Box<Script>,
    seen: Mutex<Vec<Seen>>,
    connections: AtomicUsize,
    tls: Option<TlsAcceptor>,
}

impl Upstream {
    /// One that answers as the script says. The script is asked when the head is there; bodies are read unless it hangs.
    pub async fn start(script: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Self {
        Self::listen(None, Box::new(script)).await
    }

    /// The same over TLS.
    pub async fn start_tls(tls: TlsAcceptor, script: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Self {
        Self::listen(Some(tls), Box::new(script)).await
    }

    async fn listen(tls: Option<TlsAcceptor>, script: Box<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { script, seen: Mutex::default(), connections: AtomicUsize::new(0), tls });
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&shared).accept(listener));
        Self { address, shared, _tasks: tasks }
    }

    /// One that says its name.
    pub async fn named(name: &'static str) -> Self {
        Self::start(move |_| Act::ok(name)).await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a configuration has it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What arrived so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// What arrived last.
    #[track_caller]
    pub fn last(&self) -> Seen {
        self.seen().pop().expect("something arrived")
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Shared {
    async fn accept(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let number = self.connections.fetch_add(1, Ordering::Relaxed);
            let shared = Arc::clone(&self);
            connections.spawn(async move {
                // Whoever breaks the connection has his reasons.
                let _ = match &shared.tls {
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => shared.serve(stream, number).await,
                        Err(error) => Err(error),
                    },
                    None => shared.serve(stream, number).await,
                };
            });
        }
    }

    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin, connection: usize) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(mut seen) = read_head(&mut stream).await? {
            seen.connection = connection;
            let act = (self.script)(&seen);
            if !matches!(act, Act::Hang) {
                seen.body = read_body(&mut stream, &seen).await?;
            }
            let key = seen.header("sec-websocket-key").to_owned();
            self.seen.lock().unwrap().push(seen);
            match act {
                Act::Say(answer) => stream.write_all(answer.as_bytes()).await?,
                Act::SayAndClose(answer) => {
                    stream.write_all(answer.as_bytes()).await?;
                    return stream.shutdown().await;
                }
                Act::Stream(mut parts) => {
                    while let Some(part) = parts.recv().await {
                        stream.write_all(&part).await?;
                    }
                    return stream.shutdown().await;
                }
                Act::Close => return Ok(()),
                Act::Hang => std::future::pending().await,
                Act::Echo => return echo(stream, &key).await,
            }
        }
        Ok(())
    }
}

async fn read_head(stream: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Option<Seen>> {
    let mut seen = Seen::default();
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    (seen.method, seen.target) = (words.next().unwrap(), words.next().unwrap());
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { return Ok(Some(seen)) };
        let known = seen.headers.entry(name.to_lowercase()).or_default();
        let separator = if known.is_empty() { "" } else { ", " };
        known.push_str(&format!("{separator}{value}"));
    }
}

async fn read_body(stream: &mut (impl AsyncBufReadExt + Unpin), seen: &Seen) -> io::Result<String> {
    let mut body = Vec::new();
    if seen.header("transfer-encoding") == "chunked" {
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let length = usize::from_str_radix(line.trim_end(), 16).unwrap();
            if length == 0 {
                break;
            }
            let mut chunk = vec![0; length + 2];
            stream.read_exact(&mut chunk).await?;
            body.extend_from_slice(&chunk[..length]);
        }
        let mut trailer = String::new();
        while stream.read_line(&mut trailer).await? > 2 {}
        body.extend_from_slice(trailer.trim_end().as_bytes());
    } else if let Ok(length) = seen.header("content-length").parse() {
        body.resize(length, 0);
        stream.read_exact(&mut body).await?;
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// The answer that switches to a WebSocket.
pub fn switch(key: &str) -> Vec<u8> {
    let accept = derive_accept_key(key.as_bytes());
    let upgrade = "Connection: upgrade\r\nUpgrade: websocket";
    format!("HTTP/1.1 101 Switching Protocols\r\n{upgrade}\r\nSec-WebSocket-Accept: {accept}\r\n\r\n").into_bytes()
}

async fn echo(mut stream: BufReader<impl AsyncRead + AsyncWrite + Unpin>, key: &str) -> io::Result<()> {
    stream.write_all(&switch(key)).await?;
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            break;
        }
    }
    Ok(())
}
