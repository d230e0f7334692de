//! Numbers that a customer sends in two messages: "010", then "1234-5678".
//!
//! The two messages are read as one where the first ends with digits and the second begins with them. What is covered
//! is the part in the second message. A message of four digits stays as it is unless the first one is the beginning
//! of a telephone number or of a password, because four digits are what the assistant itself asks for: the end of a
//! card's number.

use std::ops::Range;

use crate::text::pii::Kind;
use crate::text::pii::chain::Chain;
use crate::text::pii::context::Context;
use crate::text::pii::context::Hint;
use crate::text::pii::context::is_amount;
use crate::text::pii::context::is_bare;
use crate::text::pii::letters::cover_passports;
use crate::text::pii::numbers::Find;
use crate::text::pii::numbers::finds_in;
use crate::text::pii::secrets::cover_secrets;
use crate::text::pii::secrets::ends_with_word;
use crate::text::pii::sheet::Keep;
use crate::text::pii::sheet::Sheet;
use crate::text::pii::spoken;

/// Characters of the previous message that are looked at.
const PREVIOUS_MAX: usize = 40;
/// Of these, characters that may say what the number in the second message is.
const WORDS_MAX: usize = 24;
/// Digits of the answer that the assistant asks for: the end of a card's number.
const ASKED: usize = 4;

/// What may follow the digits at the end of the first message.
#[rustfmt::skip]
const AFTER_FIRST: [&str; 19] = [
    "", "이요", "요", "이고", "이고요", "이구요", "고", "하고", "이랑", "입니다", "이에요", "예요", "이며", "인데", "인데요",
    "그리고", "에", "이", "번",
];
/// What may stand before the digits at the beginning of the second.
#[rustfmt::skip]
const BEFORE_SECOND: [&str; 15] = [
    "뒷자리", "뒷번호", "나머지", "그리고", "그다음", "다음", "번호", "뒤", "네", "는", "은", "에", "이고", "요", "가",
];

/// Covers in `sheet`, which shows `text`, what makes a number together with the end of `previous`.
pub(super) fn cover_second_half(sheet: &mut Sheet, previous: &str, text: &str) {
    let previous: Vec<char> = previous.trim_end().chars().collect();
    let previous = &previous[previous.len().saturating_sub(PREVIOUS_MAX)..];
    let finds = match (Seam::of_digits(previous, text), Seam::of_words(previous, text)) {
        (Some(seam), _) => seam.finds_across(),
        (None, Some(seam)) => seam.finds_behind(previous),
        (None, None) => return,
    };
    for Find { span, kind, keep } in finds {
        if !sheet.is_covered(span.clone()) {
            sheet.cover(span, kind, keep);
        }
    }
}

/// Two messages read as one.
struct Seam {
    sheet: Sheet,
    /// Where the second message goes on in `sheet`, and where that is in itself.
    start: usize,
    skipped: usize,
    is_dashed: bool,
}

impl Seam {
    /// The messages joined at their digits, if the first ends with digits and the second begins with them.
    fn of_digits(previous: &[char], text: &str) -> Option<Self> {
        let first = Sheet::of(previous.iter().copied());
        let end = digits_end(&first)?;
        let second: Vec<char> = text.chars().collect();
        let skipped = digits_start(&Sheet::of(second.iter().copied()))?;
        let is_dash = |c: &char| matches!(c, '-' | '–' | '~');
        let is_dashed = previous[end..].iter().any(is_dash) || second[..skipped].iter().any(is_dash);
        let joint = if is_dashed { '-' } else { ' ' };
        let joined = previous[..end].iter().copied().chain([joint]).chain(second[skipped..].iter().copied());
        let mut sheet = Sheet::of(joined);
        spoken::read_spoken(&mut sheet);
        Some(Self { sheet, start: end + 1, skipped, is_dashed })
    }

