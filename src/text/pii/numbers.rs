//! Personal data written with digits alone: registration numbers, cards, accounts, phones, licences.
//!
//! Digits are read as chains: groups of digits with at most a few separators between them. Each rule says
//! how many groups it takes from a place in the chain; the first rule that takes any wins.

use std::ops::Range;

use crate::text::pii::Kind;
use crate::text::pii::context::Hint;
use crate::text::pii::context::hint;
use crate::text::pii::context::is_amount;
use crate::text::pii::context::is_bare;
use crate::text::pii::sheet::Keep;
use crate::text::pii::sheet::Sheet;

/// Covers every number that is a person's.
pub(super) fn cover_numbers(sheet: &mut Sheet) {
    let mut chain = Chain::default();
    let mut at = 0;
    while at < sheet.len() {
        if !sheet.at(at).is_ascii_digit() {
            at += 1;
            continue;
        }
        at = chain.read(sheet, at);
        let mut index = 0;
        while index < chain.groups.len() {
            let place = Place { sheet, chain: &chain, index };
            if let Some(groups) = date(&place) {
                index += groups;
                continue;
            }
            let found = find(&place);
            if let Some(Find { groups, kind, keep }) = found {
                sheet.cover(chain.span(index, groups), kind, keep);
            }
            index += found.map_or(1, |found| found.groups);
        }
    }
}

/// What stands between two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    Dash,
    Bracket,
    /// Space, dot or slash.
    Loose,
}

/// Groups of digits that may be one number.
#[derive(Default)]
struct Chain {
    groups: Vec<Range<usize>>,
    gaps: Vec<Gap>,
    digits: Vec<u8>,
    /// Where each group's digits begin in `digits`, and where the last one's end.
    offsets: Vec<usize>,
}

impl Chain {
    /// Separators between two groups at most, as in "010 - 1234".
    const GAP_MAX: usize = 3;

    /// Reads the chain that begins at `start`; answers where reading goes on. Numbers with thousands
    /// separators are amounts and are passed over.
    fn read(&mut self, sheet: &Sheet, start: usize) -> usize {
        self.groups.clear();
        self.gaps.clear();
        self.digits.clear();
        self.offsets.clear();
        self.offsets.push(0);
        let mut at = start;
        loop {
            let end = digits_end(sheet, at);
            if let Some(amount_end) = thousands_end(sheet, at, end) {
                self.gaps.truncate(self.groups.len().saturating_sub(1));
                return amount_end;
            }
            self.groups.push(at..end);
            self.digits.extend((at..end).filter_map(|at| sheet.at(at).to_digit(10)).map(|digit| digit as u8));
            self.offsets.push(self.digits.len());
            let Some((gap, next)) = gap_after(sheet, end) else { return end };
            self.gaps.push(gap);
            at = next;
        }
    }

    fn span(&self, index: usize, groups: usize) -> Range<usize> {
        let end = self.groups.get(index + groups.max(1) - 1).map_or(0, |group| group.end);
        self.groups.get(index).map_or(0, |group| group.start)..end
    }
}

fn digits_end(sheet: &Sheet, start: usize) -> usize {
    start + sheet.digits_from(start)
}

/// Where "1,234,567" ends, if one to three digits at `start..end` begin such a number.
fn thousands_end(sheet: &Sheet, start: usize, end: usize) -> Option<usize> {
    let mut amount_end = end;
    while end - start <= 3 && sheet.at(amount_end) == ',' && digits_end(sheet, amount_end + 1) == amount_end + 4 {
        amount_end += 4;
    }
    (amount_end > end).then_some(amount_end)
}

fn gap_after(sheet: &Sheet, end: usize) -> Option<(Gap, usize)> {
    let mut gap = Gap::Loose;
    for at in end..=end + Chain::GAP_MAX {
        match sheet.at(at) {
            '0'..='9' if at > end => return Some((gap, at)),
            '-' | '_' | '\u{200B}' | '\u{FEFF}' | '\u{200D}' | '\u{2060}' => gap = Gap::Dash,
            ')' => gap = Gap::Bracket,
            ' ' | '.' | '/' => {}
            _ => return None,
        }
    }
    None
}

#[derive(Debug, Clone, Copy)]
struct Find {
    groups: usize,
    kind: Kind,
    keep: Keep,
}

/// A group in a chain, from which a rule looks ahead.
struct Place<'a> {
    sheet: &'a Sheet,
    chain: &'a Chain,
    index: usize,
}

