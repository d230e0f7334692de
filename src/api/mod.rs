//! HTTP and WebSocket in, conversations out; the only room that knows the product's JSON.
//!
//! The whole API is in `router`, on one page. What existing clients rely on is the wire contract; refusals leave as
//! [`edge::Problem`](crate::edge::Problem) through [`error::ApiError`] alone.

mod admin;
mod answer_stream;
mod auth;
mod chat;
mod conventions;
mod docs;
mod error;
mod events;
pub mod guide;
mod handover;
mod health;
mod openapi;
mod opinions;
mod sessions;
mod shapes;
mod signature;
mod socket;
mod validation;
mod welcome;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::any;
use axum::routing::get;
use axum::routing::post;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use crate::api::error::ApiError;
use crate::chat::Chat;
use crate::config::Admin;
use crate::config::Api;
use crate::config::Config;
use crate::config::Web;
use crate::edge::Application;
use crate::edge::keep_route;
use crate::telemetry::Gauge;
use crate::telemetry::Metrics;

pub use conventions::is_api;
pub use conventions::is_upgrade;
pub use conventions::not_found;
pub use health::running;
pub use openapi::document as openapi_document;
pub use welcome::LOGO_PATH;

/// What the routes need. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The conversations.
    chat: Chat,
    /// `[api]`.
    settings: Arc<Api>,
    /// `[admin]`.
    admin: Arc<Admin>,
    /// `[web]`.
    web: Arc<Web>,
    /// After this long the customer is told that the answer is being worked on.
    processing_notice_after: Duration,
    /// Open WebSockets.
    sockets_open: Gauge,
    /// WebSockets live on it.
    tracker: TaskTracker,
    /// Ends them.
    shutdown: CancellationToken,
    /// There is a socket for suites that test the protocol.
    echoes: bool,
}

impl AppState {
    /// For the routes of one server, whose figures are among `metrics`.
    pub fn new(
        chat: Chat,
        config: &Config,
        metrics: &Metrics,
        tracker: TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            chat,
            settings: Arc::new(config.api.clone()),
            admin: Arc::new(config.admin.clone()),
            web: Arc::new(config.web.clone()),
            processing_notice_after: config.chat.processing_notice_after,
            sockets_open: metrics.gauge("websockets_open", "Open WebSockets of customers and agents."),
            tracker,
            shutdown,
            echoes: false,
        }
    }

    /// With a socket at `/__echo` that says back what it hears, for suites that test the protocol.
    pub fn with_echo(self) -> Self {
        Self { echoes: true, ..self }
    }
}

/// The whole API: its routes, and around them what holds for all. `otherwise` answers what is no route; see
/// [`not_found`].
pub fn application<H, T>(state: AppState, otherwise: H) -> impl Application
where
    H: Handler<T, AppState>,
    T: 'static,
{
    let routes = router(state, otherwise);
    tower::service_fn(move |request: Request| {
        let mut routes = routes.clone();
        async move {
            // Around the routes as a whole, because only there a 405 names the methods that are allowed.
            let mut route =
                async |request: Request| routes.call(request).await.unwrap_or_else(|never: Infallible| match never {});
            if let Some((probe, redirect)) = conventions::without_slash(&request)
                && route(probe).await.status() == StatusCode::METHOD_NOT_ALLOWED
            {
                return Ok(redirect);
            }
            Ok(conventions::keep(request, route).await)
        }
    })
}

/// Every route, and `otherwise` for what is none of them.
fn router<H, T>(state: AppState, otherwise: H) -> Router
where
    H: Handler<T, AppState>,
    T: 'static,
{
    Router::new()
        .merge(socket::echo_route(state.echoes))
        .route("/health", get(health::health))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/api/v1/greeting", get(welcome::greeting))
        .route("/api/v1/knowledge/documents/{document_id}", get(welcome::document))
        .route("/api/v1/chat/message", post(chat::post_message))
        .route("/api/v1/chat/ws/{session_id}", any(socket::connect))
        .route("/api/v1/handover/analyze", post(handover::analyze))
        .route("/api/v1/handover/request", post(handover::request))
        // Existing clients know that sessions cannot be listed here (wire contract §1).
        .route("/api/v1/sessions", post(sessions::open).get(async || ApiError::NotFound))
        .route("/api/v1/sessions/handover", get(sessions::listed_for_agents))
        .route("/api/v1/sessions/closed", get(sessions::closed))
        .route("/api/v1/sessions/{session_id}/messages", get(sessions::messages).post(sessions::say_as_agent))
        .route("/api/v1/sessions/{session_id}/all-messages", get(sessions::all_messages))
        .route("/api/v1/sessions/{session_id}/customer-message", post(sessions::say_to_agent))
        .route("/api/v1/sessions/{session_id}/events", get(events::events))
        .route("/api/v1/sessions/{session_id}/messages/{message_id}/feedback", post(opinions::feedback))
        .route("/api/v1/sessions/{session_id}/notice", post(opinions::notice))
        .route("/api/v1/sessions/{session_id}/close", post(sessions::close))
        .route("/api/v1/sessions/{session_id}/handover-status", get(sessions::handover_status))
        .route("/api/v1/sessions/{session_id}/request-handover", post(sessions::request_handover))
        .route("/api/v1/sessions/{session_id}/accept", post(sessions::accept))
        .route("/api/v1/sessions/{session_id}/decline", post(sessions::decline))
        .route("/api/v1/admin/model", get(admin::model).put(admin::switch_model))
        .route("/api/v1/admin/sessions/{session_id}/model-runs", get(admin::runs))
        .route("/api/v1/admin/audit", get(admin::audit))
        .route("/api/v1/openapi.json", get(openapi::openapi))
        .route("/api/docs", get(docs::page))
        .route("/api/docs/guide", get(guide::first_page))
        .route("/api/docs/guide/style.css", get(guide::style))
        .route("/api/docs/guide/{language}/{page}", get(guide::page))
        .route_layer(middleware::from_fn(keep_route))
        .fallback(otherwise)
        .with_state(state)
}
