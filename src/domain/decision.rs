//! Why a turn went as it did, kept for the auditor (design D4).

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::HandoverStatus;
use crate::domain::StageName;
use crate::domain::Ticket;
use crate::domain::intent::wire_words;

/// What wrote the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// A fixed sentence of the workflow.
    Rule,
    /// Sentences of the bank's documents.
    Extractive,
    /// A language model, guarded by the cited passages.
    Llm,
}

wire_words!(Engine { Rule = "rule", Extractive = "extractive", Llm = "llm" });

/// A category a message may belong to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CategoryCandidate {
    /// The pack's name for it.
    pub category: String,
    /// How sure it is, 0 to 1.
    pub confidence: f32,
}

impl CategoryCandidate {
    /// How many a reply names at most.
    pub const MAX: usize = 3;
    /// A category less likely than this is not named.
    pub const CONFIDENCE_MIN: f32 = 0.02;
}

/// The record of one turn's decision. It holds no words of the customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// How the message was triaged.
    pub ticket: Ticket,
    /// The pack's category, when one was recognised.
    pub category: Option<String>,
    /// How sure the classifier is of the category, 0 to 1.
    pub confidence: f32,
    /// The categories the message may belong to, best first, at most [`CategoryCandidate::MAX`].
    pub category_candidates: Vec<CategoryCandidate>,
    /// The workflow rule that fired.
    pub rule: String,
    /// The stage before the turn.
    pub stage_before: StageName,
    /// The stage after the turn.
    pub stage_after: StageName,
    /// The hand-over status, if this turn changed it.
    pub handover_change: Option<HandoverStatus>,
    /// What wrote the answer.
    pub engine: Engine,
    /// Digest of the knowledge pack the turn was answered from.
    pub pack_digest: String,
    /// Version of the program.
    pub program_version: String,
    /// From the message to its answer, without storing it, in milliseconds.
    pub elapsed_ms: i64,
    /// What the answer was made of.
    pub passages: Vec<PassageVersion>,
}

/// A passage as it stood when it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassageVersion {
    /// Id of its document.
    pub document: String,
    /// The heading it stands under.
    pub section: String,
    /// Its page, from 1.
    pub page: u32,
    /// Beginning of the SHA-256 of its text.
    pub digest: String,
}
