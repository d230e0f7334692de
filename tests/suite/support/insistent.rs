//! A client that repeats a message under the same name until it is acknowledged, whatever happens to the server.

use std::net::SocketAddr;
use std::time::Duration;
use std::time::Instant;

use futures_util::SinkExt as _;
use futures_util::StreamExt as _;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

/// An attempt that takes longer than this is given up and made again.
const ATTEMPT_MAX: Duration = Duration::from_secs(10);
/// A message that is not acknowledged after this long will never be.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a client waits before it tries again, as the server's `Retry-After` would have it, only shorter.
const PAUSE: Duration = Duration::from_millis(20);

/// How a client talks to the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// One request for each message.
    Http,
    /// One WebSocket for as long as it lasts.
    WebSocket,
}

/// A message that the server said is stored.
#[derive(Debug, Clone)]
pub struct Acknowledged {
    /// The session it was said in.
    pub session: String,
    /// The client's name for it.
    pub name: String,
    /// What was said.
    pub text: String,
    /// The id the client was told.
    pub question: i64,
    /// The id of the answer.
    pub answer: i64,
    /// What was answered.
    pub answer_text: String,
}

/// One client. It follows the server to whatever address it has at the moment.
pub struct Insistent {
    name: String,
    transport: Transport,
    server: watch::Receiver<SocketAddr>,
    http: reqwest::Client,
    socket: Option<(String, WebSocketStream<TcpStream>)>,
    /// Attempts that failed so far.
    pub failures: usize,
}

impl Insistent {
    /// A client of this name, which begins the names of its messages.
    pub fn new(name: &str, transport: Transport, server: watch::Receiver<SocketAddr>) -> Self {
        let http = reqwest::Client::builder().no_proxy().timeout(ATTEMPT_MAX).build().unwrap();
        Self { name: name.to_owned(), transport, server, http, socket: None, failures: 0 }
    }

    /// Says something in a session until it is acknowledged. `number` is the message's, for its name.
    pub async fn says(&mut self, session: &str, number: usize, text: &str) -> Acknowledged {
        let name = format!("{}_{number}", self.name);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let attempt = async {
                match self.transport {
                    Transport::Http => self.posts(session, &name, text).await,
                    Transport::WebSocket => self.sends(session, &name, text).await,
                }
            };
            match tokio::time::timeout(ATTEMPT_MAX, attempt).await.unwrap_or(Err("no answer".to_owned())) {
                Ok(reply) => return acknowledged(session, name, text, &reply),
                Err(why) => {
                    assert!(Instant::now() < deadline, "{name} is never acknowledged: {why}");
                    self.failures += 1;
                    self.socket = None;
                    // A server that comes back is news; otherwise try again shortly.
                    let _ = tokio::time::timeout(PAUSE, self.server.changed()).await;
                }
            }
        }
    }

    async fn posts(&mut self, session: &str, name: &str, text: &str) -> Result<Value, String> {
        let url = format!("http://{}/api/v1/chat/message", *self.server.borrow_and_update());
        let message = json!({"session_id": session, "user_message": text, "client_message_id": name});
        let response = self.http.post(url).json(&message).send().await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        let body: Value = response.json().await.map_err(|error| error.to_string())?;
        match status {
            200 => Ok(body),
            // A refusal that says "try again" is part of the game, anything else is not.
            503 => Err(body.to_string()),
            _ => panic!("{status} {body}"),
        }
    }

    async fn sends(&mut self, session: &str, name: &str, text: &str) -> Result<Value, String> {
        let mut stream = match self.socket.take() {
            Some((open, stream)) if open == session => stream,
            _ => self.connect(session).await?,
        };
        let message = json!({"type": "message", "user_message": text, "client_message_id": name});
        stream.send(Message::text(message.to_string())).await.map_err(|error| error.to_string())?;
        loop {
            let frame = match stream.next().await {
                Some(Ok(Message::Text(frame))) => serde_json::from_str::<Value>(&frame).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => continue,
                other @ (Some(Ok(Message::Close(_)) | Err(_)) | None) => return Err(format!("{other:?}")),
            };
            match frame["type"].as_str() {
                Some("response") if frame["data"]["client_message_id"] == name => {
                    self.socket = Some((session.to_owned(), stream));
                    return Ok(frame["data"].clone());
                }
                Some("error") => {
                    assert!(frame["retry_after_ms"].is_number(), "{frame}");
                    return Err(frame.to_string());
                }
                // What others said in the session, and what is said about hand-overs.
                _ => {}
            }
        }
    }

    async fn connect(&mut self, session: &str) -> Result<WebSocketStream<TcpStream>, String> {
        let address = *self.server.borrow_and_update();
        let connection = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let url = format!("ws://{address}/api/v1/chat/ws/{session}");
        client_async(url, connection).await.map(|(stream, _)| stream).map_err(|error| error.to_string())
    }
}

fn acknowledged(session: &str, name: String, text: &str, reply: &Value) -> Acknowledged {
    let id = |member: &str| reply[member].as_i64().unwrap_or_else(|| panic!("{member}: {reply}"));
    assert_eq!(reply["client_message_id"], name.as_str(), "{reply}");
    Acknowledged {
        session: session.to_owned(),
        name,
        text: text.to_owned(),
        question: id("user_message_id"),
        answer: id("message_id"),
        answer_text: reply["ai_message"].as_str().unwrap().to_owned(),
    }
}
