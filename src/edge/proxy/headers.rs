//! What of the headers is passed on, and what the upstream is told of the client.
//!
//! Headers about one connection end here (RFC 9110 §7.6.1). What a client says of its own address, scheme or host is its own
//! word: it is replaced unless the client is a trusted proxy. `Forwarded` (RFC 7239) is never passed on: with two accounts of
//! the same way an upstream would have to choose, and `X-Forwarded-*` is what the replaced web server spoke.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::header;
use axum::http::uri::Authority;

use crate::edge::RequestId;
use crate::edge::forwarded::Trust;
use crate::edge::request_id;
use crate::edge::target;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
/// About one connection only, beside what `Connection` names.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];
/// Answered here, or believed by some servers instead of what the request says: another path (IIS), a proxy for scripts.
const NEVER_PASSED: [&str; 5] = ["expect", "forwarded", "proxy", "x-original-url", "x-rewrite-url"];
/// The client's word on itself, beside everything that begins with `x-forwarded-`.
const OF_PROXIES: [&str; 4] = ["x-real-ip", "x-client-ip", "true-client-ip", "x-request-id"];

/// Who asks, and how.
pub(super) struct Asker<'r> {
    /// Decided by the edge.
    pub(super) client: Option<IpAddr>,
    /// It came over TLS.
    pub(super) is_secure: bool,
    /// The other end of the connection it came by.
    pub(super) peer: Option<IpAddr>,
    /// How far that is believed.
    pub(super) trust: Trust,
    /// Names the request.
    pub(super) request_id: Option<RequestId>,
    /// The host that was asked for.
    pub(super) host: Option<HeaderValue>,
    /// The prefix the upstream does not see.
    pub(super) stripped: Option<&'r str>,
    /// This proxy, as it stands in `Via`.
    pub(super) via: &'r str,
}

/// The headers an upstream gets, but for `Host`.
pub(super) fn to_upstream(received: &HeaderMap, asker: &Asker<'_>) -> HeaderMap {
    let takes_trailers = mentions(received, &header::TE, "trailers");
    let mut headers = end_to_end(received);
    headers.remove(header::HOST);
    join_cookies(&mut headers);
    let is_believed = asker.trust == Trust::XForwardedFor;
    remove(&mut headers, |name| is_never_passed(name) || (is_of_proxies(name) && !is_believed));

    let text = |text: &str| HeaderValue::from_str(text).ok();
    let mut set = |name: HeaderName, value: Option<HeaderValue>| match value {
        Some(value) => drop(headers.insert(name, value)),
        None => drop(headers.remove(name)),
    };
    set(REAL_IP, asker.client.and_then(|client| text(&client.to_string())));
    set(request_id::HEADER, asker.request_id.map(RequestId::to_header));
    set(FORWARDED_FOR, forwarded_for(received, asker));
    set(FORWARDED_PROTO, Some(HeaderValue::from_static(if asker.is_secure { "https" } else { "http" })));
    let host = received.get(FORWARDED_HOST).filter(|_| is_believed).or(asker.host.as_ref());
    set(FORWARDED_HOST, host.cloned());
    if let Some(prefix) = asker.stripped {
        set(FORWARDED_PREFIX, text(prefix));
    }
    if let Some(via) = text(&format!("1.1 {}", asker.via)) {
        headers.append(header::VIA, via);
    }
    if takes_trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
    }
    headers
}

/// The headers of an answer that are the client's, with redirects to the upstream's own address leading here.
pub(super) fn to_client(answered: &HeaderMap, upstream: &str, stripped: Option<&str>) -> HeaderMap {
    let mut headers = end_to_end(answered);
    if let Some(location) = headers.get(header::LOCATION).and_then(|location| location.to_str().ok()) {
        let rewritten =
            rewrite(location, upstream, stripped).and_then(|location| HeaderValue::from_str(&location).ok());
        if let Some(rewritten) = rewritten {
            headers.insert(header::LOCATION, rewritten);
        }
    }
    headers
}

/// Whether a request was sent on by this proxy already.
pub(super) fn went_through(headers: &HeaderMap, via: &str) -> bool {
    let values = headers.get_all(header::VIA).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|hop| hop.split_whitespace().nth(1) == Some(via))
}

/// Whether a header that is a list of words has this one.
pub(super) fn mentions(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| item.trim().eq_ignore_ascii_case(word))
}

