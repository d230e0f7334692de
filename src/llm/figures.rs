//! What is counted of the endpoints.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::llm::EndpointState;
use crate::llm::Failure;
use crate::llm::admission::Admission;
use crate::telemetry::Histogram;
use crate::telemetry::Kind;
use crate::telemetry::Metrics;

/// From a tenth of a second to the whole time an answer may take.
const BOUNDS_US: &[u64] = &[
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    20_000_000,
    40_000_000,
    80_000_000,
    160_000_000,
    300_000_000,
];
/// What came to its end.
const ANSWERED: &str = "answered";

/// Counters of all endpoints. Clones are one.
#[derive(Clone)]
pub(super) struct Figures {
    shared: Arc<Shared>,
}

struct Shared {
    endpoints: Vec<OfEndpoint>,
    queue: Histogram,
    failovers: AtomicU64,
}

/// One of its histograms.
type Which = fn(&OfEndpoint) -> &Histogram;

struct OfEndpoint {
    name: String,
    first_token: Histogram,
    answer: Histogram,
    /// By outcome: answered, then the failures.
    outcomes: [AtomicU64; Failure::WORDS.len() + 1],
}

impl Figures {
    pub(super) fn new<'n>(endpoints: impl Iterator<Item = &'n str>) -> Self {
        let endpoints = endpoints.map(|name| OfEndpoint {
            name: name.to_owned(),
            first_token: Histogram::new(BOUNDS_US),
            answer: Histogram::new(BOUNDS_US),
            outcomes: Default::default(),
        });
        let (queue, failovers) = (Histogram::new(BOUNDS_US), AtomicU64::new(0));
        Self { shared: Arc::new(Shared { endpoints: endpoints.collect(), queue, failovers }) }
    }

    /// A question got a permit, or gave up, after this long.
    pub(super) fn queued(&self, duration: Duration) {
        self.shared.queue.observe(duration);
    }

    /// The first token came.
    pub(super) fn first_token(&self, endpoint: usize, duration: Duration) {
        if let Some(endpoint) = self.shared.endpoints.get(endpoint) {
            endpoint.first_token.observe(duration);
        }
    }

    /// An answer ended.
    pub(super) fn finish(&self, endpoint: usize, failure: Option<&Failure>, duration: Duration) {
        let Some(endpoint) = self.shared.endpoints.get(endpoint) else { return };
        endpoint.answer.observe(duration);
        let outcome = failure.and_then(|failure| Failure::WORDS.iter().position(|word| *word == failure.as_str()));
        if let Some(count) = endpoint.outcomes.get(outcome.map_or(0, |at| at + 1)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Another endpoint is asked.
    pub(super) fn fail_over(&self) {
        self.shared.failovers.fetch_add(1, Ordering::Relaxed);
    }

    /// Shows them.
    pub(super) fn register(&self, metrics: &Metrics, admission: &Arc<Admission>, unusable: &Arc<[EndpointState]>) {
        let histograms: [(&'static str, &'static str, Which); 2] = [
            ("llm_first_token_seconds", "From asking an endpoint to its first token.", |of| &of.first_token),
            ("llm_answer_seconds", "From asking an endpoint to the end of its answer.", |of| &of.answer),
        ];
        for (name, help, which) in histograms {
            let shared = Arc::clone(&self.shared);
            metrics.register(name, help, Kind::Histogram, move |samples| {
                for endpoint in &shared.endpoints {
                    samples.add_histogram(&[("endpoint", &endpoint.name)], which(endpoint));
                }
            });
        }
        let shared = Arc::clone(&self.shared);
        metrics.register(
            "llm_requests",
            "Requests to endpoints that ended, by outcome.",
            Kind::Counter,
            move |samples| {
                for endpoint in &shared.endpoints {
                    let words = [ANSWERED].into_iter().chain(Failure::WORDS);
                    for (outcome, count) in words.zip(&endpoint.outcomes) {
                        let labels = [("endpoint", endpoint.name.as_str()), ("outcome", outcome)];
                        samples.add(&labels, count.load(Ordering::Relaxed));
                    }
                }
            },
        );
        let shared = Arc::clone(&self.shared);
        metrics.register("llm_queue_seconds", "Waiting for a free endpoint.", Kind::Histogram, move |samples| {
            samples.add_histogram(&[], &shared.queue);
        });
        let shared = Arc::clone(&self.shared);
        metrics.register("llm_failovers", "Questions given to a second endpoint.", Kind::Counter, move |samples| {
            samples.add(&[], shared.failovers.load(Ordering::Relaxed));
        });
        let of = Arc::clone(admission);
        metrics.register("llm_queue_length", "Questions that wait for an endpoint.", Kind::Gauge, move |samples| {
            samples.add(&[], of.standings().1 as u64);
        });
        let of = Arc::clone(admission);
        metrics.register("llm_requests_in_flight", "Requests under way.", Kind::Gauge, move |samples| {
            for (endpoint, standing) in of.endpoints.iter().zip(of.standings().0) {
                samples.add(&[("endpoint", &endpoint.name)], standing.in_flight as u64);
            }
        });
        let (of, unusable) = (Arc::clone(admission), Arc::clone(unusable));
        metrics.register(
            "llm_endpoint_up",
            "1 while an endpoint is asked, 0 while left out.",
            Kind::Gauge,
            move |samples| {
                for (endpoint, standing) in of.endpoints.iter().zip(of.standings().0) {
                    samples.add(&[("endpoint", &endpoint.name)], u64::from(standing.left_out.is_none()));
                }
                for endpoint in unusable.iter() {
                    samples.add(&[("endpoint", &endpoint.name)], 0_u64);
                }
            },
        );
    }
}
