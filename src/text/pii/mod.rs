//! Masking of personal data (개인정보).
//!
//! [`mask`] replaces the digits and letters of personal data by `*` and leaves everything else as it is, to
//! the byte. Cards, accounts and phones keep their last four digits, so that a customer and an agent can
//! still tell which one is meant; of everything else nothing is left. [`mask_after`] masks in addition what
//! completes a number that the customer's message before began.
//!
//! Numbers are read in any writing: spaced, with other signs or words between, full-width, spelled in Hangul
//! (`spoken`). What looks like personal data but is not, stays: amounts, dates, rates, order and tracking
//! numbers, the bank's own 15xx numbers, the last four digits of a card, which the assistant asks for. Where
//! the two cannot be told apart, the words beside the number decide (`context`), and without such words
//! twelve to fourteen digits are taken for an account and a landline for a person's.
//!
//! **Invariant:** a [`Masked`] can be had from [`mask`] and [`mask_after`] alone.

mod chain;
mod context;
mod expiries;
mod letters;
mod numbers;
mod payment;
mod phones;
mod seam;
mod secrets;
mod sheet;
mod spoken;
#[cfg(test)]
mod tests;

use context::Context;
use sheet::Sheet;

/// What kind of personal data was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Resident or foreigner registration number (주민등록번호, 외국인등록번호).
    ResidentNumber,
    /// Payment card number (카드번호).
    Card,
    /// Bank account number (계좌번호).
    Account,
    /// Telephone number of a person (전화번호).
    Phone,
    /// E-mail address.
    Email,
    /// Passport number (여권번호).
    Passport,
    /// Driver's licence number (운전면허번호).
    DriverLicence,
    /// Password, PIN, one-time code, a card's verification code or expiry date (비밀번호, 인증번호, CVC, 유효기간).
    Secret,
}

/// A text without personal data: the one kind of customer text that is stored, logged, indexed or sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    text: String,
    kinds: Vec<Kind>,
}

impl Masked {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text, to keep.
    pub fn into_string(self) -> String {
        self.text
    }

    /// Whether anything was masked.
    pub fn is_altered(&self) -> bool {
        !self.kinds.is_empty()
    }

    /// What was masked, each kind once.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }
}

/// Masks the personal data in `text`. A text without any is returned as it is.
pub fn mask(text: &str) -> Masked {
    if !may_hold_personal_data(text) {
        return Masked { text: text.to_owned(), kinds: Vec::new() };
    }
    let sheet = covered(text);
    let (text, kinds) = sheet.finish(text);
    Masked { text, kinds }
}

/// Masks the personal data in `text`, also what is such only together with `previous`, the customer's message before
/// it, as it was stored: "010" and then "1234-5678", "900101" and then "1234567".
///
/// Four digits alone, as the assistant asks for them to know a card, stay readable, unless `previous` is the beginning
/// of a telephone number or speaks of a password and breaks off.
pub fn mask_after(previous: &str, text: &str) -> Masked {
    if !may_hold_personal_data(text) {
        return Masked { text: text.to_owned(), kinds: Vec::new() };
    }
    let mut sheet = covered(text);
    seam::cover_second_half(&mut sheet, previous, text);
    let (text, kinds) = sheet.finish(text);
    Masked { text, kinds }
}

/// The text laid out, with everything personal covered.
fn covered(text: &str) -> Sheet {
    let mut sheet = Sheet::new(text);
    let context = Context::default();
    secrets::cover_secrets(&mut sheet);
    expiries::cover_expiries(&mut sheet);
    spoken::read_spoken(&mut sheet);
    letters::cover_emails(&mut sheet);
    letters::cover_passports(&mut sheet, &context);
    numbers::cover_numbers(&mut sheet, &context);
    sheet
}

/// Whether there is a digit in any form, spelled ones included, or an at sign, or a password may be made of letters
/// and signs. Most messages have none of it and are not looked at further.
fn may_hold_personal_data(text: &str) -> bool {
    let mut spelled = 0;
    let mut has_letters = false;
    for c in text.chars() {
        if ('가'..='힣').contains(&c) {
            spelled = if spoken::digit(c).is_some() { spelled + 1 } else { 0 };
            if spelled >= spoken::RUN_MIN {
                return true;
            }
            continue;
        }
        match c {
            '0'..='9' | '@' => return true,
            ' ' | '-' | '.' | '/' => continue,
            '\0'..='\u{7F}' => has_letters |= c.is_ascii_alphabetic(),
            _ if sheet::is_digit_or_sign(c) => return true,
            _ => {}
        }
        spelled = 0;
    }
    has_letters && secrets::WRITTEN.iter().any(|word| text.contains(word))
}
