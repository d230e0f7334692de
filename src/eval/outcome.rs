//! One test question: what was expected, and what came.

use serde::Deserialize;
use serde::Serialize;
use time::Date;

use crate::chat::Engine;
use crate::chat::Judgement;
use crate::chat::check_grounded;
use crate::domain::Intent;
use crate::domain::Source;
use crate::domain::Ticket;
use crate::eval::Spoken;
use crate::knowledge::Test;
use crate::knowledge::passages_of;
use crate::text::normalize::normalize;
use crate::text::normalize::spaceless;

/// Documents whose place is of interest.
const DOCUMENTS_MAX: usize = 10;

/// A test question, what was expected of it, and what came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What the customer writes.
    pub question: String,
    /// It names another company or its product.
    pub names_others: bool,
    /// What the pack expects; `None` and empty where it does not say.
    pub expected: Expected,
    /// The guessed categories, best first, with their confidence.
    pub categories: Vec<(String, f32)>,
    /// The triage.
    pub ticket: Ticket,
    /// The intent.
    pub intent: Intent,
    /// Ids of the documents that were found, best first.
    pub documents: Vec<String>,
    /// Ids of the documents that are quoted; empty when the documents do not answer.
    pub answered_from: Vec<String>,
    /// What is quoted.
    pub answer: String,
    /// What is wrong with the answer: it is not what the documents say.
    pub faults: Vec<String>,
    /// What a language model had to do with it; `None` if none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spoken: Option<Spoken>,
}

/// What a pack's `tests.csv` says of a question.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Expected {
    /// The category.
    pub category: Option<String>,
    /// The triage.
    pub ticket: Option<Ticket>,
    /// The intent.
    pub intent: Option<Intent>,
    /// The documents of which any one answers.
    pub documents: Vec<String>,
}

impl Outcome {
    /// Puts a question to the assistant.
    pub(super) fn of(engine: &Engine, test: &Test, today: Date) -> Self {
        let Judgement { ticket, intent, guesses, mut documents, sources, .. } = engine.judge(&test.utterance, today);
        documents.truncate(DOCUMENTS_MAX);
        let tight = spaceless(&normalize(&test.utterance));
        let names = |other: &String| tight.contains(&spaceless(&normalize(other)));
        Self {
            question: test.utterance.clone(),
            names_others: engine.pack().others.iter().any(names),
            expected: Expected {
                category: test.category.clone(),
                ticket: test.ticket,
                intent: test.intent,
                documents: test.documents.clone(),
            },
            categories: guesses.into_iter().map(|guess| (guess.category.to_string(), guess.confidence)).collect(),
            ticket,
            intent,
            documents,
            answered_from: sources.iter().map(|source| source.document_id.clone()).collect(),
            answer: sources.iter().map(|source| source.excerpt.as_str()).collect::<Vec<_>>().join("\n\n"),
            faults: sources.iter().filter_map(|source| fault(engine, source)).collect(),
            spoken: None,
        }
    }

    /// The place of the first right document among those found, from 0.
    pub fn document_place(&self) -> Option<usize> {
        self.documents.iter().position(|id| self.expected.documents.contains(id))
    }

    /// The place of the right category among the guesses, from 0.
    pub fn category_place(&self) -> Option<usize> {
        let expected = self.expected.category.as_ref()?;
        self.categories.iter().position(|(category, _)| category == expected)
    }

    /// The guessed category; empty if there is none.
    pub fn category(&self) -> &str {
        self.categories.first().map(|(category, _)| category.as_str()).unwrap_or_default()
    }

    /// The documents answered.
    pub fn is_answered(&self) -> bool {
        !self.answered_from.is_empty()
    }

    /// No document is expected to answer it, and no person: a greeting, the weather, another company.
    pub fn is_off_topic(&self) -> bool {
        self.expected.ticket == Some(Ticket::SimpleAnswer) && self.expected.documents.is_empty()
    }
}

/// What is wrong with one quotation.
fn fault(engine: &Engine, source: &Source) -> Option<String> {
    let document = engine.pack().documents.iter().find(|document| document.id == source.document_id);
    let Some(document) = document else { return Some(format!("the document {} does not exist", source.document_id)) };
    let said: Vec<String> = passages_of(document).into_iter().map(|passage| passage.text).collect();
    let all = said.join("\n");
    let lines = source.excerpt.lines();
    if let Some(line) = lines.into_iter().find(|line| !all.contains(line)) {
        return Some(format!("{} does not say '{line}'", document.source));
    }
    let whole = Source { excerpt: all, ..source.clone() };
    let is_grounded = check_grounded(&source.excerpt, std::slice::from_ref(&whole)).is_ok();
    (!is_grounded).then(|| format!("a figure of the answer does not stand in {}", document.source))
}
