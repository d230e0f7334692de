//! Measuring, on a small pack.

use std::borrow::Cow;

use time::macros::date;

use super::*;
use crate::knowledge::import;
use crate::knowledge::import::Readers;

const CATEGORIES: &str = "[[category]]\nname = \"한도\"\ndomain = \"CARD\"\npolicy = \"answer\"\n\
                          [[category]]\nname = \"분실\"\ndomain = \"CARD\"\npolicy = \"answer\"\n";
const UTTERANCES: &str = "category,utterance\n한도,카드 한도 알려줘\n한도,한도 조회해 주세요\n한도,남은 한도가 궁금해요\n\
                          분실,카드를 잃어버렸어요\n분실,카드 분실 신고할게요\n분실,지갑을 잃어버렸어요\n";

fn evaluation(utterances: &str, tests: &str, gates: &str) -> Evaluation {
    let pack = format!("name = \"시험은행\"\nlanguage = \"ko\"\ngreeting = \"안녕하세요.\"\n{gates}");
    let files = [
        ("pack.toml", pack.as_str()),
        ("categories.toml", CATEGORIES),
        ("utterances.csv", utterances),
        ("others.csv", "term\n남의은행\n"),
        ("tests.csv", tests),
        ("documents/limit.md", "---\ncategory: 한도\n---\n# 카드 한도 안내\n\n카드 한도는 500만원입니다.\n"),
        ("documents/loss.md", "---\ncategory: 분실\n---\n# 카드 분실 신고\n\n카드를 잃어버리면 바로 신고해 주세요.\n"),
    ];
    let files = files.map(|(name, text)| (name.to_owned(), Cow::Borrowed(text.as_bytes())));
    let (pack, _) =
        import::read_embedded(files.into_iter(), &Readers::Here).map_err(|error| error.to_string()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::load(pack, "d".repeat(64), folder.path()).map_err(|error| error.to_string()).unwrap();
    evaluate(&engine, date!(2026 - 11 - 24), 3)
}

const TESTS: &str = "utterance,category,ticket,document,intent\n\
                     카드 한도가 얼마인가요?,한도,AUTO_ANSWER,limit.md,INFO_REQ\n\
                     카드를 잃어버렸는데 어디에 신고해요?,분실,AUTO_ANSWER,loss.md,INFO_REQ\n\
                     상담원 연결해 주세요,,HUMAN_REQUIRED,,HUMAN_REQ\n\
                     남의은행 주가는 얼마죠,,SIMPLE_ANSWER,,\n오늘 점심 뭐 먹지,,SIMPLE_ANSWER,,\n";

#[test]
fn what_the_tests_expect_is_compared_with_what_came() {
    let evaluation = evaluation(UTTERANCES, TESTS, "[gates]\nrecall_at_1_min = 1.0\nperson_false_max = 0.0\n");
    for (name, value, of) in [
        ("category_top1", 1.0, 2),
        ("recall_at_1", 1.0, 2),
        ("mrr", 1.0, 2),
        ("answered", 1.0, 2),
        ("answered_right", 1.0, 2),
        ("answers_faultless", 1.0, 2),
        ("off_topic_answered", 0.0, 1),
        ("near_off_topic_answered", 0.0, 1),
        ("person_recall", 1.0, 1),
        ("person_false", 0.0, 4),
        ("intent_macro_f1", 1.0, 3),
    ] {
        let figure = evaluation.figure(name).unwrap();
        assert_eq!((figure.value, figure.of), (value, of), "{name}");
        assert!(figure.low <= figure.value && figure.value <= figure.high, "{figure:?}");
    }
    assert_eq!(evaluation.data_errors, [""; 0]);
    assert!(evaluation.is_passed());
    assert!(evaluation.figure("utterances_top1").is_some());
}

#[test]
fn a_missed_gate_and_one_that_nothing_measures_fail() {
    let tests = "utterance,category,ticket,document\n카드 한도가 얼마인가요?,한도,,loss.md\n";
    let evaluation = evaluation(UTTERANCES, tests, "[gates]\nrecall_at_1_min = 0.5\nperson_recall_min = 0.9\n");
    assert_eq!(evaluation.gates.iter().map(|gate| gate.is_passed).collect::<Vec<_>>(), [false, false]);
    assert_eq!(evaluation.gates[1].measured, None);
    assert!(!evaluation.is_passed());
    let printed = text(&evaluation, &[]);
    assert!(printed.contains("FAILED  person_recall_min"), "{printed}");
    assert!(printed.contains("wanted loss, found limit"), "{printed}");
}

#[test]
fn leaks_contradictions_and_duplicates_are_errors_of_the_data() {
    let utterances = format!("{UTTERANCES}분실,카드 한도 알려줘!\n");
    let tests = "utterance,category,ticket,document\n지갑을 잃어버렸어요...,한도,,\n한도요,한도,,\n한도 요,분실,,\n";
    let evaluation = evaluation(&utterances, tests, "");
    let errors = evaluation.data_errors.join("\n");
    for expected in [
        "the same words cannot mean both",
        "is learned from ('지갑을 잃어버렸어요' in utterances.csv), and there its category is '분실'",
        "are the same words with different categories",
    ] {
        assert!(errors.contains(expected), "{expected}: {errors}");
    }
    assert!(!evaluation.is_passed());
}

#[test]
fn a_measurement_is_its_own_baseline() {
    let before = evaluation(UTTERANCES, TESTS, "");
    let stored: Evaluation = serde_json::from_str(&serde_json::to_string(&before).unwrap()).unwrap();
    assert_eq!(stored, before);
    let mut worse = before.clone();
    worse.outcomes[0].documents.reverse();
    let compared = compare(&stored, &worse);
    let documents = compared.iter().find(|one| one.what == "document").unwrap();
    assert_eq!((documents.better.len(), documents.worse.as_slice()), (0, &["카드 한도가 얼마인가요?".to_owned()][..]));
    assert!(compared.iter().all(|one| one.what == "document" || one.better.len() + one.worse.len() == 0));
}

#[test]
fn the_page_shows_everything_and_executes_nothing() {
    let tests = "utterance,category,ticket,document\n<script>alert(1)</script> 한도,한도,,limit.md\n";
    let page = html(&evaluation(UTTERANCES, tests, ""), &[]);
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
    assert!(!page.contains("<script") && !page.contains("http"), "{page}");
}
