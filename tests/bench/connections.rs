//! The connections of the edge's benchmarks: TLS handshakes, WebSockets that hold still, and clients who all come back at once.
//!
//! Like `load.rs` it shares the machine with the server it measures, so it does little: over TLS it checks no certificate, and
//! its half of a key exchange is the same for all its handshakes, because what costs the client as much as the server would
//! measure the client.
//!
//! It prints one JSON object.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use ::aws_lc_rs::agreement;
use ::aws_lc_rs::agreement::PrivateKey;
use ::aws_lc_rs::agreement::UnparsedPublicKey;
use anyhow::Context as _;
use clap::Parser;
use futures_util::StreamExt as _;
use rustls::ClientConfig;
use rustls::NamedGroup;
use rustls::client::Resumption;
use rustls::crypto::ActiveKeyExchange;
use rustls::crypto::CryptoProvider;
use rustls::crypto::SharedSecret;
use rustls::crypto::SupportedKxGroup;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use serde_json::json;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Opens connections to a server that runs already and says how that went.
#[derive(Debug, Clone, Parser)]
struct Arguments {
    #[arg(value_enum)]
    mode: Mode,
    /// Where the server listens
    #[arg(long)]
    address: SocketAddr,
    /// The listener speaks TLS
    #[arg(long)]
    tls: bool,
    /// Connections at the same time
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How long handshakes are counted
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// How often all clients come back
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Offers the key exchange that withstands quantum computers, too
    #[arg(long)]
    hybrid: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Mode {
    /// Full TLS 1.3 handshakes, no session taken up again, one after the other on each of the connections
    Handshakes,
    /// WebSockets that open, say "ready" and hold still until standard input ends
    Idle,
    /// WebSockets that are all there, are all cut, and all come back at once, several times
    Storm,
}

/// Whatever carries HTTP.
trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

type Socket = WebSocketStream<Box<dyn Stream>>;

struct Server {
    address: SocketAddr,
    tls: Option<TlsConnector>,
    /// Names this run's sessions apart from those of other runs.
    run: u128,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.mode {
        Mode::Handshakes => handshakes(&arguments),
        Mode::Idle => run(&arguments, async |server| idle(&arguments, &server).await),
        Mode::Storm => run(&arguments, async |server| storm(&arguments, &server).await),
    }
}

/// Does something on this thread.
fn run<T>(arguments: &Arguments, what: impl AsyncFnOnce(Rc<Server>) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = Rc::new(Server::new(arguments)?);
    tokio::task::LocalSet::new().block_on(&runtime, what(server))
}

impl Server {
    fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let tls = arguments.tls.then(|| client(arguments.hybrid)).transpose()?;
        let run = std::time::UNIX_EPOCH.elapsed()?.as_micros();
        Ok(Self { address: arguments.address, tls: tls.map(|client| TlsConnector::from(Arc::new(client))), run })
    }

    async fn connect(&self) -> anyhow::Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        Ok(match &self.tls {
            Some(tls) => Box::new(tls.connect(ServerName::try_from("localhost")?, stream).await?),
            None => Box::new(stream),
        })
    }

    /// A WebSocket that was served: upgraded, and told what its conversation is.
    async fn open(&self, customer: usize) -> anyhow::Result<Socket> {
        let url = format!("ws://localhost/api/v1/chat/ws/bench-{}-{customer}", self.run);
        let buffers = WebSocketConfig::default().read_buffer_size(4 * 1024).write_buffer_size(0);
        let stream = self.connect().await?;
        let (mut socket, _) = tokio_tungstenite::client_async_with_config(url, stream, Some(buffers)).await?;
        let status = socket.next().await.context("the server closed the WebSocket")??;
        anyhow::ensure!(status.to_text()?.starts_with(r#"{"type":"status""#), "not a status frame: {status}");
        Ok(socket)
    }

    /// All of them, at most `at_once` in the making; and how long each took from the start of all.
    async fn open_all(
        self: &Rc<Self>,
        customers: usize,
        at_once: usize,
    ) -> anyhow::Result<(Vec<Socket>, Vec<Duration>)> {
        let (begun, opening) = (Instant::now(), Arc::new(Semaphore::new(at_once)));
        let mut tasks = JoinSet::new();
        for customer in 0..customers {
            let (server, opening) = (Rc::clone(self), Arc::clone(&opening));
            tasks.spawn_local(async move {
                let _permit = opening.acquire().await?;
                let socket = server.open(customer).await.with_context(|| format!("customer {customer}"))?;
                anyhow::Ok((socket, begun.elapsed()))
            });
        }
        let mut all = (Vec::new(), Vec::new());
        while let Some(opened) = tasks.join_next().await {
            let (socket, waited) = opened??;
            all.0.push(socket);
            all.1.push(waited);
        }
        Ok(all)
    }
}

/// Handshakes for `--seconds`, on as many threads as there are cores: one alone is slower than a server.
fn handshakes(arguments: &Arguments) -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism()?.get();
    let begun = Instant::now();
    let over = begun + Duration::from_secs_f64(arguments.seconds);
    let share = arguments.connections.div_ceil(threads);
    let done: anyhow::Result<Vec<usize>> = std::thread::scope(|scope| {
        let work = || run(arguments, async |server| handshakes_of(&server, share, over).await);
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().map_err(|_| anyhow::anyhow!("a client panicked"))?).collect()
    });
    let (done, seconds) = (done?.iter().sum::<usize>(), begun.elapsed().as_secs_f64());
    println!("{}", json!({"handshakes": done, "seconds": seconds, "handshakes_per_second": done as f64 / seconds}));
    Ok(())
}

