//! What monitoring sees: nginx's stub status, Prometheus' metrics, and who may look at them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::json;

use crate::support::Http;
use crate::support::Raw;
use crate::support::Server;
use crate::support::Setup;
use crate::support::Store;
use crate::support::eventually;

async fn server() -> Server {
    Setup::new(Store::Sqlite).start().await
}

/// The figures of a snapshot in the text format, by name and labels as they stand there. Whatever Prometheus would not
/// read fails the test.
fn figures(text: &str) -> BTreeMap<String, f64> {
    let mut figures = BTreeMap::new();
    let mut families = BTreeSet::new();
    let mut family = (String::new(), String::new());
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap_or_else(|| panic!("{line}"));
            assert!(is_name(name) && !help.is_empty(), "{line}");
            assert!(families.insert(name.to_owned()), "a family comes once: {line}");
            family = (name.to_owned(), String::new());
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(name == family.0 && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(kind != "counter" || name.ends_with("_total"), "{line}");
            family.1 = kind.to_owned();
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            let (name, labels) = series.split_once('{').map_or((series, ""), |(name, labels)| {
                (name, labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}")))
            });
            let suffix = name.strip_prefix(family.0.as_str()).unwrap_or_else(|| panic!("out of its family: {line}"));
            let suffixes: &[&str] = if family.1 == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(suffixes.contains(&suffix), "{line}");
            for label in labels.split_terminator(',') {
                let (name, value) = label.split_once('=').unwrap_or_else(|| panic!("{line}"));
                let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
                assert!(is_name(name) && value.is_some_and(|value| !value.contains('"')), "{line}");
            }
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
            assert!(figures.insert(series.to_owned(), value).is_none(), "a series comes once: {line}");
        }
    }
    figures
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

async fn metrics(http: &Http) -> BTreeMap<String, f64> {
    let answer = http.get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    figures(&answer.text())
}

/// The numbers of the stub status: active; accepted, handled, requests; reading, writing, waiting.
async fn stub_status(http: &Http) -> [u64; 7] {
    let answer = http.get("/nginx_status").await;
    assert_eq!((answer.status, answer.header("content-type").as_str()), (200, "text/plain"));
    let text = answer.text();
    let numbers: Vec<u64> =
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
    let [active, accepted, handled, requests, reading, writing, waiting] = numbers[..] else { panic!("{text}") };
    // Letter by letter what nginx 1.22 writes.
    let expected = format!(
        "Active connections: {active} \nserver accepts handled requests\n {accepted} {handled} {requests} \nReading: \
         {reading} Writing: {writing} Waiting: {waiting} \n"
    );
    assert_eq!(text, expected);
    [active, accepted, handled, requests, reading, writing, waiting]
}

/// The four lines of nginx, with the numbers that are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stub_status_counts_connections_and_requests() {
    // A connection that the client opened in vain is closed soon.
    let server = Setup::new(Store::Sqlite).with("server.limits.idle_timeout", "1s").start().await;
    let [_, accepted, handled, requests, ..] = eventually("only this request's connection", async || {
        let now = stub_status(server.http()).await;
        let [active, _, _, _, reading, writing, waiting] = now;
        ((active, reading, writing, waiting) == (1, 0, 1, 0)).then_some(now)
    })
    .await;
    assert_eq!(accepted, handled);

    let silent = Raw::connect(server.address()).await;
    let mut begun = Raw::connect(server.address()).await;
    assert!(begun.send(b"GET /health HTTP/1.1\r\nHo").await);
    let mut socket = server.customer().await.connects().await;
    socket.asks("안녕하세요").await;
    let now = eventually("all are seen", async || {
        let now = stub_status(server.http()).await;
        (now[4..] == [1, 2, 1]).then_some(now)
    })
    .await;
    assert_eq!(now[..3], [4, accepted + 3, handled + 3]);
    assert!(now[3] >= requests + 2, "{now:?}");

    drop((silent, begun, socket));
    eventually("all are gone", async || (stub_status(server.http()).await[4..] == [0, 1, 0]).then_some(())).await;
}

