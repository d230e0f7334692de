//! From a pack to the passage that answers: the index on disk and the search in it.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use time::Date;
use time::macros::date;

use super::*;
use crate::text::reading::Reading;

fn query(text: &Reading, today: Date) -> Query<'_> {
    Query { text, leanings: &[], business: 3.0, today: Some(today) }
}

const TODAY: Date = date!(2026 - 11 - 15);

/// A small bank: title, keywords, validity and sections of each document.
fn pack() -> Pack {
    let text = |text: &str| Block::Paragraph(text.into());
    let rates = Block::Table {
        header: ["상품", "금리"].map(String::from).into(),
        rows: vec![
            ["신용대출", "연 4.62%"].map(String::from).into(),
            ["마이너스통장", "연 5.10%"].map(String::from).into(),
        ],
    };
    let faq = Block::Faq {
        question: "통장을 잃어버렸어요. 어떻게 하나요?".into(),
        answer: "고객센터 1588-0000으로 바로 신고해 주세요.".into(),
    };
    let mut old = document(
        "credit-2025",
        "신용대출 금리 안내",
        &["신용대출"],
        vec![("금리", vec![text("신용대출 금리는 연 9.99%입니다.")])],
    );
    old.effective_until = Some(date!(2026 - 10 - 31));
    let mut next = document(
        "credit-2027",
        "신용대출 금리 안내",
        &["신용대출"],
        vec![("금리", vec![text("신용대출 금리는 연 1.11%입니다.")])],
    );
    next.effective_from = Some(date!(2027 - 01 - 01));
    Pack {
        name: "가온은행".into(),
        documents: vec![
            document(
                "loan-credit",
                "가온 신용대출 안내",
                &["신용대출", "마이너스통장"],
                vec![
                    ("신용대출 금리", vec![text("신용대출 금리입니다. (기준일: 2026년 11월 1일)"), rates]),
                    ("신용대출 한도", vec![text("신용대출 한도는 최대 1억 5,000만원입니다.")]),
                ],
            ),
            document(
                "card-limit",
                "카드 이용한도 안내",
                &["카드한도"],
                vec![("한도 올리기", vec![text("이용한도는 앱에서 올릴 수 있습니다.")])],
            ),
            document(
                "transfer",
                "이체 안내",
                &["이체한도"],
                vec![(
                    "이체 수수료",
                    vec![text("다른 은행으로 보내는 이체는 앱에서 무료입니다. 카카오페이로 보내도 같습니다.")],
                )],
            ),
            document("faq", "faq", &[], vec![("분실", vec![faq])]),
            old,
            next,
        ],
        utterances: vec![Utterance {
            category: "카드".into(), utterance: "카드 한도 늘려 주시면 좋겠어요".into()
        }],
        synonyms: vec![
            Synonym { term: "마통".into(), synonym: "마이너스통장".into() },
            Synonym { term: "송금".into(), synonym: "이체".into() },
            Synonym { term: "돈 보내기".into(), synonym: "이체".into() },
        ],
        others: vec!["나온은행".into(), "카카오페이".into()],
        ..Pack::default()
    }
}

fn document(id: &str, title: &str, keywords: &[&str], sections: Vec<(&str, Vec<Block>)>) -> Document {
    let section = |(heading, blocks): (&str, Vec<Block>)| Section { heading: heading.into(), page: 1, blocks };
    Document {
        id: id.into(),
        source: format!("{id}.md"),
        title: title.into(),
        category: None,
        domain: String::new(),
        keywords: keywords.iter().map(ToString::to_string).collect(),
        effective_from: None,
        effective_until: None,
        sections: sections.into_iter().map(section).collect(),
    }
}

fn index(pack: &Pack) -> (Index, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Index::create(pack, &folder.path().join("index")).unwrap(), folder)
}

/// The document and heading of the best passage, and its score.
fn best(pack: &Pack, index: &Index, question: &str, today: Date) -> Option<(String, String, f32)> {
    let hit = index.search(query(&Reading::of(question), today), 1).first().copied()?;
    let document = &pack.documents[hit.document as usize];
    Some((document.id.clone(), index.passages()[hit.passage as usize].heading.clone(), hit.score))
}

