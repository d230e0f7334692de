//! What the service manager is told (sd_notify). Without one that listens, nothing happens.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

use crate::edge::Pulse;

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

/// Says again and again that the program is alive, as often as the manager wants (`WatchdogSec=`), whenever its own sockets
/// answer a request. From `shutdown` on, when they no longer do, as long as its threads turn.
pub(super) async fn feed_watchdog(mut pulse: Pulse, shutdown: CancellationToken) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let pause = (limit / 3).max(Duration::from_millis(1));
    let mut tick = tokio::time::interval(pause);
    let mut is_first = true;
    loop {
        tick.tick().await;
        let answer = shutdown.run_until_cancelled(pulse.beat(pause)).await;
        if is_first && !pulse.has_beaten() {
            tracing::warn!(
                "no socket of this program answers this machine, so the watchdog only sees that its threads turn"
            );
        }
        is_first = false;
        match answer {
            None | Some(Ok(())) => tell(&[NotifyState::Watchdog]),
            Some(Err(silent)) => {
                tracing::error!(silent, "this program does not answer itself; if it stays so, its manager restarts it");
            }
        }
    }
}

fn tell(state: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "the service manager could not be told how it stands; see NOTIFY_SOCKET");
    }
}
