//! One request from its head to the last byte of its response: the stopwatch, the counts, and the line in the access log.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::time::Instant;

use axum::body::Body;
use axum::body::HttpBody;
use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::Version;
use axum::http::header;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::Frame;
use hyper::body::SizeHint;

use crate::domain::Timestamp;
use crate::edge::ClientAddress;
use crate::edge::Parts;
use crate::edge::RequestId;
use crate::edge::RouteClass;
use crate::edge::UpstreamTime;
use crate::edge::access_log::Line;
use crate::edge::client::Visit;
use crate::edge::pulse;
use crate::edge::routes::RouteCounts;
use crate::edge::routes::is_static;
use crate::edge::status;

/// Statuses of refusals and failures begin here.
const REFUSED_FROM: u16 = 400;
/// What nginx logs for a client that went away before it was answered.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// A request that is being answered. Dropped before [`Exchange::answer`], it was given up by its client.
pub(super) struct Exchange {
    parts: Arc<Parts>,
    begun: Instant,
    method: Method,
    /// What only a line in the log needs.
    logged: Option<Logged>,
    /// What came of the request's body, if it has one.
    received: Option<Arc<AtomicU64>>,
    /// What to count it as if the answer does not say.
    class: RouteClass,
    path_class: RouteClass,
    answered: Option<Answered>,
}

struct Logged {
    begun: Timestamp,
    client: Option<ClientAddress>,
    /// A static file or monitoring, of which nobody wants to read unless it was refused.
    is_quiet: bool,
    uri: Uri,
    version: Version,
    /// Empty without TLS.
    tls_version: &'static str,
    user_agent: Option<HeaderValue>,
    referer: Option<HeaderValue>,
    request_id: RequestId,
}

struct Answered {
    status: u16,
    route: Arc<RouteCounts>,
    upstream: Option<UpstreamTime>,
    bytes: u64,
}

impl Exchange {
    /// Starts the stopwatch, and counts what comes of the request's body.
    pub(super) fn begin(parts: &Arc<Parts>, request: &mut Request, begun: Timestamp, request_id: RequestId) -> Self {
        parts.traffic.requests.add();
        let path = request.uri().path();
        let is_static = is_static(path);
        let is_quiet = is_static || status::is_watched(path) || pulse::is_own(request);
        let logged = parts.access_log.takes(false).then(|| Logged {
            begun,
            client: ClientAddress::of(request.extensions()),
            is_quiet,
            uri: request.uri().clone(),
            version: request.version(),
            tls_version: tls_version(request),
            user_agent: request.headers().get(header::USER_AGENT).cloned(),
            referer: request.headers().get(header::REFERER).cloned(),
            request_id,
        });
        let received = (request.body().size_hint().exact() != Some(0)).then(|| {
            let count = Arc::new(AtomicU64::new(0));
            let body = std::mem::take(request.body_mut());
            *request.body_mut() = Body::new(Received { body, count: Arc::clone(&count) });
            count
        });
        Self {
            parts: Arc::clone(parts),
            begun: Instant::now(),
            method: request.method().clone(),
            logged,
            received,
            class: RouteClass::Edge,
            path_class: if is_static { RouteClass::Static } else { RouteClass::Screen },
            answered: None,
        }
    }

    /// A file or the application answers: no longer the edge by itself.
    pub(super) fn pass_on(&mut self) {
        self.class = self.path_class;
    }

    /// Counts the answer; its line is written once its body is sent or given up.
    pub(super) fn answer(mut self, response: Response) -> Response<Sent> {
        let extensions = response.extensions();
        let routes = &self.parts.routes;
        let route = match (extensions.get::<RouteClass>(), extensions.get::<MatchedPath>()) {
            (Some(class), _) => routes.of_class(*class),
            (None, Some(pattern)) => routes.matched(pattern.as_str()),
            (None, None) => routes.of_class(self.class),
        };
        route.count(&self.method, response.status(), self.begun.elapsed());
        let upstream = extensions.get().cloned();
        self.answered = Some(Answered { status: response.status().as_u16(), route, upstream, bytes: 0 });
        response.map(|body| Sent { body, exchange: self })
    }
}

impl Exchange {
    fn method_reads(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let bytes_in = self.received.as_ref().map_or(0, |count| count.load(Ordering::Relaxed));
        let answered = self.answered.take().unwrap_or_else(|| {
            let route = self.parts.routes.of_class(self.class);
            let status = StatusCode::from_u16(CLIENT_CLOSED_REQUEST).unwrap_or(StatusCode::BAD_REQUEST);
            route.count(&self.method, status, self.begun.elapsed());
            Answered { status: CLIENT_CLOSED_REQUEST, route, upstream: None, bytes: 0 }
        });
        answered.route.count_bytes(bytes_in, answered.bytes);
        let Some(logged) = &self.logged else { return };
        // By its answer, not by its path alone: any path may end like a file's.
        let is_quiet = logged.is_quiet && self.method_reads() && answered.status < REFUSED_FROM;
        if is_quiet && !self.parts.access_log.takes(true) {
            return;
        }
        let upstream_time = answered.upstream.as_ref().map(UpstreamTime::to_string);
        let request_time = self.begun.elapsed();
        self.parts.access_log.write(&Line {
            time: logged.begun.plus(request_time),
            client: logged.client.map(|ClientAddress(address)| address),
            method: &self.method,
            uri: &logged.uri,
            version: logged.version,
            tls_version: logged.tls_version,
            status: answered.status,
            bytes_in,
            bytes_out: answered.bytes,
            request_time,
            upstream_time: upstream_time.as_deref(),
            user_agent: logged.user_agent.as_ref(),
            referer: logged.referer.as_ref(),
            request_id: logged.request_id.as_str(),
        });
    }
}

/// A request's body whose bytes are counted as they are read.
struct Received {
    body: Body,
    count: Arc<AtomicU64>,
}

/// A response's body whose bytes are counted as they are sent.
pub(super) struct Sent {
    body: Body,
    exchange: Exchange,
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.count.fetch_add(bytes_of(&polled), Ordering::Relaxed);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Some(answered) = &mut self.exchange.answered {
            answered.bytes += bytes_of(&polled);
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

fn tls_version(request: &Request) -> &'static str {
    let peer = Visit::of(request.extensions()).and_then(|visit| visit.peer.as_ref());
    peer.and_then(|peer| peer.tls.as_ref()).map_or("", |tls| tls.version)
}

fn bytes_of(polled: &Poll<Option<Result<Frame<Bytes>, axum::Error>>>) -> u64 {
    match polled {
        Poll::Ready(Some(Ok(frame))) => frame.data_ref().map_or(0, |data| data.len() as u64),
        Poll::Ready(Some(Err(_)) | None) | Poll::Pending => 0,
    }
}
