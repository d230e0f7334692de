//! Personal data written with letters: e-mail addresses and passport numbers.

use crate::text::pii::Kind;
use crate::text::pii::context::Hint;
use crate::text::pii::context::hint;
use crate::text::pii::sheet::Keep;
use crate::text::pii::sheet::Sheet;

/// Covers every `name@domain`, also with one space on either side of the sign.
pub(super) fn cover_emails(sheet: &mut Sheet) {
    for sign in 0..sheet.len() {
        if sheet.at(sign) != '@' {
            continue;
        }
        let name_end = if sheet.before(sign) == ' ' { sign - 1 } else { sign };
        let domain_start = if sheet.at(sign + 1) == ' ' { sign + 2 } else { sign + 1 };
        let mut start = name_end;
        while matches!(sheet.before(start), 'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '%' | '+' | '-') {
            start -= 1;
        }
        let mut end = domain_start;
        let mut domain_end = domain_start;
        while matches!(sheet.at(end), 'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-') {
            end += 1;
            if sheet.before(end).is_ascii_alphanumeric() {
                domain_end = end;
            }
        }
        let domain = sheet.slice(domain_start..domain_end);
        let is_spaced = name_end != sign || domain_start != sign + 1;
        let has_letters = domain.iter().filter(|c| c.is_ascii_alphabetic()).count() >= 2;
        if start < name_end && has_letters && (domain.contains(&'.') || !is_spaced) {
            sheet.cover(start..domain_end, Kind::Email, Keep::Nothing);
        }
    }
}

/// Covers passport numbers: a letter and eight digits (M12345678), or, since December 2021, a letter, three
/// digits, a letter and four digits (M123A4567). Other letters need the word 여권 beside them.
pub(super) fn cover_passports(sheet: &mut Sheet) {
    let mut start = 0;
    while start < sheet.len() {
        let is_start = sheet.at(start).is_ascii_alphabetic() && !sheet.before(start).is_ascii_alphanumeric();
        match is_start.then(|| passport_end(sheet, start)).flatten() {
            Some(end) => {
                sheet.cover(start..end, Kind::Passport, Keep::Nothing);
                start = end;
            }
            None => start += 1,
        }
    }
}

fn passport_end(sheet: &Sheet, start: usize) -> Option<usize> {
    let letters = (start..start + 3).take_while(|at| sheet.at(*at).is_ascii_alphabetic()).count();
    let after_letters = start + letters;
    let is_split = matches!(sheet.at(after_letters), '-' | ' ');
    let digits_start = after_letters + usize::from(is_split);
    let digits = sheet.digits_from(digits_start);
    let after_digits = digits_start + digits;
    let end = match (letters, digits) {
        (1, 8) | (2, 7) => after_digits,
        (1, 3) => {
            let second = after_digits + usize::from(matches!(sheet.at(after_digits), '-' | ' '));
            let last = second + 1 + usize::from(matches!(sheet.at(second + 1), '-' | ' '));
            if !sheet.at(second).is_ascii_alphabetic() || sheet.digits_from(last) != 4 {
                return None;
            }
            last + 4
        }
        _ => return None,
    };
    if sheet.at(end).is_ascii_alphanumeric() {
        return None;
    }
    // M several journeys, S one journey, R residence, O official, D diplomatic, G government.
    let is_usual =
        letters == 1 && !is_split && matches!(sheet.at(start).to_ascii_uppercase(), 'M' | 'S' | 'R' | 'O' | 'D' | 'G');
    let is_passport = match hint(sheet, start..end) {
        Hint::Passport => true,
        Hint::Thing => false,
        Hint::Account | Hint::Card | Hint::Licence | Hint::Person | Hint::Centre | Hint::Nothing => is_usual,
    };
    is_passport.then_some(end)
}
