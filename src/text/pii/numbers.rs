//! Personal data written with digits alone: registration numbers, cards, accounts, phones, licences.
//!
//! Digits are read as chains (`chain`). Each rule says how many groups it takes from a place in the chain; the first
//! rule that takes any wins. Cards and accounts have their rules in `payment`, telephones in `phones`.

use std::ops::Range;

use crate::text::pii::Kind;
use crate::text::pii::chain::Chain;
use crate::text::pii::chain::Gap;
use crate::text::pii::chain::Place;
use crate::text::pii::context::Context;
use crate::text::pii::context::Hint;
use crate::text::pii::payment::account;
use crate::text::pii::payment::card;
use crate::text::pii::phones::abroad;
use crate::text::pii::phones::landline;
use crate::text::pii::phones::mobile;
use crate::text::pii::sheet::Keep;
use crate::text::pii::sheet::Sheet;

/// A number of a person.
#[derive(Debug, Clone)]
pub(super) struct Find {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
    pub(super) keep: Keep,
}

/// Covers every number that is a person's.
pub(super) fn cover_numbers(sheet: &mut Sheet, context: &Context) {
    let mut chain = Chain::default();
    let mut finds = Vec::new();
    let mut at = 0;
    while at < sheet.len() {
        if sheet.at(at).is_ascii_digit() {
            at = chain.read(sheet, at);
            finds_in(&chain, sheet, context, &mut finds);
            finds.drain(..).for_each(|Find { span, kind, keep }| sheet.cover(span, kind, keep));
        } else {
            at += 1;
        }
    }
    if sheet.has("뒤") || sheet.has("뒷") {
        cover_halves(sheet, context);
    }
}

/// Adds what is a person's in a chain.
pub(super) fn finds_in(chain: &Chain, sheet: &Sheet, context: &Context, finds: &mut Vec<Find>) {
    let mut index = 0;
    while index < chain.groups.len() {
        let place = Place { sheet, context, chain, index };
        index += match (date(&place), find(&place)) {
            (Some(groups), _) => groups,
            (None, Some((groups, kind, keep))) => {
                finds.push(Find { span: place.span(groups), kind, keep });
                groups
            }
            (None, None) => 1,
        };
    }
}

/// 2026-11-23 and then a space or nothing: how many groups are a date. A birthday before seven digits is none.
fn date(place: &Place<'_>) -> Option<usize> {
    let is_date = place.len(0) == 4
        && matches!(place.digits(1), [1, 9, ..] | [2, 0, ..])
        && place.has_shape(&[4, 2, 2])
        && is_month_and_day(&place.digits(3)[4..])
        && place.gap(0) == place.gap(1)
        && !(place.digits(1)[0] == 1 && place.len(3) == RESIDENT - BIRTH)
        && matches!(place.gap(2), None | Some(Gap::Loose | Gap::Odd));
    is_date.then_some(3)
}

/// The first rule that takes groups from here, how many, and what they are.
fn find(place: &Place<'_>) -> Option<(usize, Kind, Keep)> {
    let rules: [(Rule, Kind, Keep); 7] = [
        (resident, Kind::ResidentNumber, Keep::Nothing),
        (mobile, Kind::Phone, Keep::LastFour),
        (licence, Kind::DriverLicence, Keep::Nothing),
        (card, Kind::Card, Keep::LastFour),
        (account, Kind::Account, Keep::LastFour),
        (landline, Kind::Phone, Keep::LastFour),
        (abroad, Kind::Phone, Keep::LastFour),
    ];
    rules.into_iter().find_map(|(rule, kind, keep)| rule(place).map(|groups| (groups, kind, keep)))
}

