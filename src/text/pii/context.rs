//! What the words beside a number say about it.

use std::cell::OnceCell;
use std::ops::Range;

use crate::text::pii::sheet::Sheet;

/// What the nearest telling word beside a number makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// 계좌, 입금, a bank's name.
    Account,
    /// 카드.
    Card,
    /// 주민번호, 외국인등록번호.
    Resident,
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

/// The telling words of one message, looked for when the first number asks for them.
#[derive(Default)]
pub(super) struct Context {
    mentions: OnceCell<Vec<Mention>>,
}

/// A telling word in a message.
struct Mention {
    hint: Hint,
    span: Range<usize>,
}

/// Characters looked at before and after a number.
const BEFORE: usize = 24;
const AFTER: usize = 12;
/// As near as the word must be that names a number itself.
const NEAR: usize = 8;

impl Context {
    /// The hint for the number at `range`: the nearest word before it, else the nearest one after it.
    pub(super) fn hint(&self, sheet: &Sheet, range: Range<usize>) -> Hint {
        self.nearest(sheet, &range).map_or(Hint::Nothing, |mention| mention.hint)
    }

    /// Whether the number at `range` is called the number of a thing by a word close to it. For numbers that can
    /// hardly be anything but a person's, where 주문 somewhere in the sentence says nothing.
    pub(super) fn is_called_thing(&self, sheet: &Sheet, range: Range<usize>) -> bool {
        self.nearest(sheet, &range).is_some_and(|mention| {
            let is_near = mention.span.end + NEAR >= range.start && mention.span.start <= range.end + NEAR;
            mention.hint == Hint::Thing && is_near
        })
    }

    /// Whether the number at `range` is called so by a word behind it: "02-123-4567 국민은행 지점 번호죠?"
    pub(super) fn is_called(&self, sheet: &Sheet, hint: Hint, range: Range<usize>) -> bool {
        let mentions = self.mentions.get_or_init(|| mentions(sheet));
        let behind = range.end..range.end + AFTER;
        mentions.iter().any(|mention| mention.hint == hint && behind.contains(&mention.span.start))
    }

    fn nearest(&self, sheet: &Sheet, range: &Range<usize>) -> Option<&Mention> {
        let mentions = self.mentions.get_or_init(|| mentions(sheet));
        let first = range.start.saturating_sub(BEFORE);
        let before = mentions.iter().filter(|mention| mention.span.start >= first && mention.span.end <= range.start);
        // The longest of two words that end at one place says more: 카드승인번호 is not a 카드.
        let last = before.max_by_key(|mention| (mention.span.end, mention.span.len()));
        last.or_else(|| {
            let after = mentions.iter().filter(|mention| {
                mention.span.start >= range.end
                    && mention.span.end <= range.end + AFTER
                    && !introduces(sheet, mention.span.end)
            });
            after.min_by_key(|mention| (mention.span.start, usize::MAX - mention.span.len()))
        })
    }
}

/// Whether the word that ends at `end` speaks of a number behind it.
fn introduces(sheet: &Sheet, end: usize) -> bool {
    const PARTICLE_MAX: usize = 3;
    (end..=end + PARTICLE_MAX).any(|at| sheet.at(at).is_ascii_digit())
}

/// Every telling word.
fn mentions(sheet: &Sheet) -> Vec<Mention> {
    let mut mentions = Vec::new();
    for (hint, words) in WORDS {
        for word in words.iter().filter(|word| sheet.may_have(word)) {
            let meant = sheet.occurrences(word).filter(|(_, rest)| !is_denied(rest));
            mentions.extend(meant.map(|(span, _)| Mention { hint: *hint, span }));
        }
    }
    // "제 주민번호" is no 제주.
    let overlaps = |one: &Mention, other: &Mention| {
        one.span.start < other.span.end && other.span.start < one.span.end && one.span.len() < other.span.len()
    };
    let is_part: Vec<bool> = mentions.iter().map(|one| mentions.iter().any(|other| overlaps(one, other))).collect();
    let mut is_part = is_part.into_iter();
    mentions.retain(|_| !is_part.next().unwrap_or(false));
    mentions
}

/// Whether a word is named only to say that it is not meant: "주문번호 말고 …". `rest` is what follows it.
fn is_denied(rest: &str) -> bool {
    let rest = rest.strip_prefix("번호").unwrap_or(rest);
    ["말고", "아니고", "아니라"]
        .iter()
        .any(|denial| rest.trim_start_matches(['가', '는', '이', '은']).starts_with(denial))
}

/// Whether an amount's unit follows, or a currency sign stands before.
pub(super) fn is_amount(sheet: &Sheet, range: Range<usize>) -> bool {
    if matches!(sheet.before(range.start), '₩' | '$' | '€' | '¥' | '£' | '\\') {
        return true;
    }
    let after = if sheet.at(range.end) == ' ' { range.end + 1 } else { range.end };
    let says = |words: &[&str]| words.iter().any(|word| sheet.says(after, word));
    says(UNITS) && !says(NOT_UNITS)
}

/// Whether the message is hardly more than the number: an answer to "연락처를 알려 주세요".
pub(super) fn is_bare(sheet: &Sheet, range: Range<usize>) -> bool {
    const LETTERS_MAX: usize = 6;
    const AROUND_MAX: usize = 40;
    if sheet.len() > range.len() + AROUND_MAX {
        return false;
    }
    let around = [sheet.slice(0..range.start), sheet.slice(range.end..sheet.len())];
    around.into_iter().flatten().filter(|c| c.is_alphanumeric()).count() <= LETTERS_MAX
}

