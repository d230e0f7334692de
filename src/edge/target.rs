//! The path of a request, as rules see it.
//!
//! Rules by prefix (limits, certificates, proxies) and whatever answers the request must not read one path as two. The
//! application routes by the path as it was sent; a server behind a proxy may decode, merge, cut or fold it first. So what can
//! be read as another folder is refused ([`check`]), and rules look at [`rule_path`], which has all the rest of it undone,
//! with [`is_under`] or [`behind`]: whatever way a path is written in, the same rules hold.

use std::borrow::Cow;

/// Why a path is not taken: it holds what servers are known to read in more than one way.
pub(super) fn check(path: &str) -> Result<(), &'static str> {
    if !path.bytes().any(|byte| matches!(byte, b'%' | b'.' | b'\\')) {
        return Ok(());
    }
    if path.split('%').skip(1).any(|rest| pair(rest.as_bytes()).is_none()) {
        return Err("the path has a % without two hexadecimal digits after it");
    }
    let decoded = decode(path.as_bytes());
    if decoded.iter().any(u8::is_ascii_control) {
        return Err("the path has a control character in it");
    }
    if decoded.contains(&b'\\') {
        return Err("the path has a backslash in it");
    }
    let is_dots = |segment: &[u8]| matches!(without_parameters(segment), b"." | b"..");
    if decoded.split(|&byte| byte == b'/').any(is_dots) {
        return Err("the path has a segment . or .. in it; send it resolved");
    }
    Ok(())
}

/// A path as rules look at it: percent-decoded once, `//` merged into `/`, and what follows `;` in a segment left out.
pub(super) fn rule_path(path: &str) -> Cow<'_, [u8]> {
    if !path.contains(['%', ';']) && !path.contains("//") {
        return Cow::Borrowed(path.as_bytes());
    }
    Cow::Owned(Plain::of(path).collect())
}

/// Whether a [`rule_path`] begins with `prefix`, in capital or small letters. A folder is under itself: `/old` under `/old/`.
pub(super) fn is_under(rule_path: &[u8], prefix: &str) -> bool {
    let is_same = |path: &[u8], prefix: &str| path.eq_ignore_ascii_case(prefix.as_bytes());
    rule_path.get(..prefix.len()).is_some_and(|begin| is_same(begin, prefix))
        || prefix.strip_suffix('/').is_some_and(|folder| is_same(rule_path, folder))
}

/// What of a path lies behind a prefix and the slash after it, as it was sent; `None` if the [`rule_path`] does not have the
/// prefix. That is read in the same way, has no slash at its end, and is compared part by part, as `PathPrefix` of Kubernetes' Gateway API does: `/old` has
/// `/old` and `/old/x`, not `/older`.
pub(super) fn behind<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    let mut plain = Plain::of(path);
    for expected in Plain::of(prefix) {
        if !plain.next()?.eq_ignore_ascii_case(&expected) {
            return None;
        }
    }
    match plain.next() {
        None => Some(""),
        Some(b'/') => path.get(plain.read..),
        Some(_) => None,
    }
}

/// Decodes `%2f` and the like, once. A `%` without two digits stands for itself.
pub(super) fn decode(path: &[u8]) -> Cow<'_, [u8]> {
    if !path.contains(&b'%') {
        return Cow::Borrowed(path);
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((byte, after)) = first(rest) {
        decoded.push(byte);
        rest = after;
    }
    Cow::Owned(decoded)
}

/// A segment without what servlet containers cut off: `a` of `a;b=c`.
pub(super) fn without_parameters(segment: &[u8]) -> &[u8] {
    segment.split(|&byte| byte == b';').next().unwrap_or_default()
}

/// The bytes of a [`rule_path`], one by one.
struct Plain<'p> {
    path: &'p str,
    /// How much of the path was read.
    read: usize,
    is_after_slash: bool,
    is_in_parameters: bool,
}

impl<'p> Plain<'p> {
    fn of(path: &'p str) -> Self {
        Self { path, read: 0, is_after_slash: false, is_in_parameters: false }
    }
}

impl Iterator for Plain<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        loop {
            let (byte, after) = first(self.path.as_bytes().get(self.read..)?)?;
            self.read = self.path.len() - after.len();
            self.is_in_parameters = byte == b';' || (self.is_in_parameters && byte != b'/');
            if self.is_in_parameters || (byte == b'/' && self.is_after_slash) {
                continue;
            }
            self.is_after_slash = byte == b'/';
            return Some(byte);
        }
    }
}

