//! A name for each request, in the response, the log and every error.

use axum::http::HeaderName;
use axum::http::HeaderValue;
use uuid::Builder;
use uuid::fmt::Simple;

use crate::domain::Timestamp;

/// The header that carries it.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// A request's name: a time-ordered UUID (version 7) without dashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId([u8; Simple::LENGTH]);

impl RequestId {
    /// A new one, for a request that came at this time. Its random part is this thread's generator's, which costs no system call.
    pub fn generate(at: Timestamp) -> Self {
        let unix_ms = u64::try_from(at.unix_ms()).unwrap_or(0);
        let id = Builder::from_unix_timestamp_millis(unix_ms, &rand::random()).into_uuid();
        let mut text = [0; Simple::LENGTH];
        id.simple().encode_lower(&mut text);
        Self(text)
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// As a header's value.
    pub(super) fn to_header(self) -> HeaderValue {
        // Hexadecimal digits are always a valid value.
        HeaderValue::from_bytes(&self.0).unwrap_or(HeaderValue::from_static(""))
    }
}
