//! The edge around a small application of the test's own, on a free port: for responses the product has no route for.

use std::convert::Infallible;
use std::error::Error as _;
use std::future::Future;
use std::net::SocketAddr;

use axum::extract::Request;
use axum::response::Response;
use bank_aicc::clock::Clock;
use bank_aicc::config::Config;
use bank_aicc::edge::Assets;
use bank_aicc::edge::Edge;
use bank_aicc::edge::End;
use bank_aicc::edge::Listener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Http;
use super::soon;

/// A running edge. Dropped, it stops.
pub struct BareEdge {
    edge: Edge,
    address: SocketAddr,
    tracker: TaskTracker,
    end: End,
}

impl BareEdge {
    /// Serves what `respond` answers; paths below `/api/` are for programs. `settings` are lines of `config.toml`.
    pub fn start<F>(settings: &str, respond: impl Fn(Request) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let text = format!("server.listen = ['127.0.0.1:0']\nlog.access = false\n{settings}");
        let config = Config::parse(&text, "test", std::iter::empty()).unwrap_or_else(|errors| panic!("{errors}"));
        Self::with(&config, respond)
    }

    /// The same with settings that were read already.
    pub fn with<F>(config: &Config, respond: impl Fn(Request) -> F + Clone + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let application = tower::service_fn(move |request| {
            let response = respond(request);
            async move { Ok::<_, Infallible>(response.await) }
        });
        let listener = Listener::bind(&config.server.listen, &[]).expect("a free port");
        let address = listener.addresses()[0];
        let is_api = |path: &str| path.starts_with("/api/");
        let edge = Edge::new(config, &listener, Clock::system(), is_api, Assets::default());
        let edge = edge.unwrap_or_else(|error| panic!("{error}: {:?}", error.source()));
        let tracker = TaskTracker::new();
        let end = End { begin: CancellationToken::new(), now: CancellationToken::new() };
        listener.serve(&edge, edge.wrap(application), &tracker, &end);
        edge.start(&tracker, &end);
        Self { edge, address, tracker, end }
    }

    /// Takes over other settings.
    pub fn reload(&self, settings: &str) {
        self.edge.reload(&Config::parse(settings, "test", std::iter::empty()).unwrap()).expect("no TLS");
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The edge itself.
    pub fn edge(&self) -> &Edge {
        &self.edge
    }

    /// Begins to end.
    pub fn shut_down(&self) {
        self.end.begin.cancel();
        self.tracker.close();
    }

    /// Waits until nothing runs any more.
    pub async fn ended(&self) {
        soon("the end", self.tracker.wait()).await;
    }

    /// Any request.
    pub fn http(&self) -> Http {
        Http::at(self.address)
    }
}

impl Drop for BareEdge {
    fn drop(&mut self) {
        self.end.begin.cancel();
        self.end.now.cancel();
    }
}
