//! What a model is asked.

use std::time::Duration;

use serde::Serialize;

use crate::config::LlmRole;
use crate::llm::answering::Usage;
use crate::text::pii::Masked;

/// One question to a model.
#[derive(Debug, Clone)]
pub struct Request {
    /// What it is asked to do.
    pub role: LlmRole,
    /// What it is told to be and to know: instructions and passages, in our own words and the bank's.
    pub system: String,
    /// What was said, oldest first; the last is to be answered.
    pub said: Vec<Said>,
    /// Most tokens of the answer.
    pub tokens_max: u32,
    /// How long the whole may take, waiting for a free endpoint not included.
    pub timeout: Duration,
}

impl Request {
    /// Its length.
    pub(super) fn chars(&self) -> usize {
        let said = self.said.iter().map(|said| match said {
            Said::Person(text) => text.as_str(),
            Said::Assistant(text) => text,
        });
        [self.system.as_str()].into_iter().chain(said).map(|text| text.chars().count()).sum()
    }

    /// The most it may cost, in tokens, where one endpoint reads it: as many as it has characters, and those of the answer.
    pub fn cost_max(&self) -> u64 {
        self.chars() as u64 + u64::from(self.tokens_max)
    }

    /// What it cost, as far as can be told, if so many endpoints read it and none was heard.
    pub fn unheard(&self, readings: u32) -> Usage {
        let once = Usage::about(self.chars(), 0);
        Usage { prompt_tokens: once.prompt_tokens.saturating_mul(readings.into()), ..once }
    }
}

/// One message of a conversation.
#[derive(Debug, Clone)]
pub enum Said {
    /// By a person, masked.
    Person(Masked),
    /// By the assistant.
    Assistant(String),
}

/// The body of a request to `/chat/completions`.
#[derive(Serialize)]
pub(super) struct Body<'r> {
    model: &'r str,
    messages: Vec<Message<'r>>,
    stream: bool,
    stream_options: StreamOptions,
    max_tokens: u32,
    temperature: f64,
}

#[derive(Serialize)]
struct Message<'r> {
    role: &'static str,
    content: &'r str,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

impl<'r> Body<'r> {
    /// As JSON: always a stream, so that silence is noticed before the end.
    pub(super) fn json(request: &'r Request, model: &'r str, temperature: f64) -> Vec<u8> {
        let said = request.said.iter().map(|said| match said {
            Said::Person(text) => Message { role: "user", content: text.as_str() },
            Said::Assistant(text) => Message { role: "assistant", content: text },
        });
        let body = Body {
            model,
            messages: [Message { role: "system", content: &request.system }].into_iter().chain(said).collect(),
            stream: true,
            stream_options: StreamOptions { include_usage: true },
            max_tokens: request.tokens_max,
            temperature,
        };
        // Strings and finite numbers, so this cannot fail.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}
