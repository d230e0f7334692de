//! The words that signals listen for, as tables, and how a table is read.
//!
//! Tables are matched against a *tight* text: normalised, without white space and punctuation, so spacing
//! mistakes do not matter. Words inside other words are the danger of that (심사기간 holds 사기, 다시 발급 holds
//! a swear word), so a table names its harmless words, which are taken out before its rules are tried.
//!
//! A pattern is a word; `^` before it ties it to the beginning of the text, `$` after it to the end.

pub(super) mod accident;
pub(super) mod machine;
pub(super) mod mood;
pub(super) mod person;
pub(super) mod reply;
mod sieve;

use std::borrow::Cow;

pub(super) use crate::nlu::lexicon::sieve::Sifted;
use crate::text::haystack::Haystack;

/// Rules of one meaning.
pub(super) struct Lexicon {
    /// Words that hold a pattern without its meaning. Longer ones stand before their own beginnings.
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
static LEXICONS: [&Lexicon; 10] = [
    &accident::DESPAIR,
    &accident::PHISHING,
    &accident::THEFT,
    &accident::THREAT,
    &machine::INSTRUCTIONS,
    &mood::COMPLAINT,
    &mood::DISTRESS,
    &mood::PRAISE,
    &mood::SWEARING,
    &person::WISH,
];

/// A rule of one part.
const fn any(patterns: &'static [&'static [&'static str]]) -> Rule {
    Rule { parts: patterns, gap: 0, unless: &[] }
}

impl Lexicon {
    /// Whether the text follows one of the rules.
    pub(super) fn matches(&self, message: &Sifted) -> bool {
        let mut candidates = message.candidates(self.rules).peekable();
        // Harmless words are still in the message, but taking them out adds none.
        candidates.peek().is_some() && {
            let text = self.without_harmless(&message.text);
            candidates.any(|rule| rule.matches(&text))
        }
    }

    /// How many patterns of the one-part rules occur.
    pub(super) fn count(&self, message: &Sifted) -> usize {
        let mut candidates = message.candidates(self.rules).peekable();
        if candidates.peek().is_none() {
            return 0;
        }
        let text = self.without_harmless(&message.text);
        let patterns = candidates.flat_map(|rule| rule.parts).flat_map(|part| part.iter());
        patterns.filter(|pattern| occurs(&text, pattern)).count()
    }

    fn without_harmless<'a>(&self, tight: &'a Haystack) -> Cow<'a, Haystack> {
        let mut text = Cow::Borrowed(tight);
        for word in self.harmless {
            if occurs(&text, word) {
                // A blank keeps its neighbours apart, so that no new word arises.
                text = Cow::Owned(Haystack::new(text.as_str().replace(bare(word), " ")));
            }
        }
        text
    }
}

impl Rule {
    fn matches(&self, text: &Haystack) -> bool {
        self.parts.iter().all(|part| part.iter().any(|pattern| occurs(text, pattern)))
            && follows(text, self.parts, self.gap, None)
            && !self.unless.iter().any(|pattern| occurs(text, pattern))
    }
}

/// Whether the parts occur one after another, the first of them within `gap` characters of `after`.
fn follows(haystack: &Haystack, parts: &[&[&str]], gap: usize, after: Option<usize>) -> bool {
    let Some((part, rest)) = parts.split_first() else { return true };
    let (text, start) = (haystack.as_str(), after.unwrap_or(0));
    part.iter().filter(|pattern| haystack.may_have(bare(pattern))).any(|pattern| {
        let word = bare(pattern);
        text[start..].match_indices(word).any(|(offset, _)| {
            let (at, end) = (start + offset, start + offset + word.len());
            let is_near = after.is_none() || text[start..at].chars().count() <= gap;
            is_near && is_anchored(text, pattern, at, end) && follows(haystack, rest, gap, Some(end))
        })
    })
}

fn bare(pattern: &str) -> &str {
    pattern.trim_start_matches('^').trim_end_matches('$')
}

fn is_anchored(text: &str, pattern: &str, at: usize, end: usize) -> bool {
    (!pattern.starts_with('^') || at == 0) && (!pattern.ends_with('$') || end == text.len())
}

fn occurs(text: &Haystack, pattern: &str) -> bool {
    let word = bare(pattern);
    if word.len() == pattern.len() {
        return text.has(word);
    }
    if !text.may_have(word) {
        return false;
    }
    match (pattern.starts_with('^'), pattern.ends_with('$')) {
        (true, true) => text.as_str() == word,
        (true, false) => text.as_str().starts_with(word),
        (false, _) => text.as_str().ends_with(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nlu::lexicon::sieve::Sieve;

    static FRAUD: Lexicon = Lexicon {
        harmless: &["심사기간"],
        rules: &[
            Rule { parts: &[&["사기", "피싱"], &["당했", "같아"]], gap: 4, unless: &["예방"] },
            any(&[&["^살려줘$"]]),
        ],
    };

    #[test]
    fn rules_want_their_parts_in_order_and_close_by() {
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
            for sieve in [None, Sieve::new(FRAUD.rules.iter())] {
                assert_eq!(FRAUD.matches(&Sifted::through(sieve.as_ref(), text)), expected, "{text}");
            }
        }
    }
}
