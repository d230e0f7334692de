//! Whether the program is well (wire contract §2, design §4).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::AppState;
use crate::telemetry::chain;

/// The name existing monitoring looks for.
const SERVICE: &str = "Bank AICC Dev Server";

/// Healthy.
#[derive(Debug, Serialize, ToSchema)]
pub struct Healthy {
    /// `healthy`
    status: &'static str,
    /// `connected`
    database: &'static str,
    service: &'static str,
}

/// Not healthy.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unhealthy {
    /// `unhealthy`
    status: &'static str,
    /// `disconnected`
    database: &'static str,
    /// What is wrong and what to do.
    error: String,
}

/// What the replaced application said at `/`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Running {
    status: &'static str,
    service: &'static str,
    version: &'static str,
}

/// Alive.
#[derive(Debug, Serialize, ToSchema)]
pub struct Alive {
    /// `alive`; `ready`; or `read_only` while nothing can be stored and customers are answered from the documents only.
    status: &'static str,
}

/// Whether the database answers.
#[utoipa::path(get, path = "/health", tag = "service", responses(
    (status = 200, body = Healthy), (status = 503, body = Unhealthy)))]
pub async fn health(State(state): State<AppState>) -> Response {
    match state.chat.store().ping().await {
        Ok(()) => Json(Healthy { status: "healthy", database: "connected", service: SERVICE }).into_response(),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "unhealthy");
            let body = Unhealthy { status: "unhealthy", database: "disconnected", error: error.to_string() };
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
    }
}

/// The reply to a program that asks for `/`; browsers get the screens.
pub fn running() -> Response {
    Json(Running { status: "Server is running properly!", service: SERVICE, version: "1.0.0" }).into_response()
}

/// Whether the process runs at all.
#[utoipa::path(get, path = "/health/live", tag = "service", responses((status = 200, body = Alive)))]
pub async fn live() -> Json<Alive> {
    Json(Alive { status: "alive" })
}

/// Whether customers can be answered: the database answers and the knowledge pack is loaded.
#[utoipa::path(get, path = "/health/ready", tag = "service", responses(
    (status = 200, body = Alive), (status = 503, body = Unhealthy)))]
pub async fn ready(State(state): State<AppState>) -> Response {
    let is_loaded = state.chat.is_ready();
    match state.chat.store().ping().await {
        Ok(()) if is_loaded => {
            let status = if state.chat.store().is_read_only() { "read_only" } else { "ready" };
            Json(Alive { status }).into_response()
        }
        Ok(()) => {
            let error = "the knowledge pack is being prepared; try again shortly".to_owned();
            let body = Unhealthy { status: "unhealthy", database: "connected", error };
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
        Err(error) => {
            let body = Unhealthy { status: "unhealthy", database: "disconnected", error: error.to_string() };
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
    }
}