    /// The messages joined by a space, if the second is hardly more than a number. The first may say of which kind.
    fn of_words(previous: &[char], text: &str) -> Option<Self> {
        /// Letters beside a number that is the whole message.
        const LETTERS_MAX: usize = 6;
        let is_digit = |c: char| c.is_ascii_digit() || spoken::digit(c).is_some();
        let letters = text.chars().filter(|c| c.is_alphabetic() && !is_digit(*c)).count();
        let second = Sheet::of(text.chars());
        let begins = second.at(0).is_ascii_alphabetic() || digits_start(&second).is_some();
        if letters > LETTERS_MAX || !begins {
            return None;
        }
        let previous = &previous[previous.len().saturating_sub(WORDS_MAX)..];
        let mut sheet = Sheet::of(previous.iter().copied().chain([' ']).chain(text.chars()));
        spoken::read_spoken(&mut sheet);
        Some(Self { sheet, start: previous.len() + 1, skipped: 0, is_dashed: false })
    }

    /// The numbers that begin in the first message and end in the second; spans count characters of the second.
    fn finds_across(&self) -> Vec<Find> {
        let context = Context::default();
        let mut chain = Chain::default();
        let mut finds = Vec::new();
        let mut at = 0;
        while at < self.start {
            if self.sheet.at(at).is_ascii_digit() {
                at = chain.read(&self.sheet, at);
                finds_in(&chain, &self.sheet, &context, &mut finds);
            } else {
                at += 1;
            }
        }
        finds.retain(|find| self.is_number(find, &context));
        finds.into_iter().map(|find| self.second_half(find)).collect()
    }

    /// Whether a find goes over the seam and is no accident.
    fn is_number(&self, find: &Find, context: &Context) -> bool {
        if find.span.start >= self.start || find.span.end <= self.start || self.is_other_answer(find.span.end) {
            return false;
        }
        let digits = self.digits(find.span.clone());
        let second = self.digits(self.start..find.span.end).len();
        let first: Vec<usize> = self.groups(find.span.start..self.start);
        match find.kind {
            Kind::Phone => second >= ASKED && (digits.starts_with('0') || digits.starts_with("82")),
            Kind::DriverLicence => true,
            // A sum of money after a date: 260101, then 3000000.
            Kind::ResidentNumber => second > ASKED && !digits.ends_with("000"),
            Kind::Card => {
                let mut groups = first.into_iter().chain(self.groups(self.start..find.span.end));
                second > ASKED && groups.all(|digits| digits % ASKED == 0)
            }
            Kind::Account => {
                let is_one = first.len() == 1 || self.is_dashed_before(find.span.start);
                let is_named = context.hint(&self.sheet, find.span.clone()) == Hint::Account;
                let is_part = first.iter().sum::<usize>() > 2 && (self.is_dashed || second > ASKED);
                is_one && is_part && !digits.ends_with("000") && (is_named || is_bare(&self.sheet, find.span.clone()))
            }
            Kind::Email | Kind::Passport | Kind::Secret => false,
        }
    }

    /// Whether the second message, up to `end`, is a date, a count, an amount or a bank's own telephone by itself.
    fn is_other_answer(&self, end: usize) -> bool {
        let digits = self.digits(self.start..end);
        let is_date = digits.len() == 8 && (digits.starts_with("19") || digits.starts_with("20"));
        let is_centre = digits.len() == 8 && ["15", "16", "18"].iter().any(|start| digits.starts_with(start));
        let is_counted = ["년", "월", "일", "시", "분", "개", "회"].iter().any(|unit| self.sheet.says(end, unit));
        is_date || is_centre || is_counted || is_amount(&self.sheet, self.start..end)
    }

    /// The lengths of the groups of digits in a range.
    fn groups(&self, range: Range<usize>) -> Vec<usize> {
        let groups = self.sheet.slice(range).split(|c| !c.is_ascii_digit());
        groups.map(<[char]>::len).filter(|len| *len > 0).collect()
    }

    /// Whether dashes alone stand between the groups from `start` to the seam.
    fn is_dashed_before(&self, start: usize) -> bool {
        self.sheet.slice(start..self.start - 1).iter().all(|c| *c == '-' || c.is_ascii_digit())
    }

    /// The part of a find in the second message. Four digits are kept of it only if others are not.
    fn second_half(&self, find: Find) -> Find {
        let span = self.start..find.span.end;
        let keep = if self.digits(span.clone()).len() > ASKED { find.keep } else { Keep::Nothing };
        Find { span: span.start - self.start + self.skipped..span.end - self.start + self.skipped, keep, ..find }
    }

