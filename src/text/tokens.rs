//! What search and classification compare: word stems, and pairs of neighbouring characters.
//!
//! A light suffix stripper stands in for a morphological analyser, which on card-company utterances gained nothing
//! over it and broke on typos. The same functions must be applied to documents and to questions.

use crate::text::endings::SUFFIX_SYLLABLES_MAX;
use crate::text::endings::TABLES;
use crate::text::hangul;
use crate::text::normalize::normalize;

/// The words of `text` without particles and endings, in order, repeats kept.
///
/// At least two syllables of a Hangul word are left. Words of Latin letters or digits stay whole. Words that
/// say nothing about the matter (있나요, 어떻게, …) and laughter are left out.
pub fn stems(text: &str) -> Vec<String> {
    stems_of(&normalize(text))
}

/// [`stems`] of a text that is normalised already.
pub fn stems_of(normalized: &str) -> Vec<String> {
    let mut stems = Vec::with_capacity(normalized.len() / 8 + 1);
    let mut before = Script::Space;
    for (script, word) in Runs::of(normalized) {
        match script {
            // "OTP를": the particle of a word that ended with its script.
            Script::Hangul if is_attached(before) && is_suffix(word) => {}
            Script::Hangul if is_stop_word(word) => {}
            Script::Hangul => {
                let stem = strip(word);
                if !is_stop_word(stem) {
                    stems.push(stem.to_owned());
                }
            }
            Script::Latin | Script::Other => stems.push(word.to_owned()),
            Script::Digit => stems.push(word.replace(',', "")),
            Script::Jamo if word.chars().all(is_laughter) => {}
            Script::Jamo => stems.push(word.to_owned()),
            Script::Break | Script::Space => {}
        }
        before = script;
    }
    stems
}

/// A normalised text with the stems that `replacement` knows better replaced; `None` if it knows none.
pub fn replace_stems<'r>(normalized: &str, replacement: impl Fn(&str) -> Option<&'r str>) -> Option<String> {
    let mut text = String::with_capacity(normalized.len());
    let mut is_changed = false;
    let mut before = Script::Space;
    for (script, word) in Runs::of(normalized) {
        let is_word = match script {
            Script::Hangul => !(is_stop_word(word) || (is_attached(before) && is_suffix(word))),
            Script::Jamo => true,
            Script::Latin | Script::Digit | Script::Other | Script::Space | Script::Break => false,
        };
        let stem = match script {
            Script::Hangul if is_word => strip(word),
            Script::Jamo => word,
            Script::Hangul | Script::Latin | Script::Digit | Script::Other | Script::Space | Script::Break => "",
        };
        match replacement(stem).filter(|_| is_word && !is_stop_word(stem)) {
            Some(better) => {
                text.push_str(better);
                is_changed = true;
            }
            None => text.push_str(stem),
        }
        text.push_str(&word[stem.len()..]);
        before = script;
    }
    is_changed.then_some(text)
}

/// Pairs of neighbouring Hangul characters across white space, so that spacing mistakes do not matter; a
/// lone syllable by itself. Words of Latin letters or digits stay whole.
pub fn bigrams(text: &str) -> Vec<String> {
    bigrams_of(&normalize(text))
}

/// [`bigrams`] of a text that is normalised already.
pub fn bigrams_of(normalized: &str) -> Vec<String> {
    let mut bigrams = Vec::with_capacity(normalized.len() / 3 + 1);
    each_bigram(normalized, |bigram| bigrams.push(bigram.to_owned()));
    bigrams
}

/// Calls `take` with each of the [`bigrams`] of a text that is normalised already.
pub fn each_bigram(normalized: &str, mut take: impl FnMut(&str)) {
    let mut pair = String::new();
    // The Hangul run that is being read: its last syllable, and whether that stands in a pair already.
    let mut open: Option<(&str, bool)> = None;
    for (script, word) in Runs::of(normalized) {
        match script {
            Script::Hangul | Script::Other => {
                for (at, c) in word.char_indices() {
                    let syllable = &word[at..at + c.len_utf8()];
                    if let Some((before, _)) = open {
                        pair.clear();
                        pair.push_str(before);
                        pair.push_str(syllable);
                        take(&pair);
                    }
                    open = Some((syllable, open.is_some()));
                }
            }
            Script::Space => {}
            Script::Latin | Script::Digit | Script::Jamo | Script::Break => {
                close(&mut open, &mut take);
                match script {
                    Script::Latin => take(word),
                    Script::Digit => take(&word.replace(',', "")),
                    Script::Hangul | Script::Other | Script::Jamo | Script::Break | Script::Space => {}
                }
            }
        }
    }
    close(&mut open, &mut take);
}

/// Ends a Hangul run; a lone syllable is kept by itself.
fn close(open: &mut Option<(&str, bool)>, take: &mut impl FnMut(&str)) {
    if let Some((syllable, false)) = open.take() {
        take(syllable);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Hangul,
    Latin,
    /// Digits, and the commas and points between them.
    Digit,
    /// Letters on their own.
    Jamo,
    /// Any other script.
    Other,
    Space,
    Break,
}

fn script_of(c: char) -> Script {
    match c {
        '가'..='힣' => Script::Hangul,
        'a'..='z' | 'A'..='Z' => Script::Latin,
        '0'..='9' => Script::Digit,
        ' ' => Script::Space,
        _ if hangul::is_jamo(c) => Script::Jamo,
        _ if c.is_alphanumeric() => Script::Other,
        _ => Script::Break,
    }
}

/// The runs of one script in a normalised text.
struct Runs<'a> {
    rest: &'a str,
}

