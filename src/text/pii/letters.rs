//! Personal data written with letters: e-mail addresses and passport numbers.

use std::ops::Range;

use crate::text::pii::Kind;
use crate::text::pii::context::Context;
use crate::text::pii::context::Hint;
use crate::text::pii::sheet::Keep;
use crate::text::pii::sheet::Sheet;

/// How the sign in an address is also written.
const SIGNS: [&str; 8] = ["@", "(골뱅이)", "[골뱅이]", "골뱅이", "(at)", "[at]", "at", "앳"];
/// Mail services people name without what follows the dot, often in Hangul.
#[rustfmt::skip]
const PROVIDERS: [&str; 20] = [
    "네이버", "다음", "한메일", "지메일", "구글", "네이트", "카카오", "핫메일", "야후", "아이클라우드", "naver", "daum",
    "hanmail", "gmail", "nate", "kakao", "hotmail", "outlook", "yahoo", "icloud",
];

/// Covers every `name@domain`, also with one space on either side of the sign.
pub(super) fn cover_emails(sheet: &mut Sheet) {
    let mut addresses = Vec::new();
    for sign in SIGNS.iter().filter(|sign| sheet.may_have(sign)) {
        addresses.extend(sheet.occurrences(sign).filter_map(|(span, _)| address(sheet, span)));
    }
    for address in addresses {
        sheet.cover(address, Kind::Email, Keep::Nothing);
    }
}

/// The address around a sign.
fn address(sheet: &Sheet, sign: Range<usize>) -> Option<Range<usize>> {
    let name_end = if sheet.before(sign.start) == ' ' { sign.start - 1 } else { sign.start };
    let domain_start = if sheet.at(sign.end) == ' ' { sign.end + 1 } else { sign.end };
    let mut start = name_end;
    while matches!(sheet.before(start), 'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '%' | '+' | '-') {
        start -= 1;
    }
    let provider = PROVIDERS.iter().find(|provider| sheet.says(domain_start, provider));
    let domain_end = domain_end(sheet, domain_start + provider.map_or(0, |provider| provider.chars().count()));
    let domain = sheet.slice(domain_start..domain_end);
    let is_spaced = name_end != sign.start || domain_start != sign.end;
    // Inside a domain a space stands only beside a dot, which may be spelled.
    let has_dot = domain.iter().any(|c| matches!(c, '.' | ' '));
    let has_letters = domain.iter().filter(|c| c.is_ascii_alphabetic()).count() >= 2;
    // The word of two letters is a sign only by itself, before what is surely a domain.
    let is_word = sign.len() == 2 && sheet.at(sign.start).is_ascii_alphabetic();
    if is_word && (sheet.before(sign.start) != ' ' || sheet.at(sign.end) != ' ' || !has_dot) {
        return None;
    }
    let is_domain = has_letters && (has_dot || !is_spaced || sheet.at(sign.start) != '@');
    (start < name_end && (is_domain || provider.is_some())).then_some(start..domain_end)
}

/// Where a domain ends whose first word begins at `start`; its dots may be commas, spaced, or spelled.
fn domain_end(sheet: &Sheet, start: usize) -> usize {
    const DOTS: [&str; 6] = [".", ",", "점", "쩜", "닷", "dot"];
    const ENDINGS: [&str; 8] = ["com", "net", "org", "kr", "co", "or", "ac", "go"];
    let word_end = |start: usize| {
        (start..sheet.len()).find(|at| !matches!(sheet.at(*at), 'a'..='z' | 'A'..='Z' | '0'..='9' | '-'))
    };
    let past_space = |at: usize| at + usize::from(sheet.at(at) == ' ');
    // A company's name may be Hangul where a plain dot follows it.
    let name_end = (start..sheet.len()).find(|at| !('가'..='힣').contains(&sheet.at(*at))).unwrap_or(start);
    let start = if sheet.at(name_end) == '.' { name_end } else { start };
    let mut end = word_end(start).unwrap_or(sheet.len());
    while let Some(dot) = DOTS.iter().find(|dot| sheet.says(past_space(end), dot)) {
        let next = past_space(past_space(end) + dot.chars().count());
        let next_end = word_end(next).unwrap_or(sheet.len());
        let word: String = sheet.slice(next..next_end).iter().collect();
        let is_plain = *dot == "." && next == end + 1 && !word.is_empty();
        if !is_plain && !ENDINGS.contains(&word.to_ascii_lowercase().as_str()) {
            break;
        }
        end = next_end;
    }
    end
}

/// Covers passport numbers: a letter and eight digits (M12345678), or, since December 2021, a letter, three
/// digits, a letter and four digits (M123A4567). Other layouts need the word 여권 beside them.
pub(super) fn cover_passports(sheet: &mut Sheet, context: &Context) {
    let mut start = 0;
    while start < sheet.len() {
        // 엠, for those who write as they speak.
        if sheet.at(start) == '엠' && sheet.digits_from(past_separator(sheet, start + 1)) >= 3 {
            sheet.read_as(start, 'M');
        }
        let is_start = sheet.at(start).is_ascii_alphanumeric() && !sheet.before(start).is_ascii_alphanumeric();
        let end = || spread_passport_end(sheet, start).or_else(|| passport_end(sheet, context, start));
        match is_start.then(end).flatten() {
            Some(end) => {
                sheet.cover(start..end, Kind::Passport, Keep::Nothing);
                start = end;
            }
            None => start += 1,
        }
    }
}

