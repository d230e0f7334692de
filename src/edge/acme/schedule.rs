//! When the authority is asked: pure functions of times.

use std::time::Duration;

use time::OffsetDateTime;

/// The first repetition of a failed order, and the longest pause between two.
const BACKOFF_MIN: Duration = Duration::from_mins(1);
const BACKOFF_MAX: Duration = Duration::from_hours(24);
/// How long to be quiet after a rate limit that does not say how long.
const RATE_LIMIT_PAUSE: Duration = Duration::from_hours(1);
/// Longest wish of an authority that is followed: the longest of Let's Encrypt's limits counts a week.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(7 * 24);
/// Bounds of an authority's wish when to ask for its renewal window again (RFC 9773 §4.3.2 asks for some).
const WINDOW_MIN: Duration = Duration::from_mins(1);
const WINDOW_MAX: Duration = Duration::from_hours(24);

/// A time to wait, from when on. It is over, too, once the clock shows a time before its beginning: whoever set the clock
/// right after it had been far ahead would otherwise wait for years.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pause {
    since: OffsetDateTime,
    span: Duration,
}

impl Pause {
    pub(super) fn new(since: OffsetDateTime, span: Duration) -> Self {
        Self { since, span }
    }

    pub(super) fn is_over(&self, now: OffsetDateTime) -> bool {
        now < self.since || now >= self.ends_at()
    }

    pub(super) fn ends_at(&self) -> OffsetDateTime {
        later(self.since, self.span)
    }
}

/// When to renew by lifetime alone: at two thirds of it, up to a thirtieth earlier by `chance` (0 to 1), so that
/// certificates of one day are not all renewed in one minute.
pub(super) fn by_lifetime(not_before: OffsetDateTime, not_after: OffsetDateTime, chance: f64) -> OffsetDateTime {
    let lifetime = not_after - not_before;
    not_before + lifetime * (2.0 / 3.0) - lifetime * (chance / 30.0)
}

/// When to renew by the authority's window: at a random point in it, `chance` from its start (0) to its end (1). A window
/// that leaves less than a twentieth of the lifetime to repeat a failed order in is cut short.
pub(super) fn in_window(
    (start, end): (OffsetDateTime, OffsetDateTime),
    (not_before, not_after): (OffsetDateTime, OffsetDateTime),
    chance: f64,
) -> OffsetDateTime {
    let latest = not_after - (not_after - not_before) / 20;
    let point = start + (end - start).max(time::Duration::ZERO) * chance;
    point.min(latest)
}

/// How long to wait after this many failures in a row, at least one: a minute, doubled with each, at most a day; up to a
/// fifth more by `chance` (0 to 1). Never less than the authority asked for.
pub(super) fn backoff(failures: u32, asked: Asked, chance: f64) -> Duration {
    let doubled = BACKOFF_MIN.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    let own = doubled.min(BACKOFF_MAX).mul_f64(1.0 + chance / 5.0);
    let asked = match asked {
        Asked::Nothing => Duration::ZERO,
        Asked::ToWait(span) => span.min(RETRY_AFTER_MAX),
        Asked::RateLimit(span) => span.unwrap_or(RATE_LIMIT_PAUSE).min(RETRY_AFTER_MAX),
    };
    own.max(asked)
}

/// What an authority asked for when it refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Nothing.
    Nothing,
    /// Not to come back for this long.
    ToWait(Duration),
    /// To order less, and perhaps not to come back for this long.
    RateLimit(Option<Duration>),
}

/// How long to wait before a restarted program repeats an order that failed last: whoever restarts it has usually mended
/// something, but a program that is restarted again and again must not use up the authority's limits.
pub(super) const AFTER_RESTART: Duration = BACKOFF_MIN;

/// How long no certificate is ordered after one with this lifetime was issued, whatever the authority's window says: an hour,
/// and a day if it was due at once, by a clock that must be wrong. Less for certificates that live for days.
pub(super) fn after_success(lifetime: time::Duration, is_due_at_once: bool) -> Duration {
    let longest = Duration::from_hours(if is_due_at_once { 24 } else { 1 });
    Duration::try_from(lifetime / 10).unwrap_or_default().min(longest)
}

/// When to ask for the authority's window again, if it wishes so.
pub(super) fn ask_window_after(wish: Duration) -> Duration {
    wish.clamp(WINDOW_MIN, WINDOW_MAX)
}

