//! What a message speaks of, whatever the words: 밀린 돈, 미납 and 못 낸 카드값 are all payments that are late.
//!
//! A bank that gives a dozen examples for a category cannot give every way to say it. These concepts carry what is the
//! same at every bank from one wording to the next. The first thousand wordings took the category's share of right guesses
//! on test sets that were written apart from the examples from 57 to 66 % with ten examples a category, and from 84 to
//! 87 % with forty.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::text::hangul;
use crate::text::phonetics;

/// A concept, by its place in the table.
pub type Concept = u16;

/// The concepts and how customers put them: roots of words and short phrases, spaceless, as they stand in tight text.
///
/// General knowledge of Korean retail banking, the same for every bank; a pack's own words belong into its
/// `synonyms.csv`. A root may belong to several concepts (갈아타다 changes a loan and a product), and a concept is only a
/// hint: what follows from it is learned from the pack's examples.
pub const FILES: [&str; 6] = [
    include_str!("actions.txt"),
    include_str!("digital.txt"),
    include_str!("people.txt"),
    include_str!("products.txt"),
    include_str!("questions.txt"),
    include_str!("troubles.txt"),
];

/// A concept's name, and its wordings.
struct Entry {
    name: &'static str,
    wordings: Vec<&'static str>,
}

static CONCEPTS: LazyLock<Vec<Entry>> = LazyLock::new(|| FILES.into_iter().flat_map(entries).collect());

/// Reads a file: `name: wording, wording`, continued on lines that begin with white space; `#` begins a remark.
fn entries(file: &'static str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        let wordings = match line.split_once(':') {
            Some((name, wordings)) => {
                entries.push(Entry { name, wordings: Vec::new() });
                wordings
            }
            None => line,
        };
        if let Some(entry) = entries.last_mut() {
            entry.wordings.extend(wordings.split(',').map(str::trim).filter(|wording| !wording.is_empty()));
        }
    }
    entries
}

/// Every wording as it is spelled and as it sounds.
struct Finder {
    spelled: Option<AhoCorasick>,
    spelled_concepts: Vec<Concept>,
    heard: Option<AhoCorasick>,
    heard_concepts: Vec<Concept>,
}

/// Whether a wording of so many sounds is heard for what it is: shorter ones sound like too much else, and two syllables
/// that begin with a vowel like the end of any other: 연금 is heard in 현금.
fn is_heard(wording: &str, sounds: usize) -> bool {
    const SOUNDS_MIN: usize = 5;
    let first = wording.chars().next().and_then(hangul::decompose);
    let begins_with_vowel = first.is_some_and(|letters| letters.initial == 'ㅇ');
    sounds >= SOUNDS_MIN && !(begins_with_vowel && wording.chars().nth(2).is_none())
}

static FINDER: LazyLock<Finder> = LazyLock::new(|| {
    let wordings = || {
        let entries = CONCEPTS.iter().zip(0..);
        entries.flat_map(|(entry, concept)| entry.wordings.iter().map(move |wording| (*wording, concept)))
    };
    let (spelled, spelled_concepts): (Vec<&str>, Vec<Concept>) = wordings().unzip();
    let (heard, heard_concepts): (Vec<Vec<u8>>, Vec<Concept>) = wordings()
        .map(|(wording, concept)| (wording, phonetics::sounds(wording), concept))
        .filter(|(wording, sounds, _)| is_heard(wording, sounds.len()))
        .map(|(_, sounds, concept)| (sounds, concept))
        .unzip();
    // Syllables begin with few different bytes, so searching for first bytes finds too many.
    let automaton = |builder: &mut aho_corasick::AhoCorasickBuilder| builder.prefilter(false).clone();
    let builder = automaton(&mut AhoCorasick::builder());
    Finder { spelled: builder.build(spelled).ok(), spelled_concepts, heard: builder.build(heard).ok(), heard_concepts }
});

/// The concepts a tight text speaks of, each once, in order. `sounds` are its [`sounds`](phonetics::sounds).
pub fn concepts(tight: &str, sounds: &[u8]) -> Vec<Concept> {
    let finder = &*FINDER;
    let spelled = finder.spelled.iter().flat_map(|words| words.find_overlapping_iter(tight));
    let spelled = spelled.filter_map(|found| finder.spelled_concepts.get(found.pattern().as_usize()));
    let heard = finder.heard.iter().flat_map(|words| words.find_overlapping_iter(sounds));
    let heard = heard.filter_map(|found| finder.heard_concepts.get(found.pattern().as_usize()));
    let mut concepts: Vec<Concept> = spelled.chain(heard).copied().collect();
    concepts.sort_unstable();
    concepts.dedup();
    concepts
}

/// A concept's name.
pub fn name(concept: Concept) -> &'static str {
    CONCEPTS.get(usize::from(concept)).map(|entry| entry.name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        concepts(text, &phonetics::sounds(text)).into_iter().map(name).collect()
    }

    #[test]
    fn different_words_speak_of_the_same() {
        for (one, other, concept) in [
            ("밀린돈얼마예요", "미납금액확인", "late"),
            ("카드를흘린것같아요", "카드분실", "loss"),
            ("이러버렷어요", "잃어버렸어요", "loss"),
            ("한도키우고싶어요", "한도증액", "raise"),
            ("비번틀려서", "패스워드잊어버림", "password"),
        ] {
            for text in [one, other] {
                assert!(names(text).contains(&concept), "{text}: {:?}", names(text));
            }
        }
        assert_eq!(names("안녕"), [""; 0]);
        assert_eq!(names(""), [""; 0]);
    }

    #[test]
    fn the_table_is_sound() {
        let mut seen = Vec::new();
        for Entry { name, wordings } in CONCEPTS.iter() {
            assert!(!seen.contains(name), "{name} is there twice");
            assert!(!wordings.is_empty(), "{name} has no wording");
            seen.push(*name);
            for (index, word) in wordings.iter().enumerate() {
                assert!(!wordings[..index].contains(word), "{name}: {word} is there twice");
                assert!(word.chars().all(char::is_alphanumeric), "{name}: {word} is not tight");
                assert_eq!(crate::text::normalize::fold(word), *word, "{name}");
            }
        }
    }
}
