//! What stands behind a number: the units, and where a word of a unit really ends.

use crate::text::figures::Unit;
use crate::text::figures::numeral::ONE;
use crate::text::figures::numeral::at;
use crate::text::figures::numeral::says;

/// A unit that stands behind a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub kind: Kind,
    /// By which a number of it is multiplied: twelve for years in months.
    pub factor: u128,
    /// By which it is divided: a hundred for basis points.
    pub divisor: u128,
    /// The character behind it.
    pub end: usize,
    /// Which numerals may stand before it.
    pub takes: Takes,
}

/// What a number with this unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// So much of it.
    Of(Unit),
    /// 년: a year or years.
    Year,
    /// 월: a month of the year.
    MonthOfYear,
    /// 일.
    Day,
    /// 시: a time of day.
    Hour,
    /// 분: minutes, or people where the numeral is native.
    Minute,
    /// 번: times, or the number of something.
    Number,
}

/// Which Korean numerals may stand before a unit. Digits may before every unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Any, even one syllable: 삼 퍼센트, 이 개월. No other word looks like it.
    Any,
    /// Those of one syllable that are no word together with the unit.
    Some(&'static str),
    /// None of one syllable.
    Long,
}

const fn unit(word: &'static str, unit: Unit, factor: u128, takes: Takes) -> (&'static str, Kind, u128, u128, Takes) {
    (word, Kind::Of(unit), factor, 1, takes)
}

