//! What a classifier sees of a text: four blocks of weighted terms.
//!
//! Word stems; the characters without spaces, in runs of one to four; its sounds, in runs of three to seven, which
//! typing mistakes hardly change; and the concepts it speaks of, alone and in pairs. Each block is TF-IDF weighted and
//! brought to length one on its own; in one joint block the many runs drown the few words (measured). Every term is
//! known by 64 bits of its own and nothing shares a place: hashing terms into fewer places cost robustness.

use std::hash::Hasher as _;
use std::ops::RangeInclusive;

use fnv::FnvHasher;
use foldhash::HashMap;
use serde::Deserialize;
use serde::Serialize;

use crate::text::reading::Reading;

/// Lengths of the runs of characters, and of sounds.
const CHARACTERS: RangeInclusive<usize> = 1..=4;
const SOUNDS: RangeInclusive<usize> = 3..=7;
/// Weights that are kept for every category; keeps a model under 10 MB.
const CELLS_MAX: usize = 7_500_000;
/// Terms of one example each that are kept.
const SINGLE_TERMS_MAX: usize = 200_000;
/// From this many examples on, a term that stands in only one of them is left out.
const SINGLE_TERMS_EXAMPLES_MAX: usize = 3_000;

/// A text as the numbers of its known terms and their weights.
pub(super) type Vector = Vec<(u32, f32)>;

/// Turns texts into vectors.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Terms", into = "Terms")]
pub(super) struct Features {
    terms: Terms,
    numbers: HashMap<u64, u32>,
}

/// The known terms, those of several examples first.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Terms {
    keys: Vec<u64>,
    /// In how many examples each stands.
    frequencies: Vec<u32>,
    /// How many of the terms stand in several examples.
    shared: usize,
    examples: usize,
}

impl From<Terms> for Features {
    fn from(terms: Terms) -> Self {
        let numbers = terms.keys.iter().copied().zip(0..).collect();
        Self { terms, numbers }
    }
}

impl From<Features> for Terms {
    fn from(features: Features) -> Self {
        features.terms
    }
}

impl Features {
    /// Learns the terms of `texts`, which belong to so many categories.
    pub(super) fn learn(texts: &[Parts], categories: usize) -> Self {
        // For each term: in how many texts it stands, in which last, and how long it is.
        let mut seen: HashMap<u64, (u32, u32, u8)> = HashMap::default();
        for (text, number) in texts.iter().zip(1..) {
            text.each_term(|key, length| {
                let (frequency, last, _) = seen.entry(key).or_insert((0, 0, length));
                *frequency += u32::from(*last != number);
                *last = number;
                true
            });
        }
        let mut found: Vec<(u64, u32, u8)> =
            seen.into_iter().map(|(key, (frequency, _, length))| (key, frequency, length)).collect();
        // A run's beginning is at least as frequent and shorter, so it is kept whenever the run is.
        found.sort_unstable_by_key(|&(key, frequency, length)| (std::cmp::Reverse(frequency), length, key));
        let several = found.partition_point(|(_, frequency, _)| *frequency > 1);
        let singles = if texts.len() > SINGLE_TERMS_EXAMPLES_MAX { 0 } else { SINGLE_TERMS_MAX };
        let singles = singles.min(found.len() - several);
        let shared = several.min(CELLS_MAX / categories.max(1));
        let singles = if shared < several { 0 } else { singles };
        found.truncate(shared + singles);
        Terms {
            keys: found.iter().map(|(key, _, _)| *key).collect(),
            frequencies: found.iter().map(|(_, frequency, _)| *frequency).collect(),
            shared,
            examples: texts.len(),
        }
        .into()
    }

    /// The number of terms.
    pub(super) fn len(&self) -> usize {
        self.terms.keys.len()
    }

    /// How many of them stand in several examples; the numbers of the others come after theirs.
    pub(super) fn shared(&self) -> usize {
        self.terms.shared
    }

    /// The vector of a text; empty if it has no known term.
    pub(super) fn vector(&self, parts: &Parts) -> Vector {
        let mut vector = Vec::with_capacity(256);
        let mut numbers = Vec::with_capacity(256);
        for block in Block::ALL {
            numbers.clear();
            parts.each_term_of(block, |key, _| match self.numbers.get(&key) {
                Some(number) => {
                    numbers.push(*number);
                    true
                }
                None => false,
            });
            self.weigh(&mut numbers, &mut vector);
        }
        vector
    }

    /// Adds TF-IDF of a block's terms, given by number, brought to length one.
    fn weigh(&self, numbers: &mut [u32], vector: &mut Vector) {
        numbers.sort_unstable();
        let first = vector.len();
        let examples = self.terms.examples as f32;
        vector.extend(numbers.chunk_by(|a, b| a == b).filter_map(|same| {
            let number = *same.first()?;
            let frequency = *self.terms.frequencies.get(number as usize)? as f32;
            let idf = ((1.0 + examples) / (1.0 + frequency)).ln() + 1.0;
            Some((number, (1.0 + (same.len() as f32).ln()) * idf))
        }));
        let block = &mut vector[first..];
        let length = block.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        block.iter_mut().for_each(|(_, weight)| *weight /= length);
    }
}

/// One kind of terms.
#[derive(Debug, Clone, Copy)]
enum Block {
    Words = 1,
    Characters,
    Sounds,
    Concepts,
}

impl Block {
    const ALL: [Self; 4] = [Self::Words, Self::Characters, Self::Sounds, Self::Concepts];

    fn hasher(self) -> FnvHasher {
        let mut hasher = FnvHasher::default();
        hasher.write_u8(self as u8);
        hasher
    }
}

