//! What kind of fact a question asks for, and which kinds a passage states.
//!
//! "분실하면 어디에 신고해요" and "분실 신고하는 전화번호" share every telling word, and the section that answers the second is the one
//! with a number in it. So passages of one document are told apart by what they state, too: a rate, a telephone number,
//! papers to bring, a span of time. Amounts of money are left out: on test questions they misled as often as they helped,
//! for most sections state one.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::concepts;
use crate::text::reading::Reading;

/// Kinds of facts, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Aspects(u8);

/// A kind of fact.
struct Kind {
    /// Concepts of questions that ask for it.
    concepts: &'static [&'static str],
    /// What they say, in tight text.
    words: &'static [&'static str],
    /// What states it.
    statement: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind {
        concepts: &["interest", "late_fee", "owe_interest", "earn_interest"],
        words: &["이자", "몇퍼", "몇프로", "퍼센트"],
        statement: r"[0-9.]+ ?%",
    },
    Kind {
        concepts: &[],
        words: &[
            "전화번호",
            "연락처",
            "어디로전화",
            "어디에전화",
            "몇번으로",
            "콜센터번호",
            "고객센터번호",
            "대표번호",
        ],
        statement: r"1[5-9][0-9]{2}-[0-9]{4}|0[0-9]{1,2}-[0-9]{3,4}-[0-9]{4}|\b1[0-9]{2,3}번",
    },
    Kind {
        concepts: &["docs"],
        words: &[],
        statement: r"신분증|증명서|확인서|증표|등록증|서류|계약서|등본|초본|여권|인감|위임장",
    },
    Kind {
        concepts: &["how_long", "deadline"],
        words: &["며칠", "몇일", "몇달", "몇년", "몇개월", "언제까지"],
        statement: r"[0-9]{1,3} ?(?:영업일|개월|주일|시간|분)|[^월][ (][0-9]{1,3}일|(?:^|[^0-9])[0-9]{1,2}년|당일|다음 영업일",
    },
];

static STATEMENTS: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| KINDS.iter().map(|kind| Regex::new(kind.statement).ok()).collect());

impl Aspects {
    /// The kinds of facts a question asks for.
    pub fn asked_by(question: &Reading) -> Self {
        let asks = |kind: &Kind| {
            question.concepts().iter().any(|concept| kind.concepts.contains(&concepts::name(*concept)))
                || kind.words.iter().any(|word| question.tight().contains(word))
        };
        Self::of(KINDS.iter().map(asks))
    }

    /// The kinds of facts a text states.
    pub fn stated_in(text: &str) -> Self {
        Self::of(STATEMENTS.iter().map(|statement| statement.as_ref().is_some_and(|regex| regex.is_match(text))))
    }

    fn of(kinds: impl Iterator<Item = bool>) -> Self {
        Self(kinds.zip(0..).fold(0, |all, (holds, bit)| all | u8::from(holds) << bit))
    }

    /// The share of these that `stated` has, 0 to 1; 0 if these are none.
    pub fn share_in(self, stated: Self) -> f32 {
        if self.0 == 0 { 0.0 } else { (self.0 & stated.0).count_ones() as f32 / self.0.count_ones() as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_states_what_is_asked_or_not() {
        for (question, stated, other) in [
            ("분실 신고하는 전화번호 알려주세요", "사고신고 전화 1588-0099에서 받습니다.", "앱에서 신고합니다."),
            ("중도해지하면 이자는요", "기본금리의 연 1.47%가 적용됩니다.", "앱에서 해지합니다."),
            ("뭐 챙겨 가야 하나요", "신분증을 가져오셔야 합니다.", "창구에서 신청합니다."),
            ("얼마나 걸려요", "3영업일 안에 보내 드립니다.", "2026년 11월 1일부터 시행합니다."),
        ] {
            let asked = Aspects::asked_by(&Reading::of(question));
            let shares = [stated, other].map(|text| asked.share_in(Aspects::stated_in(text)));
            assert_eq!(shares, [1.0, 0.0], "{question}");
        }
        let asked = Aspects::asked_by(&Reading::of("카드 신청 방법"));
        assert_eq!(asked.share_in(Aspects::stated_in("연 3.5%")), 0.0);
    }
}
