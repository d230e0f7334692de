//! Requests that HTTP forbids, or that two servers could read as two different ones: refused, or harmless.
//!
//! Each case hides a second request in or behind the first. What must never come is its answer.

use std::net::SocketAddr;

use serde_json::Value;

use crate::support::Http;
use crate::support::Program;
use crate::support::Raw;
use crate::support::Site;

/// What an attacker wants somebody to read as a request of its own.
const HIDDEN: &str = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n";
const CHAT: &str = "POST /api/v1/chat/message HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";

/// A server without knowledge, which these requests do not need.
struct Server {
    _site: Site,
    _program: Program,
    address: SocketAddr,
}

fn server() -> Server {
    server_with(&[])
}

fn server_with(settings: &[(&str, &str)]) -> Server {
    let site = Site::new("api.legacy_clients = true\n");
    let program = site.serve(settings);
    let address = program.address();
    Server { _site: site, _program: program, address }
}

/// The statuses of all answers on one connection, which the server has to close.
async fn statuses(server: &Server, bytes: &[u8]) -> Vec<String> {
    let answers = Raw::connect(server.address).await.send_and_read(bytes).await;
    answers.split("HTTP/1.").skip(1).map(|answer| answer.chars().skip(2).take(3).collect()).collect()
}

/// The first request is refused with one of these statuses, and nothing after it is answered.
async fn is_refused(server: &Server, request: &[u8], expected: &[&str]) {
    let found = statuses(server, request).await;
    let shown = String::from_utf8_lossy(request);
    // A reset may overtake the refusal.
    let is_expected = match found.as_slice() {
        [] => true,
        [status] => expected.contains(&status.as_str()),
        _ => false,
    };
    assert!(is_expected, "{found:?}, not one of {expected:?}: {shown:?}");
}

/// A request with a header that says where its body ends, and the hidden request where others might see it end.
fn with(headers: &str, body: &str) -> Vec<u8> {
    format!("{CHAT}{headers}\r\n{body}{HIDDEN}").into_bytes()
}

/// Two ways of saying where a body ends, or one that cannot be understood.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_has_one_end() {
    let server = server();
    let length = format!("Content-Length: {}\r\n", 5 + HIDDEN.len());
    for (headers, status) in [
        // Both lengths: the chunks count, and the connection ends with them.
        (format!("{length}Transfer-Encoding: chunked\r\n"), "422"),
        (format!("Transfer-Encoding: chunked\r\n{length}"), "422"),
        (format!("Transfer-Encoding: chunked\r\n{length}Content-Length: 0\r\n"), "422"),
        // An encoding in disguise.
        ("Transfer-Encoding: xchunked\r\n".to_owned(), "400"),
        ("Transfer-Encoding: chunked;q=1\r\n".to_owned(), "400"),
        ("Transfer-Encoding: \"chunked\"\r\n".to_owned(), "400"),
        ("Transfer-Encoding: chunked, identity\r\n".to_owned(), "400"),
        ("Transfer-Encoding: identity\r\n".to_owned(), "400"),
        ("Transfer-Encoding:\r\n".to_owned(), "400"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n".to_owned(), "400"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n".to_owned(), "400"),
        ("Transfer-Encoding: identity, chunked\r\n".to_owned(), "501"),
        ("Transfer-Encoding: gzip, chunked\r\n".to_owned(), "501"),
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n".to_owned(), "501"),
        ("Transfer-Encoding : chunked\r\n".to_owned(), "400"),
        ("Transfer-Encoding: \u{b}chunked\r\n".to_owned(), "400"),
        ("Transfer-Encoding\r\n : chunked\r\n".to_owned(), "400"),
        (" Transfer-Encoding: chunked\r\n".to_owned(), "400"),
        ("X: a\r\n Transfer-Encoding: chunked\r\n".to_owned(), "400"),
        // A length that is none.
        ("Content-Length: +5\r\n".to_owned(), "400"),
        ("Content-Length: -5\r\n".to_owned(), "400"),
        ("Content-Length: 0x5\r\n".to_owned(), "400"),
        ("Content-Length: 5 5\r\n".to_owned(), "400"),
        ("Content-Length: 5, 5\r\n".to_owned(), "400"),
        ("Content-Length: 5;a\r\n".to_owned(), "400"),
        ("Content-Length:\r\n".to_owned(), "400"),
        ("Content-Length: 18446744073709551621\r\n".to_owned(), "400"),
        ("Content-Length: 5\r\nContent-Length: 6\r\n".to_owned(), "400"),
        ("Content-Length : 5\r\n".to_owned(), "400"),
    ] {
        is_refused(&server, &with(&headers, "0\r\n\r\n"), &[status]).await;
    }
    let old = CHAT.replace("HTTP/1.1", "HTTP/1.0");
    let request = format!("{old}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}");
    is_refused(&server, request.as_bytes(), &["400"]).await;
}

