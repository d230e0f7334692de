//! The path of a request, as rules see it.
//!
//! Rules by prefix (limits, certificates, proxies) and whatever answers the request must not read one path as two. The
//! application routes by the path as it was sent; a server behind a proxy may decode, merge, cut or fold it first. So what can
//! be read as another folder is refused ([`check`]), and rules look at [`rule_path`], which has all the rest of it undone,
//! with [`is_under`]: whatever way a path is written in, the same rules hold.

use std::borrow::Cow;

/// Why a path is not taken: it holds what servers are known to read in more than one way.
pub(super) fn check(path: &str) -> Result<(), &'static str> {
    if !path.bytes().any(|byte| matches!(byte, b'%' | b'.' | b'\\')) {
        return Ok(());
    }
    if path.split('%').skip(1).any(|rest| pair(rest.as_bytes()).is_none()) {
        return Err("the path has a % without two hexadecimal digits after it");
    }
    let decoded = decode(path);
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
    let mut plain: Vec<u8> = Vec::with_capacity(path.len());
    for (index, segment) in decode(path).split(|&byte| byte == b'/').enumerate() {
        if index > 0 && plain.last() != Some(&b'/') {
            plain.push(b'/');
        }
        plain.extend_from_slice(without_parameters(segment));
    }
    Cow::Owned(plain)
}

/// Whether a [`rule_path`] begins with `prefix`, in capital or small letters.
pub(super) fn is_under(rule_path: &[u8], prefix: &str) -> bool {
    rule_path.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix.as_bytes()))
}

fn without_parameters(segment: &[u8]) -> &[u8] {
    segment.split(|&byte| byte == b';').next().unwrap_or_default()
}

/// Decodes `%2f` and the like, once.
fn decode(path: &str) -> Cow<'_, [u8]> {
    if !path.contains('%') {
        return Cow::Borrowed(path.as_bytes());
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match pair(after) {
            Some((encoded, after)) if byte == b'%' => (encoded, after),
            Some(_) | None => (byte, after),
        };
        decoded.push(byte);
        rest = after;
    }
    Cow::Owned(decoded)
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
        for path in ["/", "*", "/api", "/apis/v1/x", "/x/api/v1/", "/%2561pi/v1/x", "/api%20/v1/"] {
            assert!(!is_under(&rule_path(path), "/api/"), "{path}");
        }
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
