//! The API's description, for programs (`/api/v1/openapi.json`) and for the screens' typed client.

use axum::Json;
use axum::http::StatusCode;
use utoipa::OpenApi;
use utoipa::openapi::RefOr;

use crate::api::admin;
use crate::api::chat;
use crate::api::events;
use crate::api::handover;
use crate::api::health;
use crate::api::opinions;
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
        handover::request,
        sessions::open,
        sessions::listed_for_agents,
        sessions::closed,
        sessions::messages,
        sessions::all_messages,
        sessions::say_as_agent,
        sessions::say_to_agent,
        events::events,
        opinions::feedback,
        opinions::notice,
        sessions::close,
        sessions::handover_status,
        sessions::request_handover,
        sessions::accept,
        sessions::decline,
        admin::model,
        admin::switch_model,
        admin::audit,
        admin::runs,
    )
)]
struct Api;

/// The description as a value.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Api::openapi();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let operations = document
        .paths
        .paths
        .values_mut()
        .flat_map(|path| [path.get.as_mut(), path.post.as_mut(), path.put.as_mut()])
        .flatten();
    for (status, response) in operations.flat_map(|operation| &mut operation.responses.responses) {
        // OpenAPI 3.1 asks for a description of every response; the status says all there is to say.
        if let RefOr::T(response) = response
            && response.description.is_empty()
            && let Some(reason) = status.parse().ok().and_then(|status: StatusCode| status.canonical_reason())
        {
            response.description = reason.to_owned();
        }
    }
    document
}

/// The description.
pub async fn openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}
