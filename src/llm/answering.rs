//! An answer that is being given.

use std::time::Duration;

use tokio::time::Instant;

use crate::llm::Failure;
use crate::llm::admission::Permit;
use crate::llm::figures::UnderWay;
use crate::llm::stream::Piece;
use crate::llm::stream::Pieces;
use crate::llm::thoughts::Thoughts;

/// An answer whose first words have come. Dropped before its end, the endpoint is told by closing the connection.
pub struct Answering {
    /// What is known of it so far.
    pub progress: Progress,
    first: Option<String>,
    pieces: Pieces,
    thoughts: Thoughts,
    /// Given back at the end.
    permit: Option<Permit>,
    silence_max: Duration,
    thinking_max: Duration,
    deadline: Instant,
    prompt_chars: usize,
    reported: Option<Usage>,
    is_shortened: bool,
    under_way: UnderWay,
}

/// How an answer came about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The endpoint that answers.
    pub endpoint: String,
    /// The model.
    pub model: String,
    /// How many endpoints were asked.
    pub attempts: u32,
    /// How long it waited for a free endpoint.
    pub queued: Duration,
    /// From asking the endpoint that answers to its first token.
    pub first_token: Duration,
}

/// What an answer cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of what was asked.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
    /// The endpoint did not say; it is worked out from the lengths.
    pub is_estimated: bool,
}

/// An answer before its first token.
pub(super) struct Beginning {
    pub(super) pieces: Pieces,
    pub(super) permit: Permit,
    pub(super) silence_max: Duration,
    pub(super) thinking_max: Duration,
    pub(super) deadline: Instant,
    pub(super) asked_at: Instant,
    pub(super) prompt_chars: usize,
    pub(super) under_way: UnderWay,
}

impl Beginning {
    /// Waits for the first words.
    ///
    /// # Errors
    /// [`Failure`], which the endpoint's breaker has heard of already.
    pub(super) async fn first_token(self) -> Result<Answering, Failure> {
        let Self { pieces, permit, silence_max, deadline, thinking_max, asked_at, prompt_chars, under_way } = self;
        let mut answering = Answering {
            progress: Progress::default(),
            first: None,
            pieces,
            thoughts: Thoughts::new(),
            permit: Some(permit),
            silence_max,
            thinking_max,
            deadline,
            prompt_chars,
            reported: None,
            is_shortened: false,
            under_way,
        };
        // Silence is counted from the question, not from when the connection was there.
        let first = answering.words(asked_at).await;
        answering.progress.first_token = asked_at.elapsed();
        match first.and_then(|words| words.ok_or(Failure::Empty)) {
            Ok(words) => {
                if let Some(permit) = &answering.permit {
                    permit.begin();
                }
                answering.first = Some(words);
                Ok(answering)
            }
            Err(failure) => {
                answering.fail(&failure);
                Err(failure)
            }
        }
    }
}

impl Answering {
    /// The next words; `None` at the end.
    ///
    /// # Errors
    /// [`Failure`]; nothing comes after it.
    pub async fn next(&mut self) -> Option<Result<String, Failure>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        self.permit.as_ref()?;
        match self.words(Instant::now()).await {
            Ok(Some(words)) => Some(Ok(words)),
            Ok(None) => {
                self.conclude();
                None
            }
            Err(failure) => {
                let endpoint = &self.progress.endpoint;
                tracing::warn!(endpoint, %failure, "a language model broke off; the documents finish the answer");
                self.fail(&failure);
                Some(Err(failure))
            }
        }
    }

    /// Whether the endpoint ended it before its end, for its length or its contents.
    pub fn is_shortened(&self) -> bool {
        self.is_shortened
    }

    /// What it cost so far, given how much of the answer has been heard.
    pub fn usage(&self, heard_chars: usize) -> Usage {
        self.reported.unwrap_or_else(|| Usage::about(self.prompt_chars, heard_chars))
    }

    /// The next words after `since`. Thoughts are a sign of life, and end the silence; but nobody can read them, so they are waited
    /// for only so long.
    async fn words(&mut self, since: Instant) -> Result<Option<String>, Failure> {
        /// Some servers neither say that nothing comes any more nor hang up.
        const COSTS_WAIT: Duration = Duration::from_secs(1);
        let mut silent_until = since + self.silence_max;
        let mut is_finished = false;
        let mut thinks_until = None;
        loop {
            let until = silent_until.min(thinks_until.unwrap_or(self.deadline)).min(self.deadline);
            let piece = match tokio::time::timeout_at(until, self.pieces.next()).await {
                Ok(Some(piece)) => piece?,
                Ok(None) => return Ok(self.rest()),
                Err(_) if is_finished => return Ok(self.rest()),
                Err(_) if until == self.deadline => return Err(Failure::TooLong),
                Err(_) if thinks_until == Some(until) => return Err(Failure::Thinking(self.thinking_max)),
                Err(_) => return Err(Failure::Silent(self.silence_max)),
            };
            let is_thought = match piece {
                Piece::Text(text) => {
                    let said = self.thoughts.strip(text);
                    if !said.is_empty() {
                        return Ok(Some(said));
                    }
                    true
                }
                Piece::Thought => true,
                Piece::Tokens { prompt, completion } => {
                    self.reported =
                        Some(Usage { prompt_tokens: prompt, completion_tokens: completion, is_estimated: false });
                    false
                }
                // The costs come behind.
                Piece::Finished | Piece::Shortened => {
                    self.is_shortened |= piece == Piece::Shortened;
                    is_finished = true;
                    silent_until = silent_until.min(Instant::now() + COSTS_WAIT);
                    false
                }
            };
            if is_thought {
                silent_until = Instant::now() + self.silence_max;
                thinks_until = Some(since + self.thinking_max);
            }
        }
    }

    /// What was held back at the end.
    fn rest(&mut self) -> Option<String> {
        let rest = self.thoughts.finish();
        (!rest.is_empty()).then_some(rest)
    }

    fn conclude(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.under_way.end(None);
            permit.succeed();
        }
    }

    fn fail(&mut self, failure: &Failure) {
        if let Some(permit) = self.permit.take() {
            self.under_way.end(Some(failure));
            permit.fail(failure);
        }
    }
}

impl Usage {
    /// Worked out from the lengths: Korean takes a token for a syllable or two.
    pub(super) fn about(prompt_chars: usize, heard_chars: usize) -> Self {
        let tokens = |chars: usize| chars.div_ceil(2) as u64;
        Self { prompt_tokens: tokens(prompt_chars), completion_tokens: tokens(heard_chars), is_estimated: true }
    }
}
