//! The task that gets certificates from an ACME authority, begun anew when the configuration changes what it does.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::edge::acme::Acme;
use crate::edge::acme::Report;
use crate::edge::acme::SiteReport;
use crate::edge::acme::Status;
use crate::telemetry::Kind;
use crate::telemetry::Metrics;

/// At most one such task.
pub(super) struct Issuance {
    state: Arc<Mutex<State>>,
}

struct State {
    /// How things stand with the newest one.
    status: Option<Status>,
    /// Made, and not run yet.
    waiting: Option<Acme>,
    /// Where it runs, and until when.
    place: Option<(TaskTracker, CancellationToken)>,
    /// Ends the one that runs.
    running: Option<CancellationToken>,
}

impl Issuance {
    /// One that is started later.
    pub(super) fn of(acme: Option<Acme>) -> Self {
        let status = acme.as_ref().map(Acme::status);
        Self { state: Arc::new(Mutex::new(State { status, waiting: acme, place: None, running: None })) }
    }

    /// Runs it, on a task of `tracker` until `shutdown`.
    pub(super) fn start(&self, tracker: &TaskTracker, shutdown: &CancellationToken) {
        let mut state = lock(&self.state);
        state.place = Some((tracker.clone(), shutdown.clone()));
        state.run();
    }

    /// Runs another instead; with `None` the one that runs goes on.
    pub(super) fn replace(&self, acme: Option<Acme>) {
        if acme.is_none() {
            return;
        }
        let mut state = lock(&self.state);
        state.status = acme.as_ref().map(Acme::status);
        state.waiting = acme;
        state.run();
    }

    /// Adds how orders go.
    pub(super) fn register(&self, metrics: &Metrics) {
        let add = |name, help, figure: fn(&SiteReport) -> Option<f64>| {
            let state = Arc::clone(&self.state);
            metrics.register(name, help, Kind::Gauge, move |samples| {
                for site in report(&state).into_iter().flat_map(|report| report.sites) {
                    if let (Some(name), Some(figure)) = (site.names.first(), figure(&site)) {
                        samples.add(&[("site", name)], figure);
                    }
                }
            });
        };
        let help = "Orders at the certificate authority that failed in a row, by the site's first name.";
        add("edge_acme_orders_failed", help, |site| Some(site.failures.into()));
        let help =
            "When the site's certificate is renewed, or a failed order repeated, in seconds since the Unix epoch.";
        add("edge_acme_next_order_seconds", help, |site| {
            site.next_retry.or(site.next_renewal).map(|at| at.unix_timestamp() as f64)
        });
        let state = Arc::clone(&self.state);
        let help = "1 if the clock seems to be wrong by the certificate authority's answers, else 0.";
        metrics.register("edge_acme_clock_doubted", help, Kind::Gauge, move |samples| {
            if let Some(report) = report(&state) {
                samples.add(&[], u64::from(report.clock_doubt.is_some()));
            }
        });
    }
}

impl State {
    fn run(&mut self) {
        let Some((tracker, shutdown)) = &self.place else { return };
        let Some(acme) = self.waiting.take() else { return };
        if let Some(before) = self.running.take() {
            before.cancel();
        }
        let end = shutdown.child_token();
        tracker.spawn(acme.run(end.clone()));
        self.running = Some(end);
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn report(state: &Mutex<State>) -> Option<Report> {
    lock(state).status.as_ref().map(Status::report)
}