/// Connections beyond the limit are accepted but not handled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_connections_are_counted() {
    let server = Setup::new(Store::Sqlite).with("server.limits.connections_per_client_max", "3").start().await;
    let before = stub_status(server.http()).await;
    // Another client than the one that asks how it stands.
    let other = IpAddr::from([127, 0, 0, 2]);
    let connect = async || Raw::connect_from(other, server.address()).await;
    let _held = [connect().await, connect().await, connect().await];
    eventually("all are counted", async || (stub_status(server.http()).await[0] >= before[0] + 3).then_some(())).await;
    assert_eq!(connect().await.read_to_end().await, "");
    let after = stub_status(server.http()).await;
    assert_eq!((after[1] - after[2]) - (before[1] - before[2]), 1, "accepted and not handled");
    assert_eq!(metrics(server.http()).await["edge_connections_refused_total{limit=\"client\"}"], 1.0);
}

/// What Prometheus reads, and that it moves with what happens. No path and no id is in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_valid_and_move() {
    let server = server().await;
    let series = |name: &str, route: &str, method: &str, status: &str| {
        format!("{name}{{route=\"{route}\",method=\"{method}\",status=\"{status}\"}}")
    };
    let chat = "/api/v1/chat/message";
    let history = "/api/v1/sessions/{session_id}/all-messages";
    let before = metrics(server.http()).await;
    assert_eq!(
        before["bank_aicc_build_info{version=\"0.1.0\",arch=\"x86_64\"}"
            .replace("x86_64", std::env::consts::ARCH)
            .as_str()],
        1.0
    );

    let customer = server.customer_named("secret-session");
    customer.says("안녕하세요").await;
    server.http().post(chat, &json!({})).await.expect_problem(422, "invalid_request");
    server.http().get("/api/v1/sessions/secret-session/all-messages").await;
    server.http().get("/nowhere-at-all").await;
    server.http().get("/nowhere.js").await;
    server.http().send(server.http().request("BREW", "/api/v1/nothing")).await;
    let mut socket = customer.connects().await;
    socket.asks("안녕하세요").await;
    for _ in 0..2 {
        customer.post("request-handover").await.expect(200);
    }

    let after = metrics(server.http()).await;
    for (route, method, status) in [
        (chat, "POST", "2xx"),
        (chat, "POST", "4xx"),
        (history, "GET", "2xx"),
        ("screen", "GET", "4xx"),
        ("static", "GET", "4xx"),
        ("screen", "other", "4xx"),
        ("edge", "GET", "2xx"),
        ("/api/v1/chat/ws/{session_id}", "GET", "1xx"),
    ] {
        let series = series("edge_requests_total", route, method, status);
        let moved = after.get(&series).copied().unwrap_or(0.0) - before.get(&series).copied().unwrap_or(0.0);
        assert_eq!(moved, 1.0, "{series}: {after:#?}");
    }
    let of_chat = |name: &str, more: &str| after[&format!("{name}{{route=\"{chat}\"{more}}}")];
    assert_eq!(of_chat("edge_request_duration_seconds_count", ""), 2.0);
    assert_eq!(of_chat("edge_request_duration_seconds_bucket", ",le=\"+Inf\""), 2.0);
    assert!(of_chat("edge_request_bytes_total", "") > 20.0 && of_chat("edge_response_bytes_total", "") > 100.0);
    assert_eq!(after["chat_turns_total{outcome=\"other\"}"], 2.0, "over HTTP and WebSocket");
    assert_eq!(after["chat_turn_duration_seconds_count"], 2.0);
    assert_eq!(after["chat_handovers_total{status=\"pending\"}"], 1.0, "asked for twice, it is one");
    assert_eq!(after["websockets_open"], 1.0);
    assert_eq!(after["edge_connections_open{state=\"writing\"}"], 2.0, "the WebSocket, and this");
    for name in [
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "edge_access_log_lines_total",
    ] {
        assert!(after.contains_key(name), "{name}");
    }
    let told = after.keys().any(|series| series.contains("secret-session") || series.contains("nowhere"));
    assert!(!told, "{after:#?}");

    drop(socket);
    eventually("the WebSocket is gone", async || {
        (metrics(server.http()).await["websockets_open"] == 0.0).then_some(())
    })
    .await;
    let request = server
        .http()
        .request("GET", "/metrics")
        .header("accept", "application/openmetrics-text;version=1.0.0,*/*;q=0.1");
    let open = server.http().send(request).await;
    assert_eq!(open.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(open.text().ends_with("# EOF\n"), "{}", open.text());
}

