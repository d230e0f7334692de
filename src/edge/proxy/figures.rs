//! What `/metrics` shows of the upstreams.

use crate::edge::proxy::Proxy;
use crate::edge::proxy::UpstreamSnapshot;
use crate::telemetry::Kind;
use crate::telemetry::Metrics;

type Family = (&'static str, &'static str, Kind, fn(&UpstreamSnapshot) -> u64);

const FAMILIES: [Family; 5] = [
    ("edge_upstream_requests", "Attempts at an upstream, second ones included.", Kind::Counter, |one| one.requests),
    ("edge_upstream_failures", "Attempts that failed, and answers that broke off.", Kind::Counter, |one| one.failures),
    ("edge_upstream_retries", "Attempts after one at another upstream had failed.", Kind::Counter, |one| one.retries),
    ("edge_upstream_requests_in_flight", "Requests and WebSockets that are there now.", Kind::Gauge, |one| {
        u64::try_from(one.in_flight).unwrap_or(u64::MAX)
    }),
    ("edge_upstream_up", "1 for an upstream that gets requests, 0 for one that is left out.", Kind::Gauge, |one| {
        u64::from(one.is_up)
    }),
];

/// Shows them, for each upstream of each prefix there is at the time.
pub(super) fn register(proxy: &Proxy, metrics: &Metrics) {
    for (name, help, kind, figure) in FAMILIES {
        let proxy = proxy.clone();
        metrics.register(name, help, kind, move |samples| {
            for one in proxy.snapshot() {
                samples.add(&[("prefix", &one.prefix), ("upstream", &one.upstream)], figure(&one));
            }
        });
    }
}
