//! From a refusal of the product to a status code and the one error body.

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;

use crate::chat::ChatError;
use crate::domain::InvalidId;
use crate::domain::SessionId;
use crate::edge::Problem;
use crate::store::StoreError;
use crate::telemetry::chain;

/// What a route may refuse with.
#[derive(Debug)]
pub enum ApiError {
    /// What is wrong with each field, in FastAPI's words.
    Validation(Vec<FieldError>),
    /// A required text is blank, or holds what is no text.
    BadRequest {
        /// For programs.
        code: &'static str,
        /// For people.
        detail: String,
    },
    /// An id that cannot be one.
    InvalidId {
        /// The field that holds it.
        field: &'static str,
        /// What is wrong.
        reason: InvalidId,
    },
    /// The session belongs to whoever holds its token, and none was shown.
    TokenRequired,
    /// A token was shown, but it is not this session's.
    TokenWrong,
    /// What the bank's web site is said to have signed, it did not sign.
    SignatureWrong,
    /// Only for agents, and the client is not known to be one.
    AgentsOnly,
    /// Only for administrators, and there are none, or not from there.
    AdminClosed,
    /// The administration API was called without its token.
    AdminTokenRequired,
    /// Its token is another one.
    AdminTokenWrong,
    /// A body that ended early, or whose chunks cannot be read.
    BodyUnread,
    /// A body that was cut because it is too long.
    BodyTooLong,
    /// A body that stood still for too long.
    BodyTooSlow,
    /// Nothing by that name.
    NotFound,
    /// The conversation refused.
    Chat(ChatError),
}

/// One wrong field, as FastAPI describes it (wire contract §1).
#[derive(Debug, Clone)]
pub struct FieldError {
    /// FastAPI's word for what is wrong.
    pub kind: &'static str,
    /// Where: `["body", "user_message"]`.
    pub location: Vec<Value>,
    /// For people.
    pub message: &'static str,
    /// What was found there.
    pub input: Value,
    /// More about it.
    pub context: Option<Value>,
}

impl FieldError {
    fn to_json(&self) -> Value {
        let mut error = json!({"type": self.kind, "loc": self.location, "msg": self.message, "input": self.input});
        if let (Some(context), Some(members)) = (&self.context, error.as_object_mut()) {
            members.insert("ctx".to_owned(), context.clone());
        }
        error
    }
}

impl From<ChatError> for ApiError {
    fn from(error: ChatError) -> Self {
        Self::Chat(error)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::Chat(error.into())
    }
}

