//! A customer: one session, over HTTP and over as many WebSockets as he opens.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use reqwest::RequestBuilder;
use serde_json::Value;
use serde_json::json;

use super::Answer;
use super::Http;
use super::Socket;
use super::answer::Reply;

/// A customer of one session. An existing client chose its id and holds no token.
#[derive(Clone)]
pub struct Customer {
    http: Http,
    session: String,
    token: Option<String>,
}

impl Customer {
    /// An existing client with a new id.
    pub fn new(http: &Http) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self::named(http, &format!("customer_{}", NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// An existing client with this id.
    pub fn named(http: &Http, session: &str) -> Self {
        Self { http: http.clone(), session: session.to_owned(), token: None }
    }

    /// A client for whom the server opens a session.
    pub async fn open(http: &Http) -> Self {
        let opened = http.post("/api/v1/sessions", &json!({})).await.expect(201);
        let text = |name: &str| opened[name].as_str().unwrap().to_owned();
        Self { http: http.clone(), session: text("session_id"), token: Some(text("token")) }
    }

    /// The session's id.
    pub fn session(&self) -> &str {
        &self.session
    }

    /// The session's token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a session with a token")
    }

    /// Says something over HTTP; the answer.
    pub async fn says(&self, text: &str) -> Reply {
        Reply(self.posts(&json!({"session_id": self.session, "user_message": text})).await.expect(200))
    }

    /// Says something under a name of its own.
    pub async fn says_named(&self, text: &str, client_message_id: &str) -> Reply {
        let message = json!({"session_id": self.session, "user_message": text, "client_message_id": client_message_id});
        Reply(self.posts(&message).await.expect(200))
    }

    /// Posts a chat message, whatever it holds.
    pub async fn posts(&self, message: &Value) -> Answer {
        self.http.send(self.signed(self.http.request("POST", "/api/v1/chat/message").json(message))).await
    }

    /// `GET /api/v1/sessions/{id}/…`
    pub async fn get(&self, what: &str) -> Answer {
        self.http.send(self.signed(self.http.request("GET", &self.path(what)))).await
    }

    /// `POST /api/v1/sessions/{id}/…` without a body.
    pub async fn post(&self, what: &str) -> Answer {
        self.http.send(self.signed(self.http.request("POST", &self.path(what)))).await
    }

    /// `POST /api/v1/sessions/{id}/…` with a body.
    pub async fn post_json(&self, what: &str, body: &Value) -> Answer {
        self.http.send(self.signed(self.http.request("POST", &self.path(what)).json(body))).await
    }

    /// Writes to the agent.
    pub async fn tells_agent(&self, text: &str) -> Value {
        let request = self.http.request("POST", &self.path("customer-message")).json(&json!({"message": text}));
        self.http.send(self.signed(request)).await.expect(200)
    }

    /// The messages so far.
    pub async fn history(&self) -> Vec<Value> {
        self.messages("").await
    }

    /// The messages a query such as `?after_id=7` asks for.
    pub async fn messages(&self, query: &str) -> Vec<Value> {
        self.get(&format!("messages{query}")).await.expect(200).as_array().unwrap().clone()
    }

    /// Where the hand-over stands: `null`, `pending`, …
    pub async fn handover_status(&self) -> Value {
        self.get("handover-status").await.expect(200)["handover_status"].take()
    }

    /// Opens a WebSocket; its first frame, the status, is read.
    pub async fn connects(&self) -> Socket {
        self.connects_with("").await
    }

    /// The same with a query such as `?after_id=7`.
    pub async fn connects_with(&self, query: &str) -> Socket {
        let path = format!("/api/v1/chat/ws/{}{query}", encoded(&self.session));
        let mut socket = Socket::open(self.http.address(), &path, self.token.as_deref()).await.expect("a WebSocket");
        let status = socket.expect("status").await;
        assert_eq!(status, json!({"type": "status", "message": "connected", "session_id": self.session}));
        socket
    }

    /// The path of one of the session's routes.
    pub fn path(&self, what: &str) -> String {
        format!("/api/v1/sessions/{}/{what}", encoded(&self.session))
    }

    /// With the session's token, if it has one.
    pub fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }
}

/// As one segment of a path.
fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