/// Files of the screens are counted as such, and what the edge says by itself apart from them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_counted_as_files() {
    let server = server().await;
    assert_eq!(server.http().get("/").await.status, 200);
    let preflight = server.http().request("OPTIONS", "/api/v1/chat/message");
    let preflight = preflight.header("origin", "https://bank.example").header("access-control-request-method", "POST");
    server.http().send(preflight).await;
    let after = metrics(server.http()).await;
    let count = |route: &str, method: &str| {
        after.get(&format!("edge_requests_total{{route=\"{route}\",method=\"{method}\",status=\"2xx\"}}")).copied()
    };
    assert_eq!((count("screen", "GET"), count("edge", "OPTIONS"), count("edge", "GET")), (Some(1.0), Some(1.0), None));
    assert!(after["edge_response_bytes_total{route=\"screen\"}"] > 0.0);
}

/// What is told is also written down: docs/operating.md names each metric there is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_metric_is_in_the_manual() {
    const MANUAL: &str = include_str!("../../docs/operating.md");
    let server =
        Setup::new(Store::Sqlite).with("edge.tls.listen", "127.0.0.1:0").with("edge.tls.redirect_http", "false");
    let server = server.with("backup.schedule", "02:30");
    let text = server.start().await.http().get("/metrics").await.text();
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).filter_map(|line| line.split(' ').next());
    let missing: Vec<&str> = names.filter(|name| !MANUAL.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/operating.md lacks {missing:?}");
}

/// Strangers are not shown anything; health has a list of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_refused() {
    let elsewhere = Setup::new(Store::Sqlite).with("edge.status.allow", "192.0.2.0/24, 2001:db8::1").start().await;
    for path in ["/nginx_status", "/metrics", "/metrics?a=1"] {
        for method in ["GET", "POST"] {
            let answer = elsewhere.http().send(elsewhere.http().request(method, path)).await;
            assert_eq!(answer.status, 403, "{method} {path}");
            assert!(!answer.text().contains("edge_") && !answer.header("x-request-id").is_empty());
        }
    }
    for path in ["/health", "/health/live", "/health/ready"] {
        elsewhere.http().get(path).await.expect(200);
    }

    let closed = Setup::new(Store::Sqlite).with("edge.status.health_allow", "192.0.2.0/24").start().await;
    for path in ["/health", "/health/live", "/health/ready", "/health/"] {
        assert_eq!(closed.http().get(path).await.status, 403, "{path}");
    }
    assert_eq!(closed.http().get("/metrics").await.status, 200);
    assert_eq!(closed.http().get("/healthy").await.status, 404);
}

/// Only asking is possible: GET and HEAD.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_pages_are_only_asked_for() {
    let server = server().await;
    for path in ["/nginx_status", "/metrics"] {
        let head = server.http().send(server.http().request("HEAD", path)).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert!(head.header("content-type").starts_with("text/plain"));
        for method in ["POST", "DELETE", "OPTIONS"] {
            let answer = server.http().send(server.http().request(method, path)).await;
            assert_eq!((answer.status, answer.header("allow").as_str()), (405, "GET, HEAD"), "{method} {path}");
        }
    }
}
