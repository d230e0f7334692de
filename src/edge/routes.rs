//! What was answered, counted by route: by the pattern that the application's router matched, or by the kind of answer.
//! Never by path, of which a stranger has as many as he likes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::http::Method;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use foldhash::fast::RandomState;

use crate::telemetry::Histogram;
use crate::telemetry::Kind;
use crate::telemetry::Metrics;

/// Upper bounds of the classes of durations, in microseconds: 1 ms to 30 s.
const DURATIONS_US: [u64; 12] =
    [1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000, 30_000_000];
/// A router has as many routes as were written; this only keeps a mistake from filling the memory.
const MATCHED_MAX: usize = 500;
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];
const STATUSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// Whose answer it is, for those that no route of the application's gives. As an extension of a response it overrules what
/// the edge supposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteClass {
    /// The edge's own: refusals, redirects, status pages.
    Edge,
    /// Another server's, passed on.
    Proxy,
    /// A file by its name: scripts, pictures, fonts.
    Static,
    /// A page, or that there is none.
    Screen,
}

/// Leaves the route that was matched with the response, where the edge counts by it. For the application's router:
/// `router.route_layer(middleware::from_fn(edge::keep_route))`.
pub async fn keep_route(route: MatchedPath, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.extensions_mut().insert(route);
    response
}

/// The counts of all routes.
pub(super) struct Routes {
    classes: [Arc<RouteCounts>; 4],
    /// Found by the pattern once a request; only those that were asked for are there.
    matched: ArcSwap<HashMap<Box<str>, Arc<RouteCounts>, RandomState>>,
}

/// The counts of one route.
pub(super) struct RouteCounts {
    name: Box<str>,
    requests: [[AtomicU64; STATUSES.len()]; METHODS.len()],
    /// From the request's head until the response began, or was given up.
    durations: Histogram,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
}

impl Routes {
    pub(super) fn new(metrics: &Metrics) -> Arc<Self> {
        let classes = ["edge", "proxy", "static", "screen"].map(|name| Arc::new(RouteCounts::new(name)));
        let routes = Arc::new(Self { classes, matched: ArcSwap::default() });
        routes.register(metrics);
        routes
    }

    pub(super) fn of_class(&self, class: RouteClass) -> Arc<RouteCounts> {
        let [edge, proxy, files, screen] = &self.classes;
        Arc::clone(match class {
            RouteClass::Edge => edge,
            RouteClass::Proxy => proxy,
            RouteClass::Static => files,
            RouteClass::Screen => screen,
        })
    }

    pub(super) fn matched(&self, pattern: &str) -> Arc<RouteCounts> {
        if let Some(route) = self.matched.load().get(pattern) {
            return Arc::clone(route);
        }
        self.matched.rcu(|routes| {
            let mut routes = HashMap::clone(routes);
            if routes.len() < MATCHED_MAX && !routes.contains_key(pattern) {
                routes.insert(pattern.into(), Arc::new(RouteCounts::new(pattern)));
            }
            routes
        });
        let route = self.matched.load().get(pattern).cloned();
        route.unwrap_or_else(|| self.of_class(RouteClass::Screen))
    }

    fn all(&self) -> Vec<Arc<RouteCounts>> {
        let mut routes: Vec<_> = self.matched.load().values().cloned().collect();
        routes.sort_by(|a, b| a.name.cmp(&b.name));
        routes.extend(self.classes.iter().cloned());
        routes
    }

    fn register(self: &Arc<Self>, metrics: &Metrics) {
        let routes = Arc::clone(self);
        let help = "Requests by route, method and status class; those whose client went away first (499) are 4xx.";
        metrics.register("edge_requests", help, Kind::Counter, move |samples| {
            for route in routes.all() {
                for (method, statuses) in METHODS.iter().zip(&route.requests) {
                    for (status, count) in STATUSES.iter().zip(statuses) {
                        let count = count.load(Ordering::Relaxed);
                        if count > 0 {
                            samples.add(&[("route", &route.name), ("method", method), ("status", status)], count);
                        }
                    }
                }
            }
        });
        let routes = Arc::clone(self);
        let help = "Time from a request's head until its response began.";
        metrics.register("edge_request_duration_seconds", help, Kind::Histogram, move |samples| {
            for route in routes.all() {
                samples.add_histogram(&[("route", &route.name)], &route.durations);
            }
        });
        let routes = Arc::clone(self);
        metrics.register("edge_request_bytes", "Bytes of request bodies.", Kind::Counter, move |samples| {
            for route in routes.all() {
                samples.add(&[("route", &route.name)], route.bytes_in.load(Ordering::Relaxed));
            }
        });
        let routes = Arc::clone(self);
        metrics.register("edge_response_bytes", "Bytes of response bodies.", Kind::Counter, move |samples| {
            for route in routes.all() {
                samples.add(&[("route", &route.name)], route.bytes_out.load(Ordering::Relaxed));
            }
        });
    }
}

