//! Compressed responses: what is, with what, what is not, and that streams come whole and without delay.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header;
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::Mutex;
use tokio::sync::mpsc;

use crate::support::BareEdge;
use crate::support::Unpacked;

/// What clients send, and how a body of known length and a stream are compressed for them.
const CLIENTS: [(&str, &str, &str); 9] = [
    ("gzip, deflate, br, zstd", "br", "br"),
    ("br", "br", "br"),
    ("gzip", "gzip", "gzip"),
    ("zstd", "zstd", ""),
    ("zstd, gzip;q=0.5", "zstd", "gzip"),
    ("br;q=0, gzip;q=0.2, *;q=0.1", "gzip", "gzip"),
    ("identity", "", ""),
    ("identity;q=0, *", "br", "br"),
    ("", "", ""),
];
const LINES: usize = 5_000;

fn line(number: usize) -> String {
    format!("{{\"number\":{number},\"text\":\"정기예금의 기본금리는 가입 기간에 따라 다릅니다\"}}\n")
}

fn response(content_type: &str, body: impl Into<Body>) -> Response {
    Response::builder().header("content-type", content_type).body(body.into()).unwrap()
}

/// Not fused on purpose: it panics when it is asked again after its end, as many streams do.
fn lines_at_once() -> Body {
    Body::from_stream(stream::unfold(0, async |number| {
        (number < LINES).then(|| (Ok::<_, Infallible>(Bytes::from(line(number))), number + 1))
    }))
}

/// A streamed body loses nothing, whatever it is compressed with, and neither does one of known length.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_lines_arrive_in_every_encoding() {
    let edge = BareEdge::start("", async |request: Request| match request.uri().path() {
        "/stream" => response("application/json", lines_at_once()),
        _ => response("application/json", (0..LINES).map(line).collect::<String>()),
    });
    for (accepted, of_known, of_stream) in CLIENTS {
        for (path, expected) in [("/known", of_known), ("/stream", of_stream)] {
            let request = edge.http().request("GET", path).header("accept-encoding", accepted);
            let answer = edge.http().send(request).await;
            assert_eq!(answer.header("content-encoding"), expected, "{path} for {accepted}");
            assert_eq!(answer.header("vary"), "Accept-Encoding", "{path} for {accepted}");
            let text = Unpacked::text(expected, &answer.body).await;
            assert_eq!(text.lines().count(), LINES, "{path} for {accepted}");
            assert_eq!(text, (0..LINES).map(line).collect::<String>(), "{path} for {accepted}");
            assert!(expected.is_empty() || answer.body.len() * 4 < text.len(), "{path} for {accepted}: it is smaller");
        }
    }
}

/// Each line and each event of a stream leaves when it is written, compressed or not; the next is written when it arrived.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_not_held_back() {
    let (sender, receiver) = mpsc::channel::<String>(1);
    let receiver = Arc::new(Mutex::new(receiver));
    let edge = BareEdge::start("", move |request: Request| {
        let receiver = Arc::clone(&receiver);
        async move {
            let content_type = request.uri().path().trim_start_matches('/').to_owned();
            let chunks = stream::unfold((), move |()| {
                let receiver = Arc::clone(&receiver);
                async move {
                    let chunk = receiver.lock().await.recv().await.filter(|chunk| !chunk.is_empty())?;
                    Some((Ok::<_, Infallible>(Bytes::from(chunk)), ()))
                }
            });
            response(&content_type, Body::from_stream(chunks.fuse()))
        }
    });
    for content_type in ["application/json", "text/event-stream"] {
        for (accepted, _, of_stream) in CLIENTS {
            let request = edge.http().request("GET", &format!("/{content_type}")).header("accept-encoding", accepted);
            sender.send("data: 0\n".to_owned()).await.unwrap();
            let response = request.send().await.unwrap();
            let coding =
                response.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap().to_owned());
            let expected = if content_type == "text/event-stream" { "" } else { of_stream };
            assert_eq!(coding.unwrap_or_default(), expected, "{content_type} for {accepted}");
            let mut unpacked = Unpacked::of(response);
            assert_eq!(unpacked.line().await.as_deref(), Some("data: 0"), "{content_type} for {accepted}");
            for number in 1..20 {
                sender.send(format!("data: {number}\n")).await.unwrap();
                assert_eq!(unpacked.line().await, Some(format!("data: {number}")), "{content_type} for {accepted}");
            }
            sender.send(String::new()).await.unwrap();
            assert_eq!(unpacked.line().await, None, "{content_type} for {accepted}");
        }
    }
}

