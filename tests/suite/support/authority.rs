//! What stands before Pebble in tests: it counts, and does what Pebble cannot: be away, limit, and say when to renew.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use hyper::Request;
use hyper::Response;
use hyper::Uri;
use hyper::body::Incoming;
use hyper::header;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::pebble::Nature;
use super::pebble::Pebble;
use super::pebble::TrustingClient;

/// Where Pebble takes orders, and accounts.
const NEW_ORDER: &str = "/order-plz";
const NEW_ACCOUNT: &str = "/sign-me-up";
/// Where this one says when to renew.
const RENEWAL_INFO: &str = "/renewal-info";

/// An authority. Dropped, it ends.
pub struct Authority {
    address: SocketAddr,
    pebble: Arc<Pebble>,
    state: Arc<Mutex<State>>,
    _connections: JoinSet<()>,
}

/// What it does, and what it saw.
#[derive(Default)]
struct State {
    /// Connections are closed as soon as they are there.
    is_away: bool,
    /// Requests wait.
    is_slow: bool,
    /// Orders are answered so.
    refusal: Option<Refusal>,
    /// The window in which every certificate shall be renewed, as it is told, and whether `replaces` is echoed.
    renewal: Option<(String, String)>,
    echoes_replaces: bool,
    /// Replaces the date of every answer.
    date: Option<&'static str>,
    seen: Seen,
}

/// A refusal of orders.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub status: u16,
    pub kind: &'static str,
    pub retry_after: Option<&'static str>,
}

/// What it was asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    pub accounts: Vec<Value>,
    /// The payload of each.
    pub orders: Vec<Value>,
    /// Certificates that were asked about.
    pub windows: Vec<String>,
}

impl Authority {
    /// Starts one. Pages are asked for at the port of `plain`, handshakes at that of `tls`.
    pub async fn start(nature: &Nature, plain: SocketAddr, tls: SocketAddr) -> Self {
        let pebble = Arc::new(Pebble::start(nature, plain, tls).await);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let acceptor = TlsAcceptor::from(pebble.identity().server());
        let front =
            Front { address, pebble: pebble.api(), client: pebble.identity().client(), state: Arc::clone(&state) };
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                if front.lock().is_away {
                    continue;
                }
                let (acceptor, front) = (acceptor.clone(), front.clone());
                connections.spawn(async move {
                    // A client that goes away is none of the test's business.
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = hyper::service::service_fn(move |request| front.clone().answer(request));
                    let _ =
                        http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, pebble, state, _connections: tasks }
    }

    /// Its directory.
    pub fn directory(&self) -> String {
        format!("https://{}/dir", self.address)
    }

    /// The Pebble behind it.
    pub fn pebble(&self) -> &Pebble {
        &self.pebble
    }

    /// Whether it can be reached from now on.
    pub fn is_away(&self, is_away: bool) {
        self.lock().is_away = is_away;
    }

    /// Whether it keeps everybody waiting from now on.
    pub fn is_slow(&self, is_slow: bool) {
        self.lock().is_slow = is_slow;
    }

    /// How it answers orders from now on.
    pub fn refuses(&self, refusal: Option<Refusal>) {
        self.lock().refusal = refusal;
    }

    /// From now on it says when to renew (RFC 3339), and perhaps accepts that a certificate replaces another.
    pub fn wants_renewal(&self, start: &str, end: &str, echoes_replaces: bool) {
        let mut state = self.lock();
        state.renewal = Some((start.to_owned(), end.to_owned()));
        state.echoes_replaces = echoes_replaces;
    }

    /// What its clock shows from now on (RFC 9110 §5.6.7).
    pub fn has_clock(&self, date: &'static str) {
        self.lock().date = Some(date);
    }

    /// What it was asked so far.
    pub fn seen(&self) -> Seen {
        self.lock().seen.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

#[derive(Clone)]
struct Front {
    address: SocketAddr,
    pebble: SocketAddr,
    client: TrustingClient,
    state: Arc<Mutex<State>>,
}

impl Front {
    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        while self.lock().is_slow {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut response = self.answer_undated(request).await;
        if let Some(date) = self.lock().date {
            response.headers_mut().insert(header::DATE, date.parse().unwrap());
        }
        Ok(response)
    }

    async fn answer_undated(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        if let Some(certificate) = path.strip_prefix(RENEWAL_INFO) {
            return self.tell_window(certificate);
        }
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let order = (path == NEW_ORDER).then(|| payload(&body));
        if let Some(order) = &order {
            let mut state = self.lock();
            if let Some(refusal) = state.refusal.clone() {
                state.seen.orders.push(order.clone());
                return refusal.to_response();
            }
        }
        let account = (path == NEW_ACCOUNT).then(|| payload(&body));

        let mut onward = Request::from_parts(parts, Full::new(body));
        *onward.uri_mut() = Uri::try_from(format!("https://{}{path}", self.pebble)).unwrap();
        // Pebble makes its addresses of it, so that all requests come through here.
        onward.headers_mut().insert(header::HOST, self.address.to_string().parse().unwrap());
        let (mut parts, body) = self.client.request(onward).await.expect("Pebble answers").into_parts();
        let mut body = body.collect().await.unwrap().to_bytes();
        // A nonce that Pebble refuses makes the client ask again, which is no second order.
        if parts.status.is_success() {
            let mut state = self.lock();
            state.seen.orders.extend(order.clone());
            state.seen.accounts.extend(account);
        }
        let is_changed = match order {
            Some(order) if self.lock().echoes_replaces => with(&mut body, "replaces", order["replaces"].clone()),
            None if path == "/dir" && self.lock().renewal.is_some() => {
                with(&mut body, "renewalInfo", format!("https://{}{RENEWAL_INFO}", self.address).into())
            }
            Some(_) | None => false,
        };
        if is_changed {
            parts.headers.remove(header::CONTENT_LENGTH);
        }
        Response::from_parts(parts, Full::new(body))
    }

    fn tell_window(&self, certificate: &str) -> Response<Full<Bytes>> {
        let mut state = self.lock();
        state.seen.windows.push(certificate.trim_start_matches('/').to_owned());
        let (start, end) = state.renewal.clone().expect("it was told when");
        let body = json!({ "suggestedWindow": { "start": start, "end": end } });
        Response::builder().header(header::RETRY_AFTER, "21600").body(Full::from(body.to_string())).unwrap()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Refusal {
    fn to_response(&self) -> Response<Full<Bytes>> {
        let kind = format!("urn:ietf:params:acme:error:{}", self.kind);
        let body = json!({ "type": kind, "detail": "as the test wants it", "status": self.status });
        let mut response = Response::builder().status(self.status).header("content-type", "application/problem+json");
        if let Some(retry_after) = self.retry_after {
            response = response.header(header::RETRY_AFTER, retry_after);
        }
        response.body(Full::from(body.to_string())).unwrap()
    }
}

/// What a signed request (JWS) says.
fn payload(body: &[u8]) -> Value {
    let request: Value = serde_json::from_slice(body).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(request["payload"].as_str().unwrap()).unwrap()).unwrap()
}

fn with(body: &mut Bytes, member: &str, value: Value) -> bool {
    let Ok(mut json) = serde_json::from_slice::<Value>(body) else { return false };
    json[member] = value;
    *body = json.to_string().into();
    true
}
