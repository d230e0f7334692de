//! Other systems that are down, slow or wrong: who is asked instead, and what the client is told.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bank_aicc::edge::UpstreamSnapshot;
use socket2::Domain;
use socket2::Socket as BareSocket;
use socket2::Type;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::support::Act;
use crate::support::Front;
use crate::support::Raw;
use crate::support::Taken;
use crate::support::Upstream;
use crate::support::eventually;
use crate::support::soon;

/// Who answers so many requests, in order.
async fn answers(front: &Front, count: usize) -> Vec<String> {
    let mut answers = Vec::new();
    for _ in 0..count {
        answers.push(front.http().get("/old/a").await.text());
    }
    answers
}

fn of(front: &Front, upstream: &str) -> UpstreamSnapshot {
    front.edge().upstreams().into_iter().find(|known| known.upstream == upstream).unwrap()
}

/// In turn, or to the one with the fewest requests under way; connections are kept for the next request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_balanced() {
    let (a, b) = (Upstream::named("a").await, Upstream::named("b").await);
    let front = Front::before_with(&[&a.url(), &b.url()], &[("balance", "round_robin")]).await;
    assert_eq!(answers(&front, 4).await, ["a", "b", "a", "b"]);
    assert_eq!((a.connections(), b.connections()), (1, 1), "connections are kept");

    let busy = Upstream::start(|_| Act::Hang).await;
    let front = Front::before(&[&busy.url(), &b.url()]).await;
    let client = front.http().clone();
    let hanging = tokio::spawn(async move { client.request("GET", "/old/hangs").send().await });
    eventually("a request that hangs", async || (of(&front, &busy.url()).in_flight == 1).then_some(())).await;
    assert_eq!(answers(&front, 3).await, ["b"; 3]);
    hanging.abort();
    eventually("its end", async || (of(&front, &busy.url()).in_flight == 0).then_some(())).await;
}

/// Nobody there: a page for browsers, JSON for programs, and no word on who was asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there_is_a_bad_gateway() {
    let dead = [Taken::any(), Taken::any()];
    let front = Front::before(&dead.each_ref().map(Taken::url).each_ref().map(String::as_str)).await;
    for _ in 0..3 {
        let detail = front.http().get("/old/a").await.expect_problem(502, "bad_gateway");
        assert!(!detail.to_string().contains("127.0.0.1"), "{detail}");
    }
    let page = front.http().send(front.http().request("GET", "/old/a").header("accept", "text/html")).await;
    assert_eq!((page.status, page.header("content-type").as_str()), (502, "text/html; charset=utf-8"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let failures: u64 = front.edge().upstreams().iter().map(|one| one.failures).sum();
    assert_eq!(failures, 8, "left out or not, all are tried when nobody is left");
    assert!(front.edge().upstreams().iter().all(|one| !one.is_up));
}

/// What could not be sent goes to the next one, whatever it asks for, with its body; who failed is left out for a while.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_sent_goes_to_the_next_one() {
    let (dead, alive) = (Taken::any(), Upstream::named("alive").await);
    let settings = [("balance", "round_robin"), ("fail_timeout", "1h")];
    let front = Front::before_with(&[&dead.url(), &alive.url()], &settings).await;
    for _ in 0..4 {
        assert_eq!(front.http().post_bytes("/old/a", None, "the body").await.text(), "alive");
        assert_eq!(alive.last().body, "the body");
    }
    let dead = of(&front, &dead.url());
    assert_eq!((dead.requests, dead.failures, dead.is_up), (1, 1, false), "asked once, then left out");
    let alive = of(&front, &alive.url());
    assert_eq!((alive.requests, alive.failures, alive.retries, alive.is_up), (4, 0, 1, true));
}

/// What may have been seen is asked again only where twice is as good as once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_have_been_done_is_not_done_twice() {
    let (closes, alive) = (Upstream::start(|_| Act::Close).await, Upstream::named("alive").await);
    let settings = [("balance", "round_robin"), ("fails", "0")];
    for (method, body, is_repeated) in [
        ("GET", "", true),
        ("DELETE", "", true),
        ("PUT", "a body", false),
        ("POST", "a body", false),
        ("POST", "", false),
    ] {
        let front = Front::before_with(&[&closes.url(), &alive.url()], &settings).await;
        let answer = front.http().send(front.http().request(method, "/old/a").body(body)).await;
        assert_eq!(answer.status, if is_repeated { 200 } else { 502 }, "{method} {body:?}");
        assert_eq!(closes.last().method, method);
        assert_eq!(of(&front, &closes.url()).requests, 1, "{method}");
    }
}

