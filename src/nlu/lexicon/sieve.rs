//! Which rules of all lexicons a message could follow, found in one walk over it.
//!
//! Trying some three thousand patterns one after another on every message took a quarter of the time of understanding it.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::nlu::lexicon::LEXICONS;
use crate::nlu::lexicon::Rule;
use crate::nlu::lexicon::bare;
use crate::text::haystack::Haystack;

/// A message in its tight form, and the rules it could follow.
pub(in crate::nlu) struct Sifted {
    pub(super) text: Haystack,
    candidates: Option<Vec<&'static Rule>>,
}

impl Sifted {
    /// Sifts `tight`.
    pub(in crate::nlu) fn new(tight: &str) -> Self {
        Self::through(SIEVE.as_ref(), tight)
    }

    pub(super) fn through(sieve: Option<&Sieve>, tight: &str) -> Self {
        let candidates = sieve.map(|sieve| sieve.candidates(tight));
        Self { text: Haystack::new(tight.to_owned()), candidates }
    }

    /// Those of `rules`, which belong to one of [`LEXICONS`], that the message could follow.
    pub(super) fn candidates(&self, rules: &'static [Rule]) -> impl Iterator<Item = &'static Rule> {
        let is_candidate =
            |rule: &Rule| self.candidates.as_ref().is_none_or(|all| all.iter().any(|one| std::ptr::eq(*one, rule)));
        rules.iter().filter(move |rule| is_candidate(rule))
    }
}

/// The patterns of every rule as one automaton.
pub(super) struct Sieve {
    words: AhoCorasick,
    /// For each word of the automaton, the part it belongs to. Parts are numbered through all rules.
    part_of: Vec<usize>,
    /// Each rule with the number of its first part.
    rules: Vec<(&'static Rule, usize)>,
}

/// `None` if the patterns are too many for one automaton; then every rule is tried on every message.
static SIEVE: LazyLock<Option<Sieve>> = LazyLock::new(|| Sieve::new(LEXICONS.iter().flat_map(|lexicon| lexicon.rules)));

impl Sieve {
    pub(super) fn new(all: impl Iterator<Item = &'static Rule>) -> Option<Self> {
        let mut words = Vec::new();
        let mut part_of = Vec::new();
        let mut rules = Vec::new();
        let mut part = 0;
        for rule in all {
            rules.push((rule, part));
            for patterns in rule.parts {
                words.extend(patterns.iter().map(|pattern| bare(pattern)));
                part_of.resize(words.len(), part);
                part += 1;
            }
        }
        // Every Hangul syllable begins with one of three bytes, so searching for first bytes finds too many.
        let words = AhoCorasick::builder().prefilter(false).build(words).ok()?;
        Some(Self { words, part_of, rules })
    }

    /// The rules of which every part has a word in `text`.
    fn candidates(&self, text: &str) -> Vec<&'static Rule> {
        let mut parts: Vec<usize> = self
            .words
            .find_overlapping_iter(text)
            .filter_map(|word| self.part_of.get(word.pattern().as_usize()).copied())
            .collect();
        parts.sort_unstable();
        let has = |part: usize| parts.binary_search(&part).is_ok();
        let is_candidate = |rule: &Rule, first: usize| (first..first + rule.parts.len()).all(has);
        if parts.is_empty() {
            return Vec::new();
        }
        self.rules.iter().filter(|(rule, first)| is_candidate(rule, *first)).map(|(rule, _)| *rule).collect()
    }
}
