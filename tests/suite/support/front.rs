//! The edge before servers of a test's own, around an application of one word.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bank_aicc::config::Config;
use bank_aicc::edge::Application;
use bank_aicc::edge::Edge;

use super::BareEdge;
use super::Http;

/// What the application answers.
pub const APPLICATION: &str = "the application";

/// An edge that sends paths on.
pub struct Front {
    edge: BareEdge,
    settings: BTreeMap<String, String>,
    http: Http,
}

impl Front {
    /// With these settings, by their keys in `config.toml`.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let usual = [("server.listen", "127.0.0.1:0"), ("log.access", "false"), ("edge.rate_limit.enabled", "false")];
        let settings = usual.iter().chain(settings).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let settings: BTreeMap<_, _> = settings.collect();
        let edge = BareEdge::with(&configure(&settings), async |_: Request| Response::new(Body::from(APPLICATION)));
        Self { http: edge.http(), edge, settings }
    }

    /// One prefix, `/old`, with these upstreams.
    pub async fn before(upstreams: &[&str]) -> Self {
        Self::before_with(upstreams, &[]).await
    }

    /// The same with more settings; those without a section are the prefix's.
    pub async fn before_with(upstreams: &[&str], more: &[(&str, &str)]) -> Self {
        let upstreams = upstreams.join(",");
        let key = |key: &str| if key.contains('.') { key.to_owned() } else { format!("edge.proxy.1.{key}") };
        let keys: Vec<String> = more.iter().map(|(name, _)| key(name)).collect();
        let mut settings = vec![("edge.proxy.1.prefix", "/old"), ("edge.proxy.1.upstreams", &upstreams)];
        settings.extend(keys.iter().map(String::as_str).zip(more.iter().map(|(_, value)| *value)));
        Self::start(&settings).await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.edge.address()
    }

    /// Any request.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// The edge.
    pub fn edge(&self) -> &Edge {
        self.edge.edge()
    }

    /// The edge around the application, without a listener.
    pub fn service(&self) -> impl Application + use<> {
        let application =
            tower::service_fn(async |_: Request| Ok::<_, Infallible>(Response::new(Body::from(APPLICATION))));
        self.edge().wrap(application)
    }

    /// Reads its settings again with this one changed.
    pub fn reload(&mut self, key: &str, value: &str) {
        self.settings.insert(key.to_owned(), value.to_owned());
        self.edge().reload(&configure(&self.settings)).unwrap_or_else(|error| panic!("{error}"));
    }

    /// Begins to end.
    pub fn shut_down(&self) {
        self.edge.shut_down();
    }

    /// Waits until nothing runs any more.
    pub async fn ended(&self) {
        self.edge.ended().await;
    }
}

fn configure(settings: &BTreeMap<String, String>) -> Config {
    let variable = |key: &str| format!("BANK_AICC__{}", key.to_uppercase().replace('.', "__"));
    let environment = settings.iter().map(|(key, value)| (variable(key), value.clone()));
    Config::parse("", "test", environment).unwrap_or_else(|errors| panic!("{errors}"))
}
