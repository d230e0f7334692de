//! The API's description, for programs (`/api/v1/openapi.json`) and for the screens' typed client.

use axum::Json;
use utoipa::OpenApi;

use crate::api::chat;
use crate::api::events;
use crate::api::handover;
use crate::api::health;
use crate::api::sessions;
use crate::api::welcome;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bank AICC",
        description = "AI contact-centre chat of a bank. Errors are `{\"detail\", \"code\", \
        \"request_id\"}`. The chat itself is best used over WebSocket at `/api/v1/chat/ws/{session_id}`."
    ),
    paths(
        health::health,
        health::live,
        health::ready,
        welcome::greeting,
        welcome::document,
        chat::post_message,
        handover::analyze,
        sessions::open,
        sessions::listed_for_agents,
        sessions::closed,
        sessions::messages,
        sessions::all_messages,
        sessions::say_as_agent,
        sessions::say_to_agent,
        events::events,
        sessions::close,
        sessions::handover_status,
        sessions::request_handover,
        sessions::accept,
        sessions::decline,
    )
)]
struct Api;

/// The description as a value.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Api::openapi();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document
}

/// The description.
pub async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}
