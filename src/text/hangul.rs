//! Hangul syllables, their letters (자모), and the particles (조사) that depend on them.

/// First code point of the precomposed syllables (Unicode, "Hangul Syllables").
const FIRST_SYLLABLE: u32 = 0xAC00;
const VOWELS: u32 = 21;
const FINALS: u32 = 28;

/// The letters in the order the syllable block is built from (Unicode 3.12, conjoining jamo behaviour),
/// written as the letters people type.
const INITIAL_LETTERS: [char; 19] =
    ['ㄱ', 'ㄲ', 'ㄴ', 'ㄷ', 'ㄸ', 'ㄹ', 'ㅁ', 'ㅂ', 'ㅃ', 'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅉ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ'];
const VOWEL_LETTERS: [char; 21] = [
    'ㅏ', 'ㅐ', 'ㅑ', 'ㅒ', 'ㅓ', 'ㅔ', 'ㅕ', 'ㅖ', 'ㅗ', 'ㅘ', 'ㅙ', 'ㅚ', 'ㅛ', 'ㅜ', 'ㅝ', 'ㅞ', 'ㅟ', 'ㅠ', 'ㅡ',
    'ㅢ', 'ㅣ',
];
const FINAL_LETTERS: [char; 27] = [
    'ㄱ', 'ㄲ', 'ㄳ', 'ㄴ', 'ㄵ', 'ㄶ', 'ㄷ', 'ㄹ', 'ㄺ', 'ㄻ', 'ㄼ', 'ㄽ', 'ㄾ', 'ㄿ', 'ㅀ', 'ㅁ', 'ㅂ', 'ㅄ', 'ㅅ',
    'ㅆ', 'ㅇ', 'ㅈ', 'ㅊ', 'ㅋ', 'ㅌ', 'ㅍ', 'ㅎ',
];

/// A syllable's letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letters {
    /// Initial consonant (초성).
    pub initial: char,
    /// Vowel (중성).
    pub vowel: char,
    /// Final consonant (종성, 받침), if there is one.
    pub last: Option<char>,
}

/// A pair of particles that mean the same; which one is said depends on the word before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Josa {
    /// 이/가
    Subject,
    /// 을/를
    Object,
    /// 은/는
    Topic,
    /// 과/와
    With,
    /// 으로/로
    Toward,
    /// 이나/나
    Or,
    /// 이라는/라는
    Called,
    /// 이에요/예요
    Is,
}

