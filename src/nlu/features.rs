//! What a classifier sees of a text: two blocks of weighted terms, words and characters.
//!
//! Each block is TF-IDF weighted and brought to length one on its own; in one joint block the many
//! character n-grams drown the few words (measured). Vocabularies are explicit: hashing them cost
//! robustness against typing mistakes.

use std::collections::BTreeMap;

use foldhash::HashMap;
use serde::Deserialize;
use serde::Serialize;

use crate::text::reading::Reading;

/// Longest character n-gram.
const GRAM_CHARS_MAX: usize = 4;
/// Terms a block keeps at most; the rarest are left out. Keeps a model of forty categories under 10 MB.
const TERMS_MAX: usize = 30_000;
/// From this many examples on, a term that stands in only one of them is left out.
const RARE_TERMS_EXAMPLES_MAX: usize = 3_000;

/// A text as the numbers of its known terms and their weights.
pub(super) type Vector = Vec<(u32, f32)>;

/// Turns texts into vectors.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Features {
    words: Vocabulary,
    grams: Vocabulary,
}

impl Features {
    /// Learns the vocabularies of `texts`.
    pub(super) fn learn(texts: &[Parts<'_>]) -> Self {
        let words = Vocabulary::learn(texts.iter().map(|parts| parts.words.iter().map(String::as_str)), texts.len());
        let grams = Vocabulary::learn(texts.iter().map(|parts| grams(&parts.characters)), texts.len());
        Self { words, grams }
    }

    /// The number of terms.
    pub(super) fn len(&self) -> usize {
        self.words.len() + self.grams.len()
    }

    /// The vector of a text; empty if it has no known term.
    pub(super) fn vector(&self, parts: &Parts<'_>) -> Vector {
        let words = parts.words.iter().filter_map(|word| self.words.number(word));
        let mut vector = self.words.weigh(words.collect(), 0);
        vector.append(&mut self.grams.weigh(self.grams.numbers_of_grams(&parts.characters), self.words.len()));
        vector
    }
}

/// A text taken apart.
pub(super) struct Parts<'t> {
    words: &'t [String],
    /// Letters and digits only, every digit a zero: the numbers in a question rarely tell its kind.
    characters: String,
}

impl<'t> Parts<'t> {
    pub(super) fn of(text: &'t Reading) -> Self {
        let characters = text.tight().chars().map(|c| if c.is_ascii_digit() { '0' } else { c });
        Self { characters: characters.collect(), words: text.stems() }
    }
}

/// Every run of one to four characters.
fn grams(characters: &str) -> impl Iterator<Item = &str> {
    characters.char_indices().flat_map(move |(start, _)| runs_from(&characters[start..]))
}

/// The first character, the first two, three and four.
fn runs_from(rest: &str) -> impl Iterator<Item = &str> {
    rest.char_indices().take(GRAM_CHARS_MAX).map(move |(at, c)| &rest[..at + c.len_utf8()])
}

/// The terms of one block and how much each tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Terms", into = "Terms")]
struct Vocabulary {
    terms: Terms,
    numbers: HashMap<String, u32>,
}

/// A vocabulary as it is stored: terms in order, and the inverse document frequency of each.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Terms {
    terms: Vec<String>,
    idf: Vec<f32>,
}

impl From<Terms> for Vocabulary {
    fn from(terms: Terms) -> Self {
        let numbers = terms.terms.iter().cloned().zip(0..).collect();
        Self { terms, numbers }
    }
}

impl From<Vocabulary> for Terms {
    fn from(vocabulary: Vocabulary) -> Self {
        vocabulary.terms
    }
}

