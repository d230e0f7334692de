//! How long things took, counted in classes.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Counts durations by upper bounds. Observing takes two atomic additions and no lock.
#[derive(Debug)]
pub struct Histogram {
    /// Upper bounds in microseconds, ascending.
    bounds_us: &'static [u64],
    /// One more than there are bounds: the last is for what is longer than all of them.
    counts: Box<[AtomicU64]>,
    sum_us: AtomicU64,
}

impl Histogram {
    /// Nothing observed yet. `bounds_us` are the upper bounds in microseconds, ascending.
    pub fn new(bounds_us: &'static [u64]) -> Self {
        let counts = (0..=bounds_us.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds_us, counts, sum_us: AtomicU64::new(0) }
    }

    /// Counts one.
    pub fn observe(&self, duration: Duration) {
        let duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let class = self.bounds_us.iter().position(|&bound| duration_us <= bound).unwrap_or(self.bounds_us.len());
        if let Some(count) = self.counts.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(duration_us, Ordering::Relaxed);
    }

    /// The sum in seconds, and each upper bound in seconds with how many there were between it and the one before.
    pub(super) fn snapshot(&self) -> (f64, Vec<(f64, u64)>) {
        let bounds = self.bounds_us.iter().map(|&bound| seconds(bound)).chain([f64::INFINITY]);
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        (seconds(self.sum_us.load(Ordering::Relaxed)), bounds.zip(counts).collect())
    }
}

fn seconds(us: u64) -> f64 {
    Duration::from_micros(us).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_class() {
        let histogram = Histogram::new(&[1_000, 5_000]);
        for duration_us in [0, 1_000, 1_001, 5_000, 5_001, 1_000_000] {
            histogram.observe(Duration::from_micros(duration_us));
        }
        let (sum, counts) = histogram.snapshot();
        assert_eq!(counts, [(0.001, 2), (0.005, 2), (f64::INFINITY, 2)]);
        assert!((sum - 1.012_002).abs() < 1e-9, "{sum}");
    }
}
