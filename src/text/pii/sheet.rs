//! The text laid out character by character, with what is to be covered.

use std::ops::Range;

use crate::text::haystack::Haystack;
use crate::text::pii::Kind;

/// Whether a character beyond ASCII and Hangul stands for a digit or an at sign.
pub(super) fn is_digit_or_sign(c: char) -> bool {
    matches!(plain(c), '0'..='9' | '@')
}

/// How much of a find is left readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Nothing.
    Nothing,
    /// The last four digits.
    LastFour,
}

/// The text being masked. Positions count characters.
pub(super) struct Sheet {
    /// Each character in its plain form: ASCII digits, letters and separators.
    plain: Vec<char>,
    covered: Vec<bool>,
    kinds: Vec<Kind>,
    /// The characters in lower case without spaces, since customers space words as they like.
    words: Haystack,
    /// The place of each byte of `words`.
    places: Vec<usize>,
}

impl Sheet {
    pub(super) fn new(text: &str) -> Self {
        Self::of(text.chars())
    }

    pub(super) fn of(text: impl Iterator<Item = char>) -> Self {
        /// Bytes of a syllable.
        const BYTES: usize = 3;
        let plain: Vec<char> = text.map(plain).collect();
        let covered = vec![false; plain.len()];
        let mut words = String::with_capacity(plain.len() * BYTES);
        let mut places = Vec::with_capacity(plain.len() * BYTES);
        for (at, c) in plain.iter().enumerate().filter(|(_, c)| **c != ' ') {
            words.push(c.to_ascii_lowercase());
            places.resize(words.len(), at);
        }
        Self { plain, covered, kinds: Vec::new(), words: Haystack::new(words), places }
    }

    pub(super) fn len(&self) -> usize {
        self.plain.len()
    }

    /// The plain character at `at`; NUL before the beginning, after the end, and where it is covered.
    pub(super) fn at(&self, at: usize) -> char {
        match (self.plain.get(at), self.covered.get(at)) {
            (Some(c), Some(false)) => *c,
            _ => '\0',
        }
    }

    /// The plain character before `at`.
    pub(super) fn before(&self, at: usize) -> char {
        at.checked_sub(1).map_or('\0', |before| self.at(before))
    }

    /// Whether `word`, in lower case, stands at `at`.
    pub(super) fn says(&self, at: usize, word: &str) -> bool {
        word.chars().zip(at..).all(|(c, at)| self.at(at).to_ascii_lowercase() == c)
    }

    /// Where `word`, in lower case and without spaces, occurs, and the text without spaces that follows it.
    pub(super) fn occurrences(&self, word: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
        let words = self.words.as_str();
        words.match_indices(word).filter_map(|(start, found)| {
            let end = start + found.len();
            Some((*self.places.get(start)?..self.places.get(end - 1)? + 1, words.get(end..)?))
        })
    }

    /// False only if `word` surely has no occurrence, which is known much sooner than the occurrences.
    pub(super) fn may_have(&self, word: &str) -> bool {
        self.words.may_have(word)
    }

    /// Whether `word`, in lower case and without spaces, occurs anywhere.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.has(word)
    }

    /// How many digits begin at `at`.
    pub(super) fn digits_from(&self, at: usize) -> usize {
        (at..self.len()).take_while(|at| self.at(*at).is_ascii_digit()).count()
    }

    /// The plain characters of a range, cut to the text.
    pub(super) fn slice(&self, range: Range<usize>) -> &[char] {
        let end = range.end.min(self.plain.len());
        &self.plain[range.start.min(end)..end]
    }

    /// Has the character at `at` read as another one.
    pub(super) fn read_as(&mut self, at: usize, c: char) {
        if let Some(plain) = self.plain.get_mut(at) {
            *plain = c;
        }
    }

    /// Covers a find. Separators stay, so the layout does.
    pub(super) fn cover(&mut self, range: Range<usize>, kind: Kind, keep: Keep) {
        let mut spared = match keep {
            Keep::Nothing => 0,
            Keep::LastFour => 4,
        };
        for at in range.rev() {
            let is_digit = self.at(at).is_ascii_digit();
            if is_digit && spared > 0 {
                spared -= 1;
            } else if let (true, Some(covered)) = (self.at(at).is_ascii_alphanumeric(), self.covered.get_mut(at)) {
                *covered = true;
            }
        }
        if let Err(place) = self.kinds.binary_search(&kind) {
            self.kinds.insert(place, kind);
        }
    }

    /// Whether anything in a range is covered.
    pub(super) fn is_covered(&self, range: Range<usize>) -> bool {
        self.covered.iter().skip(range.start).take(range.len()).any(|covered| *covered)
    }

    /// The text with the covered characters as stars, and what was found.
    pub(super) fn finish(self, text: &str) -> (String, Vec<Kind>) {
        if self.kinds.is_empty() {
            return (text.to_owned(), self.kinds);
        }
        let masked = text.chars().zip(&self.covered).map(|(c, covered)| if *covered { '*' } else { c }).collect();
        (masked, self.kinds)
    }
}

/// The plain form of one character. One character stays one character, unlike in NFKC.
fn plain(c: char) -> char {
    let ascii = |first: char, base: u32| char::from_u32(u32::from(c) - u32::from(first) + base).unwrap_or(c);
    match c {
        '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' | '\t' => ' ',
        '\0'..='\u{7F}' | '가'..='힣' => c,
        '！'..='～' => ascii('！', 0x21),
        // Dashes, and ㅡ, which stands on a Korean keyboard where people look for one.
        '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{30FC}' | 'ㅡ' => '-',
        '·' | '•' | '・' | '∙' | '。' | '․' => '.',
        '⁄' | '∕' => '/',
        '①'..='⑨' => ascii('①', 0x31),
        '⓪' => '0',
        '❶'..='❾' => ascii('❶', 0x31),
        '⑴'..='⑼' => ascii('⑴', 0x31),
        '⒈'..='⒐' => ascii('⒈', 0x31),
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁰' | '⁴'..='⁹' => ascii('⁰', 0x30),
        '₀'..='₉' => ascii('₀', 0x30),
        '٠'..='٩' => ascii('٠', 0x30),
        // Mathematical digits: five alphabets of ten.
        '\u{1D7CE}'..='\u{1D7FF}' => char::from_digit((u32::from(c) - 0x1D7CE) % 10, 10).unwrap_or(c),
        '￦' => '₩',
        _ => c,
    }
}
