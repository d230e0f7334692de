//! Telephone numbers. Mobile ones are a person's whatever stands beside them; of the others some are a company's.

use crate::text::pii::chain::Gap;
use crate::text::pii::chain::Place;
use crate::text::pii::context::Hint;
use crate::text::pii::context::is_bare;

/// Groups of a number with a country code at most, as in +82 (0)10-1234-5678.
const GROUPS_MAX: usize = 5;
/// The same of a mobile number, which nothing else looks like, however it is torn apart.
const MOBILE_GROUPS_MAX: usize = 8;

/// 010-1234-5678 in any grouping, older 011 to 019, +82 10 1234 5678.
pub(super) fn mobile(place: &Place<'_>) -> Option<usize> {
    (1..=MOBILE_GROUPS_MAX).find(|groups| {
        let digits = place.digits(*groups);
        let last = place.len(groups - 1);
        let is_number = match (from_abroad(place, digits), digits) {
            (Some([1, 0, rest @ ..]), _) => rest.len() == 8,
            (Some(_), _) => false,
            (None, [0, 1, 0, rest @ ..]) => rest.len() == 8 || (rest.len() == 7 && is_short(place, *groups)),
            (None, [0, 1, 1 | 6..=9, rest @ ..]) => {
                // 2026-0115-004821 holds 011-500-4821.
                matches!(rest.len(), 7 | 8) && place.len(0) >= 3 && !place.touches_dashes(*groups)
            }
            (None, _) => false,
        };
        // "0.1, 0.5" and the like: no telephone's last group is that short.
        // 010-0000-0000 is how the field of a form looks.
        let is_number = is_number && !digits.ends_with(&[0; 8]);
        // "0 10 20 30 40 50" is a row of numbers.
        let is_torn = *groups <= GROUPS_MAX || place.has_gap(*groups, Gap::Dash);
        is_number && is_torn && (last >= 3 || !place.has_gap(*groups, Gap::Odd))
    })
}

/// Whether 010 with seven digits, as there were some, is a telephone: 010-123-4567.
fn is_short(place: &Place<'_>, groups: usize) -> bool {
    match groups {
        1 => is_bare(place.sheet, place.span(1)) || place.hint(1) == Hint::Person,
        3 => place.len(2) >= 3,
        _ => false,
    }
}

/// 02-123-4567, 031-123-4567, 070 and 050x numbers, also with +82, unless a company's.
pub(super) fn landline(place: &Place<'_>) -> Option<usize> {
    let is_whole = |groups: usize| {
        let digits = place.digits(groups);
        let (number, is_cut) = match (from_abroad(place, digits), digits) {
            (Some(number), _) => (number, true),
            (None, [0, number @ ..]) => (number, groups == 1 || place.len(0) > area(number)),
            (None, _) => return false,
        };
        let is_last = groups == 1 || place.len(groups - 1) == 4 || place.len(groups - 1) >= 7;
        let subscriber = &number[area(number).min(number.len())..];
        let has_exchange = match (number, subscriber) {
            // Where the first digits say what the number is for, every number may follow.
            ([7 | 5, 0, ..], _) => true,
            // 02-1588-1234 is the bank's 1588-1234 with an area before it.
            (_, [0, ..] | [1, 5 | 6 | 8, _, _, _, _, _, _]) => false,
            // No exchange begins with 1, but made-up ones do; in one run of digits they could be anything.
            (_, [1, ..]) => groups > 1 || place.hint(1) == Hint::Person,
            _ => true,
        };
        area(number) > 0 && matches!(subscriber.len(), 7 | 8) && is_cut && is_last && has_exchange
    };
    let groups = (1..=GROUPS_MAX).find(|groups| is_whole(*groups)).or_else(|| local(place))?;
    let is_company = match place.hint(groups) {
        Hint::Thing => true,
        Hint::Centre => !place.is_called(Hint::Person, groups),
        Hint::Person => false,
        Hint::Account | Hint::Card | Hint::Resident | Hint::Licence | Hint::Passport | Hint::Nothing => {
            place.is_called(Hint::Centre, groups)
        }
    };
    let is_part = place.touches_dashes(groups) || place.touches_letters(groups);
    (!is_company && !is_part && !place.is_amount(groups)).then_some(groups)
}

