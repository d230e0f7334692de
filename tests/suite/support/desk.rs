//! The agents' side, as existing clients use it.

use serde_json::Value;
use serde_json::json;

use super::Answer;
use super::Customer;
use super::Http;
use super::Socket;

/// What agents can do without logging in: existing clients only.
pub struct Desk {
    http: Http,
}

impl Desk {
    /// At this server.
    pub fn new(http: &Http) -> Self {
        Self { http: http.clone() }
    }

    /// The conversations that wait for an agent, or have one.
    pub async fn listed(&self) -> Vec<Value> {
        self.list("/api/v1/sessions/handover").await
    }

    /// What is listed of one conversation.
    pub async fn listed_of(&self, customer: &Customer) -> Option<Value> {
        self.listed().await.into_iter().find(|session| session["session_id"] == customer.session())
    }

    /// How many conversations wait or have an agent.
    pub async fn waiting(&self) -> usize {
        self.listed().await.len()
    }

    /// The conversations that are over.
    pub async fn closed(&self) -> Vec<Value> {
        self.list("/api/v1/sessions/closed").await
    }

    /// Takes a conversation.
    pub async fn accepts(&self, customer: &Customer, body: &Value) -> Answer {
        self.http.post(&customer.path("accept"), body).await
    }

    /// Writes to a customer; the new message's id.
    pub async fn says(&self, customer: &Customer, text: &str) -> i64 {
        let stored = self.http.post(&customer.path("messages"), &json!({"message": text})).await.expect(200);
        stored["message_id"].as_i64().unwrap()
    }

    /// A report of a conversation.
    pub async fn analyzes(&self, customer: &Customer) -> Value {
        let request = json!({"session_id": customer.session(), "trigger_reason": "상담원 확인"});
        self.http.post("/api/v1/handover/analyze", &request).await.expect(200)
    }

    /// Opens a dashboard; its first frame, the status, is read.
    pub async fn dashboard(&self, id: &str) -> Socket {
        let mut socket =
            Socket::open(self.http.address(), &format!("/api/v1/chat/ws/{id}"), None).await.expect("a WebSocket");
        socket.expect("status").await;
        socket
    }

    async fn list(&self, path: &str) -> Vec<Value> {
        self.http.get(path).await.expect(200).as_array().unwrap().clone()
    }
}
