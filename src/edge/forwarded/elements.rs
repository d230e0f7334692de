//! Reads what proxies say of the request they pass on, from the right: the nearest first.
//!
//! Nothing here decides whom to believe; see [`Proxies`](super::Proxies).

use std::borrow::Cow;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header;

const X_FORWARDED_FOR: &str = "x-forwarded-for";
const X_FORWARDED_PROTO: &str = "x-forwarded-proto";
/// The longest element of `Forwarded` that is read. All its parameters together are hardly ever a third of it.
const ELEMENT_BYTES_MAX: usize = 512;

/// What one proxy says of whom it was reached from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Hop {
    /// The address, if it says one that can be read.
    pub(super) address: Option<IpAddr>,
    /// Whether it was reached over TLS, if it says.
    pub(super) is_secure: Option<bool>,
}

/// The elements of `X-Forwarded-For`, from the right. Several lines are one list.
pub(super) fn x_forwarded_for(headers: &HeaderMap) -> impl Iterator<Item = Hop> {
    elements(headers, X_FORWARDED_FOR).map(|element| {
        let address = node(element).or_else(|| element.parse::<Ipv6Addr>().ok().map(IpAddr::from));
        Hop { address, is_secure: None }
    })
}

/// What `X-Forwarded-Proto` says of the client, who is `hops` addresses from the right. A proxy adds its word to the
/// list, or hands on the one there is.
pub(super) fn x_forwarded_proto(headers: &HeaderMap, hops: usize) -> Option<bool> {
    elements(headers, X_FORWARDED_PROTO).take(hops.max(1)).last().and_then(is_secure)
}

/// The elements of `Forwarded` (RFC 7239 §4), from the right. Several lines are one list.
pub(super) fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = Hop> {
    headers.get_all(header::FORWARDED).iter().rev().flat_map(|line| {
        let mut left = Some(text(line));
        std::iter::from_fn(move || {
            let line = left?.trim_end_matches([' ', '\t', ',']);
            let (hop, before) = if line.is_empty() { return None } else { last_element(line) };
            left = before;
            Some(hop)
        })
    })
}

/// The last element of a line, and what stands before it; an element that cannot be read ends the line.
///
/// Each proxy appends to what it was given without reading it, so a quote that a client left open must not swallow what
/// stands to the right of it: the shortest end of the line that is an element is the last element.
fn last_element(line: &str) -> (Hop, Option<&str>) {
    let begin = line.len().saturating_sub(ELEMENT_BYTES_MAX);
    for (comma, _) in line.rmatch_indices(',').take_while(|&(comma, _)| comma >= begin) {
        if let Some((before, hop)) = line.get(..comma).zip(line.get(comma + 1..).and_then(element)) {
            return (hop, Some(before));
        }
    }
    let hop = if begin == 0 { element(line).unwrap_or_default() } else { Hop::default() };
    (hop, None)
}

/// Reads `for=192.0.2.1;proto=https`.
fn element(mut text: &str) -> Option<Hop> {
    let mut hop = Hop::default();
    let mut has_address = false;
    loop {
        let (name, value) = text.split_once('=')?;
        let (value, rest) = match value.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let (value, rest) = value.split_at(value.find(';').unwrap_or(value.len()));
                let value = value.trim_end_matches(is_space);
                if value.is_empty() || value.contains([' ', '\t', '"', ',', '\\']) {
                    return None;
                }
                (Cow::Borrowed(value), rest)
            }
        };
        let name = name.trim_matches(is_space);
        if name.eq_ignore_ascii_case("for") {
            // Each parameter must not occur more than once.
            if std::mem::replace(&mut has_address, true) {
                return None;
            }
            hop.address = node(&value);
        } else if name.eq_ignore_ascii_case("proto") {
            hop.is_secure = is_secure(&value);
        } else if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return None;
        }
        let rest = rest.trim_matches(is_space);
        if rest.is_empty() {
            return Some(hop);
        }
        text = rest.strip_prefix(';')?;
    }
}

/// Reads a quoted string after its first quote: what it says, and what follows it.
fn unquote(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut said = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((Cow::Owned(said), text.get(at + 1..)?)),
            '\\' => said.push(characters.next()?.1),
            other => said.push(other),
        }
    }
    None
}

/// Reads an address, perhaps with a port: `192.0.2.1`, `192.0.2.1:4711`, `[2001:db8::1]`, `[2001:db8::1]:4711`. `None` for
/// `unknown`, for an identifier somebody made up (`_name`), and for what is none of these (RFC 7239 §6).
fn node(text: &str) -> Option<IpAddr> {
    let is_port = |port: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let is_number = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
        is_number || (port.starts_with('_') && port.bytes().all(is_allowed))
    };
    let (address, port) = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (address, port) = bracketed.split_once(']')?;
            (IpAddr::from(address.parse::<Ipv6Addr>().ok()?), port)
        }
        None => {
            let (address, port) = text.split_at(text.find(':').unwrap_or(text.len()));
            (IpAddr::from(address.parse::<Ipv4Addr>().ok()?), port)
        }
    };
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(address)
}

fn is_secure(scheme: &str) -> Option<bool> {
    if scheme.eq_ignore_ascii_case("https") {
        Some(true)
    } else if scheme.eq_ignore_ascii_case("http") {
        Some(false)
    } else {
        None
    }
}

/// The elements of a list without quotes, from the right; empty ones do not count (RFC 9110 §5.6.1.2).
fn elements<'h>(headers: &'h HeaderMap, name: &str) -> impl Iterator<Item = &'h str> {
    let lines = headers.get_all(name).iter().rev();
    lines
        .flat_map(|line| text(line).rsplit(','))
        .map(|element| element.trim_matches(is_space))
        .filter(|element| !element.is_empty())
}

/// A line, or something that is no element if it is not ASCII.
fn text(line: &HeaderValue) -> &str {
    line.to_str().unwrap_or("?")
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t')
}
