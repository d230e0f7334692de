//! How a text sounds: what people spell differently and say alike becomes the same.
//!
//! Most Korean typing mistakes are heard rather than misread: 됬어요 for 됐어요, 갑고 for 갚고, 어떻해 for 어떡해. So
//! syllables are spelled out in letters as they are spoken: a final consonant moves into an empty initial after it
//! (연음), a final or initial ㅎ makes its neighbour aspirated (격음화), a final that stays is one of seven (음절의 끝소리
//! 규칙), tense consonants become plain, and vowels that sound alike today (ㅐ and ㅔ) become one. The rules are those of
//! 표준 발음법; assimilation between finals and initials (비음화) is left out, because few people write it.

use crate::text::hangul;
use crate::text::hangul::Letters;

/// The sounds of a normalised, spaceless text, one byte a letter, all of them beyond ASCII. What is no syllable stands
/// as its UTF-8 bytes, digits as `0`.
pub fn sounds(tight: &str) -> Vec<u8> {
    let mut sounds = Vec::with_capacity(tight.len());
    let mut chars = tight.chars().peekable();
    let mut carried: Option<char> = None;
    while let Some(c) = chars.next() {
        let Some(Letters { initial, vowel, last }) = hangul::decompose(c) else {
            carried = None;
            if c.is_ascii_digit() {
                sounds.push(b'0');
            } else {
                let mut buffer = [0; 4];
                sounds.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            }
            continue;
        };
        let initial = carried.take().unwrap_or(initial);
        if initial != 'ㅇ' {
            sounds.push(code(plain(initial)));
        }
        sounds.push(code(merged(vowel)));
        let next = chars.peek().and_then(|c| hangul::decompose(*c)).map(|letters| letters.initial);
        let (stays, moves) = meet(last, next);
        carried = moves;
        if let Some(stays) = stays.and_then(neutral) {
            sounds.push(code(stays));
        }
    }
    sounds
}

/// What of a final consonant stays, and what the next syllable begins with instead of its own initial.
fn meet(last: Option<char>, next: Option<char>) -> (Option<char>, Option<char>) {
    let Some(last) = last else { return (None, None) };
    let (first, second) = parts(last);
    let Some(next) = next else { return (Some(first), None) };
    let moving = second.unwrap_or(first);
    let rest = second.map(|_| first);
    match next {
        'ㅇ' if moving == 'ㅇ' => (Some(first), None),
        'ㅇ' if moving == 'ㅎ' => (rest, None),
        'ㅇ' => (rest, Some(moving)),
        'ㅎ' => match aspirated(moving) {
            Some(strong) => (rest, Some(strong)),
            None => (Some(first), None),
        },
        next if moving == 'ㅎ' => match aspirated(next) {
            Some(strong) => (rest, Some(strong)),
            None => (rest, None),
        },
        _ => (Some(first), None),
    }
}

/// The one or two consonants a final is written with. A doubled letter is one.
fn parts(last: char) -> (char, Option<char>) {
    match last {
        'ㄳ' => ('ㄱ', Some('ㅅ')),
        'ㄵ' => ('ㄴ', Some('ㅈ')),
        'ㄶ' => ('ㄴ', Some('ㅎ')),
        'ㄺ' => ('ㄹ', Some('ㄱ')),
        'ㄻ' => ('ㄹ', Some('ㅁ')),
        'ㄼ' => ('ㄹ', Some('ㅂ')),
        'ㄽ' => ('ㄹ', Some('ㅅ')),
        'ㄾ' => ('ㄹ', Some('ㅌ')),
        'ㄿ' => ('ㄹ', Some('ㅍ')),
        'ㅀ' => ('ㄹ', Some('ㅎ')),
        'ㅄ' => ('ㅂ', Some('ㅅ')),
        single => (single, None),
    }
}

fn aspirated(consonant: char) -> Option<char> {
    match consonant {
        'ㄱ' => Some('ㅋ'),
        'ㄷ' => Some('ㅌ'),
        'ㅂ' => Some('ㅍ'),
        'ㅈ' => Some('ㅊ'),
        _ => None,
    }
}

fn plain(initial: char) -> char {
    match initial {
        'ㄲ' => 'ㄱ',
        'ㄸ' => 'ㄷ',
        'ㅃ' => 'ㅂ',
        'ㅆ' => 'ㅅ',
        'ㅉ' => 'ㅈ',
        other => other,
    }
}

/// The seven finals that are heard; ㅎ is not.
fn neutral(last: char) -> Option<char> {
    match last {
        'ㄲ' | 'ㅋ' => Some('ㄱ'),
        'ㅅ' | 'ㅆ' | 'ㅈ' | 'ㅊ' | 'ㅌ' => Some('ㄷ'),
        'ㅍ' => Some('ㅂ'),
        'ㅎ' => None,
        other => Some(other),
    }
}

fn merged(vowel: char) -> char {
    match vowel {
        'ㅐ' | 'ㅒ' | 'ㅖ' => 'ㅔ',
        'ㅙ' | 'ㅞ' => 'ㅚ',
        'ㅢ' => 'ㅣ',
        other => other,
    }
}

/// A letter as one byte: its place among the letters people type, from 1, beyond ASCII.
fn code(letter: char) -> u8 {
    u8::try_from(u32::from(letter).saturating_sub(0x3130)).unwrap_or(u8::MAX) | 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sounds_alike_is_alike() {
        for (one, other) in [
            ("잃어버렸어요", "이러버렷어요"),
            ("됐어요", "됬어요"),
            ("갚고", "갑고"),
            ("어떻게", "어떠케"),
            ("싶은데", "시픈대"),
            ("결제", "결재"),
            ("까먹었어요", "가머것어요"),
            ("좋다", "조타"),
            ("값을", "갑슬"),
            ("넣었는데", "너엇는데"),
            ("otp발급", "otp발급"),
            ("10만원", "39만원"),
        ] {
            assert_eq!(sounds(one), sounds(other), "{one} {other}");
        }
        assert_ne!(sounds("한도"), sounds("하도"));
        assert_ne!(sounds("대출"), sounds("배출"));
        assert!(sounds("").is_empty());
    }
}