/// Chunks whose lengths or ends are not as they should be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunk_that_cannot_be_read_ends_its_connection() {
    let server = server();
    for chunks in [
        "x\r\n\r\n",
        "-1\r\n\r\n",
        "+0\r\n\r\n",
        "0x0\r\n\r\n",
        "\r\n0\r\n\r\n",
        "1\r\naa\r\n0\r\n\r\n",
        "1\r\na0\r\n\r\n",
        "1\na\n0\n\n",
        "1;a\nb\r\na\r\n0\r\n\r\n",
        "10000000000000000\r\na\r\n0\r\n\r\n",
        "fffffffffffffffff\r\na\r\n0\r\n\r\n",
    ] {
        is_refused(&server, &with("Transfer-Encoding: chunked\r\n", chunks), &["400"]).await;
    }
    let endless = format!("1;{}\r\na\r\n0\r\n\r\n", "a".repeat(100_000));
    is_refused(&server, &with("Transfer-Encoding: chunked\r\n", &endless), &["400"]).await;
}

/// What is in order is served: the same length twice, chunks with extensions, a second request that does not hide.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_order_is_served() {
    let server = server();
    let last = "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for (begin, expected) in [
        (format!("{CHAT}Content-Length: 5\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), "422"),
        (
            format!("{CHAT}Transfer-Encoding: Chunked\r\n\r\n5;name=\"a b\"\r\n0\r\n\r\n\r\n0\r\nTrailer: a\r\n\r\n"),
            "422",
        ),
        ("GET /health/live HTTP/1.1\r\nHost: BANK.example:80\r\n\r\n".to_owned(), "200"),
        ("GET http://bank.example/health/live HTTP/1.1\r\nHost: bank.example\r\n\r\n".to_owned(), "200"),
        ("\r\nGET /health/live HTTP/1.1\r\nHost: [::1]:80\r\n\r\n".to_owned(), "200"),
        // Lines may end without a carriage return (RFC 9112 §2.2), for this reader and for the next.
        ("GET /health/live HTTP/1.1\nHost: a\n\n".to_owned(), "200"),
        // A fragment is cut off, so what stands in it is nobody's path.
        ("GET /health/live#/../api HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), "200"),
    ] {
        let found = statuses(&server, format!("{begin}{last}").as_bytes()).await;
        assert_eq!(found, [expected, "200"], "{begin:?}");
    }
    let found = statuses(&server, b"GET /health/live HTTP/1.0\r\n\r\n").await;
    assert_eq!(found, ["200"], "HTTP/1.0 knows no Host");
}

/// A request is for one host and one path, and says so in one way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_for_one_host_and_one_path() {
    let server = server();
    for (line, headers, status) in [
        ("GET /health/live HTTP/1.1", "", "400"),
        ("GET /health/live HTTP/1.1", "Host: a\r\nHost: a\r\n", "400"),
        ("GET /health/live HTTP/1.1", "Host: a\r\nHost: b\r\n", "400"),
        ("GET /health/live HTTP/1.0", "Host: a\r\nHost: b\r\n", "400"),
        ("GET /health/live HTTP/1.1", "Host:\r\n", "400"),
        ("GET /health/live HTTP/1.1", "Host: a, b\r\n", "400"),
        ("GET /health/live HTTP/1.1", "Host: a/../b\r\n", "400"),
        ("GET /health/live HTTP/1.1", "Host: anna@a\r\n", "400"),
        ("GET /health/live HTTP/1.1", "Host: a:port\r\n", "400"),
        ("GET /health/live HTTP/1.1", "Host : a\r\n", "400"),
        ("GET http://a/health/live HTTP/1.1", "Host: b\r\n", "400"),
        ("GET http://a:81/health/live HTTP/1.1", "Host: a\r\n", "400"),
        ("GET http://a/health/live HTTP/1.1", "", "400"),
        ("GET http://anna@a/health/live HTTP/1.1", "Host: a\r\n", "400"),
        ("GET ftp://a/health/live HTTP/1.1", "Host: a\r\n", "400"),
        ("GET a:80 HTTP/1.1", "Host: a\r\n", "400"),
        ("GET health HTTP/1.1", "Host: a\r\n", "400"),
        ("GET * HTTP/1.1", "Host: a\r\n", "400"),
        ("GET /x/../health/live HTTP/1.1", "Host: a\r\n", "400"),
        ("GET /x/%2e%2e/health/live HTTP/1.1", "Host: a\r\n", "400"),
        ("GET /health\\live HTTP/1.1", "Host: a\r\n", "400"),
        ("GET /health/live%00 HTTP/1.1", "Host: a\r\n", "400"),
        ("GET /health/live%0d%0aX:a HTTP/1.1", "Host: a\r\n", "400"),
        ("GET /health/live\u{0} HTTP/1.1", "Host: a\r\n", "400"),
        ("GET /health/live\u{1b} HTTP/1.1", "Host: a\r\n", "400"),
        ("GET  /health/live HTTP/1.1", "Host: a\r\n", "400"),
        ("GET /health/live x HTTP/1.1", "Host: a\r\n", "400"),
        ("GET /health/live\tHTTP/1.1", "Host: a\r\n", "400"),
        ("GET /health/live HTTP/1.1 x", "Host: a\r\n", "400"),
        ("GET /health/live http/1.1", "Host: a\r\n", "400"),
        ("GET /health/live HTTP/1.2", "Host: a\r\n", "400"),
        ("GET /health/live", "Host: a\r\n", "400"),
        ("G\u{0}T /health/live HTTP/1.1", "Host: a\r\n", "400"),
        ("GET /health/live HTTP/1.1\rX: a", "Host: a\r\n", "400"),
        ("GET /health/live HTTP/1.1", "Host: a\r\nX: a\rb\r\n", "400"),
        ("GET /health/live HTTP/1.1", "Host: a\r\nX: a\u{0}b\r\n", "400"),
        ("GET /health/live HTTP/1.1", "Host: a\r\nX y: a\r\n", "400"),
        ("GET /health/live HTTP/1.1", "Host: a\r\n: a\r\n", "400"),
        ("CONNECT a:443 HTTP/1.1", "Host: a:443\r\n", "405"),
        ("CONNECT /health HTTP/1.1", "Host: a\r\n", "405"),
        ("TRACE /health/live HTTP/1.1", "Host: a\r\n", "405"),
    ] {
        let request = format!("{line}\r\n{headers}\r\n{HIDDEN}");
        is_refused(&server, request.as_bytes(), &[status]).await;
    }
    is_refused(&server, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &["400", "505"]).await;
}

