//! What customers say about the service: whether an answer helped, and that they saw who answers.

use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::AppState;
use crate::api::auth::Customer;
use crate::api::error::ApiError;
use crate::api::validation::JsonBody;
use crate::domain::Author;
use crate::domain::FeedbackReason;
use crate::domain::MessageId;
use crate::store::Feedback;
use crate::text::pii;

/// Longest comment, in characters.
const COMMENT_CHARS_MAX: usize = 500;
/// Longest name of a notice's text, in bytes.
const VERSION_BYTES_MAX: usize = 32;

/// What a customer thinks of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewFeedback {
    /// It helped.
    useful: bool,
    /// Why not: `wrong`, `incomplete`, `unclear` or `other`.
    reason: Option<String>,
    /// In his own words, at most 500 characters; personal data is masked.
    comment: Option<String>,
}

/// Which text of the AI notice was seen.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeenNotice {
    /// As the greeting gave it.
    version: String,
}

/// Keeps what the customer thinks of an answer, instead of what he thought before.
#[utoipa::path(post, path = "/api/v1/sessions/{session_id}/messages/{message_id}/feedback", tag = "sessions",
    request_body = NewFeedback, params(("session_id" = String, Path,), ("message_id" = i64, Path,)),
    responses((status = 204), (status = 401), (status = 404), (status = 422)))]
pub async fn feedback(
    Customer(id): Customer,
    Path((_, message_id)): Path<(String, String)>,
    State(state): State<AppState>,
    body: JsonBody,
) -> Result<StatusCode, ApiError> {
    let mut fields = body.required()?;
    let is_useful = fields.flag("useful");
    let reason = fields.optional_string("reason");
    let comment = fields.optional_string("comment").filter(|comment| !comment.trim().is_empty());
    fields.finish()?;
    let reason = reason.as_deref().map(|reason| FeedbackReason::parse(reason).ok_or(())).transpose();
    let reason = reason.map_err(|()| {
        let known = FeedbackReason::ALL.map(FeedbackReason::as_str).join(", ");
        ApiError::BadRequest {
            code: "unknown_reason", detail: format!("reason은 {known} 가운데 하나여야 합니다.")
        }
    })?;
    if comment.as_ref().is_some_and(|comment| comment.chars().count() > COMMENT_CHARS_MAX) {
        let detail = format!("의견이 너무 깁니다. 최대 {COMMENT_CHARS_MAX}자까지 남기실 수 있습니다.");
        return Err(ApiError::BadRequest { code: "comment_too_long", detail });
    }
    let answer = message_id.parse().map(MessageId::new).map_err(|_| ApiError::NotFound)?;
    state.chat.session(&id).await?;
    let store = state.chat.store();
    let message = store.messages().find(&id, answer).await?;
    if message.is_none_or(|message| message.author != Author::Assistant) {
        return Err(ApiError::NotFound);
    }
    let comment = comment.map(|comment| pii::mask(comment.trim()));
    store.opinions().put(&id, answer, Feedback { is_useful, reason, comment }, state.chat.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps a receipt that the customer was told who answers (AI Basic Act, article 31).
#[utoipa::path(post, path = "/api/v1/sessions/{session_id}/notice", tag = "sessions", request_body = SeenNotice,
    params(("session_id" = String, Path,)), responses((status = 204), (status = 401), (status = 404), (status = 422)))]
pub async fn notice(
    Customer(id): Customer,
    State(state): State<AppState>,
    body: JsonBody,
) -> Result<StatusCode, ApiError> {
    let mut fields = body.required()?;
    let version = fields.string("version");
    fields.finish()?;
    let is_fit = !version.is_empty() && version.len() <= VERSION_BYTES_MAX && version.is_ascii();
    if !is_fit {
        let detail = format!("version은 {VERSION_BYTES_MAX}자 이하의 영문과 숫자여야 합니다.");
        return Err(ApiError::BadRequest { code: "version_invalid", detail });
    }
    state.chat.session(&id).await?;
    state.chat.store().opinions().acknowledge_notice(&id, &version, state.chat.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
