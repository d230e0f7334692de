//! Measures how well a knowledge pack is understood: its own test questions, put to the assistant one by one.
//!
//! [`evaluate`] asks every question as the first message of a conversation, through the same code that answers
//! customers, and compares what comes with what `tests.csv` says. `data` looks for what would make the figures lie:
//! questions the classifier was trained on, contradicting labels, duplicates. `compare` sets two measurements side by
//! side, question by question. What is measured is printed as text, JSON or one HTML page.
//!
//! Without a language model the room asks no database and no network: the same pack on the same day always gives the same figures. `llm`
//! puts the same questions to a model too.

mod compare;
mod data;
mod figures;
mod html;
mod llm;
mod outcome;
mod text;

use serde::Deserialize;
use serde::Serialize;
use time::Date;

use crate::chat::Engine;
use crate::knowledge::Pack;
use crate::nlu::Classifier;
use crate::nlu::Example;
use crate::text::reading::Reading;

pub use compare::Comparison;
pub use compare::compare;
pub use figures::Figure;
pub use html::html;
pub use llm::Attacked;
pub use llm::Extent;
pub use llm::RehearsalError;
pub use llm::Spoken;
pub use llm::evaluate_with_models;
pub use outcome::Outcome;
pub use text::text;

/// Everything that was measured of one pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The bank's name.
    pub pack: String,
    /// The pack's digest.
    pub digest: String,
    /// What answered: `embedded`, or `llm` where a language model was asked too.
    #[serde(default = "embedded")]
    pub engine: String,
    /// The program's version.
    pub program_version: String,
    /// The day (KST) whose documents answered.
    pub date: String,
    /// What is wrong with the pack's data, so that its figures cannot be trusted as they stand.
    pub data_errors: Vec<String>,
    /// What the data lacks; the figures are honest all the same.
    pub data_warnings: Vec<String>,
    /// The figures, in the order they are read.
    pub figures: Vec<Figure>,
    /// What the pack's `[gates]` ask for, and whether it is reached.
    pub gates: Vec<Gate>,
    /// Precision and recall of each category the tests name.
    pub categories: Vec<figures::PerCategory>,
    /// Which categories are taken for which, most frequent first.
    pub confusions: Vec<figures::Confusion>,
    /// How often each expected triage became which.
    pub tickets: Vec<figures::TicketCell>,
    /// Every question.
    pub outcomes: Vec<Outcome>,
    /// Every attack on a language model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attacks: Vec<Attacked>,
}

/// A gate of the pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Its name in `pack.toml`.
    pub name: String,
    /// What it asks for.
    pub asked: f32,
    /// What was measured; `None` if no question measures it.
    pub measured: Option<f32>,
    /// Whether the one is good enough for the other.
    pub is_passed: bool,
}

impl Evaluation {
    /// Whether the pack may be published: the data is sound and every gate is passed.
    pub fn is_passed(&self) -> bool {
        self.data_errors.is_empty() && self.gates.iter().all(|gate| gate.is_passed)
    }

    /// A figure by name; `None` if no question measures it.
    pub fn figure(&self, name: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.name == name)
    }
}

/// Measures the pack of `engine` with the documents in force on `today`, a day in KST. `folds` is into how many parts
/// the example utterances are split to be classified by a classifier that has not seen them; below 2 they are not.
pub fn evaluate(engine: &Engine, today: Date, folds: usize) -> Evaluation {
    let outcomes: Vec<Outcome> = engine.pack().tests.iter().map(|test| Outcome::of(engine, test, today)).collect();
    put_together(engine, today, folds, outcomes)
}

/// What the outcomes of a pack's questions come to.
fn put_together(engine: &Engine, today: Date, folds: usize, outcomes: Vec<Outcome>) -> Evaluation {
    let pack = engine.pack();
    let mut figures = figures::measure(&outcomes);
    figures.extend(figures::cross_validated(&cross_validate(pack, folds)));
    let mut evaluation = Evaluation {
        pack: pack.name.clone(),
        digest: engine.digest().to_owned(),
        engine: embedded(),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        date: today.to_string(),
        data_errors: data::errors(pack),
        data_warnings: data::warnings(pack),
        figures,
        gates: Vec::new(),
        categories: figures::per_category(&outcomes),
        confusions: figures::confusions(&outcomes),
        tickets: figures::tickets(&outcomes),
        outcomes,
        attacks: Vec::new(),
    };
    evaluation.gates = pack.gates.iter().map(|(name, asked)| gate(&evaluation, name, asked)).collect();
    evaluation
}

fn embedded() -> String {
    "embedded".to_owned()
}

fn gate(evaluation: &Evaluation, name: &str, asked: f32) -> Gate {
    let (figure, is_least) = match name.strip_suffix("_min") {
        Some(figure) => (figure, true),
        None => (name.strip_suffix("_max").unwrap_or(name), false),
    };
    let measured = evaluation.figure(figure).map(|figure| figure.value);
    let is_passed = measured.is_some_and(|value| if is_least { value >= asked } else { value <= asked });
    Gate { name: name.to_owned(), asked, measured, is_passed }
}

/// Which place the right category has for each utterance, by a classifier trained on the other folds; `None` if it is
/// not among the guesses.
fn cross_validate(pack: &Pack, folds: usize) -> Vec<Option<usize>> {
    if folds < 2 {
        return Vec::new();
    }
    let mut places = Vec::with_capacity(pack.utterances.len());
    let lessons = pack.lessons();
    for fold in 0..folds {
        let is_held_out = |index: usize| index % folds == fold;
        let examples = pack.utterances.iter().enumerate().filter(|(index, _)| !is_held_out(*index));
        let examples = examples.map(|(_, row)| Example { category: &row.category, text: &row.utterance });
        let lessons = lessons.iter().map(|lesson| Example { category: lesson.category, text: &lesson.text });
        let examples: Vec<Example<'_>> = examples.chain(lessons).collect();
        let Ok(classifier) = Classifier::train(&examples) else { continue };
        for (_, row) in pack.utterances.iter().enumerate().filter(|(index, _)| is_held_out(*index)) {
            let guesses = classifier.classify(&Reading::of(&row.utterance));
            places.push(guesses.iter().position(|guess| *guess.category == *row.category));
        }
    }
    places
}

#[cfg(test)]
mod tests;
