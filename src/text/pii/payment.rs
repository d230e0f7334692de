//! Card and account numbers: told by their issuer, check digit and layout, and by the words beside them.

use crate::text::pii::chain::Gap;
use crate::text::pii::chain::Place;
use crate::text::pii::context::Hint;
use crate::text::pii::context::is_bare;
use crate::text::pii::numbers::begins_with_date;
use crate::text::pii::numbers::is_birth;

/// Thirteen to nineteen digits with a known beginning and a right check digit; and, without one, a card's layout, or
/// its length and its name, because customers mistype and the number is still theirs but for a digit.
pub(super) fn card(place: &Place<'_>) -> Option<usize> {
    if let Some(groups) = (1..=GROUPS_MAX).rev().find(|groups| is_checked_card(place, *groups)) {
        return Some(groups);
    }
    (14..=19).rev().find_map(|length| {
        let groups = place.groups_of(length).filter(|groups| *groups <= GROUPS_MAX)?;
        let digits = place.digits(groups);
        let is_issued = has_issuer(digits);
        let is_dashed = place.is_joined_by(groups, Gap::Dash);
        let is_cut = (groups == 2 && place.len(0).is_multiple_of(4))
            || (place.len(0) >= 4 && (0..groups).all(|ahead| (2..=6).contains(&place.len(ahead))));
        let is_laid_out = (place.has_shape(&[4, 4, 4, 4]) && is_dashed)
            || (is_issued && length <= 16 && ((groups == 1 && length == 16) || (groups > 1 && is_cut)));
        let hint = place.hint(groups);
        // An account's digits are rather an account, where they are in one run.
        if hint == Hint::Thing || (hint == Hint::Account && groups == 1) {
            return None;
        }
        let is_named = hint == Hint::Card;
        let is_whole = length <= 16 || (groups == 4 && place.is_joined_by(groups, Gap::Dash));
        let is_named = is_named && (is_issued || (is_whole && !place.has_gap(groups, Gap::Odd)));
        let is_named = is_named && place.len(0) >= 4;
        let is_card = is_named || (is_laid_out && !is_odd(place, groups));
        (is_card && !is_other_number(place, groups)).then_some(groups)
    })
}

/// Groups of a card at most, as in 3568-1234-5678-90-13.
const GROUPS_MAX: usize = 5;

/// Whether digits as many as a card's are years, a time stamp, an amount or part of something longer.
fn is_other_number(place: &Place<'_>, groups: usize) -> bool {
    let digits = place.digits(groups);
    let is_one_digit = digits.iter().all(|digit| digits.first() == Some(digit));
    let is_stamp = begins_with_date(digits) && !place.has_shape(&[4, 4, 4, 4]);
    is_fraction(place)
        || is_years(place, groups)
        || is_one_digit
        || is_stamp
        || is_round(place, groups)
        || place.is_amount(groups)
        || place.touches_dashes(groups)
}

fn is_checked_card(place: &Place<'_>, groups: usize) -> bool {
    let digits = place.digits(groups);
    if !has_issuer(digits) || !passes_luhn(digits) || place.is_called_thing(groups) {
        return false;
    }
    if groups == 1 {
        return !place.is_amount(1);
    }
    // Unrelated numbers in a row pass the check one time in ten, so the groups must look like a card's.
    let shortest = if place.is_joined_by(groups, Gap::Dash) { 2 } else { 3 };
    place.len(0) >= 4 && (1..groups).all(|ahead| place.len(ahead) >= shortest)
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
    &[4, 3, 7], &[4, 2, 6], &[3, 5, 5], &[3, 5, 6], &[3, 7, 3], &[2, 2, 6], &[3, 5, 3, 2],
];

/// No bank prints more groups than four; a fifth says that it is something else.
const DASHED_GROUPS_MAX: usize = 5;

/// An account in a bank's layout, in dashed groups, or in one run of digits.
pub(super) fn account(place: &Place<'_>) -> Option<usize> {
    let shape = ACCOUNT_SHAPES.iter().find(|shape| place.has_shape(shape)).map_or(0, |shape| shape.len());
    let run = 1 + (0..DASHED_GROUPS_MAX).take_while(|ahead| place.gap(*ahead) == Some(Gap::Dash)).count();
    let known = (shape > 0).then(|| account_of(place, shape, is_known_account)).flatten();
    let dashed = || match run {
        1 => account_of(place, 1, is_unbroken_account),
        _ => account_of(place, run, is_dashed_account),
    };
    known.or_else(dashed).or_else(|| account_of(place, loose_groups(place)?, is_loose_account))
}

