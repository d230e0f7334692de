//! Sessions: opening one (design D11), and what agents and customers do with it (wire contract §6).

use axum::Json;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::AppendHeaders;
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::AppState;
use crate::api::auth;
use crate::api::auth::Agent;
use crate::api::auth::Customer;
use crate::api::error::ApiError;
use crate::api::shapes::Done;
use crate::api::shapes::HandoverShape;
use crate::api::shapes::MessageShape;
use crate::api::shapes::MessageStored;
use crate::api::shapes::SessionShape;
use crate::api::shapes::wall_clock;
use crate::api::signature::SignedCustomer;
use crate::api::validation::Fields;
use crate::api::validation::JsonBody;
use crate::api::validation::Query;
use crate::chat::Chat;
use crate::config::CookieSecure;
use crate::domain::Activity;
use crate::domain::AgentId;
use crate::domain::AgentName;
use crate::domain::Attendant;
use crate::domain::HandoverStatus;
use crate::domain::Message;
use crate::domain::MessageId;
use crate::domain::Session;
use crate::domain::SessionId;
use crate::domain::Stage;
use crate::edge::IsSecure;
use crate::store::Store;

/// How long a browser keeps the session cookie, in seconds: a month.
const COOKIE_MAX_AGE: u32 = 30 * 24 * 60 * 60;
/// Most sessions in one list.
const LIST_MAX: u32 = 1_000;
/// Largest text of a message between customer and agent, in bytes of UTF-8 (wire contract §6).
const TEXT_BYTES_MAX: usize = 65_535;

/// How a session is opened.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewSession {
    /// The chat is shown in a frame on another site's page.
    #[schema(required = false)]
    embedded: bool,
    /// Who the bank's page says the customer is. Kept if its signature is the bank's; a session is not opened on a wrong one.
    #[schema(required = false)]
    customer: Option<SignedCustomer>,
}

/// A new session.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenedSession {
    /// The session's id.
    session_id: String,
    /// Proves who opened it: `Authorization: Bearer …`. Shown this once; browsers get it as a cookie as well.
    token: String,
    created_at: String,
}

/// A text.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewText {
    message: String,
}

/// Who takes the conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Acceptance {
    agent_id: Option<String>,
    /// What the customer is told of who it is, at most 40 characters.
    agent_name: Option<String>,
}

/// Opens a session for this client alone.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "sessions", request_body = Option<NewSession>,
    responses((status = 201, body = OpenedSession), (status = 400), (status = 403), (status = 422)))]
pub async fn open(
    State(state): State<AppState>,
    is_secure: IsSecure,
    body: JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    let mut fields = body.optional();
    let is_embedded = fields.optional_flag("embedded");
    let customer = fields.optional_object("customer", |fields| SignedCustomer {
        reference: fields.string("reference"),
        signature: fields.string("signature"),
    });
    fields.finish()?;
    let customer = customer.map(|customer| customer.checked(state.web.customer_key.as_ref())).transpose()?.flatten();
    let text = format!("s_{}", Uuid::now_v7().simple());
    let id = SessionId::parse(&text).map_err(|reason| ApiError::InvalidId { field: "session_id", reason })?;
    let (token, hash) = Chat::new_token();
    let session = state.chat.open(id, hash, customer).await?;
    let cookie = cookie(&state, &session.id, token.reveal(), is_embedded, is_secure);
    let opened = OpenedSession {
        session_id: session.id.to_string(),
        token: token.reveal().to_owned(),
        created_at: wall_clock(session.created_at),
    };
    let headers =
        AppendHeaders([(header::SET_COOKIE, cookie), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))]);
    Ok((StatusCode::CREATED, headers, Json(opened)))
}

/// Active conversations that wait for an agent, or have one.
#[utoipa::path(get, path = "/api/v1/sessions/handover", tag = "sessions", responses(
    (status = 200, body = [SessionShape]), (status = 403)))]
pub async fn listed_for_agents(_: Agent, State(state): State<AppState>) -> Result<Json<Vec<SessionShape>>, ApiError> {
    Ok(Json(shown(state.chat.store().sessions().listed_for_agents(LIST_MAX).await?)))
}

/// Conversations that are over, latest first.
#[utoipa::path(get, path = "/api/v1/sessions/closed", tag = "sessions", responses(
    (status = 200, body = [SessionShape]), (status = 403)))]
pub async fn closed(_: Agent, State(state): State<AppState>) -> Result<Json<Vec<SessionShape>>, ApiError> {
    Ok(Json(shown(state.chat.store().sessions().closed(LIST_MAX).await?)))
}

