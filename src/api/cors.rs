//! Pages of other origins, answered as existing clients know it from Starlette (wire contract §1).
//!
//! tower-http's layer refuses `*` together with credentials, which is what the contract asks for; hence this one.
//! The session cookie is `SameSite=Strict`, so another site's page never brings it along.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderName;
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

/// Answers preflights and marks the responses other origins may read.
pub async fn allow(settings: &Api, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else { return next(request).await };
    let is_allowed = origin.to_str().is_ok_and(|origin| settings.allows_origin(origin));
    let asked = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD).is_some();
    if request.method() == Method::OPTIONS && asked {
        return preflight(is_allowed, origin, request.headers());
    }
    let has_cookie = request.headers().contains_key(header::COOKIE);
    let mut response = next(request).await;
    if is_allowed {
        mark(settings, response.headers_mut(), origin, has_cookie);
    }
    response
}

fn preflight(is_allowed: bool, origin: HeaderValue, request: &HeaderMap) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if !is_allowed {
        return (StatusCode::BAD_REQUEST, headers, "Disallowed CORS origin").into_response();
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    if let Some(wanted) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    (headers, "OK").into_response()
}

fn mark(settings: &Api, headers: &mut HeaderMap, origin: HeaderValue, has_cookie: bool) {
    let is_any = settings.cors_allowed_origins.contains(&AllowedOrigin::Any);
    if is_any && !has_cookie {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers
        .insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_name(HeaderName::from_static("x-request-id")));
}