/// Whether groups of digits are an account; the last argument says whether they are called one.
type AccountRule = fn(&Place<'_>, usize, bool) -> bool;

fn account_of(place: &Place<'_>, groups: usize, is_account: AccountRule) -> Option<usize> {
    let digits = place.digits(groups);
    // +82-2-1588-0099: a number for callers from abroad.
    let is_dialled = place.sheet.before(place.span(groups).start) == '+';
    if !(10..=16).contains(&digits.len()) || is_dialled || place.touches_dashes(groups) {
        return None;
    }
    let hint = place.hint(groups);
    let is_named = hint == Hint::Account;
    if hint == Hint::Thing || (!is_named && place.touches_letters(groups)) || is_telephone(place, groups) {
        return None;
    }
    is_account(place, groups, is_named).then_some(groups)
}

/// 02-1234-5678: no bank's layout, but every telephone's.
fn is_telephone(place: &Place<'_>, groups: usize) -> bool {
    groups == 3 && matches!(place.digits(1), [0, ..]) && matches!(place.len(1), 3 | 4) && place.len(2) == 4
}

fn is_known_account(place: &Place<'_>, groups: usize, is_named: bool) -> bool {
    if is_named {
        return !is_round(place, groups) && !is_years(place, groups);
    }
    let is_loose = place.has_gap(groups, Gap::Loose);
    // "1000 2000 3000" is three numbers, and 26.11.123456 is no bank's.
    let is_weak = place.has_shape(&[4, 4, 4]) || place.has_shape(&[2, 2, 6]);
    let is_dated = begins_with_year(place) || (place.has_shape(&[2, 2, 6]) && is_birth(place.digits(groups)));
    !(is_dated || (is_loose && is_weak) || is_odd(place, groups))
}

/// Whether odd signs stand between the groups, and the message is about more than them.
fn is_odd(place: &Place<'_>, groups: usize) -> bool {
    place.has_gap(groups, Gap::Odd) && !is_bare(place.sheet, place.span(groups))
}

/// Twelve to fourteen digits are an account unless something says otherwise; other lengths need its name.
fn is_unbroken_account(place: &Place<'_>, groups: usize, is_named: bool) -> bool {
    let digits = place.digits(groups);
    // Millions rather than an account, where no unit says so.
    let is_sum_or_filler = digits.iter().all(|digit| digits.first() == Some(digit)) || digits.ends_with(&[0; 6]);
    let is_account = match digits.len() {
        12..=14 => is_named || !(is_sum_or_filler || begins_with_date(digits)),
        10 | 11 | 15 | 16 => is_named && !is_sum_or_filler,
        _ => false,
    };
    is_account && !is_fraction(place) && !place.is_amount(1)
}

/// Dashed groups in no bank's known layout.
fn is_dashed_account(place: &Place<'_>, groups: usize, is_named: bool) -> bool {
    let digits = place.digits(groups);
    let is_plausible = digits.len() <= 15 && (2..=6).contains(&place.len(0));
    let is_dated = begins_with_year(place) || (place.has_shape(&[2, 2, 2]) && is_birth(digits));
    // 1002-123456789
    let is_long_pair = matches!(place.len(0), 3 | 4) && (11..=14).contains(&digits.len());
    match groups {
        2 => is_plausible && (is_named || (!is_dated && (is_long_pair || is_bare(place.sheet, place.span(groups))))),
        3 | 4 if is_named => is_plausible,
        3 | 4 => is_plausible && !is_dated && !place.has_shape(&[3, 2, 5]),
        _ => false,
    }
}

/// Other groups with spaces or odd signs between, when they are called an account.
fn is_loose_account(place: &Place<'_>, groups: usize, is_named: bool) -> bool {
    let is_cut = (0..groups).all(|ahead| (2..=8).contains(&place.len(ahead)));
    is_named && is_cut && !is_round(place, groups) && !begins_with_year(place) && !place.is_amount(groups)
}

/// The longest run of groups with spaces between that has an account's length.
fn loose_groups(place: &Place<'_>) -> Option<usize> {
    (2..=4).rev().find(|groups| (10..=14).contains(&place.digits(*groups).len()))
}

/// "1000 2000 3000", "30 000 000": amounts in a row.
fn is_round(place: &Place<'_>, groups: usize) -> bool {
    let is_loose = place.has_gap(groups, Gap::Loose) || place.has_gap(groups, Gap::Odd);
    is_loose && (1..=groups).all(|groups| place.digits(groups).ends_with(&[0, 0]))
}

/// "2024 2025 2026"
fn is_years(place: &Place<'_>, groups: usize) -> bool {
    (0..groups).all(|ahead| place.len(ahead) == 4)
        && place.digits(groups).chunks(4).all(|year| matches!(year, [1, 9, ..] | [2, 0, ..]))
}

/// Whether the digits stand behind a decimal point: 3.14159265358979.
fn is_fraction(place: &Place<'_>) -> bool {
    place.sheet.before(place.span(1).start) == '.'
}

/// 2024-12345-67890: a document's number rather than an account's.
fn begins_with_year(place: &Place<'_>) -> bool {
    begins_with_date(place.digits(1)) || (place.len(0) == 4 && matches!(place.digits(1), [1, 9, ..] | [2, 0, ..]))
}

#[cfg(test)]
mod tests {
    use crate::text::pii::Kind;
    use crate::text::pii::tests::assert_kept;
    use crate::text::pii::tests::assert_masked;

    #[test]
    fn cards_need_no_check_digit_where_layout_or_name_tell() {
        assert_masked(
            Kind::Card,
            &[
                ("카드번호 1234567890123456", "카드번호 ************3456"),
                ("카드번호 12345678901234요", "카드번호 **********1234요"),
                ("카드 123456789012345", "카드 ***********2345"),
                ("356812-3456-7890-13", "******-****-**90-13"),
                ("94101234 56789013", "******** ****9013"),
                ("3600 1234 5678 90", "**** **** **78 90"),
                ("4111~1111~1111~1112", "****~****~****~1112"),
                ("카드 4111에 1111에 1111에 1112", "카드 ****에 ****에 ****에 1112"),
                ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "* * * * * * * * * * * * 1 1 1 1"),
                ("카드번호 4111-1111-1111-11112", "카드번호 ****-****-****-*1112"),
                ("영수증에 4111_1111_1111_1111 라고 나와요", "영수증에 ****_****_****_1111 라고 나와요"),
                (
                    "주문 취소했는데요 카드 4111-1111-1111-1112 환불이요",
                    "주문 취소했는데요 카드 ****-****-****-1112 환불이요",
                ),
            ],
        );
        assert_kept(&[
            "카드 결제 20261123142233",
            "카드 한도 1000 2000 3000 4000",
            "카드 2024 2025 2026 2027",
            "0000-0000-0000-0000",
            "카드 뒤 4자리 1234",
            "카드 3.14159265358979",
        ]);
    }

    #[test]
    fn accounts_are_known_by_layout_or_name() {
        assert_masked(
            Kind::Account,
            &[
                ("27-01-338194", "**-**-**8194"),
                ("산업은행 020-8847102-301", "산업은행 ***-******2-301"),
                ("1002-123456789 맞죠", "****-*****6789 맞죠"),
                ("국민 1234 56 78 901234", "국민 **** ** ** **1234"),
                ("신한 110,123,456789", "신한 ***,***,**6789"),
                ("계좌 1 1 0 1 2 3 4 5 6 7 8 9", "계좌 * * * * * * * * 6 7 8 9"),
                ("제주 2701338194", "제주 ******8194"),
            ],
        );
        assert_kept(&[
            "적금 1000 2000 3000",
            "2024-12345-67890",
            "1000000000000 이렇게 큰돈",
            "통장 2024 2025 2026",
            "고객번호 12-3456-7890",
            "37.566535, 126.977969",
            "ERR_500_20260115 화면",
            "접수번호 2026-0115-004821 민원",
        ]);
    }
}
