//! The program's own files: found, compressed, revalidated, in parts, and nothing beside them.

use crate::support::Answer;
use crate::support::Raw;
use crate::support::Server;
use crate::support::Setup;
use crate::support::Store;
use crate::support::Unpacked;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn server() -> Server {
    Setup::new(Store::Sqlite).start().await
}

async fn ask(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = server.http().request(method, path);
    server.http().send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

/// The page's style sheet, whose name changes with its content.
async fn style(server: &Server) -> String {
    let page = server.http().get("/").await.text();
    let (_, rest) = page.split_once("href=\"/assets/style-").expect("the page names its style");
    format!("/assets/style-{}", rest.split('"').next().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_client_gets_the_encoding_it_takes() {
    let server = server().await;
    let style = style(&server).await;
    for path in ["/", "/index.html", "/widget.js", &style] {
        let plain = ask(&server, "GET", path, &[]).await;
        assert_eq!((plain.status, plain.header("content-encoding").as_str()), (200, ""), "{path}");
        let mut tags = vec![plain.header("etag")];
        for (accepted, coding) in [("gzip, deflate, br, zstd", "br"), ("gzip;q=1, br;q=0.9", "gzip")] {
            let answer = ask(&server, "GET", path, &[("accept-encoding", accepted)]).await;
            assert_eq!(answer.header("content-encoding"), coding, "{path} for {accepted}");
            assert_eq!(answer.header("vary"), "Accept-Encoding", "{path} for {accepted}");
            assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{path} for {accepted}");
            assert!(answer.body.len() < plain.body.len(), "{path} for {accepted}");
            assert_eq!(Unpacked::text(coding, &answer.body).await, plain.text(), "{path} for {accepted}");
            tags.push(answer.header("etag"));
        }
        assert!(tags.iter().all(|tag| tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2), "{tags:?}");
        tags.sort();
        tags.dedup();
        assert_eq!(tags.len(), 3, "{path}: each variant has a strong tag of its own");
        // Made on the fly from the plain variant, so its tag promises less.
        let zstd = ask(&server, "GET", path, &[("accept-encoding", "zstd")]).await;
        if zstd.header("content-encoding") == "zstd" {
            assert_eq!(zstd.header("etag"), format!("W/{}", plain.header("etag")), "{path}");
            assert_eq!(Unpacked::text("zstd", &zstd.body).await, plain.text(), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_a_file_is_told_so() {
    let server = server().await;
    let style = style(&server).await;
    for (path, caching) in
        [("/", "no-cache"), ("/widget.js", "no-cache"), (&*style, "public, max-age=31536000, immutable")]
    {
        for coding in ["br", "gzip", "identity"] {
            let first = ask(&server, "GET", path, &[("accept-encoding", coding)]).await;
            let tag = first.header("etag");
            assert_eq!(first.header("cache-control"), caching, "{path}");
            for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
                let again = ask(&server, "GET", path, &[("accept-encoding", coding), ("if-none-match", &known)]).await;
                assert_eq!((again.status, again.body.len()), (304, 0), "{path} with {known}");
                for (name, value) in &again.headers {
                    let is_own = name == "date" || name == "x-request-id";
                    assert!(is_own || first.headers.get(name) == Some(value), "{path} with {known}: {name}");
                }
                for name in ["etag", "cache-control", "vary", "content-security-policy"] {
                    assert_eq!(again.header(name), first.header(name), "{path} with {known}: {name}");
                }
            }
            let other = ask(&server, "GET", path, &[("accept-encoding", coding), ("if-none-match", "\"x\"")]).await;
            assert_eq!(other.body, first.body, "{path}");
            let lost = ask(&server, "GET", path, &[("accept-encoding", coding), ("if-match", "\"x\"")]).await;
            lost.expect_problem(412, "precondition_failed");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_of_a_file_can_be_asked_for() {
    let server = server().await;
    let style = style(&server).await;
    for coding in ["br", "gzip", "identity"] {
        let whole = ask(&server, "GET", &style, &[("accept-encoding", coding)]).await;
        let (length, tag) = (whole.body.len(), whole.header("etag"));
        assert_eq!(whole.header("accept-ranges"), "bytes");
        let part = async |range: &str, version: &str| {
            let headers = [("accept-encoding", coding), ("range", range), ("if-range", version)];
            let count = if version.is_empty() { 2 } else { 3 };
            ask(&server, "GET", &style, &headers[..count]).await
        };
        for (range, first, last) in [
            ("bytes=0-0", 0, 0),
            ("bytes=10-99", 10, 99),
            ("bytes=-5", length - 5, length - 1),
            ("bytes=7-", 7, length - 1),
        ] {
            for version in ["", &tag] {
                let answer = part(range, version).await;
                assert_eq!(answer.status, 206, "{range}");
                assert_eq!(answer.header("content-range"), format!("bytes {first}-{last}/{length}"), "{range}");
                assert_eq!(answer.header("content-encoding"), whole.header("content-encoding"), "{range}");
                assert_eq!(answer.header("etag"), tag, "{range}");
                assert_eq!(answer.body, whole.body[first..=last], "{range}");
            }
        }
        for (range, version) in [("bytes=0-9", "\"x\""), ("bytes=0-9,20-29", ""), ("lines=0-9", ""), ("bytes=9-0", "")]
        {
            let answer = part(range, version).await;
            assert_eq!((answer.status, answer.body == whole.body), (200, true), "{range} of {version}");
        }
        let answer = part(&format!("bytes={length}-"), "").await;
        answer.expect_problem(416, "range_not_satisfiable");
        assert_eq!(answer.header("content-range"), format!("bytes */{length}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_says_what_get_says() {
    let server = server().await;
    let style = style(&server).await;
    for path in ["/", "/favicon.svg", "/widget.js", &style] {
        for headers in [&[("accept-encoding", "br")][..], &[("accept-encoding", "identity"), ("range", "bytes=0-9")]] {
            let (get, head) =
                (ask(&server, "GET", path, &headers[..1]).await, ask(&server, "HEAD", path, headers).await);
            assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
            let named = |answer: &Answer| {
                let own = |name: &str| !matches!(name, "date" | "x-request-id");
                let names = answer.headers.keys().map(|name| name.as_str().to_owned()).filter(|name| own(name));
                names.map(|name| (name.clone(), answer.header(&name))).collect::<std::collections::BTreeMap<_, _>>()
            };
            assert_eq!(named(&head), named(&get), "{path}");
            assert_eq!(head.header("content-length"), get.body.len().to_string(), "{path}");
        }
    }
    let post = ask(&server, "POST", &style, &[]).await;
    post.expect_problem(405, "method_not_allowed");
    assert_eq!(post.header("allow"), "GET, HEAD");
}

/// However a path is written, nothing but the embedded files is behind it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_outside_the_embedded_files_is_reachable() {
    let server = server().await;
    let marker = server.folder().join("secret.txt");
    std::fs::write(&marker, "a secret").unwrap();
    let absolute = marker.display().to_string();
    let up = ["..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "..%00", "..\\", "..%5c", "%c0%ae%c0%ae", "..;"];
    let separators = ["/", "%2f", "%252f", "\\", "%5c", "//", "/./"];
    let mut paths = vec![format!("/{absolute}"), absolute.replace('/', "%2f"), "/index.html%00.js".to_owned()];
    for up in up {
        for separator in separators {
            paths.push(format!("/{}{}etc/passwd", format!("{up}{separator}").repeat(8), ""));
            paths.push(format!("/assets/{up}{separator}index.html"));
            paths.push(format!("/assets{separator}{up}{separator}{up}{separator}Cargo.toml"));
        }
    }
    paths.extend(
        ["/assets", "/assets/", "/.git/config", "/config.toml", "/index.html.br", "/index.html.gz"].map(str::to_owned),
    );
    for path in paths {
        for accept in ["*/*", BROWSER] {
            let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
            let answer = Raw::connect(server.address()).await.send_and_read(request.as_bytes()).await;
            // A plain folder is a word that a screen may have a meaning for.
            let is_page = accept == BROWSER && path.trim_end_matches('/') == "/assets";
            let statuses: &[&str] = if is_page { &["200"] } else { &["400", "404"] };
            assert!(
                statuses.iter().any(|status| answer.starts_with(&format!("HTTP/1.1 {status} "))),
                "{path}: {answer}"
            );
            assert!(!answer.contains("a secret") && !answer.contains("root:"), "{path}: {answer}");
        }
    }
}

/// A browser that navigates to a path of a screen's own gets the screen; programs, files and the API get their 404.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screens_own_paths_show_the_screen() {
    let server = server().await;
    let page = ask(&server, "GET", "/", &[("accept", BROWSER)]).await;
    for path in ["/chat", "/chat/7?a=b", "/a/b/c/"] {
        let shown = ask(&server, "GET", path, &[("accept", BROWSER)]).await;
        assert_eq!((shown.status, &shown.body), (200, &page.body), "{path}");
        assert_eq!(
            (shown.header("etag"), shown.header("cache-control")),
            (page.header("etag"), "no-cache".to_owned()),
            "{path}"
        );
        let program = ask(&server, "GET", path, &[("accept", "*/*")]).await;
        program.expect_problem(404, "not_found");
        assert_eq!(ask(&server, "HEAD", path, &[("accept", BROWSER)]).await.status, 200, "{path}");
        assert_eq!(ask(&server, "POST", path, &[("accept", BROWSER)]).await.status, 405, "{path}");
    }
    for path in ["/favicon.ico", "/assets/style-00000000.css", "/robots.txt", "/.well-known/change-password"] {
        let missing = ask(&server, "GET", path, &[("accept", BROWSER)]).await;
        assert_eq!(
            (missing.status, missing.header("content-type").as_str()),
            (404, "text/html; charset=utf-8"),
            "{path}"
        );
    }
    for path in ["/api/v1/nonsense", "/health/nonsense", "/api/"] {
        ask(&server, "GET", path, &[("accept", BROWSER)]).await.expect_problem(404, "not_found");
    }
    let running = ask(&server, "GET", "/", &[("accept", "application/json")]).await.expect(200);
    assert_eq!(running["status"], "Server is running properly!");
}
