//! What happens by the clock rather than by request.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::chat::Chat;
use crate::telemetry::chain;

/// Marks silent conversations inactive every `interval`, until shutdown. A failure is logged and tried again.
pub(super) async fn sweep_silent(chat: Chat, interval: Duration, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(interval) => {}
        }
        match chat.sweep_silent().await {
            Ok(0) => {}
            Ok(sessions) => tracing::info!(sessions, "silent conversations became inactive"),
            Err(error) => {
                tracing::warn!(error = %chain(&error), "silent conversations were not looked for");
            }
        }
    }
}
