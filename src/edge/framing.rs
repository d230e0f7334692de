//! Requests that HTTP forbids, or that two servers would read as two different ones: refused before anybody reads them.
//!
//! hyper refuses by itself what it cannot parse, a `Content-Length` that is no number or two of them that differ, and a
//! `Transfer-Encoding` that does not end in `chunked` or comes with HTTP/1.0. With both it goes by `Transfer-Encoding`, drops
//! `Content-Length` and closes the connection afterwards, as RFC 9112 §6.3 has it. A fragment in the target never
//! gets through its parser. Here is what it leaves to the application.
//!
//! A connection on which such a request came is closed: where its next request begins is anybody's guess.

use std::net::Ipv6Addr;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::Version;
use axum::http::header;
use axum::http::uri::Scheme;
use hyper::ext::Protocol;

use crate::config::ServerLimits;
use crate::edge::Problem;
use crate::edge::target;

/// The methods that may be served somewhere.
const ALLOW: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// Refuses what must not be read on: RFC 9110 §7.2 and §9.3, RFC 9112 §3.2 and §6, RFC 9113 §8.3.
pub(super) fn check<B>(request: &Request<B>, limits: &ServerLimits) -> Result<(), Problem> {
    let checked = check_method(request)
        .and_then(|()| check_target(request, limits))
        .and_then(|()| check_length(request, limits))
        .and_then(|()| check_authority(request))
        .and_then(|()| check_transfer_encoding(request));
    checked.map_err(|problem| match request.version() {
        Version::HTTP_2 => problem,
        _ => problem.header(header::CONNECTION, HeaderValue::from_static("close")),
    })
}

fn check_method<B>(request: &Request<B>) -> Result<(), Problem> {
    let method = request.method();
    // Over HTTP/2, a WebSocket is opened by CONNECT (RFC 8441).
    let protocol = request.extensions().get::<Protocol>().map(Protocol::as_str);
    match (method, protocol) {
        (&Method::CONNECT, Some("websocket")) => Ok(()),
        (&Method::CONNECT, Some(_)) => {
            let why = "of the protocols that CONNECT can open, only websocket is spoken here";
            Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "not_implemented", why))
        }
        (&Method::CONNECT | &Method::TRACE, None) => {
            let why = format!("{method} is not allowed here");
            let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", why);
            Err(problem.header(header::ALLOW, ALLOW))
        }
        _ => Ok(()),
    }
}

fn check_target<B>(request: &Request<B>, limits: &ServerLimits) -> Result<(), Problem> {
    let uri = request.uri();
    let bytes_max = limits.uri_bytes_max.as_usize();
    if uri.path_and_query().map_or(0, |target| target.as_str().len()) > bytes_max {
        let why = format!("the address is too long; at most {bytes_max} bytes are taken");
        return Err(Problem::new(StatusCode::URI_TOO_LONG, "uri_too_long", why));
    }
    if uri.path() == "*" && request.method() == Method::OPTIONS {
        return Ok(());
    }
    if !uri.path().starts_with('/') {
        return Err(bad_request("the target of the request is no path"));
    }
    target::check(uri.path()).map_err(bad_request)
}

