//! How many tokens were spent, and whether there are any left.
//!
//! One rule for the day and for a conversation: a question is asked only if the most it may cost still fits beside what was spent and
//! what others that are under way may cost. When it ends, it has cost what it cost.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use time::Date;

use crate::clock::Clock;
use crate::config::LlmBudget;
use crate::domain::SessionId;
use crate::telemetry::Kind;
use crate::telemetry::Metrics;

/// Conversations whose tokens are remembered beside what the database has of them, which is behind by the turns under way.
const SESSIONS_MAX: usize = 10_000;

/// The tokens of the day and of the conversations.
#[derive(Clone)]
pub(super) struct Budget {
    limits: LlmBudget,
    counted: Arc<Mutex<Counted>>,
}

#[derive(Default)]
struct Counted {
    date: Option<Date>,
    day: Tally,
    /// The day on which a question found that too little is left, with nothing under way that might give some back.
    over: Option<Date>,
    /// Only if there is a limit on them.
    sessions: HashMap<SessionId, Tally>,
}

/// Tokens of one day or one conversation.
#[derive(Default)]
struct Tally {
    /// By questions that ended.
    spent: u64,
    /// By questions that are under way, at most.
    reserved: u64,
}

/// Tokens that a question may cost; given back when it is dropped.
pub(super) struct Reserved {
    counted: Arc<Mutex<Counted>>,
    session: SessionId,
    tokens: u64,
}

impl Budget {
    pub(super) fn new(limits: LlmBudget) -> Self {
        Self { limits, counted: Arc::default() }
    }

    /// Whether a conversation has a limit.
    pub(super) fn has_session_max(&self) -> bool {
        self.limits.tokens_per_session > 0
    }

    /// Whether the day has a limit.
    pub(super) fn has_day_max(&self) -> bool {
        self.limits.tokens_per_day > 0
    }

    /// Takes over what the database has of a day. What is counted here already is not counted down: it may not be stored yet.
    pub(super) fn note_stored(&self, date: Date, spent: u64) {
        let mut counted = self.lock();
        counted.begin(date);
        counted.day.note_stored(spent);
    }

    /// Reserves tokens of a day and of a conversation, of which the database has so many spent; `None` if there are not so many
    /// left.
    pub(super) fn reserve(
        &self,
        date: Date,
        session: &SessionId,
        stored_of_session: u64,
        tokens: u64,
    ) -> Option<Reserved> {
        let LlmBudget { tokens_per_day, tokens_per_session } = self.limits;
        let mut counted = self.lock();
        counted.begin(date);
        if !counted.day.has(tokens, tokens_per_day) {
            let spent = counted.day.spent;
            let is_over = spent.saturating_add(tokens) > tokens_per_day;
            if is_over && counted.over.replace(date) != Some(date) {
                let what = "the day's tokens for language models are all but spent; the documents answer alone until midnight in Korea; \
                            llm.budget.tokens_per_day says how many there are";
                tracing::warn!(spent, of = tokens_per_day, "{what}");
            }
            return None;
        }
        if self.has_session_max() {
            if counted.sessions.len() >= SESSIONS_MAX {
                counted.sessions.retain(|_, tally| tally.reserved > 0);
            }
            let tally = counted.sessions.entry(session.clone()).or_default();
            tally.note_stored(stored_of_session);
            if !tally.has(tokens, tokens_per_session) {
                return None;
            }
            tally.reserved = tally.reserved.saturating_add(tokens);
        }
        counted.day.reserved = counted.day.reserved.saturating_add(tokens);
        Some(Reserved { counted: Arc::clone(&self.counted), session: session.clone(), tokens })
    }

    /// Whether a question found that this day's tokens are spent.
    pub(super) fn is_day_spent(&self, date: Date) -> bool {
        self.lock().over == Some(date)
    }

    /// Shows the day's tokens, if they are limited.
    pub(super) fn register(&self, metrics: &Metrics, clock: &Clock) {
        if !self.has_day_max() {
            return;
        }
        let limit = self.limits.tokens_per_day;
        let help = "Tokens that may be spent on a day, llm.budget.tokens_per_day.";
        metrics.register("llm_day_tokens_limit", help, Kind::Gauge, move |samples| samples.add(&[], limit));
        let (budget, now) = (self.clone(), clock.clone());
        let help = "Tokens spent today in Korea, by all servers of the database.";
        metrics.register("llm_day_tokens_spent", help, Kind::Gauge, move |samples| {
            samples.add(&[], budget.spent_on(now.today_in_korea()));
        });
        let (budget, now) = (self.clone(), clock.clone());
        let help = "1 if a question was not asked today because the day's tokens are spent.";
        metrics.register("llm_day_budget_spent", help, Kind::Gauge, move |samples| {
            samples.add(&[], u64::from(budget.is_day_spent(now.today_in_korea())));
        });
    }