    /// What the second message holds, if the first says what it is.
    fn finds_behind(mut self, previous: &[char]) -> Vec<Find> {
        let start = self.start;
        let digits = self.digits(start..self.sheet.len());
        let mut finds = Vec::new();
        cover_secrets(&mut self.sheet);
        let covered: Vec<usize> = (start..self.sheet.len()).filter(|at| self.sheet.is_covered(*at..at + 1)).collect();
        if let (Some(first), Some(last)) = (covered.first(), covered.last()) {
            if is_secret(previous, covered.len()) {
                finds.push(Find { span: first - start..last + 1 - start, kind: Kind::Secret, keep: Keep::Nothing });
            }
            return finds;
        }
        // 800101-1, masked, and then the other six.
        if previous.ends_with(&['*', '*', '*', '*', '*', '*', '-', '*']) && digits.len() == 6 {
            let span = 0..self.sheet.len() - start;
            finds.push(Find { span, kind: Kind::ResidentNumber, keep: Keep::Nothing });
            return finds;
        }
        let context = Context::default();
        cover_passports(&mut self.sheet, &context);
        let mut chain = Chain::default();
        let mut at = start;
        while at < self.sheet.len() {
            if self.sheet.at(at).is_ascii_digit() {
                at = chain.read(&self.sheet, at);
                finds_in(&chain, &self.sheet, &context, &mut finds);
            } else {
                at += 1;
            }
        }
        // All the message says, that is: "37.566535, 126.977969" is no account.
        finds.retain(|find| find.span.start >= start && self.digits(find.span.clone()) == digits);
        for find in &mut finds {
            find.span = find.span.start - start..find.span.end - start;
        }
        finds
    }

    /// The digits in a range.
    fn digits(&self, range: Range<usize>) -> String {
        self.sheet.slice(range).iter().filter(|c| c.is_ascii_digit()).collect()
    }
}

/// Whether so many digits in a message of their own are the secret that `previous` speaks of.
fn is_secret(previous: &[char], digits: usize) -> bool {
    const CARD_CODES: [&str; 5] = ["cvc", "cvv", "씨브이", "뒷면", "보안코드"];
    let first = Sheet::of(previous.iter().copied());
    // "비밀번호는", and nothing more, is a sentence that goes on; "비밀번호" may be what it was all about.
    let goes_on = previous.last().is_some_and(|c| matches!(c, '는' | '은' | ':' | '='));
    let has_arrived = ["왔", "받은", "받았", "떴"].iter().any(|word| first.has(word));
    match digits {
        3 => CARD_CODES.iter().any(|word| first.has(word)) && ends_with_word(&first),
        6 => has_arrived || ends_with_word(&first),
        _ => goes_on && ends_with_word(&first),
    }
}

/// Where the digits at the end of a message end.
fn digits_end(sheet: &Sheet) -> Option<usize> {
    let is_spelled =
        |at: &usize| (0..spoken::RUN_MIN).all(|back| spoken::digit(sheet.before(at - back.min(*at))).is_some());
    let written = (1..=sheet.len()).rev().find(|end| sheet.before(*end).is_ascii_digit());
    let end = written.or_else(|| (spoken::RUN_MIN..=sheet.len()).rev().find(is_spelled))?;
    let is_separator = |c: &&char| matches!(c, ' ' | '-' | '.' | ',' | '~' | '/' | ':' | ')' | '!');
    let rest: String = sheet.slice(end..sheet.len()).iter().filter(|c| !is_separator(c)).collect();
    AFTER_FIRST.contains(&rest.as_str()).then_some(end)
}

