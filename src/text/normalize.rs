//! One form for everything that is compared: the same words typed differently become the same string.

use unicode_normalization::UnicodeNormalization;

use crate::text::hangul;
use crate::text::loanwords;

/// The form of `text` for matching. It is never stored and never shown.
///
/// Compatibility forms (full-width, circled, squared) become plain ones, conjoining letters become
/// syllables, letters are lower-cased, invisible characters vanish, emoji and white space become one space,
/// and a character repeated three times or more stands twice; digits are spared, since 1000 is not 100.
/// Letters typed on their own (ㅋㅋ, ㅅㄷㅇ) stay as typed, those of a torn syllable are put together. English words that are also said in Korean become Korean.
pub fn normalize(text: &str) -> String {
    loanwords::in_korean(&fold(text)).into_owned()
}

/// The normal form of `text` before English words become Korean.
pub(super) fn fold(text: &str) -> String {
    let mut form = Form::with_capacity(text.len());
    if text.chars().all(|c| matches!(c, '\0'..='~' | '가'..='힣' | 'ㄱ'..='ㆎ')) {
        text.chars().for_each(|c| form.push(c));
    } else {
        text.chars().map(shield).nfkc().map(unshield).for_each(|c| form.push(c));
    }
    let text = form.finish();
    if text.contains(hangul::is_jamo) { hangul::rejoined(&text) } else { text }
}

/// Whether `c` is there and cannot be seen: soft hyphen, zero-width and bidirectional controls, Hangul fillers, variation
/// selectors, tags. Control characters are another matter.
pub fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

/// A normalised text without its white space, so that spacing mistakes do not matter.
pub fn spaceless(normalized: &str) -> String {
    normalized.chars().filter(|c| !c.is_whitespace()).collect()
}

/// NFKC would turn typed letters into conjoining ones, and 'ㅋㅋㅠㅠ' into 'ㅋ큐ㅠ'. So they pass through it in
/// the private use area, from which customers' own private characters are removed first.
const SHIELD_FIRST: u32 = 0xE000;
const LETTER_FIRST: u32 = 0x3131;
const LETTER_LAST: u32 = 0x318E;
const SHIELD_LAST: u32 = SHIELD_FIRST + LETTER_LAST - LETTER_FIRST;

fn shield(c: char) -> char {
    match u32::from(c) {
        0xE000..=0xF8FF => ' ',
        code @ LETTER_FIRST..=LETTER_LAST => char::from_u32(code - LETTER_FIRST + SHIELD_FIRST).unwrap_or(' '),
        _ => c,
    }
}

fn unshield(c: char) -> char {
    match u32::from(c) {
        code @ SHIELD_FIRST..=SHIELD_LAST => char::from_u32(code - SHIELD_FIRST + LETTER_FIRST).unwrap_or(' '),
        code @ 0x1100..=0x1112 => typed_initial(code - 0x1100),
        code @ 0x1161..=0x1175 => char::from_u32(code - 0x1161 + 0x314F).unwrap_or(' '),
        _ => c,
    }
}

/// The typed letter for a conjoining initial that found no vowel.
fn typed_initial(index: u32) -> char {
    "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ".chars().nth(index as usize).unwrap_or(' ')
}

/// The normalised text while it grows.
struct Form {
    text: String,
    last: char,
    repeats: u8,
    space_due: bool,
}

impl Form {
    fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), last: ' ', repeats: 0, space_due: false }
    }

    fn push(&mut self, c: char) {
        match role(c) {
            Role::Nothing => {}
            Role::Space => self.space_due = !self.text.is_empty(),
            Role::Text if c.is_ascii() || ('가'..='힣').contains(&c) => self.push_text(c.to_ascii_lowercase()),
            // 'İ' becomes an 'i' and a mark, and the mark goes the way of all marks.
            Role::Text => {
                c.to_lowercase()
                    .filter(|lower| matches!(role(*lower), Role::Text))
                    .for_each(|lower| self.push_text(lower));
            }
        }
    }

    fn push_text(&mut self, c: char) {
        if self.space_due {
            self.text.push(' ');
            self.last = ' ';
            self.space_due = false;
        }
        self.repeats = if c == self.last { self.repeats.saturating_add(1) } else { 1 };
        self.last = c;
        if self.repeats <= 2 || c.is_ascii_digit() {
            self.text.push(c);
        }
    }

    fn finish(self) -> String {
        self.text
    }
}

