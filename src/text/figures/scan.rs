//! Finds the figures of a form, one behind the other.

use std::ops::Range;

use crate::text::figures::Figure;
use crate::text::figures::Unit;
use crate::text::figures::Value;
use crate::text::figures::calendar;
use crate::text::figures::english;
use crate::text::figures::form::UNREADABLE;
use crate::text::figures::numeral;
use crate::text::figures::numeral::ONE;
use crate::text::figures::numeral::at;
use crate::text::figures::numeral::says;
use crate::text::figures::series;
use crate::text::figures::units;
use crate::text::figures::units::Found;
use crate::text::figures::units::Kind;
use crate::text::figures::units::Takes;
use crate::text::figures::units::is_syllable;

/// A figure that may still join with its neighbours.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub span: Range<usize>,
    pub content: Content,
}

/// What is known of a draft.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// A number with or without a unit.
    Number {
        /// In millionths, before the unit.
        micro: u128,
        /// What it ends with, as a factor: ten thousand for 5만.
        scale: u128,
        unit: Option<Found>,
        /// Whether the numeral is a native one: 두, 세.
        is_native: bool,
    },
    /// A value that is complete.
    Value(Value),
}

/// The figures of a form.
pub(super) fn figures(form: &[char]) -> Vec<Figure> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut place = 0;
    // Where the word of Hangul begins that is being read.
    let mut word = 0;
    while place < form.len() {
        let c = at(form, place);
        if !is_syllable(c) {
            word = place + 1;
        }
        let found = if c.is_ascii_digit() || (c == '+' && at(form, place + 1).is_ascii_digit()) {
            Some(digits(form, place))
        } else if is_syllable(c) {
            korean(form, word, place)
        } else if c == UNREADABLE {
            Some(unreadable(form, place))
        } else if c.is_ascii_lowercase() || matches!(c, '₩' | '$' | '€' | '¥' | '£') {
            match latin(form, place) {
                Ok(found) => Some(found),
                Err(end) => {
                    place = end;
                    word = end;
                    continue;
                }
            }
        } else if c.is_numeric() {
            Some(unreadable(form, place))
        } else {
            None
        };
        match found {
            Some(draft) => {
                place = draft.span.end.max(place + 1);
                drafts.push(draft);
            }
            None => place += 1,
        }
    }
    series::figures(form, drafts)
}

/// The figure that begins with a digit.
fn digits(form: &[char], start: usize) -> Draft {
    if let Some((value, end)) = calendar::pattern(form, start) {
        return Draft { span: start..end, content: Content::Value(value) };
    }
    counted(form, start)
}

/// The number that begins with a digit, and what it counts.
fn counted(form: &[char], start: usize) -> Draft {
    let Some(number) = numeral::number(form, start, false) else { return unreadable(form, start) };
    let (mut micro, mut end, mut scale) = (number.micro, number.end, number.scale);
    if let Some((value, after)) = share(form, micro, end) {
        return Draft { span: start..after, content: Content::Value(value) };
    }
    let is_broken = matches!(at(form, end), '.' | ':') && at(form, end + 1).is_ascii_digit();
    if is_broken || at(form, end) == UNREADABLE || at(form, end).is_ascii_digit() {
        return unreadable(form, start);
    }
    if let Some((factor, after)) = english::scale_at(form, end) {
        let Some(larger) = micro.checked_mul(factor) else { return unreadable(form, start) };
        (micro, end, scale) = (larger, after, factor);
    }
    if start > 0 && at(form, start - 1) == '제' {
        // 제2조 is an article, not two trillion.
        let article = if scale == 1_000_000_000_000 { micro / scale } else { micro };
        return Draft { span: start..end, content: Content::Value(Value::Quantity(article, Unit::Ordinal)) };
    }
    if let Some(dated) = series::english_date(form, start, micro, end) {
        return dated;
    }
    let unit = units::at_place(form, end);
    let is_glued = at(form, end).is_ascii_alphabetic() && unit.is_none() && series::meridiem_after(form, end).is_none();
    if is_glued {
        return unreadable(form, start);
    }
    let span = start..unit.map_or(end, |unit| unit.end);
    Draft { span, content: Content::Number { micro, scale, unit, is_native: false } }
}