/// A refusal has the one error body, or a page for a browser; what hyper refuses before anybody knows who asks has only its
/// status.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_explains_itself() {
    let server = server();
    let long = "a".repeat(8 * 1024);
    for (request, status, code) in [
        ("GET /a HTTP/1.1\r\n\r\n".to_owned(), 400, "bad_request"),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 405, "method_not_allowed"),
        ("GET /../a HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 400, "bad_request"),
        (format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"), 414, "uri_too_long"),
        (format!("{CHAT}Transfer-Encoding: gzip, chunked\r\n\r\n"), 501, "not_implemented"),
        (format!("{CHAT}Content-Length: 10485761\r\n\r\n"), 413, "payload_too_large"),
    ] {
        let answer = Raw::connect(server.address).await.send_and_read(request.as_bytes()).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(head.contains("\r\nx-content-type-options: nosniff"), "{answer}");
        assert_eq!(head.contains("\r\nallow: "), status == 405, "{answer}");
        let body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
        assert_eq!(body["code"], code, "{answer}");
        assert!(head.contains(body["request_id"].as_str().unwrap()), "{answer}");
    }
    let browser = "GET /../a HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n";
    let answer = Raw::connect(server.address).await.send_and_read(browser.as_bytes()).await;
    assert!(answer.contains("\r\ncontent-type: text/html"), "{answer}");

    let many = format!("GET /health HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n{HIDDEN}", "a".repeat(20 * 1024));
    is_refused(&server, many.as_bytes(), &["431"]).await;
    let cookie = "a".repeat(20 * 1024);
    let browser = format!("GET / HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nCookie: a={cookie}\r\n\r\n");
    let answer = Raw::connect(server.address).await.send_and_read(browser.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 ") && answer.contains("쿠키를 삭제"), "{answer}");
    let beyond = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n{HIDDEN}", "a".repeat(15 * 1024));
    is_refused(&server, beyond.as_bytes(), &["414"]).await;
}

/// The length of an address has a limit of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_length_of_an_address_has_a_limit() {
    let server = server_with(&[("server.limits.uri_bytes_max", "256B")]);
    let http = Http::at(server.address);
    let address = |bytes: usize| format!("/health/live?{}", "a".repeat(bytes - "/health/live?".len()));
    assert_eq!(http.get(&address(256)).await.status, 200);
    http.get(&address(257)).await.expect_problem(414, "uri_too_long");
}
