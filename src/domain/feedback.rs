//! Why an answer did not help.

use crate::domain::intent::wire_words;

/// What was wrong with an answer that did not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedbackReason {
    /// It is not true.
    Wrong,
    /// It is not all.
    Incomplete,
    /// It cannot be understood.
    Unclear,
    /// Something else.
    Other,
}

wire_words!(FeedbackReason { Wrong = "wrong", Incomplete = "incomplete", Unclear = "unclear", Other = "other" });

impl FeedbackReason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Wrong, Self::Incomplete, Self::Unclear, Self::Other];
}