/// The name of an address as a `Host`.
pub(super) fn host_of(authority: Option<&Authority>) -> Option<HeaderValue> {
    HeaderValue::from_str(authority?.as_str()).ok()
}

/// Takes out of what follows a request's body whatever is said before it, or not at all: some servers make one of both.
pub(super) fn filter_trailers(trailers: &mut HeaderMap) {
    remove(trailers, |name| HOP_BY_HOP.contains(&name) || is_never_passed(name) || is_of_proxies(name));
}

/// Servers that know headers as variables take `Content_Length` for `Content-Length`, so none with an underscore is passed on, as
/// in the replaced web server.
fn is_never_passed(name: &str) -> bool {
    name.contains('_') || NEVER_PASSED.contains(&name)
}

fn is_of_proxies(name: &str) -> bool {
    name.starts_with("x-forwarded-") || OF_PROXIES.contains(&name)
}

fn remove(headers: &mut HeaderMap, is_refused: impl Fn(&str) -> bool) {
    let refused: Vec<HeaderName> = headers.keys().filter(|name| is_refused(name.as_str())).cloned().collect();
    for name in refused {
        headers.remove(name);
    }
}

fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut passed = headers.clone();
    for named in headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok()) {
        for name in named.split(',').map(str::trim) {
            passed.remove(name);
        }
    }
    for name in HOP_BY_HOP {
        passed.remove(name);
    }
    passed
}

/// HTTP/2 may send cookies as several fields; for HTTP/1.1 they have to be one (RFC 9113 §8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let cookies: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if cookies.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
    {
        headers.insert(header::COOKIE, joined);
    }
}

/// The way the request came: what a trusted proxy says of it and that proxy, or the client alone.
fn forwarded_for(received: &HeaderMap, asker: &Asker<'_>) -> Option<HeaderValue> {
    let is_believed = asker.trust == Trust::XForwardedFor;
    let last = asker.peer.filter(|_| is_believed).or(asker.client)?;
    let mut way: Vec<u8> = Vec::new();
    if is_believed {
        for value in received.get_all(FORWARDED_FOR) {
            way.extend_from_slice(value.as_bytes());
            way.extend_from_slice(b", ");
        }
    }
    way.extend_from_slice(last.to_string().as_bytes());
    HeaderValue::from_bytes(&way).ok()
}