/// What is compressed already, a part, protected, secret, short, or of another kind, is sent as it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_not_be_compressed_is_left_alone() {
    let edge = BareEdge::start("", async |request: Request| {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let mut response = Response::builder().status(200);
        let mut bytes = 2_000;
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap();
            response = match name {
                "status" => response.status(value.parse::<u16>().unwrap()),
                "bytes" => {
                    bytes = value.parse().unwrap();
                    response
                }
                name => response.header(name, value.replace('_', " ")),
            };
        }
        response.body(Body::from("a".repeat(bytes))).unwrap()
    });
    const JSON: &str = "content-type=application/json";
    for (query, is_compressed, varies) in [
        ("content-type=application/json", true, true),
        ("content-type=Application/JSON;_charset=utf-8", true, true),
        ("content-type=image/svg+xml", true, true),
        ("content-type=text/html;charset=utf-8", true, true),
        ("content-type=text/event-stream", false, false),
        ("content-type=image/png", false, false),
        ("content-type=application/octet-stream", false, false),
        ("bytes=2000&accept=none", false, false),
        ("content-type=application/json&bytes=1024", true, true),
        ("content-type=application/json&bytes=1023", false, false),
        ("content-type=application/json&bytes=0", false, false),
        ("content-type=application/json&content-encoding=deflate", false, false),
        ("content-type=application/json&content-encoding=identity", false, false),
        ("content-type=application/json&cache-control=private,_No-Transform", false, false),
        ("content-type=application/json&cache-control=no-cache", true, true),
        ("content-type=application/json&status=206", false, false),
        ("content-type=application/json&content-range=bytes_0-1999/4000", false, false),
        ("content-type=application/json&set-cookie=a", false, false),
        ("content-type=application/json&status=404", true, true),
        ("content-type=application/json&status=500", true, true),
    ] {
        let request = edge.http().request("GET", &format!("/?{query}")).header("accept-encoding", "gzip");
        let answer = edge.http().send(request).await;
        let coding = answer.header("content-encoding");
        assert_eq!((coding == "gzip", answer.header("vary") == "Accept-Encoding"), (is_compressed, varies), "{query}");
        let uncompressed = edge.http().get(&format!("/?{query}")).await;
        assert_eq!(uncompressed.header("vary") == "Accept-Encoding", varies, "{query}: who takes nothing");
    }
    // Too short to be worth it, but the client cannot do with less.
    let request =
        edge.http().request("GET", &format!("/?{JSON}&bytes=10")).header("accept-encoding", "gzip, identity;q=0");
    assert_eq!(edge.http().send(request).await.header("content-encoding"), "gzip");
}

/// A strong tag is weakened, what spoke of the uncompressed bytes is gone, and HEAD says what GET says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_speak_of_what_is_sent() {
    let edge = BareEdge::start("", async |request: Request| {
        let is_head = request.method() == "HEAD";
        let tag = request.uri().query().unwrap_or_default().replace("%22", "\"");
        let body = if is_head { String::new() } else { "a".repeat(2_000) };
        Response::builder()
            .header("content-type", "text/css")
            .header("content-length", "2000")
            .header("accept-ranges", "bytes")
            .header("vary", "Origin")
            .header("etag", tag)
            .body(Body::from(body))
            .unwrap()
    });
    for (path, tag) in [("/?%22a%22", "W/\"a\""), ("/?W/%22a%22", "W/\"a\"")] {
        for method in ["GET", "HEAD"] {
            let request = edge.http().request(method, path).header("accept-encoding", "zstd");
            let answer = edge.http().send(request).await;
            for (name, value) in [
                ("content-encoding", "zstd"),
                ("etag", tag),
                ("vary", "Origin, Accept-Encoding"),
                ("accept-ranges", ""),
            ] {
                assert_eq!(answer.header(name), value, "{method} {path}");
            }
            assert!(answer.header("content-length") != "2000", "{method} {path}");
        }
        for method in ["GET", "HEAD"] {
            let answer = edge.http().send(edge.http().request(method, path)).await;
            assert_eq!(
                (answer.header("content-length").as_str(), answer.header("accept-ranges").as_str()),
                ("2000", "bytes")
            );
            assert!(answer.header("etag").ends_with("\"a\""));
        }
    }
}

/// The settings decide, and are taken over while it runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_decide_what_is_compressed() {
    let edge = BareEdge::start("", async |_| response("text/html", "가나다라".repeat(500)));
    let coding = async || {
        let request = edge.http().request("GET", "/").header("accept-encoding", "gzip, br, zstd");
        let answer = edge.http().send(request).await;
        (answer.header("content-encoding"), answer.header("vary"))
    };
    for (settings, expected) in [
        ("edge.compression.algorithms = ['gzip', 'brotli']", "gzip"),
        ("edge.compression.algorithms = ['zstd']", "zstd"),
        ("edge.compression.min_bytes = '6001B'", ""),
        ("edge.compression.min_bytes = 6000", "br"),
        ("edge.compression.types = ['text/plain']", ""),
        ("edge.compression = { gzip_level = 9, brotli_level = 11, zstd_level = 19 }", "br"),
        ("edge.compression.enabled = false", ""),
    ] {
        edge.reload(settings);
        assert_eq!(coding().await.0, expected, "{settings}");
    }
    assert_eq!(coding().await.1, "", "nothing varies where nothing is compressed");
}

/// A body that fails in the middle does not end as if it were whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_fails_is_cut() {
    let edge = BareEdge::start("", async |_| {
        let chunks = [Ok(Bytes::from("a".repeat(100_000))), Err(std::io::Error::other("the source is gone"))];
        response("text/plain", Body::from_stream(stream::iter(chunks)))
    });
    for accepted in ["br", "gzip", ""] {
        let request = edge.http().request("GET", "/").header("accept-encoding", accepted);
        let response = request.timeout(Duration::from_secs(30)).send().await;
        let whole = async { response?.bytes().await }.await;
        assert!(whole.is_err(), "{accepted}");
    }
}
