//! What protects browsers and pages: the headers of every response, and which other origins may read it.

use std::fs;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use serde_json::json;

use crate::support::Answer;
use crate::support::BareEdge;
use crate::support::Raw;
use crate::support::Setup;
use crate::support::Store;

const BROWSER: &str = "text/html,*/*;q=0.8";
const PAGE: &str = "https://branch.example";
const NAMES: [&str; 9] = [
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
    "x-request-id",
    "x-xss-protection",
];

/// Whatever is answered carries the headers: pages, files, JSON, redirects, nothing new, and every refusal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_response_protects_the_browser() {
    let server = Setup::new(Store::Sqlite).with("server.limits.body_bytes_max", "1KiB").start().await;
    let tag = server.http().get("/").await.header("etag");
    let long = vec![b'a'; 2_000];
    for (method, path, headers, status) in [
        ("GET", "/", &[][..], 200),
        ("HEAD", "/", &[], 200),
        ("GET", "/", &[("if-none-match", &*tag)], 304),
        ("GET", "/", &[("range", "bytes=0-1")], 206),
        ("GET", "/", &[("range", "bytes=9999999-")], 416),
        ("GET", "/widget.js", &[], 200),
        ("GET", "/missing.js", &[], 404),
        ("GET", "/missing.js", &[("accept", BROWSER)], 404),
        ("DELETE", "/", &[], 405),
        ("GET", "/health", &[], 200),
        ("GET", "/health/", &[], 307),
        ("GET", "/api/docs", &[], 200),
        ("GET", "/api/v1/nonsense", &[], 404),
        ("POST", "/api/v1/chat/message", &[], 413),
        ("OPTIONS", "/health", &[("origin", PAGE), ("access-control-request-method", "GET")], 200),
    ] {
        let request = server.http().request(method, path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = if method == "POST" { request.body(long.clone()) } else { request };
        let answer = server.http().send(request).await;
        assert_eq!(answer.status, status, "{method} {path}");
        for name in NAMES {
            assert!(
                !answer.header(name).is_empty() && answer.headers.get_all(name).iter().count() == 1,
                "{method} {path}: {name}"
            );
        }
        assert_eq!(answer.header("server"), "", "{method} {path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src '") && !policy.contains("unsafe") && policy.contains("frame-ancestors 'self'"),
            "{policy}"
        );
        let resource = if path == "/widget.js" { "cross-origin" } else { "same-origin" };
        assert_eq!(answer.header("cross-origin-resource-policy"), resource, "{method} {path}");
    }
}

/// The description for people needs no exception from the policy: it has no script and no style.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_description_fits_the_policy() {
    let server = Setup::new(Store::Sqlite).start().await;
    for path in ["/api/docs", "/"] {
        let page = server.http().get(path).await.text();
        for forbidden in ["<script>", "<style", " style=", "onclick=", "javascript:", "src=\"http", "href=\"http"] {
            assert!(!page.contains(forbidden), "{path}: {forbidden}");
        }
    }
}

/// A logo may bring styles of its own, and keeps the policy that shuts it in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_keeps_its_own_policy() {
    let folder = tempfile::tempdir().unwrap();
    let logo = folder.path().join("logo.svg");
    fs::write(&logo, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
    let server = Setup::new(Store::Sqlite).with("web.theme.logo", &logo.display().to_string()).start().await;
    let shown = server.http().get("/branding/logo").await;
    assert_eq!(shown.header("content-security-policy"), "default-src 'none'; style-src 'unsafe-inline'; sandbox");
}

/// Where other sites may frame the chat, nothing says that they may not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedding_is_not_contradicted() {
    let edge = BareEdge::start("web.embed_origins = ['https://www.bank.example']", async |_| Response::default());
    let answer = edge.http().get("/").await;
    assert_eq!(answer.header("x-frame-options"), "");
    assert!(answer.header("content-security-policy").ends_with("; frame-ancestors 'self' https://www.bank.example"));
    edge.reload("edge.headers.extra = ['X-Robots-Tag: noindex']\nedge.headers.x_xss_protection = '0'");
    let answer = edge.http().get("/").await;
    let headers = ["x-frame-options", "x-robots-tag", "x-xss-protection"].map(|name| answer.header(name));
    assert_eq!(headers, ["SAMEORIGIN", "noindex", "0"]);
}

async fn ask(edge: &BareEdge, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = edge.http().request(method, path);
    edge.http().send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

/// A page of an allowed origin can read why it was refused, wherever that was decided; others are told nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_allowed_page_reads_refusals_of_the_edge() {
    let settings = format!("api.cors_allowed_origins = ['{PAGE}']\nserver.limits.body_bytes_max = '1KiB'");
    let edge = BareEdge::start(&settings, async |request: Request| match request.uri().path() {
        "/api/panics" => panic!("on purpose"),
        _ => Response::new(Body::empty()),
    });
    for (path, bytes, status) in [("/api/large", 2_000, 413), ("/api/panics", 0, 500), ("/api/fine", 0, 200)] {
        for (origin, allowed) in [(PAGE, PAGE), ("https://evil.example", ""), ("null", "")] {
            let request = edge.http().request("POST", path).header("origin", origin).body(vec![b'a'; bytes]);
            let answer = edge.http().send(request).await;
            assert_eq!(answer.status, status, "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{path} for {origin}");
            assert_eq!(answer.header("vary"), if allowed.is_empty() { "" } else { "Origin" }, "{path} for {origin}");
            let exposed =
                if allowed.is_empty() { "" } else { "x-request-id, retry-after, ratelimit, ratelimit-policy" };
            assert_eq!(answer.header("access-control-expose-headers"), exposed, "{path} for {origin}");
        }
    }
    edge.reload("api.cors_allowed_origins = ['https://other.example']");
    let answer = ask(&edge, "GET", "/", &[("origin", PAGE)]).await;
    assert_eq!(answer.header("access-control-allow-origin"), "", "no more");
}

/// The same on the product's own refusals, and what the application decided of itself stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_are_made_once() {
    let edge = BareEdge::start("api.cors_allowed_origins = ['*']", async |_| {
        Response::builder().header("access-control-allow-origin", "https://own.example").body(Body::empty()).unwrap()
    });
    let answer = ask(&edge, "GET", "/", &[("origin", PAGE)]).await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://own.example");
    let preflight =
        [("origin", PAGE), ("access-control-request-method", "PUT"), ("access-control-request-headers", "x-a")];
    let answer = ask(&edge, "OPTIONS", "/api/x", &preflight).await;
    assert_eq!((answer.status, answer.text().as_str(), answer.header("vary").as_str()), (200, "OK", "Origin"));
    assert_eq!(answer.header("access-control-allow-origin"), PAGE);

    let server = Setup::new(Store::Sqlite).start().await;
    let body = json!({"session_id": "a".repeat(11 << 20), "user_message": "네"}).to_string();
    let head = format!(
        "POST /api/v1/chat/message HTTP/1.1\r\nHost: a\r\nOrigin: {PAGE}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let answer = Raw::connect(server.address()).await.send_and_read_head(head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("access-control-allow-origin: *"), "{answer}");
}
