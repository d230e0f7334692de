//! The circuit breaker of an endpoint: left out after failures, tried again by one request at a time.

use std::time::Duration;

use tokio::time::Instant;

/// However often it fails.
const OUT_MAX: Duration = Duration::from_mins(10);

/// Whether an endpoint is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Breaker {
    /// It is; so many requests in a row have failed.
    Closed { fails: u32 },
    /// Not before `until`. It has been left out `times` times since it last answered.
    Open { until: Instant, times: u32 },
    /// By the one request that tries it.
    HalfOpen { times: u32 },
}

/// After how many failures an endpoint is left out, and for how long the first time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) fails: u32,
    pub(super) out_for: Duration,
}

impl Breaker {
    pub(super) const NEW: Self = Self::Closed { fails: 0 };

    /// Whether a request may be sent now.
    pub(super) fn may_ask(self, now: Instant) -> bool {
        match self {
            Self::Closed { .. } => true,
            Self::Open { until, .. } => now >= until,
            Self::HalfOpen { .. } => false,
        }
    }

    /// Whether it is worth waiting for this endpoint.
    pub(super) fn may_soon_be_asked(self, now: Instant) -> bool {
        matches!(self, Self::HalfOpen { .. }) || self.may_ask(now)
    }

    /// A request is sent.
    pub(super) fn ask(self) -> Self {
        match self {
            Self::Open { times, .. } => Self::HalfOpen { times },
            Self::Closed { .. } | Self::HalfOpen { .. } => self,
        }
    }

    /// The first token of an answer came: others may ask again, but one more failure leaves it out.
    pub(super) fn begin(self, terms: Terms) -> Self {
        match self {
            Self::HalfOpen { .. } => Self::Closed { fails: terms.fails.saturating_sub(1) },
            Self::Closed { .. } | Self::Open { .. } => self,
        }
    }

    /// It was answered to the end.
    pub(super) fn succeed(self) -> Self {
        Self::NEW
    }

    /// It failed. `rest` is how long the endpoint is to be left out at least, if that does not depend on how often.
    pub(super) fn fail(self, terms: Terms, rest: Option<Duration>, now: Instant) -> Self {
        let out = |times: u32| {
            let out_for = terms.out_for.saturating_mul(1 << times.min(16)).min(OUT_MAX);
            Self::Open { until: now + out_for.max(rest.unwrap_or_default()), times: times.saturating_add(1) }
        };
        match self {
            _ if terms.fails == 0 && rest.is_none() => Self::NEW,
            Self::Closed { fails } if fails.saturating_add(1) < terms.fails && rest.is_none() => {
                Self::Closed { fails: fails + 1 }
            }
            Self::Closed { .. } => match rest {
                Some(rest) => Self::Open { until: now + rest, times: 1 },
                None => out(0),
            },
            Self::HalfOpen { times } => out(times),
            // Requests that were under way when it was left out say nothing new.
            Self::Open { .. } => self,
        }
    }

    /// It was given up before it was answered, for reasons of our own.
    pub(super) fn abandon(self, now: Instant) -> Self {
        match self {
            Self::HalfOpen { times } => Self::Open { until: now, times },
            Self::Closed { .. } | Self::Open { .. } => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms { fails: 3, out_for: Duration::from_secs(5) };

    #[test]
    fn it_opens_after_failures_in_a_row_and_is_tried_by_one_request() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let mut breaker = Breaker::NEW;
        breaker = breaker.fail(TERMS, None, now).fail(TERMS, None, now).succeed();
        assert_eq!(breaker, Breaker::NEW, "an answer begins the count anew");
        for _ in 0..3 {
            assert!(breaker.may_ask(now));
            breaker = breaker.ask().fail(TERMS, None, now);
        }
        assert!(!breaker.may_ask(after(4)) && breaker.may_ask(after(5)));
        assert!(!breaker.may_soon_be_asked(after(4)));
        breaker = breaker.ask();
        assert!(!breaker.may_ask(after(60)), "one tries it");
        assert!(breaker.may_soon_be_asked(after(60)));
        breaker = breaker.fail(TERMS, None, after(5));
        assert!(!breaker.may_ask(after(14)) && breaker.may_ask(after(15)), "twice as long");
        breaker = breaker.ask().abandon(after(15));
        assert!(breaker.may_ask(after(15)), "who gave up does not keep the next from trying");
        assert_eq!(breaker.ask().succeed(), Breaker::NEW);
    }

    #[test]
    fn it_opens_at_once_where_asking_again_cannot_help() {
        let now = Instant::now();
        let breaker = Breaker::NEW.fail(TERMS, Some(Duration::from_secs(30)), now);
        assert!(!breaker.may_ask(now + Duration::from_secs(29)) && breaker.may_ask(now + Duration::from_secs(30)));
        let never = Terms { fails: 0, ..TERMS };
        assert!((0..99).fold(Breaker::NEW, |breaker, _| breaker.fail(never, None, now)).may_ask(now));
    }

    #[test]
    fn it_is_not_left_out_for_ever() {
        let now = Instant::now();
        let mut breaker = Breaker::NEW;
        for _ in 0..100 {
            breaker = breaker.ask().fail(TERMS, None, now);
            if let Breaker::Open { times, .. } = breaker {
                breaker = Breaker::Open { until: now, times };
            }
        }
        assert!(breaker.ask().fail(TERMS, None, now).may_ask(now + OUT_MAX));
    }
}
