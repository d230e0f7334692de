//! The frames of a chat socket, both ways.

use axum::extract::ws::Message as Frame;
use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::api::error::ApiError;
use crate::api::shapes::HandoverShape;
use crate::api::shapes::HistoryShape;
use crate::api::shapes::MessageShape;
use crate::api::shapes::ReplyShape;
use crate::api::shapes::ReportShape;
use crate::domain::ClientMessageId;
use crate::domain::MessageId;
use crate::domain::SessionId;
use crate::edge::Problem;

/// What a client sends.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Incoming {
    /// One chat turn.
    Message { text: String, client_message_id: Option<ClientMessageId>, streams: bool },
    /// Build a hand-over report now.
    RequestHandover,
    /// Messages after this one, please.
    Resume { after: MessageId },
    /// Are you there?
    Ping { timestamp: Value },
}

impl Incoming {
    /// Reads a text frame.
    ///
    /// # Errors
    /// What to tell the client; the connection goes on.
    pub(super) fn parse(text: &str) -> Result<Self, Outgoing> {
        let frame: Value = serde_json::from_str(text)
            .map_err(|_| Outgoing::error("invalid_json", "메시지를 읽을 수 없습니다. JSON 형식으로 보내 주세요."))?;
        let Value::Object(mut frame) = frame else {
            return Err(Outgoing::error("invalid_frame", "메시지는 JSON 객체여야 합니다."));
        };
        match frame.get("type").and_then(Value::as_str) {
            Some("message") => {
                let name = match frame.get("client_message_id") {
                    None | Some(Value::Null) => None,
                    Some(name) => Some(client_message_id(name)?),
                };
                let text = match frame.remove("user_message") {
                    Some(Value::String(text)) => text.trim().to_owned(),
                    None | Some(Value::Null) => String::new(),
                    Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                        return Err(Outgoing::error("invalid_text", "user_message는 문자열이어야 합니다.").about(name));
                    }
                };
                if text.is_empty() {
                    return Err(Outgoing::error("blank_field", "user_message는 필수입니다.").about(name));
                }
                let streams = frame.get("stream").and_then(Value::as_bool).unwrap_or(false);
                Ok(Self::Message { text, client_message_id: name, streams })
            }
            Some("request_handover") => Ok(Self::RequestHandover),
            Some("resume") => match frame.get("after_id").and_then(Value::as_i64) {
                Some(after) => Ok(Self::Resume { after: MessageId::new(after) }),
                None => Err(Outgoing::error("invalid_after_id", "after_id는 정수여야 합니다.")),
            },
            Some("ping") => Ok(Self::Ping { timestamp: frame.remove("timestamp").unwrap_or(Value::Null) }),
            _ => {
                let kind = match frame.get("type") {
                    None | Some(Value::Null) => "None".to_owned(),
                    Some(Value::String(kind)) => kind.chars().take(64).collect(),
                    Some(other) => other.to_string().chars().take(64).collect(),
                };
                Err(Outgoing::error("unknown_type", &format!("알 수 없는 메시지 타입: {kind}")))
            }
        }
    }
}

fn client_message_id(value: &Value) -> Result<ClientMessageId, Outgoing> {
    value.as_str().and_then(|name| ClientMessageId::parse(name).ok()).ok_or_else(|| {
        Outgoing::error(
            "invalid_client_message_id",
            "client_message_id는 1자 이상 64자 이하의 문자열이어야 하며 '/'와 제어 문자는 사용할 수 없습니다.",
        )
    })
}

/// What the server sends.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Outgoing {
    Status {
        message: &'static str,
        session_id: String,
    },
    History {
        data: HistoryShape,
    },
    Processing {
        message: &'static str,
        /// The place in the queue for a language model, 1 for the next.
        #[serde(skip_serializing_if = "Option::is_none")]
        queue_position: Option<usize>,
    },
    Delta {
        data: Delta,
    },
    Response {
        data: Box<ReplyShape>,
    },
    CustomerMessage {
        data: Box<MessageShape>,
    },
    AgentMessage {
        data: Box<MessageShape>,
    },
    HandoverStatus {
        data: Box<HandoverShape>,
    },
    HandoverProcessing {
        message: &'static str,
    },
    HandoverReport {
        #[serde(skip_serializing_if = "Option::is_none")]
        session_id: Option<String>,
        data: Box<ReportData>,
    },
    HandoverError {
        message: &'static str,
    },
    SessionClosed {
        session_id: String,
    },
    Pong {
        timestamp: Value,
    },
    Error {
        message: String,
        code: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        client_message_id: Option<String>,
    },
}

