//! WebSockets through the reverse proxy, and two servers that balance for each other.

use std::sync::Mutex;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use axum::http::Request;
use axum::http::Version;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tower::ServiceExt as _;

use crate::support::Act;
use crate::support::Customer;
use crate::support::Front;
use crate::support::Http;
use crate::support::Program;
use crate::support::Raw;
use crate::support::Server;
use crate::support::Setup;
use crate::support::Site;
use crate::support::Socket;
use crate::support::Store;
use crate::support::Taken;
use crate::support::Tls;
use crate::support::Upstream;
use crate::support::eventually;
use crate::support::soon;
use crate::support::switch;

/// Frames pass both ways, whatever their size, as long as the connection counts among the client's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_passes_through() {
    let upstream = Upstream::start(|_| Act::Echo).await;
    let settings = [("server.limits.connections_per_client_max", "2"), ("strip_prefix", "true")];
    let front = Front::before_with(&[&upstream.url()], &settings).await;
    let mut socket = Socket::open(front.address(), "/old/socket?a=b", None).await.unwrap();
    for text in ["안녕", &"x".repeat(1 << 20)] {
        socket.send(&json!({"text": text})).await;
        assert_eq!(socket.next().await["text"], text);
    }
    let seen = upstream.last();
    assert_eq!(
        (seen.target.as_str(), seen.header("upgrade"), seen.header("connection")),
        ("/socket?a=b", "websocket", "upgrade")
    );
    assert_eq!(seen.header("x-real-ip"), "127.0.0.1");
    assert_eq!(front.edge().upstreams()[0].in_flight, 1);
    let mut second = Socket::open(front.address(), "/old/socket", None).await.unwrap();
    second.send(&json!(1)).await;
    second.next().await;
    let third = TcpStream::connect(front.address()).await.unwrap();
    assert!(Socket::try_upgrade(third, "/old/socket").await.is_none(), "a tunnel keeps its place");
    drop((socket, second));
    eventually("the places", async || (front.edge().upstreams()[0].in_flight == 0).then_some(())).await;
}

/// A refusal is the upstream's, another protocol is not asked for, and one that nobody asked for is not switched to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_websockets_are_switched_to() {
    let upstream = Upstream::start(|seen| match seen.target.as_str() {
        "/old/refuses" => Act::status(403),
        "/old/switches" => {
            Act::Say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n".into())
        }
        _ => Act::ok("no upgrade"),
    })
    .await;
    let front = Front::before(&[&upstream.url()]).await;
    assert_eq!(Socket::open(front.address(), "/old/refuses", None).await.err(), Some(403));
    assert_eq!(Socket::open(front.address(), "/old/switches", None).await.err(), Some(502));
    for (path, expected) in [("/old/a", "HTTP/1.1 200 "), ("/old/switches", "HTTP/1.1 502 ")] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
        );
        let answer = Raw::connect(front.address()).await.send_and_read_head(request.as_bytes()).await;
        assert!(answer.starts_with(expected), "{path}: {answer}");
        assert_eq!((upstream.last().header("upgrade"), upstream.last().header("http2-settings")), ("", ""));
    }
}

/// A request for a WebSocket that has a body is an ordinary one: its body is not what the other system reads in the tunnel, or
/// takes for the next request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_with_a_body_is_none() {
    let upstream = Upstream::start(|_| Act::ok("")).await;
    let front = Front::before(&[&upstream.url()]).await;
    for body in ["Content-Length: 005\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"] {
        let head = "GET /old/a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent_Length: 9";
        let request = format!("{head}\r\n{body}");
        let answer = Raw::connect(front.address()).await.send_and_read_head(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let seen = upstream.last();
        assert_eq!((seen.body.as_str(), seen.header("upgrade"), seen.header("content_length")), ("hello", "", ""));
        let framed = (seen.header("content-length"), seen.header("transfer-encoding"));
        assert!([("5", ""), ("", "chunked")].contains(&framed), "{framed:?}");
    }
}

/// A WebSocket that is silent for too long is closed, and one that is not goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_tunnel_is_closed() {
    let upstream = Upstream::start(|_| Act::Echo).await;
    let front = Front::before_with(&[&upstream.url()], &[("tunnel_idle_timeout", "2s")]).await;
    let mut socket = Socket::open(front.address(), "/old/socket", None).await.unwrap();
    for number in 0..6 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        socket.send(&json!(number)).await;
        assert_eq!(socket.next().await, number);
    }
    assert!(socket.closed().await.is_none(), "it is cut");
    eventually("its end", async || (front.edge().upstreams()[0].in_flight == 0).then_some(())).await;
}

