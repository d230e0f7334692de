//! What the words beside a number say about it.

use std::ops::Range;

use crate::text::haystack::Haystack;
use crate::text::pii::sheet::Sheet;

/// What the nearest telling word beside a number makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// 계좌, 입금, a bank's name.
    Account,
    /// 카드.
    Card,
    /// 면허.
    Licence,
    /// 여권.
    Passport,
    /// A person's telephone.
    Person,
    /// A company's telephone.
    Centre,
    /// A number of a thing: order, tracking, approval, company registration.
    Thing,
    /// No telling word.
    Nothing,
}

/// Characters looked at before and after a number.
const BEFORE: usize = 24;
const AFTER: usize = 12;

/// The hint for the number at `range`: the nearest word before it, else the nearest one after it.
pub(super) fn hint(sheet: &Sheet, range: Range<usize>) -> Hint {
    let before = squeezed(sheet.slice(range.start.saturating_sub(BEFORE)..range.start));
    let nearest = WORDS.iter().flat_map(|(hint, words)| words.iter().map(move |word| (*hint, *word)));
    let last = nearest.clone().filter_map(|(hint, word)| {
        // The longest of two words that end at one place says more: 카드승인번호 is not a 카드.
        before.rfind(word).map(|at| (at + word.len(), word.len(), hint))
    });
    if let Some((_, _, hint)) = last.max_by_key(|(end, len, _)| (*end, *len)) {
        return hint;
    }
    let after = squeezed(sheet.slice(range.end..range.end + AFTER));
    let first = nearest.filter_map(|(hint, word)| after.find(word).map(|at| (at, hint)));
    first.min_by_key(|(at, _)| *at).map_or(Hint::Nothing, |(_, hint)| hint)
}

/// Whether an amount's unit follows, or a currency sign stands before.
pub(super) fn is_amount(sheet: &Sheet, range: Range<usize>) -> bool {
    if matches!(sheet.before(range.start), '₩' | '$' | '€' | '¥' | '£' | '\\') {
        return true;
    }
    let after: String = sheet.slice(range.end..range.end + 6).iter().collect();
    let after = after.strip_prefix(' ').unwrap_or(&after).to_ascii_lowercase();
    UNITS.iter().any(|unit| after.starts_with(unit)) && !NOT_UNITS.iter().any(|word| after.starts_with(word))
}

/// Whether the message is hardly more than the number: an answer to "연락처를 알려 주세요".
pub(super) fn is_bare(sheet: &Sheet, range: Range<usize>) -> bool {
    const LETTERS_MAX: usize = 6;
    let around = [sheet.slice(0..range.start), sheet.slice(range.end..sheet.len())];
    around.into_iter().flatten().filter(|c| c.is_alphanumeric()).count() <= LETTERS_MAX
}

fn squeezed(chars: &[char]) -> Haystack {
    Haystack::new(chars.iter().filter(|c| **c != ' ').map(char::to_ascii_lowercase).collect())
}

#[rustfmt::skip]
static WORDS: &[(Hint, &[&str])] = &[
    (Hint::Account, &[
        "계좌", "통장", "입금", "송금", "이체", "출금", "은행", "뱅크", "농협", "신협", "수협", "새마을",
        "우체국", "국민", "신한", "우리", "하나", "기업", "카카오", "토스", "예금", "적금", "예금주", "보내",
    ]),
    (Hint::Card, &["카드", "card"]),
    (Hint::Licence, &["면허"]),
    (Hint::Passport, &["여권", "passport"]),
    (Hint::Person, &[
        "연락처", "연락", "휴대폰", "핸드폰", "집전화", "집번호", "자택", "제번호", "내번호", "전화주세요",
        "남편", "아내", "엄마", "아빠", "어머니", "아버지", "아들", "딸", "회사", "직장", "사무실", "저희집",
        "전화해", "전화줘", "전화부탁", "집은", "제전화", "본인",
    ]),
    (Hint::Centre, &[
        "고객센터", "콜센터", "대표번호", "대표전화", "지점", "영업점", "상담센터", "ars", "팩스", "본점",
        "금감원", "금융감독원", "안내전화", "에서전화", "에서문자", "에서연락", "라는번호", "검찰", "경찰",
    ]),
    (Hint::Thing, &[
        "주문번호", "주문서", "송장", "운송장", "택배", "등기번호", "등기우편", "배송번호", "배송조회",
        "접수번호", "예약번호", "승인번호", "거래번호", "관리번호", "상품번호", "상품코드", "제품번호", "모델",
        "문의번호", "참조번호", "쿠폰", "바코드", "시리얼", "일련번호", "사건번호", "증권번호", "사업자",
        "법인등록", "법인번호", "전표", "추적번호", "코드", "버전", "우편번호", "인증번호", "신청번호",
        "처리번호", "납부번호", "지로", "가맹점번호", "상품권", "핀번호", "응모번호", "주문", "order",
        "tracking", "invoice", "isbn", "imei", "ip주소", "고지서번호", "청구번호",
    ]),
];

/// What makes a number an amount or a count.
#[rustfmt::skip]
static UNITS: &[&str] = &[
    "원", "만원", "만 원", "만", "억", "조", "천원", "천만", "백만", "달러", "불", "엔", "유로", "위안",
    "파운드", "포인트", "점", "마일", "%", "퍼센트", "krw", "usd", "jpy", "eur", "won", "개", "명", "건",
    "주를", "좌를",
];

/// Words that begin like a unit.
#[rustfmt::skip]
static NOT_UNITS: &[&str] = &[
    "원래", "원금", "원하", "원인", "만기", "만들", "만료", "만약", "만 ", "만요", "만은", "조회", "불가",
    "불러", "불법", "불편", "점검", "점심", "개설", "개인", "개월", "명의", "명세", "건데", "건지", "건가",
    "엔드", "억울",
];
