//! Paths that another system answers: what reaches it, and what comes back.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bank_aicc::edge::UpstreamTime;
use http_body_util::BodyExt as _;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::support::APPLICATION;
use crate::support::Act;
use crate::support::Front;
use crate::support::Raw;
use crate::support::Upstream;
use crate::support::soon;

const MIB: usize = 1 << 20;
/// More than the kernel's buffers of two connections hold.
const BUFFERED_MAX: usize = 64 * MIB;

/// The longest prefix wins, in whatever way a path is written; what has none is the application's. Paths and queries arrive as they
/// were sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_longest_prefix_decides_who_answers() {
    let (old, older) = (Upstream::named("old").await, Upstream::named("older").await);
    let front = Front::start(&[
        ("edge.proxy.1.prefix", "/old"),
        ("edge.proxy.1.upstreams", &old.url()),
        ("edge.proxy.2.prefix", "/old/deep/"),
        ("edge.proxy.2.upstreams", &older.url()),
        ("edge.proxy.2.strip_prefix", "true"),
    ])
    .await;
    for (path, expected) in [
        ("/old", "old"),
        ("/old/a%20b/?c=%2F&d", "old"),
        ("/o%6cd/a", "old"),
        ("/old/deeper", "old"),
        ("/old/deep", "older"),
        ("/old/deep/x//y?z", "older"),
        ("//old/a", "old"),
        ("/OLD/a", "old"),
        ("/old//deep%2F%2Fx", "older"),
        ("/old/deep;a=b/x;c=d", "older"),
        ("/older", APPLICATION),
        ("/", APPLICATION),
        ("/a/old", APPLICATION),
    ] {
        assert_eq!(front.http().get(path).await.text(), expected, "{path}");
    }
    let targets = |upstream: &Upstream| upstream.seen().into_iter().map(|seen| seen.target).collect::<Vec<_>>();
    assert_eq!(targets(&old), ["/old", "/old/a%20b/?c=%2F&d", "/o%6cd/a", "/old/deeper", "/old/a", "/OLD/a"]);
    assert_eq!(targets(&older), ["/", "/x//y?z", "/%2Fx", "/x;c=d"]);
    assert_eq!(older.last().header("x-forwarded-prefix"), "/old/deep");
}

/// No spelling of a path that leads upwards reaches the other system.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_path_leads_out_of_the_prefix() {
    let upstream = Upstream::named("old").await;
    let front = Front::before_with(&[&upstream.url()], &[("strip_prefix", "true")]).await;
    for path in ["..", "../admin", "%2e%2e/admin", "%252e%252e/admin", "..%2fadmin", "..%5cadmin", "..;/admin", "a%00"]
    {
        let request = format!("GET /old/{path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let answer = Raw::connect(front.address()).await.send_and_read(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{path}: {answer}");
    }
    assert_eq!(upstream.seen().len(), 0);
    for name in ["x-original-url", "x-rewrite-url"] {
        front.http().send(front.http().request("GET", "/old/a").header(name, "/admin")).await;
        assert_eq!(upstream.last().header(name), "");
    }
}

/// The other system is told who asks, and a client's own word on that is not passed on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_upstream_is_told_who_asks() {
    let upstream = Upstream::start(|_| {
        Act::Say("HTTP/1.1 200 OK\r\nConnection: x-inner\r\nX-Inner: 1\r\nKeep-Alive: 5\r\nX-Outer: 1\r\nContent-Length: 0\r\n\r\n".into())
    })
    .await;
    let front = Front::before(&[&upstream.url()]).await;
    let forged = |request: reqwest::RequestBuilder| {
        request
            .header("x-forwarded-for", "203.0.113.7")
            .header("x-real-ip", "203.0.113.7")
            .header("forwarded", "for=203.0.113.7")
            .header("connection", "x-secret")
            .header("x-secret", "1")
            .header("host", "chat.bank.example")
    };
    let answer = front.http().send(forged(front.http().request("GET", "/old/a"))).await;
    assert_eq!(
        (answer.header("x-outer"), answer.header("x-inner"), answer.header("keep-alive")),
        ("1".into(), "".into(), "".into())
    );
    let seen = upstream.last();
    for (name, expected) in [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "chat.bank.example"),
        ("host", "chat.bank.example"),
        ("x-request-id", answer.header("x-request-id").as_str()),
        ("forwarded", ""),
        ("x-secret", ""),
        ("connection", ""),
    ] {
        assert_eq!(seen.header(name), expected, "{name}");
    }

    let trusting = [("edge.trusted_proxies", "127.0.0.1"), ("host", "upstream")];
    let front = Front::before_with(&[&upstream.url()], &trusting).await;
    front.http().send(forged(front.http().request("GET", "/old/a")).header("x-forwarded-proto", "https")).await;
    let seen = upstream.last();
    assert_eq!(seen.header("x-forwarded-for"), "203.0.113.7, 127.0.0.1", "a trusted proxy's word is completed");
    assert_eq!(seen.header("x-forwarded-proto"), "https");
    assert_eq!(seen.header("host"), upstream.address().to_string());
}

