//! The reverse proxy: paths below a configured prefix are answered by another system.
//!
//! One request: the longest prefix of its path finds the [`Route`], the headers are made true (`headers`), an upstream is chosen
//! among those that are up (`upstreams`), and the request goes there (`forward`), to a second one only where nothing can happen
//! twice. Bodies pass in both directions as they come (`body`); a WebSocket (`upgrade`) becomes a `tunnel`.
//!
//! Invariants: a path that leads upwards reaches no upstream; where a request's body ends is told to an upstream by this proxy
//! alone, never in the client's words; what a client says of its own address is passed on only if the client is a trusted
//! proxy; a request that may have reached an upstream is repeated only if it is idempotent; no upstream is waited for without a
//! limit.

mod body;
mod connect;
mod failure;
mod figures;
mod forward;
mod frames;
mod headers;
mod path;
mod probe;
mod route;
mod timing;
mod tunnel;
mod upgrade;
mod upstreams;

use std::ops::ControlFlow;
use std::sync::Arc;

use arc_swap::ArcSwap;
use arc_swap::ArcSwapOption;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::response::Response;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::Config;
use crate::edge::End;
use crate::edge::Problem;
use crate::edge::RouteClass;
use crate::edge::client::Visit;
use crate::edge::forwarded::Proxies;
use crate::edge::forwarded::Trust;
use crate::edge::target;
use crate::telemetry::Metrics;

pub use timing::UpstreamTime;
pub use upstreams::UpstreamSnapshot;

use route::Route;

/// Why a proxy cannot do what the configuration says.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The certificates of an https upstream's authority cannot be had.
    #[error("edge.proxy.{number}.ca_file: {why}")]
    CaFile {
        /// Which `[[edge.proxy]]`, from 1.
        number: usize,
        /// Which file, why, and what is allowed.
        why: String,
    },
    /// The system trusts no authority.
    #[error(
        "edge.proxy.{number}: the system has no trusted authorities for https upstreams; install ca-certificates, or set ca_file"
    )]
    NoAuthorities {
        /// Which `[[edge.proxy]]`, from 1.
        number: usize,
    },
}

/// The reverse proxy. Cheap to clone: all clones are one.
#[derive(Clone)]
pub(super) struct Proxy {
    shared: Arc<Shared>,
}

struct Shared {
    routes: ArcSwap<Routes>,
    /// Once it is started.
    life: ArcSwapOption<Life>,
}

/// What tasks of the proxy live on.
struct Life {
    tracker: TaskTracker,
    end: End,
}

/// One state of the configuration.
pub(super) struct Routes {
    /// The longest prefix first.
    routes: Vec<Arc<Route>>,
    /// Ends the health checks of this state.
    replaced: CancellationToken,
}

impl Drop for Routes {
    fn drop(&mut self) {
        self.replaced.cancel();
    }
}

impl Proxy {
    /// As the configuration says. What is counted is shown in `metrics`.
    ///
    /// # Errors
    /// [`ProxyError`].
    pub(super) fn new(config: &Config, metrics: &Metrics) -> Result<Self, ProxyError> {
        let routes = Routes::new(config, &[])?;
        let shared = Shared { routes: ArcSwap::from_pointee(routes), life: ArcSwapOption::empty() };
        let proxy = Self { shared: Arc::new(shared) };
        figures::register(&proxy, metrics);
        Ok(proxy)
    }

    /// Checks upstreams, and carries WebSockets, on tasks of `tracker` until `end`.
    pub(super) fn start(&self, tracker: &TaskTracker, end: &End) {
        let life = Arc::new(Life { tracker: tracker.clone(), end: end.clone() });
        self.shared.routes.load().start_checks(&life);
        self.shared.life.store(Some(life));
    }

    /// What another configuration says, for [`Proxy::reload`]. What is known of upstreams that stay is kept, and so are their
    /// connections unless how they are made has changed.
    ///
    /// # Errors
    /// [`ProxyError`].
    pub(super) fn routes(&self, config: &Config) -> Result<Routes, ProxyError> {
        Routes::new(config, &self.shared.routes.load().routes)
    }

