//! The fence, on answers that were written for it: `tests/fixtures/model/answers.csv`.

use std::collections::BTreeMap;

use crate::chat::guard::Fault;
use crate::chat::guard::Fence;
use crate::chat::guard::Grounds;

const ANSWERS: &str = include_str!("../../../tests/fixtures/model/answers.csv");

struct Row {
    id: u32,
    passage: String,
    answer: String,
    kind: String,
}

fn rows() -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(ANSWERS.as_bytes());
    let row = |record: csv::StringRecord| Row {
        id: record[0].parse().unwrap(),
        passage: record[1].to_owned(),
        answer: record[3].to_owned(),
        kind: record[5].to_owned(),
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// A passage of the file: its title and its heading stand above it, if it has any.
fn ground(passage: &str) -> Grounds<'_> {
    fn above<'p>(text: &'p str, mark: &str) -> (&'p str, &'p str) {
        text.strip_prefix(mark).and_then(|text| text.split_once('\n')).unwrap_or(("", text))
    }
    let (title, text) = above(passage, "# ");
    let (heading, text) = above(text, "## ");
    Grounds { title, heading, text, is_in_force: true }
}

/// What the fence makes of an answer that comes in pieces of `size` characters: what it lets out, and why it stopped.
fn judge(row: &Row, size: usize) -> (String, Option<Fault>) {
    let grounds: Vec<Grounds<'_>> = row.passage.split("\n=== 2 ===\n").map(ground).collect();
    let mut fence = Fence::new(&grounds);
    let characters: Vec<char> = row.answer.chars().collect();
    let mut judged: Vec<_> =
        characters.chunks(size).flat_map(|piece| fence.push(&piece.iter().collect::<String>())).collect();
    judged.extend(fence.finish());
    let mut shown = String::new();
    let mut fault = None;
    for one in judged {
        match one {
            Ok(released) => shown.push_str(&released.text),
            Err(stopped) => fault = Some(stopped.fault),
        }
    }
    (shown, fault)
}

/// Shares of the answers of each kind that are stopped. Where the floor is 1, no answer of this file passes; below 1, some
/// still do. The floors only rise.
#[test]
fn good_answers_pass_and_bad_ones_are_stopped() {
    let mut kinds: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    // Rows with an even id are for measuring: they are counted, and nobody reads them.
    let mut halves: [BTreeMap<String, (usize, usize)>; 2] = Default::default();
    let mut report = String::new();
    for row in &rows() {
        let (_, fault) = judge(row, 7);
        let half = &mut halves[row.id as usize % 2];
        for kinds in [&mut kinds, half] {
            let (stopped, all) = kinds.entry(row.kind.clone()).or_default();
            *all += 1;
            *stopped += usize::from(fault.is_some());
        }
        if fault.is_some() == row.kind.is_empty() && row.id % 2 == 1 {
            report.push_str(&format!("{} {:?} {fault:?}: {}\n", row.id, row.kind, row.answer));
        }
    }
    println!("all  {kinds:?}\neven {:?}\nodd  {:?}\n{report}", halves[0], halves[1]);
    let share = |kind: &str| kinds.get(kind).map_or(0.0, |(stopped, all)| *stopped as f64 / *all as f64);
    assert!(share("") <= 0.19, "good answers stopped: {}\n{report}", share(""));
    for (kind, floor) in [
        ("phone", 1.0),
        ("citation", 1.0),
        ("advice", 1.0),
        ("promise", 1.0),
        ("link", 1.0),
        ("markup", 1.0),
        ("offtopic", 1.0),
        ("figure", 0.94),
        ("date", 1.0),
        ("claim", 0.86),
        ("negation", 0.79),
    ] {
        assert!(share(kind) >= floor, "{kind}: {}\n{report}", share(kind));
    }
}

#[test]
fn how_an_answer_is_cut_changes_nothing() {
    for row in rows().iter().take(120) {
        let whole = judge(row, usize::MAX);
        for size in [1, 2, 3, 5, 11] {
            assert_eq!(judge(row, size), whole, "{} by {size}", row.id);
        }
    }
}

