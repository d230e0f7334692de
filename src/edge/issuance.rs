//! The task that gets certificates from an ACME authority, begun anew when the configuration changes what it does.

use std::sync::Mutex;
use std::sync::PoisonError;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::edge::acme::Acme;

/// At most one such task.
pub(super) struct Issuance {
    state: Mutex<State>,
}

struct State {
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
        Self { state: Mutex::new(State { waiting: acme, place: None, running: None }) }
    }

    /// Runs it, on a task of `tracker` until `shutdown`.
    pub(super) fn start(&self, tracker: &TaskTracker, shutdown: &CancellationToken) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.place = Some((tracker.clone(), shutdown.clone()));
        state.run();
    }

    /// Runs another instead; with `None` the one that runs goes on.
    pub(super) fn replace(&self, acme: Option<Acme>) {
        if acme.is_none() {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting = acme;
        state.run();
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
