//! Chat over HTTP (wire contract §3).

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::AppState;
use crate::api::answer_stream;
use crate::api::auth::Credentials;
use crate::api::error::ApiError;
use crate::api::shapes::ReplyShape;
use crate::api::validation::JsonBody;
use crate::api::validation::require_text;
use crate::chat::Asker;
use crate::domain::ClientMessageId;
use crate::domain::SessionId;
use crate::knowledge::sentences;

/// A customer's message.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewMessage {
    /// The session; at most 255 characters, without a slash.
    session_id: String,
    /// What the customer says; 2 to 2,000 characters.
    user_message: String,
    /// The client's own name for the message, at most 64 characters. Sent again, it gets the same answer.
    client_message_id: Option<String>,
}

/// Takes one customer message and answers it. With `Accept: text/event-stream` the answer comes as `delta` events and
/// one `response` event.
#[utoipa::path(post, path = "/api/v1/chat/message", tag = "chat", request_body = NewMessage, responses(
    (status = 200, body = ReplyShape), (status = 400), (status = 401), (status = 422), (status = 429), (status = 503)))]
pub async fn post_message(
    State(state): State<AppState>,
    credentials: Credentials,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let mut fields = body.required()?;
    let session_id = fields.string("session_id");
    let user_message = fields.string("user_message");
    let client_message_id = fields.optional_string("client_message_id");
    fields.finish()?;
    require_text("session_id", "는", &session_id)?;
    require_text("user_message", "는", &user_message)?;
    let id = parse_session_id(&session_id)?;
    let client_message_id = client_message_id.as_deref().map(parse_client_message_id).transpose()?;
    credentials.admit(&state, &id).await?;
    let wants_stream = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"));
    if !wants_stream {
        let reply = state.chat.take_turn(&id, &user_message, client_message_id, Asker::default()).await?;
        return Ok(Json(ReplyShape::from(&*reply)).into_response());
    }
    let (tell, progress) = tokio::sync::mpsc::unbounded_channel();
    let asker = Asker { subscription: None, progress: Some(tell) };
    let notice_after = state.processing_notice_after;
    let turn = async move { state.chat.take_turn(&id, &user_message, client_message_id, asker).await };
    answer_stream::respond(Box::pin(turn), progress, notice_after).await
}

/// A session id from a body.
pub fn parse_session_id(text: &str) -> Result<SessionId, ApiError> {
    SessionId::parse(text).map_err(|reason| ApiError::InvalidId { field: "session_id", reason })
}

/// A client's name for its message.
pub fn parse_client_message_id(text: &str) -> Result<ClientMessageId, ApiError> {
    ClientMessageId::parse(text).map_err(|reason| ApiError::InvalidId { field: "client_message_id", reason })
}

/// The parts an answer is shown in while it comes: its sentences, which together are the answer.
pub fn deltas(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    for sentence in sentences(text) {
        let Some(end) = rest.find(sentence).map(|start| start + sentence.len()) else { continue };
        let (part, behind) = rest.split_at(end);
        parts.push(part);
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deltas_together_are_the_answer() {
        for text in
            ["", "한 문장입니다.", "첫 문장입니다. 둘째 문장은 4.5%입니다.\n\n- 목록\n- 둘째\n", "끝에 마침표가 없음"]
        {
            assert_eq!(deltas(text).concat(), text);
        }
    }
}
