//! How the program is doing, for those who may know: `/nginx_status` as nginx tells it, `/metrics` for Prometheus. Who may
//! ask the application for `/health` is decided here, too.

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use ipnet::IpNet;

use crate::edge::ClientAddress;
use crate::edge::Parts;
use crate::edge::Problem;
use crate::telemetry::Exposition;

const STUB_STATUS: &str = "/nginx_status";
const METRICS: &str = "/metrics";
const HEALTH: &str = "/health";
const OPEN_METRICS: &str = "application/openmetrics-text";

/// What a request at one of these paths gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Forbidden,
    WrongMethod,
    StubStatus,
    Metrics(Exposition),
}

/// Whether this is a path that monitoring asks for again and again.
pub(super) fn is_watched(path: &str) -> bool {
    path == STUB_STATUS || path == METRICS
}

/// Whether this is where load balancers ask how the program is.
pub(super) fn is_health(path: &str) -> bool {
    path.strip_prefix(HEALTH).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The page a request asks for; `None` for what is not answered here.
pub(super) fn page(parts: &Parts, request: &Request) -> Option<Page> {
    let path = request.uri().path();
    let is_health = is_health(path);
    if !is_health && !is_watched(path) {
        return None;
    }
    let settings = parts.status.load();
    let client = ClientAddress::of(request.extensions());
    if !is_in(client, if is_health { &settings.health_allow } else { &settings.allow }) {
        return Some(Page::Forbidden);
    }
    if is_health {
        return None;
    }
    Some(match *request.method() {
        Method::GET | Method::HEAD if path == STUB_STATUS => Page::StubStatus,
        Method::GET | Method::HEAD => Page::Metrics(accepted(request.headers())),
        _ => Page::WrongMethod,
    })
}

impl Page {
    /// The response.
    pub(super) async fn respond(self, parts: &Parts) -> Response {
        match self {
            Self::Forbidden => {
                let detail = "this page is not for your network (edge.status in config.toml)";
                Problem::new(StatusCode::FORBIDDEN, "forbidden", detail).into_response()
            }
            Self::WrongMethod => {
                let mut problem =
                    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method Not Allowed");
                problem.headers.push((header::ALLOW, HeaderValue::from_static("GET, HEAD")));
                problem.into_response()
            }
            Self::StubStatus => text("text/plain", parts.traffic.stub_status()),
            Self::Metrics(format) => {
                let metrics = parts.metrics.clone();
                let content_type = match format {
                    Exposition::Text => "text/plain; version=0.0.4; charset=utf-8",
                    Exposition::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
                };
                // Reads files of the system, and counts thousands of descriptors.
                match tokio::task::spawn_blocking(move || metrics.snapshot(format)).await {
                    Ok(snapshot) => text(content_type, snapshot),
                    Err(error) => {
                        tracing::error!(%error, "the metrics were not collected");
                        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "internal error")
                            .into_response()
                    }
                }
            }
        }
    }
}

fn text(content_type: &'static str, text: String) -> Response {
    let headers = [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::from(text)).into_response()
}

fn is_in(client: Option<ClientAddress>, networks: &[IpNet]) -> bool {
    client.is_some_and(|ClientAddress(address)| networks.iter().any(|network| network.contains(&address)))
}

fn accepted(headers: &HeaderMap) -> Exposition {
    let accepts = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.contains(OPEN_METRICS));
    if headers.get_all(header::ACCEPT).iter().any(accepts) { Exposition::OpenMetrics } else { Exposition::Text }
}
