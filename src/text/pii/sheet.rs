//! The text laid out character by character, with what is to be covered.

use std::ops::Range;

use crate::text::pii::Kind;

/// Whether personal data can begin or be recognised at this character: a digit in any form, or an at sign.
pub(super) fn starts_personal_data(c: char) -> bool {
    match c {
        '0'..='9' | '@' => true,
        '\0'..='\u{7F}' | '가'..='힣' => false,
        _ => matches!(plain(c), '0'..='9' | '@'),
    }
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
}

impl Sheet {
    pub(super) fn new(text: &str) -> Self {
        let plain: Vec<char> = text.chars().map(plain).collect();
        let covered = vec![false; plain.len()];
        Self { plain, covered, kinds: Vec::new() }
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

    /// How many digits begin at `at`.
    pub(super) fn digits_from(&self, at: usize) -> usize {
        (at..self.len()).take_while(|at| self.at(*at).is_ascii_digit()).count()
    }

    /// The plain characters of a range, cut to the text.
    pub(super) fn slice(&self, range: Range<usize>) -> &[char] {
        let end = range.end.min(self.plain.len());
        &self.plain[range.start.min(end)..end]
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
        '⁰' | '⁴'..='⁹' => ascii('⁰', 0x30),
        '₀'..='₉' => ascii('₀', 0x30),
        '٠'..='٩' => ascii('٠', 0x30),
        // Mathematical digits: five alphabets of ten.
        '\u{1D7CE}'..='\u{1D7FF}' => char::from_digit((u32::from(c) - 0x1D7CE) % 10, 10).unwrap_or(c),
        '￦' => '₩',
        _ => c,
    }
}