/// Headers of the other system win over ours; a redirect to its own address leads here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_upstreams_own_headers_win() {
    let upstream = Upstream::start(|seen| {
        Act::Say(format!(
            "HTTP/1.1 302 Found\r\nX-Frame-Options: DENY\r\nLocation: http://{}/old/next\r\nContent-Length: 0\r\n\r\n",
            seen.header("host")
        ))
    })
    .await;
    let front = Front::before_with(&[&upstream.url()], &[("host", "upstream")]).await;
    let answer = front.http().get("/old/a").await;
    assert_eq!((answer.status, answer.header("location").as_str()), (302, "/old/next"));
    assert_eq!(answer.header("x-frame-options"), "DENY");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

/// What comes compressed stays as it is; what does not is compressed once, and arrives whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_compressed_twice() {
    let upstream = Upstream::start(|seen| {
        let body = "가나다라".repeat(1_000);
        let encoding = if seen.target.ends_with("/packed") { "Content-Encoding: br\r\n" } else { "" };
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8";
        Act::Say(format!("{head}\r\n{encoding}Content-Length: {}\r\n\r\n{body}", body.len()))
    })
    .await;
    let front = Front::before(&[&upstream.url()]).await;
    let get = async |path: &str| {
        front.http().send(front.http().request("GET", path).header("accept-encoding", "gzip, br")).await
    };
    let packed = get("/old/packed").await;
    assert_eq!((packed.header("content-encoding").as_str(), packed.body.len()), ("br", 12_000));
    let plain = get("/old/plain").await;
    assert!(["br", "gzip"].contains(&plain.header("content-encoding").as_str()));
    assert!(plain.body.len() < 1_000, "{}", plain.body.len());
}

/// Answers without a body are answers without a body.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_without_a_body_end_at_once() {
    let upstream = Upstream::start(|seen| {
        Act::Say(match (seen.method.as_str(), seen.target.as_str()) {
            ("HEAD", _) => "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 5000\r\n\r\n".into(),
            (_, "/old/204") => "HTTP/1.1 204 No Content\r\n\r\n".into(),
            (_, "/old/304") => "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n".into(),
            _ => "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".into(),
        })
    })
    .await;
    let front = Front::before(&[&upstream.url()]).await;
    // One connection for all, so that a byte too many or too few shows in the next answer.
    let requests = ["HEAD /old/a", "GET /old/204", "GET /old/304", "GET /old/103"]
        .map(|line| format!("{line} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"));
    let last = "GET /old/103 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answers = Raw::connect(front.address()).await.send_and_read((requests.concat() + last).as_bytes()).await;
    let lines: Vec<&str> = answers.lines().filter(|line| line.contains("HTTP/1.1 ")).collect();
    assert_eq!(
        lines,
        [
            "HTTP/1.1 200 OK",
            "HTTP/1.1 204 No Content",
            "HTTP/1.1 304 Not Modified",
            "HTTP/1.1 200 OK",
            "okHTTP/1.1 200 OK"
        ]
    );
    assert!(answers.contains("content-length: 5000\r\n") && answers.ends_with("\r\n\r\nok"), "{answers}");
}

/// Bodies arrive with their length or in chunks, a `GET`'s too, with their trailers; `Expect` is answered here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_bodies_arrive_as_they_were_sent() {
    let upstream = Upstream::named("old").await;
    let front = Front::before(&[&upstream.url()]).await;
    front.http().post_bytes("/old/a", None, "with a length").await;
    let seen = upstream.last();
    assert_eq!((seen.body.as_str(), seen.header("content-length")), ("with a length", "13"));
    for method in ["POST", "GET"] {
        let request = format!(
            "{method} /old/b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nConnection: close\r\n\r\n\
             3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n"
        );
        let answer = Raw::connect(front.address()).await.send_and_read(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let seen = upstream.last();
        assert_eq!((seen.method.as_str(), seen.body.to_lowercase().as_str()), (method, "abcdex-sum: 5"));
    }
    let mut client = TcpStream::connect(front.address()).await.unwrap();
    let head =
        "POST /old/c HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = [0; 25];
    soon("the word to go on", client.read_exact(&mut bytes)).await.unwrap();
    assert_eq!(&bytes, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"abc").await.unwrap();
    let mut rest = String::new();
    soon("the answer", client.read_to_string(&mut rest)).await.unwrap();
    assert!(rest.starts_with("HTTP/1.1 200 "), "{rest}");
    assert_eq!((upstream.last().body.as_str(), upstream.last().header("expect")), ("abc", ""));
}

