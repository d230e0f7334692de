//! Terms in months: which row of a table of terms a question means.

/// The terms a text names, in months: 12 of "1년", 6 of "6개월".
pub(super) fn months(text: &str) -> Vec<u32> {
    numbers(text).filter_map(|(number, rest)| in_months(number, rest)).collect()
}

/// Whether a row speaks of a term: names it, or a span that holds it ("12개월 이상 24개월 미만"). `None` if it names no term.
pub(super) fn covers(row: &str, term: u32) -> Option<bool> {
    let mut named = false;
    let (mut least, mut most) = (None, None);
    let mut is_exact = false;
    for (number, rest) in numbers(row) {
        let Some(months) = in_months(number, rest) else { continue };
        named = true;
        let after = rest.trim_start_matches(['개', '월', '년', '달']).trim_start();
        if after.starts_with("이상") {
            least = Some(months);
        } else if after.starts_with("초과") {
            least = Some(months.saturating_add(1));
        } else if after.starts_with("미만") {
            most = months.checked_sub(1);
        } else if after.starts_with("이하") || after.starts_with("이내") {
            most = Some(months);
        } else {
            is_exact |= months == term;
        }
    }
    let is_span = least.is_some() || most.is_some();
    let is_within = is_span && least.is_none_or(|least| term >= least) && most.is_none_or(|most| term <= most);
    named.then_some(is_exact || is_within)
}

fn in_months(number: u32, rest: &str) -> Option<u32> {
    /// A year of the calendar is no term.
    const YEARS_MAX: u32 = 60;
    if rest.starts_with("개월") || rest.starts_with("달") {
        Some(number)
    } else if rest.starts_with('년') && number <= YEARS_MAX {
        Some(number.saturating_mul(12))
    } else {
        None
    }
}

/// Every whole number with what follows it.
fn numbers(text: &str) -> impl Iterator<Item = (u32, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(|c: char| c.is_ascii_digit())?;
        let digits = &rest[start..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        rest = &digits[end..];
        // A number too long to be one is none that counts months.
        Some((digits[..end].parse().unwrap_or(0), rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_covers_the_terms_it_names() {
        for (row, term, expected) in [
            ("가입 기간: 12개월 이상 24개월 미만 / 금리: 연 2.45%", 12, Some(true)),
            ("가입 기간: 12개월 이상 24개월 미만 / 금리: 연 2.45%", 24, Some(false)),
            ("가입 기간: 1년 / 금리: 연 2.45%", 12, Some(true)),
            ("가입 기간: 6개월 / 금리: 연 2.10%", 12, Some(false)),
            ("가입 기간: 36개월 이상 / 금리: 연 2.10%", 60, Some(true)),
            ("가입 기간: 1개월 이내 / 금리: 없음", 1, Some(true)),
            ("가입 기간: 3달 이상 / 금리: 연 2.10%", 6, Some(true)),
            ("가입 기간: 4294967295개월 초과 / 금리: 없음", 6, Some(false)),
            ("상품: 신용대출 / 금리: 연 4.62%", 12, None),
        ] {
            assert_eq!(covers(row, term), expected, "{row} {term}");
        }
        assert_eq!(months("2년은요? 6개월은요?"), [24, 6]);
        assert!(months("2026년 11월 금리").is_empty());
    }
}