impl RouteCounts {
    fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            requests: Default::default(),
            durations: Histogram::new(&DURATIONS_US),
            bytes_in: AtomicU64::new(0),
            bytes_out: AtomicU64::new(0),
        }
    }

    /// Counts an answer.
    pub(super) fn count(&self, method: &Method, status: StatusCode, duration: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, STATUSES.len()) - 1;
        if let Some(count) = self.requests.get(method_index(method)).and_then(|statuses| statuses.get(class)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.durations.observe(duration);
    }

    /// Counts what its bodies had.
    pub(super) fn count_bytes(&self, bytes_in: u64, bytes_out: u64) {
        if bytes_in > 0 {
            self.bytes_in.fetch_add(bytes_in, Ordering::Relaxed);
        }
        if bytes_out > 0 {
            self.bytes_out.fetch_add(bytes_out, Ordering::Relaxed);
        }
    }
}

/// A file by the ending of its name, of those that existing log collectors do not expect (wire contract §8).
pub(super) fn is_static(path: &str) -> bool {
    const ENDINGS: [&str; 12] = ["js", "css", "png", "jpg", "jpeg", "gif", "ico", "svg", "woff", "woff2", "ttf", "eot"];
    let ending = path.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}

fn method_index(method: &Method) -> usize {
    match *method {
        Method::GET => 0,
        Method::HEAD => 1,
        Method::POST => 2,
        Method::PUT => 3,
        Method::PATCH => 4,
        Method::DELETE => 5,
        Method::OPTIONS => 6,
        _ => METHODS.len() - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Exposition;

    #[test]
    fn static_files_are_told_by_their_ending() {
        for path in ["/a.js", "/assets/x-1.CSS", "/favicon.ico", "/api/v1/a.woff2", "/.png"] {
            assert!(is_static(path), "{path}");
        }
        for path in ["/", "/js", "/a.json", "/a.js/", "/a.css/b", "/a.html", "/a.js.map", "/sess.jsx"] {
            assert!(!is_static(path), "{path}");
        }
    }

    #[test]
    fn each_route_counts_by_method_and_status_and_there_is_an_end_to_them() {
        let metrics = Metrics::new();
        let routes = Routes::new(&metrics);
        let route = routes.matched("/api/v1/sessions/{session_id}/messages");
        route.count(&Method::GET, StatusCode::OK, Duration::from_millis(3));
        route.count(&Method::from_bytes(b"BREW").unwrap(), StatusCode::IM_A_TEAPOT, Duration::ZERO);
        route.count_bytes(5, 1_000);
        routes.of_class(RouteClass::Static).count(&Method::HEAD, StatusCode::from_u16(999).unwrap(), Duration::ZERO);
        let text = metrics.snapshot(Exposition::Text);
        let name = "route=\"/api/v1/sessions/{session_id}/messages\"";
        for line in [
            format!("edge_requests_total{{{name},method=\"GET\",status=\"2xx\"}} 1\n"),
            format!("edge_requests_total{{{name},method=\"other\",status=\"4xx\"}} 1\n"),
            format!("edge_request_duration_seconds_bucket{{{name},le=\"0.001\"}} 1\n"),
            format!("edge_request_duration_seconds_bucket{{{name},le=\"0.005\"}} 2\n"),
            format!("edge_request_duration_seconds_count{{{name}}} 2\n"),
            format!("edge_response_bytes_total{{{name}}} 1000\n"),
            "edge_requests_total{route=\"static\",method=\"HEAD\",status=\"5xx\"} 1\n".to_owned(),
        ] {
            assert!(text.contains(&line), "{line}{text}");
        }
        for number in 0..2 * MATCHED_MAX {
            routes.matched(&format!("/{number}")).count(&Method::GET, StatusCode::OK, Duration::ZERO);
        }
        assert_eq!(routes.all().len(), MATCHED_MAX + 4);
    }
}
