//! What an endpoint sends back: OpenAI's chunks as server-sent events, or one whole answer.

use std::error::Error;
use std::io;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::StreamExt as _;
use futures_util::TryStreamExt as _;
use http_body_util::BodyDataStream;
use http_body_util::BodyExt as _;
use http_body_util::LengthLimitError;
use http_body_util::Limited;
use hyper::Response;
use hyper::body::Incoming;
use hyper::header;
use serde::Deserialize;
use sse_stream::SseByteStream;

use crate::llm::Failure;
use crate::telemetry::chain;

/// Thousands of tokens, each a chunk of some hundred bytes.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// What is quoted of something that cannot be read.
const QUOTE_CHARS_MAX: usize = 120;
/// After the last chunk.
const DONE: &str = "[DONE]";

/// One thing that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Something to say.
    Text(String),
    /// It works, and says nothing yet.
    Thought,
    /// What it cost.
    Tokens { prompt: u64, completion: u64 },
    /// It has said everything.
    Finished,
    /// It has said as much as it may, and there was more.
    Shortened,
}

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, io::Error>> + Send>>;

/// The pieces of one answer.
pub(super) enum Pieces {
    /// As they come.
    Events {
        events: SseByteStream<Chunks>,
        /// From one chunk.
        waiting: Vec<Piece>,
        is_finished: bool,
    },
    /// All at once.
    Whole { body: Option<Limited<Incoming>>, waiting: Vec<Piece> },
}

impl Pieces {
    /// Of a response that was successful.
    ///
    /// # Errors
    /// [`Failure::Malformed`] if it is neither.
    pub(super) fn of(response: Response<Incoming>) -> Result<Self, Failure> {
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let body = |response: Response<Incoming>| Limited::new(response.into_body(), ANSWER_BYTES_MAX);
        match kind.as_str() {
            "text/event-stream" => Ok(Self::Events {
                events: SseByteStream::new(Box::pin(BodyDataStream::new(body(response)).map_err(io::Error::other))),
                waiting: Vec::new(),
                is_finished: false,
            }),
            "application/json" => Ok(Self::Whole { body: Some(body(response)), waiting: Vec::new() }),
            other => Err(Failure::Malformed(format!("it is of type {other:?}, not text/event-stream"))),
        }
    }

    /// The next piece; `None` after the end.
    pub(super) async fn next(&mut self) -> Option<Result<Piece, Failure>> {
        match self {
            Self::Whole { body, waiting } => {
                if let Some(body) = body.take() {
                    match whole(body).await {
                        Ok(pieces) => *waiting = pieces,
                        Err(failure) => return Some(Err(failure)),
                    }
                }
                waiting.pop().map(Ok)
            }
            Self::Events { events, waiting, is_finished } => loop {
                if let Some(piece) = waiting.pop() {
                    *is_finished |= matches!(piece, Piece::Finished | Piece::Shortened);
                    return Some(Ok(piece));
                }
                let event = match events.next().await {
                    Some(Ok(event)) => event,
                    Some(Err(error)) => return Some(Err(failure_of(&error))),
                    None if *is_finished => return None,
                    None => return Some(Err(Failure::CutOff)),
                };
                match event.data.as_deref().map(str::trim) {
                    None | Some("") => {}
                    Some(DONE) => {
                        if !std::mem::replace(is_finished, true) {
                            return Some(Ok(Piece::Finished));
                        }
                        return None;
                    }
                    Some(data) => match pieces_of(data) {
                        Ok(pieces) => *waiting = pieces,
                        Err(failure) => return Some(Err(failure)),
                    },
                }
            },
        }
    }
}