/// How many groups from here are personal data of one kind.
type Rule = fn(&Place<'_>) -> Option<usize>;

/// Digits of a resident number: six of birth, then seven.
const BIRTH: usize = 6;
const RESIDENT: usize = 13;

/// Six digits of birth, then seven of which the first is 1 to 8 (5 to 8 for foreigners). The check digit is not asked
/// for: numbers given since October 2020 have none.
fn resident(place: &Place<'_>) -> Option<usize> {
    const SHAPES: [&[usize]; 8] =
        [&[6, 7], &[6, 1, 6], &[2, 2, 2, 7], &[2, 2, 2, 1, 6], &[13], &[7, 6], &[8, 7], &[4, 2, 2, 7]];
    let is_dashed = place.gap(0) == Some(Gap::Dash);
    let shape = SHAPES.into_iter().find(|shape| place.has_shape(shape)).filter(|shape| shape[0] != 7 || is_dashed);
    let Some(shape) = shape else { return resident_beginning(place).or_else(|| resident_by_name(place)) };
    let groups = shape.len();
    let digits = without_century(place.digits(groups))?;
    if place.hint(groups) == Hint::Resident && is_gender(digits, BIRTH) {
        return Some(groups);
    }
    // Made-up numbers with an impossible birthday are somebody's example; masking them costs nothing.
    let is_dated = is_birth(digits) || (shape == [6, 7] && is_dashed);
    if !is_dated || !is_gender(digits, BIRTH) {
        return None;
    }
    let is_something_else = if groups == 1 {
        let hint = place.hint(1);
        let is_claimed = hint == Hint::Thing || (hint == Hint::Account && !has_check_digit(digits));
        is_claimed || place.is_amount(1) || place.touches_letters(1)
    } else {
        let is_usual = shape == [6, 7] && !place.has_gap(groups, Gap::Odd);
        place.is_called_thing(groups) || (!is_usual && place.is_amount(groups))
    };
    (!is_something_else).then_some(groups)
}

/// A resident number whose year may have four digits, 1980-01-01-1234567, as it is usually written. The digit behind
/// the birthday says which century is meant.
fn without_century(digits: &[u8]) -> Option<&[u8]> {
    match digits {
        [1, 9, rest @ ..] if rest.len() == RESIDENT => matches!(rest[BIRTH], 1 | 2 | 5 | 6).then_some(rest),
        [2, 0, rest @ ..] if rest.len() == RESIDENT => matches!(rest[BIRTH], 3 | 4 | 7 | 8).then_some(rest),
        _ => (digits.len() == RESIDENT).then_some(digits),
    }
}

/// The birthday and the first digit alone: 800101-1******, also with crosses for stars.
fn resident_beginning(place: &Place<'_>) -> Option<usize> {
    const HIDDEN_MIN: usize = 3;
    let groups = if place.len(0) == BIRTH + 1 { 1 } else { 2 };
    let digits = place.digits(groups);
    let end = place.span(groups).end;
    let is_hidden = (end..end + HIDDEN_MIN).all(|at| matches!(place.sheet.at(at), 'x' | 'X' | '*' | '●' | '○'));
    let is_dashed = place.has_shape(&[6, 1])
        && place.gap(0) == Some(Gap::Dash)
        && place.gap(1) != Some(Gap::Dash)
        && !place.touches_letters(2);
    let is_beginning = digits.len() == BIRTH + 1 && is_birth(digits) && is_gender(digits, BIRTH);
    (is_beginning && (is_hidden || is_dashed)).then_some(groups)
}

/// Any grouping of the thirteen digits, or either half, when they are called a resident number.
fn resident_by_name(place: &Place<'_>) -> Option<usize> {
    let whole = place.groups_of(RESIDENT).filter(|groups| is_birth(place.digits(*groups)));
    let groups = whole.or_else(|| {
        let is_front = place.len(0) == BIRTH && is_birth(place.digits(1));
        let is_back = place.len(0) == RESIDENT - BIRTH && is_gender(place.digits(1), 0);
        ((is_front || is_back) && !place.touches_dashes(1)).then_some(1)
    })?;
    let is_number = whole.is_none() || is_gender(place.digits(groups), BIRTH);
    let is_named = is_number && place.hint(groups) == Hint::Resident;
    (is_named && !place.is_amount(groups) && !place.touches_letters(groups)).then_some(groups)
}

/// Covers a birthday and, some words later, the other seven digits: "앞은 800101이고 뒤는 1234567".
fn cover_halves(sheet: &mut Sheet, context: &Context) {
    /// Characters between the two at most.
    const BETWEEN: usize = 14;
    let mut at = 0;
    while at < sheet.len() {
        let digits = sheet.digits_from(at);
        let end = at + digits;
        let is_number = |at: &usize| sheet.at(*at).is_ascii_digit() && !sheet.says(at + 1, "자리");
        let next = (end..(end + BETWEEN).min(sheet.len())).find(is_number);
        if let (BIRTH, Some(next)) = (digits, next) {
            let front: Vec<u8> = digit_values(sheet, at..end);
            let back = digit_values(sheet, next..next + sheet.digits_from(next));
            let speaks_of_back = (end..next).any(|at| sheet.says(at, "뒤") || sheet.says(at, "뒷"));
            if speaks_of_back
                && is_birth(&front)
                && back.len() == RESIDENT - BIRTH
                && is_gender(&back, 0)
                && !context.is_called_thing(sheet, at..end)
            {
                sheet.cover(at..end, Kind::ResidentNumber, Keep::Nothing);
                sheet.cover(next..next + back.len(), Kind::ResidentNumber, Keep::Nothing);
            }
        }
        at = end.max(at + 1);
    }
}

fn digit_values(sheet: &Sheet, range: Range<usize>) -> Vec<u8> {
    range.filter_map(|at| sheet.at(at).to_digit(10)).map(|digit| digit as u8).collect()
}

/// Whether the digits may begin with a birthday.
pub(super) fn is_birth(digits: &[u8]) -> bool {
    digits.len() >= BIRTH && is_month_and_day(&digits[2..BIRTH])
}

fn is_gender(digits: &[u8], at: usize) -> bool {
    digits.get(at).is_some_and(|digit| (1..=8).contains(digit))
}

/// The check digit of numbers given before October 2020 (주민등록번호 검증번호): weights 2 to 9, then 2 to 5.
fn has_check_digit(digits: &[u8]) -> bool {
    let sum: u32 =
        digits.iter().zip([2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    digits.last().is_some_and(|last| u32::from(*last) == (11 - sum % 11) % 10)
}

fn is_month_and_day(digits: &[u8]) -> bool {
    match digits {
        [m1, m2, d1, d2, ..] => (1..=12).contains(&(m1 * 10 + m2)) && (1..=31).contains(&(d1 * 10 + d2)),
        _ => false,
    }
}

/// 20261123: how order numbers and time stamps begin.
pub(super) fn begins_with_date(digits: &[u8]) -> bool {
    digits.len() >= 8 && matches!(digits, [1, 9, ..] | [2, 0, ..]) && is_month_and_day(&digits[4..8])
}

/// 11-12-123456-01 (since 1996, first group the region 11 to 28); before that 서울 12-123456-01.
fn licence(place: &Place<'_>) -> Option<usize> {
    #[rustfmt::skip]
    const REGIONS: [&str; 19] = [
        "서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종", "경기", "강원", "충북", "충남", "전북", "전남",
        "경북", "경남", "제주", "남부", "북부",
    ];
    let is_region = matches!(place.digits(1), [1, 1..=9, ..] | [2, 0..=8, ..]);
    if place.has_shape(&[2, 2, 6, 2]) && is_region {
        return (!place.is_called_thing(4)).then_some(4);
    }
    let start = place.span(1).start;
    let separators = (0..3).take_while(|back| matches!(place.sheet.before(start.saturating_sub(*back)), ' ' | '-'));
    let name_end = start - separators.count();
    let name: String = place.sheet.slice(name_end.saturating_sub(2)..name_end).iter().collect();
    let is_named = REGIONS.contains(&name.as_str());
    if place.has_shape(&[2, 6, 2]) && (is_named || place.hint(3) == Hint::Licence) {
        return Some(3);
    }
    // Otherwise the digits must be called a licence.
    let new = place.groups_of(12).filter(|_| is_region);
    let old = place.groups_of(10).filter(|_| is_named);
    new.or(old).filter(|groups| place.hint(*groups) == Hint::Licence)
}

#[cfg(test)]
mod tests {
    use crate::text::pii::Kind;
    use crate::text::pii::tests::assert_kept;
    use crate::text::pii::tests::assert_masked;

    #[test]
    fn resident_numbers_are_known_in_any_writing() {
        assert_masked(
            Kind::ResidentNumber,
            &[
                ("80 01 01 - 1 234567", "** ** ** - * ******"),
                ("8001011-234567", "*******-******"),
                ("1980-01-01-1234567", "****-**-**-*******"),
                ("19800101-1234567", "********-*******"),
                ("1980-01-01 1234567", "****-**-** *******"),
                ("800101~1234567", "******~*******"),
                ("800101에 1234567", "******에 *******"),
                ("8 0 0 1 0 1 1 2 3 4 5 6 7", "* * * * * * * * * * * * *"),
                ("800101-1xxxxxx", "******-*xxxxxx"),
                ("8001011******", "*************"),
                ("앞은 800101이고요 뒤는 1234567", "앞은 ******이고요 뒤는 *******"),
                ("주민번호 앞 6자리 800101 뒤 7자리 1234567", "주민번호 앞 6자리 ****** 뒤 7자리 *******"),
                ("주민번호 8001 0112 34567", "주민번호 **** **** *****"),
                ("주민번호 앞자리 800101", "주민번호 앞자리 ******"),
                ("뒷자리 1234567이요", "뒷자리 *******이요"),
                // The check digit is right, so the account they are for does not matter.
                ("통장 만들려고요 8001011234560", "통장 만들려고요 *************"),
                ("상품권 말고 800101-1234567", "상품권 말고 ******-*******"),
            ],
        );
        assert_kept(&[
            "20261123-0012345",
            "2026-11-23 3000000",
            "2026-11-23-3000000원",
            "1234567-123456",
            "주민등록증 발급일 20240101",
            "주민번호 뒷자리 첫번째 숫자만",
            "주민세 125000",
            "뒷자리 1234",
            "800101, 1234567원",
        ]);
    }

    #[test]
    fn licences_are_known_by_region_and_name() {
        assert_masked(
            Kind::DriverLicence,
            &[
                ("부산 12 - 123456 - 19", "부산 ** - ****** - **"),
                ("경기남부 11-123456-52", "경기남부 **-******-**"),
                ("면허번호 1112 123456 01", "면허번호 **** ****** **"),
                ("13 08 123456 52이요", "** ** ****** **이요"),
                ("1 1 - 0 4 - 1 2 3 4 5 6 - 0 1 면허증이요", "* * - * * - * * * * * * - * * 면허증이요"),
            ],
        );
        assert_kept(&["면허번호 12자리", "운전면허 65세 갱신"]);
    }
}
