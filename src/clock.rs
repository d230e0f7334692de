//! The one source of time. Nothing else in the crate asks the system what time it is.
//!
//! Tests move the clock instead of waiting: [`Clock::manual`] stands still until [`Clock::advance`].

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use time::OffsetDateTime;
use time::UtcOffset;
use time::macros::offset;

use crate::domain::Timestamp;

/// Korea has one offset and no summer time.
const KST: UtcOffset = offset!(+9);

/// A handle on the time. Clones show the same time.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    manual_unix_ms: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `start` until it is moved.
    pub fn manual(start: Timestamp) -> Self {
        Self { manual_unix_ms: Some(Arc::new(AtomicI64::new(start.unix_ms()))) }
    }

    /// A clock that stands at noon of a day in Korea.
    pub fn noon_of(day: time::Date) -> Self {
        Self::manual(from_kst(time::PrimitiveDateTime::new(day, time::macros::time!(12:00))))
    }

    /// Moves a manual clock forward; the system's clock moves by itself.
    pub fn advance(&self, span: Duration) {
        if let Some(unix_ms) = &self.manual_unix_ms {
            unix_ms.fetch_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
        }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &self.manual_unix_ms {
            Some(unix_ms) => Timestamp::from_unix_ms(unix_ms.load(Ordering::Relaxed)),
            None => {
                let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_unix_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
            }
        }
    }

    /// The time now in UTC, to the second, as certificates and logs tell it.
    pub fn now_utc(&self) -> OffsetDateTime {
        to_utc(self.now())
    }

    /// The time now on Korea's wall clock.
    pub fn now_in_korea(&self) -> OffsetDateTime {
        to_kst(self.now())
    }

    /// When today began in Korea.
    pub fn start_of_today_in_korea(&self) -> Timestamp {
        let since_midnight = self.now_in_korea().time() - time::Time::MIDNIGHT;
        self.now().minus(since_midnight.unsigned_abs())
    }

    /// Today's date in Korea, on which documents take effect and expire.
    pub fn today_in_korea(&self) -> time::Date {
        self.now_in_korea().date()
    }
}

/// A point in time as Korea's wall clock shows it.
pub fn to_kst(at: Timestamp) -> OffsetDateTime {
    to_utc(at).to_offset(KST)
}

/// The point in time at which Korea's wall clock shows this.
pub fn from_kst(shown: time::PrimitiveDateTime) -> Timestamp {
    Timestamp::from_unix_ms(shown.assume_offset(KST).unix_timestamp() * 1000)
}

/// A point in time in UTC, to the second.
pub fn to_utc(at: Timestamp) -> OffsetDateTime {
    let seconds = at.unix_ms().div_euclid(1000);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korea_is_nine_hours_ahead() {
        // 2026-12-31T15:00:00Z is New Year's midnight in Seoul.
        let midnight = Timestamp::from_unix_ms(1_798_729_200_000);
        assert_eq!(to_kst(midnight).to_string(), "2027-01-01 0:00:00.0 +09:00:00");
        let clock = Clock::manual(Timestamp::from_unix_ms(midnight.unix_ms() - 1));
        assert_eq!(clock.today_in_korea().year(), 2026);
        clock.advance(Duration::from_millis(1));
        assert_eq!(clock.today_in_korea().year(), 2027);
    }
}
