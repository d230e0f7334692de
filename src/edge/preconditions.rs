//! What a request wants of a file that it may have already (RFC 9110 §13 and §14).

use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::header;

/// What is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// The bytes from the first to the last, both included; they exist.
    Part {
        /// Counted from 0.
        first: usize,
        /// Counted from 0.
        last: usize,
    },
    /// A part that does not exist: 416.
    NoSuchPart,
    /// Nothing, the client has it: 304.
    Nothing,
    /// Another version than there is: 412.
    Other,
}

/// What a GET with these headers wants of a file with this strong tag and of this length. Files without a date know no
/// conditions on dates, and several ranges are answered with the whole file (RFC 9110 §14.2 allows it).
pub(super) fn wanted(request: &HeaderMap, etag: &HeaderValue, length: usize) -> Wanted {
    if request.contains_key(header::IF_MATCH) && !lists(request, header::IF_MATCH, etag, Comparison::Strong) {
        return Wanted::Other;
    }
    if lists(request, header::IF_NONE_MATCH, etag, Comparison::Weak) {
        return Wanted::Nothing;
    }
    let Some(range) = request.get(header::RANGE) else { return Wanted::Whole };
    if request.get(header::IF_RANGE).is_some_and(|version| version != etag) {
        return Wanted::Whole;
    }
    range.to_str().ok().and_then(|range| part(range, length)).unwrap_or(Wanted::Whole)
}

/// How tags are compared (RFC 9110 §8.8.3.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    /// A weak tag equals nothing.
    Strong,
    /// Whether a tag is weak does not matter.
    Weak,
}

/// Whether a list of tags holds a strong tag, or `*`. Our tags have no comma, so others need not be read exactly.
fn lists(request: &HeaderMap, name: HeaderName, etag: &HeaderValue, comparison: Comparison) -> bool {
    let mut lines = request.get_all(name).iter().map(HeaderValue::as_bytes);
    lines.any(|line| {
        line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).any(|tag| {
            let tag = if comparison == Comparison::Weak { tag.strip_prefix(b"W/").unwrap_or(tag) } else { tag };
            tag == etag.as_bytes() || tag == b"*"
        })
    })
}

/// The part a `Range` names; `None` if it is to be ignored: of another unit, of several parts, or not to be understood.
fn part(range: &str, length: usize) -> Option<Wanted> {
    let (unit, range) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let number = |text: &str| -> Option<usize> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // What is too long for a number is past the end of every file.
        is_number.then(|| text.parse().unwrap_or(usize::MAX))
    };
    let (first, last) = match (first, last) {
        ("", last) => {
            let count = number(last)?;
            if count == 0 || length == 0 {
                return Some(Wanted::NoSuchPart);
            }
            (length.saturating_sub(count), length - 1)
        }
        (first, "") => (number(first)?, usize::MAX),
        (first, last) => (number(first)?, number(last)?),
    };
    if last < first {
        return None;
    }
    if first >= length {
        return Some(Wanted::NoSuchPart);
    }
    Some(Wanted::Part { first, last: last.min(length - 1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: HeaderValue = HeaderValue::from_static("\"abc\"");

    fn wanted_of(headers: &[(&'static str, &'static str)]) -> Wanted {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        wanted(&headers, &ETAG, 100)
    }

    #[test]
    fn who_has_the_file_gets_nothing() {
        for (name, value, expected) in [
            ("if-none-match", "\"abc\"", Wanted::Nothing),
            ("if-none-match", "W/\"abc\"", Wanted::Nothing),
            ("if-none-match", "\"x\",W/\"y\" , \"abc\"", Wanted::Nothing),
            ("if-none-match", "*", Wanted::Nothing),
            ("if-none-match", "\"abcd\", abc, \"W/abc\"", Wanted::Whole),
            ("if-none-match", "", Wanted::Whole),
            ("if-match", "\"abc\"", Wanted::Whole),
            ("if-match", "*", Wanted::Whole),
            ("if-match", "W/\"abc\"", Wanted::Other),
            ("if-match", "\"x\"", Wanted::Other),
            ("if-modified-since", "Sun, 06 Nov 2094 08:49:37 GMT", Wanted::Whole),
        ] {
            assert_eq!(wanted_of(&[(name, value)]), expected, "{name}: {value}");
        }
        assert_eq!(wanted_of(&[("if-match", "\"x\""), ("if-none-match", "\"abc\"")]), Wanted::Other);
        assert_eq!(wanted_of(&[("if-none-match", "\"abc\""), ("range", "bytes=0-0")]), Wanted::Nothing);
    }

    #[test]
    fn one_range_is_a_part() {
        let part = |first, last| Wanted::Part { first, last };
        for (range, expected) in [
            ("bytes=0-0", part(0, 0)),
            ("bytes=0-99", part(0, 99)),
            ("bytes=10-19", part(10, 19)),
            ("Bytes = 10-19", part(10, 19)),
            ("bytes=90-", part(90, 99)),
            ("bytes=90-1000", part(90, 99)),
            ("bytes=0-99999999999999999999999999", part(0, 99)),
            ("bytes=-1", part(99, 99)),
            ("bytes=-1000", part(0, 99)),
            ("bytes=100-", Wanted::NoSuchPart),
            ("bytes=99999999999999999999999999-", Wanted::NoSuchPart),
            ("bytes=-0", Wanted::NoSuchPart),
            ("bytes=0-0,5-9", Wanted::Whole),
            ("bytes=19-10", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
        ] {
            assert_eq!(wanted_of(&[("range", range)]), expected, "{range}");
        }
    }

    #[test]
    fn a_part_of_another_version_is_not_sent() {
        for (version, expected) in [
            ("\"abc\"", Wanted::Part { first: 1, last: 2 }),
            ("W/\"abc\"", Wanted::Whole),
            ("\"x\"", Wanted::Whole),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Wanted::Whole),
        ] {
            assert_eq!(wanted_of(&[("range", "bytes=1-2"), ("if-range", version)]), expected, "{version}");
        }
    }
}