/// Each event of a stream arrives before the next one is sent; trailers follow the last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_arrives_event_by_event() {
    let (sender, receiver) = mpsc::channel(1);
    let receiver = std::sync::Mutex::new(Some(receiver));
    let upstream = Upstream::start(move |_| Act::Stream(receiver.lock().unwrap().take().unwrap())).await;
    let front = Front::before(&[&upstream.url()]).await;
    let mut client = TcpStream::connect(front.address()).await.unwrap();
    let head = "GET /old/events HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: close\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n";
    sender.send(head.into()).await.unwrap();
    let mut arrived = String::new();
    for number in 0..3 {
        let event = format!("data: {number}\n\n");
        sender.send(format!("{:x}\r\n{event}\r\n", event.len()).into_bytes()).await.unwrap();
        while !arrived.contains(&event) {
            let mut chunk = [0; 1024];
            let count = soon("the event", client.read(&mut chunk)).await.unwrap();
            assert!(count > 0, "{arrived}");
            arrived.push_str(&String::from_utf8_lossy(&chunk[..count]));
        }
    }
    assert_eq!(upstream.last().header("te"), "trailers");
    sender.send(b"0\r\nX-Sum: 3\r\n\r\n".to_vec()).await.unwrap();
    soon("the end", client.read_to_string(&mut arrived)).await.unwrap();
    assert!(arrived.to_lowercase().ends_with("0\r\nx-sum: 3\r\n\r\n"), "{arrived}");
}

/// Whoever does not read is not read from: nothing of a large body piles up in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_do_not_pile_up() {
    let upstream = Upstream::start(|seen| if seen.method == "POST" { Act::Hang } else { Act::ok("x") }).await;
    let front = Front::before_with(&[&upstream.url()], &[("server.limits.body_bytes_max", "1GiB")]).await;
    let mut client = TcpStream::connect(front.address()).await.unwrap();
    let head = format!("POST /old/a HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", 1 << 30);
    client.write_all(head.as_bytes()).await.unwrap();
    let taken = pour(async |chunk| client.write_all(chunk).await.is_ok()).await;
    assert!(taken < BUFFERED_MAX, "{taken} bytes of an upload were taken that nobody reads");

    let (sender, receiver) = mpsc::channel(1);
    let receiver = std::sync::Mutex::new(Some(receiver));
    let upstream = Upstream::start(move |_| Act::Stream(receiver.lock().unwrap().take().unwrap())).await;
    let front = Front::before(&[&upstream.url()]).await;
    let mut client = TcpStream::connect(front.address()).await.unwrap();
    client.write_all(b"GET /old/a HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 1 << 30);
    sender.send(head.into_bytes()).await.unwrap();
    let taken = pour(async |chunk| sender.send(chunk.to_vec()).await.is_ok()).await;
    assert!(taken < BUFFERED_MAX, "{taken} bytes of a download were taken that nobody reads");
}

/// Sends as much as is taken, until for a second nothing is; how many bytes.
async fn pour(mut send: impl AsyncFnMut(&[u8]) -> bool) -> usize {
    let chunk = vec![b'a'; MIB];
    let mut taken = 0;
    while taken < 2 * BUFFERED_MAX {
        match tokio::time::timeout(Duration::from_secs(1), send(&chunk)).await {
            Ok(true) => taken += MIB,
            Ok(false) | Err(_) => break,
        }
    }
    taken
}

/// The time the other system took is there for the access log, one for each try.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_upstreams_time_is_told() {
    let (first, second) = (Upstream::start(|_| Act::Close).await, Upstream::named("old").await);
    let front = Front::before_with(&[&first.url(), &second.url()], &[("balance", "round_robin")]).await;
    let ask = async |path: &str| {
        let request = Request::builder().uri(path).header("host", "bank.example").body(Body::empty()).unwrap();
        let response = front.service().oneshot(request).await.unwrap();
        let time = response.extensions().get::<UpstreamTime>().cloned();
        response.into_body().collect().await.unwrap();
        time
    };
    let time = ask("/old/a").await.unwrap();
    assert_eq!(time.addresses(), format!("{}, {}", first.address(), second.address()));
    let times: Vec<f64> = time.to_string().split(", ").map(|time| time.parse().unwrap()).collect();
    assert_eq!(times.len(), 2);
    let fixed = time.to_string();
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(time.to_string(), fixed, "it ends with the body");
    assert!(ask("/other").await.is_none());
}

/// An https upstream is verified: with its authority's file it answers, by name and at each of the name's addresses, and with
/// another file it does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_https_upstream_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let private = rustls::pki_types::PrivateKeyDer::try_from(key.signing_key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], private)
        .unwrap();
    let upstream = Upstream::start_tls(TlsAcceptor::from(std::sync::Arc::new(tls)), |_| Act::ok("secret")).await;
    // The name has an address that nobody listens at as well, on machines with IPv6.
    let url = format!("https://localhost:{}", upstream.address().port());
    let (good, bad) = (file("good.pem", &key.cert.pem()), file("bad.pem", &other.cert.pem()));
    let front = Front::before_with(&[&url], &[("ca_file", &good)]).await;
    assert_eq!(front.http().get("/old/a").await.text(), "secret");
    let front = Front::before_with(&[&url], &[("ca_file", &bad)]).await;
    front.http().get("/old/a").await.expect_problem(502, "bad_gateway");
    assert_eq!(upstream.seen().len(), 1);
}
