//! Whether writing works, and how often it did not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use crate::store::StoreError;
use crate::telemetry::Kind;
use crate::telemetry::Metrics;
use crate::telemetry::Throttle;
use crate::telemetry::chain;

/// What went wrong with writing. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Trouble {
    shared: Arc<Shared>,
}

/// What a transaction may fail with. Each is shown from the beginning: of a series that comes with its first failure, Prometheus
/// sees no increase.
const CODES: [&str; 11] = [
    "database_damaged",
    "database_disk_failed",
    "database_file_moved",
    "database_full",
    "database_in_use",
    "database_overloaded",
    "database_read_only",
    "database_refused",
    "database_timeout",
    "database_unavailable",
    "database_writer_stopped",
];

struct Shared {
    /// Since the last transaction that was tried.
    is_read_only: AtomicBool,
    /// Failed transactions by [`StoreError::code`].
    failures: Mutex<BTreeMap<&'static str, u64>>,
    lines: Throttle,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            is_read_only: AtomicBool::default(),
            failures: Mutex::new(CODES.into_iter().map(|code| (code, 0)).collect()),
            lines: Throttle::default(),
        }
    }
}

impl Trouble {
    /// Notes how a transaction of the writer ended, and says it aloud when it failed.
    pub(super) fn note<T>(&self, outcome: &Result<T, StoreError>, changes: usize) {
        let Shared { is_read_only, failures, lines } = &*self.shared;
        let Err(error) = outcome else {
            if is_read_only.swap(false, Ordering::Relaxed) {
                tracing::warn!("the database can be written to again; conversations are stored");
            }
            return;
        };
        *failures.lock().unwrap_or_else(PoisonError::into_inner).entry(error.code()).or_default() += 1;
        is_read_only.store(error.leaves_reading(), Ordering::Relaxed);
        let Some(unsaid) = lines.admit() else { return };
        let error = chain(error);
        if self.is_read_only() {
            tracing::error!(
                %error, unsaid,
                "NOTHING CAN BE STORED: customers are answered from the documents only, and no conversation goes on until the cause is mended"
            );
        } else {
            tracing::error!(%error, changes, unsaid, "transaction failed");
        }
    }

    /// The last transaction failed, and the database can only be read.
    pub(super) fn is_read_only(&self) -> bool {
        self.shared.is_read_only.load(Ordering::Relaxed)
    }

    /// Shows it.
    pub(super) fn register(&self, metrics: &Metrics) {
        let shared = Arc::clone(&self.shared);
        metrics.register(
            "store_write_failures",
            "Transactions that failed, by cause.",
            Kind::Counter,
            move |samples| {
                for (code, count) in &*shared.failures.lock().unwrap_or_else(PoisonError::into_inner) {
                    samples.add(&[("code", code)], *count);
                }
            },
        );
        let trouble = self.clone();
        let help = "1 while nothing can be stored and customers are answered from the documents only.";
        metrics.register("store_read_only", help, Kind::Gauge, move |samples| {
            samples.add(&[], u64::from(trouble.is_read_only()));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Exposition;

    #[test]
    fn causes_are_shown_before_they_happen() {
        let (metrics, trouble) = (Metrics::new(), Trouble::default());
        trouble.register(&metrics);
        let is_shown = |code: &str, count: u64| {
            let line = format!("store_write_failures_total{{code=\"{code}\"}} {count}");
            let text = metrics.snapshot(Exposition::OpenMetrics);
            assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
        };
        CODES.iter().for_each(|code| is_shown(code, 0));
        trouble.note::<()>(&Err(StoreError::Stopped), 1);
        trouble.note::<()>(&Err(StoreError::TimedOut), 1);
        trouble.note::<()>(&Err(StoreError::TimedOut), 1);
        is_shown("database_writer_stopped", 1);
        is_shown("database_timeout", 2);
        is_shown("database_full", 0);
        assert_eq!(trouble.shared.failures.lock().unwrap().len(), CODES.len(), "these two are in the list");
    }
}