/// A number with another country's code: +1 213 555 0182.
pub(super) fn abroad(place: &Place<'_>) -> Option<usize> {
    let start = place.span(1).start;
    let is_dialled = place.sheet.before(start) == '+' && !place.sheet.before(start - 1).is_alphanumeric();
    if !is_dialled || matches!(place.digits(1), [] | [0, ..] | [8, 2, ..]) {
        return None;
    }
    let groups = (1..=GROUPS_MAX).take_while(|groups| {
        place.digits(*groups).len() <= 15 && place.len(groups - 1) > 0 && !place.has_gap(*groups, Gap::Odd)
    });
    let groups = groups.last()?;
    let is_number = (9..=15).contains(&place.digits(groups).len());
    let is_personal = match place.hint(groups) {
        Hint::Person => true,
        Hint::Centre | Hint::Thing => false,
        Hint::Account | Hint::Card | Hint::Resident | Hint::Licence | Hint::Passport | Hint::Nothing => {
            groups > 1 || is_bare(place.sheet, place.span(groups))
        }
    };
    (is_number && is_personal && !place.is_amount(groups)).then_some(groups)
}

/// Seven or eight digits without an area, when they are called somebody's telephone.
fn local(place: &Place<'_>) -> Option<usize> {
    let is_exchange = matches!(place.digits(1), [3..=9, ..] | [2, 1..=9, ..]);
    let groups = if place.len(0) == 8 { 1 } else { 2 };
    let is_shape = groups == 1 || place.has_shape(&[3, 4]) || place.has_shape(&[4, 4]);
    let is_joined = groups == 1 || matches!(place.gap(0), Some(Gap::Dash | Gap::Loose | Gap::Odd));
    (is_shape && is_joined && is_exchange && place.hint(groups) == Hint::Person).then_some(groups)
}

/// The digits behind Korea's country code and the 0 that some write behind it.
fn from_abroad<'d>(place: &Place<'_>, digits: &'d [u8]) -> Option<&'d [u8]> {
    let number = match digits {
        [0, 0, 8, 2, number @ ..] => number,
        [8, 2, number @ ..] if place.len(0) == 2 || place.sheet.before(place.span(1).start) == '+' => number,
        _ => return None,
    };
    Some(number.strip_prefix(&[0]).unwrap_or(number))
}

/// How many digits the area has, its 0 left out: 2 of 02, 31 of 031, 507 of 0507.
fn area(number: &[u8]) -> usize {
    match number {
        [2, ..] => 1,
        [3..=6, 1..=5, ..] | [7, 0, ..] => 2,
        [5, 0, _, ..] => 3,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use crate::text::pii::Kind;
    use crate::text::pii::tests::assert_kept;
    use crate::text::pii::tests::assert_masked;

    #[test]
    fn mobile_numbers_are_known_in_any_writing() {
        assert_masked(
            Kind::Phone,
            &[
                ("010~1234~5678", "***~****~5678"),
                ("010,1234,5678", "***,****,5678"),
                ("010:1234:5678", "***:****:5678"),
                ("010☎1234☎5678", "***☎****☎5678"),
                ("010\n1234\n5678", "***\n****\n5678"),
                ("010의 1234의 5678", "***의 ****의 5678"),
                ("010 하이픈 1234 하이픈 5678", "*** 하이픈 **** 하이픈 5678"),
                ("0 1 0 - 1 2 3 4 - 5 6 7 8", "* * * - * * * * - 5 6 7 8"),
                ("0️⃣1️⃣0️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣", "*️⃣*️⃣*️⃣*️⃣*️⃣*️⃣*️⃣5️⃣6️⃣7️⃣8️⃣"),
                ("0082-10-1234-5678", "****-**-****-5678"),
                ("+82 (0)10-1234-5678", "+** (*)**-****-5678"),
                ("연락처 0101234567", "연락처 ******4567"),
            ],
        );
        assert_kept(&["010-0000-0000", "0.1, 0.5, 0.9", "010 번호만 되나요", "0, 10, 20, 30, 40"]);
    }

    /// Whatever is said beside it, unless it is said to be a company's.
    #[test]
    fn landlines_are_a_persons_unless_a_company_is_named() {
        assert_masked(
            Kind::Phone,
            &[
                (
                    "02-234-5678로 저녁 일곱 시 이후에 전화 주시면 받을 수 있어요",
                    "**-***-5678로 저녁 일곱 시 이후에 전화 주시면 받을 수 있어요",
                ),
                ("031 234 5678", "*** *** 5678"),
                ("051)234-5678 부산입니다", "***)***-5678 부산입니다"),
                ("+82-31-234-5678", "+**-**-***-5678"),
                ("+1 (213) 555-0182", "+* (***) ***-0182"),
                ("집전화 234-5678", "집전화 ***-5678"),
                ("팩스 말고 053-234-5678 집으로", "팩스 말고 ***-***-5678 집으로"),
                ("ARS 안되면 031-234-5678 제 번호로", "ARS 안되면 ***-***-5678 제 번호로"),
            ],
        );
        assert_kept(&[
            "02-1588-1234",
            "02-234-5678 지점 번호죠",
            "02-234-5678로 걸려온 전화가 이상해요",
            "234-5678",
            "+1.5%",
            "고객센터 02 234 5678",
        ]);
    }
}
