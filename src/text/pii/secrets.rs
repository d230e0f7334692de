//! What proves who somebody is and must never be kept: passwords, PINs, one-time codes, a card's verification code and
//! expiry date. They look like any other number, so they are known by the word beside them alone.

use crate::text::pii::Kind;
use crate::text::pii::context::is_amount;
use crate::text::pii::sheet::Keep;
use crate::text::pii::sheet::Sheet;

/// Words for a secret of digits. None is the beginning of a longer one behind it.
const CODES: [&str; 15] = [
    "비밀번호",
    "패스워드",
    "비번",
    "암호",
    "핀번호",
    "보안코드",
    "인증번호",
    "인증코드",
    "보안카드",
    "otp",
    "cvc",
    "cvv",
    "password",
    "passwd",
    "pin",
];
/// Those of them that may also stand for letters and signs.
const PASSWORDS: [&str; 6] = ["비밀번호", "패스워드", "비번", "암호", "password", "passwd"];
/// Words for a card's expiry date.
const EXPIRIES: [&str; 4] = ["유효기간", "유효 기간", "만료일", "expiry"];
/// What makes such a date a card's.
const CARDS: [&str; 4] = ["카드", "card", "cvc", "cvv"];

/// What may stand between the word and the secret. Longer ones stand before their own beginnings.
const FILLERS: [&str; 27] = [
    "번호",
    "코드",
    "네자리",
    "네 자리",
    "두자리",
    "두 자리",
    "세자리",
    "여섯자리",
    "자리",
    "숫자",
    "앞",
    "뒤",
    "뒷",
    "현재",
    "지금",
    "카드",
    "이에요",
    "으로",
    "이요",
    "는",
    "은",
    "이",
    "가",
    "을",
    "를",
    "도",
    "로",
];
/// What may stand between a secret and the word behind it, particles first.
const FILLERS_BEHIND: [&str; 10] = ["이", "가", "은", "는", "제", "내", "카드", "통장", "계좌", "출금"];

/// Digits of a secret. Fewer are one only where the customer speaks of digits ("앞 두 자리는 12").
const DIGITS_MIN: usize = 3;
const DIGITS_MAX: usize = 8;
const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 4..=32;

/// Covers every secret that is named as one.
pub(super) fn cover_secrets(sheet: &mut Sheet) {
    let mut at = 0;
    while at < sheet.len() {
        let Some(word) = CODES.iter().find(|word| sheet.says(at, word)) else {
            at += 1;
            continue;
        };
        let end = at + word.chars().count();
        if let Some(secret) = after(sheet, end, PASSWORDS.contains(word)).or_else(|| before(sheet, at)) {
            sheet.cover(secret, Kind::Secret, Keep::Nothing);
        }
        at = end;
    }
    let has = |sheet: &Sheet, words: &[&str]| (0..sheet.len()).any(|at| words.iter().any(|word| sheet.says(at, word)));
    if has(sheet, &CARDS) && has(sheet, &EXPIRIES) {
        cover_expiries(sheet);
    }
}

/// The secret after a word that ends at `start`.
fn after(sheet: &Sheet, start: usize, is_password: bool) -> Option<std::ops::Range<usize>> {
    let (at, speaks_of_digits) = skip_fillers(sheet, start);
    let digits = sheet.digits_from(at);
    if is_password {
        let end = (at..sheet.len()).find(|at| !sheet.at(*at).is_ascii_graphic()).unwrap_or(sheet.len());
        let has = |is: fn(&char) -> bool| sheet.slice(at..end).iter().any(is);
        let is_mixed = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
        if is_mixed && PASSWORD_CHARS.contains(&(end - at)) {
            return Some(at..end);
        }
    }
    let digits_min = if speaks_of_digits { 2 } else { DIGITS_MIN };
    is_secret(sheet, at, digits, digits_min).then_some(at..at + digits)
}

/// The secret before a word that begins at `end`: "1234가 비밀번호예요".
fn before(sheet: &Sheet, end: usize) -> Option<std::ops::Range<usize>> {
    let mut at = end;
    loop {
        let filler = FILLERS_BEHIND.iter().find(|filler| {
            let count = filler.chars().count();
            at >= count && sheet.says(at - count, filler)
        });
        match filler {
            Some(filler) => at -= filler.chars().count(),
            None if sheet.before(at) == ' ' => at -= 1,
            None => break,
        }
    }
    // Something has to say that the number is what the word means.
    if at == end || sheet.slice(at..end).iter().all(|c| *c == ' ') {
        return None;
    }
    let start = (0..at).rev().take_while(|at| sheet.at(*at).is_ascii_digit()).last()?;
    is_secret(sheet, start, at - start, DIGITS_MIN).then_some(start..at)
}

/// Where the fillers after a word end, and whether they speak of digits.
fn skip_fillers(sheet: &Sheet, start: usize) -> (usize, bool) {
    let mut at = start;
    let mut speaks_of_digits = false;
    loop {
        let filler = FILLERS.iter().find(|filler| sheet.says(at, filler));
        // "6자리"
        let is_count = sheet.digits_from(at) == 1 && sheet.says(at + 1, "자리");
        if let Some(filler) = filler {
            speaks_of_digits |= filler.ends_with("자리");
            at += filler.chars().count();
        } else if is_count || matches!(sheet.at(at), ' ' | ':' | '=' | '(' | '-' | '\'' | '"') {
            at += 1;
        } else {
            return (at, speaks_of_digits);
        }
    }
}

/// Whether so many digits at `at` are a number by themselves and count nothing.
fn is_secret(sheet: &Sheet, at: usize, digits: usize, digits_min: usize) -> bool {
    const COUNTERS: [&str; 12] = ["회", "번", "자리", "년", "월", "일", "시", "분", "초", "개", "차", "건"];
    const DASHES: [char; 3] = ['-', '.', '/'];
    let end = at + digits;
    let goes_on = DASHES.contains(&sheet.at(end)) && sheet.at(end + 1).is_ascii_digit();
    let went_on = DASHES.contains(&sheet.before(at)) && at >= 2 && sheet.at(at - 2).is_ascii_digit();
    let counts = COUNTERS.iter().any(|counter| sheet.says(end, counter)) && !sheet.says(end, "번이");
    (digits_min..=DIGITS_MAX).contains(&digits) && !goes_on && !went_on && !counts && !is_amount(sheet, at..end)
}

/// Covers the month and year after each word for an expiry date: 12/27, 12.27, 1227.
fn cover_expiries(sheet: &mut Sheet) {
    for at in 0..sheet.len() {
        let Some(word) = EXPIRIES.iter().find(|word| sheet.says(at, word)) else { continue };
        let (start, _) = skip_fillers(sheet, at + word.chars().count());
        let digits = sheet.digits_from(start);
        let end = match (digits, sheet.at(start + digits)) {
            (4, _) => start + 4,
            (1 | 2, '/' | '.' | '-' | ' ') if sheet.digits_from(start + digits + 1) == 2 => start + digits + 3,
            _ => continue,
        };
        let month: String = sheet.slice(start..start + digits.min(2)).iter().collect();
        let is_month = month.parse::<u8>().is_ok_and(|month| (1..=12).contains(&month));
        let is_date = ["년", "월", "일"].iter().any(|unit| sheet.says(end, unit));
        if is_month && !is_date && !sheet.at(end).is_ascii_digit() {
            sheet.cover(start..end, Kind::Secret, Keep::Nothing);
        }
    }
}
