//! Mistyped words set right: 연해비 means 연회비 where a pack speaks of 연회비 and nobody of 연해비.
//!
//! A word that nobody wrote before, one letter (자모) away from one that the bank's documents, its examples or the general
//! examples hold, is taken for that one. Only the classifiers and the search read the corrected text, and not the lexicons: a
//! word set right by mistake costs a little certainty, where a signal heard by mistake would cost a wrong turn.

use std::hash::Hasher as _;

use fnv::FnvHasher;
use foldhash::HashMap;
use serde::Deserialize;
use serde::Serialize;

use crate::text::hangul;
use crate::text::hangul::Letters;
use crate::text::reading::Reading;
use crate::text::tokens;

/// Initials that say something of their own: thanks, yes, no, please, really.
const SHORTHAND: [&str; 26] = [
    "ㄱㄱ", "ㄱㅅ", "ㄳ", "ㄴㄴ", "ㄷㄷ", "ㄹㅇ", "ㅁㅊ", "ㅂㅂ", "ㅂㅇ", "ㅅㄱ", "ㅅㅂ", "ㅇㄷ", "ㅇㅇ", "ㅇㅈ",
    "ㅇㅋ", "ㅈㅂ", "ㅈㅅ", "ㅊㅊ", "ㅋㅋ", "ㅌㅌ", "ㅎㅇ", "ㅎㅎ", "ㅗㅗ", "ㅠㅠ", "ㅜㅜ", "ㅡㅡ",
];

/// Shorter words have too many neighbours.
const LETTERS_MIN: usize = 5;
/// Longer ones are whole sentences without spaces.
const LETTERS_MAX: usize = 24;

/// Knows words, and which are one letter apart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(String, u32)>", into = "Vec<(String, u32)>")]
pub struct Speller {
    /// How often each names something: in a title, a heading, a keyword. 0 for words that only stand in a text.
    words: HashMap<String, u32>,
    /// The words by what is left of them without one letter, and by themselves, as hashes.
    neighbours: HashMap<u64, Vec<u32>>,
    /// The words by their numbers, in letters.
    spelled: Vec<(String, Vec<char>)>,
    /// The words that alone are meant by their initials: 대출 by ㄷㅊ.
    initials: HashMap<String, String>,
}

impl Speller {
    /// Learns the words of texts, which are left as they are, and those of names, which may be meant by a mistyped one.
    pub fn learn<'a>(texts: impl Iterator<Item = &'a str>, names: impl Iterator<Item = &'a str>) -> Self {
        let mut words: HashMap<String, u32> = HashMap::default();
        for text in texts {
            words.extend(tokens::stems(text).into_iter().map(|stem| (stem, 0)));
        }
        for stem in names.flat_map(tokens::stems) {
            *words.entry(stem).or_default() += 1;
        }
        let mut words: Vec<(String, u32)> = words.into_iter().collect();
        words.sort_unstable();
        words.into()
    }

    /// A message with its mistyped words set right; `None` if it has none.
    pub fn correct(&self, message: &Reading) -> Option<Reading> {
        let corrected = tokens::replace_stems(message.normalized(), |stem| self.meant(stem))?;
        Some(Reading::of(&corrected))
    }

    /// The known word that is meant by an unknown one.
    fn meant(&self, stem: &str) -> Option<&str> {
        if self.words.contains_key(stem) {
            return None;
        }
        if let Some(word) = self.initials.get(stem) {
            return Some(word);
        }
        let letters = letters(stem);
        if !(LETTERS_MIN..=LETTERS_MAX).contains(&letters.len()) {
            return None;
        }
        let mut best: Option<(u32, &str)> = None;
        let mut consider = |hash: u64| {
            for number in self.neighbours.get(&hash).into_iter().flatten() {
                let Some((word, spelled)) = self.spelled.get(*number as usize) else { continue };
                let count = self.words.get(word).copied().unwrap_or(0);
                let is_better = best.is_none_or(|(most, known)| (count, word.as_str()) > (most, known));
                if is_better && is_one_apart(&letters, spelled) {
                    best = Some((count, word));
                }
            }
        };
        consider(hash(&letters, None));
        (0..letters.len()).for_each(|left_out| consider(hash(&letters, Some(left_out))));
        best.map(|(_, word)| word)
    }
}

impl From<Vec<(String, u32)>> for Speller {
    fn from(words: Vec<(String, u32)>) -> Self {
        let mut neighbours: HashMap<u64, Vec<u32>> = HashMap::default();
        let mut spelled = Vec::new();
        for (word, _) in words.iter().filter(|(_, names)| *names > 0) {
            let letters = letters(word);
            if !(LETTERS_MIN..=LETTERS_MAX).contains(&letters.len()) {
                continue;
            }
            let number = spelled.len() as u32;
            neighbours.entry(hash(&letters, None)).or_default().push(number);
            for left_out in 0..letters.len() {
                let same = neighbours.entry(hash(&letters, Some(left_out))).or_default();
                if same.last() != Some(&number) {
                    same.push(number);
                }
            }
            spelled.push((word.clone(), letters));
        }
        let initials = by_initials(&words);
        Self { words: words.into_iter().collect(), neighbours, spelled, initials }
    }
}

