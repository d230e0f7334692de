//! Health checks: a `GET` now and then that nobody but us asked for.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::Uri;
use axum::http::header;

use crate::edge::proxy::body::Loan;
use crate::edge::proxy::headers;
use crate::edge::proxy::route::Route;
use crate::edge::proxy::upstreams::Upstream;
use crate::telemetry::chain;

const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!(env!("CARGO_PKG_NAME"), " health check"));

/// Checks an upstream for ever, the first time at once.
pub(super) async fn check(route: Arc<Route>, upstream: Arc<Upstream>) {
    let settings = &route.settings;
    loop {
        let outcome = match tokio::time::timeout(settings.health_timeout, ask(&route, &upstream)).await {
            Ok(outcome) => outcome,
            Err(_) => Err("no answer within health_timeout".to_owned()),
        };
        route.upstreams.checked(&upstream, outcome);
        tokio::time::sleep(settings.health_interval).await;
    }
}

/// Well is whoever answers with 200 to 399.
async fn ask(route: &Route, upstream: &Upstream) -> Result<(), String> {
    let uri = format!("{}{}", upstream.origin().as_str(), route.settings.health_path);
    let uri: Uri = uri.parse().map_err(|error| format!("{uri}: {error}"))?;
    let mut request = Request::new(Loan::new(Body::empty()).lend());
    if let Some(host) = headers::host_of(uri.authority()) {
        request.headers_mut().insert(header::HOST, host);
    }
    request.headers_mut().insert(header::USER_AGENT, USER_AGENT);
    // A connection of its own: an upstream that cannot take one is not well.
    request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    *request.uri_mut() = uri;
    let answer = route.client.request(request).await.map_err(|error| chain(&error).to_string())?;
    let status = answer.status();
    if status.is_success() || status.is_redirection() { Ok(()) } else { Err(format!("it answered {status}")) }
}
