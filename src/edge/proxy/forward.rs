//! One request: to an upstream, to the next one where that is safe, and the answer back.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::capture_connection;

use crate::config::HostHeader;
use crate::edge::ClientAddress;
use crate::edge::InUse;
use crate::edge::IsSecure;
use crate::edge::Problem;
use crate::edge::RequestId;
use crate::edge::client::Visit;
use crate::edge::forwarded::Trust;
use crate::edge::headers::Foreign;
use crate::edge::proxy::Life;
use crate::edge::proxy::body::LentBody;
use crate::edge::proxy::body::Loan;
use crate::edge::proxy::body::Relayed;
use crate::edge::proxy::connect::Use;
use crate::edge::proxy::failure::Failure;
use crate::edge::proxy::headers;
use crate::edge::proxy::headers::Asker;
use crate::edge::proxy::route::Route;
use crate::edge::proxy::timing::UpstreamTime;
use crate::edge::proxy::tunnel::Tunnel;
use crate::edge::proxy::upgrade::Upgrade;
use crate::edge::proxy::upstreams::InFlight;
use crate::edge::proxy::upstreams::Upstream;

/// Sends a request on and answers it.
pub(super) async fn forward(
    route: Arc<Route>,
    life: Option<Arc<Life>>,
    mut request: Request,
    target: String,
    trust: Trust,
) -> Response {
    let time = UpstreamTime::default();
    let upgrade = Upgrade::wanted(&mut request);
    let in_use = InUse::of(request.extensions());
    let request_id = Visit::of(request.extensions()).and_then(|visit| visit.request_id);
    let call = Call::new(&route, request, target, trust, upgrade.as_ref());
    let mut response = match call.answer(&time).await {
        Ok((answer, in_flight)) if answer.status() == StatusCode::SWITCHING_PROTOCOLS => match (upgrade, life) {
            (Some(upgrade), Some(life)) => {
                time.end();
                let headers = call.headers_of(&answer, &in_flight);
                let idle_timeout = route.settings.tunnel_idle_timeout;
                let tunnel = Tunnel { idle_timeout, in_flight, in_use };
                foreign(upgrade.switch(answer, headers, tunnel, &life))
            }
            // An attempt brings no such answer that nobody asked for, and requests begin after the start.
            (_, _) => Failure::unreachable().into_response(),
        },
        Ok((answer, in_flight)) => {
            let (status, headers) = (answer.status(), call.headers_of(&answer, &in_flight));
            let body = Relayed::new(answer.into_body(), route.settings.read_timeout, in_flight, time.clone());
            let mut response = Response::new(Body::new(body));
            (*response.status_mut(), *response.headers_mut()) = (status, headers);
            foreign(response)
        }
        Err(given_up) => given_up.into_response(&route, request_id),
    };
    response.extensions_mut().insert(time);
    response
}

/// An answer of another server's, which knows itself what its pages may do.
fn foreign(mut response: Response) -> Response {
    response.extensions_mut().insert(Foreign);
    response
}

/// A request as every upstream gets it.
struct Call<'r> {
    route: &'r Route,
    method: Method,
    target: String,
    headers: HeaderMap,
    /// The host the client asked for.
    host: Option<HeaderValue>,
    body: Loan,
    is_upgrade: bool,
}

/// No upstream answered.
struct GivenUp {
    last: Failure,
    upstream: Arc<str>,
    tries: usize,
}