impl From<Speller> for Vec<(String, u32)> {
    fn from(speller: Speller) -> Self {
        let mut words: Self = speller.words.into_iter().collect();
        words.sort_unstable();
        words
    }
}

/// The words that name something so much oftener than all others of the same initials that these mean them.
fn by_initials(words: &[(String, u32)]) -> HashMap<String, String> {
    /// Oftener than the next, at least.
    const LEAD: u32 = 2;
    let mut rivals: HashMap<String, Vec<(u32, &str)>> = HashMap::default();
    for (word, names) in words.iter().filter(|(_, names)| *names > 0) {
        let initials: Option<String> =
            word.chars().map(|c| hangul::decompose(c).map(|letters| letters.initial)).collect();
        if let Some(initials) = initials.filter(|initials| initials.chars().nth(1).is_some()) {
            rivals.entry(initials).or_default().push((*names, word));
        }
    }
    rivals.retain(|initials, _| !SHORTHAND.contains(&initials.as_str()));
    let winner = |(initials, mut rivals): (String, Vec<(u32, &str)>)| {
        rivals.sort_unstable_by(|one, other| other.cmp(one));
        match &rivals[..] {
            [(names, _), (next, _), ..] if *names < LEAD * next => None,
            [(_, word), ..] => Some((initials, (*word).to_owned())),
            [] => None,
        }
    };
    rivals.into_iter().filter_map(winner).collect()
}

/// The letters of a Hangul word; empty for any other.
fn letters(word: &str) -> Vec<char> {
    let mut letters = Vec::with_capacity(word.len());
    for c in word.chars() {
        let Some(Letters { initial, vowel, last }) = hangul::decompose(c) else { return Vec::new() };
        letters.extend([initial, vowel]);
        letters.extend(last);
    }
    letters
}

fn hash(letters: &[char], left_out: Option<usize>) -> u64 {
    let mut hasher = FnvHasher::default();
    let kept = letters.iter().enumerate().filter(|(place, _)| Some(*place) != left_out);
    kept.for_each(|(_, letter)| hasher.write_u32(u32::from(*letter)));
    hasher.finish()
}

/// Whether one letter is missing, too many, or another. Of two syllables, which have many neighbours, only a vowel may be
/// another.
fn is_one_apart(one: &[char], other: &[char]) -> bool {
    let is_vowel = |letter: &char| ('ㅏ'..='ㅣ').contains(letter);
    let syllables = |letters: &[char]| letters.iter().filter(|letter| is_vowel(letter)).count();
    let is_short = syllables(other) <= 2;
    let same_front = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same_front..], &other[same_front..]);
    let same_back = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[..one.len() - same_back], &other[..other.len() - same_back]);
    one.len() <= 1 && other.len() <= 1 && (!is_short || [one, other].into_iter().flatten().all(is_vowel))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_one_letter_from_a_known_one_are_set_right() {
        let speller = Speller::learn(
            ["한두 번"].into_iter(),
            ["연회비 면제 조건", "유효기간 안내", "심사 진행", "포인트 조회", "한도", "중개", "직구"].into_iter(),
        );
        for (typed, meant) in [
            ("연해비 면재 조건", Some("연회비 면제 조건")),
            ("유호기간이 언제예요", Some("유효기간이 언제예요")),
            ("심서 진행", Some("심사 진행")),
            ("신사 진행", None),
            ("한두 조회", None),
            ("연회비 조건", None),
            ("포인트로 결제", None),
            ("ㅇㅎㅂ ㅈㄱ", Some("연회비 ㅈㄱ")),
            ("ㅅㅅ ㄱㅅ", Some("심사 ㄱㅅ")),
            ("상담", None),
            ("otp", None),
        ] {
            let corrected = speller.correct(&Reading::of(typed));
            assert_eq!(corrected.as_ref().map(Reading::normalized), meant, "{typed}");
        }
    }

    #[test]
    fn a_stored_speller_corrects_as_before() {
        let speller = Speller::learn(["안내"].into_iter(), ["연회비 면제"].into_iter());
        let stored = postcard::to_stdvec(&speller).unwrap();
        let restored: Speller = postcard::from_bytes(&stored).unwrap();
        let typed = Reading::of("연해비");
        assert_eq!(restored.correct(&typed), speller.correct(&typed));
    }
}
