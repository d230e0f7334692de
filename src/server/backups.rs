//! The daily backup.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use time::PrimitiveDateTime;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::backup;
use crate::backup::BackupError;
use crate::backup::Made;
use crate::backup::Wish;
use crate::clock::Clock;
use crate::clock::from_kst;
use crate::clock::to_kst;
use crate::config::Config;
use crate::config::DailyTime;
use crate::domain::Timestamp;
use crate::telemetry::Kind;
use crate::telemetry::Metrics;
use crate::telemetry::chain;

/// How often the clock is looked at: it may be set, and a machine may sleep.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
const DAY_MS: i64 = 86_400_000;

/// Makes a backup each day.
pub(super) struct Backups {
    config: Config,
    clock: Clock,
    figures: Arc<Figures>,
}

/// What is told of the backups.
#[derive(Default)]
struct Figures {
    failures: AtomicU64,
    /// Unix time of the newest in seconds; 0 as long as none is known.
    last_success: AtomicI64,
}

impl Backups {
    /// Knows the newest backup that is there, and tells at once, rather than at night, when none could be made.
    pub(super) fn new(config: Config, clock: Clock, metrics: &Metrics) -> Self {
        let figures = Arc::<Figures>::default();
        let folder = config.server.resolve(&config.backup.folder);
        if config.backup.schedule.is_some()
            && let Err(error) = backup::try_folder(&folder)
        {
            tracing::error!(error = %chain(&error), "backups cannot be made");
        }
        match backup::newest(&folder) {
            Ok(Some(at)) => figures.last_success.store(at.unix_timestamp(), Ordering::Relaxed),
            Ok(None) => {}
            Err(error) => tracing::warn!(error = %chain(&error), "it is not known when the last backup was made"),
        }
        let told = Arc::clone(&figures);
        metrics.register("backup_failures", "Daily backups that were not made.", Kind::Counter, move |samples| {
            samples.add(&[], told.failures.load(Ordering::Relaxed));
        });
        let told = Arc::clone(&figures);
        let help = "Unix time of the last backup that was made.";
        metrics.register("backup_last_success_timestamp_seconds", help, Kind::Gauge, move |samples| {
            if let Ok(at @ 1..) = u64::try_from(told.last_success.load(Ordering::Relaxed)) {
                samples.add(&[], at);
            }
        });
        Self { config, clock, figures }
    }

    /// Makes one each day at this time, until shutdown, which also ends one that is being made.
    pub(super) async fn make_daily(self, at: DailyTime, shutdown: CancellationToken) {
        let backups = Arc::new(self);
        let mut due = next_after(backups.clock.now(), at);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(LOOK_INTERVAL) => {}
            }
            let now = backups.clock.now();
            if now < due {
                // The clock may have been set back.
                due = due.min(next_after(now, at));
                continue;
            }
            let (making, cancelled) = (Arc::clone(&backups), shutdown.clone());
            // Not on a thread that serves customers: it compresses, and waits for the disk.
            let made = tokio::task::spawn_blocking(move || making.make(&Handle::current(), &cancelled)).await;
            backups.tell(made.unwrap_or(Err(BackupError::Panicked)), now);
            due = next_after(backups.clock.now(), at);
        }
    }

    fn make(&self, handle: &Handle, cancelled: &CancellationToken) -> Result<Made, BackupError> {
        let Self { config, clock, .. } = self;
        let folder = config.server.resolve(&config.backup.folder);
        let recipient = config.backup.recipient.as_ref();
        let wish = Wish { config, clock, handle, cancelled, recipient, with_secrets: false };
        let made = backup::create_in(&wish, &folder, &mut |_, _| ())?;
        match backup::retain(&folder, config.backup.keep, &made.path) {
            Ok(removed) if removed.is_empty() => {}
            Ok(removed) => tracing::info!(count = removed.len(), "old backups were removed"),
            Err(error) => tracing::warn!(error = %chain(&error), "old backups were not removed"),
        }
        Ok(made)
    }

    fn tell(&self, outcome: Result<Made, BackupError>, began: Timestamp) {
        match outcome {
            Ok(made) => {
                self.figures.last_success.store(began.unix_ms() / 1000, Ordering::Relaxed);
                tracing::info!(file = %made.path.display(), bytes = made.bytes, "a backup was made");
            }
            Err(BackupError::Interrupted) => tracing::warn!("no backup was made, since the server is shutting down"),
            Err(error) => {
                self.figures.failures.fetch_add(1, Ordering::Relaxed);
                tracing::error!(error = %chain(&error), "no backup was made");
            }
        }
    }
}

/// The next time that Korea's wall clock shows this.
fn next_after(now: Timestamp, at: DailyTime) -> Timestamp {
    let today = from_kst(PrimitiveDateTime::new(to_kst(now).date(), at.get()));
    if today > now { today } else { Timestamp::from_unix_ms(today.unix_ms() + DAY_MS) }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_next_one_is_later_today_or_tomorrow() {
        let at = DailyTime::parse("02:30").unwrap();
        for (now, next) in [
            (datetime!(2026-11-29 02:29:59), datetime!(2026-11-29 02:30)),
            (datetime!(2026-11-29 02:30), datetime!(2026-11-30 02:30)),
            (datetime!(2026-11-29 23:59), datetime!(2026-11-30 02:30)),
            (datetime!(2026-12-31 02:31), datetime!(2027-01-01 02:30)),
            (datetime!(2026-11-29 00:00), datetime!(2026-11-29 02:30)),
        ] {
            assert_eq!(next_after(from_kst(now), at), from_kst(next), "{now}");
        }
    }
}