    /// Requests that begin from now on go where these say; those under way finish where they are.
    pub(super) fn reload(&self, routes: Routes) {
        let before = self.shared.routes.swap(Arc::new(routes));
        before.replaced.cancel();
        if let Some(life) = &*self.shared.life.load() {
            self.shared.routes.load().start_checks(life);
        }
    }

    /// What was counted, for each upstream of each prefix.
    pub(super) fn snapshot(&self) -> Vec<UpstreamSnapshot> {
        let routes = self.shared.routes.load();
        routes.routes.iter().flat_map(|route| route.upstreams.snapshot(&route.settings.prefix)).collect()
    }

    /// Answers what has one of the prefixes, and gives everything else back.
    pub(super) async fn answer(&self, request: Request, proxies: &Proxies) -> ControlFlow<Response, Request> {
        let routes = self.shared.routes.load();
        let Some((route, behind)) = routes.find(request.uri().path()) else { return ControlFlow::Continue(request) };
        if path::leads_upwards(request.uri().path()) {
            let detail = "the path leads upwards, or is encoded so that it may; send the path it leads to";
            return ControlFlow::Break(refused(Problem::new(StatusCode::BAD_REQUEST, "invalid_path", detail)));
        }
        let peer = Visit::of(request.extensions()).and_then(|visit| Some(visit.peer.as_ref()?.address));
        let trust = peer.map_or(Trust::None, |peer| proxies.trust_in(peer));
        if headers::went_through(request.headers(), &route.name) {
            if trust != Trust::None {
                return ControlFlow::Continue(request);
            }
            let detail = "this request has been here before: the server it was handed on to hands it back. Put that server's \
                          address into edge.trusted_proxies, and this one's there, so that they answer for each other";
            return ControlFlow::Break(refused(Problem::new(StatusCode::LOOP_DETECTED, "loop_detected", detail)));
        }
        let uri = request.uri();
        let target = if route.settings.strip_prefix { path::rooted(behind, uri.query()) } else { path::whole(uri) };
        let route = Arc::clone(route);
        drop(routes);
        let life = self.shared.life.load_full();
        // On the heap while it lasts, so that requests of the application do not carry its place with them.
        let mut response = Box::pin(forward::forward(route, life, request, target, trust)).await;
        response.extensions_mut().insert(RouteClass::Proxy);
        ControlFlow::Break(response)
    }
}

fn refused(problem: Problem) -> Response {
    let mut response = problem.into_response();
    response.extensions_mut().insert(RouteClass::Proxy);
    response
}

impl Routes {
    /// Takes over from `earlier` what does not change.
    fn new(config: &Config, earlier: &[Arc<Route>]) -> Result<Self, ProxyError> {
        let routes: Result<Vec<_>, _> = (1..)
            .zip(&config.edge.proxies)
            .map(|(number, settings)| {
                let earlier = earlier.iter().find(|route| route.settings.prefix == settings.prefix);
                let ca_file = settings.ca_file.as_ref().map(|path| config.server.resolve(path));
                Route::new(number, settings, ca_file, earlier.map(Arc::as_ref)).map(Arc::new)
            })
            .collect();
        let mut routes = routes?;
        routes.sort_by_key(|route| std::cmp::Reverse(route.settings.prefix.len()));
        Ok(Self { routes, replaced: CancellationToken::new() })
    }

    fn start_checks(&self, life: &Life) {
        for route in &self.routes {
            if route.settings.health_path.is_empty() {
                route.upstreams.without_checks();
                continue;
            }
            for upstream in route.upstreams.all() {
                let checks = probe::check(Arc::clone(route), Arc::clone(upstream));
                let (replaced, end) = (self.replaced.clone(), life.end.begin.clone());
                life.tracker.spawn(async move {
                    tokio::select! {
                        () = checks => {}
                        () = replaced.cancelled() => {}
                        () = end.cancelled() => {}
                    }
                });
            }
        }
    }

    /// The route of the longest prefix, and what of the path lies behind it.
    fn find<'p>(&self, path: &'p str) -> Option<(&Arc<Route>, &'p str)> {
        self.routes.iter().find_map(|route| Some((route, target::behind(path, &route.settings.prefix)?)))
    }
}