impl Place<'_> {
    /// The digits of the next `groups` groups; empty if there are not so many.
    fn digits(&self, groups: usize) -> &[u8] {
        match (self.chain.offsets.get(self.index), self.chain.offsets.get(self.index + groups)) {
            (Some(start), Some(end)) => &self.chain.digits[*start..*end],
            _ => &[],
        }
    }

    /// How many digits the group at `ahead` has; 0 beyond the end.
    fn len(&self, ahead: usize) -> usize {
        self.chain.groups.get(self.index + ahead).map_or(0, Range::len)
    }

    fn gap(&self, ahead: usize) -> Option<Gap> {
        self.chain.gaps.get(self.index + ahead).copied()
    }

    fn has_shape(&self, shape: &[usize]) -> bool {
        shape.iter().enumerate().all(|(ahead, len)| self.len(ahead) == *len)
    }

    fn span(&self, groups: usize) -> Range<usize> {
        self.chain.span(self.index, groups)
    }

    fn hint(&self, groups: usize) -> Hint {
        hint(self.sheet, self.span(groups))
    }

    /// Whether a dash joins further digits to the number, as in 2026-11-23-001234.
    fn touches_dashes(&self, groups: usize) -> bool {
        let before = self.index.checked_sub(1).and_then(|before| self.chain.gaps.get(before));
        before == Some(&Gap::Dash) || self.gap(groups - 1) == Some(Gap::Dash)
    }

    /// Whether Latin letters touch the number, as in a product code.
    fn touches_letters(&self, groups: usize) -> bool {
        let Range { start, end } = self.span(groups);
        let is_letter = |c: char| c.is_ascii_alphabetic();
        let before = self.sheet.before(start);
        let after = self.sheet.at(end);
        is_letter(before)
            || is_letter(after)
            || (before == '-' && is_letter(self.sheet.before(start.saturating_sub(1))))
            || (after == '-' && is_letter(self.sheet.at(end + 1)))
    }
}

/// 2026-11-23 and then a space or nothing: how many groups are a date.
fn date(place: &Place<'_>) -> Option<usize> {
    let is_date = place.len(0) == 4
        && matches!(place.digits(1), [1, 9, ..] | [2, 0, ..])
        && place.has_shape(&[4, 2, 2])
        && is_month_and_day(&place.digits(3)[4..])
        && place.gap(0) == place.gap(1)
        && matches!(place.gap(2), None | Some(Gap::Loose));
    is_date.then_some(3)
}

fn find(place: &Place<'_>) -> Option<Find> {
    let rules: [(Rule, Kind, Keep); 6] = [
        (resident, Kind::ResidentNumber, Keep::Nothing),
        (mobile, Kind::Phone, Keep::LastFour),
        (licence, Kind::DriverLicence, Keep::Nothing),
        (card, Kind::Card, Keep::LastFour),
        (account, Kind::Account, Keep::LastFour),
        (landline, Kind::Phone, Keep::LastFour),
    ];
    rules.into_iter().find_map(|(rule, kind, keep)| rule(place).map(|groups| Find { groups, kind, keep }))
}

