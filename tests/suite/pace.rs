//! Clients that hold the server up, and those that are merely slow: over HTTP/1.1 and HTTP/2.

use std::net::SocketAddr;
use std::time::Duration;
use std::time::Instant;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::BareEdge;
use crate::support::Http;
use crate::support::Program;
use crate::support::Raw;
use crate::support::Server;
use crate::support::Setup;
use crate::support::Site;
use crate::support::Store;
use crate::support::Tls;
use crate::support::eventually;
use crate::support::soon;

/// What HTTP/2 clients give for each response by themselves (RFC 9113 §6.9.2).
const WINDOW_BYTES: u32 = 65_535;

async fn server(settings: &[(&str, &str)]) -> Server {
    let setup = settings.iter().fold(Setup::new(Store::Sqlite), |setup, (key, value)| setup.with(key, value));
    setup.start().await
}

/// A header that trickles in is cut at its limit, while a connection may rest for longer than that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_header_is_no_rest() {
    let server = server(&[("server.limits.header_read_timeout", "500ms"), ("server.limits.idle_timeout", "3s")]).await;
    let mut resting = TcpStream::connect(server.address()).await.unwrap();
    for _ in 0..2 {
        resting.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        let mut answer = [0; 4096];
        let length = soon("an answer", resting.read(&mut answer)).await.unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let begun = Instant::now();
    assert!(resting.write_all(b"GET /health HTTP/1.1\r\n").await.is_ok());
    let mut rest = Vec::new();
    let _ = soon("the end", resting.read_to_end(&mut rest)).await;
    assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    assert!(begun.elapsed() < Duration::from_secs(3), "cut as a slow header, not as a rest");
}

