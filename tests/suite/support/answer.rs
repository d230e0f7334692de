//! What came back: an HTTP answer, and the customer's view of one turn.

use std::fmt::Write as _;

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An HTTP answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON, from an answer with this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value, several joined by a comma; empty if it is not there.
    pub fn header(&self, name: &str) -> String {
        let values = self.headers.get_all(name).iter().map(|value| value.to_str().expect("an ASCII header"));
        values.collect::<Vec<_>>().join(", ")
    }

    /// A refusal with this status and code, in the one error body; its detail.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Value {
        let mut body = self.expect(status);
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["request_id"], self.header("x-request-id").as_str(), "{body}");
        assert!(!self.header("x-request-id").is_empty());
        body["detail"].take()
    }
}

/// One turn, as the customer sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply(pub Value);

impl Reply {
    /// What the assistant said.
    pub fn text(&self) -> &str {
        self.0["ai_message"].as_str().expect("ai_message")
    }

    /// The stage after the turn.
    pub fn stage(&self) -> &str {
        self.0["stage"].as_str().expect("stage")
    }

    /// The assistant's message.
    pub fn message_id(&self) -> i64 {
        self.0["message_id"].as_i64().expect("message_id")
    }

    /// The customer's message.
    pub fn user_message_id(&self) -> i64 {
        self.0["user_message_id"].as_i64().expect("user_message_id")
    }

    /// The documents it cites, by file.
    pub fn cited(&self) -> Vec<&str> {
        let sources = self.0["source_documents"].as_array().expect("source_documents");
        sources.iter().map(|source| source["source"].as_str().expect("source")).collect()
    }

    /// The answers offered as buttons: what each sends.
    pub fn buttons(&self) -> Vec<&str> {
        let buttons = self.0["quick_replies"].as_array().expect("quick_replies");
        buttons.iter().map(|button| button["message"].as_str().expect("message")).collect()
    }

    /// The turn led to this stage.
    #[track_caller]
    pub fn expect_stage(self, stage: &str) -> Self {
        assert_eq!(self.stage(), stage, "{:#}", self.0);
        self
    }

    /// These members of the reply have these values.
    #[track_caller]
    pub fn expect(self, members: Value) -> Self {
        let mut wrong = String::new();
        for (name, expected) in members.as_object().expect("an object") {
            if self.0[name] != *expected {
                let _ = writeln!(wrong, "{name} is {}, not {expected}", self.0[name]);
            }
        }
        assert!(wrong.is_empty(), "{wrong}{:#}", self.0);
        self
    }
}