/// What a fence around one passage lets out of an answer that comes at once, and why it stopped.
fn let_out(passage: &str, answer: &str) -> (String, Option<Fault>) {
    let row = Row { id: 0, passage: passage.to_owned(), answer: answer.to_owned(), kind: String::new() };
    judge(&row, usize::MAX)
}

#[test]
fn a_mark_does_not_split_what_is_read_together() {
    let passage = "3가지 조건을 모두 충족하시면 연 5% 우대금리가 적용됩니다.";
    for answer in [
        "연 3.[1]5% 우대금리가 적용됩니다. [1]",
        "연 3[1].[1]5% 우대금리가 적용됩니다. [1]",
        "연 3. [1] 5% 우대금리가 적용됩니다. [1]",
    ] {
        let (shown, fault) = let_out(passage, answer);
        assert_eq!((shown.as_str(), fault), ("", Some(Fault::Figure)), "{answer}");
    }
    let (shown, _) = let_out(passage, "우대금리가 적용됩니다.[1]3가지 조건을 모두 충족하시면 연 5%입니다. [1]");
    assert_eq!(shown, "우대금리가 적용됩니다. 3가지 조건을 모두 충족하시면 연 5%입니다.");
}

#[test]
fn an_answer_of_one_piece_is_no_longer_than_another() {
    let passage = "우대금리가 적용됩니다.";
    let sentence = "우대금리가 적용됩니다. [1]\n";
    let (shown, fault) = let_out(passage, &sentence.repeat(40_000));
    assert!(shown.len() <= 40 * 1024, "{}", shown.len());
    assert_eq!(fault, Some(Fault::TooLong));
    let mut fence = Fence::new(&[Grounds { title: "", heading: "", text: passage, is_in_force: true }]);
    let stopped = fence.push(&"1. 1) ".repeat(200_000));
    let Some(Err(stopped)) = stopped.last() else { panic!("{stopped:?}") };
    assert!(stopped.text.chars().count() <= 600);
}

#[test]
fn an_address_of_the_passage_may_be_told() {
    let passage = "자세한 내용은 홈페이지(www.gaon-bank.kr/예금) 또는 가온은행.한국에서 확인하실 수 있습니다.";
    for (answer, fault) in [
        ("자세한 내용은 홈페이지 www.gaon-bank.kr에서 확인하실 수 있습니다. [1]", None),
        ("자세한 내용은 gaon-bank.kr/예금에서 확인하실 수 있습니다. [1]", None),
        ("자세한 내용은 가온은행.한국으로 확인하실 수 있습니다. [1]", None),
        ("자세한 내용은 bank.kr에서 확인하실 수 있습니다. [1]", Some(Fault::Link)),
        ("자세한 내용은 gaon-bank.kr.evil.com에서 확인하실 수 있습니다. [1]", Some(Fault::Link)),
        ("자세한 내용은 새가온은행.한국에서 확인하실 수 있습니다. [1]", Some(Fault::Link)),
    ] {
        assert_eq!(let_out(passage, answer).1, fault, "{answer}");
    }
}

#[test]
fn a_bound_is_one_of_the_passage() {
    for (passage, answer, expected) in [
        ("월 납입 한도는 30만원입니다.", "월 납입 한도는 30만원 이상입니다. [1]", Some(Fault::Figure)),
        ("월 납입 한도는 30만원입니다.", "월 납입 한도는 30만원 미만입니다. [1]", Some(Fault::Figure)),
        ("월 납입 한도는 30만원입니다.", "월 납입 한도는 최소 30만원입니다. [1]", Some(Fault::Figure)),
        ("월 납입 한도는 30만원입니다.", "월 납입 한도는 최대 30만원입니다. [1]", None),
        ("월 납입 한도는 30만원입니다.", "월 30만원까지 납입하실 수 있는 한도입니다. [1]", None),
        ("최소 가입 금액은 100만원입니다.", "최대 가입 금액은 100만원입니다. [1]", Some(Fault::Figure)),
        ("최소 가입 금액은 100만원입니다.", "가입 금액은 100만원 이상입니다. [1]", None),
        ("최소 가입 금액은 100만원입니다.", "가입 금액은 100만원 이하입니다. [1]", Some(Fault::Figure)),
    ] {
        assert_eq!(let_out(passage, answer).1, expected, "{answer}");
    }
}
