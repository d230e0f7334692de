//! An answer that is being given.

use std::time::Duration;

use tokio::time::Instant;

use crate::llm::Failure;
use crate::llm::admission::Permit;
use crate::llm::figures::Figures;
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
    deadline: Instant,
    asked_at: Instant,
    prompt_chars: usize,
    reported: Option<Usage>,
    figures: Figures,
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
    pub(super) deadline: Instant,
    pub(super) asked_at: Instant,
    pub(super) prompt_chars: usize,
    pub(super) figures: Figures,
}

impl Beginning {
    /// Waits for the first words.
    ///
    /// # Errors
    /// [`Failure`], which the endpoint's breaker has heard of already.
    pub(super) async fn first_token(self) -> Result<Answering, Failure> {
        let Self { pieces, permit, silence_max, deadline, asked_at, prompt_chars, figures } = self;
        let mut answering = Answering {
            progress: Progress::default(),
            first: None,
            pieces,
            thoughts: Thoughts::new(),
            permit: Some(permit),
            silence_max,
            deadline,
            asked_at,
            prompt_chars,
            reported: None,
            figures,
        };
        // Silence is counted from the question, not from when the connection was there.
        let first = answering.words(asked_at + silence_max).await;
        answering.progress.first_token = asked_at.elapsed();
        match first {
            Ok(words) => {
                if let (Some(permit), true) = (&answering.permit, words.is_some()) {
                    permit.begin();
                }
                answering.first = words;
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
        match self.words(Instant::now() + self.silence_max).await {
            Ok(Some(words)) => Some(Ok(words)),
            Ok(None) => None,
            Err(failure) => {
                self.fail(&failure);
                Some(Err(failure))
            }
        }
    }

    /// What it cost so far, given how much of the answer has been heard.
    pub fn usage(&self, heard_chars: usize) -> Usage {
        self.reported.unwrap_or(Usage {
            prompt_tokens: tokens_about(self.prompt_chars),
            completion_tokens: tokens_about(heard_chars),
            is_estimated: true,
        })
    }

    async fn words(&mut self, silent_until: Instant) -> Result<Option<String>, Failure> {
        let mut silent_until = silent_until;
        loop {
            let until = silent_until.min(self.deadline);
            let piece = match tokio::time::timeout_at(until, self.pieces.next()).await {
                Ok(Some(piece)) => piece?,
                Ok(None) => {
                    let rest = self.thoughts.finish();
                    self.conclude();
                    return Ok((!rest.is_empty()).then_some(rest));
                }
                Err(_) if until == self.deadline => return Err(Failure::TooLong),
                Err(_) => return Err(Failure::Silent(self.silence_max)),
            };
            match piece {
                Piece::Text(text) => {
                    let said = self.thoughts.strip(text);
                    if !said.is_empty() {
                        return Ok(Some(said));
                    }
                    silent_until = Instant::now() + self.silence_max;
                }
                Piece::Thought => silent_until = Instant::now() + self.silence_max,
                Piece::Tokens { prompt, completion } => {
                    self.reported =
                        Some(Usage { prompt_tokens: prompt, completion_tokens: completion, is_estimated: false });
                }
                // The costs come behind.
                Piece::Finished => {}
            }
        }
    }

    fn conclude(&mut self) {
        if let Some(permit) = self.permit.take() {
            self.figures.finish(permit.index(), None, self.asked_at.elapsed());
            permit.succeed();
        }
    }

    fn fail(&mut self, failure: &Failure) {
        if let Some(permit) = self.permit.take() {
            self.figures.finish(permit.index(), Some(failure), self.asked_at.elapsed());
            permit.fail(failure);
        }
    }
}

/// Korean takes a token for a syllable or two.
fn tokens_about(chars: usize) -> u64 {
    chars.div_ceil(2) as u64
}
