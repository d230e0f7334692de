//! `edge.forwarded_header`: where proxies in front say who the client is.

use crate::config::value::choices;

/// The header in which trusted proxies say who the client is. One is believed and the other ignored, because a proxy
/// that writes one passes the other on as the client sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, with `X-Forwarded-Proto` beside it.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

choices!(ForwardedHeader: "a header that names the client", {
    "x-forwarded-for" => XForwardedFor,
    "forwarded" => Forwarded,
});