    fn spent_on(&self, date: Date) -> u64 {
        let counted = self.lock();
        if counted.date == Some(date) { counted.day.spent } else { 0 }
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        lock(&self.counted)
    }
}

impl Counted {
    /// It is this day; nothing is spent of a new one.
    fn begin(&mut self, date: Date) {
        if self.date.replace(date) != Some(date) {
            self.day.spent = 0;
        }
    }
}

impl Tally {
    fn note_stored(&mut self, spent: u64) {
        self.spent = self.spent.max(spent);
    }

    /// Whether so many are left; 0 is without limit.
    fn has(&self, tokens: u64, limit: u64) -> bool {
        limit == 0 || self.spent.saturating_add(self.reserved).saturating_add(tokens) <= limit
    }
}

impl Reserved {
    /// So many were spent.
    pub(super) fn spend(self, tokens: u64) {
        let mut counted = lock(&self.counted);
        counted.day.spent = counted.day.spent.saturating_add(tokens);
        if let Some(tally) = counted.sessions.get_mut(&self.session) {
            tally.spent = tally.spent.saturating_add(tokens);
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let mut counted = lock(&self.counted);
        counted.day.reserved = counted.day.reserved.saturating_sub(self.tokens);
        if let Some(tally) = counted.sessions.get_mut(&self.session) {
            tally.reserved = tally.reserved.saturating_sub(self.tokens);
        }
    }
}

fn lock(counted: &Mutex<Counted>) -> MutexGuard<'_, Counted> {
    counted.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const DAY: Date = date!(2026 - 11 - 29);

    fn session(name: &str) -> SessionId {
        SessionId::parse(name).unwrap()
    }

    #[test]
    fn a_day_has_so_many_tokens() {
        let budget = Budget::new(LlmBudget { tokens_per_day: 100, tokens_per_session: 0 });
        let reserve = |date, tokens| budget.reserve(date, &session("a"), 0, tokens);
        let one = reserve(DAY, 60).unwrap();
        assert!(reserve(DAY, 60).is_none(), "the other may need all of it");
        assert!(!budget.is_day_spent(DAY), "it may give some back");
        one.spend(30);
        reserve(DAY, 60).unwrap().spend(40);
        budget.note_stored(DAY, 30);
        assert!(reserve(DAY, 40).is_none(), "what is stored may be behind");
        assert!(budget.is_day_spent(DAY) && budget.spent_on(DAY) == 70);
        let tomorrow = date!(2026 - 11 - 30);
        assert!(!budget.is_day_spent(tomorrow) && budget.spent_on(tomorrow) == 0);
        assert!(reserve(tomorrow, 100).is_some(), "a new day");
        let unlimited = Budget::new(LlmBudget { tokens_per_day: 0, tokens_per_session: 0 });
        assert!(unlimited.reserve(DAY, &session("a"), 0, u64::MAX).is_some());
        assert!(unlimited.lock().sessions.is_empty(), "nothing is remembered for nothing");
    }

    #[test]
    fn a_conversation_has_so_many_tokens_by_the_same_rule() {
        let budget = Budget::new(LlmBudget { tokens_per_day: 0, tokens_per_session: 100 });
        let reserve = |name, stored, tokens| budget.reserve(DAY, &session(name), stored, tokens);
        assert!(reserve("a", 0, 101).is_none(), "it may cost more than there is");
        let one = reserve("a", 0, 60).unwrap();
        assert!(reserve("a", 0, 60).is_none() && reserve("b", 0, 60).is_some());
        one.spend(30);
        assert!(reserve("a", 0, 80).is_none(), "what was spent may not be stored yet");
        assert!(reserve("a", 30, 70).is_some() && reserve("b", 41, 60).is_none());
    }

    #[test]
    fn not_all_conversations_are_remembered() {
        let budget = Budget::new(LlmBudget { tokens_per_day: 0, tokens_per_session: 100 });
        let _under_way = budget.reserve(DAY, &session("first"), 0, 60);
        for number in 0..SESSIONS_MAX {
            assert!(budget.reserve(DAY, &session(&format!("s{number}")), 0, 60).is_some());
        }
        assert!(budget.lock().sessions.len() <= SESSIONS_MAX);
        assert!(budget.reserve(DAY, &session("first"), 0, 60).is_none());
    }
}