impl<'a> Runs<'a> {
    fn of(normalized: &'a str) -> Self {
        Self { rest: normalized }
    }
}

impl<'a> Iterator for Runs<'a> {
    type Item = (Script, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let mut chars = self.rest.char_indices().peekable();
        let (_, first) = chars.next()?;
        let script = script_of(first);
        let mut end = first.len_utf8();
        while let Some((at, c)) = chars.next() {
            // "3.5" and "50,000" are one number.
            let joins_digits = script == Script::Digit
                && matches!(c, '.' | ',')
                && chars.peek().is_some_and(|(_, after)| after.is_ascii_digit());
            if script_of(c) != script && !joins_digits {
                break;
            }
            end = at + c.len_utf8();
        }
        let (run, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some((script, run))
    }
}

fn is_laughter(c: char) -> bool {
    matches!(c, 'ㅋ' | 'ㅎ' | 'ㅠ' | 'ㅜ' | 'ㅡ' | 'ㅇ' | 'ㅗ')
}

/// Syllables a stem keeps at least.
const STEM_SYLLABLES_MIN: usize = 2;
/// Bytes of one syllable in UTF-8.
const SYLLABLE_BYTES: usize = 3;
/// 발급-받으시려면-은: an ending, and particles on both sides of it.
const STRIPS_MAX: usize = 3;

/// Takes particles and endings off a Hangul word, the longest first, as long as a stem remains.
fn strip(word: &str) -> &str {
    let mut stem = word;
    for _ in 0..STRIPS_MAX {
        let Some(shorter) = strip_once(stem) else { break };
        stem = shorter;
    }
    stem
}

fn strip_once(word: &str) -> Option<&str> {
    let syllables = word.len() / SYLLABLE_BYTES;
    let last_two = word.get(word.len().saturating_sub(2 * SYLLABLE_BYTES)..)?;
    if TABLES.nouns.contains(last_two) {
        return None;
    }
    let longest = (syllables.saturating_sub(STEM_SYLLABLES_MIN)).min(SUFFIX_SYLLABLES_MAX);
    (1..=longest).rev().find_map(|syllables| {
        let (stem, ending) = word.split_at_checked(word.len() - syllables * SYLLABLE_BYTES)?;
        TABLES.suffixes.contains(ending).then_some(stem)
    })
}

/// Whether Hangul after this script continues its word.
fn is_attached(before: Script) -> bool {
    match before {
        Script::Latin | Script::Digit | Script::Other => true,
        Script::Hangul | Script::Jamo | Script::Space | Script::Break => false,
    }
}

fn is_suffix(word: &str) -> bool {
    TABLES.suffixes.contains(word)
}

fn is_stop_word(word: &str) -> bool {
    TABLES.stop_words.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_drop_particles_endings_and_empty_words() {
        for (text, expected) in [
            ("카드 한도를 올리고 싶어요", vec!["카드", "한도", "올리"]),
            ("체크카드로는 해외에서 결제가 안 되나요?", vec!["체크카드", "해외", "결제"]),
            ("통장에서 출금하려면 어떻게 하나요", vec!["통장", "출금"]),
            ("증명서를 발급받으려면?", vec!["증명서", "발급"]),
            ("이체한도까지만 보내기", vec!["이체한도", "보내"]),
            ("OTP를 재발급받고싶습니다", vec!["otp", "재발급"]),
            ("연 3.5% 금리인가요", vec!["연", "3.5", "금리"]),
            ("50,000원 빠져나갔어요", vec!["50000", "원", "빠져나갔"]),
            ("수수료는 얼마예요?", vec!["수수료"]),
            ("ㅋㅋㅋ 대출이요 ㅠㅠ", vec!["대출"]),
            ("안녕하세요 문의드립니다", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(stems(text), expected, "{text}");
        }
    }

    #[test]
    fn two_syllables_are_never_cut() {
        for word in ["이자", "나이", "수도", "보험", "거래", "고지", "회원", "적금"] {
            assert_eq!(stems(word), [word]);
        }
    }

    #[test]
    fn variants_of_one_word_share_their_stem() {
        for (variants, stem) in [
            (["해지하고", "해지하려면", "해지했는데요", "해지할까요", "해지는", "해지합니다"], "해지"),
            (["계좌를", "계좌에서는", "계좌로", "계좌까지", "계좌인데요", "계좌입니다"], "계좌"),
            (["등록되나요", "등록됐나요", "등록이", "등록해주세요", "등록하는", "등록하기"], "등록"),
        ] {
            for variant in variants {
                assert_eq!(stems(variant), [stem], "{variant}");
            }
        }
    }

    #[test]
    fn bigrams_ignore_spacing_but_not_sentences() {
        for (text, expected) in [
            ("카드 한도", vec!["카드", "드한", "한도"]),
            ("카드한도", vec!["카드", "드한", "한도"]),
            ("OTP 발급", vec!["otp", "발급"]),
            ("돈", vec!["돈"]),
            ("집 1,000", vec!["집", "1000"]),
            ("한도. 금리", vec!["한도", "금리"]),
            ("ㅋㅋ", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(bigrams(text), expected, "{text}");
        }
    }
}