/// Messages of a session. `after_id` leaves out what is known, `after_handover` what was before the hand-over.
#[utoipa::path(get, path = "/api/v1/sessions/{session_id}/messages", tag = "sessions",
    params(("session_id" = String, Path,), ("after_id" = Option<i64>, Query,), ("after_handover" = Option<bool>, Query,)),
    responses((status = 200, body = [MessageShape]), (status = 401), (status = 404), (status = 422)))]
pub async fn messages(
    Customer(id): Customer,
    mut query: Query,
    State(state): State<AppState>,
) -> Result<Json<Vec<MessageShape>>, ApiError> {
    let after_id = query.integer("after_id").unwrap_or(0);
    let after_handover = query.flag("after_handover");
    query.finish()?;
    let store = state.chat.store();
    state.chat.session(&id).await?;
    let mut after = MessageId::new(after_id);
    if after_handover {
        after = after.max(store.messages().last_handover(&id).await?.unwrap_or(after));
    }
    Ok(Json(all_after(store, &state, &id, after).await?))
}

/// All messages of a session.
#[utoipa::path(get, path = "/api/v1/sessions/{session_id}/all-messages", tag = "sessions",
    params(("session_id" = String, Path,)),
    responses((status = 200, body = [MessageShape]), (status = 401), (status = 404)))]
pub async fn all_messages(
    Customer(id): Customer,
    State(state): State<AppState>,
) -> Result<Json<Vec<MessageShape>>, ApiError> {
    state.chat.session(&id).await?;
    Ok(Json(all_after(state.chat.store(), &state, &id, MessageId::new(0)).await?))
}

/// An agent writes to the customer.
#[utoipa::path(post, path = "/api/v1/sessions/{session_id}/messages", tag = "sessions", request_body = NewText,
    params(("session_id" = String, Path,)),
    responses((status = 200, body = MessageStored), (status = 403), (status = 404), (status = 422)))]
pub async fn say_as_agent(
    _: Agent,
    Customer(id): Customer,
    State(state): State<AppState>,
    body: JsonBody,
) -> Result<Json<MessageStored>, ApiError> {
    let text = text(body.required()?)?;
    Ok(Json(stored(&state.chat.say_as_agent(&id, &text).await?)))
}

/// The customer writes to the agent; the assistant is not asked.
#[utoipa::path(post, path = "/api/v1/sessions/{session_id}/customer-message", tag = "sessions", request_body = NewText,
    params(("session_id" = String, Path,)),
    responses((status = 200, body = MessageStored), (status = 401), (status = 404), (status = 422)))]
pub async fn say_to_agent(
    Customer(id): Customer,
    State(state): State<AppState>,
    body: JsonBody,
) -> Result<Json<MessageStored>, ApiError> {
    let text = text(body.required()?)?;
    Ok(Json(stored(&state.chat.say_to_agent(&id, &text).await?)))
}

/// Ends a session. Ending it again changes nothing.
#[utoipa::path(post, path = "/api/v1/sessions/{session_id}/close", tag = "sessions",
    params(("session_id" = String, Path,)), responses((status = 200, body = Done), (status = 401), (status = 404)))]
pub async fn close(Customer(id): Customer, State(state): State<AppState>) -> Result<Json<Done>, ApiError> {
    state.chat.close(&id).await?;
    Ok(Json(Done { success: true, message: "세션이 종료되었습니다.", handover_status: None }))
}

/// Where the hand-over stands.
#[utoipa::path(get, path = "/api/v1/sessions/{session_id}/handover-status", tag = "sessions",
    params(("session_id" = String, Path,)),
    responses((status = 200, body = HandoverShape), (status = 401), (status = 404)))]
pub async fn handover_status(
    Customer(id): Customer,
    State(state): State<AppState>,
) -> Result<Json<HandoverShape>, ApiError> {
    let session = state.chat.session(&id).await?;
    let waits_since = match session.handover.status() {
        Some(HandoverStatus::Pending) if session.stage == Stage::Queued => session.handover.requested_at(),
        Some(_) | None => None,
    };
    let place = match waits_since {
        Some(since) => Some(state.chat.store().sessions().waiting_before(since).await? + 1),
        None => None,
    };
    Ok(Json(HandoverShape::new(&id, &session.handover).asked(place, session.activity == Activity::Closed)))
}

/// Asks for an agent at once.
#[utoipa::path(post, path = "/api/v1/sessions/{session_id}/request-handover", tag = "sessions",
    params(("session_id" = String, Path,)), responses((status = 200, body = Done), (status = 401), (status = 404)))]
pub async fn request_handover(Customer(id): Customer, State(state): State<AppState>) -> Result<Json<Done>, ApiError> {
    Ok(done("상담원 연결이 요청되었습니다.", &state.chat.request_handover(&id).await?))
}