/// A point in time that lies `span` later; at the end of time, that.
pub(super) fn later(at: OffsetDateTime, span: Duration) -> OffsetDateTime {
    let span = time::Duration::try_from(span).unwrap_or(time::Duration::MAX);
    at.saturating_add(span)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const BEGIN: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
    /// Ninety days later.
    const END: OffsetDateTime = datetime!(2026-04-01 00:00 UTC);

    #[test]
    fn a_certificate_is_renewed_at_two_thirds_of_its_life() {
        assert_eq!(by_lifetime(BEGIN, END, 0.0), datetime!(2026-03-02 00:00 UTC));
        assert_eq!(by_lifetime(BEGIN, END, 1.0), datetime!(2026-02-27 00:00 UTC));
        let hours = datetime!(2026-01-01 03:00 UTC);
        assert_eq!(by_lifetime(BEGIN, hours, 0.0), datetime!(2026-01-01 02:00 UTC));
    }

    #[test]
    fn a_window_is_used_anywhere_in_it_but_not_too_late() {
        let window = (datetime!(2026-02-01 00:00 UTC), datetime!(2026-02-03 00:00 UTC));
        assert_eq!(in_window(window, (BEGIN, END), 0.0), window.0);
        assert_eq!(in_window(window, (BEGIN, END), 0.5), datetime!(2026-02-02 00:00 UTC));
        assert_eq!(in_window(window, (BEGIN, END), 1.0), window.1);
        let reversed = (window.1, window.0);
        assert_eq!(in_window(reversed, (BEGIN, END), 0.9), window.1);
        let late = (datetime!(2026-03-31 00:00 UTC), datetime!(2026-05-01 00:00 UTC));
        assert_eq!(in_window(late, (BEGIN, END), 0.7), datetime!(2026-03-27 12:00 UTC));
    }

    #[test]
    fn pauses_double_from_a_minute_to_a_day() {
        let minutes = |failures| backoff(failures, Asked::Nothing, 0.0).as_secs() / 60;
        assert_eq!([1, 2, 3, 4, 10, 11, 12, 40, u32::MAX].map(minutes), [1, 2, 4, 8, 512, 1024, 1440, 1440, 1440]);
        assert_eq!(backoff(1, Asked::Nothing, 1.0), Duration::from_secs(72));
    }

    #[test]
    fn an_authority_that_asks_for_more_time_gets_it() {
        for (asked, minutes) in [
            (Asked::ToWait(Duration::from_secs(1)), 1),
            (Asked::ToWait(Duration::from_mins(90)), 90),
            (Asked::ToWait(Duration::MAX), 7 * 24 * 60),
            (Asked::RateLimit(None), 60),
            (Asked::RateLimit(Some(Duration::from_mins(5))), 5),
        ] {
            assert_eq!(backoff(1, asked, 0.0), Duration::from_mins(minutes), "{asked:?}");
        }
        assert_eq!(ask_window_after(Duration::ZERO), Duration::from_mins(1));
        assert_eq!(ask_window_after(Duration::from_hours(6)), Duration::from_hours(6));
        assert_eq!(ask_window_after(Duration::MAX), Duration::from_hours(24));
    }

    #[test]
    fn an_authority_gets_its_rest_after_each_certificate() {
        assert_eq!(after_success(END - BEGIN, false), Duration::from_hours(1));
        assert_eq!(after_success(END - BEGIN, true), Duration::from_hours(24));
        assert_eq!(after_success(time::Duration::days(1), true), Duration::from_mins(144));
        assert_eq!(after_success(time::Duration::minutes(5), false), Duration::from_secs(30));
        assert_eq!(after_success(time::Duration::days(-1), false), Duration::ZERO);
    }

    #[test]
    fn a_pause_ends_when_the_clock_is_set_back() {
        let pause = Pause::new(END, Duration::from_hours(1));
        assert!(!pause.is_over(END) && !pause.is_over(datetime!(2026-04-01 00:59 UTC)));
        assert!(pause.is_over(datetime!(2026-04-01 01:00 UTC)));
        assert!(pause.is_over(BEGIN));
        assert!(!Pause::new(END, Duration::MAX).is_over(datetime!(9999-01-01 00:00 UTC)));
    }
}