fn passport_end(sheet: &Sheet, context: &Context, start: usize) -> Option<usize> {
    let letters = (start..start + 3).take_while(|at| sheet.at(*at).is_ascii_alphabetic()).count();
    let digits_start = past_separator(sheet, start + letters);
    let is_split = letters > 0 && digits_start > start + letters;
    let digits = sheet.digits_from(digits_start);
    let after_digits = digits_start + digits;
    let (end, is_korean) = match (letters, digits) {
        (1, 8) => (after_digits, true),
        (1, 3) => {
            let second = past_separator(sheet, after_digits);
            let last = past_separator(sheet, second + 1);
            if !sheet.at(second).is_ascii_alphabetic() || sheet.digits_from(last) != 4 {
                return None;
            }
            (last + 4, true)
        }
        // "M 1234 5678"
        (1, 4) if sheet.digits_from(past_separator(sheet, after_digits)) == 4 => {
            (past_separator(sheet, after_digits) + 4, false)
        }
        // Other countries': CA1234567, C1234567, P1234567A, 123456789.
        (0, 8 | 9) | (1 | 2, 6..=9) => {
            (after_digits + usize::from(sheet.at(after_digits).is_ascii_alphabetic()), false)
        }
        _ => return None,
    };
    if sheet.at(end).is_ascii_alphanumeric() {
        return None;
    }
    let is_letter = is_korean_letter(sheet.at(start));
    let is_passport = match context.hint(sheet, start..end) {
        Hint::Passport => true,
        Hint::Thing => false,
        Hint::Account | Hint::Card | Hint::Resident | Hint::Licence | Hint::Person | Hint::Centre | Hint::Nothing => {
            // "M 20261123" is a letter and a date.
            let is_date = matches!((sheet.at(digits_start), sheet.at(digits_start + 1)), ('1', '9') | ('2', '0'));
            is_korean && is_letter && !(is_split && is_date)
        }
    };
    is_passport.then_some(end)
}

/// The end of a passport number whose characters stand by themselves: "M 1 2 3 A 4 5 6 7".
fn spread_passport_end(sheet: &Sheet, start: usize) -> Option<usize> {
    const CHARS: usize = 9;
    let end = start + 2 * CHARS - 1;
    let number = sheet.slice(start..end);
    let is_laid_out = number.iter().step_by(2).enumerate().all(|(place, c)| match place {
        0 => is_korean_letter(*c),
        4 => c.is_ascii_alphanumeric(),
        _ => c.is_ascii_digit(),
    });
    let is_spread = number.len() == end - start && number.iter().skip(1).step_by(2).all(|c| matches!(c, ' ' | '-'));
    // A list of numbers goes on.
    let goes_on = sheet.at(end).is_ascii_alphanumeric() || sheet.at(end + 1).is_ascii_digit();
    (is_laid_out && is_spread && !goes_on).then_some(end)
}

/// M several journeys, S one journey, R residence, O official, D diplomatic, G government.
fn is_korean_letter(c: char) -> bool {
    matches!(c.to_ascii_uppercase(), 'M' | 'S' | 'R' | 'O' | 'D' | 'G')
}

fn past_separator(sheet: &Sheet, at: usize) -> usize {
    at + usize::from(matches!(sheet.at(at), '-' | ' '))
}

#[cfg(test)]
mod tests {
    use crate::text::pii::Kind;
    use crate::text::pii::tests::assert_kept;
    use crate::text::pii::tests::assert_masked;

    #[test]
    fn addresses_are_known_in_any_writing() {
        assert_masked(
            Kind::Email,
            &[
                ("hong1 골뱅이 naver.com", "***** 골뱅이 *****.***"),
                ("hong골뱅이네이버닷컴", "****골뱅이네이버닷컴"),
                ("hong(at)naver.com", "****(**)*****.***"),
                ("hong at naver.com", "**** ** *****.***"),
                ("hong@naver,com", "****@*****,***"),
                ("hong @ naver . com", "**** @ ***** . ***"),
                ("hong 골뱅이 naver 점 com", "**** 골뱅이 ***** 점 ***"),
                ("hong @ naver로", "**** @ *****로"),
                ("hong@회사.com", "****@회사.***"),
                ("hong.gd AT naver DOT com", "****.** ** ***** *** ***"),
            ],
        );
        assert_kept(&["골뱅이 무침", "meet me at naver", "a @ b", "네이버 메일로요"]);
    }

    #[test]
    fn passports_of_other_layouts_need_their_name() {
        assert_masked(
            Kind::Passport,
            &[
                ("여권 M 1234 5678", "여권 * **** ****"),
                ("M-12345678", "*-********"),
                ("미국 여권 123456789", "미국 여권 *********"),
                ("여권 P1234567A", "여권 *********"),
                ("여권 엠12345678", "여권 *********"),
                ("여권 번호 엠 일이삼사 오육칠팔이요", "여권 번호 * **** ****이요"),
                ("M 1 2 3 A 4 5 6 7 이에요", "* * * * * * * * * 이에요"),
            ],
        );
        assert_kept(&["R1234 5678", "P1234567A", "M 20261123", "여권번호 9자리"]);
    }
}
