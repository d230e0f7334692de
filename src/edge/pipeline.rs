//! What every request runs through, outermost first: a name, whose it is and a stopwatch, what HTTP forbids, the pages that
//! tell how the program is doing, HTTPS, the client's limit and the body's, compression, a net for panics, and then the
//! application.

use std::any::Any;
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use http_body_util::Limited;
use hyper::body::Body as _;
use tower::Service;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

use crate::config::ServerLimits;
use crate::edge::ClientAddress;
use crate::edge::Edge;
use crate::edge::IsSecure;
use crate::edge::Parts;
use crate::edge::Peer;
use crate::edge::Problem;
use crate::edge::RequestId;
use crate::edge::compression;
use crate::edge::exchange::Exchange;
use crate::edge::framing;
use crate::edge::pace::Paced;
use crate::edge::rate_limit::Allowance;
use crate::edge::request_id;
use crate::edge::status;

/// On every response, errors included (wire contract §8).
const COMMON_HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_XSS_PROTECTION, HeaderValue::from_static("1; mode=block")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer-when-downgrade")),
];

/// What answers requests: a tower service that is always ready and never fails.
pub trait Application:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<S> Application for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

impl Edge {
    /// Puts the edge around an application.
    ///
    /// Composed of tower services rather than of axum's layers, which would box each step of each request.
    pub fn wrap(&self, application: impl Application) -> impl Application {
        let parts = Arc::clone(&self.parts);
        let application = ServiceBuilder::new()
            .layer(compression::layer())
            .layer(CatchPanicLayer::custom(panicked))
            .service(application);
        tower::service_fn(move |request: Request| {
            let mut application = application.clone();
            let parts = Arc::clone(&parts);
            async move {
                let next = async |request| application.call(request).await.map(|response| response.map(Body::new));
                Ok(handle(&parts, request, next).await)
            }
        })
    }
}

async fn handle(
    parts: &Arc<Parts>,
    mut request: Request,
    next: impl AsyncFnOnce(Request) -> Result<Response, Infallible>,
) -> Response {
    let request_id = RequestId::generate();
    request.extensions_mut().insert(request_id.clone());
    let peer = request.extensions().get::<Peer>().cloned();
    if let Some(peer) = &peer {
        let client = parts.proxies.client(peer.address, request.headers());
        request.extensions_mut().insert(ClientAddress(client.address));
        request.extensions_mut().insert(IsSecure(client.is_secure.unwrap_or(peer.tls.is_some())));
    }
    let mut exchange = Exchange::begin(parts, &mut request, &request_id);
    let (is_api, reads_html) = ((parts.is_api)(request.uri().path()), reads_html(request.headers()));
    let response = match pass(parts, request, peer.as_ref()) {
        Ok(Way::Status(page)) => page.respond(parts).await,
        Ok(Way::Application(request, allowance)) => {
            exchange.pass_on();
            let mut response = next(request).await.unwrap_or_else(|never| match never {});
            if let Some(allowance) = allowance {
                allowance.mark(response.headers_mut());
            }
            response
        }
        Err(refusal) => refusal,
    };
    let mut response = match response.extensions().get::<Problem>() {
        Some(problem) if reads_html && !is_api => dressed(problem.to_html(&request_id), response),
        Some(problem) => dressed(problem.to_json(&request_id), response),
        None => response,
    };
    let headers = response.headers_mut();
    for (name, value) in COMMON_HEADERS {
        headers.entry(name).or_insert(value);
    }
    headers.insert(request_id::HEADER, request_id.to_header());
    if let Some(peer) = &peer {
        parts.https.load().mark(headers, peer);
    }
    exchange.answer(response)
}

/// Who answers a request.
enum Way {
    /// The edge, with how the program is doing.
    Status(status::Page),
    /// The application; and what the client has left, if that is limited.
    Application(Request, Option<Allowance>),
}

/// Who answers a request, or what it is answered instead.
fn pass(parts: &Arc<Parts>, request: Request, peer: Option<&Peer>) -> Result<Way, Response> {
    let limits = parts.limits.load();
    framing::check(&request, &limits).map_err(IntoResponse::into_response)?;
    if let Some(page) = status::page(parts, &request) {
        return Ok(Way::Status(page));
    }
    if let Some(peer) = peer {
        let is_secure = request.extensions().get() == Some(&IsSecure(true));
        if let Some(refusal) = parts.https.load().refuse(&request, peer, is_secure) {
            return Err(refusal);
        }
    }
    let allowance = parts.rate_limit.check(&request).map_err(IntoResponse::into_response)?;
    let request = limit_body(request, &limits).map_err(IntoResponse::into_response)?;
    Ok(Way::Application(request, allowance))
}

/// A rendered refusal with what was added around it, such as what other origins may read, and whose answer it is.
fn dressed(mut refusal: Response, around: Response) -> Response {
    let (around, _) = around.into_parts();
    let headers = refusal.headers_mut();
    for (name, value) in &around.headers {
        let is_of_body = name == header::CONTENT_LENGTH || name == header::CONTENT_TYPE;
        if !is_of_body && !headers.get_all(name).iter().any(|known| known == value) {
            headers.append(name, value.clone());
        }
    }
    *refusal.extensions_mut() = around.extensions;
    refusal
}

/// Refuses a body that says it is too long, cuts one that does not say so, and waits for none that stands still.
fn limit_body(request: Request, limits: &Arc<ServerLimits>) -> Result<Request, Problem> {
    let bytes_max = limits.body_bytes_max.get();
    let paced = |body| Body::new(Paced::new(body, Arc::clone(limits)));
    match request.body().size_hint().exact() {
        Some(0) => Ok(request),
        Some(bytes) if bytes > bytes_max => {
            let detail = format!("the request body is {bytes} bytes long; at most {bytes_max} are taken");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", detail))
        }
        Some(_) => Ok(request.map(paced)),
        None => {
            let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
            Ok(request.map(|body| paced(Body::new(Limited::new(body, bytes_max)))))
        }
    }
}

fn reads_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let cause = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(cause, "a request panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "internal error").into_response()
}