/// At the end of the server a tunnel's client is told to connect anew, and the upstream hears of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_tells_the_clients_of_tunnels() {
    let upstream = Upstream::start(|_| Act::Echo).await;
    let front = Front::before(&[&upstream.url()]).await;
    let mut silent = Socket::open(front.address(), "/old/socket", None).await.unwrap();
    let mut socket = Socket::open(front.address(), "/old/socket", None).await.unwrap();
    socket.send(&json!("안녕")).await;
    socket.next().await;
    front.shut_down();
    for socket in [&mut silent, &mut socket] {
        assert_eq!(u16::from(socket.closed().await.expect("a close frame").code), 1012);
    }
    front.ended().await;
}

/// The frame that tells of the end does not stand within one of the upstream's, nor after one that closes already.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_waits_for_the_frame_that_is_on_its_way() {
    const RESTART: &[u8] = b"\x88\x02\x03\xf4";
    let long = [&[0x04][..], &[b'a'; 260]].concat();
    for (begin, rest, later, farewell) in [
        (&b"\x81"[..], &b"\x03abc"[..], &b""[..], RESTART),
        (b"\x81\x7e\x01", &long, b"\x81\x01b", RESTART),
        (b"\x81\x03a", b"bc", b"\x81\x01d", RESTART),
        // The first half of a message in two frames, between which a control frame may stand.
        (b"\x01\x02a", b"b", b"\x80\x01c", RESTART),
        (b"\x88\x02\x03", b"\xe9", b"", b""),
    ] {
        let (sender, receiver) = mpsc::channel(4);
        let (say, receiver) = (sender.clone(), Mutex::new(Some(receiver)));
        let upstream = Upstream::start(move |seen| {
            sender.try_send(switch(seen.header("sec-websocket-key"))).unwrap();
            Act::Stream(receiver.lock().unwrap().take().unwrap())
        })
        .await;
        let front = Front::before(&[&upstream.url()]).await;
        let mut client = TcpStream::connect(front.address()).await.unwrap();
        let request = "GET /old/a HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
        client.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon("the handshake", client.read_u8()).await.unwrap());
        }
        say.send(begin.to_vec()).await.unwrap();
        let mut arrived = vec![0; begin.len()];
        soon("the begin of a frame", client.read_exact(&mut arrived)).await.unwrap();
        front.shut_down();
        let early = tokio::time::timeout(Duration::from_millis(100), client.read_u8()).await;
        assert!(early.is_err(), "{begin:x?}: {early:?}");
        say.send([rest, later].concat()).await.unwrap();
        arrived.clear();
        soon("the end", client.read_to_end(&mut arrived)).await.unwrap();
        assert_eq!(arrived, [rest, farewell].concat(), "{begin:x?}");
        front.ended().await;
    }
}

/// The built program does so at SIGTERM, over HTTP/1.1 and HTTP/2, and waits no longer than it may for a frame that does not end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_tells_the_clients_of_tunnels() {
    let upstream = Upstream::start(|seen| {
        if !seen.target.ends_with("stuck") {
            return Act::Echo;
        }
        let (sender, receiver) = mpsc::channel(2);
        let begin = [switch(seen.header("sec-websocket-key")), b"\x81\x03a".to_vec()].concat();
        sender.try_send(begin).unwrap();
        // It says nothing more, and does not hang up.
        std::mem::forget(sender);
        Act::Stream(receiver)
    })
    .await;
    let site = Site::new(&format!(
        "server.shutdown_timeout = \"2s\"\n[edge.tls]\nlisten = [\"127.0.0.1:0\"]\nredirect_http = false\n\
         [[edge.proxy]]\nprefix = \"/old\"\nupstreams = [\"{}\"]\n",
        upstream.url()
    ));
    let mut program = Program::start(&["serve", "--config", site.config()], &[]);
    let (address, tls_address) = (program.address(), program.tls_address());
    let mut socket = Socket::open(address, "/old/socket", None).await.unwrap();
    let _stuck = Socket::open(address, "/old/stuck", None).await.unwrap();
    let http2 = Tls::trusting(&site.local_root()).http2(tls_address, "localhost").await.unwrap();
    let mut connect = Request::connect("https://localhost/old/socket").body(Full::<Bytes>::default()).unwrap();
    connect.extensions_mut().insert(Protocol::from_static("websocket"));
    let mut answer = http2.clone().send_request(connect).await.unwrap();
    let mut by_http2 = Socket::over(TokioIo::new(hyper::upgrade::on(&mut answer).await.unwrap())).await;
    for socket in [&mut socket, &mut by_http2] {
        socket.send(&json!("안녕")).await;
        assert_eq!(socket.next().await, "안녕");
    }
    program.signal("TERM");
    for socket in [&mut socket, &mut by_http2] {
        assert_eq!(u16::from(socket.closed().await.expect("a close frame").code), 1012);
    }
    let (status, log) = program.ended();
    assert!(status.success(), "{status}: {log:#?}");
}

