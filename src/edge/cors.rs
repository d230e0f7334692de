//! Pages of other origins, answered as existing clients know it from Starlette (wire contract §1).
//!
//! tower-http's layer refuses `*` together with credentials, which is what the contract asks for; hence this one. It stands in
//! the edge, so that a page can read why it was refused here as well as there.

use arc_swap::ArcSwap;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::config::AllowedOrigin;
use crate::config::Api;

const METHODS: HeaderValue = HeaderValue::from_static("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
/// How long a browser may remember the answer to a preflight, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// What a page may read beside what every page may: which request it was, what is left, and when to come again.
const EXPOSED: HeaderValue = HeaderValue::from_static("x-request-id, retry-after, ratelimit, ratelimit-policy");

/// Whose pages may use what is served.
pub(super) struct Cors {
    settings: ArcSwap<Api>,
}

/// A page of another origin that asks, as far as its answer depends on it.
#[derive(Debug, Clone)]
pub(super) struct Page {
    origin: HeaderValue,
    has_cookie: bool,
}

impl Page {
    /// The page a request comes from, if it says so.
    pub(super) fn of(request: &HeaderMap) -> Option<Self> {
        let origin = request.get(header::ORIGIN)?.clone();
        Some(Self { origin, has_cookie: request.contains_key(header::COOKIE) })
    }
}

impl Cors {
    pub(super) fn new(settings: &Api) -> Self {
        Self { settings: ArcSwap::from_pointee(settings.clone()) }
    }

    /// From now on these origins are allowed.
    pub(super) fn reload(&self, settings: &Api) {
        self.settings.store(settings.clone().into());
    }

    /// The answer to a browser that asks whether a page may ask; `None` if it is no such request.
    pub(super) fn preflight(&self, request: &Request) -> Option<Response> {
        if *request.method() != Method::OPTIONS {
            return None;
        }
        let asked = request.headers();
        let origin = asked.get(header::ORIGIN)?;
        asked.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        let mut headers = HeaderMap::new();
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        if !self.allows(origin) {
            return Some((StatusCode::BAD_REQUEST, headers, "Disallowed CORS origin").into_response());
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        if let Some(wanted) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        }
        Some((headers, "OK").into_response())
    }

    /// Lets the page read the response, if its origin is allowed and nobody further in has decided already.
    pub(super) fn mark(&self, page: Page, headers: &mut HeaderMap) {
        if headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) || !self.allows(&page.origin) {
            return;
        }
        let is_any = self.settings.load().cors_allowed_origins.contains(&AllowedOrigin::Any);
        if is_any && !page.has_cookie {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        } else {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, page.origin);
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.settings.load().allows_origin(origin))
    }
}
