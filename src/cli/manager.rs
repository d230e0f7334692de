//! What the service manager is told (sd_notify). Without one that listens, nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;

/// Customers are served.
pub(super) fn tell_ready() {
    tell(&[NotifyState::Ready]);
}

/// The configuration is being read again.
pub(super) fn tell_reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

/// The end has begun.
pub(super) fn tell_stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Says again and again that the program's threads still turn, as often as the manager wants (`WatchdogSec=`).
pub(super) async fn feed_watchdog() {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let mut tick = tokio::time::interval((limit / 3).max(Duration::from_millis(1)));
    loop {
        tick.tick().await;
        tell(&[NotifyState::Watchdog]);
    }
}

fn tell(state: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager could not be told how it stands; see NOTIFY_SOCKET");
    }
}
