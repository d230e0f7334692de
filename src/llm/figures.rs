//! What is counted of the endpoints.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

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
/// What came to its end, and what was given up before by whoever asked.
const ANSWERED: &str = "answered";
const STOPPED: &str = "stopped";
/// All outcomes: those two, then the failures.
const OUTCOMES_MAX: usize = Failure::WORDS.len() + 2;

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
    /// In the order of [`outcomes`].
    outcomes: [AtomicU64; OUTCOMES_MAX],
}

/// A request that is under way at an endpoint. Counted once: by how it ended, or as stopped when it is dropped before.
pub(super) struct UnderWay {
    figures: Figures,
    endpoint: usize,
    asked_at: Instant,
    has_ended: bool,
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

    /// An endpoint is asked.
    pub(super) fn ask(&self, endpoint: usize) -> UnderWay {
        UnderWay { figures: self.clone(), endpoint, asked_at: Instant::now(), has_ended: false }
    }

    fn count(&self, endpoint: usize, outcome: &str) {
        let at = outcomes().position(|one| one == outcome);
        let endpoint = self.shared.endpoints.get(endpoint);
        if let Some(count) = endpoint.zip(at).and_then(|(endpoint, at)| endpoint.outcomes.get(at)) {
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
                    for (outcome, count) in outcomes().zip(&endpoint.outcomes) {
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

impl UnderWay {
    /// It was answered, or failed so.
    pub(super) fn end(&mut self, failure: Option<&Failure>) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        if let Some(endpoint) = self.figures.shared.endpoints.get(self.endpoint) {
            endpoint.answer.observe(self.asked_at.elapsed());
        }
        self.figures.count(self.endpoint, failure.map_or(ANSWERED, Failure::as_str));
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.has_ended {
            self.figures.count(self.endpoint, STOPPED);
        }
    }
}

fn outcomes() -> impl Iterator<Item = &'static str> {
    [ANSWERED, STOPPED].into_iter().chain(Failure::WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_request_is_counted_once() {
        let figures = Figures::new(["a", "b"].into_iter());
        figures.ask(0).end(None);
        figures.ask(0).end(Some(&Failure::CutOff));
        drop(figures.ask(0));
        let mut twice = figures.ask(1);
        twice.end(None);
        twice.end(Some(&Failure::Empty));
        drop(twice);
        let of = |endpoint: usize| {
            let counted = outcomes().zip(&figures.shared.endpoints[endpoint].outcomes);
            let counted = counted.map(|(outcome, count)| (outcome, count.load(Ordering::Relaxed)));
            counted.filter(|(_, count)| *count > 0).collect::<Vec<_>>()
        };
        assert_eq!(of(0), [("answered", 1), ("stopped", 1), ("cut_off", 1)]);
        assert_eq!(of(1), [("answered", 1)]);
    }
}