/// Where a redirect leads as the client has to ask for it; `None` if it stays as it is.
fn rewrite(location: &str, upstream: &str, stripped: Option<&str>) -> Option<String> {
    let own = location.strip_prefix(upstream).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let here = match own {
        // Two slashes would be another host.
        Some(rest) => format!("/{}", rest.trim_start_matches('/')),
        None if location.starts_with('/') && !location.starts_with("//") => location.to_owned(),
        None => return None,
    };
    match stripped {
        Some(prefix) if target::behind(here.split('?').next().unwrap_or_default(), prefix).is_none() => {
            Some(format!("{prefix}{here}"))
        }
        Some(_) | None => own.map(|_| here),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let pairs = lines.iter().map(|(name, value)| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        });
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value);
        }
        headers
    }

    fn asker(trust: Trust) -> Asker<'static> {
        Asker {
            client: Some("192.0.2.1".parse().unwrap()),
            is_secure: true,
            peer: Some("10.0.0.9".parse().unwrap()),
            trust,
            request_id: None,
            host: Some(HeaderValue::from_static("chat.bank.example")),
            stripped: None,
            via: "edge-1",
        }
    }

    #[test]
    fn headers_of_one_connection_end_here() {
        let received = headers(&[
            ("connection", "close, X-Secret"),
            ("connection", "x-other"),
            ("keep-alive", "5"),
            ("te", "gzip"),
            ("upgrade", "h2c"),
            ("transfer-encoding", "chunked"),
            ("proxy-authorization", "a"),
            ("x-secret", "a"),
            ("x-other", "a"),
            ("expect", "100-continue"),
            ("trailer", "x-sum"),
            ("accept", "a"),
            ("proxy", "http://evil"),
            ("x-original-url", "/admin"),
            ("content_length", "9"),
            ("x_other", "a"),
            ("host", "a"),
        ]);
        let passed = to_upstream(&received, &asker(Trust::None));
        let mut names: Vec<&str> = passed.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["accept", "trailer", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"]
        );
    }

    #[test]
    fn a_strangers_word_on_itself_is_replaced() {
        let received = headers(&[
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-proto", "gopher"),
            ("x-forwarded-host", "evil"),
            ("x-real-ip", "203.0.113.7"),
            ("x-forwarded-prefix", "/evil"),
            ("x_forwarded_for", "203.0.113.7"),
            ("true-client-ip", "203.0.113.7"),
            ("forwarded", "for=evil"),
            ("connection", "x-real-ip"),
        ]);
        let passed = to_upstream(&received, &asker(Trust::Forwarded));
        assert_eq!(passed, to_upstream(&received, &asker(Trust::None)));
        let expected = headers(&[
            ("x-real-ip", "192.0.2.1"),
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "chat.bank.example"),
            ("via", "1.1 edge-1"),
        ]);
        assert_eq!(passed, expected);
    }

    #[test]
    fn a_trusted_proxys_word_is_passed_on_and_completed() {
        let received = headers(&[
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-host", "www"),
            ("x-forwarded-port", "80"),
            ("via", "1.0 front"),
            ("x_real_ip", "evil"),
        ]);
        let passed = to_upstream(&received, &asker(Trust::XForwardedFor));
        let expected = headers(&[
            ("x-real-ip", "192.0.2.1"),
            ("x-forwarded-for", "203.0.113.7, 192.0.2.1, 10.0.0.9"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "www"),
            ("x-forwarded-port", "80"),
            ("via", "1.0 front"),
            ("via", "1.1 edge-1"),
        ]);
        assert_eq!(passed, expected);
    }

    #[test]
    fn trailers_are_asked_for_and_cookies_are_one() {
        let received = headers(&[("te", "trailers, deflate"), ("cookie", "a=1"), ("cookie", "b=2")]);
        let passed = to_upstream(&received, &Asker { stripped: Some("/old"), ..asker(Trust::None) });
        assert_eq!(
            (&passed["te"], &passed["connection"], &passed["cookie"]),
            (&"trailers".parse().unwrap(), &"te".parse().unwrap(), &"a=1; b=2".parse().unwrap())
        );
        assert_eq!(passed["x-forwarded-prefix"], "/old");
    }

    #[test]
    fn what_follows_a_body_says_nothing_of_the_request() {
        let mut trailers = headers(&[
            ("x-sum", "1"),
            ("x-forwarded-for", "203.0.113.7"),
            ("x-real-ip", "203.0.113.7"),
            ("x_real_ip", "203.0.113.7"),
            ("connection", "close"),
            ("expect", "100-continue"),
        ]);
        filter_trailers(&mut trailers);
        assert_eq!(trailers, headers(&[("x-sum", "1")]));
    }

    #[test]
    fn a_loop_is_seen() {
        let received = headers(&[("via", "1.1 a, 1.1 edge-1 (comment)"), ("via", "2 b")]);
        assert!(went_through(&received, "edge-1") && went_through(&received, "b"));
        assert!(!went_through(&received, "edge-2") && !went_through(&received, "1.1"));
    }

    #[test]
    fn redirects_lead_here() {
        let upstream = "http://10.0.0.7:8080";
        for (location, stripped, expected) in [
            ("http://10.0.0.7:8080/old/a?b", None, Some("/old/a?b")),
            ("http://10.0.0.7:8080", None, Some("/")),
            ("http://10.0.0.7:8080?a", None, Some("/?a")),
            ("http://10.0.0.7:8080//evil.example/a", None, Some("/evil.example/a")),
            ("http://10.0.0.7:80801/a", None, None),
            ("http://10.0.0.7:8080.evil/a", None, None),
            ("https://elsewhere.example/a", Some("/old"), None),
            ("//elsewhere.example/a", Some("/old"), None),
            ("/a", None, None),
            ("/a?x=/old/", Some("/old"), Some("/old/a?x=/old/")),
            ("/old/a", Some("/old"), None),
            ("http://10.0.0.7:8080/a", Some("/old"), Some("/old/a")),
            ("http://10.0.0.7:8080/old/a", Some("/old"), Some("/old/a")),
            ("/%EC%83%81/a", Some("/%EC%83%81"), None),
            ("a", Some("/old"), None),
        ] {
            assert_eq!(rewrite(location, upstream, stripped).as_deref(), expected, "{location}");
        }
    }
}
