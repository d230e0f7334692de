//! One line for each request, with the fields of the web server this program replaces (wire contract §8).
//!
//! The target is `access`, so that it can be sent elsewhere or switched off by itself.

use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::time::Instant;

use axum::body::Body;
use axum::body::HttpBody;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::Uri;
use axum::http::header;
use bytes::Bytes;
use hyper::body::Frame;
use hyper::body::SizeHint;

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

    /// The line of a response that is being sent.
    pub(super) fn sent(self, request_id: RequestId, status: u16, begun: Instant) -> Sent {
        Sent { line: self, request_id, status, begun, body_bytes: 0 }
    }
}

/// A line that is written when the response is sent, or given up.
pub(super) struct Sent {
    line: Line,
    request_id: RequestId,
    status: u16,
    begun: Instant,
    body_bytes: u64,
}

impl Drop for Sent {
    fn drop(&mut self) {
        let Self { line, request_id, status, begun, body_bytes } = self;
        let remote_addr = line.client.map(|ClientAddress(address)| address.to_string()).unwrap_or_default();
        // Queries hold ids and flags, never a token or a customer's text (design D11).
        tracing::info!(
            target: "access",
            {
                request.id = %request_id.as_str(),
                remote_addr = %remote_addr,
                request_method = %line.method,
                request_uri = %line.uri,
                status = *status,
                body_bytes_sent = *body_bytes,
                request_time = begun.elapsed().as_secs_f64(),
                http_user_agent = %line.user_agent,
                http_referer = %line.referer,
            },
            "request"
        );
    }
}

/// A response's body whose bytes are counted as they go out.
pub(super) struct Logged {
    body: Body,
    sent: Sent,
}

impl Logged {
    pub(super) fn new(body: Body, sent: Sent) -> Self {
        Self { body, sent }
    }
}

impl HttpBody for Logged {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.sent.body_bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
