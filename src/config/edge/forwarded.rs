//! `edge.forwarded_header`: where proxies in front say who the client is.

use toml::de::DeValue;

use crate::config::value::Value;
use crate::config::value::quote_text;

/// The header in which trusted proxies say who the client is. One is believed and the other ignored, because a proxy
/// that writes one passes the other on as the client sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, with `X-Forwarded-Proto` beside it.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl Value for ForwardedHeader {
    const NOUN: &'static str = "a header that names the client";
    const ALLOWED: &'static str = r#""x-forwarded-for" or "forwarded""#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        match value.as_str()? {
            "x-forwarded-for" => Some(Self::XForwardedFor),
            "forwarded" => Some(Self::Forwarded),
            _ => None,
        }
    }

    fn to_toml(&self) -> String {
        quote_text(match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        })
    }
}
