//! The words that signals listen for, as tables, and how a table is read.
//!
//! Tables are matched against a *tight* text: normalised, without white space and punctuation, so spacing
//! mistakes do not matter. Words inside other words are the danger of that (심사기간 holds 사기, 다시 발급 holds
//! a swear word), so a table names its harmless words, and what overlaps one of them in the text does not count.
//!
//! A pattern is a word; `^` before it ties it to the beginning of the text, `$` after it to the end.

pub(super) mod complaint;
pub(super) mod dispute;
mod fragments;
pub(super) mod fraud;
mod hints;
pub(super) mod impostor;
pub(super) mod leaning;
pub(super) mod machine;
pub(super) mod mood;
pub(super) mod peril;
pub(super) mod person;
pub(super) mod reply;
mod sieve;
mod spelling;
pub(super) mod swindle;
pub(super) mod theft;

use std::ops::Range;

use crate::nlu::lexicon::sieve::Find;
use crate::nlu::lexicon::sieve::LexiconParts;
use crate::nlu::lexicon::sieve::Part;
use crate::nlu::lexicon::sieve::RuleParts;
pub(super) use crate::nlu::lexicon::sieve::Sifted;

/// Rules of one meaning.
pub(super) struct Lexicon {
    /// Words that hold a pattern without its meaning.
    pub(super) harmless: &'static [&'static str],
    pub(super) rules: &'static [Rule],
}

/// A text follows a rule if one pattern of each part occurs, in the parts' order, each close to the one before.
pub(super) struct Rule {
    pub(super) parts: &'static [&'static [&'static str]],
    /// Most characters between two parts.
    pub(super) gap: usize,
    /// Patterns that revoke the rule, wherever they stand.
    pub(super) unless: &'static [&'static str],
}

/// Every lexicon there is.
static LEXICONS: [&Lexicon; 14] = [
    &complaint::COMPLAINT,
    &dispute::DISPUTE,
    &fraud::PHISHING,
    &impostor::IMPOSTORS,
    &machine::IDENTITY,
    &machine::INSTRUCTIONS,
    &mood::DISTRESS,
    &mood::PRAISE,
    &mood::SWEARING,
    &peril::DESPAIR,
    &peril::THREAT,
    &person::WISH,
    &swindle::SWINDLES,
    &theft::THEFT,
];

/// A rule of one part.
const fn any(patterns: &'static [&'static [&'static str]]) -> Rule {
    Rule { parts: patterns, gap: 0, unless: &[] }
}

impl Lexicon {
    /// Whether the text follows one of the rules.
    pub(super) fn matches(&self, message: &Sifted) -> bool {
        let Some(parts) = message.parts_of(self) else { return false };
        self.rules.iter().zip(&parts.rules).any(|(rule, own)| rule.matches(message, parts, *own))
    }

    /// Whether the text holds a word that only looks like the meaning.
    pub(super) fn is_denied(&self, message: &Sifted) -> bool {
        message.parts_of(self).is_some_and(|parts| message.has(parts.harmless))
    }

    /// How many words of the one-part rules occur.
    pub(super) fn count(&self, message: &Sifted) -> usize {
        let Some(parts) = message.parts_of(self) else { return 0 };
        let mut words: Vec<Find> = Vec::new();
        for find in parts.rules.iter().flat_map(|rule| harmful(message, parts, rule.first)) {
            if !words.iter().any(|word| word.is_same_word(find)) {
                words.push(find);
            }
        }
        words.len()
    }
}

impl Rule {
    fn matches(&self, message: &Sifted, parts: &LexiconParts, own: RuleParts) -> bool {
        let own_parts = own.first..own.first + own.count;
        own_parts.clone().all(|part| message.has(part))
            && follows(message, parts, own_parts, self.gap, None)
            && harmful(message, parts, own.unless).next().is_none()
    }
}

/// Whether the parts occur one after another, the first of them within `gap` characters of `after`.
fn follows(message: &Sifted, lexicon: &LexiconParts, mut parts: Range<Part>, gap: usize, after: Option<usize>) -> bool {
    let Some(part) = parts.next() else { return true };
    let is_near = |find: &Find| {
        after.is_none_or(|end| {
            let between = message.text().as_bytes().get(end..find.start);
            between.is_some_and(|between| characters(between, gap + 1) <= gap)
        })
    };
    let is_harmless = |find: &Find| message.finds(lexicon.harmless).any(|harmless| harmless.overlaps(*find));
    let near = message.finds(part).filter(is_near).filter(|find| !is_harmless(find));
    near.take(NEAR_MAX).any(|find| follows(message, lexicon, parts.clone(), gap, Some(find.end)))
}

/// A message that repeats one word thousands of times is not worth more looks.
const NEAR_MAX: usize = 64;

/// Where words of a part stand, but for those inside harmless words.
fn harmful(message: &Sifted, lexicon: &LexiconParts, part: Part) -> impl Iterator<Item = Find> {
    let is_harmless = |find: &Find| message.finds(lexicon.harmless).any(|harmless| harmless.overlaps(*find));
    message.finds(part).filter(move |find| !is_harmless(find))
}

/// How many characters begin in a piece of UTF-8 (a byte after a character's first is `10……`), counted up to `max`.
fn characters(text: &[u8], max: usize) -> usize {
    text.iter().filter(|byte| **byte & 0xC0 != 0x80).take(max).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nlu::lexicon::sieve::Sieve;
    use crate::text::normalize::normalize;

    static FRAUD: Lexicon = Lexicon {
        harmless: &["심사기간"],
        rules: &[
            Rule { parts: &[&["사기", "피싱"], &["당했", "같아"]], gap: 4, unless: &["예방"] },
            any(&[&["^살려줘$"]]),
        ],
    };

    #[test]
    fn rules_want_their_parts_in_order_and_close_by() {
        let sieves = [Sieve::new(&[&FRAUD], &[], &[]), Sieve::new(&[&FRAUD], &[], &[]).without_automaton()];
        for (text, expected) in [
            ("사기당했어요", true),
            ("피싱인것같아요", true),
            ("당했어요사기", false),
            ("사기는아니지만이상한일을당했어요", false),
            ("심사기간같아요", false),
            ("심사기간인데사기당했어요", true),
            ("사기예방당했어요", false),
            ("살려줘", true),
            ("살려줘요", false),
            ("", false),
        ] {
            for sieve in &sieves {
                assert_eq!(FRAUD.matches(&sieve.sift(text)), expected, "{text}");
            }
        }
    }

    #[test]
    fn tables_are_written_as_texts_arrive() {
        let sieve = Sieve::new(&LEXICONS, &hints::HINTS, fragments::FRAGMENTS);
        for word in sieve.words() {
            let tight: String = normalize(word).chars().filter(|c| c.is_alphanumeric()).collect();
            assert_eq!(spelling::respelled(&tight), *word, "no message can hold it");
        }
    }
}