/// Longer words before those they begin with.
#[rustfmt::skip]
static UNITS: &[(&str, Kind, u128, u128, Takes)] = &[
    unit("퍼센트포인트", Unit::PercentPoint, 1, Takes::Any), unit("퍼센트 포인트", Unit::PercentPoint, 1, Takes::Any),
    unit("프로포인트", Unit::PercentPoint, 1, Takes::Any), unit("프로 포인트", Unit::PercentPoint, 1, Takes::Any),
    unit("%포인트", Unit::PercentPoint, 1, Takes::Any), unit("% 포인트", Unit::PercentPoint, 1, Takes::Any),
    unit("% p", Unit::PercentPoint, 1, Takes::Any), unit("%pt", Unit::PercentPoint, 1, Takes::Any),
    unit("%p", Unit::PercentPoint, 1, Takes::Any),
    unit("percentage points", Unit::PercentPoint, 1, Takes::Any),
    unit("percentage point", Unit::PercentPoint, 1, Takes::Any),
    unit("percent points", Unit::PercentPoint, 1, Takes::Any),
    ("basis points", Kind::Of(Unit::PercentPoint), 1, 100, Takes::Any),
    ("베이시스포인트", Kind::Of(Unit::PercentPoint), 1, 100, Takes::Any),
    ("bps", Kind::Of(Unit::PercentPoint), 1, 100, Takes::Any), ("bp", Kind::Of(Unit::PercentPoint), 1, 100, Takes::Any),
    unit("%", Unit::Percent, 1, Takes::Any), unit("퍼센트", Unit::Percent, 1, Takes::Any),
    unit("프로", Unit::Percent, 1, Takes::Any), unit("퍼", Unit::Percent, 1, Takes::Long),
    unit("percent", Unit::Percent, 1, Takes::Any), unit("per cent", Unit::Percent, 1, Takes::Any),
    unit("pct", Unit::Percent, 1, Takes::Any), unit("‰", Unit::Bare, 1, Takes::Long),
    unit("할", Unit::Percent, 10, Takes::Some("삼칠팔")),
    unit("달러", Unit::Money("usd"), 1, Takes::Any), unit("불", Unit::Money("usd"), 1, Takes::Some("백천만억")),
    unit("dollars", Unit::Money("usd"), 1, Takes::Any), unit("dollar", Unit::Money("usd"), 1, Takes::Any),
    unit("us$", Unit::Money("usd"), 1, Takes::Any), unit("usd", Unit::Money("usd"), 1, Takes::Any),
    unit("$", Unit::Money("usd"), 1, Takes::Any),
    unit("유로", Unit::Money("eur"), 1, Takes::Any), unit("euros", Unit::Money("eur"), 1, Takes::Any),
    unit("euro", Unit::Money("eur"), 1, Takes::Any), unit("eur", Unit::Money("eur"), 1, Takes::Any),
    unit("€", Unit::Money("eur"), 1, Takes::Any),
    unit("엔", Unit::Money("jpy"), 1, Takes::Some("백천만억")), unit("yen", Unit::Money("jpy"), 1, Takes::Any),
    unit("jpy", Unit::Money("jpy"), 1, Takes::Any), unit("¥", Unit::Money("jpy"), 1, Takes::Any),
    unit("위안", Unit::Money("cny"), 1, Takes::Any), unit("yuan", Unit::Money("cny"), 1, Takes::Any),
    unit("cny", Unit::Money("cny"), 1, Takes::Any),
    unit("파운드", Unit::Money("gbp"), 1, Takes::Any), unit("pounds", Unit::Money("gbp"), 1, Takes::Any),
    unit("gbp", Unit::Money("gbp"), 1, Takes::Any), unit("£", Unit::Money("gbp"), 1, Takes::Any),
    unit("won", Unit::Money("krw"), 1, Takes::Any), unit("krw", Unit::Money("krw"), 1, Takes::Any),
    unit("₩", Unit::Money("krw"), 1, Takes::Any), unit("원", Unit::Money("krw"), 1, Takes::Some("십백천만억")),
    unit("영업일", Unit::BusinessDays, 1, Takes::Any), unit("은행영업일", Unit::BusinessDays, 1, Takes::Any),
    unit("business days", Unit::BusinessDays, 1, Takes::Any), unit("business day", Unit::BusinessDays, 1, Takes::Any),
    unit("working days", Unit::BusinessDays, 1, Takes::Any), unit("working day", Unit::BusinessDays, 1, Takes::Any),
    unit("개월", Unit::Months, 1, Takes::Any), unit("개 월", Unit::Months, 1, Takes::Any),
    unit("달", Unit::Months, 1, Takes::Some("")),
    unit("months", Unit::Months, 1, Takes::Any), unit("month", Unit::Months, 1, Takes::Any),
    unit("분기", Unit::Quarter, 1, Takes::Some("일삼사")),
    unit("년간", Unit::Months, 12, Takes::Some("일이삼사오육칠팔구십")),
    unit("개년", Unit::Months, 12, Takes::Any), unit("해", Unit::Months, 12, Takes::Some("")),
    unit("years old", Unit::Age, 1, Takes::Any), unit("year old", Unit::Age, 1, Takes::Any),
    unit("years", Unit::Months, 12, Takes::Any), unit("year", Unit::Months, 12, Takes::Any),
    ("년", Kind::Year, 12, 1, Takes::Some("일이삼사오육칠팔십")),
    unit("주일", Unit::Days, 7, Takes::Any), unit("주간", Unit::Days, 7, Takes::Some("일이삼사")),
    unit("주택", Unit::Things, 1, Takes::Some("일이삼")), unit("주년", Unit::Months, 12, Takes::Long),
    unit("주", Unit::Days, 7, Takes::Some("삼육팔")),
    unit("weeks", Unit::Days, 7, Takes::Any), unit("week", Unit::Days, 7, Takes::Any),
    unit("일간", Unit::Days, 1, Takes::Some("일이삼사오육칠팔구십")),
    unit("calendar days", Unit::Days, 1, Takes::Any), unit("days", Unit::Days, 1, Takes::Any),
    unit("day", Unit::Days, 1, Takes::Any),
    ("일", Kind::Day, 1, 1, Takes::Some("일삼사오육칠팔구십")),
    ("월", Kind::MonthOfYear, 1, 1, Takes::Some("일삼사오육유칠팔구시십")),
    unit("시간", Unit::Seconds, 3_600, Takes::Some("이삼사오육칠팔구십")),
    unit("hours", Unit::Seconds, 3_600, Takes::Any), unit("hour", Unit::Seconds, 3_600, Takes::Any),
    ("시", Kind::Hour, 1, 1, Takes::Some("")),
    unit("분간", Unit::Seconds, 60, Takes::Some("일삼오십")),
    ("분", Kind::Minute, 60, 1, Takes::Some("일삼오십")),
    unit("minutes", Unit::Seconds, 60, Takes::Any), unit("minute", Unit::Seconds, 60, Takes::Any),
    unit("초", Unit::Seconds, 1, Takes::Some("오십")), unit("seconds", Unit::Seconds, 1, Takes::Any),
    unit("번째", Unit::Ordinal, 1, Takes::Some("")), ("번", Kind::Number, 1, 1, Takes::Some("백")),
    unit("회차", Unit::Ordinal, 1, Takes::Some("일이삼사오육칠팔구십")),
    unit("회", Unit::Times, 1, Takes::Some("일이삼오육칠팔구십")),
    unit("차례", Unit::Times, 1, Takes::Some("")), unit("times", Unit::Times, 1, Takes::Any),
    unit("건", Unit::Cases, 1, Takes::Some("십백")), unit("cases", Unit::Cases, 1, Takes::Any),
    unit("명", Unit::Persons, 1, Takes::Some("십백천만")), unit("사람", Unit::Persons, 1, Takes::Some("십백")),
    unit("인", Unit::Persons, 1, Takes::Some("일삼십")), unit("people", Unit::Persons, 1, Takes::Any),
    unit("persons", Unit::Persons, 1, Takes::Any), unit("person", Unit::Persons, 1, Takes::Any),
    unit("세대", Unit::Things, 1, Takes::Long), unit("세", Unit::Age, 1, Takes::Some("")),
    unit("살", Unit::Age, 1, Takes::Some("")),
    unit("배", Unit::Multiple, 1, Takes::Some("이삼오십백")), unit("갑절", Unit::Multiple, 2, Takes::Long),
    unit("순위", Unit::Ordinal, 1, Takes::Some("십백")), unit("등급", Unit::Ordinal, 1, Takes::Some("십백")),
    unit("단계", Unit::Ordinal, 1, Takes::Some("십백")), unit("위", Unit::Ordinal, 1, Takes::Some("")),
    unit("차", Unit::Ordinal, 1, Takes::Some("일삼")), unit("호", Unit::Ordinal, 1, Takes::Some("")),
    unit("항", Unit::Ordinal, 1, Takes::Some("")), unit("종류", Unit::Things, 1, Takes::Some("십백")),
    unit("종", Unit::Things, 1, Takes::Some("")), unit("가지", Unit::Things, 1, Takes::Some("")),
    unit("개국", Unit::Things, 1, Takes::Some("십백")), unit("개", Unit::Things, 1, Takes::Some("십백")),
    unit("계좌", Unit::Things, 1, Takes::Some("십백")), unit("자리", Unit::Things, 1, Takes::Some("십백")),
    unit("군데", Unit::Things, 1, Takes::Some("십백")), unit("곳", Unit::Things, 1, Takes::Some("")),
    unit("장", Unit::Things, 1, Takes::Some("십")), unit("매", Unit::Things, 1, Takes::Some("십")),
    unit("통화", Unit::Things, 1, Takes::Some("십백")), unit("통", Unit::Things, 1, Takes::Some("")),
    unit("대", Unit::Things, 1, Takes::Some("")), unit("부", Unit::Things, 1, Takes::Some("")),
    unit("층", Unit::Ordinal, 1, Takes::Some("일이삼사오육칠팔구십")),
    unit("글자", Unit::Things, 1, Takes::Some("십백")), unit("품목", Unit::Things, 1, Takes::Some("십백")),
];