enum Role {
    Text,
    Space,
    Nothing,
}

fn role(c: char) -> Role {
    match c {
        '가'..='힣' | '!'..='~' => Role::Text,
        ' ' | '\t' | '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' => Role::Space,
        // Khmer's inherent vowels, and marks between lines.
        '\u{17B4}' | '\u{17B5}' | '\u{FFF9}'..='\u{FFFB}' => Role::Nothing,
        // Marks that NFKC could not compose: stacked accents, key-cap frames.
        '\u{300}'..='\u{36F}' | '\u{20D0}'..='\u{20FF}' => Role::Nothing,
        // Arrows, technical signs, boxes, dingbats, emoji, private use, replacement character.
        '\u{2190}'..='\u{21FF}'
        | '\u{2300}'..='\u{2BFF}'
        | '\u{1F000}'..='\u{1FAFF}'
        | '\u{E000}'..='\u{F8FF}'
        | '\u{FFFD}' => Role::Space,
        _ if is_hidden(c) || c.is_control() => Role::Nothing,
        _ if c.is_whitespace() => Role::Space,
        _ => Role::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_typed_differently_become_the_same() {
        for (typed, expected) in [
            ("카드 한도", "카드 한도"),
            ("  카드\t\n 한도  ", "카드 한도"),
            ("카드\u{3000}한도", "카드 한도"),
            ("ＫＢ카드　１２３", "kb카드 123"),
            ("OTP 발급", "otp 발급"),
            // The same syllables as conjoining letters (how macOS writes file names).
            ("\u{110F}\u{1161}\u{1103}\u{1173}", "카드"),
            ("\u{1112}\u{1161}\u{11AB}\u{1103}\u{1169}", "한도"),
            // Half-width letters compose, too.
            ("ﾾￂ", "하"),
            ("카\u{200B}드\u{FEFF}", "카드"),
            ("한\u{AD}도", "한도"),
            ("가\u{0}나", "가나"),
            ("①번 ㈜가온 ㎏", "1번 (주)가온 kg"),
            ("한도\u{1F62D}\u{1F62D}조회", "한도 조회"),
            ("고마워요❤\u{FE0F}", "고마워요"),
            ("\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}", ""),
            ("", ""),
            ("   ", ""),
        ] {
            assert_eq!(normalize(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn letters_on_their_own_stay_as_typed() {
        for (typed, expected) in [
            ("ㅅㄷㅇ 연결", "ㅅㄷㅇ 연결"),
            ("네ㅠㅠ", "네ㅠㅠ"),
            ("ㅋㅋㅠㅠ", "ㅋㅋㅠㅠ"),
            ("네ㄳ", "네ㄳ"),
            ("ㅇㅋ", "ㅇㅋ"),
            ("\u{1100}\u{1100}", "ㄱㄱ"),
        ] {
            assert_eq!(normalize(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn repeats_are_cut_to_two_but_amounts_are_not() {
        for (typed, expected) in [
            ("ㅋㅋㅋㅋㅋ", "ㅋㅋ"),
            ("네~~~~", "네~~"),
            ("제발요!!!!!", "제발요!!"),
            ("아아아아악", "아아악"),
            ("...", ".."),
            ("…", ".."),
            ("10000000원", "10000000원"),
            ("aaa b   b", "aa b b"),
        ] {
            assert_eq!(normalize(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn normalising_twice_changes_nothing_more() {
        for typed in
            ["ＫＢ ㅋㅋㅋ 카드!!!", "ﬁ ﬀﬀ", "\u{1E9B}\u{323}", "İstanbul", "ㄱㅏ 한도…?", "e\u{301}\u{301}\u{301}"]
        {
            let once = normalize(typed);
            assert_eq!(normalize(&once), once, "{typed:?}");
        }
    }

    #[test]
    fn spaceless_text_has_no_white_space() {
        assert_eq!(spaceless("카드 한도 조회"), "카드한도조회");
        assert_eq!(spaceless(""), "");
    }
}