/// A part of an answer that is still coming.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Delta {
    pub(super) text: String,
}

/// A report with its status beside it, as existing clients read it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ReportData {
    pub(super) status: &'static str,
    #[serde(flatten)]
    pub(super) report: ReportShape,
}

impl Outgoing {
    pub(super) fn error(code: &'static str, message: &str) -> Self {
        Self::Error { message: message.to_owned(), code, retry_after_ms: None, client_message_id: None }
    }

    /// A refusal of the product, for the message of this name.
    pub(super) fn refusal(error: ApiError, client_message_id: Option<ClientMessageId>) -> Self {
        let Problem { code, detail, more, .. } = error.into_problem();
        let retry_after_ms = more.into_iter().find(|(name, _)| *name == "retry_after_ms").map(|(_, value)| value);
        let message = detail.as_str().unwrap_or_default().to_owned();
        Self::Error { message, code, retry_after_ms, client_message_id: None }.about(client_message_id)
    }

    /// Names the message an error is about.
    fn about(mut self, name: Option<ClientMessageId>) -> Self {
        if let Self::Error { client_message_id, .. } = &mut self {
            *client_message_id = name.map(|name| name.as_str().to_owned());
        }
        self
    }

    /// An automatic report, the same for the customer and the dashboards.
    pub(super) fn report(session: &SessionId, report: ReportShape) -> Self {
        let data = Box::new(ReportData { status: "success", report });
        Self::HandoverReport { session_id: Some(session.to_string()), data }
    }

    /// As a text frame.
    pub(super) fn to_frame(&self) -> Frame {
        // Our own shapes have string keys and finite numbers, so this cannot fail.
        Frame::Text(Utf8Bytes::from(serde_json::to_string(self).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_frame_gets_its_error() {
        for (text, code, message) in [
            ("", "invalid_json", None),
            ("[1", "invalid_json", None),
            ("[]", "invalid_frame", None),
            ("7", "invalid_frame", None),
            ("{}", "unknown_type", Some("알 수 없는 메시지 타입: None")),
            (r#"{"type":"dance"}"#, "unknown_type", Some("알 수 없는 메시지 타입: dance")),
            (r#"{"type":5}"#, "unknown_type", Some("알 수 없는 메시지 타입: 5")),
            (r#"{"type":"message"}"#, "blank_field", Some("user_message는 필수입니다.")),
            (r#"{"type":"message","user_message":"  "}"#, "blank_field", Some("user_message는 필수입니다.")),
            (r#"{"type":"message","user_message":7}"#, "invalid_text", None),
            (r#"{"type":"message","user_message":"\ud800"}"#, "invalid_json", None),
            (r#"{"type":"message","user_message":"네","client_message_id":""}"#, "invalid_client_message_id", None),
            (r#"{"type":"resume","after_id":"x"}"#, "invalid_after_id", None),
        ] {
            let Err(Outgoing::Error { message: found, code: found_code, .. }) = Incoming::parse(text) else {
                panic!("{text} is refused")
            };
            assert_eq!(found_code, code, "{text}");
            assert!(message.is_none_or(|message| message == found), "{text}: {found}");
        }
    }

    #[test]
    fn a_ping_comes_back_with_whatever_it_brought() {
        for (text, timestamp) in [
            (r#"{"type":"ping"}"#, Value::Null),
            (r#"{"type":"ping","timestamp":1.5}"#, serde_json::json!(1.5)),
            (r#"{"type":"ping","timestamp":{"a":[1]}}"#, serde_json::json!({"a": [1]})),
        ] {
            assert_eq!(Incoming::parse(text).ok(), Some(Incoming::Ping { timestamp }), "{text}");
        }
    }
}