impl<'r> Call<'r> {
    fn new(route: &'r Route, request: Request, target: String, trust: Trust, upgrade: Option<&Upgrade>) -> Self {
        let (parts, body) = request.into_parts();
        let host = parts.headers.get(header::HOST).cloned().or_else(|| headers::host_of(parts.uri.authority()));
        let visit = Visit::of(&parts.extensions).cloned().unwrap_or_default();
        let asker = Asker {
            client: visit.client.map(|ClientAddress(address)| address),
            is_secure: visit.is_secure == IsSecure(true),
            peer: visit.peer.map(|peer| peer.address),
            trust,
            request_id: visit.request_id,
            host: host.clone(),
            stripped: route.stripped.as_deref(),
            via: &route.name,
        };
        let mut headers = headers::to_upstream(&parts.headers, &asker);
        let (mut method, mut body) = (parts.method, Loan::new(body));
        if let Some(upgrade) = upgrade {
            upgrade.ask(&mut headers);
            (method, body) = (Method::GET, Loan::new(Body::empty()));
        }
        // What is said of the body's length is said anew: the client's words may be many for one number.
        let had_length = headers.remove(header::CONTENT_LENGTH).is_some() && upgrade.is_none();
        match body.length() {
            Some(0) if !had_length => {}
            Some(bytes) => drop(headers.insert(header::CONTENT_LENGTH, bytes.into())),
            // Said expressly, because the client library takes GET for a request without a body.
            None => drop(headers.insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"))),
        }
        Self { route, method, target, headers, host, body, is_upgrade: upgrade.is_some() }
    }

    /// The first answer of an upstream, and the place it takes there.
    async fn answer(&self, time: &UpstreamTime) -> Result<(Response<Incoming>, InFlight), GivenUp> {
        let nobody = Failure::Strange("no upstream is configured");
        let mut given_up = GivenUp { last: nobody, upstream: Arc::from(""), tries: 0 };
        let mut round = self.route.upstreams.round();
        while let Some(in_flight) = round.next(Instant::now()) {
            let upstream = in_flight.upstream();
            given_up.tries += 1;
            given_up.upstream = Arc::clone(upstream.address());
            time.begin(upstream.address());
            let mut outcome = self.attempt(upstream).await;
            if self.is_repeatable() && outcome.as_ref().is_err_and(Failure::is_stale_connection) {
                outcome = self.attempt(upstream).await;
            }
            match outcome {
                Ok(answer) => {
                    let is_failure = self.route.settings.fail_statuses.contains(&answer.status().as_u16().into());
                    if !is_failure {
                        in_flight.answered();
                        return Ok((answer, in_flight));
                    }
                    in_flight.failed(Instant::now());
                    if !(self.is_repeatable() && round.has_more(Instant::now())) {
                        return Ok((answer, in_flight));
                    }
                    given_up.last = Failure::Strange("its status is one of fail_statuses");
                }
                Err(failure @ Failure::Client(_)) => {
                    time.end();
                    return Err(GivenUp { last: failure, ..given_up });
                }
                Err(failure) => {
                    in_flight.failed(Instant::now());
                    let goes_on = self.is_repeatable() || (failure.is_unseen() && self.body.is_intact());
                    given_up.last = failure;
                    if !goes_on {
                        break;
                    }
                }
            }
            time.end();
        }
        time.end();
        Err(given_up)
    }

    /// Doing it twice is as good as once (RFC 9110 §9.2.2), and it is all still there.
    fn is_repeatable(&self) -> bool {
        self.method.is_idempotent() && self.body.is_intact()
    }

    async fn attempt(&self, upstream: &Upstream) -> Result<Response<Incoming>, Failure> {
        let mut request = self.request_to(upstream).ok_or(Failure::Strange("the target is no URL"))?;
        let mut connection = capture_connection(&mut request);
        let answer = self.route.client.request(request);
        // The time for the answer begins when there is a connection and the request was sent.
        let late = async {
            drop(connection.wait_for_connection_metadata().await);
            self.body.is_read().await;
            tokio::time::sleep(self.route.settings.read_timeout).await;
        };
        let answer = tokio::select! {
            biased;
            answer = answer => answer.map_err(|error| Failure::of(error, self.body.fault()))?,
            () = late => return Err(Failure::NotAnswered),
        };
        if let Some(use_of) = answer.extensions().get::<Use>() {
            use_of.answered();
        }
        let is_switch = answer.status() == StatusCode::SWITCHING_PROTOCOLS;
        if is_switch && !(self.is_upgrade && headers::mentions(answer.headers(), &header::UPGRADE, "websocket")) {
            return Err(Failure::Strange("it switched to a protocol that was not asked for"));
        }
        Ok(answer)
    }

    fn request_to(&self, upstream: &Upstream) -> Option<Request<LentBody>> {
        let uri: Uri = format!("{}{}", upstream.origin().as_str(), self.target).parse().ok()?;
        let own = || headers::host_of(uri.authority());
        let host = match self.route.settings.host {
            HostHeader::Client => self.host.clone().or_else(own),
            HostHeader::Upstream => own(),
        };
        let mut request = Request::new(self.body.lend());
        *request.headers_mut() = self.headers.clone();
        request.headers_mut().insert(header::HOST, host?);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        Some(request)
    }

    fn headers_of(&self, answer: &Response<Incoming>, in_flight: &InFlight) -> HeaderMap {
        let origin = in_flight.upstream().origin();
        headers::to_client(answer.headers(), origin.as_str(), self.route.stripped.as_deref())
    }
}

impl GivenUp {
    fn into_response(self, route: &Route, request_id: Option<RequestId>) -> Response {
        let problem: Problem = self.last.to_problem();
        // A client that goes away in the middle of its request is no event.
        if !matches!(self.last, Failure::Client(_)) {
            tracing::warn!(
                request.id = request_id.as_ref().map(RequestId::as_str),
                prefix = route.settings.prefix,
                upstream = &*self.upstream,
                tries = self.tries,
                status = problem.status.as_u16(),
                error = self.last.reason(),
                "no upstream answered"
            );
        }
        problem.into_response()
    }
}