impl Vocabulary {
    fn learn<'a, T: Iterator<Item = &'a str>>(texts: impl Iterator<Item = T>, count: usize) -> Self {
        let mut frequencies: BTreeMap<&str, u32> = BTreeMap::new();
        for terms in texts {
            let mut terms: Vec<&str> = terms.collect();
            terms.sort_unstable();
            terms.dedup();
            for term in terms {
                *frequencies.entry(term).or_default() += 1;
            }
        }
        let frequency_min = if count > RARE_TERMS_EXAMPLES_MAX { 2 } else { 1 };
        let mut kept: Vec<(&str, u32)> =
            frequencies.into_iter().filter(|(_, frequency)| *frequency >= frequency_min).collect();
        kept.sort_by_key(|(_, frequency)| std::cmp::Reverse(*frequency));
        kept.truncate(TERMS_MAX);
        let idf = kept.iter().map(|(_, frequency)| ((1.0 + count as f32) / (1.0 + *frequency as f32)).ln() + 1.0);
        Terms { idf: idf.collect(), terms: kept.iter().map(|(term, _)| (*term).to_owned()).collect() }.into()
    }

    fn len(&self) -> usize {
        self.terms.terms.len()
    }

    fn number(&self, term: &str) -> Option<u32> {
        self.numbers.get(term).copied()
    }

    /// The numbers of the known [`grams`] of a text. A run that is not known has no longer run that is: whatever is
    /// known of a run holds for its beginning too, which is at least as frequent and kept first.
    fn numbers_of_grams(&self, characters: &str) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(characters.len());
        for (start, _) in characters.char_indices() {
            numbers.extend(runs_from(&characters[start..]).map_while(|run| self.number(run)));
        }
        numbers
    }

    /// TF-IDF of terms given by number, brought to length one, numbered from `first`.
    fn weigh(&self, mut numbers: Vec<u32>, first: usize) -> Vector {
        numbers.sort_unstable();
        let mut vector: Vector = numbers
            .chunk_by(|a, b| a == b)
            .filter_map(|same| {
                let idf = self.terms.idf.get(*same.first()? as usize)?;
                Some((*same.first()? + first as u32, (1.0 + (same.len() as f32).ln()) * idf))
            })
            .collect();
        let length = vector.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        vector.iter_mut().for_each(|(_, weight)| *weight /= length);
        vector
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grams_are_all_runs_of_one_to_four_characters() {
        let found: Vec<&str> = grams("카드한도요").collect();
        let expected = [
            "카",
            "카드",
            "카드한",
            "카드한도",
            "드",
            "드한",
            "드한도",
            "드한도요",
            "한",
            "한도",
            "한도요",
            "도",
            "도요",
            "요",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn stopping_at_the_first_unknown_run_misses_none() {
        let texts = ["카드 한도 올려주세요", "카드 분실했어요", "대출 금리 알려주세요"].map(Reading::of);
        let vocabulary = Features::learn(&texts.each_ref().map(Parts::of)).grams;
        for text in ["카드 한도 대출", "한도올려", "전혀 다른 말", "금리알려주세요"] {
            let characters = Parts::of(&Reading::of(text)).characters;
            let all: Vec<u32> = grams(&characters).filter_map(|gram| vocabulary.number(gram)).collect();
            assert_eq!(vocabulary.numbers_of_grams(&characters), all, "{text}");
        }
    }

    #[test]
    fn spacing_and_numbers_do_not_change_the_characters() {
        assert_eq!(Parts::of(&Reading::of("카드 한도, 500만원!")).characters, "카드한도000만원");
        assert_eq!(Parts::of(&Reading::of("카드한도 300만 원")).characters, "카드한도000만원");
    }

    #[test]
    fn each_block_has_length_one() {
        let texts = ["카드 한도 올려주세요", "대출 금리 알려주세요"].map(Reading::of);
        let texts = texts.each_ref().map(Parts::of);
        let features = Features::learn(&texts);
        let vector = features.vector(&texts[0]);
        let words = features.words.len() as u32;
        for block in [
            vector.iter().filter(|(at, _)| *at < words).collect::<Vec<_>>(),
            vector.iter().filter(|(at, _)| *at >= words).collect(),
        ] {
            let length: f32 = block.iter().map(|(_, weight)| weight * weight).sum();
            assert!((length - 1.0).abs() < 1e-5, "{length}");
        }
        assert!(features.vector(&Parts::of(&Reading::of("xyz"))).is_empty());
    }
}
