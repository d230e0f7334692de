//! What is counted of conversations, however their messages come.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::chat::ChatError;
use crate::chat::Reply;
use crate::domain::HandoverStatus;
use crate::telemetry::Histogram;
use crate::telemetry::Kind;
use crate::telemetry::Metrics;

/// Upper bounds of how long turns take, in microseconds: without a model they take milliseconds, with one seconds, and
/// `llm.answer_timeout` at the most.
const BOUNDS_US: [u64; 16] = [
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000,
];

/// What a hand-over comes to, of all that the contract declares.
const STATUSES: [HandoverStatus; 3] = [HandoverStatus::Pending, HandoverStatus::Accepted, HandoverStatus::Cancelled];

/// What came of a customer's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// An answer that cites the bank's documents.
    Cited,
    /// The customer now waits for a person.
    Handover,
    /// Something else was said: a question back, consent, small talk, or that nothing is known.
    Other,
    /// An answer that could not be stored.
    Unrecorded,
    /// None.
    Failed,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Cited, Self::Handover, Self::Other, Self::Unrecorded, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Cited => "cited",
            Self::Handover => "handover",
            Self::Other => "other",
            Self::Unrecorded => "unrecorded",
            Self::Failed => "failed",
        }
    }

    fn of(reply: &Result<Arc<Reply>, ChatError>) -> Self {
        let Ok(reply) = reply else { return Self::Failed };
        match &reply.turn {
            Some(turn) if turn.decision.handover_change == Some(HandoverStatus::Pending) => Self::Handover,
            Some(turn) if !turn.answer.sources.is_empty() => Self::Cited,
            None if reply.is_unrecorded => Self::Unrecorded,
            Some(_) | None => Self::Other,
        }
    }
}

/// Counters of turns and hand-overs.
pub(super) struct Figures {
    shared: Arc<Shared>,
}

struct Shared {
    /// By [`Outcome`].
    turns: [AtomicU64; Outcome::ALL.len()],
    durations: Histogram,
    /// By status.
    handovers: [AtomicU64; STATUSES.len()],
}

impl Figures {
    pub(super) fn register(metrics: &Metrics) -> Self {
        let shared = Arc::new(Shared {
            turns: Default::default(),
            durations: Histogram::new(&BOUNDS_US),
            handovers: Default::default(),
        });
        let figures = Arc::clone(&shared);
        metrics.register("chat_turns", "Messages of customers by what came of them.", Kind::Counter, move |samples| {
            for (outcome, count) in Outcome::ALL.iter().zip(&figures.turns) {
                samples.add(&[("outcome", outcome.as_str())], count.load(Ordering::Relaxed));
            }
        });
        let figures = Arc::clone(&shared);
        let help = "From a customer's message to its answer.";
        metrics.register("chat_turn_duration_seconds", help, Kind::Histogram, move |samples| {
            samples.add_histogram(&[], &figures.durations);
        });
        let figures = Arc::clone(&shared);
        let help = "Hand-overs to a person by the status they came to.";
        metrics.register("chat_handovers", help, Kind::Counter, move |samples| {
            for (status, count) in STATUSES.iter().zip(&figures.handovers) {
                samples.add(&[("status", status.as_str())], count.load(Ordering::Relaxed));
            }
        });
        Self { shared }
    }

    /// Counts what came of a message.
    pub(super) fn count_turn(&self, reply: &Result<Arc<Reply>, ChatError>, duration: Duration) {
        let outcome = Outcome::of(reply);
        if let Some(count) =
            Outcome::ALL.iter().position(|one| *one == outcome).and_then(|at| self.shared.turns.get(at))
        {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.shared.durations.observe(duration);
        let turn = reply.as_ref().ok().and_then(|reply| reply.turn.as_ref());
        if let Some(status) = turn.and_then(|turn| turn.decision.handover_change) {
            self.count_handover(status);
        }
    }

    /// Counts a hand-over that came to a status.
    pub(super) fn count_handover(&self, status: HandoverStatus) {
        let at = STATUSES.iter().position(|one| *one == status);
        if let Some(count) = at.and_then(|at| self.shared.handovers.get(at)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}
