//! The hand-over report over HTTP (wire contract §5).

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::AppState;
use crate::api::auth::Credentials;
use crate::api::chat::parse_session_id;
use crate::api::error::ApiError;
use crate::api::shapes::Analysis;
use crate::api::validation::JsonBody;
use crate::api::validation::require_text;
use crate::chat::ChatError;

/// Which conversation to sum up, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportRequest {
    session_id: String,
    trigger_reason: String,
}

/// Sums up a conversation for an agent.
#[utoipa::path(post, path = "/api/v1/handover/analyze", tag = "handover", request_body = ReportRequest, responses(
    (status = 200, body = Analysis), (status = 400), (status = 401), (status = 404), (status = 422)))]
pub async fn analyze(
    State(state): State<AppState>,
    credentials: Credentials,
    body: JsonBody,
) -> Result<Json<Analysis>, ApiError> {
    let mut fields = body.required()?;
    let session_id = fields.string("session_id");
    let trigger_reason = fields.string("trigger_reason");
    fields.finish()?;
    require_text("session_id", "는", &session_id)?;
    require_text("trigger_reason", "은", &trigger_reason)?;
    let id = parse_session_id(&session_id)?;
    credentials.admit(&state, &id).await?;
    let report = match state.chat.analyze(&id).await {
        // Existing clients are told to start chatting first, whatever the reason that there is nothing.
        Err(ChatError::UnknownSession(id)) => return Err(ChatError::NoConversation(id).into()),
        report => report?,
    };
    Ok(Json(Analysis { status: "success", analysis_result: report.into() }))
}

/// Sums up a conversation for an agent; another name of the same.
#[utoipa::path(post, path = "/api/v1/handover/request", tag = "handover", request_body = ReportRequest, responses(
    (status = 200, body = Analysis), (status = 400), (status = 401), (status = 404), (status = 422)))]
pub async fn request(
    state: State<AppState>,
    credentials: Credentials,
    body: JsonBody,
) -> Result<Json<Analysis>, ApiError> {
    analyze(state, credentials, body).await
}
