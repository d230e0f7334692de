//! English words among Korean ones: customers type card, limit and account for 카드, 한도 and 계좌.
//!
//! Names that Korean itself writes in Latin letters (OTP, ATM, ISA) stay as they are.

use std::borrow::Cow;

/// `folded`, which is in lower case, with the English words that banks and customers also say in Korean in Korean.
pub(super) fn in_korean(folded: &str) -> Cow<'_, str> {
    if !folded.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return Cow::Borrowed(folded);
    }
    let mut text = String::with_capacity(folded.len());
    let mut rest = folded;
    while let Some(start) = rest.find(|c: char| c.is_ascii_lowercase()) {
        let word = &rest[start..];
        let end = word.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        text.push_str(&rest[..start]);
        // a1b2 is a code, name@bank.kr an address.
        let touches =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || matches!(c, '@' | '.' | '_' | '-' | '/'));
        let ends_sentence = after.starts_with('.') && !after[1..].starts_with(|c: char| c.is_ascii_alphanumeric());
        let is_word = !touches(text.chars().next_back()) && (ends_sentence || !touches(after.chars().next()));
        text.push_str(if is_word { korean(word).unwrap_or(word) } else { word });
        rest = after;
    }
    text.push_str(rest);
    Cow::Owned(text)
}

fn korean(word: &str) -> Option<&'static str> {
    let place = WORDS.binary_search_by_key(&word, |(english, _)| english).ok()?;
    WORDS.get(place).map(|(_, korean)| *korean)
}

/// In the order of the alphabet.
static WORDS: &[(&str, &str)] = &[
    ("account", "계좌"),
    ("accounts", "계좌"),
    ("address", "주소"),
    ("app", "앱"),
    ("apply", "신청"),
    ("auto", "자동"),
    ("balance", "잔액"),
    ("bank", "은행"),
    ("banking", "뱅킹"),
    ("benefit", "혜택"),
    ("benefits", "혜택"),
    ("bill", "청구서"),
    ("bonus", "보너스"),
    ("branch", "지점"),
    ("cancel", "취소"),
    ("card", "카드"),
    ("cards", "카드"),
    ("cash", "현금"),
    ("cashback", "캐시백"),
    ("certificate", "증명서"),
    ("convert", "전환"),
    ("coupon", "쿠폰"),
    ("credit", "신용"),
    ("currency", "외화"),
    ("customer", "고객"),
    ("debit", "체크"),
    ("delivery", "배송"),
    ("deposit", "예금"),
    ("discount", "할인"),
    ("document", "서류"),
    ("documents", "서류"),
    ("dollar", "달러"),
    ("dollars", "달러"),
    ("email", "이메일"),
    ("error", "오류"),
    ("event", "이벤트"),
    ("exchange", "환전"),
    ("express", "긴급"),
    ("family", "가족"),
    ("fax", "팩스"),
    ("fee", "수수료"),
    ("gas", "가스"),
    ("gift", "선물"),
    ("history", "내역"),
    ("homepage", "홈페이지"),
    ("income", "소득"),
    ("installment", "할부"),
    ("insurance", "보험"),
    ("interest", "이자"),
    ("internet", "인터넷"),
    ("limit", "한도"),
    ("loan", "대출"),
    ("loans", "대출"),
    ("login", "로그인"),
    ("mail", "메일"),
    ("max", "최대"),
    ("mile", "마일"),
    ("mileage", "마일리지"),
    ("miles", "마일"),
    ("mobile", "모바일"),
    ("month", "월"),
    ("months", "개월"),
    ("mortgage", "주택담보대출"),
    ("number", "번호"),
    ("offline", "오프라인"),
    ("online", "온라인"),
    ("overdraft", "마이너스통장"),
    ("overseas", "해외"),
    ("password", "비밀번호"),
    ("pay", "페이"),
    ("payment", "결제"),
    ("period", "기간"),
    ("phone", "휴대폰"),
    ("point", "포인트"),
    ("points", "포인트"),
    ("price", "금액"),
    ("promotion", "이벤트"),
    ("pw", "비밀번호"),
    ("rate", "금리"),
    ("refund", "환불"),
    ("reissue", "재발급"),
    ("remaining", "남은"),
    ("remittance", "송금"),
    ("revolving", "리볼빙"),
    ("salary", "급여"),
    ("saving", "적금"),
    ("savings", "적금"),
    ("schedule", "일정"),
    ("security", "보안"),
    ("service", "서비스"),
    ("shop", "가게"),
    ("site", "사이트"),
    ("sms", "문자"),
    ("statement", "명세서"),
    ("tax", "세금"),
    ("today", "오늘"),
    ("tomorrow", "내일"),
    ("total", "총"),
    ("transfer", "이체"),
    ("virtual", "가상"),
    ("voucher", "바우처"),
    ("year", "년"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_words_are_read_in_korean() {
        for (text, expected) in [
            ("card limit 올려주세요", "카드 한도 올려주세요"),
            ("내 account로 transfer 해줘", "내 계좌로 이체 해줘"),
            ("credit card.", "신용 카드."),
            ("otp랑 isa", "otp랑 isa"),
            ("cardinal", "cardinal"),
            ("hong@mail.com", "hong@mail.com"),
            ("card.bank.kr", "card.bank.kr"),
            ("코드 card01", "코드 card01"),
        ] {
            assert_eq!(in_korean(text), expected);
        }
    }

    #[test]
    fn words_are_in_order() {
        assert!(WORDS.is_sorted_by(|(one, _), (other, _)| one < other));
    }
}