/// A connection that was closed while it was idle costs nobody a request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_connection_that_was_closed_is_no_failure() {
    // Closes without an answer whatever comes second on a connection, as a server does whose patience just ended.
    let served = std::sync::Mutex::new(std::collections::HashSet::new());
    let upstream =
        Upstream::start(
            move |seen| {
                if served.lock().unwrap().insert(seen.connection) { Act::ok("fresh") } else { Act::Close }
            },
        )
        .await;
    let front = Front::before(&[&upstream.url()]).await;
    assert_eq!(answers(&front, 4).await, ["fresh"; 4]);
    assert_eq!(of(&front, &upstream.url()).failures, 0);
}

/// No connection in time, no answer in time, nothing taken in time: 504 each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_takes_too_long_is_a_gateway_timeout() {
    // A listener whose queue is full answers nobody any more.
    let full = BareSocket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    full.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    full.listen(0).unwrap();
    let address = full.local_addr().unwrap().as_socket().unwrap();
    let mut queued = Vec::new();
    while let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await {
        queued.push(stream);
    }
    let front = Front::before_with(&[&format!("http://{address}")], &[("connect_timeout", "300ms")]).await;
    front.http().get("/old/a").await.expect_problem(504, "gateway_timeout");

    let silent = Upstream::start(|_| Act::Hang).await;
    let front = Front::before_with(&[&silent.url()], &[("read_timeout", "300ms")]).await;
    front.http().get("/old/a").await.expect_problem(504, "gateway_timeout");
    let front = Front::before_with(&[&silent.url()], &[("send_timeout", "300ms")]).await;
    let request = front.http().request("POST", "/old/a").body(vec![b'a'; 9 << 20]);
    // The refusal may come while the body is still being sent, which some clients take for a broken connection.
    if let Ok(response) = request.send().await {
        assert_eq!(response.status(), 504);
    }
    assert_eq!(of(&front, &silent.url()).failures, 1);

    // Slow is not too slow.
    let (sender, receiver) = mpsc::channel(1);
    let receiver = std::sync::Mutex::new(Some(receiver));
    let slow = Upstream::start(move |_| Act::Stream(receiver.lock().unwrap().take().unwrap())).await;
    let front = Front::before_with(&[&slow.url()], &[("read_timeout", "2s")]).await;
    let client = front.http().clone();
    let answer = tokio::spawn(async move { client.get("/old/a").await.text() });
    for part in ["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", "s", "l", "o", "w"] {
        sender.send(part.into()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    assert_eq!(answer.await.unwrap(), "slow");
}

/// At the end of the server a request that was sent on is answered to its end, and the connection closed after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_lets_requests_finish() {
    let (sender, receiver) = mpsc::channel(1);
    let receiver = std::sync::Mutex::new(Some(receiver));
    let upstream = Upstream::start(move |_| Act::Stream(receiver.lock().unwrap().take().unwrap())).await;
    let front = Front::before(&[&upstream.url()]).await;
    let raw = Raw::connect(front.address()).await;
    let answer = tokio::spawn(raw.send_and_read(b"GET /old/a HTTP/1.1\r\nHost: a\r\n\r\n"));
    eventually("the request", async || (!upstream.seen().is_empty()).then_some(())).await;
    front.shut_down();
    sender.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nla".to_vec()).await.unwrap();
    sender.send(b"te".to_vec()).await.unwrap();
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nlate"), "{answer}");
    front.ended().await;
}

/// An answer that stands still, or breaks off, is cut, so that nobody takes a part for the whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_breaks_off_is_cut() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n";
    let (sender, receiver) = mpsc::channel(1);
    let receiver = std::sync::Mutex::new(Some(receiver));
    let stalls = Upstream::start(move |_| Act::Stream(receiver.lock().unwrap().take().unwrap())).await;
    let breaks = Upstream::start(move |_| Act::SayAndClose(head.to_owned())).await;
    sender.send(head.into()).await.unwrap();
    for upstream in [&stalls, &breaks] {
        let front = Front::before_with(&[&upstream.url()], &[("read_timeout", "300ms")]).await;
        let request = b"GET /old/a HTTP/1.1\r\nHost: a\r\n\r\n";
        let answer = Raw::connect(front.address()).await.send_and_read(request).await;
        assert!(answer.contains("ab") && !answer.contains("0\r\n\r\n"), "{answer}");
        assert_eq!(of(&front, &upstream.url()).failures, 1);
    }
}

/// With `fail_statuses` another one is asked where that is safe; without, the answer is the client's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statuses_can_be_failures() {
    let (ill, well) = (Upstream::start(|_| Act::status(503)).await, Upstream::named("well").await);
    let upstreams = [ill.url(), well.url()];
    let upstreams = upstreams.each_ref().map(String::as_str);
    let front = Front::before_with(&upstreams, &[("balance", "round_robin")]).await;
    assert_eq!(front.http().get("/old/a").await.status, 503);
    let settings = [("balance", "round_robin"), ("fail_statuses", "[502, 503]"), ("fail_timeout", "1h")];
    let front = Front::before_with(&upstreams, &settings).await;
    assert_eq!(answers(&front, 3).await, ["well"; 3]);
    assert_eq!(of(&front, &ill.url()).requests, 1, "left out");
    let front = Front::before_with(&upstreams, &settings).await;
    assert_eq!(front.http().post_bytes("/old/a", None, "a body").await.status, 503, "not done twice");
}