/// "3분의 1", whose first number is read.
fn share(form: &[char], whole: u128, end: usize) -> Option<(Value, usize)> {
    let end = if at(form, end) == ' ' { end + 1 } else { end };
    if !says(form, end, "분의") {
        return None;
    }
    let part = if at(form, end + 2) == ' ' { end + 3 } else { end + 2 };
    let part = numeral::number(form, part, false)?;
    (whole > 0).then(|| (Value::Quantity(part.micro * ONE / whole, Unit::Share), part.end))
}

/// What looks like a number and is none: as far as letters and digits go on without a space.
fn unreadable(form: &[char], start: usize) -> Draft {
    let is_part = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '.' | ',' | ':' | '-' | '/' | '+')
            || c == UNREADABLE
            || (!c.is_ascii() && c.is_numeric())
    };
    let mut end = (start..form.len()).find(|place| !is_part(form[*place])).unwrap_or(form.len());
    while end > start + 1 && matches!(at(form, end - 1), '.' | ',' | ':' | '-' | '/' | '+') {
        end -= 1;
    }
    let text: String = form.get(start..end.max(start + 1)).unwrap_or_default().iter().collect();
    Draft { span: start..end.max(start + 1), content: Content::Value(Value::Unreadable(text)) }
}

/// The figure that begins with a letter or the sign of a currency; else where to go on.
fn latin(form: &[char], start: usize) -> Result<Draft, usize> {
    const SIGNS: [&str; 13] = ["us$", "usd", "krw", "eur", "jpy", "cny", "gbp", "$", "₩", "€", "¥", "£", "won"];
    for sign in SIGNS {
        let after = start + sign.chars().count();
        let amount = if at(form, after) == ' ' { after + 1 } else { after };
        if !says(form, start, sign) || !at(form, amount).is_ascii_digit() {
            continue;
        }
        let Some(unit) = units::at_place(form, start) else { continue };
        let Draft { span, content } = counted(form, amount);
        return Ok(match content {
            Content::Number { micro, scale, unit: None, is_native } => {
                Draft { span: start..span.end, content: Content::Number { micro, scale, unit: Some(unit), is_native } }
            }
            Content::Number { .. } | Content::Value(_) => Draft { span: start..span.end, content },
        });
    }
    let Some((word, end)) = english::word(form, start) else { return Err(start + 1) };
    if let Some(dated) = series::named_month(form, start, &word, end) {
        return Ok(dated);
    }
    let fixed = match word.as_str() {
        "once" => Some(Value::Quantity(ONE, Unit::Times)),
        "twice" => Some(Value::Quantity(2 * ONE, Unit::Times)),
        "half" => Some(Value::Quantity(ONE / 2, Unit::Share)),
        "double" => Some(Value::Quantity(2 * ONE, Unit::Multiple)),
        "triple" => Some(Value::Quantity(3 * ONE, Unit::Multiple)),
        "noon" => Some(Value::Time { minutes: 720, is_certain: true }),
        "midnight" => Some(Value::Time { minutes: 0, is_certain: true }),
        _ => None,
    };
    if let Some(value) = fixed {
        return Ok(Draft { span: start..end, content: Content::Value(value) });
    }
    if let Some((micro, end, words)) = english::number(form, start) {
        let unit = units::at_place(form, end);
        if unit.is_some() || words > 1 {
            let span = start..unit.map_or(end, |unit| unit.end);
            return Ok(Draft { span, content: Content::Number { micro, scale: 1, unit, is_native: false } });
        }
    }
    let is_glued = at(form, end).is_ascii_digit() || (at(form, end) == '-' && at(form, end + 1).is_ascii_digit());
    if is_glued { Ok(unreadable(form, start)) } else { Err(end) }
}

/// Words that stand before a number without a space.
#[rustfmt::skip]
const BEFORE: [&str; 22] = [
    "연", "약", "월", "총", "최대", "최고", "최저", "최소", "최장", "각", "매", "단", "만", "금", "제", "일", "근", "미화", "하루",
    "매월", "매달", "주",
];

