//! The stream of a conversation over plain HTTP (design D3): server-sent events, or a long poll.
//!
//! Both read the stored messages after the last known one; a live event is only the sign to read again, so nothing is
//! missed and nothing comes twice.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use serde::Serialize;
use tokio::time::Instant;

use crate::api::AppState;
use crate::api::auth::Customer;
use crate::api::error::ApiError;
use crate::api::shapes::HandoverShape;
use crate::api::shapes::HistoryShape;
use crate::api::shapes::MessageShape;
use crate::api::validation::Query;
use crate::chat::Event;
use crate::chat::Topic;
use crate::domain::MessageId;
use crate::domain::SessionId;
use crate::realtime::Subscription;

/// A comment this often says that the stream lives: whoever hears nothing for twice as long looks for another way.
const KEEP_ALIVE: Duration = Duration::from_millis(2_500);
/// How often the store is asked, since another node may have stored something without a word to this one.
const READ_AGAIN: Duration = Duration::from_secs(15);
/// What `EventSource` sends when it comes back.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Messages after `after_id`: as server-sent events, or with `wait` (seconds) as one answer as soon as there are any.
#[utoipa::path(get, path = "/api/v1/sessions/{session_id}/events", tag = "sessions",
    params(("session_id" = String, Path,), ("after_id" = Option<i64>, Query,), ("wait" = Option<i64>, Query,)),
    responses((status = 200, body = HistoryShape), (status = 401), (status = 404), (status = 422)))]
pub async fn events(
    Customer(id): Customer,
    mut query: Query,
    headers: HeaderMap,
    State(state): State<AppState>,
) -> Result<Response, ApiError> {
    let after_id = query.integer("after_id");
    let wait = query.integer("wait");
    query.finish()?;
    state.chat.session(&id).await?;
    let resumed = headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()?.parse().ok());
    let after = MessageId::new(resumed.or(after_id).unwrap_or(0));
    match wait {
        Some(seconds) => {
            let wait = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
            let page = long_poll(&state, id, after, wait.min(state.settings.limits.long_poll_max)).await?;
            Ok(Json(page).into_response())
        }
        None => Ok(server_sent(state, id, after)),
    }
}

/// One server-sent event.
pub fn sse_event(name: &str, id: Option<i64>, data: &impl Serialize) -> String {
    // JSON text has no line breaks, so one data line holds it.
    let data = serde_json::to_string(data).unwrap_or_default();
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {name}\ndata: {data}\n\n")
}

async fn long_poll(
    state: &AppState,
    id: SessionId,
    after: MessageId,
    wait: Duration,
) -> Result<HistoryShape, ApiError> {
    // Subscribed before reading: what comes in between is heard.
    let mut subscription = state.chat.subscribe(Topic::Session(id.clone()));
    let deadline = Instant::now() + wait;
    loop {
        let page = page(state, &id, after).await?;
        if !page.messages.is_empty() {
            return Ok(page);
        }
        let heard = tokio::select! {
            event = tokio::time::timeout_at(deadline, subscription.next()) => event,
            () = state.shutdown.cancelled() => return Ok(page),
        };
        match heard.as_ref().map(Option::as_deref) {
            Ok(Some(Event::Turn(_) | Event::CustomerMessage(_) | Event::AgentMessage(_) | Event::Report(_))) => {}
            // No message tells of these: whoever polls asks for the state of the hand-over after each answer.
            Ok(Some(Event::Handover(_) | Event::Closed)) | Ok(None) | Err(_) => return Ok(page),
        }
    }
}

async fn page(state: &AppState, id: &SessionId, after: MessageId) -> Result<HistoryShape, ApiError> {
    let limit = state.settings.limits.messages_page_max;
    let messages = state.chat.store().messages().after(id, after, limit + 1).await?;
    Ok(HistoryShape::page(messages, limit))
}

/// What a stream of server-sent events remembers between two chunks.
struct Progress {
    state: AppState,
    id: SessionId,
    after: MessageId,
    subscription: Subscription<Topic, Event>,
    /// More is stored than was sent.
    is_behind: bool,
    /// When the store was last asked.
    read_at: Instant,
}

fn server_sent(state: AppState, id: SessionId, after: MessageId) -> Response {
    let subscription = state.chat.subscribe(Topic::Session(id.clone()));
    let progress = Progress { state, id, after, subscription, is_behind: true, read_at: Instant::now() };
    // Each chunk is made when the one before it was taken, so a client that reads slowly costs one page of messages.
    let first = stream::once(async { Ok(Bytes::from_static(b": connected\n\n")) });
    let chunks = first.chain(stream::unfold(progress, |mut progress| async move {
        let chunk = progress.next().await.ok()??;
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(chunk)), progress))
    }));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    // Fused: a stream that has ended may be asked again on its way out.
    (headers, Body::from_stream(chunks.fuse())).into_response()
}

impl Progress {
    /// The next events; `None` ends the stream.
    async fn next(&mut self) -> Result<Option<String>, ApiError> {
        loop {
            if self.is_behind {
                let events = self.catch_up().await?;
                if !events.is_empty() {
                    return Ok(Some(events));
                }
            }
            let heard = tokio::select! {
                heard = tokio::time::timeout(KEEP_ALIVE, self.subscription.next()) => heard,
                () = self.state.shutdown.cancelled() => return Ok(None),
            };
            match heard {
                Err(_) => {
                    let is_due = self.read_at.elapsed() >= READ_AGAIN;
                    let events = if is_due { self.catch_up().await? } else { String::new() };
                    return Ok(Some(if events.is_empty() { ": still here\n\n".to_owned() } else { events }));
                }
                Ok(None) => return Ok(None),
                Ok(Some(event)) => match &*event {
                    Event::Handover(handover) => {
                        return Ok(Some(sse_event("handover_status", None, &HandoverShape::new(&self.id, handover))));
                    }
                    Event::Closed => return Ok(Some(sse_event("session_closed", None, &serde_json::json!({})))),
                    Event::Turn(_) | Event::CustomerMessage(_) | Event::AgentMessage(_) | Event::Report(_) => {
                        self.is_behind = true;
                    }
                },
            }
        }
    }

    /// A page of the messages since the last one sent, as events.
    async fn catch_up(&mut self) -> Result<String, ApiError> {
        let limit = self.state.settings.limits.messages_page_max;
        self.read_at = Instant::now();
        let messages = self.state.chat.store().messages().after(&self.id, self.after, limit).await?;
        self.is_behind = messages.len() == limit as usize;
        let mut events = String::new();
        for message in messages {
            self.after = message.id;
            events.push_str(&sse_event("message", Some(message.id.get()), &MessageShape::from(message)));
        }
        Ok(events)
    }
}