/// A WebSocket over HTTP/2 (RFC 8441) is asked for over HTTP/1.1 behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_over_http_2_passes_through() {
    let upstream = Upstream::start(|_| Act::Echo).await;
    let front = Front::before(&[&upstream.url()]).await;
    let (near, far) = tokio::io::duplex(1 << 16);
    let service =
        TowerToHyperService::new(front.service().map_request(|request: Request<Incoming>| request.map(Body::new)));
    let server = tokio::spawn(async move {
        let mut http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        http2.enable_connect_protocol();
        http2.serve_connection(TokioIo::new(far), service).await
    });
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(near));
    let (mut client, connection) = handshake.await.unwrap();
    let connection = tokio::spawn(connection);
    let request = || {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::CONNECT;
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = "https://chat.bank.example/old/socket?a".parse().unwrap();
        request.headers_mut().insert("sec-websocket-version", "13".parse().unwrap());
        request.headers_mut().append("cookie", "a=1".parse().unwrap());
        request.headers_mut().append("cookie", "b=2".parse().unwrap());
        request.extensions_mut().insert(Protocol::from_static("websocket"));
        request
    };
    // Refused until the server's first settings are there, which say that it knows the extension.
    let mut response = eventually("an answer", async || client.send_request(request()).await.ok()).await;
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("sec-websocket-accept") && !response.headers().contains_key("upgrade"));
    let stream = TokioIo::new(hyper::upgrade::on(&mut response).await.unwrap());
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
    let message = Message::text("안녕");
    futures_util::SinkExt::send(&mut socket, message.clone()).await.unwrap();
    let echoed = soon("the echo", futures_util::StreamExt::next(&mut socket)).await.unwrap().unwrap();
    assert_eq!(echoed, message);
    let seen = upstream.last();
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/old/socket?a"));
    for (name, expected) in [
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("host", "chat.bank.example"),
        ("cookie", "a=1; b=2"),
    ] {
        assert_eq!(seen.header(name), expected, "{name}");
    }
    assert_eq!(seen.header("sec-websocket-key").len(), 24);
    connection.abort();
    server.abort();
}

/// One of our servers answers for the other, over HTTP and over WebSocket, and knows whose customer it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_sends_the_chat_on_to_another() {
    let behind = Setup::new(Store::Sqlite).with("edge.trusted_proxies", "127.0.0.1").start().await;
    let front = Front::start(&[
        ("edge.proxy.1.prefix", "/api"),
        ("edge.proxy.1.upstreams", &format!("http://{}", behind.address())),
    ])
    .await;
    chats(front.http()).await;
}

/// Two servers with the same list of both: whichever is asked, one of them answers, and nothing goes round.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_balance_for_each_other() {
    let (a, b) = (Taken::any(), Taken::any());
    let upstreams = format!("{},{}", a.url(), b.url());
    let server = async |taken: &Taken| -> Server {
        Setup::new(Store::Sqlite)
            .with("server.listen", &taken.address().to_string())
            .with("edge.trusted_proxies", "127.0.0.1")
            .with("edge.proxy.1.prefix", "/api/v1/chat")
            .with("edge.proxy.1.upstreams", &upstreams)
            .with("edge.proxy.1.balance", "round_robin")
            .start()
            .await
    };
    let (one, other) = (server(&a).await, server(&b).await);
    let says = |letter: &str| format!("저는 {letter}{letter} 손님인데 안녕하세요");
    let (asked_of_one, asked_of_other) = (["가", "나", "다", "라"], ["마", "바", "사", "아"]);
    for (server, letters) in [(&one, asked_of_one), (&other, asked_of_other)] {
        for letter in letters {
            let mut socket = server.customer().await.connects().await;
            assert!(!socket.asks(&says(letter)).await.text().is_empty());
        }
    }
    // Each has half of the conversations of either door, and none of them twice.
    let (of_one, of_other) = (one.stored().await, other.stored().await);
    for letters in [asked_of_one, asked_of_other] {
        let held = |stored: &str| letters.iter().filter(|letter| stored.contains(&says(letter))).count();
        assert_eq!((held(&of_one), held(&of_other)), (2, 2));
    }
}

/// A server that hands back what it was handed, and is not trusted, does not make a request go round for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_is_refused() {
    let taken = Taken::any();
    let server = Setup::new(Store::Sqlite)
        .with("server.listen", &taken.address().to_string())
        .with("edge.proxy.1.prefix", "/loop")
        .with("edge.proxy.1.upstreams", &taken.url())
        .start()
        .await;
    let refusal = server.http().get("/loop/a").await.expect(508);
    assert_eq!(refusal["code"], "loop_detected");
}

/// A conversation over HTTP and over WebSocket.
async fn chats(http: &Http) {
    let customer = Customer::new(http);
    customer.says("안녕하세요").await;
    let mut socket = customer.connects().await;
    assert!(!socket.asks("대출 금리가 얼마인가요?").await.text().is_empty());
    assert_eq!(customer.history().await.len(), 4);
}
