//! What is kept for a time only is deleted when its time is over.

use std::time::Duration;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Retention;
use crate::config::format_duration;
use crate::domain::Timestamp;
use crate::store::Expired;
use crate::store::Expiry;
use crate::store::Result;
use crate::store::Store;
use crate::telemetry::chain;

/// After a start, customers come first.
const DELAY_MAX: Duration = Duration::from_mins(5);
/// Between two transactions, so that customers' messages have the database for the most part.
const PAUSE: Duration = Duration::from_millis(200);
/// A clock that has gone this much faster or slower than time itself has been set.
const JUMP: Duration = Duration::from_hours(24);

/// What has had its time now.
pub fn expiry(periods: &Retention, now: Timestamp) -> Expiry {
    let before = |period: Option<Duration>| period.map(|period| now.minus(period));
    Expiry { conversations: before(periods.conversations), audit: before(periods.audit) }
}

/// Deletes all that has had its time; how much it was. What was deleted before an error stays deleted, and is recorded.
///
/// # Errors
/// When the database refuses.
pub async fn delete_expired(store: &Store, periods: &Retention, now: Timestamp) -> Result<Expired> {
    let mut deleted = Expired::default();
    loop {
        let some = store.retention().delete_some(expiry(periods, now), now).await?;
        if some.is_nothing() {
            return Ok(deleted);
        }
        deleted += some;
        tokio::time::sleep(PAUSE).await;
    }
}

/// How much it was, for a person.
pub fn summary(deleted: Expired) -> String {
    let Expired { conversations, messages, decisions, model_runs, audit_entries } = deleted;
    format!(
        "{conversations} conversations with {messages} messages, {decisions} reasons of answers, {model_runs} requests to models, \
         {audit_entries} lines of the audit trail"
    )
}

/// Deletes what has had its time every `interval`, until shutdown, unless the clock is in doubt: nothing brings back what a wrong clock
/// deleted. A failure is logged and tried again.
pub(super) async fn keep(store: Store, periods: Retention, clock: Clock, shutdown: CancellationToken) {
    let Some(shortest) = periods.conversations.into_iter().chain(periods.audit).min() else { return };
    let (started, began) = (clock.now(), Instant::now());
    let mut wait = periods.interval.min(DELAY_MAX);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        wait = periods.interval;
        let now = clock.now();
        let stored = match store.retention().last_stored().await {
            Ok(stored) => stored,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "what has had its time was not looked for");
                continue;
            }
        };
        if let Some(doubt) = doubt(&stored, now, shortest).or_else(|| jump(started, now, began.elapsed())) {
            tracing::warn!(
                doubt,
                "nothing is deleted by [retention], since the clock may be wrong, or was; look at the clock, and if it is right, run \
                 `bank-aicc retention run`"
            );
            continue;
        }
        match delete_expired(&store, &periods, now).await {
            Ok(deleted) if deleted.is_nothing() => {}
            Ok(deleted) => tracing::info!(deleted = summary(deleted), "what had had its time was deleted"),
            Err(error) => tracing::warn!(error = %chain(&error), "what has had its time was not deleted"),
        }
    }
}

/// Nobody has written for half of the shortest period, or somebody will in the future, or so long passed between two messages: rather the
/// clock is wrong, or was. `stored` says when the last messages were, newest first.
fn doubt(stored: &[Timestamp], now: Timestamp, shortest: Duration) -> Option<String> {
    let newest = *stored.first()?;
    let half = format_duration(shortest / 2);
    if newest < now.minus(shortest / 2) {
        return Some(format!("the newest message is more than {half} old"));
    }
    if newest > now.plus(JUMP) {
        return Some("the newest message is of a day to come".to_owned());
    }
    let is_gap = stored.windows(2).any(|pair| pair[1] < pair[0].minus(shortest / 2));
    is_gap.then(|| format!("more than {half} lie between two of the last messages"))
}

/// The clock was set while the program ran.
fn jump(started: Timestamp, now: Timestamp, elapsed: Duration) -> Option<String> {
    let expected = started.plus(elapsed);
    let is_far = now > expected.plus(JUMP) || now < expected.minus(JUMP);
    is_far.then(|| "it was set by more than a day while the program ran".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn day(number: u32) -> Timestamp {
        Timestamp::from_unix_ms(0).plus(DAY * number)
    }

    #[test]
    fn a_clock_is_doubted_when_nobody_seems_to_have_written_for_long() {
        let doubted = |days: &[u32]| {
            let stored: Vec<_> = days.iter().map(|number| day(*number)).collect();
            doubt(&stored, day(1000), DAY * 100).is_some()
        };
        assert!(!doubted(&[]));
        assert!(!doubted(&[1000]));
        assert!(!doubted(&[951, 940]));
        assert!(doubted(&[949]));
        assert!(doubted(&[1002]));
        // The clock was ahead when the newest message came, and nobody was there for so long before.
        assert!(doubted(&[1000, 999, 940, 939]));
        assert!(!doubted(&[1000, 999, 951, 950]));
    }

    #[test]
    fn a_clock_is_doubted_when_it_was_set() {
        assert_eq!(jump(day(10), day(12), DAY * 2), None);
        assert!(jump(day(10), day(400), DAY * 2).is_some());
        assert!(jump(day(10), day(10), DAY * 2).is_some());
    }
}
