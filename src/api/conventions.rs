//! What holds for every route because existing clients know it so (wire contract §1).

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use hyper::ext::Protocol;

use crate::api::error::ApiError;
use crate::edge::Problem;

/// The only routes that can be upgraded.
const SOCKETS: &str = "/api/v1/chat/ws/";

/// Applies the conventions around every route of the API; what else there is, such as screens, is left alone.
pub async fn keep(mut request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    if !is_api(request.uri().path()) {
        return next(request).await;
    }
    if is_upgrade(&request) {
        if !request.uri().path().starts_with(SOCKETS) {
            return refused_upgrade();
        }
        return next(request).await;
    }
    // Existing clients are told that HEAD is not allowed; the router would serve it as GET. TRACE is allowed nowhere.
    if request.method() == Method::HEAD {
        *request.method_mut() = Method::TRACE;
    }
    let response = next(request).await;
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        return method_not_allowed(response.headers());
    }
    response
}

/// No such route.
pub fn not_found(request: &Request) -> Response {
    if is_upgrade(request) { refused_upgrade() } else { ApiError::NotFound.into_response() }
}

/// For a path with a slash too many: a request that a route without it answers with 405, and the redirect to it.
pub fn without_slash(request: &Request) -> Option<(Request, Response)> {
    let path = request.uri().path();
    let canonical = path.trim_end_matches('/');
    if canonical.len() == path.len() || !is_api(canonical) || is_upgrade(request) {
        return None;
    }
    // TRACE is allowed on no route, and what is no route knows no methods at all.
    let probe = Request::builder().method(Method::TRACE).uri(canonical).body(Body::empty()).ok()?;
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    let location = HeaderValue::from_str(&format!("{canonical}{query}")).ok()?;
    Some((probe, (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response()))
}

/// Whether a path is the API's.
pub fn is_api(path: &str) -> bool {
    path == "/health" || path.starts_with("/health/") || path.starts_with("/api/")
}

/// A WebSocket that is not opened (wire contract §4).
pub fn refused_upgrade() -> Response {
    Problem::new(StatusCode::FORBIDDEN, "websocket_refused", "Forbidden").into_response()
}

/// Whether a request asks to become a WebSocket.
pub fn is_upgrade(request: &Request) -> bool {
    let by_header = || {
        let upgrade = request.headers().get(header::UPGRADE);
        upgrade.is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
    };
    // HTTP/2 asks by an extended CONNECT (RFC 8441).
    let by_protocol =
        || request.extensions().get::<Protocol>().is_some_and(|protocol| protocol.as_str() == "websocket");
    by_header() || by_protocol()
}

fn method_not_allowed(headers: &HeaderMap) -> Response {
    let allowed = headers.get(header::ALLOW).and_then(|allowed| allowed.to_str().ok()).unwrap_or_default();
    let allowed = allowed.split(',').map(str::trim).filter(|method| *method != "HEAD").collect::<Vec<_>>().join(", ");
    let mut problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method Not Allowed");
    problem.headers.extend(HeaderValue::from_str(&allowed).ok().map(|allowed| (header::ALLOW, allowed)));
    problem.into_response()
}
