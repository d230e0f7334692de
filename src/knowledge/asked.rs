//! How like a question that has an answer already a customer's question is.
//!
//! An entry of questions and answers is short, so almost any question about its subject finds its words in it. What
//! tells whether it is the right one is the other way round: whether the customer speaks of all that the entry's
//! question speaks of.

use crate::knowledge::analysis::Dictionaries;
use crate::knowledge::analysis::Question;
use crate::knowledge::postings::Number;
use crate::text::reading::Reading;

/// The question of an entry, taken apart.
#[derive(Debug)]
pub(super) struct Asked {
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    stem: Number,
    concepts: Vec<Number>,
    /// How telling it is.
    rarity: f32,
}

/// A part the customer speaks of in other words.
const BY_CONCEPT: f32 = 0.7;

impl Asked {
    /// Takes `question` apart. `rarity` says how telling a stem is.
    pub fn new(question: &str, dictionaries: Dictionaries<'_>, rarity: impl Fn(Number) -> f32) -> Self {
        let part = |word: &String| {
            let stem = dictionaries.stems.number(word);
            let word = Reading::of(word);
            let concepts = word.concepts().iter().map(|concept| dictionaries.concept(*concept)).collect();
            Part { stem, concepts, rarity: rarity(stem) }
        };
        Self { parts: Reading::of(question).stems().iter().map(part).collect() }
    }

    /// Whether the customer asks just this, in any order: all the entry's question speaks of, and nothing else.
    pub fn is_just(&self, question: &Question) -> bool {
        let mut typed = question.stems.iter().filter(|lookup| !lookup.is_synonym).peekable();
        let is_asked = |token| self.parts.iter().any(|part| part.stem == token);
        typed.peek().is_some() && typed.all(|lookup| is_asked(lookup.token)) && self.likeness(question) >= 1.0
    }

    /// How much of the entry's question the customer's speaks of, 0 to 1.
    pub fn likeness(&self, question: &Question) -> f32 {
        let (mut said, mut all) = (0.0, 0.0);
        for part in &self.parts {
            all += part.rarity;
            if question.stems.iter().any(|lookup| lookup.token == part.stem) {
                said += part.rarity;
            } else if part.concepts.iter().any(|concept| question.concepts.iter().any(|own| own.token == *concept)) {
                said += BY_CONCEPT * part.rarity;
            }
        }
        if all > 0.0 { said / all } else { 0.0 }
    }
}
