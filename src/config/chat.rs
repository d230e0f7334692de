//! `[chat]`: how a conversation is paced.

use std::time::Duration;

use crate::config::section::Section;

/// How a conversation is paced.
#[derive(Debug, Clone, PartialEq)]
pub struct Chat {
    /// A customer is told that the answer takes a moment once it has taken this long.
    pub processing_notice_after: Duration,
    /// A session without a message for this long becomes inactive.
    pub session_inactive_after: Duration,
    /// How often sessions are looked through for inactive ones.
    pub inactivity_sweep_interval: Duration,
    /// After this many replies in a row that could not be understood, a person is offered.
    pub unclear_replies_max: u8,
}

impl Chat {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            processing_notice_after: section.within(
                "processing_notice_after",
                Duration::from_millis(300),
                Duration::ZERO..=Duration::from_mins(1),
            ),
            session_inactive_after: section.within(
                "session_inactive_after",
                Duration::from_mins(10),
                Duration::from_millis(100)..=Duration::from_hours(30 * 24),
            ),
            inactivity_sweep_interval: section.within(
                "inactivity_sweep_interval",
                Duration::from_secs(60),
                Duration::from_millis(100)..=Duration::from_hours(1),
            ),
            unclear_replies_max: section.within("unclear_replies_max", 2, 1..=10),
        }
    }
}