/// A text taken apart.
#[derive(Debug)]
pub(super) struct Parts<'t> {
    text: &'t Reading,
    /// Letters and digits only, every digit a zero: the numbers in a question rarely tell its kind.
    characters: String,
}

impl<'t> Parts<'t> {
    pub(super) fn of(text: &'t Reading) -> Self {
        let characters = text.tight().chars().map(|c| if c.is_ascii_digit() { '0' } else { c });
        Self { text, characters: characters.collect() }
    }

    /// Calls `take` with the key and the length of every term.
    fn each_term(&self, mut take: impl FnMut(u64, u8) -> bool) {
        for block in Block::ALL {
            self.each_term_of(block, &mut take);
        }
    }

    /// Calls `take` with the key and the length of every term of a block. Where it answers false for a run, no longer
    /// run that begins with it is given.
    fn each_term_of(&self, block: Block, mut take: impl FnMut(u64, u8) -> bool) {
        match block {
            Block::Words => {
                for word in self.text.stems() {
                    let mut hasher = block.hasher();
                    hasher.write(word.as_bytes());
                    take(hasher.finish(), 1);
                }
            }
            Block::Characters => {
                for (start, _) in self.characters.char_indices() {
                    let mut hasher = block.hasher();
                    let mut buffer = [0; 4];
                    for (c, length) in self.characters[start..].chars().take(*CHARACTERS.end()).zip(1..) {
                        hasher.write(c.encode_utf8(&mut buffer).as_bytes());
                        if !take(hasher.finish(), length) {
                            break;
                        }
                    }
                }
            }
            Block::Sounds => {
                let sounds = self.text.sounds();
                for start in 0..sounds.len().saturating_sub(SOUNDS.start() - 1) {
                    let mut hasher = block.hasher();
                    let run = sounds[start..].iter().take(*SOUNDS.end());
                    for (sound, length) in run.zip(1_u8..) {
                        hasher.write_u8(*sound);
                        if usize::from(length) >= *SOUNDS.start() && !take(hasher.finish(), length) {
                            break;
                        }
                    }
                }
            }
            Block::Concepts => {
                let concepts = self.text.concepts();
                for (index, concept) in concepts.iter().enumerate() {
                    let mut hasher = block.hasher();
                    hasher.write(&concept.to_le_bytes());
                    let first = hasher.finish();
                    take(first, 1);
                    for other in &concepts[index + 1..] {
                        let mut pair = FnvHasher::with_key(first);
                        pair.write(&other.to_le_bytes());
                        take(pair.finish(), 2);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str, block: Block) -> Vec<u64> {
        let reading = Reading::of(text);
        let mut keys = Vec::new();
        Parts::of(&reading).each_term_of(block, |key, _| {
            keys.push(key);
            true
        });
        keys
    }

    #[test]
    fn characters_are_all_runs_of_one_to_four() {
        assert_eq!(keys("카드한도요", Block::Characters).len(), 4 + 4 + 3 + 2 + 1);
        assert!(keys("", Block::Characters).is_empty());
    }

    #[test]
    fn spacing_and_numbers_do_not_change_characters_and_sounds() {
        for block in [Block::Characters, Block::Sounds] {
            assert_eq!(keys("카드 한도, 500만원!", block), keys("카드한도 300만 원", block));
        }
        assert_eq!(keys("카드 됐어요", Block::Sounds), keys("카드됬어요", Block::Sounds));
        assert_ne!(keys("카드 됐어요", Block::Characters), keys("카드됬어요", Block::Characters));
    }

    #[test]
    fn concepts_stand_alone_and_in_pairs() {
        let concepts = Reading::of("카드를 잃어버렸어요").concepts().len();
        assert!(concepts >= 2);
        assert_eq!(keys("카드를 잃어버렸어요", Block::Concepts).len(), concepts + concepts * (concepts - 1) / 2);
    }

    #[test]
    fn stopping_at_the_first_unknown_run_misses_none() {
        let texts = ["카드 한도 올려주세요", "카드 분실했어요", "대출 금리 알려주세요"].map(Reading::of);
        let features = Features::learn(&texts.each_ref().map(Parts::of), 2);
        for text in ["카드 한도 대출", "한도올려", "전혀 다른 말", "금리알려주세요"] {
            let reading = Reading::of(text);
            for block in Block::ALL {
                let all = keys(text, block).into_iter().filter(|key| features.numbers.contains_key(key)).count();
                let mut found = 0;
                Parts::of(&reading).each_term_of(block, |key, _| {
                    let is_known = features.numbers.contains_key(&key);
                    found += usize::from(is_known);
                    is_known
                });
                assert_eq!(found, all, "{text} {block:?}");
            }
        }
    }

    #[test]
    fn each_block_has_length_one() {
        let texts = ["카드 한도 올려주세요", "대출 금리 알려주세요"].map(Reading::of);
        let texts = texts.each_ref().map(Parts::of);
        let features = Features::learn(&texts, 2);
        let length: f32 = features.vector(&texts[0]).iter().map(|(_, weight)| weight * weight).sum();
        assert!((length - 4.0).abs() < 1e-4, "{length}");
        assert!(features.vector(&Parts::of(&Reading::of("xyz"))).is_empty());
    }

    #[test]
    fn terms_of_several_examples_come_first() {
        let texts = ["카드 한도", "카드 분실"].map(Reading::of);
        let features = Features::learn(&texts.each_ref().map(Parts::of), 2);
        let frequencies = &features.terms.frequencies;
        assert!(frequencies[..features.shared()].iter().all(|frequency| *frequency > 1));
        assert!(frequencies[features.shared()..].iter().all(|frequency| *frequency == 1));
    }
}