/// Whether `c` is one whole syllable, 가 to 힣.
pub fn is_syllable(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// Whether `c` is a letter on its own, such as ㅋ or ㅏ, typed or conjoining.
pub fn is_jamo(c: char) -> bool {
    matches!(c, 'ㄱ'..='ㆎ' | '\u{1100}'..='\u{11FF}' | '\u{A960}'..='\u{A97C}' | '\u{D7B0}'..='\u{D7FB}')
}

/// The letters of a syllable; `None` if `c` is not one.
pub fn decompose(c: char) -> Option<Letters> {
    if !is_syllable(c) {
        return None;
    }
    let index = u32::from(c) - FIRST_SYLLABLE;
    let letter = |letters: &[char], at: u32| letters.get(at as usize).copied();
    Some(Letters {
        initial: letter(&INITIAL_LETTERS, index / (VOWELS * FINALS))?,
        vowel: letter(&VOWEL_LETTERS, index / FINALS % VOWELS)?,
        last: (index % FINALS).checked_sub(1).and_then(|at| letter(&FINAL_LETTERS, at)),
    })
}

/// The syllable of these letters; `None` if they make none.
pub fn compose(initial: char, vowel: char, last: Option<char>) -> Option<char> {
    let place = |letters: &[char], letter: char| letters.iter().position(|one| *one == letter).map(|at| at as u32);
    let last = match last {
        Some(last) => place(&FINAL_LETTERS, last)? + 1,
        None => 0,
    };
    let index = place(&INITIAL_LETTERS, initial)? * VOWELS + place(&VOWEL_LETTERS, vowel)?;
    char::from_u32(FIRST_SYLLABLE + index * FINALS + last)
}

/// A word whose letters were torn apart in typing, put together again: 금애ㄱ을, 연ㅊㅔ. Letters that stand for something
/// of their own (ㅠㅠ, ㄱㄱ, ㅇㅋ) stay.
pub fn rejoined(word: &str) -> String {
    let is_vowel = |c: &char| ('ㅏ'..='ㅣ').contains(c);
    let is_consonant = |c: &char| ('ㄱ'..='ㅎ').contains(c);
    let typed: Vec<char> = word.chars().collect();
    let mut chars: Vec<char> = Vec::with_capacity(typed.len());
    for (at, c) in typed.iter().copied().enumerate() {
        let before = chars.last().copied().filter(|before| is_vowel(&c) && is_consonant(before));
        // Tears and laughter stand between words; a torn syllable stands in one.
        let goes_on = typed.get(at + 1).is_some_and(|next| is_syllable(*next) || is_consonant(next));
        let follows = at > 1 && typed.get(at - 2).is_some_and(|c| is_syllable(*c));
        let is_torn = typed.get(at + 1) != Some(&c) && (goes_on || (follows && !matches!(c, 'ㅠ' | 'ㅜ' | 'ㅡ')));
        match before.filter(|_| is_torn).and_then(|initial| compose(initial, c, None)) {
            Some(syllable) => {
                chars.pop();
                chars.push(syllable);
            }
            None => chars.push(c),
        }
    }
    let mut joined = String::with_capacity(word.len());
    let mut rest = chars.iter().copied().peekable();
    while let Some(c) = rest.next() {
        let final_due = rest.peek().copied().filter(|last| is_consonant(last) && !matches!(last, 'ㅋ' | 'ㅎ'));
        let closed = final_due.and_then(|last| {
            let Letters { initial, vowel, last: None } = decompose(c)? else { return None };
            let mut ahead = rest.clone();
            ahead.next();
            // Only inside a word: at its end ㅋ and ㄱ say something of their own.
            ahead.next().filter(|next| is_syllable(*next)).and_then(|_| compose(initial, vowel, Some(last)))
        });
        if closed.is_some() {
            rest.next();
        }
        joined.push(closed.unwrap_or(c));
    }
    joined
}

/// Whether the word, read aloud, ends in a consonant. Digits are read in Korean, Latin letters by name;
/// closing punctuation is passed over.
pub fn has_final_consonant(word: &str) -> bool {
    last_sound(word) != LastSound::Vowel
}

/// The particle that follows `word`: `josa("카드", Josa::Object)` is `"를"`.
pub fn josa(word: &str, josa: Josa) -> &'static str {
    let (after_consonant, after_vowel) = match josa {
        Josa::Subject => ("이", "가"),
        Josa::Object => ("을", "를"),
        Josa::Topic => ("은", "는"),
        Josa::With => ("과", "와"),
        Josa::Toward => ("으로", "로"),
        Josa::Or => ("이나", "나"),
        Josa::Called => ("이라는", "라는"),
        Josa::Is => ("이에요", "예요"),
    };
    match (last_sound(word), josa) {
        (LastSound::Vowel, _) | (LastSound::Rieul, Josa::Toward) => after_vowel,
        (LastSound::Consonant | LastSound::Rieul, _) => after_consonant,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LastSound {
    Vowel,
    /// ㄹ, after which 로 stands without 으.
    Rieul,
    Consonant,
}

fn last_sound(word: &str) -> LastSound {
    let Some(last) = word.chars().rev().find(|c| c.is_alphanumeric()) else {
        return LastSound::Vowel;
    };
    if let Some(letters) = decompose(last) {
        return match letters.last {
            None => LastSound::Vowel,
            Some('ㄹ') => LastSound::Rieul,
            Some(_) => LastSound::Consonant,
        };
    }
    match last.to_ascii_lowercase() {
        // 일, 칠, 팔; 엘, 알
        '1' | '7' | '8' | 'l' | 'r' => LastSound::Rieul,
        // 영, 삼, 육; 엠, 엔
        '0' | '3' | '6' | 'm' | 'n' => LastSound::Consonant,
        _ => LastSound::Vowel,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_torn_apart_are_put_together() {
        for (typed, meant) in [
            ("금애ㄱ을", "금액을"),
            ("연ㅊㅔ된", "연체된"),
            ("예야ㄱ한", "예약한"),
            ("취소하ㄹ게요", "취소할게요"),
            ("겠ㄷㅏ고", "겠다고"),
            ("네ㅠㅠ", "네ㅠㅠ"),
            ("ㅋㅋㅠㅠ", "ㅋㅋㅠㅠ"),
            ("ㄱㄱ", "ㄱㄱ"),
            ("연결ㄱㄱ", "연결ㄱㄱ"),
            ("네ㅋ", "네ㅋ"),
            ("상담ㄱ", "상담ㄱ"),
            ("사기ㅋ당했어요", "사기ㅋ당했어요"),
            ("네ㅎ그래요", "네ㅎ그래요"),
            ("ㅇㅋㅠ", "ㅇㅋㅠ"),
            ("ㄱㅅㅠ", "ㄱㅅㅠ"),
        ] {
            assert_eq!(rejoined(typed), meant, "{typed}");
        }
    }

    #[test]
    fn syllables_fall_apart_into_the_letters_one_types() {
        for (syllable, initial, vowel, last) in [
            ('가', 'ㄱ', 'ㅏ', None),
            ('은', 'ㅇ', 'ㅡ', Some('ㄴ')),
            ('행', 'ㅎ', 'ㅐ', Some('ㅇ')),
            ('값', 'ㄱ', 'ㅏ', Some('ㅄ')),
            ('꿰', 'ㄲ', 'ㅞ', None),
            ('힣', 'ㅎ', 'ㅣ', Some('ㅎ')),
        ] {
            assert_eq!(decompose(syllable), Some(Letters { initial, vowel, last }), "{syllable}");
        }
        for other in ['ㄱ', 'a', '1', '漢', '\u{1100}'] {
            assert_eq!(decompose(other), None, "{other}");
        }
    }

    #[test]
    fn letters_on_their_own_are_told_from_syllables() {
        for (c, syllable, jamo) in [
            ('가', true, false),
            ('ㅋ', false, true),
            ('ㅠ', false, true),
            ('\u{1112}', false, true),
            ('k', false, false),
        ] {
            assert_eq!((is_syllable(c), is_jamo(c)), (syllable, jamo), "{c}");
        }
    }

    #[test]
    fn the_particle_fits_the_word_before() {
        for (word, kind, expected) in [
            ("카드", Josa::Object, "를"),
            ("통장", Josa::Object, "을"),
            ("한도", Josa::Subject, "가"),
            ("상담원", Josa::Subject, "이"),
            ("수수료", Josa::Topic, "는"),
            ("대출", Josa::Topic, "은"),
            ("예금", Josa::With, "과"),
            ("계좌", Josa::With, "와"),
            ("지점", Josa::Toward, "으로"),
            ("메일", Josa::Toward, "로"),
            ("전화", Josa::Toward, "로"),
            ("환율", Josa::Topic, "은"),
            ("OTP", Josa::Subject, "가"),
            ("PIN", Josa::Object, "을"),
            ("1588-1234", Josa::Toward, "로"),
            ("02-123-4561", Josa::Toward, "로"),
            ("02-123-4560", Josa::Toward, "으로"),
            ("‘가온 적금’", Josa::Called, "이라는"),
            ("카드(신용)", Josa::Is, "이에요"),
            ("", Josa::Topic, "는"),
        ] {
            assert_eq!(josa(word, kind), expected, "{word}");
        }
    }

    #[test]
    fn final_consonants_are_heard_not_seen() {
        for (word, expected) in
            [("통장", true), ("카드", false), ("3", true), ("2", false), ("ATM", true), ("…", false)]
        {
            assert_eq!(has_final_consonant(word), expected, "{word}");
        }
    }
}
