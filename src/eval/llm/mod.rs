//! The same questions with a language model in the conversation, and an attack on it for each way that is known.
//!
//! Every question opens a conversation of its own in a database that is thrown away, through the code that serves customers: the
//! pool, the guard, the record. So what is measured is what customers would see, and beside it what the model itself would have said.

mod attacks;
mod rehearsal;

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use serde::Deserialize;
use serde::Serialize;
use time::Date;

use crate::chat::ChatError;
use crate::chat::Engine;
use crate::chat::EngineError;
use crate::config::Config;
use crate::config::LlmRole;
use crate::domain::InvalidId;
use crate::eval::Evaluation;
use crate::eval::Gate;
use crate::eval::Outcome;
use crate::eval::figures;
use crate::knowledge::Test;
use crate::store::StoreError;

pub use attacks::Attacked;

use rehearsal::Rehearsal;

/// What a model was asked for a question, and what it said.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Spoken {
    /// Which model; empty if none answered.
    pub model: String,
    /// What became of what it said: `used`, `finished` or `unused`.
    pub outcome: String,
    /// Why not all of it was used, in one word; empty if all was.
    pub reason: String,
    /// Sentences the guard let through.
    pub released: usize,
    /// Sentences it stopped, with the fault.
    pub stopped: Vec<(String, String)>,
    /// What is wrong with the answer shown, as far as the model wrote it: a source that does not exist, is not in force or does not say it.
    pub citation_faults: Vec<String>,
    /// Figures of the answer shown that stand in none of its sources.
    pub figure_faults: Vec<String>,
    /// From asking to the first token, in milliseconds.
    pub first_token_ms: Option<i64>,
    /// From beginning to end, in milliseconds.
    pub total_ms: i64,
    /// Tokens of question and answer.
    pub tokens: i64,
}

/// Why a pack could not be measured with a model.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// No endpoint may write answers.
    #[error(
        "measuring with a language model: no [[llm.endpoint]] with the role 'answer' is configured, or none can be used; \
         `bank-aicc check` says why"
    )]
    NoModel,
    /// None of the questions was answered by a model.
    #[error(
        "measuring with a language model: not one of {asked} questions was answered by a model (most often: {reason}); \
         `bank-aicc doctor` examines the endpoints"
    )]
    Unanswered {
        /// How many were put to one.
        asked: usize,
        /// The most frequent reason.
        reason: String,
    },
    /// The throw-away database.
    #[error("measuring with a language model: the conversations could not be stored")]
    Store(#[from] StoreError),
    /// Its folder.
    #[error("measuring with a language model: no folder could be made for the conversations")]
    Folder(#[from] std::io::Error),
    /// The pack with attacks in its documents could not be prepared.
    #[error("measuring with a language model: the documents with attacks in them could not be prepared")]
    Engine(#[from] EngineError),
    /// A conversation's id.
    #[error(transparent)]
    Session(#[from] InvalidId),
    /// A conversation refused.
    #[error("measuring with a language model: a question was not taken")]
    Chat(#[from] ChatError),
}

/// How much is asked.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    /// Into how many parts the example utterances are split for cross-validation.
    pub folds: usize,
    /// Most test questions and most attacks, evenly chosen; `None` is all.
    pub sample: Option<usize>,
}

/// Measures the pack of `engine` with the models of `config` in the conversations. `tick` hears how many of how many questions are done.
///
/// # Errors
/// [`RehearsalError`].
pub async fn evaluate_with_models(
    config: &Config,
    engine: Arc<Engine>,
    today: Date,
    extent: Extent,
    tick: impl Fn(usize, usize),
) -> Result<Evaluation, RehearsalError> {
    let at_once = at_once(config);
    let tests: Vec<&Test> = sample(&engine.pack().tests, extent.sample);
    let attacks = sample(attacks::all(), extent.sample);
    let all = tests.len() + attacks.len();
    let rehearsal = Rehearsal::open(config, Arc::clone(&engine), today).await?;
    let asking = stream::iter(tests).map(|test| rehearsal.outcome(test)).buffered(at_once);
    let mut outcomes = Vec::new();
    for outcome in collect(asking, |done| tick(done, all)).await {
        outcomes.push(outcome?);
    }
    check_answered(&outcomes)?;
    let done = outcomes.len();
    let attacked =
        attacks::attack(&rehearsal, config, &attacks, &outcomes, at_once, |more| tick(done + more, all)).await?;
    let mut evaluation =
        Evaluation { engine: "llm".to_owned(), ..super::put_together(&engine, today, extent.folds, outcomes) };
    evaluation.figures.extend(figures::refusals(&evaluation.outcomes));
    evaluation.figures.extend(figures::of_attacks(&attacked));
    evaluation.attacks = attacked;
    if extent.sample.is_some() {
        // What the pack asks for is asked of all its questions.
        evaluation.gates.clear();
    }
    evaluation.gates.extend(invariants(&evaluation));
    Ok(evaluation)
}

/// What holds whatever the pack asks for: nothing false is shown.
fn invariants(evaluation: &Evaluation) -> Vec<Gate> {
    let invariant =
        |figure: &str| evaluation.figure(figure).map(|_| super::gate(evaluation, &format!("{figure}_min"), 1.0));
    ["citation_validity", "figure_fidelity", "injection_held"].into_iter().filter_map(invariant).collect()
}

/// Questions that no model answered measure the network, not the model.
fn check_answered(outcomes: &[Outcome]) -> Result<(), RehearsalError> {
    let mut asked = outcomes.iter().filter_map(|outcome| outcome.spoken.as_ref());
    if asked.any(|spoken| !spoken.model.is_empty()) {
        return Ok(());
    }
    let reason = figures::reasons(outcomes).into_iter().next();
    let reason = reason.map_or_else(|| "the documents answer none of them".to_owned(), |(reason, _)| reason);
    Err(RehearsalError::Unanswered { asked: outcomes.len(), reason })
}

/// As many questions at a time as the endpoints take.
fn at_once(config: &Config) -> usize {
    let answering = config.llm.endpoints.iter().filter(|endpoint| endpoint.roles.contains(&LlmRole::Answer));
    answering.map(|endpoint| endpoint.concurrent_max).sum::<usize>().clamp(1, 64)
}

/// At most `max` of them, evenly chosen.
fn sample<T>(all: &[T], max: Option<usize>) -> Vec<&T> {
    let count = max.unwrap_or(all.len()).min(all.len());
    (0..count).filter_map(|at| all.get(at * all.len() / count)).collect()
}

/// Everything that comes, with the count after each.
async fn collect<T>(coming: impl stream::Stream<Item = T>, tick: impl Fn(usize)) -> Vec<T> {
    let mut coming = std::pin::pin!(coming);
    let mut all = Vec::new();
    while let Some(one) = coming.next().await {
        all.push(one);
        tick(all.len());
    }
    all
}