#[rustfmt::skip]
static WORDS: &[(Hint, &[&str])] = &[
    (Hint::Account, &[
        "계좌", "통장", "입금", "송금", "이체", "출금", "은행", "뱅크", "농협", "축협", "신협", "수협", "새마을", "금고",
        "우체국", "국민", "신한", "우리", "하나", "기업", "카카오", "카뱅", "토스", "케뱅", "예금", "적금", "청약", "예금주",
        "보내", "넣어", "급여", "월급", "잔액", "이자", "예치", "저축", "증권사", "씨티", "외환", "제일", "산업은", "산림조합",
        "아이엠", "부산", "대구", "경남", "광주", "전북", "제주", "받는분", "토뱅", "kb", "ibk", "keb", "kdb", "nh",
    ]),
    (Hint::Card, &[
        "카드", "card", "비자", "마스터", "아멕스", "다이너스", "유니온페이", "비씨", "하이패스", "티머니", "visa", "amex", "jcb",
    ]),
    (Hint::Resident, &[
        "주민번호", "주민등록번호", "주민앞", "주민뒤", "주민뒷", "주번", "민번", "외국인등록", "외국인번호", "거소신고", "거소신고번호", "등록번호",
        "등록증", "민증", "신분증", "실명번호", "뒷자리", "뒤7자리", "뒷7자리",
    ]),
    (Hint::Licence, &["면허"]),
    (Hint::Passport, &["여권", "passport"]),
    (Hint::Person, &[
        "연락처", "연락", "휴대폰", "핸드폰", "휴대전화", "핸폰", "폰번호", "집전화", "집번호", "자택", "제번호", "내번호",
        "전화주세요", "남편", "아내", "와이프", "엄마", "아빠", "어머니", "아버지", "아들", "딸", "회사", "직장", "사무실",
        "저희집", "우리집", "전화해", "전화줘", "전화부탁", "집은", "집이", "집으로", "제전화", "본인", "전화번호", "가게",
    ]),
    (Hint::Centre, &[
        "고객센터", "콜센터", "대표번호", "대표전화", "지점", "영업점", "상담센터", "서비스센터", "ars", "팩스", "본점", "본사",
        "금감원", "금융감독원", "안내전화", "문의전화", "에서전화", "에서문자", "에서연락", "에서걸려", "에서왔", "에서온",
        "라는번호", "걸려온", "검찰", "경찰", "대표", "지점전화번호", "지점번호", "센터전화번호", "센터번호", "은행전화번호",
        "영업점전화번호", "수신거부", "스팸", "사칭",
    ]),
    (Hint::Thing, &[
        "주문번호", "주문서", "송장", "운송장", "택배", "등기번호", "등기우편", "등기", "배송번호", "배송조회", "대한통운",
        "접수번호", "예약번호", "승인번호", "거래번호", "관리번호", "상품번호", "상품코드", "제품번호", "모델",
        "문의번호", "참조번호", "쿠폰", "바코드", "시리얼", "일련번호", "사건번호", "증권번호", "사업자", "사업자등록번호",
        "법인등록", "법인번호", "법인등록번호", "단체등록번호", "차량등록번호", "상표등록번호", "전표", "추적번호", "코드",
        "버전", "오류번호", "오류코드", "에러코드", "항공권번호", "우편번호", "인증번호", "신청번호", "처리번호", "납부번호", "지로", "가맹점번호", "상품권", "핀번호",
        "응모번호", "주문", "order", "tracking", "invoice", "isbn", "imei", "ip주소", "고지서번호", "청구번호",
        "고객번호", "회원번호", "계약번호", "민원번호", "문서번호", "발급번호", "발급일", "등록일", "확인번호", "수험번호",
        "학번", "사번", "단말기", "종목", "예매번호", "티켓", "영수증번호", "수표번호", "어음번호", "보험번호", "차대번호",
        "신고번호", "허가번호", "가입번호", "서비스번호", "기기번호", "제품키", "aba", "swift", "isin", "ems", "위도",
        "좌표", "번호표", "순번", "심사번호", "조회번호", "요청번호", "티켓번호", "케이스번호", "고지번호", "전자납부",
        "수용가", "고유번호", "통관", "식별번호", "유심", "usim", "iccid", "대출번호", "사고번호", "보증번호", "추첨번호",
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
    "엔드", "억울", "조금", "조정", "조건", "조사", "점포", "점장", "건강", "건너", "건에", "건으로", "명절", "개통", "만나",
    "만해", "원본", "원화", "불안", "불량", "불렀", "억지",
];

#[cfg(test)]
mod tests {
    use crate::text::pii::mask;

    #[test]
    fn a_word_counts_unless_it_is_denied_or_meant_for_another_number() {
        for (text, expected) in [
            ("송장번호 말고 110123456789", "송장번호 말고 ********6789"),
            ("송장번호가 아니라 110123456789", "송장번호가 아니라 ********6789"),
            ("110123456789 주문번호 20261", "********6789 주문번호 20261"),
            ("110123456789 이게 송장번호예요", "110123456789 이게 송장번호예요"),
            ("110123456789 조금 이체", "********6789 조금 이체"),
        ] {
            assert_eq!(mask(text).as_str(), expected, "{text}");
        }
    }
}
