//! `[retention]`: how long what is kept.

use std::time::Duration;

use crate::config::section::Section;

/// How long what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Conversations that are over, from their last change; `None`: until somebody deletes them.
    pub conversations: Option<Duration>,
    /// Reasons of answers, what language models were asked, and the audit trail; `None`: until somebody deletes them.
    pub audit: Option<Duration>,
    /// How often is looked for what has had its time.
    pub interval: Duration,
}

/// Nothing younger may be deleted: a week is what it takes to notice a wrong configuration.
const SHORTEST: Duration = Duration::from_hours(7 * 24);
const LONGEST: Duration = Duration::from_hours(100 * 366 * 24);

impl Retention {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let conversations = period(section, "conversations");
        let audit = period(section, "audit");
        if let Some(audit) = audit
            && conversations.is_none_or(|conversations| audit < conversations)
        {
            let why = "an answer's reasons would be gone before the answer; allowed: at least as long as \
                       retention.conversations, or \"0s\" to keep them";
            section.refuse(&["audit", "conversations"], why.to_owned());
        }
        let interval =
            section.within("interval", Duration::from_hours(1), Duration::from_secs(1)..=Duration::from_hours(24));
        Self { conversations, audit, interval }
    }
}

/// A period; zero is for ever.
fn period(section: &mut Section<'_>, key: &'static str) -> Option<Duration> {
    let period = section.within(key, Duration::ZERO, Duration::ZERO..=LONGEST);
    if period > Duration::ZERO && period < SHORTEST {
        section.refuse(
            &[key],
            "too short to notice a mistake in; allowed: \"0s\" to keep it, or \"7d\" and more".to_owned(),
        );
    }
    (!period.is_zero()).then_some(period)
}
