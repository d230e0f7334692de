//! What of a query is logged: names, and values of parameters that are no secret.
//!
//! A token does not belong into a URL (design D11), but other sites' links, single sign-on and mistakes put some there.
//! Paths stay as they are: ids of conversations in them are what a log is searched for.

use std::borrow::Cow;

/// Instead of a secret value.
const MASK: &[u8] = b"***";
/// A name that holds one of these is a secret's.
const TELLING_PARTS: [&str; 16] = [
    "token",
    "passw",
    "passcode",
    "passphrase",
    "secret",
    "signature",
    "credential",
    "apikey",
    "authcode",
    "jwt",
    "assertion",
    "authorization",
    "authkey",
    "samlre",
    "sessid",
    "jsessionid",
];
/// A name of which one of these is a word, as in `auth_code` or `authCode`, is one, too.
const TELLING_WORDS: [&str; 17] = [
    "code", "key", "sig", "sign", "pin", "otp", "auth", "pwd", "pass", "sid", "ticket", "hmac", "refresh", "cvc",
    "cvv", "ssn", "rrn",
];
/// Values may be URLs with queries of their own, encoded once for each level.
const ENCODINGS_MAX: usize = 3;

/// Hands the parts of a URL to `write`, with secrets replaced.
pub(super) fn masked(url: &[u8], mut write: impl FnMut(&[u8])) {
    let Some(query) = url.iter().position(|&byte| is_separator(byte)) else { return write(url) };
    let (path, mut rest) = url.split_at(query);
    write(path);
    // What remains begins with a separator each time.
    while let Some((separator, after)) = rest.split_at_checked(1) {
        let end = after.iter().position(|&byte| is_separator(byte)).unwrap_or(after.len());
        let (parameter, remaining) = after.split_at(end);
        write(separator);
        match value_of(parameter) {
            Some((name, value)) if is_secret(name) || holds_secret(value) => {
                write(name);
                write(b"=");
                write(MASK);
            }
            Some(_) | None => write(parameter),
        }
        rest = remaining;
    }
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'?' | b'&' | b';' | b'#')
}

fn value_of(parameter: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = parameter.iter().position(|&byte| byte == b'=')?;
    Some((parameter.get(..equals)?, parameter.get(equals + 1..)?))
}

/// Whether a parameter of this name has a value that is nobody's business.
fn is_secret(name: &[u8]) -> bool {
    let name = decoded(name);
    let mut words = String::with_capacity(name.len() + 4);
    let mut was_lower = false;
    for &byte in &*name {
        let is_word = byte.is_ascii_alphanumeric();
        if (byte.is_ascii_uppercase() && was_lower) || !is_word {
            words.push(' ');
        }
        if is_word {
            words.push(char::from(byte.to_ascii_lowercase()));
        }
        was_lower = byte.is_ascii_lowercase();
    }
    let joined = words.replace(' ', "");
    TELLING_PARTS.iter().any(|part| joined.contains(part)) || words.split(' ').any(|word| TELLING_WORDS.contains(&word))
}

/// Whether a value is a URL that has a secret of its own.
fn holds_secret(value: &[u8]) -> bool {
    let mut value = Cow::Borrowed(value);
    for _ in 0..ENCODINGS_MAX {
        let Cow::Owned(plain) = decoded(&value) else { return false };
        let has_secret = |parameter: &[u8]| value_of(parameter).is_some_and(|(name, _)| is_secret(name));
        if plain.split(|&byte| is_separator(byte)).any(has_secret) {
            return true;
        }
        if *plain == *value {
            return false;
        }
        value = Cow::Owned(plain);
    }
    // Encoded more often than anything honest is.
    value.contains(&b'%')
}

/// Without percent-encoding; borrowed if there is none.
fn decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let encoded = (byte == b'%').then(|| after.split_at_checked(2)).flatten();
        match encoded.and_then(|(digits, after)| Some((hex_byte(digits)?, after))) {
            Some((decoded, after)) => {
                plain.push(decoded);
                rest = after;
            }
            None => {
                plain.push(byte);
                rest = after;
            }
        }
    }
    Cow::Owned(plain)
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(url: &str) -> String {
        let mut text = Vec::new();
        masked(url.as_bytes(), |part| text.extend_from_slice(part));
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn secrets_are_masked_however_they_are_written() {
        for (url, expected) in [
            ("/?token=abc", "/?token=***"),
            ("/cb?code=4%2F0A&state=x", "/cb?code=***&state=x"),
            ("/?a=1&access_token=b=c&d=2", "/?a=1&access_token=***&d=2"),
            ("/?X-Amz-Signature=12&X-Amz-Date=20261123", "/?X-Amz-Signature=***&X-Amz-Date=20261123"),
            ("/?PASSWORD=x&passwd=x&pwd=x&userPass=x", "/?PASSWORD=***&passwd=***&pwd=***&userPass=***"),
            ("/?api_key=x&apiKey=x&apikey=x&api-key=x", "/?api_key=***&apiKey=***&apikey=***&api-key=***"),
            ("/?clientSecret=x;sig=y#access_token=z", "/?clientSecret=***;sig=***#access_token=***"),
            ("/?to%6ben=x&%74oken=y&tok%65n%5B%5D=z", "/?to%6ben=***&%74oken=***&tok%65n%5B%5D=***"),
            ("/?next=%2Fcb%3Ftoken%3Dabc&n=1", "/?next=***&n=1"),
            ("/?next=%252Fcb%253Fcode%253Dabc", "/?next=***"),
            ("/?a=%25252525252525", "/?a=***"),
            ("/?token=", "/?token=***"),
            ("https://bank.example/a?jwt=x", "https://bank.example/a?jwt=***"),
        ] {
            assert_eq!(logged(url), expected);
        }
    }

    #[test]
    fn what_a_log_is_searched_for_stays() {
        for url in [
            "/api/v1/sessions/sess_1/events?after_id=12&wait=25",
            "/api/v1/chat/ws/sess_1",
            "/?session_id=sess_1&lang=ko&keyword=loan&zip=04524&monkey=1&shipping=2",
            "/?q=%EC%98%88%EA%B8%88%20%3D",
            "/?token",
            "/?%zz=1&%=2&a=%4",
            "/?",
            "*",
            "",
        ] {
            assert_eq!(logged(url), url);
        }
    }
}
