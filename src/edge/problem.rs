//! The one error body (design D10).

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use crate::edge::RequestId;

/// A refusal. As a response it is without a body until [`Edge::wrap`](crate::edge::Edge::wrap) renders it, because only there are
/// the request's id and what the client can read known.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// A stable word for programs.
    pub code: &'static str,
    /// For people: a sentence, or with 422 a list of what is wrong.
    pub detail: Value,
    /// Further members of the body.
    pub more: Vec<(&'static str, Value)>,
    /// Headers that belong to the refusal.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A refusal in one sentence.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = Value::String(detail.into());
        Self { status, code, detail, more: Vec::new(), headers: Vec::new() }
    }

    /// With a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The client may come again after this time: a `Retry-After` in whole seconds, and `retry_after_ms` in the body.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        self.headers.push((header::RETRY_AFTER, HeaderValue::from(wait_ms.div_ceil(1000))));
        self.more.push(("retry_after_ms", wait_ms.into()));
        self
    }

    /// The body as JSON.
    pub(super) fn to_json(&self, request_id: &RequestId) -> Response {
        let body = ProblemBody { detail: &self.detail, code: self.code, request_id: request_id.as_str() };
        let mut body = serde_json::to_value(body).unwrap_or_default();
        if let Some(members) = body.as_object_mut() {
            members.extend(self.more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        }
        self.respond(HeaderValue::from_static("application/json"), body.to_string())
    }

    /// The body as a small page.
    pub(super) fn to_html(&self, request_id: &RequestId) -> Response {
        let detail = escape(self.detail.as_str().unwrap_or_default());
        let status = self.status.as_u16();
        let reason = self.status.canonical_reason().unwrap_or_default();
        let id = request_id.as_str();
        let page = format!(
            "<!doctype html>\n<html lang=\"ko\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{status} {reason}</title>\
             <h1>{status} {reason}</h1><p>{detail}</p><p><small>{id}</small></p></html>\n"
        );
        self.respond(HeaderValue::from_static("text/html; charset=utf-8"), page)
    }

    fn respond(&self, content_type: HeaderValue, body: String) -> Response {
        let mut headers = HeaderMap::with_capacity(self.headers.len() + 1);
        headers.insert(header::CONTENT_TYPE, content_type);
        headers.extend(self.headers.iter().cloned());
        (self.status, headers, Body::from(body)).into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Serialize)]
struct ProblemBody<'p> {
    detail: &'p Value,
    code: &'static str,
    request_id: &'p str,
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