impl ApiError {
    /// The refusal as the edge will render it. What is no fault of the client's is logged here, once.
    pub fn into_problem(self) -> Problem {
        match self {
            Self::Validation(errors) => {
                let mut problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", "");
                problem.detail = errors.iter().map(FieldError::to_json).collect();
                problem
            }
            Self::BadRequest { code, detail } => Problem::new(StatusCode::BAD_REQUEST, code, detail),
            Self::InvalidId { field, reason } => {
                let reason = match reason {
                    InvalidId::Empty => "비어 있습니다".to_owned(),
                    InvalidId::TooLong { chars_max } => format!("최대 {chars_max}자까지 사용할 수 있습니다"),
                    InvalidId::Forbidden => "'/'와 제어 문자는 사용할 수 없습니다".to_owned(),
                };
                let code = match field {
                    "session_id" => "invalid_session_id",
                    "agent_id" => "invalid_agent_id",
                    "agent_name" => "invalid_agent_name",
                    "customer.reference" => "invalid_customer_reference",
                    _ => "invalid_client_message_id",
                };
                Problem::new(StatusCode::BAD_REQUEST, code, format!("{field}가 올바르지 않습니다: {reason}."))
            }
            Self::TokenRequired => {
                let detail =
                    "이 세션을 사용하려면 세션 토큰이 필요합니다. POST /api/v1/sessions로 세션을 시작해 주세요.";
                token_required("session_token_required", detail)
            }
            Self::TokenWrong => {
                Problem::new(StatusCode::FORBIDDEN, "session_token_wrong", "세션 토큰이 이 세션의 것이 아닙니다.")
            }
            Self::SignatureWrong => {
                let detail = "customer.signature가 customer.reference의 서명이 아닙니다. web.customer_key_file의 키로 서명했는지 확인해 주세요.";
                Problem::new(StatusCode::FORBIDDEN, "customer_signature_wrong", detail)
            }
            Self::AgentsOnly => Problem::new(StatusCode::FORBIDDEN, "agents_only", "상담원만 사용할 수 있습니다."),
            Self::AdminClosed => {
                let detail =
                    "관리 API는 admin.token_file이 설정되어 있고 admin.networks에 속한 주소에서만 사용할 수 있습니다.";
                Problem::new(StatusCode::FORBIDDEN, "admin_closed", detail)
            }
            Self::AdminTokenRequired => {
                let detail =
                    "관리 API에는 admin.token_file의 토큰이 필요합니다. Authorization: Bearer 헤더로 보내 주세요.";
                token_required("admin_token_required", detail)
            }
            Self::AdminTokenWrong => {
                let detail = "관리 API의 토큰이 admin.token_file의 토큰과 다릅니다.";
                Problem::new(StatusCode::FORBIDDEN, "admin_token_wrong", detail)
            }
            Self::BodyTooSlow => {
                let detail = "the request's body did not come in time; send it again";
                Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", detail)
            }
            Self::BodyUnread => {
                Problem::new(StatusCode::BAD_REQUEST, "bad_request", "요청 본문을 끝까지 읽지 못했습니다.")
            }
            Self::BodyTooLong => {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "요청 본문이 너무 깁니다.")
            }
            Self::NotFound => Problem::new(StatusCode::NOT_FOUND, "not_found", "Not Found"),
            Self::Chat(error) => chat_problem(error),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.into_problem().into_response()
    }
}

fn chat_problem(error: ChatError) -> Problem {
    match error {
        ChatError::UnknownSession(id) => unknown_session(&id),
        ChatError::NoConversation(_) => {
            Problem::new(StatusCode::NOT_FOUND, "no_conversation", "대화 내역이 없습니다. 먼저 대화를 시작해 주세요.")
        }
        ChatError::InvalidText => {
            Problem::new(StatusCode::BAD_REQUEST, "invalid_text", "메시지에 사용할 수 없는 제어 문자가 들어 있습니다.")
        }
        ChatError::RateLimited { retry_after } => {
            let detail = "메시지를 너무 빠르게 보내고 있습니다. 잠시 후 다시 보내 주세요.";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail).retry_after(retry_after)
        }
        ChatError::AlreadyAccepted(_) => {
            Problem::new(StatusCode::CONFLICT, "already_accepted", "이미 다른 상담원이 수락한 상담입니다.")
        }
        ChatError::NotReady => {
            let detail = "상담 지식을 준비하고 있습니다. 잠시 후 다시 시도해 주세요.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", detail).retry_after(Duration::from_secs(1))
        }
        ChatError::Contended => {
            let detail = "같은 세션의 변경이 겹쳤습니다. 잠시 후 다시 시도해 주세요.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "contended", detail).retry_after(Duration::from_secs(1))
        }
        ChatError::Store(error) => {
            tracing::error!(error = %chain(&error), "a request failed in the database");
            let detail = "저장소에 문제가 있어 요청을 처리하지 못했습니다. 잠시 후 다시 시도해 주세요.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, error.code(), detail).retry_after(Duration::from_secs(1))
        }
    }
}

fn unknown_session(id: &SessionId) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "session_not_found", format!("세션을 찾을 수 없습니다: {id}"))
}

/// A request without the token it needs.
fn token_required(code: &'static str, detail: &'static str) -> Problem {
    let mut problem = Problem::new(StatusCode::UNAUTHORIZED, code, detail);
    problem.headers.push((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
    problem
}
