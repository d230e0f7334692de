//! Web origins: where a page that talks to us comes from, or which server we talk to.

use std::fmt;

use toml::de::DeValue;

use crate::config::value::Value;
use crate::config::value::quote_text;

/// A web origin as browsers send it (RFC 6454 §6): `https://chat.bank.example`, in small letters, without a path
/// and without the scheme's usual port. Well-formed by construction.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WebOrigin(String);

impl WebOrigin {
    /// Reads an origin; `None` for anything else. One slash at the end is forgiven.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.strip_suffix('/').unwrap_or(&text).split_once("://")?;
        let usual_port = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return None,
        };
        let authority = authority.strip_suffix(usual_port).unwrap_or(authority);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            Some(_) | None => (authority, None),
        };
        let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number.to_string() == port));
        (is_port && is_host(host)).then(|| Self(format!("{scheme}://{authority}")))
    }

    /// As it stands in an `Origin` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is reached over TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// The port, if it is one of HTTPS.
    pub fn https_port(&self) -> Option<u16> {
        let authority = self.0.strip_prefix("https://")?;
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        Some(port.unwrap_or(443))
    }
}

impl fmt::Display for WebOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One entry of `api.cors_allowed_origins`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// `"*"`: every page there is.
    Any,
    /// Pages of this origin.
    Exactly(WebOrigin),
}

impl AllowedOrigin {
    /// As it stands in the configuration, and in a content policy.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Any => "*",
            Self::Exactly(origin) => origin.as_str(),
        }
    }

    /// Whether the value of an `Origin` header is meant.
    pub fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(allowed) => allowed.as_str() == origin,
        }
    }
}

impl Value for AllowedOrigin {
    const NOUN: &'static str = "a web origin";
    const ALLOWED: &'static str = r#""https://host", "https://host:port" without a path, or "*" for any"#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        match value.as_str()? {
            "*" => Some(Self::Any),
            text => WebOrigin::parse(text).map(Self::Exactly),
        }
    }

    fn to_toml(&self) -> String {
        quote_text(self.as_str())
    }
}

/// A server.
impl Value for WebOrigin {
    const NOUN: &'static str = "the address of a server";
    const ALLOWED: &'static str = r#""http://host:port" or "https://host:port", without a path"#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        Self::parse(value.as_str()?)
    }

    fn to_toml(&self) -> String {
        quote_text(self.as_str())
    }
}

/// An origin that may be left out: `""` is none.
impl Value for Option<WebOrigin> {
    const NOUN: &'static str = "a web address without a path";
    const ALLOWED: &'static str = r#""https://host", "https://host:port", or "" for none"#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        match value.as_str()? {
            "" => Some(None),
            text => WebOrigin::parse(text).map(Some),
        }
    }

    fn to_toml(&self) -> String {
        quote_text(self.as_ref().map_or("", WebOrigin::as_str))
    }
}

/// A name, an IPv4 address, or an IPv6 address in brackets. The URL standard's finer rules are the browser's.
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok()),
        None => !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        for (text, expected) in [
            ("https://chat.bank.example", Some("https://chat.bank.example")),
            ("https://Chat.Bank.Example:443/", Some("https://chat.bank.example")),
            ("http://10.0.0.5:8080", Some("http://10.0.0.5:8080")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("https://[::1]", Some("https://[::1]")),
            ("http://host:80", Some("http://host")),
            ("http://host:443", Some("http://host:443")),
            ("https://host/chat", None),
            ("https://user@host", None),
            ("https://host:", None),
            ("https://host:99999", None),
            ("https://host:+80", None),
            ("https://", None),
            ("https://은행.example", None),
            ("ftp://host", None),
            ("host", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(WebOrigin::parse(text).as_ref().map(WebOrigin::as_str), expected, "{text:?}");
        }
    }
}
