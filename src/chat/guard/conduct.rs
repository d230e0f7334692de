//! What an assistant of a bank must not say of itself: advice, promises, and acts it cannot do (금융소비자보호법: 적합성·설명의무,
//! 부당권유 금지).

use crate::chat::guard::acts;
use crate::chat::guard::grounds::Prepared;
use crate::text::normalize::normalize;

/// Whether a sentence advises a product or a decision, or promises gain or approval, in words its passages do not have.
pub(super) fn advises(sentence: &str, cited: &[&Prepared]) -> bool {
    #[rustfmt::skip]
    const WORDINGS: [&str; 120] = [
        "추천", "권해드", "권합니", "권해요", "권장", "권유드", "권유해", "권고드", "권하고싶", "권하는", "권하시", "권해", "권드", "유리합", "유리해", "유리하", "유리한", "이득",
        "이익입", "이익이", "바람직", "현명", "안성맞춤", "강추", "놓치지", "서두르", "서둘러", "딱맞", "잘맞", "제격", "적합합", "적합해", "적합하", "어울리", "최적", "최선",
        "가장좋은", "제일좋은", "더좋은", "가장낫", "더낫", "더나은", "나을", "괜찮은선택", "좋은선택", "좋은상품", "것이좋", "게좋", "편이좋", "걸로하세",
        "무조건", "틀림없", "확실히", "확실하", "보장합", "보장해", "보장드", "장담", "걱정하지", "걱정마", "걱정없", "안심하", "손해없", "손해볼일", "손실없", "원금보장",
        "반드시승인", "승인될것", "승인됩니다", "반드시전액", "꼭가입",
        "면좋", "기좋", "도좋", "을좋", "좋겠", "고려해", "고려하시", "고려할만", "검토해", "검토하시", "검토할만", "고민해보", "눈여겨", "들어보시", "활용해보", "가입해보",
        "알맞", "편합니다", "편해요", "마음편", "이롭", "드뭅", "드물", "적기입", "적기예", "후회", "쪽이낫", "게낫", "것이낫", "편이낫", "낫습", "나아요", "만한것이없", "만한것도없",
        "저라면", "제생각", "제가보기", "늦기전", "오르기전", "내리기전", "끝나기전에가입", "문제없이", "어렵지않게", "거의다", "무난", "염려", "해두세요", "두시길", "해두시는",
    ];
    const ENGLISH: [&str; 13] = [
        "recommend",
        "bestchoice",
        "bestoption",
        "betteroff",
        "guarantee",
        "youshouldchoose",
        "dontworry",
        "don'tworry",
        "advise",
        "youshouldinvest",
        "definitelyapprove",
        "willbeapproved",
        "bestproduct",
    ];
    // To tell somebody to take one out is advice, too.
    const TAKE: [&str; 12] = [
        "가입하세요",
        "가입해보세요",
        "가입하십시오",
        "가입하시죠",
        "선택하세요",
        "선택해보세요",
        "고르세요",
        "갈아타세요",
        "투자하세요",
        "대출받으세요",
        "이용해보세요",
        "받아보세요",
    ];
    let tight = tight(sentence);
    WORDINGS
        .iter()
        .chain(&ENGLISH)
        .chain(&TAKE)
        .any(|wording| tight.contains(wording) && !is_told(&tight, wording, cited))
}

/// Whether a sentence says that something was done or will be done by whoever speaks, in words its passages do not have.
pub(super) fn promises(sentence: &str, cited: &[&Prepared]) -> bool {
    #[rustfmt::skip]
    const WORDINGS: [&str; 28] = [
        "드렸", "드릴게", "드릴께", "드리겠", "하겠습니다", "하겠어요", "겠습니다", "할게요", "할께요", "을게요", "을께요", "놓았", "놨", "뒀습", "두었습", "두었어", "제가", "저희가", "방금", "완료했",
        "완료되었", "완료됐", "완료하였", "처리했", "처리됐", "처리되었", "처리하였", "도와드릴",
    ];
    // Past tense of what a bank does, at the end of the sentence.
    #[rustfmt::skip]
    const ACTS: [&str; 24] = [
        "접수", "신청", "해지", "취소", "변경", "등록", "송금", "이체", "발급", "연결", "전달", "요청", "정지", "승인", "예약", "환불", "입금", "출금", "해제", "차단", "상향", "연장", "전환", "환전",
    ];
    const PAST: [&str; 9] = [
        "했습니다",
        "하였습니다",
        "했어요",
        "됐습니다",
        "되었습니다",
        "됐어요",
        "되었어요",
        "시켰습니다",
        "완료입니다",
    ];
    const ENGLISH: [&str; 11] = [
        "ihave",
        "i've",
        "iwill",
        "i'll",
        "wehave",
        "we'll",
        "wewill",
        "hasbeencancelled",
        "hasbeenprocessed",
        "hasbeensubmitted",
        "hasbeencompleted",
    ];
    let tight = tight(sentence);
    // To explain is what it is here for.
    let tight = ["안내해드리겠", "안내드리겠", "설명해드리겠", "설명드리겠", "말씀드리겠"]
        .iter()
        .fold(tight, |tight, polite| tight.replace(polite, "안내합"));
    let says = |wording: &str| tight.contains(wording) && !is_told(&tight, wording, cited);
    if WORDINGS.iter().chain(&ENGLISH).any(|wording| says(wording)) {
        return true;
    }
    let end = tight.trim_end_matches(|c: char| !c.is_alphanumeric());
    let past = PAST.iter().find(|past| end.ends_with(**past));
    let is_done = past.is_some_and(|past| {
        let act = &end[..end.len() - past.len()];
        ACTS.iter().any(|noun| act.ends_with(noun)) && !is_told(&tight, past, cited)
    });
    is_done || is_underway(&tight, &ACTS, cited) || acts::are_promised(sentence, cited)
}

