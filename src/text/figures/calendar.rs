//! Figures that are patterns of digits: dates (2026. 11. 1., 11/1), times (09:00), telephone numbers (02-123-4567).

use crate::text::figures::Unit;
use crate::text::figures::Value;
use crate::text::figures::numeral::ONE;
use crate::text::figures::numeral::at;

/// The pattern that begins at `start`, and the character behind it.
pub(super) fn pattern(form: &[char], start: usize) -> Option<(Value, usize)> {
    let international = usize::from(at(form, start) == '+');
    let first = Group::read(form, start + international)?;
    if international == 0 {
        let found = time(form, &first).or_else(|| date(form, &first)).or_else(|| slashed(form, &first));
        if found.is_some() {
            return found;
        }
    }
    number(form, start + international, international == 1)
}

/// A year that is written out.
pub(super) fn is_year(number: u32) -> bool {
    (1900..2200).contains(&number)
}

/// A date of these parts; `None` if there is no such day.
pub(super) fn valid(year: Option<u32>, month: Option<u32>, day: Option<u32>) -> Option<Value> {
    let is_valid = year.is_none_or(is_year)
        && month.is_none_or(|month| (1..=12).contains(&month))
        && day.is_none_or(|day| (1..=31).contains(&day));
    if !is_valid {
        return None;
    }
    let small = |number: Option<u32>| number.and_then(|number| u8::try_from(number).ok());
    Some(Value::Date { year: year.and_then(|year| u16::try_from(year).ok()), month: small(month), day: small(day) })
}

/// Digits side by side.
struct Group {
    value: u32,
    digits: usize,
    end: usize,
}

impl Group {
    fn read(form: &[char], start: usize) -> Option<Self> {
        let digits = (start..).take_while(|place| at(form, *place).is_ascii_digit()).count();
        let text: String = form.get(start..start + digits)?.iter().collect();
        (digits > 0).then(|| Self { value: text.parse().unwrap_or(u32::MAX), digits, end: start + digits })
    }
}

/// 09:00, 23:30.
fn time(form: &[char], hours: &Group) -> Option<(Value, usize)> {
    let colon = at(form, hours.end) == ':';
    let minutes = Group::read(form, hours.end + 1).filter(|minutes| colon && minutes.digits == 2)?;
    let is_time = hours.digits <= 2 && hours.value <= 24 && minutes.value < 60 && at(form, minutes.end) != ':';
    let total = hours.value * 60 + minutes.value;
    // 9:00 may be meant in the evening, 09:00 is written by the clock of 24 hours.
    let is_certain = hours.value > 12 || hours.value == 0 || (hours.digits == 2 && hours.value < 10);
    is_time.then_some((Value::Time { minutes: (total % 1_440) as u16, is_certain }, minutes.end))
}

/// 2026. 11. 1., 2026-11-01, 2026/11/1, 2026. 11.
fn date(form: &[char], year: &Group) -> Option<(Value, usize)> {
    if year.digits != 4 || !is_year(year.value) {
        return None;
    }
    let (separator, month) = next(form, year.end)?;
    if !matches!(separator, '.' | '-' | '/') || month.digits > 2 {
        return None;
    }
    let day = next(form, month.end).filter(|(mark, day)| *mark == separator && day.digits <= 2);
    if let Some((_, day)) = day {
        // The full stop after the day belongs to the date.
        let end = if separator == '.' && at(form, day.end) == '.' && !at(form, day.end + 1).is_ascii_digit() {
            day.end + 1
        } else {
            day.end
        };
        return Some((valid(Some(year.value), Some(month.value), Some(day.value))?, end));
    }
    let is_spaced = month.end - month.digits > year.end + 1;
    let is_closed = at(form, month.end) == '.' && !at(form, month.end + 1).is_ascii_digit();
    if separator == '.' && !(is_spaced || is_closed) {
        return None;
    }
    let goes_on = next(form, month.end).is_some_and(|(mark, _)| mark == separator);
    let end = month.end + usize::from(separator == '.' && is_closed);
    if goes_on { None } else { Some((valid(Some(year.value), Some(month.value), None)?, end)) }
}

