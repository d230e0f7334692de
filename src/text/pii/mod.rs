//! Masking of personal data (개인정보).
//!
//! [`mask`] replaces the digits and letters of personal data by `*` and leaves everything else as it is, to
//! the byte. Cards, accounts and phones keep their last four digits, so that a customer and an agent can
//! still tell which one is meant; of everything else nothing is left.
//!
//! What looks like personal data but is not, stays: amounts, dates, rates, order and tracking numbers, the
//! bank's own 15xx numbers. Where the two cannot be told apart, the words beside the number decide
//! (`context`), and without such words twelve to fourteen digits are taken for an account.
//!
//! **Invariant:** a [`Masked`] can be had from [`mask`] alone.

mod context;
mod letters;
mod numbers;
mod secrets;
mod sheet;
#[cfg(test)]
mod tests;

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
    if !text.chars().any(sheet::starts_personal_data) {
        return Masked { text: text.to_owned(), kinds: Vec::new() };
    }
    let mut sheet = Sheet::new(text);
    secrets::cover_secrets(&mut sheet);
    letters::cover_emails(&mut sheet);
    letters::cover_passports(&mut sheet);
    numbers::cover_numbers(&mut sheet);
    let (text, kinds) = sheet.finish(text);
    Masked { text, kinds }
}
