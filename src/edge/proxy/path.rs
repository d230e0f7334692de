//! Which paths have a prefix, and which paths no upstream shall see.

use axum::http::Uri;

/// What of a request's path lies behind a prefix; `None` if it does not have it. The prefix has no slash at the end and is
/// compared part by part, as `PathPrefix` of Kubernetes' Gateway API does: `/old` has `/old` and `/old/x`, not `/older`. The
/// path may have any character percent-encoded (RFC 3986 §6.2.2) but the slashes.
pub(super) fn behind<'p>(prefix: &str, path: &'p str) -> Option<&'p str> {
    let mut rest = path;
    for &expected in prefix.as_bytes() {
        let (byte, length) = first_byte(rest.as_bytes())?;
        if byte != expected || (expected == b'/' && length > 1) {
            return None;
        }
        rest = rest.get(length..)?;
    }
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// The target with a path that lost its prefix.
pub(super) fn rooted(path: &str, query: Option<&str>) -> String {
    let path = if path.is_empty() { "/" } else { path };
    match query {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// A prefix as it stands in a URL.
pub(super) fn encode(prefix: &str) -> String {
    let encoded =
        |byte: u8| if byte.is_ascii_graphic() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    prefix.bytes().map(encoded).collect()
}

/// The target as it came.
pub(super) fn whole(uri: &Uri) -> String {
    uri.path_and_query().map_or("/", |target| target.as_str()).to_owned()
}

/// Whether some server may take the path for one that leads upwards (`..`), and so out of the prefix: percent-encoded once or
/// several times, with backslashes, or with the parameters that servlet containers cut off (`..;x`). No honest client sends
/// any of these. A path with a zero byte is none either.
pub(super) fn leads_upwards(path: &str) -> bool {
    const DECODINGS_MAX: usize = 4;
    if !path.contains("..") && !path.contains('%') {
        return false;
    }
    let mut path = path.as_bytes().to_vec();
    for _ in 0..DECODINGS_MAX {
        let is_upwards = |part: &[u8]| part.split(|byte| *byte == b';').next() == Some(b"..");
        if path.contains(&0) || path.split(|byte| matches!(byte, b'/' | b'\\')).any(is_upwards) {
            return true;
        }
        let decoded = decode(&path);
        if decoded == path {
            return false;
        }
        path = decoded;
    }
    true
}

fn decode(mut path: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(path.len());
    while let Some((byte, length)) = first_byte(path) {
        decoded.push(byte);
        path = path.get(length..).unwrap_or_default();
    }
    decoded
}

/// The first byte, percent-decoded, and how many bytes stand for it.
fn first_byte(path: &[u8]) -> Option<(u8, usize)> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match path {
        [b'%', high, low, ..] => match (digit(high), digit(low)) {
            (Some(high), Some(low)) => Some((high << 4 | low, 3)),
            (_, _) => Some((b'%', 1)),
        },
        [byte, ..] => Some((*byte, 1)),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_compared_part_by_part() {
        for (prefix, path, expected) in [
            ("/old", "/old", Some("")),
            ("/old", "/old/", Some("/")),
            ("/old", "/old/a/b", Some("/a/b")),
            ("/old", "/older", None),
            ("/old", "/old.html", None),
            ("/old", "/ol", None),
            ("/old", "/Old", None),
            ("/old", "/%6f%6Cd/a", Some("/a")),
            ("/old", "%2Fold/a", None),
            ("/old", "/old%2Fa", None),
            ("/old/app", "/old%2Fapp/a", None),
            ("/old/app", "/old/app/a", Some("/a")),
            ("/상담", "/%EC%83%81%EB%8B%B4/a", Some("/a")),
            ("/old", "//old/a", None),
            ("/old", "/a/../old", None),
            ("/old", "", None),
            ("/old", "/%6", None),
        ] {
            assert_eq!(behind(prefix, path), expected, "{prefix} {path}");
        }
    }

    #[test]
    fn paths_that_may_lead_upwards_are_known() {
        for path in [
            "/old/..",
            "/old/../a",
            "/old/%2e%2e/a",
            "/old/.%2E/a",
            "/old/%252e%252e/a",
            "/old/%25252e%25252e/a",
            "/old/..%2fa",
            "/old/a%2f..%2f..%2fb",
            "/old/..%5ca",
            "/old/..\\a",
            "/old/..;/a",
            "/old/..;a=b/c",
            "/old/%2e%2e%3b/a",
            "/old/a%00",
            "/old/%25252525252e/a",
        ] {
            assert!(leads_upwards(path), "{path}");
        }
        for path in [
            "/old/a",
            "/old/...",
            "/old/a..b",
            "/old/..a",
            "/old/a/.",
            "/old/100%25",
            "/old/%",
            "/old/%zz",
            "/old/a%2Fb",
            "/old/a;..",
        ] {
            assert!(!leads_upwards(path), "{path}");
        }
    }

    #[test]
    fn targets_keep_their_query() {
        assert_eq!(rooted("", None), "/");
        assert_eq!(rooted("", Some("a=b")), "/?a=b");
        assert_eq!(rooted("/a%20b", Some("")), "/a%20b?");
        assert_eq!(encode("/old/상"), "/old/%EC%83%81");
        assert_eq!(whole(&"http://host/a?b".parse().unwrap()), "/a?b");
    }
}
