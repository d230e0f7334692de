//! Figures about the running program, in the formats Prometheus reads.
//!
//! Whoever has figures keeps them himself, as plain atomics, and says once how they are read. Nothing is added up or
//! looked up while the program works; the closures run when somebody asks for `/metrics`:
//!
//! ```text
//! // A family with labels, from a snapshot of one's own:
//! let zones = Arc::clone(&zones);
//! metrics.register("edge_rate_limit_requests", "Requests by zone and decision.", Kind::Counter, move |samples| {
//!     for zone in zones.iter() {
//!         samples.add(&[("zone", zone.name()), ("decision", "refused")], zone.refused());
//!     }
//! });
//! // How many there are now, counted by a guard:
//! let sockets = metrics.gauge("websockets_open", "Open WebSockets.");
//! let _held = sockets.hold();
//! ```
//!
//! Invariants: a name is registered once in a process's [`Metrics`]; its unit is in the name, and `_total` of counters is
//! added. Labels have few values that are known beforehand: routes, zones, sites, never what a stranger sends.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::MetricEncoder;
use prometheus_client::encoding::NoLabelSet;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::encoding::text;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::telemetry::Histogram;
use crate::telemetry::process;

/// All figures of the process. Clones are one.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
}

/// What a family's figures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Durations in classes.
    Histogram,
}

/// The format of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposition {
    /// The text format of Prometheus, version 0.0.4.
    Text,
    /// OpenMetrics 1.0.0.
    OpenMetrics,
}

/// One number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Figure {
    /// A count.
    Whole(u64),
    /// A measure, such as seconds.
    Real(f64),
}

impl Metrics {
    /// With the figures of the process itself, and of the program's version.
    pub fn new() -> Self {
        let metrics = Self { registry: Arc::default() };
        process::register(&metrics);
        metrics
    }