/// The first byte, percent-decoded, and what follows it.
fn first(path: &[u8]) -> Option<(u8, &[u8])> {
    let (&byte, after) = path.split_first()?;
    Some(pair(after).filter(|_| byte == b'%').unwrap_or((byte, after)))
}

/// Two hexadecimal digits, and what follows them.
fn pair(text: &[u8]) -> Option<(u8, &[u8])> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let [high, low, rest @ ..] = text else { return None };
    Some((digit(*high)? << 4 | digit(*low)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_path_in_many_clothes_is_one_path_to_rules() {
        for path in [
            "/api/v1/x",
            "//api/v1/x",
            "/api//v1///x",
            "/%61pi/v1/x",
            "/%61%70%69%2fv1%2Fx",
            "/API/v1/x",
            "/aPi/v1/x",
            "/api;a=b/v1/x",
            "/api%3ba=b/v1/x",
            "/;a/api/v1/x",
            "/%2Fapi/v1/x;a",
        ] {
            assert!(check(path).is_ok(), "{path}");
            let plain = rule_path(path);
            assert!(is_under(&plain, "/api/v1/"), "{path}: {}", String::from_utf8_lossy(&plain));
        }
        for path in ["/api", "/API", "//api", "/api;a"] {
            assert!(is_under(&rule_path(path), "/api/"), "{path}");
        }
        for path in ["/", "*", "/apis", "/ap", "/apis/v1/x", "/x/api/v1/", "/%2561pi/v1/x", "/api%20/v1/"] {
            assert!(!is_under(&rule_path(path), "/api/"), "{path}");
        }
    }

    #[test]
    fn a_prefix_is_compared_part_by_part() {
        for (prefix, path, expected) in [
            ("/old", "/old", Some("")),
            ("/old", "/old/", Some("")),
            ("/old", "/old/a/b", Some("a/b")),
            ("/old", "/older", None),
            ("/old", "/old.html", None),
            ("/old", "/ol", None),
            ("/old", "/Old/A", Some("A")),
            ("/old", "/%6f%6Cd/a", Some("a")),
            ("/old", "/%256fld/a", None),
            ("/old", "%2Fold/a%20b", Some("a%20b")),
            ("/old", "/old%2Fa", Some("a")),
            ("/old/app", "/old%2Fapp/a", Some("a")),
            ("/old/app", "/old/app/a", Some("a")),
            ("/old/app", "/old;a=b/app;c/a;d", Some("a;d")),
            ("/old", "/old;a=b", Some("")),
            ("/상담", "/%EC%83%81%EB%8B%B4/a", Some("a")),
            ("/상담", "/상담/가", Some("가")),
            ("/old", "//old/a", Some("a")),
            ("/old/app", "/old//app//a", Some("/a")),
            ("/old", "/a/../old", None),
            ("/old", "/x/old", None),
            ("/old", "", None),
            ("/old", "*", None),
            ("/old", "/%6", None),
        ] {
            assert_eq!(behind(path, prefix), expected, "{prefix} {path}");
            let plain = rule_path(path);
            let is_behind = is_under(&plain, prefix) && matches!(plain.get(prefix.len()), None | Some(b'/'));
            assert_eq!(is_behind, expected.is_some(), "both ways of comparing read {path} alike");
        }
        assert_eq!(behind("/%EC%83%81%EB%8B%B4/a", "/%EC%83%81%EB%8B%B4"), Some("a"));
    }

    #[test]
    fn what_could_be_another_folder_is_refused() {
        for path in [
            "/./api/",
            "/x/../api/",
            "/..",
            "/x/.",
            "/%2e%2E/api/",
            "/x/.%2e/api/",
            "/x%2f..%2fapi/",
            "/..;/api/",
            "/..;a=b/api/",
            "/..%3b/api/",
            "/x\\..\\api/",
            "/x%5capi/",
            "/api%00/",
            "/%0d%0aSet-Cookie:a",
            "/%7f",
            "/%",
            "/%4",
            "/%zz",
            "/%+1",
        ] {
            assert!(check(path).is_err(), "{path}");
        }
        for path in
            ["/", "*", "/chat.js", "/.well-known/x", "/...", "/..a", "/a..", "/%ea%b0%80", "/가", "/%C3%28", "/a%2Fb"]
        {
            assert!(check(path).is_ok(), "{path}");
        }
    }
}
