//! The administration API: the language model's switches, and what is recorded of it.

use axum::Json;
use axum::extract::Path;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::AppState;
use crate::api::auth::Admin;
use crate::api::error::ApiError;
use crate::api::validation::JsonBody;
use crate::api::validation::Query;
use crate::chat::EndpointState;
use crate::chat::Model;
use crate::config::LlmBudget;
use crate::domain::SessionId;
use crate::store::AuditEntry;
use crate::store::StoredRun;
use crate::store::Switch;

/// Longest reason and name, in characters.
const TEXT_CHARS_MAX: usize = 140;
const LINES_MAX: u32 = 1_000;

/// How the language model stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelState {
    /// There is a model in the configuration.
    configured: bool,
    /// It may be used: not switched off for all categories.
    on: bool,
    /// Its endpoints.
    endpoints: Vec<EndpointShape>,
    /// Questions that wait.
    queue_length: usize,
    /// The switches that were ever set.
    switches: Vec<SwitchShape>,
    /// Tokens spent today in Korea, by all servers of the database.
    tokens_today: u64,
    /// How many may be spent on a day; null without limit.
    #[schema(required)]
    tokens_per_day: Option<u64>,
    /// A question was not asked today because the day's tokens are spent.
    day_budget_spent: bool,
    /// How many in a conversation; null without limit.
    #[schema(required)]
    tokens_per_session: Option<u64>,
}

/// An endpoint of the language model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelEndpoint)]
pub struct EndpointShape {
    name: String,
    /// Empty until it said which one it has.
    model: String,
    /// It is asked; false while it is left out after failures, and if it cannot be used.
    up: bool,
    /// Why it is left out; null if it is asked.
    #[schema(required)]
    left_out_why: Option<String>,
    /// Seconds until it is tried again; null if it is asked, or cannot be used before the next start.
    #[schema(required)]
    left_out_seconds: Option<u64>,
    /// The earlier system's environment variable that names it; null for the configuration's own.
    #[schema(required)]
    legacy_variable: Option<&'static str>,
    /// Requests under way.
    in_flight: usize,
}

/// A switch of the language model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelSwitch)]
pub struct SwitchShape {
    /// The category; null for all.
    #[schema(required)]
    category: Option<String>,
    /// `off` or `on`.
    state: &'static str,
    reason: String,
    changed_by: String,
    /// In milliseconds since the Unix epoch.
    changed_at_ms: i64,
}

/// What a switch is to be.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewSwitch {
    /// `off` or `on`.
    state: String,
    /// The category; left out for all.
    category: Option<String>,
    /// Why; at most 140 characters.
    reason: Option<String>,
    /// Who; at most 140 characters. The address is recorded beside it.
    by: Option<String>,
}

/// A line of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct AuditShape {
    id: i64,
    /// In milliseconds since the Unix epoch.
    at_ms: i64,
    actor: String,
    /// Such as `model.off`.
    action: String,
    subject: String,
    detail: String,
}

/// A question to a language model, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelRun)]
pub struct RunShape {
    /// The assistant's message; null for a report to an agent.
    #[schema(required)]
    message_id: Option<i64>,
    /// `answer`, `triage` or `summary`.
    role: String,
    started_at_ms: i64,
    #[schema(required)]
    endpoint: Option<String>,
    #[schema(required)]
    model: Option<String>,
    prompt_version: String,
    /// `used`, `finished` (by the documents) or `unused`.
    outcome: String,
    /// Why not all of it was used.
    #[schema(required)]
    reason: Option<String>,
    attempts: i64,
    queued_ms: i64,
    #[schema(required)]
    first_token_ms: Option<i64>,
    total_ms: i64,
    prompt_tokens: i64,
    completion_tokens: i64,
    /// The endpoint did not say how many tokens.
    is_estimated: bool,
    /// What wrote the assistant's message: `rule`, `extractive` or `llm`.
    #[schema(required)]
    engine: Option<String>,
    /// Document, section, page and digest of each passage it was given.
    passages: Value,
    /// The guard's verdict on each sentence.
    verdicts: Value,
}

/// How the language model stands.
#[utoipa::path(get, path = "/api/v1/admin/model", tag = "admin",
    responses((status = 200, body = ModelState), (status = 401), (status = 403)))]
pub async fn model(_: Admin, State(state): State<AppState>) -> Result<Json<ModelState>, ApiError> {
    Ok(Json(state_of(&state).await?))
}

/// Switches the language model on or off, for a category or for all; answers that are being given end within two seconds. Recorded
/// in the audit trail.
#[utoipa::path(put, path = "/api/v1/admin/model", tag = "admin", request_body = NewSwitch,
    responses((status = 200, body = ModelState), (status = 400), (status = 401), (status = 403), (status = 422)))]
