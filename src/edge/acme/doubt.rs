//! Signs that the machine's clock is wrong. They are told, never worked around: a certificate renewed by a wrong clock is
//! renewed too early or too late, and whoever set the clock has to know.

use std::fmt;

use time::OffsetDateTime;

use crate::edge::certificate::CertificateFacts;

/// When this program was built: no clock that is right shows an earlier time.
const BUILT_UNIX: &str = env!("BANK_AICC_BUILT_UNIX");
/// Clocks that nobody sets drift by seconds a day; beyond this, signatures and tokens begin to be refused.
const SKEW_MAX: time::Duration = time::Duration::minutes(5);

/// Why the clock seems to be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ClockDoubt {
    /// It shows a time before this program was built.
    BeforeBuild { now: OffsetDateTime },
    /// It is ahead of the authority's.
    Ahead { by: time::Duration },
    /// It is behind the authority's.
    Behind { by: time::Duration },
    /// A certificate that was issued is not valid yet.
    NotYetValid { name: String, not_before: OffsetDateTime },
    /// A certificate was due for renewal as soon as it was issued.
    DueAtOnce { name: String },
}

impl ClockDoubt {
    /// What is doubtful at this time, if anything is. `ahead` is how far the clock was ahead of the authority's at its last
    /// answer.
    pub(super) fn of<'c>(
        now: OffsetDateTime,
        ahead: Option<time::Duration>,
        certificates: impl Iterator<Item = &'c CertificateFacts>,
    ) -> Option<Self> {
        let name = |facts: &CertificateFacts| facts.names.first().cloned().unwrap_or_default();
        if now < built() {
            return Some(Self::BeforeBuild { now });
        }
        match ahead {
            Some(by) if by > SKEW_MAX => return Some(Self::Ahead { by }),
            Some(by) if by < -SKEW_MAX => return Some(Self::Behind { by: -by }),
            Some(_) | None => {}
        }
        let mut early = certificates.filter(|facts| now < facts.not_before);
        early.next().map(|facts| Self::NotYetValid { name: name(facts), not_before: facts.not_before })
    }

    /// Whether the other says the same, perhaps with another figure.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for ClockDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeforeBuild { now } => write!(f, "the clock shows {now}, before this program was built"),
            Self::Ahead { by } => write!(f, "the clock was {} minutes ahead of the authority's", by.whole_minutes()),
            Self::Behind { by } => write!(f, "the clock was {} minutes behind the authority's", by.whole_minutes()),
            Self::NotYetValid { name, not_before } => {
                write!(f, "by the clock, the certificate of {name} is not valid before {not_before}")
            }
            Self::DueAtOnce { name } => {
                write!(f, "by the clock, the certificate of {name} was due for renewal as soon as it was issued")
            }
        }
    }
}

fn built() -> OffsetDateTime {
    let unix = BUILT_UNIX.parse().unwrap_or_default();
    OffsetDateTime::from_unix_timestamp(unix).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn a_plainly_wrong_clock_is_doubted() {
        let now = built() + Duration::days(30);
        let facts = CertificateFacts {
            names: vec!["chat.bank.example".to_owned()],
            issuer: String::new(),
            serial: String::new(),
            not_before: now,
            not_after: now + Duration::days(90),
        };
        let said = |now, ahead: Option<i64>| {
            let doubt = ClockDoubt::of(now, ahead.map(Duration::seconds), [&facts].into_iter());
            doubt.map(|doubt| doubt.to_string()).unwrap_or_default()
        };
        for (now, ahead, expected) in [
            (now, None, ""),
            (now, Some(200), ""),
            (now, Some(-200), ""),
            (now, Some(660), "the clock was 11 minutes ahead of the authority's"),
            (now, Some(-660), "the clock was 11 minutes behind the authority's"),
        ] {
            assert_eq!(said(now, ahead), expected);
        }
        assert!(said(built() - Duration::SECOND, None).ends_with("before this program was built"));
        assert!(
            said(now - Duration::SECOND, None).starts_with("by the clock, the certificate of chat.bank.example is not")
        );
    }

    #[test]
    fn a_build_has_a_date() {
        assert!(built().year() >= 2026);
    }
}