fn is_too_long(cause: &(dyn Error + Send + Sync + 'static)) -> bool {
    let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    inner.is_some_and(|inner| inner.is::<LengthLimitError>())
}

fn failure_of(error: &sse_stream::Error) -> Failure {
    match error {
        sse_stream::Error::Body(cause) if is_too_long(&**cause) => {
            Failure::Malformed(format!("it is longer than {ANSWER_BYTES_MAX} bytes"))
        }
        sse_stream::Error::Body(_) => Failure::CutOff,
        sse_stream::Error::Utf8Parse(_) | sse_stream::Error::UnknownField | _ => {
            Failure::Malformed(chain(error).to_string())
        }
    }
}

/// A chunk, or a whole answer. What servers add is ignored, and what some leave out is not missed.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Usage>,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default, alias = "message")]
    delta: Option<Delta>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
    #[serde(default, alias = "reasoning")]
    reasoning_content: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

/// No request costs more. What a server reports beyond it is a mistake, and would break every sum it is part of.
const TOKENS_MAX: u64 = 10_000_000;
/// Reasons to finish before the end, as servers name them.
const SHORTENED: [&str; 4] = ["length", "max_tokens", "content_filter", "max_length"];

/// What a chunk holds, last first.
fn pieces_of(json: &str) -> Result<Vec<Piece>, Failure> {
    // A list would be taken for the fields in their order.
    let object = if json.starts_with('{') { json } else { "" };
    let chunk: Chunk = serde_json::from_str(object)
        .map_err(|error| Failure::Malformed(format!("{error} in {:?}", shortened(json))))?;
    if let Some(error) = chunk.error {
        let message = error.get("message").and_then(serde_json::Value::as_str).map(str::to_owned);
        return Err(Failure::Malformed(format!("it reports: {}", shortened(&message.unwrap_or(error.to_string())))));
    }
    let mut pieces = Vec::new();
    // Only one answer is asked for.
    if let Some(choice) = chunk.choices.into_iter().next() {
        if let Some(reason) = choice.finish_reason {
            let is_shortened = SHORTENED.contains(&reason.as_str());
            pieces.push(if is_shortened { Piece::Shortened } else { Piece::Finished });
        }
        if let Some(delta) = choice.delta {
            match delta.content.filter(|text| !text.is_empty()) {
                Some(text) => pieces.push(Piece::Text(text)),
                None if delta.reasoning_content.is_some_and(|text| !text.is_empty()) => pieces.push(Piece::Thought),
                None => {}
            }
        }
    }
    if let Some(Usage { prompt_tokens, completion_tokens }) = chunk.usage {
        let (prompt, completion) = (prompt_tokens.min(TOKENS_MAX), completion_tokens.min(TOKENS_MAX));
        pieces.push(Piece::Tokens { prompt, completion });
    }
    Ok(pieces)
}

async fn whole(body: Limited<Incoming>) -> Result<Vec<Piece>, Failure> {
    let bytes = body.collect().await.map_err(|_| Failure::CutOff)?.to_bytes();
    let text = std::str::from_utf8(&bytes).map_err(|error| Failure::Malformed(error.to_string()))?;
    let mut pieces = pieces_of(text)?;
    if !pieces.iter().any(|piece| matches!(piece, Piece::Finished | Piece::Shortened)) {
        pieces.insert(0, Piece::Finished);
    }
    Ok(pieces)
}

/// What a refusal says, as far as people can read it.
pub(super) fn message_of(body: &Bytes) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let message = json.as_ref().and_then(|json| {
        let error = json.get("error").unwrap_or(json);
        error.get("message").or(Some(error))?.as_str().or_else(|| json.get("detail")?.as_str())
    });
    match message {
        Some(message) => shortened(message),
        None => shortened(&String::from_utf8_lossy(body)),
    }
}

fn shortened(text: &str) -> String {
    let mut characters = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let start: String = characters.by_ref().take(QUOTE_CHARS_MAX).collect();
    if characters.next().is_some() { start + "…" } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_many_servers_are_read() {
        let text = |text: &str| Piece::Text(text.to_owned());
        for (json, expected) in [
            (r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#, vec![]),
            (r#"{"id":"x","choices":[{"delta":{"content":"연 "}}],"system_fingerprint":null}"#, vec![text("연 ")]),
            (r#"{"choices":[{"delta":{"content":null,"reasoning_content":"음"}}]}"#, vec![Piece::Thought]),
            (r#"{"choices":[{"delta":{"reasoning":"음"}}]}"#, vec![Piece::Thought]),
            (r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, vec![Piece::Finished]),
            (
                r#"{"choices":[{"delta":{"content":"끝"},"finish_reason":"length"}]}"#,
                vec![Piece::Shortened, text("끝")],
            ),
            (
                r#"{"choices":[],"usage":{"prompt_tokens":9223372036854775807,"completion_tokens":3}}"#,
                vec![Piece::Tokens { prompt: TOKENS_MAX, completion: 3 }],
            ),
            (
                r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}"#,
                vec![Piece::Tokens { prompt: 7, completion: 3 }],
            ),
            (r#"{"choices":[{"message":{"role":"assistant","content":"네"}}]}"#, vec![text("네")]),
            ("{}", vec![]),
        ] {
            assert_eq!(pieces_of(json), Ok(expected), "{json}");
        }
        for json in ["", "{", "[]", r#"{"error":{"message":"overloaded"}}"#, r#"{"choices":7}"#] {
            assert!(matches!(pieces_of(json), Err(Failure::Malformed(_))), "{json}");
        }
    }

    #[test]
    fn refusals_are_quoted() {
        for (body, expected) in [
            (r#"{"error":{"message":"Incorrect API key provided","type":"x"}}"#, "Incorrect API key provided"),
            (r#"{"object":"error","message":"The model does not exist."}"#, "The model does not exist."),
            (r#"{"detail":"Not Found"}"#, "Not Found"),
            ("<html>\nBad Gateway", "<html> Bad Gateway"),
            (r#"{"error":"model \"x\" not found"}"#, "model \"x\" not found"),
        ] {
            assert_eq!(message_of(&Bytes::from_static(body.as_bytes())), expected, "{body}");
        }
    }
}
