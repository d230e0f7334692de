//! One message judged as the first of a conversation, as measuring needs it: nothing is stored and nobody is told.

use foldhash::HashSet;
use time::Date;

use crate::chat::context::Earlier;
use crate::chat::engine::Engine;
use crate::chat::triage;
use crate::chat::triage::Said;
use crate::chat::triage::Standing;
use crate::chat::workflow;
use crate::chat::workflow::Say;
use crate::domain::Collected;
use crate::domain::Intent;
use crate::domain::Source;
use crate::domain::Stage;
use crate::domain::Ticket;
use crate::nlu::Guess;
use crate::text::pii;

/// What the assistant would make of a message.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The triage.
    pub ticket: Ticket,
    /// What the customer wants.
    pub intent: Intent,
    /// The categories it may belong to, best first.
    pub guesses: Vec<Guess>,
    /// Ids of the documents that fit, best first, each once.
    pub documents: Vec<String>,
    /// What the documents answer.
    pub answer: Option<String>,
    /// What is quoted; empty when the documents do not answer.
    pub sources: Vec<Source>,
}

/// Passages that are looked at for [`Judgement::documents`].
const HITS_MAX: usize = 40;

impl Engine {
    /// Judges a message on its own.
    pub fn judge(&self, text: &str, today: Date) -> Judgement {
        let masked = pii::mask(text);
        let standing = Standing { stage: &Stage::START, topic: None, collected: &Collected::new() };
        let said = Said { raw: text, masked: masked.as_str(), earlier: &Earlier::default(), taken_for: None };
        let understanding = triage::understand(self, standing, said, today);
        let step = workflow::next(standing.stage, understanding.input, None, u8::MAX);
        let mut seen = HashSet::default();
        let hits = self.search(&self.read(masked.as_str()), &understanding.bearing, today, HITS_MAX);
        let documents = hits.into_iter().map(|hit| hit.document.id.clone());
        let answer = understanding.answer.filter(|_| step.say == Say::Answer);
        let (answer, sources) = answer.map(|answer| (answer.text, answer.sources)).unzip();
        Judgement {
            ticket: step.ticket,
            intent: understanding.intent,
            guesses: understanding.bearing.guesses,
            documents: documents.filter(|id| seen.insert(id.clone())).collect(),
            answer,
            sources: sources.unwrap_or_default(),
        }
    }
}
