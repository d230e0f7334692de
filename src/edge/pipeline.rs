//! What every request runs through. In: a name, whose it is, a stopwatch, what HTTP forbids, the pages that the edge answers itself,
//! HTTPS, the client's limit and the body's; then the embedded files, or the application in a net for panics. Out: the body of
//! a refusal, compression, who may read it, the common headers, the line of log.

use std::any::Any;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use bytes::Bytes;
use http_body_util::Limited;
use hyper::body::Body as HttpBody;
use tower::Layer as _;
use tower::Service;
use tower_http::catch_panic::CatchPanicLayer;

use crate::config::ServerLimits;
use crate::edge::ClientAddress;
use crate::edge::Edge;
use crate::edge::IsSecure;
use crate::edge::Parts;
use crate::edge::Peer;
use crate::edge::Problem;
use crate::edge::RequestId;
use crate::edge::assets;
use crate::edge::client::Visit;
use crate::edge::compression;
use crate::edge::cors;
use crate::edge::error_page;
use crate::edge::exchange::Exchange;
use crate::edge::exchange::Sent;
use crate::edge::framing;
use crate::edge::headers::Foreign;
use crate::edge::pace::Paced;
use crate::edge::problem;
use crate::edge::problem::Reader;
use crate::edge::rate_limit::Allowance;
use crate::edge::request_id;
use crate::edge::status;

/// What answers requests: a tower service that is always ready and never fails.
pub trait Application:
    Service<Request, Response = Response<Self::Body>, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
    /// The body of its responses.
    type Body: HttpBody<Data = Bytes, Error = axum::Error> + Send + Unpin + 'static;
}

impl<S, B> Application for S
where
    S: Service<Request, Response = Response<B>, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static,
    B: HttpBody<Data = Bytes, Error = axum::Error> + Send + Unpin + 'static,
{
    type Body = B;
}

