//! One line for each request, with the fields of the web server this program replaces (wire contract §8).
//!
//! The target is `access`, so that it can be sent elsewhere or switched off by itself.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::Uri;
use axum::http::header;

use crate::edge::ClientAddress;
use crate::edge::RequestId;

/// What is known of a request before it is answered.
pub(super) struct Line {
    pub(super) client: Option<ClientAddress>,
    pub(super) method: Method,
    pub(super) uri: Uri,
    user_agent: String,
    referer: String,
}

impl Line {
    pub(super) fn begin(client: Option<ClientAddress>, method: &Method, uri: &Uri, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        Self {
            client,
            method: method.clone(),
            uri: uri.clone(),
            user_agent: text(header::USER_AGENT),
            referer: text(header::REFERER),
        }
    }

    pub(super) fn end(self, request_id: &RequestId, status: u16, body_bytes: u64, elapsed: Duration) {
        let remote_addr = self.client.map(|ClientAddress(address)| address.to_string()).unwrap_or_default();
        // Queries hold ids and flags, never a token or a customer's text (design D11).
        tracing::info!(
            target: "access",
            {
                request.id = %request_id.as_str(),
                remote_addr = %remote_addr,
                request_method = %self.method,
                request_uri = %self.uri,
                status = status,
                body_bytes_sent = body_bytes,
                request_time = elapsed.as_secs_f64(),
                http_user_agent = %self.user_agent,
                http_referer = %self.referer,
            },
            "request"
        );
    }
}