/// The figure in Korean words that begins at `place` of the word that begins at `word`.
fn korean(form: &[char], word: usize, place: usize) -> Option<Draft> {
    let before = form.get(word..place)?;
    let follows_other = word > 0 && at(form, word - 1).is_ascii_alphanumeric();
    let begins_word =
        !follows_other && (before.is_empty() || BEFORE.iter().any(|prefix| prefix.chars().eq(before.iter().copied())));
    if begins_word && let Some(draft) = fixed(form, place).or_else(|| native(form, place)) {
        return Some(draft);
    }
    if !numeral::is_numeral(at(form, place)) || before.last().is_some_and(|c| numeral::is_numeral(*c) && !begins_word) {
        return None;
    }
    sino(form, place, begins_word, false).or_else(|| sino(form, place, begins_word, true))
}

/// Periods and parts that have words of their own.
fn fixed(form: &[char], place: usize) -> Option<Draft> {
    const DAYS: [(&str, u128); 10] = [
        ("하루", 1),
        ("이틀", 2),
        ("사흘", 3),
        ("나흘", 4),
        ("닷새", 5),
        ("엿새", 6),
        ("열흘", 10),
        ("보름", 15),
        ("여드레", 8),
        ("아흐레", 9),
    ];
    let days = DAYS.iter().find(|(word, _)| says(form, place, word));
    let (word, value) = if let Some((word, days)) = days {
        (*word, Value::Quantity(days * ONE, Unit::Days))
    } else if says(form, place, "반년") {
        ("반년", Value::Quantity(6 * ONE, Unit::Months))
    } else if says(form, place, "절반") {
        ("절반", Value::Quantity(ONE / 2, Unit::Share))
    } else if says(form, place, "정오") {
        ("정오", Value::Time { minutes: 720, is_certain: true })
    } else if says(form, place, "자정") {
        ("자정", Value::Time { minutes: 0, is_certain: true })
    } else {
        return None;
    };
    let end = place + word.chars().count();
    units::ends_word(form, end).then_some(Draft { span: place..end, content: Content::Value(value) })
}

/// Native numerals with what they count: 세 번, 두 장, 석 달.
fn native(form: &[char], place: usize) -> Option<Draft> {
    let (number, end) = native_numeral(form, place)?;
    let is_spaced = at(form, end) == ' ';
    let unit = units::at_place(form, end)?;
    let word: String = form.get(end + usize::from(is_spaced)..unit.end)?.iter().collect();
    let is_counted_so = match unit.kind {
        Kind::Year | Kind::MonthOfYear | Kind::Day => false,
        Kind::Of(Unit::Money(_)) => word == "달러",
        Kind::Of(Unit::Months) => !matches!(word.as_str(), "년간" | "개년"),
        Kind::Of(Unit::Percent | Unit::PercentPoint | Unit::BusinessDays) => false,
        Kind::Of(_) | Kind::Hour | Kind::Minute | Kind::Number => !word.is_ascii(),
    };
    // 세대 and 한시 are words, 세 대 and 한 시 are counted.
    let is_other_word = !is_spaced
        && matches!(word.as_str(), "대" | "부" | "통" | "해" | "시" | "주" | "종" | "위" | "항" | "호" | "인");
    let says_again = word == "번" && number == 1 && (again_before(form, place) || says(form, unit.end, " 더"));
    if !is_counted_so || is_other_word || says_again || !units::ends_word(form, unit.end) {
        return None;
    }
    let content = Content::Number { micro: number * ONE, scale: 1, unit: Some(unit), is_native: true };
    Some(Draft { span: place..unit.end, content })
}

/// 다시 한번, 한 번 더: once more, which counts nothing.
fn again_before(form: &[char], place: usize) -> bool {
    place >= 3 && says(form, place - 3, "다시 ")
}

fn native_numeral(form: &[char], place: usize) -> Option<(u128, usize)> {
    const TENS: [(&str, u128); 9] = [
        ("열", 10),
        ("스물", 20),
        ("스무", 20),
        ("서른", 30),
        ("마흔", 40),
        ("쉰", 50),
        ("예순", 60),
        ("일흔", 70),
        ("여든", 80),
    ];
    const ONES: [(&str, u128); 15] = [
        ("한", 1),
        ("하나", 1),
        ("두", 2),
        ("둘", 2),
        ("세", 3),
        ("석", 3),
        ("셋", 3),
        ("네", 4),
        ("넉", 4),
        ("넷", 4),
        ("다섯", 5),
        ("여섯", 6),
        ("일곱", 7),
        ("여덟", 8),
        ("아홉", 9),
    ];
    let read = |table: &[(&str, u128)], place: usize| {
        let found = table.iter().find(|(word, _)| says(form, place, word));
        found.map(|(word, number)| (*number, place + word.chars().count()))
    };
    match read(&TENS, place) {
        Some((tens, end)) => Some(read(&ONES, end).map_or((tens, end), |(ones, end)| (tens + ones, end))),
        None => read(&ONES, place),
    }
}