/// One that is left out is tried again after `fail_timeout`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_left_out_comes_back() {
    let is_ill = Arc::new(AtomicBool::new(true));
    let shared = Arc::clone(&is_ill);
    let ill = Upstream::start(move |_| if shared.load(Ordering::Relaxed) { Act::Close } else { Act::ok("back") }).await;
    let well = Upstream::named("well").await;
    let settings = [("balance", "round_robin"), ("fail_timeout", "300ms")];
    let front = Front::before_with(&[&ill.url(), &well.url()], &settings).await;
    assert_eq!(answers(&front, 1).await, ["well"]);
    assert!(!of(&front, &ill.url()).is_up);
    is_ill.store(false, Ordering::Relaxed);
    eventually("the one that was left out", async || (answers(&front, 1).await == ["back"]).then_some(())).await;
    assert!(of(&front, &ill.url()).is_up);
}

/// Health checks leave out one that is not well before anybody asks it, and take it back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_checks_leave_out_and_take_back() {
    let is_ill = Arc::new(AtomicBool::new(true));
    let shared = Arc::clone(&is_ill);
    let ill = Upstream::start(move |seen| match seen.target.as_str() {
        "/alive?deep" if shared.load(Ordering::Relaxed) => Act::status(500),
        "/alive?deep" => Act::status(204),
        _ => Act::ok("back"),
    })
    .await;
    let well = Upstream::named("well").await;
    let settings =
        [("health_path", "/alive?deep"), ("health_interval", "100ms"), ("fails", "2"), ("balance", "round_robin")];
    let mut front = Front::before_with(&[&ill.url(), &well.url()], &settings).await;
    eventually("a check that fails", async || (!of(&front, &ill.url()).is_up).then_some(())).await;
    assert_eq!(answers(&front, 3).await, ["well"; 3]);
    is_ill.store(false, Ordering::Relaxed);
    eventually("a check that succeeds", async || of(&front, &ill.url()).is_up.then_some(())).await;
    assert!(answers(&front, 2).await.contains(&"back".to_owned()));
    // Without checks nobody is asked any more.
    front.reload("edge.proxy.1.health_path", "");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let asked = ill.seen().len();
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(ill.seen().len(), asked);
}

/// A body over the limit, or one that stands still, is the client's fault and not the upstream's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clients_faults_are_told_to_the_client() {
    let upstream = Upstream::named("old").await;
    let settings = [("server.limits.body_bytes_max", "1KiB"), ("server.limits.transfer_timeout", "300ms")];
    let front = Front::before_with(&[&upstream.url()], &settings).await;
    let head = "POST /old/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let too_long = format!("{head}800\r\n{}\r\n0\r\n\r\n", "a".repeat(2048));
    let silent = format!("{head}3\r\nabc\r\n");
    for (request, status) in [(too_long, "413 "), (silent, "408 ")] {
        let answer = Raw::connect(front.address()).await.send_and_read_head(request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
    assert_eq!(of(&front, &upstream.url()).failures, 0);
}

/// New upstreams get the next request, whoever is being served is served to the end, and what was counted is kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_cuts_nobody() {
    let (sender, receiver) = mpsc::channel(1);
    let receiver = std::sync::Mutex::new(Some(receiver));
    let asked = AtomicUsize::new(0);
    let first = Upstream::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Act::ok("first"),
        _ => Act::Stream(receiver.lock().unwrap().take().unwrap()),
    })
    .await;
    let second = Upstream::named("second").await;
    let mut front = Front::before(&[&first.url()]).await;
    assert_eq!(answers(&front, 1).await, ["first"]);
    let mut running = TcpStream::connect(front.address()).await.unwrap();
    running.write_all(b"GET /old/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    sender.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhal".to_vec()).await.unwrap();
    let mut arrived = vec![0; 12];
    soon("the head", running.read_exact(&mut arrived)).await.unwrap();

    front.reload("edge.proxy.1.upstreams", &second.url());
    assert_eq!(answers(&front, 2).await, ["second"; 2]);
    sender.send(b"ves".to_vec()).await.unwrap();
    soon("the rest", running.read_to_end(&mut arrived)).await.unwrap();
    assert!(arrived.ends_with(b"halves"), "{}", String::from_utf8_lossy(&arrived));

    front.reload("edge.proxy.1.upstreams", &format!("{},{}", first.url(), second.url()));
    assert_eq!(of(&front, &second.url()).requests, 2, "what was counted is kept");
}
