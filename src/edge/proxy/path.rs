//! What an upstream is asked for, and which paths no upstream shall see.

use axum::http::Uri;

use crate::edge::target;

/// The target with what lies behind the prefix as its path. It begins with one slash: two are a host where a server makes a
/// redirect of them.
pub(super) fn rooted(behind: &str, query: Option<&str>) -> String {
    let path = behind.trim_start_matches('/');
    match query {
        Some(query) => format!("/{path}?{query}"),
        None => format!("/{path}"),
    }
}

/// A prefix as it stands in a URL.
pub(super) fn encode(prefix: &str) -> String {
    let encoded =
        |byte: u8| if byte.is_ascii_graphic() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    prefix.bytes().map(encoded).collect()
}

/// The target as it came, likewise with one slash at its begin.
pub(super) fn whole(uri: &Uri) -> String {
    rooted(uri.path(), uri.query())
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
        let is_upwards = |part: &[u8]| target::without_parameters(part) == b"..";
        if path.contains(&0) || path.split(|byte| matches!(byte, b'/' | b'\\')).any(is_upwards) {
            return true;
        }
        let decoded = target::decode(&path).into_owned();
        if decoded == path {
            return false;
        }
        path = decoded;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(rooted("a%20b", Some("")), "/a%20b?");
        assert_eq!(rooted("/evil.example", None), "/evil.example");
        assert_eq!(encode("/old/상"), "/old/%EC%83%81");
        assert_eq!(whole(&"http://host/a?b".parse().unwrap()), "/a?b");
    }
}