/// A mark and the digits behind it, with spaces between.
fn next(form: &[char], end: usize) -> Option<(char, Group)> {
    let skip = |place: usize| if at(form, place) == ' ' { place + 1 } else { place };
    let mark = skip(end);
    let separator = at(form, mark);
    if separator.is_alphanumeric() || separator == '\n' {
        return None;
    }
    Some((separator, Group::read(form, skip(mark + 1))?))
}

/// 11/1, 11/1/2026, 24/7.
fn slashed(form: &[char], first: &Group) -> Option<(Value, usize)> {
    if at(form, first.end) != '/' || first.digits > 2 {
        return None;
    }
    let second = Group::read(form, first.end + 1).filter(|second| second.digits <= 2)?;
    let year = Group::read(form, second.end + 1).filter(|year| at(form, second.end) == '/' && year.digits == 4);
    if let Some(year) = year {
        return Some((valid(Some(year.value), Some(first.value), Some(second.value))?, year.end));
    }
    if at(form, second.end) == '/' || is_counted(form, second.end) {
        return None;
    }
    if let Some(date) = valid(None, Some(first.value), Some(second.value)).filter(|_| second.digits > 0) {
        return Some((date, second.end));
    }
    let share = u128::from(first.value) * ONE / u128::from(second.value.max(1));
    Some((Value::Quantity(share, Unit::Share), second.end))
}

/// Whether a unit follows, so that "3/6/12개월" is a list.
fn is_counted(form: &[char], end: usize) -> bool {
    crate::text::figures::units::is_at(form, end) || at(form, end) == '.'
}

/// Telephone numbers, and what else has its digits in groups.
fn number(form: &[char], start: usize, is_international: bool) -> Option<(Value, usize)> {
    const DIGITS_MIN: usize = 7;
    let mut groups = vec![Group::read(form, start)?];
    let mut digits: String = form[start..groups[0].end].iter().collect();
    let is_short_first = groups[0].digits <= 4;
    let is_zero_first = digits.starts_with('0') && groups[0].digits >= 2;
    let is_representative =
        groups[0].digits == 4 && digits.starts_with('1') && matches!(groups[0].value / 100, 15 | 16 | 18);
    let mut is_hyphened = true;
    while let Some(last) = groups.last() {
        let mark = at(form, last.end);
        let skip = if at(form, last.end) == ')' && at(form, last.end + 1) == ' ' { 2 } else { 1 };
        let may_space = is_zero_first || is_representative || is_international;
        let is_joined = mark == '-' || (may_space && matches!(mark, ' ' | ')' | '.'));
        let Some(next) = Group::read(form, last.end + skip).filter(|_| is_joined) else { break };
        // Behind a space the groups of a number have three or four digits, and no unit follows them.
        let is_group = mark == '-'
            || (is_international || matches!(next.digits, 3 | 4))
                && !crate::text::figures::units::is_at(form, next.end);
        if !is_group {
            break;
        }
        is_hyphened &= mark == '-';
        digits.extend(&form[next.end - next.digits..next.end]);
        groups.push(next);
    }
    let end = groups.last()?.end;
    let is_long = digits.len() >= DIGITS_MIN;
    let is_number = match groups.len() {
        1 => {
            is_international
                || (digits.starts_with('0') && is_long)
                || (digits.len() == 8 && matches!(digits.get(..2), Some("15" | "16" | "18")) && !is_counted(form, end))
        }
        2 => is_long && is_short_first && (is_hyphened || is_zero_first || is_representative),
        _ => is_long || is_hyphened && groups.len() > 2 && groups.iter().any(|group| group.digits > 2),
    };
    let is_decimal = at(form, end) == '.' && at(form, end + 1).is_ascii_digit();
    (is_number && !is_decimal).then_some((Value::Number(digits), end))
}