/// What may follow a unit that ends its word: particles, and words that are written together with it.
#[rustfmt::skip]
const AFTER: &[&str] = &[
    "은", "는", "이", "가", "을", "를", "의", "에", "도", "만", "과", "와", "로", "으로", "까지", "부터", "당", "씩", "간", "내",
    "안", "전", "후", "뒤", "쯤", "정도", "가량", "마다", "째", "초과", "미만", "보다", "밖에", "대", "짜리", "권", "정", "분", "입니",
    "인", "인데", "이며", "임", "예요", "에요", "라", "나", "차", "물", "형", "제", "기준", "단위", "한도", "동안", "중", "범위",
    "하고", "처럼", "만큼", "뿐", "여", "든", "치", "어치", "고", "며",
];

/// The unit at a place, which may stand one space behind the number.
pub(super) fn at_place(form: &[char], place: usize) -> Option<Found> {
    let place = if at(form, place) == ' ' { place + 1 } else { place };
    let first = at(form, place);
    let unit = UNITS.iter().find(|(word, ..)| {
        word.starts_with(first) && says(form, place, word) && {
            let end = place + word.chars().count();
            // "3 perhaps" and "5 present" have no unit.
            !(at(form, end).is_ascii_alphabetic() && at(form, end - 1).is_ascii_alphabetic())
        }
    });
    let (word, kind, factor, divisor, takes) = *unit?;
    Some(Found { kind, factor, divisor, end: place + word.chars().count(), takes })
}

/// Whether a unit stands at a place.
pub(super) fn is_at(form: &[char], place: usize) -> bool {
    at_place(form, place).is_some()
}

/// Whether a word of Hangul can end at a place: no syllable follows, or a particle does.
pub(super) fn ends_word(form: &[char], end: usize) -> bool {
    !is_syllable(at(form, end)) || AFTER.iter().any(|word| says(form, end, word) && goes_no_further(form, end, word))
}

/// The words that begin with a particle and are other words: 원인, 원가, 번호.
fn goes_no_further(form: &[char], end: usize, word: &str) -> bool {
    /// Particles and endings that come in one syllable and begin many words.
    const SHORT: [&str; 16] =
        ["가", "이", "대", "간", "내", "안", "전", "후", "분", "정", "인", "나", "라", "고", "제", "중"];
    if !SHORT.contains(&word) {
        return true;
    }
    let rest = end + word.chars().count();
    !is_syllable(at(form, rest)) || AFTER.iter().any(|after| says(form, rest, after)) || matches!(word, "이" | "인")
}

pub(super) fn is_syllable(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// The value of so many millionths of a unit.
pub(super) fn scaled(micro: u128, found: &Found) -> Option<u128> {
    let product = micro.checked_mul(found.factor)?;
    product.is_multiple_of(found.divisor).then_some(product / found.divisor)
}

/// A whole number of millionths as a small number.
pub(super) fn small(micro: u128) -> Option<u16> {
    if micro.is_multiple_of(ONE) { u16::try_from(micro / ONE).ok() } else { None }
}
