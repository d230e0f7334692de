//! Chat over WebSocket (wire contract §4, design §4).
//!
//! One task serves one connection: turns run one after the other in the order they came, everything else (pings,
//! events of the conversation, going down) is dealt with at once. An idle connection holds two kilobytes of buffer.

mod connection;
mod echo;
mod frames;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::extract::Request;
use axum::extract::State;
use axum::extract::ws::WebSocket;
use axum::extract::ws::WebSocketUpgrade;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::any;

use crate::api::AppState;
use crate::api::auth::Customer;
use crate::api::conventions;
use crate::api::error::ApiError;
use crate::api::validation::Query;
use crate::domain::MessageId;
use crate::domain::SessionId;
use crate::edge::InUse;

use connection::Connection;

/// Read buffer of a connection. The library's default of 128 KiB would be most of what an idle customer costs.
const READ_BUFFER_BYTES: usize = 1024;
/// What may wait to be sent before the connection is given up.
const WRITE_BUFFER_BYTES_MAX: usize = 1024 * 1024;
/// Sessions of this name are agents' dashboards (wire contract §4).
const DASHBOARD_PREFIX: &str = "consultant_dashboard";

/// What a connection listens to.
enum Purpose {
    /// A customer's conversation, from this message on if he has been here before.
    Conversation { resume_after: Option<MessageId> },
    /// The hand-over reports of all conversations.
    Dashboard,
}

/// Opens a WebSocket, or refuses with 403 before the upgrade.
pub async fn connect(State(state): State<AppState>, request: Request) -> Response {
    if !conventions::is_upgrade(&request) {
        return ApiError::NotFound.into_response();
    }
    let (mut parts, _) = request.into_parts();
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &state).await else {
        return conventions::refused_upgrade();
    };
    // Existing clients know 403 for whatever keeps a WebSocket from opening, but an outage is no refusal.
    let Customer(id) = match Customer::from_request_parts(&mut parts, &state).await {
        Ok(customer) => customer,
        Err(error @ ApiError::Chat(_)) => return error.into_response(),
        Err(_) => return conventions::refused_upgrade(),
    };
    let resume_after = match resume_after(&mut parts, &state).await {
        Ok(resume_after) => resume_after,
        Err(error) => return error.into_response(),
    };
    let purpose = if is_dashboard(&id) { Purpose::Dashboard } else { Purpose::Conversation { resume_after } };
    upgraded(&state.clone(), &parts, upgrade, move |socket| async move {
        Box::pin(Connection::new(state, id, purpose).run(socket)).await;
    })
}

/// For suites that test the protocol, if wanted: a WebSocket that says back what it hears, under the limits of all others.
pub fn echo_route(is_wanted: bool) -> Router<AppState> {
    if is_wanted { Router::new().route("/__echo", any(echo)) } else { Router::new() }
}

async fn echo(State(state): State<AppState>, upgrade: WebSocketUpgrade, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let limits = state.settings.limits.clone();
    upgraded(&state, &parts, upgrade, move |socket| async move { echo::run(socket, &limits).await })
}

/// Completes the upgrade, and serves the socket until it closes. The server waits for it, and counts its connection.
fn upgraded<F>(
    state: &AppState,
    parts: &Parts,
    upgrade: WebSocketUpgrade,
    serve: impl FnOnce(WebSocket) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    let in_use = InUse::of(&parts.extensions);
    let (tracker, sockets_open) = (state.tracker.clone(), state.sockets_open.clone());
    let frame_bytes_max = state.settings.limits.socket_frame_bytes_max.as_usize();
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX.max(frame_bytes_max))
        .max_message_size(frame_bytes_max)
        .max_frame_size(frame_bytes_max)
        .on_upgrade(move |socket| async move {
            let _token = tracker.token();
            let _in_use = in_use;
            let _counted = sockets_open.hold();
            serve(socket).await;
        })
}

async fn resume_after(parts: &mut Parts, state: &AppState) -> Result<Option<MessageId>, ApiError> {
    let mut query = Query::from_request_parts(parts, state).await?;
    let after = query.integer("after_id");
    query.finish()?;
    Ok(after.map(MessageId::new))
}

fn is_dashboard(id: &SessionId) -> bool {
    id.as_str().starts_with(DASHBOARD_PREFIX)
}