/// An agent takes the conversation.
#[utoipa::path(post, path = "/api/v1/sessions/{session_id}/accept", tag = "sessions",
    request_body = Option<Acceptance>, params(("session_id" = String, Path,)),
    responses((status = 200, body = Done), (status = 403), (status = 404), (status = 409), (status = 422)))]
pub async fn accept(
    _: Agent,
    Customer(id): Customer,
    State(state): State<AppState>,
    body: JsonBody,
) -> Result<Json<Done>, ApiError> {
    let mut fields = body.optional();
    let (agent_id, agent_name) = (fields.optional_string("agent_id"), fields.optional_string("agent_name"));
    fields.finish()?;
    let agent_id = agent_id.as_deref().map(AgentId::parse).transpose();
    let agent_id = agent_id.map_err(|reason| ApiError::InvalidId { field: "agent_id", reason })?;
    let agent_name = agent_name.as_deref().map(AgentName::parse).transpose();
    let agent_name = agent_name.map_err(|reason| ApiError::InvalidId { field: "agent_name", reason })?;
    let agent = Attendant { id: agent_id.map(AgentId::into_string), name: agent_name.map(AgentName::into_string) };
    let agent = (agent != Attendant::default()).then_some(agent);
    Ok(done("상담을 수락했습니다.", &state.chat.accept(&id, agent).await?))
}

/// The agent gives the conversation back.
#[utoipa::path(post, path = "/api/v1/sessions/{session_id}/decline", tag = "sessions",
    params(("session_id" = String, Path,)), responses((status = 200, body = Done), (status = 403), (status = 404)))]
pub async fn decline(_: Agent, Customer(id): Customer, State(state): State<AppState>) -> Result<Json<Done>, ApiError> {
    Ok(done("상담을 대기 상태로 되돌렸습니다.", &state.chat.decline(&id).await?))
}

/// Until agents log in, those who are served as agents see what existing clients may use: sessions without a token.
fn shown(sessions: Vec<Session>) -> Vec<SessionShape> {
    sessions.into_iter().filter(|session| session.token_hash.is_none()).map(SessionShape::from).collect()
}

async fn all_after(
    store: &Store,
    state: &AppState,
    id: &SessionId,
    mut after: MessageId,
) -> Result<Vec<MessageShape>, ApiError> {
    // The contract has no paging here; the store is read in portions all the same.
    let portion = state.settings.limits.messages_page_max;
    let mut all = Vec::new();
    loop {
        let messages = store.messages().after(id, after, portion).await?;
        let is_last = messages.len() < portion as usize;
        after = messages.last().map_or(after, |message| message.id);
        all.extend(messages.into_iter().map(MessageShape::from));
        if is_last {
            break;
        }
    }
    let opinions = store.opinions().of(id).await?;
    if opinions.is_empty() {
        return Ok(all);
    }
    Ok(all.into_iter().map(|message| message.with_feedback(|id| opinions.get(&id).copied())).collect())
}

fn text(mut fields: Fields) -> Result<String, ApiError> {
    let text = fields.string("message");
    fields.finish()?;
    if text.len() > TEXT_BYTES_MAX {
        let detail = format!("메시지가 너무 깁니다. 최대 {TEXT_BYTES_MAX}바이트까지 보낼 수 있습니다.");
        return Err(ApiError::BadRequest { code: "text_too_long", detail });
    }
    Ok(text)
}

fn stored(message: &Message) -> MessageStored {
    MessageStored { success: true, message_id: message.id.get(), created_at: wall_clock(message.created_at) }
}

fn done(message: &'static str, session: &Session) -> Json<Done> {
    Json(Done { success: true, message, handover_status: session.handover.status() })
}

fn cookie(state: &AppState, id: &SessionId, token: &str, is_embedded: bool, came: IsSecure) -> HeaderValue {
    let is_tls = || state.settings.public_url.as_ref().is_some_and(|url| url.as_str().starts_with("https:"));
    let is_secure = match state.settings.session_cookie_secure {
        CookieSecure::Always => true,
        CookieSecure::Never => false,
        CookieSecure::Auto => came == IsSecure(true) || is_tls(),
    };
    // In a frame on another site only a cookie of that very pair of sites is kept, and only over TLS.
    let scope = match (is_secure, is_embedded && !state.web.embed_origins.is_empty()) {
        (true, true) => "SameSite=None; Partitioned; Secure",
        (true, false) => "SameSite=Strict; Secure",
        (false, _) => "SameSite=Strict",
    };
    let name = auth::COOKIE;
    let cookie = format!("{name}={id}.{token}; Path=/api/v1; HttpOnly; Max-Age={COOKIE_MAX_AGE}; {scope}");
    // Our own ids and tokens are letters and digits.
    HeaderValue::from_str(&cookie).unwrap_or(HeaderValue::from_static(""))
}
