//! A socket that says back what it hears.

use axum::extract::ws::Message as Frame;
use axum::extract::ws::WebSocket;

use crate::config::ApiLimits;

/// Until the client closes, is silent for too long, or does not take what it is sent.
pub(super) async fn run(mut socket: WebSocket, limits: &ApiLimits) {
    while let Ok(Some(Ok(frame))) = tokio::time::timeout(limits.socket_idle_timeout, socket.recv()).await {
        match frame {
            Frame::Text(_) | Frame::Binary(_) => {
                let sent = tokio::time::timeout(limits.socket_send_timeout, socket.send(frame)).await;
                if !matches!(sent, Ok(Ok(()))) {
                    return;
                }
            }
            // The library answers these by itself.
            Frame::Ping(_) | Frame::Pong(_) | Frame::Close(_) => {}
        }
    }
}