/// How many groups from here are personal data of one kind.
type Rule = fn(&Place<'_>) -> Option<usize>;

/// Six digits of birth, then seven of which the first is 1 to 8 (5 to 8 for foreigners). No check digit:
/// numbers given since October 2020 have none.
fn resident(place: &Place<'_>) -> Option<usize> {
    let is_dashed = place.gap(0) == Some(Gap::Dash);
    // The birthday and the first digit alone: 800101-1******.
    if place.len(0) == 6 && place.len(1) == 1 && place.len(2) == 0 && is_dashed {
        return (is_birth(place.digits(1)) && is_gender(place.digits(2), 6) && !place.touches_letters(2)).then_some(2);
    }
    let groups =
        [&[6, 7][..], &[6, 1, 6], &[2, 2, 2, 7], &[13]].into_iter().find(|shape| place.has_shape(shape))?.len();
    let digits = place.digits(groups);
    // Made-up numbers with an impossible birthday are somebody's example; masking them costs nothing.
    let is_dated = is_birth(digits) || (groups == 2 && is_dashed);
    if !is_dated || !is_gender(digits, 6) || place.hint(groups) == Hint::Thing {
        return None;
    }
    let is_something_else = groups == 1
        && (is_amount(place.sheet, place.span(1)) || place.touches_letters(1) || place.hint(1) == Hint::Account);
    (!is_something_else).then_some(groups)
}

fn is_birth(digits: &[u8]) -> bool {
    digits.len() >= 6 && is_month_and_day(&digits[2..6])
}

fn is_gender(digits: &[u8], at: usize) -> bool {
    digits.get(at).is_some_and(|digit| (1..=8).contains(digit))
}

fn is_month_and_day(digits: &[u8]) -> bool {
    match digits {
        [m1, m2, d1, d2, ..] => (1..=12).contains(&(m1 * 10 + m2)) && (1..=31).contains(&(d1 * 10 + d2)),
        _ => false,
    }
}

/// 20261123: how order numbers and time stamps begin.
fn begins_with_date(digits: &[u8]) -> bool {
    digits.len() >= 8 && matches!(digits, [1, 9, ..] | [2, 0, ..]) && is_month_and_day(&digits[4..8])
}

/// 010-1234-5678 in any grouping, older 011 to 019, +82 10 1234 5678.
fn mobile(place: &Place<'_>) -> Option<usize> {
    (1..=4).find(|groups| {
        let digits = place.digits(*groups);
        match digits {
            [0, 1, 0, ..] => digits.len() == 11 || (digits.len() == 10 && *groups == 3 && place.len(2) >= 3),
            [0, 1, 1 | 6..=9, ..] => matches!(digits.len(), 10 | 11),
            [8, 2, 1, 0, ..] => {
                digits.len() == 12 && (place.len(0) == 2 || place.sheet.before(place.span(1).start) == '+')
            }
            _ => false,
        }
    })
}

/// 11-12-123456-01 (since 1996, first group the region 11 to 28); before that 서울 12-123456-01.
fn licence(place: &Place<'_>) -> Option<usize> {
    const REGIONS: [&str; 17] = [
        "서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종", "경기", "강원", "충북", "충남", "전북", "전남",
        "경북", "경남", "제주",
    ];
    let is_region = matches!(place.digits(1), [1, 1..=9, ..] | [2, 0..=8, ..]);
    if place.has_shape(&[2, 2, 6, 2]) && is_region {
        return Some(4);
    }
    let start = place.span(1).start;
    let name_end = if matches!(place.sheet.before(start), ' ' | '-') { start - 1 } else { start };
    let name: String = place.sheet.slice(name_end.saturating_sub(2)..name_end).iter().collect();
    let is_named = REGIONS.contains(&name.as_str());
    if place.has_shape(&[2, 6, 2]) && (is_named || place.hint(3) == Hint::Licence) {
        return Some(3);
    }
    let is_glued = (place.len(0) == 12 && is_region) || (place.len(0) == 10 && is_named);
    (is_glued && place.hint(1) == Hint::Licence).then_some(1)
}

/// Thirteen to nineteen digits with a known beginning and a right check digit; and, without one, four groups
/// of four, because customers mistype and the number is still theirs but for a digit.
fn card(place: &Place<'_>) -> Option<usize> {
    if let Some(groups) = (1..=5).rev().find(|groups| is_checked_card(place, *groups)) {
        return Some(groups);
    }
    let is_four_by_four = place.has_shape(&[4, 4, 4, 4]);
    let is_amex = place.has_shape(&[4, 6, 5]) && has_issuer(place.digits(3));
    let is_unbroken = place.len(0) == 16 && has_issuer(place.digits(1));
    if !(is_four_by_four || is_amex || is_unbroken) {
        return None;
    }
    let hint = place.hint(1);
    if hint == Hint::Thing {
        None
    } else if is_four_by_four {
        let is_dashed = (0..3).all(|ahead| place.gap(ahead) == Some(Gap::Dash));
        let is_years = place.digits(4).chunks(4).all(|year| matches!(year, [1, 9, ..] | [2, 0, ..]));
        ((is_dashed || has_issuer(place.digits(4))) && !is_years).then_some(4)
    } else if is_amex {
        Some(3)
    } else {
        (hint == Hint::Card && !is_amount(place.sheet, place.span(1))).then_some(1)
    }
}

fn is_checked_card(place: &Place<'_>, groups: usize) -> bool {
    let digits = place.digits(groups);
    if !has_issuer(digits) || !passes_luhn(digits) {
        return false;
    }
    if groups == 1 {
        return place.hint(1) != Hint::Thing && !is_amount(place.sheet, place.span(1));
    }
    // Unrelated numbers in a row pass the check one time in ten, so the groups must look like a card's.
    place.len(0) >= 4 && (1..groups).all(|ahead| place.len(ahead) >= 3)
}

/// ISO/IEC 7812 beginnings in use, by length; Korean domestic cards begin with 9.
fn has_issuer(digits: &[u8]) -> bool {
    match digits {
        [4, ..] => matches!(digits.len(), 13 | 16 | 19),
        [3, 4 | 7, ..] => digits.len() == 15,
        [3, 0 | 6 | 8 | 9, ..] => matches!(digits.len(), 14 | 16),
        [5 | 9, ..] | [3, 5, ..] | [2, 2..=7, ..] => digits.len() == 16,
        [6, ..] => (16..=19).contains(&digits.len()),
        _ => false,
    }
}

/// ISO/IEC 7812-1, annex B.
fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, u32::from(*digit)) {
            (0, digit) => digit,
            (_, digit) => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The groups in which Korean banks print account numbers.
#[rustfmt::skip]
static ACCOUNT_SHAPES: &[&[usize]] = &[
    &[3, 4, 4, 2], &[3, 6, 2, 3], &[3, 2, 4, 3], &[3, 2, 6, 1], &[3, 4, 4, 3], &[4, 2, 6, 1], &[4, 4, 4, 1],
    &[3, 6, 2, 1], &[3, 2, 2, 7], &[3, 2, 5, 1], &[3, 3, 6, 1], &[3, 3, 5, 1], &[3, 3, 6], &[3, 2, 6], &[4, 3, 6],
    &[6, 2, 6], &[3, 6, 5], &[4, 2, 7], &[4, 4, 4], &[3, 2, 7], &[3, 3, 7], &[3, 6, 3], &[3, 6, 2], &[5, 2, 6],
    &[4, 3, 7], &[4, 2, 6], &[3, 5, 5], &[3, 5, 6],
];

/// No bank prints more groups than four; a fifth says that it is something else.
const DASHED_GROUPS_MAX: usize = 5;

fn account(place: &Place<'_>) -> Option<usize> {
    let shape = ACCOUNT_SHAPES.iter().find(|shape| place.has_shape(shape)).map_or(0, |shape| shape.len());
    let run = 1 + (0..DASHED_GROUPS_MAX).take_while(|ahead| place.gap(*ahead) == Some(Gap::Dash)).count();
    let groups = if shape > 0 { shape } else { run };
    let digits = place.digits(groups);
    // +82-2-1588-0099: a number for callers from abroad.
    let is_dialled = place.sheet.before(place.span(groups).start) == '+';
    if !(10..=16).contains(&digits.len()) || is_dialled || place.touches_dashes(groups) {
        return None;
    }
    let hint = place.hint(groups);
    if hint == Hint::Thing || (hint != Hint::Account && place.touches_letters(groups)) {
        return None;
    }
    let is_named = hint == Hint::Account;
    let is_phone = groups == 3 && digits.first() == Some(&0) && place.len(2) == 4;
    if is_phone && !is_named {
        return None;
    }
    let is_account = if groups == 1 {
        !is_amount(place.sheet, place.span(1)) && is_unbroken_account(digits, is_named)
    } else if shape > 0 {
        let is_loose = (0..shape - 1).any(|ahead| place.gap(ahead) == Some(Gap::Loose));
        // "1000 2000 3000" is three numbers.
        is_named || !(is_loose && place.has_shape(&[4, 4, 4]))
    } else {
        is_dashed_account(place, groups, is_named)
    };
    is_account.then_some(groups)
}

/// Twelve to fourteen digits are an account unless something says otherwise; other lengths need its name.
fn is_unbroken_account(digits: &[u8], is_named: bool) -> bool {
    let is_same_digit = digits.iter().all(|digit| digits.first() == Some(digit));
    match digits.len() {
        12..=14 => is_named || !(is_same_digit || begins_with_date(digits)),
        10 | 11 | 15 | 16 => is_named && !is_same_digit,
        _ => false,
    }
}

/// Dashed groups in no bank's known layout.
fn is_dashed_account(place: &Place<'_>, groups: usize, is_named: bool) -> bool {
    let digits = place.digits(groups);
    let is_plausible = digits.len() <= 15 && (2..=6).contains(&place.len(0));
    match groups {
        2 => is_plausible && is_named,
        3 | 4 if is_named => is_plausible,
        3 | 4 => {
            let is_company = place.has_shape(&[3, 2, 5]);
            let is_dated = begins_with_date(digits) || (place.has_shape(&[2, 2, 2]) && is_birth(digits));
            is_plausible && !is_company && !is_dated
        }
        _ => false,
    }
}

/// 02-123-4567, 031-123-4567, 070 and 050x numbers, when they are a person's.
fn landline(place: &Place<'_>) -> Option<usize> {
    let groups = (1..=3).find(|groups| {
        let digits = place.digits(*groups);
        let area = match digits {
            [0, 2, ..] => 2,
            [0, 3..=6, 1..=5, ..] | [0, 7, 0, ..] => 3,
            [0, 5, 0, _, ..] => 4,
            _ => return false,
        };
        let is_last_four = *groups == 1 || place.len(groups - 1) == 4 || place.len(groups - 1) >= 7;
        matches!(digits.len() - area, 7 | 8) && is_last_four && (*groups == 1 || place.len(0) >= area)
    })?;
    let is_personal = match place.hint(groups) {
        Hint::Person => true,
        Hint::Centre | Hint::Thing => false,
        Hint::Account | Hint::Card | Hint::Licence | Hint::Passport | Hint::Nothing => {
            is_bare(place.sheet, place.span(groups))
        }
    };
    is_personal.then_some(groups)
}