/// How many there were until it is over, one after the other on each of so many connections.
async fn handshakes_of(server: &Rc<Server>, connections: usize, over: Instant) -> anyhow::Result<usize> {
    let tls = server.tls.clone().context("handshakes need --tls")?;
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let (tls, address) = (tls.clone(), server.address);
        clients.spawn_local(async move {
            let mut done = 0_usize;
            while Instant::now() < over {
                handshake(&tls, address).await?;
                done += 1;
            }
            anyhow::Ok(done)
        });
    }
    let mut done = 0;
    while let Some(client) = clients.join_next().await {
        done += client??;
    }
    Ok(done)
}

/// One handshake that both sides finished, since the server answers our farewell with its own.
async fn handshake(tls: &TlsConnector, address: SocketAddr) -> anyhow::Result<()> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut stream = tls.connect(ServerName::try_from("localhost")?, stream).await?;
    stream.get_mut().1.send_close_notify();
    stream.flush().await?;
    let mut rest = [0; 64];
    while stream.read(&mut rest).await.unwrap_or(0) > 0 {}
    // Without this the client's ports would be used up after a few seconds, each of them waiting for stray packets.
    stream.get_ref().0.set_zero_linger()?;
    Ok(())
}

/// Opens WebSockets and holds them.
async fn idle(arguments: &Arguments, server: &Rc<Server>) -> anyhow::Result<()> {
    let (sockets, _) = server.open_all(arguments.connections, 64).await?;
    println!("{}", json!({"ready": sockets.len()}));
    // Reading answers the server's pings.
    for mut socket in sockets {
        tokio::task::spawn_local(async move { while let Some(Ok(_)) = socket.next().await {} });
    }
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await??;
    Ok(())
}

/// Cuts all WebSockets and opens as many at the same time.
async fn storm(arguments: &Arguments, server: &Rc<Server>) -> anyhow::Result<()> {
    let (mut sockets, _) = server.open_all(arguments.connections, 64).await?;
    let mut rounds = Vec::new();
    for _ in 0..arguments.rounds {
        // What is left from before, such as the handling of those that went away, is part of a storm.
        drop(sockets);
        let waited;
        (sockets, waited) = server.open_all(arguments.connections, usize::MAX >> 4).await?;
        rounds.push(waited.into_iter().max().unwrap_or_default().as_secs_f64());
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    println!("{}", json!({"clients": arguments.connections, "all_served_seconds": rounds}));
    Ok(())
}

/// A client that takes up no session again, and whose key exchange is one that every server has unless `hybrid`.
fn client(hybrid: bool) -> anyhow::Result<ClientConfig> {
    let mut provider = aws_lc_rs::default_provider();
    if !hybrid {
        provider.kx_groups = vec![Box::leak(Box::new(KeptKey::new()?))];
    }
    let provider = Arc::new(provider);
    let mut client = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous(provider)))
        .with_no_client_auth();
    client.resumption = Resumption::disabled();
    client.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(client)
}

/// X25519 with one key for all handshakes. A client that is to be safe makes a new one for each.
#[derive(Debug)]
struct KeptKey {
    private: Arc<PrivateKey>,
    public: Arc<[u8]>,
}

impl KeptKey {
    fn new() -> anyhow::Result<Self> {
        let private = PrivateKey::generate(&agreement::X25519)?;
        let public = private.compute_public_key()?.as_ref().into();
        Ok(Self { private: Arc::new(private), public })
    }
}

impl SupportedKxGroup for KeptKey {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, rustls::Error> {
        Ok(Box::new(Self { private: Arc::clone(&self.private), public: Arc::clone(&self.public) }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

impl ActiveKeyExchange for KeptKey {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, rustls::Error> {
        let peer = UnparsedPublicKey::new(&agreement::X25519, peer);
        let failed = rustls::Error::General("the key exchange failed".to_owned());
        agreement::agree(&self.private, peer, failed, |secret| Ok(SharedSecret::from(secret)))
    }

    fn pub_key(&self) -> &[u8] {
        &self.public
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

/// Believes every server, since the servers here are known and checking is the client's work, not theirs.
#[derive(Debug)]
struct Credulous(Arc<CryptoProvider>);

mod credulity {
    use rustls::DigitallySignedStruct;
    use rustls::Error;
    use rustls::SignatureScheme;
    use rustls::client::danger::HandshakeSignatureValid;
    use rustls::client::danger::ServerCertVerified;
    use rustls::client::danger::ServerCertVerifier;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::ServerName;
    use rustls::pki_types::UnixTime;

    use super::Credulous;

    impl ServerCertVerifier for Credulous {
        fn verify_server_cert(
            &self,
            _certificate: &CertificateDer<'_>,
            _chain: &[CertificateDer<'_>],
            _name: &ServerName<'_>,
            _ocsp: &[u8],
            _now: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _message: &[u8],
            _certificate: &CertificateDer<'_>,
            _signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _message: &[u8],
            _certificate: &CertificateDer<'_>,
            _signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
}
