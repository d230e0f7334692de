//! What a person sees who is refused in a browser, and what a program gets instead.

use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use bank_aicc::edge::Problem;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;
use sha2::Sha256;

use crate::support::Answer;
use crate::support::BareEdge;

const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
const STATUSES: [u16; 16] = [400, 403, 404, 405, 408, 412, 413, 414, 416, 421, 429, 431, 500, 502, 503, 504];

/// Refuses with the status its path ends in; 429 and 503 say when to come again.
fn refusing(settings: &str) -> BareEdge {
    BareEdge::start(settings, async |request: Request| {
        let status = request.uri().path().rsplit('/').next().unwrap_or_default().parse::<u16>().unwrap();
        let problem = Problem::new(StatusCode::from_u16(status).unwrap(), "refused", "what a program reads");
        match status {
            429 | 503 => problem.retry_after(Duration::from_millis(6_500)).into_response(),
            _ => problem.into_response(),
        }
    })
}

async fn ask(edge: &BareEdge, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = edge.http().request("GET", path);
    edge.http().send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_gets_a_page_in_both_languages() {
    let edge = refusing("");
    let mut titles = std::collections::BTreeSet::new();
    for status in STATUSES {
        let answer = ask(&edge, &format!("/{status}"), &[("accept", BROWSER)]).await;
        let page = answer.text();
        assert_eq!((answer.status, answer.header("content-type").as_str()), (status, "text/html; charset=utf-8"));
        assert_eq!(answer.header("cache-control"), "no-store", "{status}");
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"ko\">"), "{status}");
        assert!(page.contains(&answer.header("x-request-id")) && page.contains("문의 번호"), "{status}");
        assert!(!page.contains("what a program reads"), "{status}");
        let (_, title) = page.split_once("<title>").unwrap();
        titles.insert(title.split("</title>").next().unwrap().to_owned());
        let (korean, english) = (page.find("<h1>").unwrap(), page.find("<section lang=\"en\"><h2>").unwrap());
        assert!(korean < english, "{status}");
        assert_eq!(page.contains("7초 후에 다시 시도"), matches!(status, 429 | 503), "{status}");
        assert_eq!(page.contains("in 7 seconds"), matches!(status, 429 | 503), "{status}");
    }
    assert_eq!(titles.len(), STATUSES.len());
    let english =
        ask(&edge, "/404", &[("accept", BROWSER), ("accept-language", "en-GB,en;q=0.9,ko;q=0.5")]).await.text();
    assert!(
        english.starts_with("<!DOCTYPE html><html lang=\"en\">") && english.contains("<section lang=\"ko\">"),
        "{english}"
    );
}

/// The page's policy allows its one style, by the digest of what stands in the page, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_fits_its_policy() {
    let edge = refusing("web.embed_origins = ['https://www.bank.example']");
    for status in STATUSES {
        let answer = ask(&edge, &format!("/{status}"), &[("accept", BROWSER)]).await;
        let page = answer.text();
        let (_, style) = page.split_once("<style>").unwrap();
        let (style, rest) = style.split_once("</style>").unwrap();
        let digest = STANDARD.encode(Sha256::digest(style));
        assert_eq!(
            answer.header("content-security-policy"),
            format!(
                "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; \
                 frame-ancestors 'self' https://www.bank.example"
            )
        );
        for forbidden in ["<script", "<style", "style=", "src=", "http", "url(", "<link", "<form"] {
            assert!(!rest.contains(forbidden), "{status}: {forbidden}");
        }
    }
    edge.reload("edge.headers.content_security_policy = ''");
    assert_eq!(ask(&edge, "/404", &[("accept", BROWSER)]).await.header("content-security-policy"), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_gets_json() {
    let edge = refusing("");
    for status in STATUSES {
        for (path, accept) in [(format!("/{status}"), "*/*"), (format!("/api/{status}"), BROWSER)] {
            let answer = ask(&edge, &path, &[("accept", accept)]).await;
            assert_eq!(answer.expect_problem(status, "refused"), "what a program reads", "{path}");
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            assert_eq!(answer.json()["retry_after_ms"].is_u64(), matches!(status, 429 | 503), "{path}");
        }
    }
}

/// HEAD is told what GET is told, without the body.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_is_refused_as_get_is() {
    let edge = refusing("");
    for accept in [BROWSER, "*/*"] {
        for coding in ["identity", "gzip"] {
            let request = |method: &str| edge.http().request(method, "/404").header("accept", accept);
            let [get, head] = ["GET", "HEAD"].map(|method| request(method).header("accept-encoding", coding));
            let (get, head) = (edge.http().send(get).await, edge.http().send(head).await);
            assert_eq!((head.status, head.body.len()), (404, 0), "{accept} {coding}");
            for name in ["content-type", "content-encoding", "content-length", "vary", "cache-control"] {
                assert_eq!(head.header(name), get.header(name), "{accept} {coding}: {name}");
            }
        }
    }
}