/// Where the digits at the beginning of a message begin.
fn digits_start(sheet: &Sheet) -> Option<usize> {
    let mut at = 0;
    while at < sheet.len() {
        let c = sheet.at(at);
        if c.is_ascii_digit() || (spoken::digit(c).is_some() && spoken::run_from(sheet, at) >= spoken::RUN_MIN) {
            return Some(at);
        }
        match BEFORE_SECOND.iter().find(|word| sheet.says(at, word)) {
            Some(word) => at += word.chars().count(),
            None if !c.is_alphanumeric() && c != '\0' => at += 1,
            None => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::text::pii::mask;
    use crate::text::pii::mask_after;

    #[test]
    fn the_second_half_of_a_number_is_covered() {
        for (previous, text, expected) in [
            ("010", "1234-5678", "****-5678"),
            ("010", "12345678", "****5678"),
            ("제 번호는 010", "1234 5678이요", "**** 5678이요"),
            ("010-", "1234-5678", "****-5678"),
            ("010이요", "1234-5678", "****-5678"),
            ("010-1234", "5678", "****"),
            ("010 1234", "5678이요", "****이요"),
            ("공일공", "일이삼사 오육칠팔", "**** 오육칠팔"),
            ("공일공", "일이삼사오육칠팔이요", "****오육칠팔이요"),
            ("02", "123-4567", "***-4567"),
            ("031", "123-4567이요", "***-4567이요"),
            ("+82", "10-1234-5678", "**-****-5678"),
            ("900101", "1234567", "*******"),
            ("900101-", "1234567", "*******"),
            ("900101", "-1234567", "-*******"),
            ("앞자리 900101이고", "뒷자리는 1234567이요", "뒷자리는 *******이요"),
            ("900101", "1234567 입니다", "******* 입니다"),
            ("주민번호 ******", "1234567", "*******"),
            ("주민번호 앞자리는 ******이요", "뒷자리 2234567", "뒷자리 *******"),
            ("생년월일 ******-*", "234567", "******"),
            ("4111-1111", "1111-1111", "****-1111"),
            ("4111", "1111-1111-1111", "****-****-1111"),
            ("카드번호는 4111 1111", "1111 1112", "**** 1112"),
            ("신한 110-123", "456789", "**6789"),
            ("계좌는 1002", "123-456789", "***-**6789"),
            ("11-12", "123456-01", "******-**"),
            ("제 계좌번호는", "1234567890", "******7890"),
            ("카드번호 불러드릴게요", "12345678901234", "**********1234"),
            ("OTP번호", "482913", "******"),
            ("인증번호가 왔는데요", "482913", "******"),
            ("cvc", "123", "***"),
            ("비밀번호는", "1234", "****"),
        ] {
            assert_eq!(mask_after(previous, text).as_str(), expected, "{previous} | {text}");
            assert!(!mask_after(previous, text).kinds().is_empty());
        }
    }

    #[test]
    #[rustfmt::skip]
    fn what_is_no_second_half_stays() {
        for (previous, text) in [
            // What the assistant asks for.
            ("카드 분실했어요", "1234"), ("카드요", "1234"), ("카드", "네 1234"), ("신용카드", "카드 뒤 4자리 1234입니다"),
            ("카드 비밀번호를 잊어버렸어요", "1234"), ("비밀번호 오류요", "1234요"), ("비밀번호", "1234"),
            ("****-****-****-9012", "1234"), ("***-****-5678", "1234"), ("체크카드 2장", "끝자리 0077이에요"),
            ("인증번호가 안 와요", "1234"), ("계좌 ***-***-**6789", "1234"), ("주민번호 ******-*******", "1234"),
            ("4111 1111 1111", "1111"), ("2026-11-03", "1234"), ("48만원", "1234"), ("110", "1234"), ("900101", "1234"),
            ("11월 3일", "1234"), ("15", "1234"), ("1588", "1234"),
            // Other answers.
            ("010", "네"), ("010", "3만원"), ("010만 되나요", "1234-5678"), ("한도 500", "1000"), ("1", "2"),
            ("3월", "2026-11-03"), ("260101", "3000000"), ("260101", "3000000원"), ("260101", "1200000원이요"),
            ("1588", "0099"), ("고객센터 번호", "1588-0099"), ("카드", "48만원"), ("계좌", "1000000원"),
            ("2026", "11-03"), ("주문번호 2026", "1234-5678"), ("2시", "30분"), ("10", "20 30"), ("", "1234"),
            ("안녕하세요", "11월 3일"), ("카드 결제", "2026-11-03 14:30"), ("비밀번호 몇 자리예요", "4자리인가요 6자리인가요"),
        ] {
            assert_eq!(mask_after(previous, text).as_str(), text, "{previous} | {text}");
        }
    }

    #[test]
    fn nothing_is_left_that_is_masked_without_the_message_before() {
        for previous in ["", "주문번호", "송장번호는요", "010", "고객센터", "100만원"] {
            for text in
                ["010-1234-5678", "110-123-456789", "800101-1234567", "비밀번호 1234", "a@b.co", "4111111111111111"]
            {
                assert_eq!(mask_after(previous, text), mask(text), "{previous} | {text}");
            }
        }
    }
}
