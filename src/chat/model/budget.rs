//! How many tokens were spent, and whether there are any left.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use time::Date;

use crate::config::LlmBudget;

/// The tokens of the day.
#[derive(Clone)]
pub(super) struct Budget {
    limits: LlmBudget,
    day: Arc<Mutex<Day>>,
}

struct Day {
    date: Option<Date>,
    /// By runs that ended.
    spent: u64,
    /// By runs that are under way, at most.
    reserved: u64,
    /// The day on which it was last said that nothing is left.
    told: Option<Date>,
}

/// Tokens that a run may spend; given back when it is dropped.
pub(super) struct Reserved {
    day: Arc<Mutex<Day>>,
    tokens: u64,
}

impl Budget {
    pub(super) fn new(limits: LlmBudget) -> Self {
        Self { limits, day: Arc::new(Mutex::new(Day { date: None, spent: 0, reserved: 0, told: None })) }
    }

    /// Whether there is any limit on a conversation.
    pub(super) fn session_max(&self) -> Option<u64> {
        Some(self.limits.tokens_per_session).filter(|&tokens| tokens > 0)
    }

    /// Whether the day has a limit.
    pub(super) fn has_day_max(&self) -> bool {
        self.limits.tokens_per_day > 0
    }

    /// Takes over what the database has of a day. What is counted here already is not counted down: it may not be stored yet.
    pub(super) fn note_stored(&self, date: Date, spent: u64) {
        let mut day = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        day.spent = if day.date == Some(date) { day.spent.max(spent) } else { spent };
        day.date = Some(date);
    }

    /// Reserves tokens of a day; `None` if there are not so many left.
    pub(super) fn reserve(&self, date: Date, tokens: u64) -> Option<Reserved> {
        let mut day = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        if day.date != Some(date) {
            (day.date, day.spent) = (Some(date), 0);
        }
        let fits = day.spent.saturating_add(day.reserved).saturating_add(tokens) <= self.limits.tokens_per_day;
        if self.has_day_max() && !fits {
            if day.told.replace(date) != Some(date) {
                let (spent, of) = (day.spent, self.limits.tokens_per_day);
                let what = "the day's tokens for language models are all but spent; the documents answer alone until midnight in Korea; \
                            llm.budget.tokens_per_day says how many there are";
                tracing::warn!(spent, of, "{what}");
            }
            return None;
        }
        day.reserved = day.reserved.saturating_add(tokens);
        Some(Reserved { day: Arc::clone(&self.day), tokens })
    }
}

impl Reserved {
    /// So many were spent.
    pub(super) fn spend(self, tokens: u64) {
        let mut day = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        day.spent = day.spent.saturating_add(tokens);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let mut day = self.day.lock().unwrap_or_else(PoisonError::into_inner);
        day.reserved = day.reserved.saturating_sub(self.tokens);
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a_day_has_so_many_tokens() {
        let budget = Budget::new(LlmBudget { tokens_per_day: 100, tokens_per_session: 0 });
        let day = date!(2026 - 11 - 29);
        let one = budget.reserve(day, 60).unwrap();
        assert!(budget.reserve(day, 60).is_none(), "the other may need all of it");
        one.spend(30);
        budget.reserve(day, 60).unwrap().spend(40);
        budget.note_stored(day, 30);
        assert!(budget.reserve(day, 40).is_none(), "what is stored may be behind");
        assert!(budget.reserve(date!(2026 - 11 - 30), 100).is_some(), "a new day");
        let unlimited = Budget::new(LlmBudget { tokens_per_day: 0, tokens_per_session: 0 });
        assert!(unlimited.reserve(day, u64::MAX).is_some());
    }
}