/// Sino-Korean numerals with a unit: 삼백만 원, 삼점오 퍼센트, 이십사 개월.
fn sino(form: &[char], place: usize, begins_word: bool, is_spaced: bool) -> Option<Draft> {
    if let Some(digits) = digit_string(form, place, begins_word) {
        return Some(digits);
    }
    let number = numeral::number(form, place, is_spaced)?;
    if number.syllables == 0 {
        return None;
    }
    if let Some((value, end)) = share(form, number.micro, number.end).filter(|_| begins_word) {
        return Some(Draft { span: place..end, content: Content::Value(value) });
    }
    let is_about = at(form, number.end) == '여';
    let Some(unit) = units::at_place(form, number.end + usize::from(is_about)) else {
        let is_whole = begins_word && number.syllables > 2 && !is_spaced && units::ends_word(form, number.end);
        let content = Content::Number { micro: number.micro, scale: number.scale, unit: None, is_native: false };
        return is_whole.then_some(Draft { span: place..number.end, content });
    };
    let is_symbol = !is_syllable(at(form, unit.end - 1));
    let is_word_end = is_symbol || units::ends_word(form, unit.end);
    let is_taken = match unit.takes {
        _ if number.syllables > 1 => begins_word || matches!(unit.takes, Takes::Any) || is_money(&unit),
        Takes::Any => begins_word || matches!(unit.kind, Kind::Of(Unit::Percent | Unit::PercentPoint | Unit::Months)),
        Takes::Some(syllables) => begins_word && syllables.contains(at(form, place)),
        Takes::Long => false,
    };
    // "이 통화", "이 계좌": this one.
    let gap = at(form, number.end) == ' ';
    let is_this = number.syllables == 1
        && at(form, place) == '이'
        && gap
        && !matches!(unit.kind, Kind::Of(Unit::Percent | Unit::PercentPoint | Unit::Months) | Kind::Year);
    // 만 십구 세 counts full years, and 천명 is a word.
    let is_other = matches!(at(form, place), '만' | '천')
        && (matches!(unit.kind, Kind::Of(Unit::Age)) || (unit.kind == Kind::Of(Unit::Persons) && !gap));
    if !is_word_end || !is_taken || is_this || is_other {
        return None;
    }
    let vague = place.checked_sub(1).map(|before| at(form, before)).filter(|c| matches!(c, '수' | '몇'));
    if is_about || vague.is_some() {
        let begin = place - usize::from(vague.is_some());
        let text: String = form.get(begin..unit.end)?.iter().filter(|c| **c != ' ').collect();
        return Some(Draft { span: begin..unit.end, content: Content::Value(Value::Unreadable(text)) });
    }
    let content = Content::Number { micro: number.micro, scale: number.scale, unit: Some(unit), is_native: false };
    Some(Draft { span: place..unit.end, content })
}

fn is_money(unit: &Found) -> bool {
    matches!(unit.kind, Kind::Of(Unit::Money(_)))
}

/// Digits spelled one by one: 일오팔팔 공공공공.
fn digit_string(form: &[char], place: usize, begins_word: bool) -> Option<Draft> {
    const DIGITS_MIN: usize = 4;
    let mut digits = String::new();
    let mut end = place;
    loop {
        match numeral::digit(at(form, end)) {
            Some(digit) => digits.push_str(&digit.to_string()),
            None if !digits.is_empty()
                && matches!(at(form, end), ' ' | '-')
                && numeral::digit(at(form, end + 1)).is_some() => {}
            None => break,
        }
        end += 1;
    }
    let is_number = begins_word && digits.len() >= DIGITS_MIN && units::ends_word(form, end);
    is_number.then_some(Draft { span: place..end, content: Content::Value(Value::Number(digits)) })
}