/// The length of the header as HTTP/1.1 has it on the wire.
fn check_length<B>(request: &Request<B>, limits: &ServerLimits) -> Result<(), Problem> {
    let bytes_max = limits.header_bytes_max.as_usize();
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let lines = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    if target + lines.sum::<usize>() <= bytes_max {
        return Ok(());
    }
    let why = format!("the headers of the request are too long; at most {bytes_max} bytes are taken");
    Err(Problem::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", why))
}

fn check_authority<B>(request: &Request<B>) -> Result<(), Problem> {
    let uri = request.uri();
    if request.version() != Version::HTTP_2 && uri.scheme().is_some_and(|scheme| !is_http(scheme)) {
        return Err(bad_request("only addresses that begin with http:// or https:// are served here"));
    }
    let in_target = uri.authority().map(|authority| authority.as_str());
    if in_target.is_some_and(|authority| split(authority).is_none()) {
        return Err(bad_request("the host in the target of the request is none"));
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let Some(host) = hosts.next() else {
        return match (request.version(), in_target) {
            (Version::HTTP_09 | Version::HTTP_10, _) | (Version::HTTP_2, Some(_)) => Ok(()),
            _ => Err(bad_request("the request does not say which host it is for")),
        };
    };
    if hosts.next().is_some() {
        return Err(bad_request("the request has more than one Host header"));
    }
    let Some(host) = host.to_str().ok().and_then(split) else {
        return Err(bad_request("the Host header is not the name or address of a host"));
    };
    match in_target.and_then(split) {
        Some(other) if !is_same(host, other, uri) => {
            Err(bad_request("the Host header and the target of the request name different hosts"))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_transfer_encoding<B>(request: &Request<B>) -> Result<(), Problem> {
    let mut encodings = request.headers().get_all(header::TRANSFER_ENCODING).iter();
    let is_chunked = |encoding: &HeaderValue| encoding.as_bytes().eq_ignore_ascii_case(b"chunked");
    match (encodings.next(), encodings.next()) {
        (None, _) => Ok(()),
        (Some(encoding), None) if is_chunked(encoding) => Ok(()),
        (Some(encoding), Some(_)) if is_chunked(encoding) => {
            Err(bad_request("the request has more than one Transfer-Encoding header"))
        }
        (Some(_), _) => {
            let why = "of the transfer encodings, only chunked is understood here";
            Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "not_implemented", why))
        }
    }
}

fn bad_request(why: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad_request", why)
}

fn is_http(scheme: &Scheme) -> bool {
    *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS
}

/// Takes `host:port` apart; `None` if it is no host, or has a user name in it. Names are those of DNS, with the characters
/// that occur in practice; an address of IPv6 stands in brackets.
fn split(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (address, port) = bracketed.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            (address, port)
        }
        None => {
            let (name, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
            if !(1..=255).contains(&name.len()) || !name.bytes().all(is_allowed) {
                return None;
            }
            (name, port)
        }
    };
    match port {
        "" | ":" => Some((host, None)),
        port => {
            let port = port.strip_prefix(':')?;
            let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
            Some((host, Some(port.parse().ok().filter(|_| is_number)?)))
        }
    }
}

/// Whether two hosts are one; a port that is left out is the scheme's.
fn is_same(a: (&str, Option<u16>), b: (&str, Option<u16>), uri: &Uri) -> bool {
    let usual = match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => 443,
        Some(_) | None => 80,
    };
    a.0.eq_ignore_ascii_case(b.0) && a.1.unwrap_or(usual) == b.1.unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn status(request: &Request<()>) -> u16 {
        match check(request, &Config::default().server.limits) {
            Ok(()) => 200,
            Err(problem) => {
                let closes = problem.headers.iter().any(|(name, _)| name == header::CONNECTION);
                assert_eq!(closes, request.version() != Version::HTTP_2);
                problem.status.as_u16()
            }
        }
    }

    fn request(version: Version, method: &str, uri: &str, headers: &[(&str, &str)]) -> Request<()> {
        let begun = Request::builder().version(version).method(method).uri(uri);
        headers.iter().fold(begun, |request, &(name, value)| request.header(name, value)).body(()).unwrap()
    }

    #[test]
    fn a_request_is_for_one_host() {
        for (uri, hosts, expected) in [
            ("/", &["bank.example"][..], 200),
            ("/", &["bank.example:8080"], 200),
            ("/", &["BANK.example:"], 200),
            ("/", &["192.0.2.1:80"], 200),
            ("/", &["[2001:db8::1]:80"], 200),
            ("/", &["a_b.example"], 200),
            ("http://bank.example/", &["bank.example"], 200),
            ("http://bank.example:80/", &["Bank.Example"], 200),
            ("https://bank.example/", &["bank.example:443"], 200),
            ("/", &[], 400),
            ("http://bank.example/", &[], 400),
            ("/", &["a", "a"], 400),
            ("/", &["a", "b"], 400),
            ("/", &[""], 400),
            ("/", &["a b"], 400),
            ("/", &["a,b"], 400),
            ("/", &["a/b"], 400),
            ("/", &["a@b"], 400),
            ("/", &["a:b"], 400),
            ("/", &["a:+80"], 400),
            ("/", &["a:65536"], 400),
            ("/", &["a:80:80"], 400),
            ("/", &["[::1"], 400),
            ("/", &["[::1]80"], 400),
            ("/", &["[a]"], 400),
            ("/", &["::1"], 400),
            ("http://bank.example/", &["other.example"], 400),
            ("http://bank.example:8080/", &["bank.example"], 400),
            ("https://bank.example/", &["bank.example:80"], 400),
            ("http://anna@bank.example/", &["bank.example"], 400),
            ("http://anna:secret@bank.example/", &["bank.example"], 400),
            ("ftp://bank.example/", &["bank.example"], 400),
        ] {
            let headers: Vec<_> = hosts.iter().map(|&host| ("host", host)).collect();
            let found = status(&request(Version::HTTP_11, "GET", uri, &headers));
            assert_eq!(found, expected, "{uri} {hosts:?}");
        }
        assert_eq!(status(&request(Version::HTTP_10, "GET", "/", &[])), 200);
        assert_eq!(status(&request(Version::HTTP_10, "GET", "/", &[("host", "a"), ("host", "b")])), 400);
        assert_eq!(status(&request(Version::HTTP_2, "GET", "https://bank.example/", &[])), 200);
        assert_eq!(status(&request(Version::HTTP_2, "GET", "https://bank.example/", &[("host", "bank.example")])), 200);
        assert_eq!(status(&request(Version::HTTP_2, "GET", "https://bank.example/", &[("host", "other")])), 400);
        assert_eq!(status(&request(Version::HTTP_2, "GET", "https://anna@bank.example/", &[])), 400);
        assert_eq!(status(&request(Version::HTTP_2, "GET", "/", &[])), 400);
    }

    #[test]
    fn tunnels_and_echoes_are_not_served() {
        let host = [("host", "a")];
        assert_eq!(status(&request(Version::HTTP_11, "CONNECT", "a:443", &host)), 405);
        assert_eq!(status(&request(Version::HTTP_11, "TRACE", "/", &host)), 405);
        assert_eq!(status(&request(Version::HTTP_2, "CONNECT", "a:443", &[])), 405);
        for (protocol, expected) in [("websocket", 200), ("connect-udp", 501)] {
            let mut socket = request(Version::HTTP_2, "CONNECT", "https://a/api/v1/chat/ws/a", &[]);
            socket.extensions_mut().insert(Protocol::from_static(protocol));
            assert_eq!(status(&socket), expected, "{protocol}");
        }
    }

    #[test]
    fn the_target_is_a_path_of_bounded_length() {
        let host = [("host", "a")];
        let target = |bytes: usize| format!("/?{}", "a".repeat(bytes - 2));
        for (method, uri, expected) in [
            ("GET", target(8 * 1024).as_str(), 200),
            ("GET", &target(8 * 1024 + 1), 414),
            ("OPTIONS", "*", 200),
            ("GET", "*", 400),
            ("GET", "a:443", 400),
            ("GET", "/../a", 400),
        ] {
            assert_eq!(status(&request(Version::HTTP_11, method, uri, &host)), expected, "{method} {uri:.20}");
        }
    }

    #[test]
    fn only_chunked_is_understood() {
        for (encodings, expected) in [
            (&["chunked"][..], 200),
            (&["Chunked"], 200),
            (&["gzip, chunked"], 501),
            (&["chunked, chunked"], 501),
            (&["identity"], 501),
            (&["chunked", "chunked"], 400),
            (&["gzip", "chunked"], 501),
        ] {
            let headers: Vec<_> = encodings.iter().map(|&encoding| ("transfer-encoding", encoding)).collect();
            let headers = [&[("host", "a")], &headers[..]].concat();
            let found = status(&request(Version::HTTP_11, "POST", "/", &headers));
            assert_eq!(found, expected, "{encodings:?}");
        }
    }
}