#[test]
fn the_passage_that_answers_is_found_however_it_is_typed() {
    let pack = pack();
    let (index, _folder) = index(&pack);
    for (question, document, heading) in [
        ("신용대출 금리가 얼마인가요?", "loan-credit", "신용대출 금리"),
        ("신용대출금리알려줘", "loan-credit", "신용대출 금리"),
        ("신용 대출 금리 좀요", "loan-credit", "신용대출 금리"),
        ("신용대출 한도는 최대 얼마까지예요", "loan-credit", "신용대출 한도"),
        ("마통 금리", "loan-credit", "신용대출 금리"),
        ("카드 한도를 올리고 싶어요", "card-limit", "한도 올리기"),
        ("송금 수수료 있나요", "transfer", "이체 수수료"),
        ("돈 보내기 수수료", "transfer", "이체 수수료"),
        ("통장 잃어버렸는데요", "faq", "분실"),
    ] {
        let found = best(&pack, &index, question, TODAY).unwrap();
        assert_eq!((found.0.as_str(), found.1.as_str()), (document, heading), "{question}");
        assert!(found.2 >= Thresholds::default().answer_score_min, "{question}: {}", found.2);
    }
}

#[test]
fn a_table_is_found_with_its_base_date() {
    let pack = pack();
    let (index, _folder) = index(&pack);
    let hits = index.search(query(&Reading::of("신용대출 금리"), TODAY), 3);
    assert_eq!(index.passages()[hits[0].passage as usize].kind, PassageKind::TableRows);
    assert_eq!(
        index.passages()[hits[0].passage as usize].text,
        "신용대출 금리입니다. (기준일: 2026년 11월 1일)\n상품: 신용대출 / 금리: 연 4.62%\n상품: 마이너스통장 / 금리: 연 5.10%"
    );
}

#[test]
fn only_documents_in_force_are_found() {
    let pack = pack();
    let (index, _folder) = index(&pack);
    for (today, expected) in [
        (date!(2026 - 10 - 31), Some("credit-2025")),
        (date!(2026 - 11 - 01), None),
        (date!(2026 - 12 - 31), None),
        (date!(2027 - 01 - 01), Some("credit-2027")),
    ] {
        let hits = index.search(query(&Reading::of("신용대출 금리"), today), 100);
        let ids = hits.iter().map(|hit| pack.documents[hit.document as usize].id.as_str());
        let dated: Vec<_> = ids.filter(|id| id.starts_with("credit-")).collect();
        assert_eq!(dated, expected.into_iter().collect::<Vec<_>>(), "{today}");
    }
}

#[test]
fn what_is_not_the_banks_scores_below_the_threshold() {
    let pack = pack();
    let (index, _folder) = index(&pack);
    let score = |question: &str| best(&pack, &index, question, TODAY).map_or(0.0, |found| found.2);
    let threshold = Thresholds::default().answer_score_min;
    for question in [
        "오늘 서울 날씨 어때?",
        "파이썬으로 정렬하는 코드 짜줘",
        "안녕하세요",
        "ㅋㅋㅋㅋ",
        "나온은행 신용대출 금리 알려줘",
    ] {
        assert!(score(question) < threshold, "{question}: {}", score(question));
    }
    // Another company that the passage itself speaks of is no reason against it.
    assert!(score("카카오페이 송금 수수료") >= threshold);
    assert!(score("나온은행 신용대출 금리") < 0.5 * score("신용대출 금리"));
}

#[test]
fn any_text_can_be_searched_for() {
    let pack = pack();
    let (index, _folder) = index(&pack);
    let long = "신용대출 금리 한도 ".repeat(5_000);
    for question in ["", " ", "\0", "?!", "🙂", "ㅁㄴㅇㄹ", "\u{202e}금리", "' OR 1=1 --", "금리:* AND (한도", &long]
    {
        let hits = index.search(query(&Reading::of(question), TODAY), 3);
        assert!(hits.len() <= 3 && hits.iter().all(|hit| (0.0..=1.0).contains(&hit.score)), "{question:.20}");
    }
    assert_eq!(index.search(query(&Reading::of("금리"), TODAY), 0), []);
}