/// A server that was held up for longer than its clients may take reads what they have sent before it judges them.
#[tokio::test]
async fn a_server_that_was_held_up_does_not_blame_its_clients() {
    let settings = "server.limits.header_read_timeout = '500ms'
        server.limits.idle_timeout = '500ms'
        edge.rate_limit.enabled = false";
    let edge = BareEdge::start(settings, async |_| Response::new(Body::from("here")));
    let mut clients = Vec::new();
    for _ in 0..30 {
        clients.push(TcpStream::connect(edge.address()).await.unwrap());
    }
    // First as a new connection, then as one that rests.
    for round in ["new", "resting"] {
        tokio::time::sleep(Duration::from_millis(100)).await;
        for client in &mut clients {
            client.write_all(b"GET /api/ HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        }
        // The server runs on this thread, too.
        std::thread::sleep(Duration::from_secs(1));
        for client in &mut clients {
            let mut answer = [0; 4096];
            let length = soon("an answer", client.read(&mut answer)).await;
            let length = length.unwrap_or_else(|error| panic!("{round}: {error}"));
            assert!(answer[..length].starts_with(b"HTTP/1.1 200"), "{round}: {length} bytes");
        }
    }
}

/// An idle connection is closed in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rest_ends() {
    let server = server(&[("server.limits.idle_timeout", "300ms")]).await;
    let mut raw = Raw::connect(server.address()).await;
    assert!(raw.send(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n").await);
    assert!(raw.read_to_end().await.starts_with("HTTP/1.1 200"));
}

/// A body that comes byte by byte to hold a connection is refused; one that comes slowly but surely is taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trickle_is_no_upload() {
    let limits = [("server.limits.transfer_timeout", "500ms"), ("server.limits.transfer_rate_min", "200B")];
    let server = server(&limits).await;
    let body = "x".repeat(4000);
    let head =
        "POST /api/v1/chat/message HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n";
    let head = format!("{head}Content-Length: {}\r\n\r\n", body.len());
    let upload = async |piece: usize| {
        let mut raw = Raw::connect(server.address()).await;
        assert!(raw.send(head.as_bytes()).await);
        for part in body.as_bytes().chunks(piece) {
            if !raw.send(part).await {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        raw.read_to_end().await
    };
    // 2,000 and 25 bytes a second.
    let (honest, trickle) = tokio::join!(upload(400), upload(5));
    assert!(honest.starts_with("HTTP/1.1 422"), "read to its end, and no JSON: {honest}");
    assert!(!trickle.starts_with("HTTP/1.1 422"), "{trickle}");
}

/// A client that takes nothing of a long answer is cut; the server does not keep it for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_nobody_takes_is_given_up() {
    let server = server(&[("server.limits.transfer_timeout", "500ms")]).await;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut greedy = socket.connect(server.address()).await.unwrap();
    let requests = "GET /api/v1/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n".repeat(400);
    let _ = tokio::time::timeout(Duration::from_secs(1), greedy.write_all(requests.as_bytes())).await;
    let read = eventually("the end", async || {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let mut taken = vec![0; 64 << 20];
        let mut length = 0;
        loop {
            match tokio::time::timeout(Duration::from_millis(200), greedy.read(&mut taken[length..])).await {
                Ok(Ok(0) | Err(_)) => return Some(length),
                Ok(Ok(count)) => length += count,
                Err(_) => return None,
            }
        }
    });
    let read = read.await;
    assert!(read < 400 * 50_000, "{read} bytes were kept for it");
}

/// A program with HTTPS, and the largest script of its first page, which has some hundred kilobytes.
struct Served {
    _program: Program,
    site: Site,
    address: SocketAddr,
    path: String,
    script_bytes: usize,
}

impl Served {
    async fn with(settings: &str) -> Self {
        let site =
            Site::new(&format!("edge.tls.listen = [\"127.0.0.1:0\"]\nedge.tls.redirect_http = false\n{settings}"));
        let program = Program::start(&["serve", "--config", site.config()], &[]);
        let (http, address) = (Http::at(program.address()), program.tls_address());
        let page = http.get("/").await.text();
        let (mut path, mut script_bytes) = (String::new(), 0);
        for word in page.split('"').filter(|word| word.starts_with("/assets/") && word.ends_with(".js")) {
            let bytes = http.get(word).await.body.len();
            if bytes > script_bytes {
                (path, script_bytes) = (word.to_owned(), bytes);
            }
        }
        assert!(script_bytes > 3 * WINDOW_BYTES as usize, "{path} is too small: {script_bytes} bytes");
        Self { _program: program, site, address, path, script_bytes }
    }

    fn tls(&self) -> Tls {
        Tls::trusting(&self.site.local_root())
    }

    /// A response over HTTP/2 of which nothing has been read, and its connection, which answers pings.
    async fn ask_for_script(&self) -> (Incoming, http2::SendRequest<Full<Bytes>>) {
        let stream = self.tls().connect(self.address, "localhost", &["h2"]).await.unwrap();
        let mut client = http2::Builder::new(TokioExecutor::new());
        client.initial_stream_window_size(WINDOW_BYTES).initial_connection_window_size(WINDOW_BYTES);
        let (mut sender, connection) = client.handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::get(format!("https://localhost{}", self.path)).body(Full::<Bytes>::default()).unwrap();
        let answer = soon("an answer", sender.send_request(request)).await.unwrap();
        (answer.into_body(), sender)
    }
}

/// A response over HTTP/2 for which its client never opens the window is given up; the connection goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_stays_shut_is_no_slow_client() {
    let limits = "server.limits.transfer_timeout = \"300ms\"\nserver.limits.transfer_rate_min = \"64KiB\"\n";
    let served = Served::with(limits).await;
    let (body, mut connection) = served.ask_for_script().await;
    // Half a second is what half of its window takes at that rate.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let taken = body.collect().await.map(|body| body.to_bytes().len());
    assert!(taken.is_err(), "{taken:?}");
    let request = Request::get("https://localhost/health").body(Full::<Bytes>::default()).unwrap();
    let answer = soon("an answer", connection.send_request(request)).await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// One that takes slowly gets everything, though most of it was ready long before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_client_over_http2_gets_everything() {
    let limits = "server.limits.transfer_timeout = \"500ms\"\nserver.limits.transfer_rate_min = \"16KiB\"\n\
                  server.limits.idle_timeout = \"1s\"\n";
    let served = Served::with(limits).await;
    let whole = served.script_bytes;
    let (mut body, _connection) = served.ask_for_script().await;
    let mut taken = 0;
    while let Some(frame) = soon("a frame", body.frame()).await {
        let bytes =
            frame.unwrap_or_else(|error| panic!("after {taken} of {whole} bytes: {error}")).into_data().unwrap();
        taken += bytes.len();
        // 16 KiB in so long a time is some 100 KiB a second.
        tokio::time::sleep(Duration::from_millis(bytes.len() as u64 / 100)).await;
    }
    assert_eq!(taken, whole);
}
