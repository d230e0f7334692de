//! Where the words of all lexicons stand in a message, found in one walk over it.
//!
//! Trying some eight thousand patterns one after another on every message took longer than everything else. So all of
//! them are one automaton, and rules are followed over what it found, without looking at the text again.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use foldhash::HashMap;

use crate::nlu::lexicon::LEXICONS;
use crate::nlu::lexicon::Lexicon;
use crate::nlu::lexicon::fragments::FRAGMENTS;
use crate::nlu::lexicon::hints::HINTS;
use crate::nlu::lexicon::leaning::Hint;
use crate::nlu::lexicon::leaning::Leaning;
use crate::nlu::lexicon::spelling::respelled;

/// A message in its tight form, and every word of a lexicon in it.
pub(in crate::nlu) struct Sifted<'a> {
    sieve: &'a Sieve,
    text: String,
    finds: Vec<Find>,
    /// For each part, its last find.
    last: Vec<Link>,
}

/// One place where a word of a part stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Find {
    /// The byte at which the word begins.
    pub(super) start: usize,
    /// The byte after it.
    pub(super) end: usize,
    word: usize,
    /// The part's find before this one.
    before: Link,
}

/// A find by its place, counted from one; zero is none. What a message holds beyond its range is not found.
type Link = u16;

/// Words any of which may stand in a place: a part of a rule, its `unless`, a lexicon's harmless words, a hint, a
/// fragment.
pub(super) type Part = usize;

/// The words of all lexicons as one automaton.
pub(in crate::nlu) struct Sieve {
    /// `None` if they are too many for one; then each is looked for by itself.
    automaton: Option<AhoCorasick>,
    words: Vec<&'static str>,
    /// For each word, where its uses begin; they end where the next word's begin.
    first_use: Vec<usize>,
    uses: Vec<Use>,
    lexicons: Vec<(&'static Lexicon, LexiconParts)>,
    hints: Vec<(&'static Hint, Part)>,
    fragments: Vec<(Leaning, Part)>,
    parts: usize,
}

/// A word's place in a part.
#[derive(Debug, Clone, Copy)]
struct Use {
    part: Part,
    begins_text: bool,
    ends_text: bool,
}

/// The parts of a lexicon.
pub(super) struct LexiconParts {
    /// Its harmless words.
    pub(super) harmless: Part,
    /// For each rule, its first part and its `unless`.
    pub(super) rules: Vec<RuleParts>,
}

/// The parts of a rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct RuleParts {
    /// The first; the others follow.
    pub(super) first: Part,
    /// How many there are.
    pub(super) count: usize,
    /// What revokes it.
    pub(super) unless: Part,
}

static SIEVE: LazyLock<Sieve> = LazyLock::new(|| Sieve::new(&LEXICONS, &HINTS, FRAGMENTS));

impl Sifted<'static> {
    /// Sifts `tight`.
    pub(in crate::nlu) fn new(tight: &str) -> Self {
        SIEVE.sift(tight)
    }
}

impl Sifted<'_> {
    /// What was sifted.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The parts of a lexicon, if the sieve knows it.
    pub(super) fn parts_of(&self, lexicon: &Lexicon) -> Option<&LexiconParts> {
        self.sieve.lexicons.iter().find(|(one, _)| std::ptr::eq(*one, lexicon)).map(|(_, parts)| parts)
    }

    /// The hints of which a word stands in the text.
    pub(super) fn hints(&self) -> impl Iterator<Item = &'static Hint> {
        self.sieve.hints.iter().filter(|(_, part)| self.has(*part)).map(|(hint, _)| *hint)
    }

    /// The weights of the fragments in the text.
    pub(super) fn fragments(&self) -> impl Iterator<Item = Leaning> {
        self.sieve.fragments.iter().filter(|(_, part)| self.has(*part)).map(|(weights, _)| *weights)
    }

    /// Whether a word of the part stands in the text.
    pub(super) fn has(&self, part: Part) -> bool {
        self.last.get(part).is_some_and(|link| *link != 0)
    }

    /// Where words of the part stand in the text.
    pub(super) fn finds(&self, part: Part) -> impl Iterator<Item = Find> {
        let find = |link: Link| usize::from(link).checked_sub(1).and_then(|at| self.finds.get(at)).copied();
        std::iter::successors(self.last.get(part).copied().and_then(find), move |one| find(one.before))
    }
}

