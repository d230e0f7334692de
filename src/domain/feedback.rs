//! Why an answer did not help.

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

impl FeedbackReason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Wrong, Self::Incomplete, Self::Unclear, Self::Other];

    /// On the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Incomplete => "incomplete",
            Self::Unclear => "unclear",
            Self::Other => "other",
        }
    }

    /// The reason of this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}
