//! The date a card expires at, which pays as well as its number does: 12/27, 1227, 12/2027.

use std::ops::Range;

use crate::text::pii::Kind;
use crate::text::pii::sheet::Keep;
use crate::text::pii::sheet::Sheet;

/// Words for an expiry date that mean a card's unless the message speaks of something else that expires.
const USUAL: [&str; 2] = ["유효기간", "유효년월"];
const OTHERS_EXPIRING: [&str; 7] = ["인증서", "쿠폰", "포인트", "otp", "상품권", "까지", "적금"];
/// Words that mean a card's only if the message speaks of one.
const UNUSUAL: [&str; 4] = ["만료일", "만료", "expiry", "exp"];
const CARDS: [&str; 4] = ["카드", "card", "cvc", "cvv"];

/// Covers the month and year after each word for a card's expiry date.
pub(super) fn cover_expiries(sheet: &mut Sheet) {
    let words = || USUAL.iter().chain(&UNUSUAL).filter(|word| sheet.may_have(word));
    if words().next().is_none() {
        return;
    }
    let has = |words: &[&str]| words.iter().any(|word| sheet.has(word));
    let has_card = has(&CARDS);
    let is_meant = |word: &str| has_card || (USUAL.contains(&word) && !has(&OTHERS_EXPIRING));
    let dates: Vec<Range<usize>> = words()
        .filter(|word| is_meant(word))
        .flat_map(|word| sheet.occurrences(word))
        .filter_map(|(word, _)| date(sheet, past_particles(sheet, word.end)))
        .filter(|date| has_card || date.len() <= "12/27".len())
        .collect();
    for date in dates {
        sheet.cover(date, Kind::Secret, Keep::Nothing);
    }
}

/// The month and year, or the year first, that begin at `start`.
fn date(sheet: &Sheet, start: usize) -> Option<Range<usize>> {
    let digits = sheet.digits_from(start);
    let is_cut = matches!(sheet.at(start + digits), '/' | '.' | '-' | ' ');
    let second = start + digits + 1;
    let (parts, end) = match (digits, if is_cut { sheet.digits_from(second) } else { 0 }) {
        (4, 0) => ([start..start + 2, start + 2..start + 4], start + 4),
        (1 | 2 | 4, 2) => ([start..start + digits, second..second + 2], second + 2),
        (1 | 2, 4) => ([start..start + digits, second..second + 4], second + 4),
        _ => return None,
    };
    let has_month = parts.into_iter().any(|part| {
        let month: String = sheet.slice(part).iter().collect();
        month.parse::<u16>().is_ok_and(|month| (1..=12).contains(&month))
    });
    let is_day = ["년", "월", "일"].iter().any(|unit| sheet.says(end, unit));
    (has_month && !is_day && !sheet.at(end).is_ascii_digit()).then_some(start..end)
}

/// Where what may stand between the word and the date ends.
fn past_particles(sheet: &Sheet, start: usize) -> usize {
    const PARTICLES: [&str; 13] = ["이요", "은", "는", "이", "가", "도", "월", "일", " ", ":", "=", "(", "-"];
    let mut at = start;
    while let Some(particle) = PARTICLES.iter().find(|particle| sheet.says(at, particle)) {
        at += particle.chars().count();
    }
    at
}

#[cfg(test)]
mod tests {
    use crate::text::pii::Kind;
    use crate::text::pii::tests::assert_kept;
    use crate::text::pii::tests::assert_masked;

    #[test]
    fn expiry_dates_are_covered_where_a_card_is_meant() {
        assert_masked(
            Kind::Secret,
            &[
                ("유효기간 08/27이요", "유효기간 **/**이요"),
                ("카드 유효기간은 27/08", "카드 유효기간은 **/**"),
                ("카드 유효기간 08/2027", "카드 유효기간 **/****"),
                ("카드 만료일 0827", "카드 만료일 ****"),
            ],
        );
        assert_kept(&[
            "쿠폰 유효기간 12/31",
            "유효기간 12/31까지",
            "카드 유효기간 5년",
            "유효기간 2027-12",
            "만료 12/31",
        ]);
    }
}