impl Find {
    /// Whether it is the same word as another find.
    pub(super) fn is_same_word(self, other: Self) -> bool {
        self.word == other.word
    }

    /// Whether the two share a character.
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

impl Sieve {
    /// Numbers all words and builds the automaton.
    pub(super) fn new(
        lexicons: &[&'static Lexicon],
        hints: &[&'static [Hint]],
        fragments: &[(Leaning, &[&'static str])],
    ) -> Self {
        let mut parts = Parts::default();
        let lexicons = lexicons.iter().map(|lexicon| (*lexicon, parts.of_lexicon(lexicon))).collect();
        let hints = hints.iter().copied().flatten().map(|hint| (hint, parts.add(hint.words))).collect();
        let words = fragments.iter().flat_map(|(weights, words)| words.iter().map(|word| (*weights, *word)));
        let fragments = words.map(|(weights, word)| (weights, parts.add(&[word]))).collect();
        let mut first_use = vec![0];
        let mut uses = Vec::new();
        for of_word in &parts.uses {
            uses.extend_from_slice(of_word);
            first_use.push(uses.len());
        }
        // Every Hangul syllable begins with one of three bytes, so searching for first bytes finds too many.
        let automaton = AhoCorasick::builder().prefilter(false).build(&parts.words).ok();
        Self { automaton, words: parts.words, first_use, uses, lexicons, hints, fragments, parts: parts.count }
    }

    /// Finds every word in `tight`.
    pub(super) fn sift(&self, tight: &str) -> Sifted<'_> {
        let text = respelled(tight);
        let mut finds = Vec::with_capacity(FINDS_EXPECTED);
        let mut last: Vec<Link> = vec![0; self.parts];
        let mut keep = |word: usize, start: usize, end: usize| {
            for one in &self.uses[self.first_use[word]..self.first_use[word + 1]] {
                let is_in_place = (!one.begins_text || start == 0) && (!one.ends_text || end == text.len());
                if let (true, Ok(link)) = (is_in_place, Link::try_from(finds.len() + 1)) {
                    finds.push(Find { start, end, word, before: std::mem::replace(&mut last[one.part], link) });
                }
            }
        };
        match &self.automaton {
            Some(automaton) => automaton
                .find_overlapping_iter(text.as_str())
                .for_each(|found| keep(found.pattern().as_usize(), found.start(), found.end())),
            None => {
                for (word, letters) in self.words.iter().enumerate() {
                    text.match_indices(letters).for_each(|(start, found)| keep(word, start, start + found.len()));
                }
            }
        }
        Sifted { sieve: self, text, finds, last }
    }

    /// Looks for each word by itself.
    #[cfg(test)]
    pub(super) fn without_automaton(self) -> Self {
        Self { automaton: None, ..self }
    }

    /// Every word of every lexicon.
    #[cfg(test)]
    pub(super) fn words(&self) -> &[&'static str] {
        &self.words
    }
}

/// How many words most messages hold.
const FINDS_EXPECTED: usize = 64;

/// Words and parts while they are numbered.
#[derive(Default)]
struct Parts {
    numbers: HashMap<&'static str, usize>,
    words: Vec<&'static str>,
    uses: Vec<Vec<Use>>,
    count: usize,
}

impl Parts {
    fn of_lexicon(&mut self, lexicon: &'static Lexicon) -> LexiconParts {
        let harmless = self.add(lexicon.harmless);
        let mut rules = Vec::with_capacity(lexicon.rules.len());
        for rule in lexicon.rules {
            let first = self.count;
            for patterns in rule.parts {
                self.add(patterns);
            }
            rules.push(RuleParts { first, count: rule.parts.len(), unless: self.add(rule.unless) });
        }
        LexiconParts { harmless, rules }
    }

    /// Gives `patterns` the next number.
    fn add(&mut self, patterns: &[&'static str]) -> Part {
        let part = self.count;
        self.count += 1;
        for pattern in patterns {
            let word = pattern.trim_start_matches('^').trim_end_matches('$');
            let number = *self.numbers.entry(word).or_insert_with(|| {
                self.words.push(word);
                self.uses.push(Vec::new());
                self.words.len() - 1
            });
            self.uses[number].push(Use {
                part,
                begins_text: pattern.starts_with('^'),
                ends_text: pattern.ends_with('$'),
            });
        }
        part
    }
}
