//! The one error body (design D10).

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use crate::edge::RequestId;
use crate::edge::error_page;
use crate::edge::error_page::Language;

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
    fn to_json(&self, request_id: &RequestId) -> String {
        let body = ProblemBody { detail: &self.detail, code: self.code, request_id: request_id.as_str() };
        let mut body = serde_json::to_value(body).unwrap_or_default();
        if let Some(members) = body.as_object_mut() {
            members.extend(self.more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        }
        body.to_string()
    }

    /// The body as a small page. What is wrong in detail is for programs: a person is told what to do.
    fn to_html(&self, request_id: &RequestId, language: Language) -> String {
        let mut waits = self.headers.iter().filter(|(name, _)| name == header::RETRY_AFTER);
        let wait_seconds = waits.find_map(|(_, value)| value.to_str().ok()?.parse().ok());
        error_page::render(self.status, wait_seconds, request_id, language)
    }
}

/// Who reads a refusal.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reader {
    /// A program: JSON.
    Program,
    /// Somebody in front of a browser: a page.
    Person(Language),
}

/// Gives a response that stands for a [`Problem`] its body; what was added around it stays. Any other is left alone.
pub(super) fn rendered(
    mut response: Response,
    reader: Reader,
    request_id: &RequestId,
    page_policy: impl FnOnce() -> Option<HeaderValue>,
) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.extend(problem.headers.iter().cloned());
    // Some refusals may be kept without a word (RFC 9110 §15.1), and would outlast their cause.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let (content_type, body) = match reader {
        Reader::Program => ("application/json", problem.to_json(request_id)),
        Reader::Person(language) => {
            headers.extend(page_policy().map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
            ("text/html; charset=utf-8", problem.to_html(request_id, language))
        }
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    *response.body_mut() = Body::from(body);
    response
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
