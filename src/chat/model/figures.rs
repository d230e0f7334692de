//! What is counted of models' answers.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use crate::chat::guard::Fault;
use crate::config::LlmRole;
use crate::store::ModelRun;
use crate::store::RunOutcome;
use crate::telemetry::Kind;
use crate::telemetry::Metrics;

const OUTCOMES: [RunOutcome; 3] = [RunOutcome::Used, RunOutcome::Finished, RunOutcome::Unused];

/// Counters of what became of models' answers. Clones are one.
#[derive(Clone)]
pub(super) struct Figures {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// By role and outcome.
    runs: [[AtomicU64; OUTCOMES.len()]; LlmRole::ALL.len()],
    released: AtomicU64,
    /// By fault.
    stopped: [AtomicU64; Fault::ALL.len()],
    prompt_tokens: AtomicU64,
    completion_tokens: AtomicU64,
}

impl Figures {
    pub(super) fn register(metrics: &Metrics) -> Self {
        let figures = Self { shared: Arc::default() };
        let shared = Arc::clone(&figures.shared);
        metrics.register("llm_answers", "What became of models' answers, by role.", Kind::Counter, move |samples| {
            for (role, outcomes) in LlmRole::ALL.iter().zip(&shared.runs) {
                for (outcome, count) in OUTCOMES.iter().zip(outcomes) {
                    let labels = [("role", role.as_str()), ("outcome", outcome.as_str())];
                    samples.add(&labels, count.load(Ordering::Relaxed));
                }
            }
        });
        let shared = Arc::clone(&figures.shared);
        metrics.register(
            "llm_guard_sentences",
            "Sentences of models by the guard's verdict.",
            Kind::Counter,
            move |samples| {
                samples.add(&[("verdict", "released")], shared.released.load(Ordering::Relaxed));
                for (fault, count) in Fault::ALL.iter().zip(&shared.stopped) {
                    samples.add(&[("verdict", fault.as_str())], count.load(Ordering::Relaxed));
                }
            },
        );
        let shared = Arc::clone(&figures.shared);
        metrics.register("llm_tokens", "Tokens of prompts and answers.", Kind::Counter, move |samples| {
            samples.add(&[("kind", "prompt")], shared.prompt_tokens.load(Ordering::Relaxed));
            samples.add(&[("kind", "completion")], shared.completion_tokens.load(Ordering::Relaxed));
        });
        figures
    }

    /// Counts a question to a model that ended.
    pub(super) fn count(&self, run: &ModelRun) {
        let role = LlmRole::ALL.iter().position(|role| *role == run.role);
        let outcome = OUTCOMES.iter().position(|outcome| *outcome == run.outcome);
        if let Some(count) = role.zip(outcome).and_then(|(role, outcome)| self.shared.runs.get(role)?.get(outcome)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.shared.prompt_tokens.fetch_add(run.prompt_tokens, Ordering::Relaxed);
        self.shared.completion_tokens.fetch_add(run.completion_tokens, Ordering::Relaxed);
    }

    /// Counts a verdict of the guard.
    pub(super) fn judge(&self, fault: Option<Fault>) {
        match fault.and_then(|fault| Fault::ALL.iter().position(|one| *one == fault)) {
            None => {
                self.shared.released.fetch_add(1, Ordering::Relaxed);
            }
            Some(at) => {
                if let Some(count) = self.shared.stopped.get(at) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}