impl Edge {
    /// Puts the edge around an application.
    ///
    /// Composed of tower services rather than of axum's layers, which would box each step of each request.
    pub fn wrap<A: Application>(&self, application: A) -> impl Application + use<A> {
        let parts = Arc::clone(&self.parts);
        let application = CatchPanicLayer::custom(panicked).layer(application);
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

/// What the way out has to know of a request that is gone by then.
struct Asked {
    reader: Reader,
    compression: compression::Asked,
    page: Option<cors::Page>,
}

impl Asked {
    fn of(parts: &Parts, request: &Request) -> Self {
        let headers = request.headers();
        let is_person = assets::reads_html(headers) && !(parts.is_api)(request.uri().path());
        Self {
            reader: if is_person { Reader::Person(error_page::language(headers)) } else { Reader::Program },
            compression: compression::Asked::of(request.method(), headers),
            page: cors::Page::of(headers),
        }
    }
}

async fn handle(
    parts: &Arc<Parts>,
    mut request: Request,
    next: impl AsyncFnOnce(Request) -> Result<Response, Infallible>,
) -> Response<Sent> {
    let begun = parts.clock.now();
    let request_id = RequestId::generate(begun);
    let peer = visit(parts, &mut request, request_id);
    let asked = Asked::of(parts, &request);
    let mut exchange = Exchange::begin(parts, &mut request, begun, request_id);
    let Reply { response, is_ready } = match pass(parts, request, peer.as_ref()) {
        Way::Answered(response) => response.into(),
        Way::Status(page) => page.respond(parts).await.into(),
        Way::On(request, allowance) => {
            let mut reply = answer(parts, &asked, request, &mut exchange, next).await;
            if let Some(allowance) = allowance {
                allowance.mark(reply.response.headers_mut());
            }
            reply
        }
    };
    let response = problem::rendered(response, asked.reader, &request_id, || parts.headers.error_page_policy());
    let mut response = if is_ready { response } else { parts.compression.apply(asked.compression, response) };
    if asked.compression.is_head {
        response = without_body(response);
    }
    // Whose pages may read another system's answers is that system's to say.
    if let Some(page) = asked.page.filter(|_| response.extensions().get::<Foreign>().is_none()) {
        parts.cors.mark(page, response.headers_mut());
    }
    if !is_ready {
        parts.headers.apply(&mut response);
    }
    let headers = response.headers_mut();
    headers.insert(request_id::HEADER, request_id.to_header());
    if let Some(peer) = &peer {
        parts.https.load().mark(headers, peer);
    }
    exchange.answer(response)
}

/// Finds out whose a request is; and who is on the other end of its connection, if it came by one.
fn visit(parts: &Parts, request: &mut Request, request_id: RequestId) -> Option<Peer> {
    let peer = Visit::of(request.extensions()).and_then(|visit| visit.peer.clone());
    let client = peer.as_ref().map(|peer| parts.proxies.client(peer.address, request.headers()));
    let visit: &mut Visit = request.extensions_mut().get_or_insert_default();
    visit.request_id = Some(request_id);
    if let (Some(client), Some(peer)) = (client, &peer) {
        visit.client = Some(ClientAddress(client.address));
        visit.is_secure = IsSecure(client.is_secure.unwrap_or(peer.tls.is_some()));
    }
    peer
}

/// What is answered.
struct Reply {
    response: Response,
    /// One of the program's files as it was prepared: it has the common headers, and was compressed if that is worth it.
    is_ready: bool,
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self { response, is_ready: false }
    }
}

/// How a request goes on.
enum Way {
    /// It does not: it is refused, or answered by the edge.
    Answered(Response),
    /// To how the program is doing.
    Status(status::Page),
    /// To whoever answers it; and what the client has left, if that is limited.
    On(Request, Option<Allowance>),
}

/// How a request goes on.
fn pass(parts: &Arc<Parts>, request: Request, peer: Option<&Peer>) -> Way {
    let limits = parts.limits.load();
    if let Err(problem) = framing::check(&request, &limits) {
        return Way::Answered(problem.into_response());
    }
    if let Some(page) = parts.challenges.answer(&request) {
        return Way::Answered(page);
    }
    if let Some(problem) = peer.and_then(|peer| parts.https.load().refuse(request.uri().path(), peer)) {
        return Way::Answered(problem.into_response());
    }
    if let Some(page) = status::page(parts, &request) {
        return Way::Status(page);
    }
    let is_secure = IsSecure::of(request.extensions()) == IsSecure(true);
    if let (false, Some(redirect)) = (is_secure, parts.https.load().redirect(&request)) {
        return Way::Answered(redirect);
    }
    let allowance = match parts.rate_limit.check(&request) {
        Ok(allowance) => allowance,
        // A browser tells its page nothing of a preflight that was refused. So the page is told when it asks.
        Err(problem) => {
            let preflight = parts.cors.preflight(&request);
            return Way::Answered(preflight.unwrap_or_else(|| problem.into_response()));
        }
    };
    match limit_body(request, &limits) {
        Ok(request) => Way::On(request, allowance),
        Err(problem) => Way::Answered(problem.into_response()),
    }
}

/// What a request that may pass is answered with: by another system if it has one of its prefixes. The program's own files need
/// no application.
async fn answer(
    parts: &Parts,
    asked: &Asked,
    request: Request,
    exchange: &mut Exchange,
    next: impl AsyncFnOnce(Request) -> Result<Response, Infallible>,
) -> Reply {
    let request = match parts.proxy.answer(request, &parts.proxies).await {
        ControlFlow::Break(response) => return response.into(),
        ControlFlow::Continue(request) => request,
    };
    if let Some((response, is_ready)) = parts.assets.load().answer(&request, asked.compression.accepted) {
        // Counted as what its path says, not as the edge's own answers are.
        exchange.pass_on();
        return Reply { response, is_ready };
    }
    if let Some(preflight) = parts.cors.preflight(&request) {
        return preflight.into();
    }
    exchange.pass_on();
    // On the heap, so that a request for a file does not carry the application's future about.
    Box::pin(next(request)).await.unwrap_or_else(|never| match never {}).into()
}

/// A response to HEAD: how long its body would be, and none. HTTP/2 sends whatever body there is.
fn without_body(mut response: Response) -> Response {
    let length = response.body().size_hint().exact().filter(|bytes| *bytes > 0);
    *response.body_mut() = Body::empty();
    if let Some(length) = length {
        response.headers_mut().entry(header::CONTENT_LENGTH).or_insert(length.into());
    }
    response
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

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let cause = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(cause, "a request panicked");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "internal error").into_response()
}
