//! How many connections and requests there are and were, as nginx's stub status tells them.
//!
//! [`Connections`](crate::edge::connections::Connections) counts what is accepted, refused and open; each connection's
//! `Activity` tells what it is doing.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::telemetry::Kind;
use crate::telemetry::Metrics;

/// Counts of the whole edge.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    pub(super) accepted: Count,
    /// Closed at once, since there are too many in all.
    pub(super) refused_in_all: Count,
    /// Closed at once, since their client has too many.
    pub(super) refused_of_client: Count,
    pub(super) requests: Count,
    /// Connections that are open now.
    pub(super) open: Count,
    /// Of the open ones, those on which a request's head is coming in.
    pub(super) reading: Count,
    /// Of the open ones, those with a request that is being answered, upgraded ones included.
    pub(super) writing: Count,
}

/// A number that many threads change.
#[derive(Debug, Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn remove(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Traffic {
    pub(super) fn new(metrics: &Metrics) -> Arc<Self> {
        let traffic = Arc::new(Self::default());
        traffic.register(metrics);
        traffic
    }

    /// The four lines of nginx's stub status.
    pub(super) fn stub_status(&self) -> String {
        let accepted = self.accepted.get();
        let refused = self.refused_in_all.get() + self.refused_of_client.get();
        let (handled, requests, open) = (accepted.saturating_sub(refused), self.requests.get(), self.open.get());
        let [reading, writing, waiting] = self.states();
        format!(
            "Active connections: {open} \nserver accepts handled requests\n {accepted} {handled} {requests} \n\
             Reading: {reading} Writing: {writing} Waiting: {waiting} \n"
        )
    }

    /// Connections that read, write and wait.
    fn states(&self) -> [u64; 3] {
        let (reading, writing) = (self.reading.get(), self.writing.get());
        [reading, writing, self.open.get().saturating_sub(reading).saturating_sub(writing)]
    }

    fn register(self: &Arc<Self>, metrics: &Metrics) {
        let traffic = Arc::clone(self);
        metrics.register("edge_connections_accepted", "Connections accepted.", Kind::Counter, move |samples| {
            samples.add(&[], traffic.accepted.get());
        });
        let traffic = Arc::clone(self);
        let help = "Connections closed at once, because there were too many in all or of one client.";
        metrics.register("edge_connections_refused", help, Kind::Counter, move |samples| {
            samples.add(&[("limit", "all")], traffic.refused_in_all.get());
            samples.add(&[("limit", "client")], traffic.refused_of_client.get());
        });
        let traffic = Arc::clone(self);
        let help = "Open connections by state: a request is coming in, is answered, or neither.";
        metrics.register("edge_connections_open", help, Kind::Gauge, move |samples| {
            for (state, count) in ["reading", "writing", "waiting"].into_iter().zip(traffic.states()) {
                samples.add(&[("state", state)], count);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As nginx 1.22 answers, its trailing spaces included.
    #[test]
    fn the_stub_status_is_nginx_s() {
        let traffic = Traffic::default();
        let add = |count: &Count, times: usize| (0..times).for_each(|_| count.add());
        add(&traffic.accepted, 7);
        add(&traffic.refused_in_all, 1);
        add(&traffic.refused_of_client, 2);
        add(&traffic.requests, 9);
        add(&traffic.open, 4);
        add(&traffic.reading, 1);
        add(&traffic.writing, 2);
        let expected =
            "Active connections: 4 \nserver accepts handled requests\n 7 4 9 \nReading: 1 Writing: 2 Waiting: 1 \n";
        assert_eq!(traffic.stub_status(), expected);
    }
}
