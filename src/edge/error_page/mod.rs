//! What a person sees who was refused in a browser: one small page that loads nothing, in both languages.
//!
//! Its one style is named in its policy by its digest, so the page needs no exception from a strict policy.

mod words;

use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::DOCTYPE;
use maud::Markup;
use maud::PreEscaped;
use maud::html as markup;
use sha2::Digest as _;
use sha2::Sha256;

use crate::edge::RequestId;
use crate::edge::error_page::words::Way;

pub(super) use words::Language;

const STYLE: &str = include_str!("style.css");

/// How a content policy names the page's style.
pub(super) fn style_source() -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(STYLE)))
}

/// The language of a request's reader: English if he prefers it to Korean, otherwise Korean.
pub(super) fn language(request: &HeaderMap) -> Language {
    let accepted = request.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut best = (Language::Korean, 0.0);
    for item in accepted.split(',') {
        let (range, parameters) = item.split_once(';').unwrap_or((item, ""));
        let weight = match parameters.trim().strip_prefix("q=") {
            Some(weight) => weight.parse::<f32>().unwrap_or(0.0),
            None => 1.0,
        };
        let language = match range.split('-').next().unwrap_or_default().trim() {
            name if name.eq_ignore_ascii_case("ko") => Language::Korean,
            name if name.eq_ignore_ascii_case("en") => Language::English,
            _ => continue,
        };
        if weight > best.1 {
            best = (language, weight);
        }
    }
    best.0
}

/// Whether a request's reader prefers English to Korean.
pub fn prefers_english(request: &HeaderMap) -> bool {
    matches!(language(request), Language::English)
}

/// The page: what happened, what to do, and what to name when asking.
pub(super) fn render(
    status: StatusCode,
    retry_after_seconds: Option<u64>,
    request_id: &RequestId,
    first: Language,
) -> String {
    let labels = first.labels();
    let title = words::words(status, first).title;
    let page = markup! {
        (DOCTYPE)
        html lang=(labels.language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (status.as_u16()) " · " (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    p.status { (status.as_u16()) }
                    section {
                        h1 { (title) }
                        (told(status, retry_after_seconds, first))
                    }
                    p.actions {
                        @match words::way(status) {
                            Way::Again => {
                                a.first href="" { (labels.again) }
                                a href="/" { (labels.front) }
                            }
                            Way::Front => a.first href="/" { (labels.front) },
                        }
                    }
                    section lang=(first.other().labels().language) {
                        h2 { (words::words(status, first.other()).title) }
                        (told(status, retry_after_seconds, first.other()))
                    }
                    footer {
                        (labels.reference) " · "
                        span lang=(first.other().labels().language) { (first.other().labels().reference) }
                        br;
                        code { (request_id.as_str()) }
                    }
                }
            }
        }
    };
    page.into_string()
}

fn told(status: StatusCode, retry_after_seconds: Option<u64>, language: Language) -> Markup {
    let words = words::words(status, language);
    markup! {
        p { (words.happened) }
        @match retry_after_seconds {
            Some(seconds) => p { (language.waiting(seconds)) },
            None => p { (words.remedy) },
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn english_comes_first_for_who_prefers_it() {
        for (accepted, expected) in [
            ("", Language::Korean),
            ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", Language::Korean),
            ("en-US,en;q=0.9,ko;q=0.8", Language::English),
            ("en", Language::English),
            ("EN-gb", Language::English),
            ("en;q=0.5, ko", Language::Korean),
            ("ko;q=0.3, en;q=0.8", Language::English),
            ("ko, en", Language::Korean),
            ("en, ko", Language::English),
            ("fr, de", Language::Korean),
            ("fr, en;q=0.5", Language::English),
            ("*", Language::Korean),
            ("english", Language::Korean),
            ("en;q=0", Language::Korean),
            ("en;q=x", Language::Korean),
        ] {
            let headers = [(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accepted))].into_iter().collect();
            assert_eq!(language(&headers), expected, "{accepted}");
        }
    }

    #[test]
    fn the_page_says_how_long_to_wait() {
        let id = RequestId::generate(Timestamp::from_unix_ms(0));
        let page = |seconds| render(StatusCode::TOO_MANY_REQUESTS, seconds, &id, Language::Korean);
        for (seconds, korean, english) in [
            (Some(1), "1초 후에", "in 1 second."),
            (Some(90), "90초 후에", "in 90 seconds."),
            (Some(91), "약 2분 후에", "in about 2 minutes."),
            (None, "잠시 후 다시", "try again shortly"),
        ] {
            let page = page(seconds);
            assert!(page.contains(korean) && page.contains(english), "{seconds:?}: {page}");
            assert!(page.contains(id.as_str()));
        }
    }

    #[test]
    fn a_page_loads_nothing_and_runs_nothing() {
        for status in (400..=599).filter_map(|status| StatusCode::from_u16(status).ok()) {
            let page = render(status, None, &RequestId::generate(Timestamp::from_unix_ms(0)), Language::English);
            for forbidden in ["<script", "src=", "style=", "http:", "https:", "url(", "@import", "onclick"] {
                assert!(!page.contains(forbidden), "{status}: {forbidden}");
            }
        }
    }
}