    /// Adds a family of figures, read by `collect` whenever somebody asks for them. It runs on a thread of its own and
    /// may take some milliseconds.
    pub fn register(
        &self,
        name: &'static str,
        help: &'static str,
        kind: Kind,
        collect: impl Fn(&mut Samples<'_>) + Send + Sync + 'static,
    ) {
        let family = Family { name, help: help.trim_end_matches('.'), kind, collect };
        self.lock().register_collector(Box::new(family));
    }

    /// Adds a figure that is counted by guards.
    pub fn gauge(&self, name: &'static str, help: &'static str) -> Gauge {
        let gauge = Gauge::default();
        let counted = gauge.clone();
        self.register(name, help, Kind::Gauge, move |samples| samples.add(&[], counted.get()));
        gauge
    }

    /// All figures as they are now.
    pub fn snapshot(&self, format: Exposition) -> String {
        let mut text = String::with_capacity(16 << 10);
        let registry = self.lock();
        // Writing to a string does not fail, and a family that does leaves what was before it.
        let _ = match format {
            Exposition::Text => prometheus_text::encode(&mut text, &registry),
            Exposition::OpenMetrics => text::encode(&mut text, &registry),
        };
        text
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// The samples of one family while they are collected.
pub struct Samples<'e> {
    encoder: MetricEncoder<'e>,
    kind: Kind,
    outcome: fmt::Result,
}

impl Samples<'_> {
    /// Adds one figure of a counter or gauge. The same labels come once.
    pub fn add(&mut self, labels: &[(&str, &str)], figure: impl Into<Figure>) {
        let written = self.write(labels, figure.into());
        self.outcome = self.outcome.and(written);
    }

    /// Adds one histogram.
    pub fn add_histogram(&mut self, labels: &[(&str, &str)], histogram: &Histogram) {
        let (sum, counts) = histogram.snapshot();
        let count = counts.iter().map(|(_, count)| count).sum();
        let written = self
            .encoder
            .encode_family(&labels)
            .and_then(|mut encoder| encoder.encode_histogram::<NoLabelSet>(sum, count, &counts, None));
        self.outcome = self.outcome.and(written);
    }

    fn write(&mut self, labels: &[(&str, &str)], figure: Figure) -> fmt::Result {
        let mut encoder = self.encoder.encode_family(&labels)?;
        match (self.kind, figure) {
            (Kind::Counter, Figure::Whole(count)) => encoder.encode_counter::<NoLabelSet, _, f64>(&count, None),
            (Kind::Counter, Figure::Real(measure)) => encoder.encode_counter::<NoLabelSet, _, f64>(&measure, None),
            (Kind::Gauge | Kind::Histogram, Figure::Whole(count)) => encoder.encode_gauge(&count),
            (Kind::Gauge | Kind::Histogram, Figure::Real(measure)) => encoder.encode_gauge(&measure),
        }
    }
}

impl From<u64> for Figure {
    fn from(count: u64) -> Self {
        Self::Whole(count)
    }
}

impl From<usize> for Figure {
    fn from(count: usize) -> Self {
        Self::Whole(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

impl From<f64> for Figure {
    fn from(measure: f64) -> Self {
        Self::Real(measure)
    }
}

/// Yes is 1.
impl From<bool> for Figure {
    fn from(holds: bool) -> Self {
        Self::Whole(u64::from(holds))
    }
}

/// How many of something there are now. Clones are one.
#[derive(Debug, Clone, Default)]
pub struct Gauge {
    count: Arc<AtomicU64>,
}

/// Counts as one until it is dropped.
#[derive(Debug)]
pub struct Held {
    gauge: Gauge,
}

impl Gauge {
    /// One more, for as long as the guard lives.
    pub fn hold(&self) -> Held {
        self.count.fetch_add(1, Ordering::Relaxed);
        Held { gauge: self.clone() }
    }

    /// How many there are.
    pub fn get(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.gauge.count.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Family<C> {
    name: &'static str,
    /// Without a full stop: OpenMetrics adds one.
    help: &'static str,
    kind: Kind,
    collect: C,
}

impl<C> fmt::Debug for Family<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl<C: Fn(&mut Samples<'_>) + Send + Sync + 'static> Collector for Family<C> {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let metric_type = match self.kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
            Kind::Histogram => MetricType::Histogram,
        };
        let encoder = encoder.encode_descriptor(self.name, self.help, None, metric_type)?;
        let mut samples = Samples { encoder, kind: self.kind, outcome: Ok(()) };
        (self.collect)(&mut samples);
        samples.outcome
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn example() -> Metrics {
        let metrics = Metrics { registry: Arc::default() };
        metrics.register("turns", "Turns by stage.", Kind::Counter, |samples| {
            samples.add(&[("stage", "assisted")], 3_u64);
            samples.add(&[("stage", "a \"b\"\\\n")], 1_u64);
        });
        metrics.register("ratio", "A ratio.", Kind::Gauge, |samples| samples.add(&[], 0.5));
        let histogram = Histogram::new(&[1_000, 2_500_000]);
        histogram.observe(Duration::from_millis(1));
        histogram.observe(Duration::from_secs(3));
        metrics.register("turn_duration_seconds", "How long turns take.", Kind::Histogram, move |samples| {
            samples.add_histogram(&[("stage", "assisted")], &histogram);
        });
        metrics
    }

    #[test]
    fn both_formats_are_as_prometheus_reads_them() {
        let expected = concat!(
            "# HELP turns_total Turns by stage\n",
            "# TYPE turns_total counter\n",
            "turns_total{stage=\"assisted\"} 3\n",
            "turns_total{stage=\"a \\\"b\\\"\\\\\\n\"} 1\n",
            "# HELP ratio A ratio\n",
            "# TYPE ratio gauge\n",
            "ratio 0.5\n",
            "# HELP turn_duration_seconds How long turns take\n",
            "# TYPE turn_duration_seconds histogram\n",
            "turn_duration_seconds_bucket{stage=\"assisted\",le=\"0.001\"} 1\n",
            "turn_duration_seconds_bucket{stage=\"assisted\",le=\"2.5\"} 1\n",
            "turn_duration_seconds_bucket{stage=\"assisted\",le=\"+Inf\"} 2\n",
            "turn_duration_seconds_sum{stage=\"assisted\"} 3.001\n",
            "turn_duration_seconds_count{stage=\"assisted\"} 2\n",
        );
        assert_eq!(example().snapshot(Exposition::Text), expected);
        let open = example().snapshot(Exposition::OpenMetrics);
        assert!(open.contains("# TYPE turns counter\n") && open.ends_with("# EOF\n"), "{open}");
        assert!(open.contains("turns_total{stage=\"assisted\"} 3\n"), "{open}");
    }

    #[test]
    fn a_gauge_counts_its_guards() {
        let metrics = Metrics { registry: Arc::default() };
        let gauge = metrics.gauge("websockets_open", "Open WebSockets.");
        let held = [gauge.hold(), gauge.hold()];
        assert!(metrics.snapshot(Exposition::Text).ends_with("websockets_open 2\n"));
        drop(held);
        assert_eq!(gauge.get(), 0);
    }
}