/// Whether a sentence says that an act is being done or is done, anywhere in it.
fn is_underway(tight: &str, nouns: &[&str], cited: &[&Prepared]) -> bool {
    /// Begins what is said of an act.
    #[rustfmt::skip]
    const STEMS: [&str; 22] = [
        "드립니다", "드려요", "드릴", "되셨습니다", "되셨어요", "되었습니다", "되었어요",
        "됐습니다", "됐어요", "되었으", "됐으", "하셨습니다", "했습니다", "했으니", "중입니다", "중이에요", "중이며", "중이니",
        "하고있습니다", "되고있습니다", "되어있습니다", "돼있습니다",
    ];
    const PARTICLES: [char; 6] = ['을', '를', '이', '가', '은', '는'];
    nouns
        .iter()
        .chain(&["처리", "진행", "조치", "완료", "반영", "중지", "중단", "개설", "삭제", "지급", "환급", "잠금"])
        .any(|noun| {
            tight.match_indices(noun).any(|(at, _)| {
                let behind = &tight[at + noun.len()..];
                let said = behind.strip_prefix(PARTICLES).unwrap_or(behind);
                STEMS.iter().any(|stem| {
                    said.starts_with(stem)
                        && !cited.iter().any(|ground| {
                            let told = &tight[at..tight.len() - said.len() + stem.len()];
                            ground.own.contains(told) || ground.own.contains(&format!("{noun}{stem}"))
                        })
                })
            })
        })
}

/// Whether the passages use a wording of the same matter: the words right before it stand there before it, too.
fn is_told(tight: &str, wording: &str, cited: &[&Prepared]) -> bool {
    /// Syllables before the wording that have to be the same.
    const CONTEXT: usize = 2;
    tight.match_indices(wording).all(|(at, _)| {
        let begin = tight[..at].char_indices().rev().nth(CONTEXT - 1).map_or(0, |(begin, _)| begin);
        let told = &tight[begin..at + wording.len()];
        cited.iter().any(|ground| ground.own.contains(told))
    })
}

fn tight(sentence: &str) -> String {
    normalize(sentence).chars().filter(|c| c.is_alphanumeric() || *c == '\'').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::guard::fence::Grounds;

    #[test]
    fn an_act_passes_where_the_passage_says_so() {
        let text = "앱에서 일시정지를 신청하실 수 있습니다. 낸 수수료는 환급해 드립니다.";
        let ground = Prepared::of(&Grounds { title: "", heading: "", text, is_in_force: true });
        for sentence in [
            "바로 카드를 일시정지해 드립니다.",
            "카드 일시정지가 접수되셨습니다.",
            "일시정지를 진행 중입니다.",
            "일시정지가 처리되었습니다.",
            "해지를 해 드립니다.",
            "한도를 상향시켜 드립니다.",
            "재발급을 처리하고 있습니다.",
            "카드가 정지되어 있습니다.",
        ] {
            assert!(promises(sentence, &[&ground]), "{sentence}");
        }
        for sentence in ["수수료는 환급해 드립니다.", "앱에서 신청하시면 됩니다.", "안내해 드립니다."]
        {
            assert!(!promises(sentence, &[&ground]), "{sentence}");
        }
        for sentence in [
            "가입하시면 좋습니다.",
            "가입을 고려해 보세요.",
            "전환을 검토해 보시기 바랍니다.",
            "이 상품을 권유해 드려요.",
        ] {
            assert!(advises(sentence, &[&ground]), "{sentence}");
        }
    }
}