pub async fn switch_model(
    admin: Admin,
    State(state): State<AppState>,
    body: JsonBody,
) -> Result<Json<ModelState>, ApiError> {
    let mut fields = body.required()?;
    let wanted = fields.string("state");
    let category = fields.optional_string("category").filter(|category| !category.is_empty());
    let reason = fields.optional_string("reason").unwrap_or_default();
    let by = fields.optional_string("by").unwrap_or_default();
    fields.finish()?;
    let is_off = match wanted.as_str() {
        "off" => true,
        "on" => false,
        _ => return Err(bad("invalid_state", "state는 \"off\" 또는 \"on\"이어야 합니다.".to_owned())),
    };
    if [&reason, &by].into_iter().any(|text| text.chars().count() > TEXT_CHARS_MAX || text.contains(char::is_control)) {
        let detail = format!("reason과 by는 제어 문자 없이 {TEXT_CHARS_MAX}자 이하여야 합니다.");
        return Err(bad("invalid_text", detail));
    }
    if let Some(category) = &category {
        let engine = state.chat.engine().await?;
        let names: Vec<&str> = engine.pack().categories.iter().map(|known| known.name.as_str()).collect();
        if !names.contains(&category.as_str()) {
            let detail = format!("'{category}' 업무 분류가 없습니다. 사용할 수 있는 이름: {}", names.join(", "));
            return Err(bad("unknown_category", detail));
        }
    }
    let by = if by.is_empty() { format!("api {}", admin.0) } else { format!("{by} (api {})", admin.0) };
    state.chat.switch_model(category.as_deref().unwrap_or_default(), is_off, &reason, &by).await?;
    Ok(Json(state_of(&state).await?))
}

/// The latest lines of the audit trail, newest first.
#[utoipa::path(get, path = "/api/v1/admin/audit", tag = "admin", params(("limit" = Option<i64>, Query,)),
    responses((status = 200, body = Vec<AuditShape>), (status = 401), (status = 403), (status = 422)))]
pub async fn audit(
    _: Admin,
    State(state): State<AppState>,
    mut query: Query,
) -> Result<Json<Vec<AuditShape>>, ApiError> {
    let limit = query.integer("limit");
    query.finish()?;
    let limit = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(100).clamp(1, LINES_MAX);
    let entries = state.chat.store().switches().audit("", limit).await?;
    let shape = |entry: AuditEntry| AuditShape {
        id: entry.id,
        at_ms: entry.at_ms,
        actor: entry.actor,
        action: entry.action,
        subject: entry.subject,
        detail: entry.detail,
    };
    Ok(Json(entries.into_iter().map(shape).collect()))
}

/// What language models were asked in a conversation, oldest first.
#[utoipa::path(get, path = "/api/v1/admin/sessions/{session_id}/model-runs", tag = "admin",
    params(("session_id" = String, Path,)),
    responses((status = 200, body = Vec<RunShape>), (status = 401), (status = 403), (status = 404)))]
pub async fn runs(
    _: Admin,
    Path(id): Path<String>,
    State(state): State<AppState>,
) -> Result<Json<Vec<RunShape>>, ApiError> {
    let id = SessionId::parse(&id).map_err(|_| ApiError::NotFound)?;
    let runs = state.chat.store().model_runs().of(&id, LINES_MAX).await?;
    let json = |text: Option<String>| {
        text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_else(|| Value::Array(Vec::new()))
    };
    let shape = |run: StoredRun| RunShape {
        message_id: run.message_id,
        role: run.role,
        started_at_ms: run.started_at_ms,
        endpoint: run.endpoint,
        model: run.model,
        prompt_version: run.prompt_version,
        outcome: run.outcome,
        reason: run.reason,
        attempts: run.attempts,
        queued_ms: run.queued_ms,
        first_token_ms: run.first_token_ms,
        total_ms: run.total_ms,
        prompt_tokens: run.prompt_tokens,
        completion_tokens: run.completion_tokens,
        is_estimated: run.is_estimated,
        engine: run.engine,
        passages: json(run.passages),
        verdicts: json(run.verdicts),
    };
    Ok(Json(runs.into_iter().map(shape).collect()))
}

async fn state_of(state: &AppState) -> Result<ModelState, ApiError> {
    let (endpoints, queue_length) = state.chat.model().map(|model| model.endpoints()).unwrap_or_default();
    let switches = state.chat.store().switches().all().await?;
    let is_off = |switch: &Switch| switch.category.is_empty() && switch.is_off;
    let endpoint = |endpoint: EndpointState| EndpointShape {
        name: endpoint.name,
        model: endpoint.model,
        up: endpoint.left_out.is_none(),
        left_out_seconds: endpoint.left_out.as_ref().and_then(|left_out| Some(left_out.back_in?.as_secs())),
        left_out_why: endpoint.left_out.map(|left_out| left_out.why),
        legacy_variable: endpoint.legacy_variable,
        in_flight: endpoint.in_flight,
    };
    let limit =
        |of: fn(&LlmBudget) -> u64| state.chat.model().map(|model| of(model.budget())).filter(|&tokens| tokens > 0);
    Ok(ModelState {
        configured: state.chat.model().is_some(),
        on: !switches.iter().any(is_off),
        endpoints: endpoints.into_iter().map(endpoint).collect(),
        queue_length,
        switches: switches.into_iter().map(SwitchShape::from).collect(),
        tokens_today: state.chat.tokens_today().await?,
        day_budget_spent: state.chat.model().is_some_and(Model::is_day_spent),
        tokens_per_day: limit(|budget| budget.tokens_per_day),
        tokens_per_session: limit(|budget| budget.tokens_per_session),
    })
}

impl From<Switch> for SwitchShape {
    fn from(switch: Switch) -> Self {
        Self {
            category: Some(switch.category).filter(|category| !category.is_empty()),
            state: if switch.is_off { "off" } else { "on" },
            reason: switch.reason,
            changed_by: switch.changed_by,
            changed_at_ms: switch.changed_at_ms,
        }
    }
}

fn bad(code: &'static str, detail: String) -> ApiError {
    ApiError::BadRequest { code, detail }
}
