//! Plain HTTP to one address.

use std::net::SocketAddr;

use reqwest::Method;
use reqwest::RequestBuilder;
use reqwest::redirect::Policy;
use serde_json::Value;

use super::Answer;
use super::PATIENCE;
use super::eventually;
use super::soon;

/// A client that follows no redirect and knows no proxy. Clones share its connections.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    address: SocketAddr,
}

impl Http {
    /// Talks to this address.
    pub fn at(address: SocketAddr) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE).build().unwrap();
        Self { client, address }
    }

    /// Whom it talks to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until customers are answered from documents.
    pub async fn until_ready(&self) {
        eventually("ready", async || (self.get("/health/ready").await.status == 200).then_some(())).await;
    }

    /// A request to be completed and then given to [`Http::send`].
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("http://{}{path}", self.address))
    }

    /// Sends a request and reads the answer to its end.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap_or_else(|error| panic!("{error:?}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    /// Sends a request whose answer is a stream of server-sent events.
    pub async fn events(&self, request: RequestBuilder) -> EventStream {
        let response = request.header("accept", "text/event-stream").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        EventStream { response, text: String::new() }
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    /// A figure of `/metrics`, by its name and labels.
    pub async fn figure(&self, sample: &str) -> f64 {
        let text = self.get("/metrics").await.text();
        let value = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("{sample} in {text}")).parse().unwrap()
    }

    /// `POST` without a body.
    pub async fn post_nothing(&self, path: &str) -> Answer {
        self.send(self.request("POST", path)).await
    }

    /// `POST` with JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request("POST", path).json(body)).await
    }

    /// `POST` with a body of any kind.
    pub async fn post_bytes(&self, path: &str, content_type: Option<&str>, body: impl Into<Vec<u8>>) -> Answer {
        let mut request = self.request("POST", path).body(body.into());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        self.send(request).await
    }
}

/// A stream of server-sent events.
pub struct EventStream {
    response: reqwest::Response,
    text: String,
}

/// One server-sent event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: Option<i64>,
    /// Its data, which are JSON.
    pub data: Value,
}

impl EventStream {
    /// The next event; `None` at the end of the stream. Comments are skipped.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
                let event = field("data").map(|data| Event {
                    name: field("event").unwrap_or("message").to_owned(),
                    id: field("id").map(|id| id.parse().unwrap()),
                    data: serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}")),
                });
                self.text = rest.to_owned();
                if event.is_some() {
                    return event;
                }
            }
            let chunk = soon("an event", self.response.chunk()).await.ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// All events to the end of the stream.
    pub async fn rest(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}
