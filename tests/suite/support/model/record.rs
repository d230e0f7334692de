//! What the server was asked, what became of each request, and how many there are at once.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::Instant;

use hyper::HeaderMap;
use hyper::http::request::Parts;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::asked::Asked;
use super::speech::Speech;

/// One request.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `POST /v1/chat/completions`
    pub target: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body; `null` if it is not JSON.
    pub body: Value,
    /// What it asks, if it is a well-formed request to chat.
    pub asked: Option<Asked>,
    /// Which of the server's connections it came by, from 0.
    pub connection: usize,
    /// When its head was there.
    pub at: Instant,
    /// What the server set out to say, whether or not all of it was sent.
    pub said: String,
    /// The figures in it that nobody gave the model.
    pub invented: Vec<String>,
    /// When each token was sent.
    pub tokens: Vec<Instant>,
    /// What became of it.
    pub end: End,
    /// When.
    pub ended_at: Option<Instant>,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The server is at it.
    Running,
    /// The server sent all it had to say, be it a refusal.
    Answered,
    /// The server closed the connection before that.
    Broken,
    /// The client did.
    HungUp,
}

impl Seen {
    /// A header's value; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("an ASCII header"))
    }

    /// What it asks, as it is a well-formed request to chat.
    #[track_caller]
    pub fn asked(&self) -> &Asked {
        self.asked.as_ref().unwrap_or_else(|| panic!("no request to chat: {} {}", self.target, self.body))
    }
}

/// Everything that was asked, oldest first.
#[derive(Default)]
pub struct Record {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    in_flight: usize,
    in_flight_max: usize,
}

impl Record {
    /// A request has arrived. `life` ends when the server closes its connections.
    pub fn arrived(self: &Arc<Self>, head: &Parts, connection: usize, life: CancellationToken) -> Turn {
        let target = format!("{} {}", head.method, head.uri.path());
        let is_chat = target == super::CHAT;
        let mut state = self.lock();
        state.seen.push(Seen {
            target,
            headers: head.headers.clone(),
            body: Value::Null,
            asked: None,
            connection,
            at: Instant::now(),
            said: String::new(),
            invented: Vec::new(),
            tokens: Vec::new(),
            end: End::Running,
            ended_at: None,
        });
        if is_chat {
            state.in_flight += 1;
            state.in_flight_max = state.in_flight_max.max(state.in_flight);
        }
        Turn { record: Arc::clone(self), number: state.seen.len() - 1, is_chat, life }
    }

    /// All requests.
    pub fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// What `read` makes of all requests.
    pub fn read<T>(&self, read: impl FnOnce(&[Seen]) -> T) -> T {
        read(&self.lock().seen)
    }

    /// Requests to chat that are under way, and how many there were at most.
    pub fn in_flight(&self) -> (usize, usize) {
        let state = self.lock();
        (state.in_flight, state.in_flight_max)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// A request under way. Dropped before its end was told, the client has hung up.
pub struct Turn {
    record: Arc<Record>,
    number: usize,
    is_chat: bool,
    life: CancellationToken,
}

impl Turn {
    /// Which of the server's requests it is, from 0.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Its body was read.
    pub fn body(&self, body: Value, asked: Option<Asked>) {
        self.change(|seen| (seen.body, seen.asked) = (body, asked));
    }

    /// What it will be answered.
    pub fn speech(&self, speech: &Speech) {
        self.change(|seen| (seen.said, seen.invented) = (speech.text.clone(), speech.invented.clone()));
    }

    /// So many tokens leave.
    pub fn tokens(&self, count: usize) {
        if count > 0 {
            self.change(|seen| seen.tokens.extend(std::iter::repeat_n(Instant::now(), count)));
        }
    }

    /// It is over. Only the first end counts.
    pub fn end(&self, end: End) {
        let mut state = self.record.lock();
        let seen = &mut state.seen[self.number];
        if seen.end == End::Running {
            (seen.end, seen.ended_at) = (end, Some(Instant::now()));
            if self.is_chat {
                state.in_flight -= 1;
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.record.lock().seen[self.number]);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.end(if self.life.is_cancelled() { End::Broken } else { End::HungUp });
    }
}