#[test]
fn the_same_question_has_the_same_answer_on_every_thread() {
    let pack = pack();
    let (index, _folder) = index(&pack);
    let expected = index.search(query(&Reading::of("신용대출 금리 한도"), TODAY), 5);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(index.search(query(&Reading::of("신용대출 금리 한도"), TODAY), 5), expected);
                }
            });
        }
    });
}

#[test]
fn an_index_is_opened_only_for_the_pack_it_was_made_of() {
    let pack = pack();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("deep/index");
    assert!(matches!(Index::open(&dir, &pack), Err(IndexError::Stale(_))));
    let made = Index::create(&pack, &dir).unwrap();
    let opened = Index::open(&dir, &pack).unwrap();
    assert_eq!(
        opened.search(query(&Reading::of("금리"), TODAY), 5),
        made.search(query(&Reading::of("금리"), TODAY), 5)
    );
    drop((made, opened));

    let mut changed = pack.clone();
    changed.documents[0].title.push('!');
    assert!(matches!(Index::open(&dir, &changed), Err(IndexError::Stale(_))));
    Index::create(&changed, &dir).unwrap();
    assert!(matches!(Index::open(&dir, &pack), Err(IndexError::Stale(_))));
    Index::open(&dir, &changed).unwrap();
    // Nothing is left beside it of how it was made.
    assert_eq!(fs::read_dir(folder.path().join("deep")).unwrap().count(), 1);
}

#[test]
fn an_index_may_be_made_by_several_at_once() {
    let pack = pack();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("index");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    Index::create(&pack, &dir).unwrap();
                }
            });
        }
    });
    Index::open(&dir, &pack).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_with_other_files_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("letter.txt"), "x").unwrap();
    assert!(matches!(Index::create(&pack(), folder.path()), Err(IndexError::Occupied(_))));
    assert!(folder.path().join("letter.txt").exists());
}

#[test]
fn a_damaged_index_is_made_again() {
    let pack = pack();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("index");
    drop(Index::create(&pack, &dir).unwrap());
    let file = dir.join("bank-aicc-index");
    let good = fs::read(&file).unwrap();
    let flipped = |place: usize| {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        bytes
    };
    let stamp_of_an_earlier_index = good[..good.len() / 2].to_vec();
    for bad in [vec![], stamp_of_an_earlier_index, flipped(3), flipped(good.len() / 2), flipped(good.len() - 1)] {
        fs::write(&file, bad).unwrap();
        assert!(matches!(Index::open(&dir, &pack), Err(IndexError::Stale(_))));
        assert!(!Index::open_or_create(&dir, &pack).unwrap().search(query(&Reading::of("금리"), TODAY), 1).is_empty());
        assert!(fs::read(&file).unwrap() == good, "the same pack makes the same index");
    }
    fs::remove_file(&file).unwrap();
    assert!(matches!(Index::open(&dir, &pack), Err(IndexError::Stale(_))));
}

#[test]
fn a_pack_without_documents_answers_nothing() {
    let (index, _folder) = index(&Pack::default());
    assert_eq!(index.search(query(&Reading::of("금리"), TODAY), 5), []);
}

#[test]
fn the_demo_pack_can_be_imported_and_searched() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/demo-pack");
    let (pack, _report) = import::read(&path, &import::Readers::Here).map_err(|error| error.to_string()).unwrap();
    let (index, _folder) = index(&pack);
    let tests: Vec<_> = pack.tests.iter().filter(|test| !test.documents.is_empty()).collect();
    let is_first = |test: &&&Test| {
        let hits = index.search(query(&Reading::of(&test.utterance), TODAY), 3);
        hits.iter().any(|hit| test.documents.contains(&pack.documents[hit.document as usize].id))
    };
    let found = tests.iter().filter(is_first).count();
    // Without the categories, which the classifier adds.
    assert!(found * 100 >= tests.len() * 76, "{found} of {} test questions find their document", tests.len());
}
