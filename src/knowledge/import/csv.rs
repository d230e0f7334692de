//! Tables of a pack: example utterances, synonyms, other companies, test questions, and FAQ documents.

use std::collections::HashMap;
use std::collections::HashSet;

use csv::Position;
use csv::ReaderBuilder;
use csv::StringRecord;

use crate::domain::Intent;
use crate::domain::Ticket;
use crate::knowledge::import::ImportReport;
use crate::knowledge::import::markdown::stem;
use crate::knowledge::import::slug;
use crate::knowledge::pack::Block;
use crate::knowledge::pack::Document;
use crate::knowledge::pack::Section;
use crate::knowledge::pack::Synonym;
use crate::knowledge::pack::Utterance;

/// A value and the line it stands in, so that a later check can point at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At<T> {
    pub line: u32,
    pub value: T,
}

/// A row of `tests.csv`, whose references are not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TestRow {
    pub utterance: String,
    pub category: Option<String>,
    pub ticket: Option<Ticket>,
    pub intent: Option<Intent>,
    pub documents: Vec<String>,
}

/// Characters of one utterance: what the chat accepts as one message.
const UTTERANCE_CHARS_MAX: usize = 2_000;

/// `utterances.csv`. The same words with two categories are refused, the same row twice is kept once.
pub(super) fn utterances(file: &str, text: &str, report: &mut ImportReport) -> Vec<At<Utterance>> {
    let mut seen: HashMap<String, (u32, String)> = HashMap::new();
    let mut utterances = Vec::new();
    for At { line, value: [category, utterance] } in rows(file, text, ["category", "utterance"], report) {
        if category.is_empty() || utterance.is_empty() {
            report.refuse_file(file, Some(line), "a cell is empty", "fill in category and utterance");
        } else if utterance.chars().count() > UTTERANCE_CHARS_MAX {
            let remedy = format!("{UTTERANCE_CHARS_MAX} characters at most");
            report.refuse_file(file, Some(line), "the utterance is too long", remedy);
        } else if let Some((first, other)) = seen.get(&utterance) {
            if *other != category {
                let found = format!("'{utterance}' is '{category}' here and '{other}' in line {first}");
                report.refuse_file(file, Some(line), found, "keep one of the two");
            }
        } else {
            seen.insert(utterance.clone(), (line, category.clone()));
            utterances.push(At { line, value: Utterance { category, utterance } });
        }
    }
    utterances
}

/// `synonyms.csv`.
pub(super) fn synonyms(file: &str, text: &str, report: &mut ImportReport) -> Vec<Synonym> {
    let mut seen = HashSet::new();
    let mut synonyms = Vec::new();
    for At { line, value: [term, synonym] } in rows(file, text, ["term", "synonym"], report) {
        if term.is_empty() || synonym.is_empty() || term == synonym {
            report.refuse_file(file, Some(line), "this is not a pair of terms", "write two different terms");
        } else if seen.insert((term.clone(), synonym.clone())) {
            synonyms.push(Synonym { term, synonym });
        }
    }
    synonyms
}

/// `others.csv`.
pub(super) fn others(file: &str, text: &str, report: &mut ImportReport) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut terms = Vec::new();
    for At { line, value: [term] } in rows(file, text, ["term"], report) {
        if term.chars().count() < 2 {
            report.refuse_file(file, Some(line), "the term is too short", "write at least two characters");
        } else if seen.insert(term.clone()) {
            terms.push(term);
        }
    }
    terms
}

/// The columns of `tests.csv`; the last may be left out.
const TEST_COLUMNS: [&str; 5] = ["utterance", "category", "ticket", "document", "intent"];

/// `tests.csv`. Several documents of which any one answers are separated by semicolons.
pub(super) fn tests(file: &str, text: &str, report: &mut ImportReport) -> Vec<At<TestRow>> {
    let has_intents = text.lines().next().is_some_and(|header| header.split(',').count() == TEST_COLUMNS.len());
    let read = if has_intents {
        rows(file, text, TEST_COLUMNS, report)
    } else {
        let [columns @ .., _] = TEST_COLUMNS;
        let with_intent = |At { line, value }: At<[String; 4]>| {
            let [utterance, category, ticket, document] = value;
            At { line, value: [utterance, category, ticket, document, String::new()] }
        };
        rows(file, text, columns, report).into_iter().map(with_intent).collect()
    };
    let mut tests = Vec::new();
    for At { line, value: [utterance, category, ticket_word, document, intent_word] } in read {
        let (ticket, intent) = (Ticket::parse(&ticket_word), Intent::parse(&intent_word));
        if utterance.is_empty() {
            report.refuse_file(file, Some(line), "the utterance is empty", "write what the customer writes");
        } else if ticket.is_none() && !ticket_word.is_empty() {
            let remedy = "use SIMPLE_ANSWER, AUTO_ANSWER, NEED_MORE_INFO or HUMAN_REQUIRED, or leave it empty";
            report.refuse_file(file, Some(line), format!("the ticket '{ticket_word}' does not exist"), remedy);
        } else if intent.is_none() && !intent_word.is_empty() {
            let remedy = "use INFO_REQ, COMPLAINT or HUMAN_REQ, or leave it empty";
            report.refuse_file(file, Some(line), format!("the intent '{intent_word}' does not exist"), remedy);
        } else {
            let category = (!category.is_empty()).then_some(category);
            let documents = document.split(';').map(str::trim).filter(|name| !name.is_empty());
            let documents = documents.map(str::to_owned).collect();
            tests.push(At { line, value: TestRow { utterance, category, ticket, intent, documents } });
        }
    }
    tests
}

/// A table of questions and answers in `documents/`: one document, one section for each category.
/// Returns the document, and the line in which each category is named first.
pub(super) fn faq(file: &str, source: &str, text: &str, report: &mut ImportReport) -> (Document, Vec<At<String>>) {
    let mut sections: Vec<Section> = Vec::new();
    let mut categories = Vec::new();
    for At { line, value: [question, answer, category] } in rows(file, text, ["question", "answer", "category"], report)
    {
        if question.is_empty() || answer.is_empty() {
            report.refuse_file(file, Some(line), "a cell is empty", "fill in question and answer");
            continue;
        }
        let block = Block::Faq { question, answer };
        match sections.iter_mut().find(|section| section.heading == category) {
            Some(section) => section.blocks.push(block),
            None => {
                if !category.is_empty() {
                    categories.push(At { line, value: category.clone() });
                }
                sections.push(Section { heading: category, page: 1, blocks: vec![block] });
            }
        }
    }
    if sections.is_empty() {
        report.refuse_file(file, None, "there is no question in it", "add rows of question,answer,category");
    }
    // A file about one category is as good as a document with that category.
    let category = match &categories[..] {
        [only] if sections.len() == 1 => Some(only.value.clone()),
        _ => None,
    };
    let document = Document {
        id: slug(source),
        source: source.to_owned(),
        title: stem(source).replace(['-', '_'], " "),
        category,
        domain: String::new(),
        keywords: Vec::new(),
        effective_from: None,
        effective_until: None,
        sections,
    };
    (document, categories)
}

/// The rows of a table with exactly these columns, cells trimmed and blank rows left out.
pub(super) fn rows<const N: usize>(
    file: &str,
    text: &str,
    columns: [&str; N],
    report: &mut ImportReport,
) -> Vec<At<[String; N]>> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut is_header = true;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map(|position| narrow(position.line()));
                report.refuse_file(file, line, "the row cannot be read as CSV", "put cells with commas in quotes");
                continue;
            }
        };
        let line = record.position().map_or(1, |position| line_of(position, text));
        if record.position().is_some_and(|position| has_open_quote(position, text)) {
            let help = "end it with another one, or double it where it is meant as a character";
            report.refuse_file(file, Some(line), "a quotation mark in this row begins a cell that never ends", help);
            return rows;
        }
        let cells: Vec<_> = record.iter().map(str::trim).collect();
        if is_header {
            is_header = false;
            if cells != columns {
                let found = format!("the first line is '{}'", cells.join(","));
                report.refuse_file(file, Some(line), found, format!("it has to be '{}'", columns.join(",")));
                return rows;
            }
            continue;
        }
        if cells.iter().all(|cell| cell.is_empty()) {
            continue;
        }
        match cells_of(&record) {
            Some(value) => rows.push(At { line, value }),
            None => {
                let found = format!("the row has {} cells", cells.len());
                report.refuse_file(file, Some(line), found, format!("it needs {N}; put cells with commas in quotes"));
            }
        }
    }
    if is_header {
        report.refuse_file(file, None, "the file is empty", format!("begin with '{}'", columns.join(",")));
    }
    rows
}

fn cells_of<const N: usize>(record: &StringRecord) -> Option<[String; N]> {
    let cells: Vec<String> = record.iter().map(|cell| cell.trim().to_owned()).collect();
    cells.try_into().ok()
}

/// The line a record begins in. The reader's own position is before the blank lines it skips.
fn line_of(position: &Position, text: &str) -> u32 {
    let before = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let blank = text.bytes().skip(before).take_while(|&byte| byte == b'\n').count();
    narrow(position.line() + blank as u64)
}

/// Whether a quotation mark of the record at `position` has no other: then all that follows belongs to its cell.
fn has_open_quote(position: &Position, text: &str) -> bool {
    let begin = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.get(begin..).unwrap_or_default();
    // Such a cell spans the rest of the file, so only the last record has one.
    spans_the_rest(rest) && ends_in_quotes(rest)
}

/// Whether a record ends inside a cell that a quotation mark began. One within a cell is a character.
fn ends_in_quotes(record: &str) -> bool {
    let (mut is_quoted, mut begins) = (false, true);
    for byte in record.bytes() {
        match byte {
            b'"' if is_quoted => is_quoted = false,
            // Behind the end of a quoted cell it is a doubled one.
            b'"' if begins => is_quoted = true,
            _ => {}
        }
        begins = !is_quoted && matches!(byte, b',' | b'\n' | b'\r' | b'"');
    }
    is_quoted
}

/// Whether the first record of a text has all of it.
fn spans_the_rest(text: &str) -> bool {
    let mut records =
        ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes()).into_records();
    records.next();
    records.next().is_none()
}

fn narrow(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(read: impl Fn(&mut ImportReport)) -> Vec<String> {
        let mut report = ImportReport::default();
        read(&mut report);
        report.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn utterances_are_read_once_each() {
        let text =
            "category,utterance\n대출,\"금리, 알려줘\"\n\n대출 , 한도요 \n대출,한도요\n카드,화면이 5\" 인치예요\n";
        let mut report = ImportReport::default();
        let read = utterances("utterances.csv", text, &mut report);
        let texts: Vec<_> = read.iter().map(|row| (row.line, row.value.utterance.as_str())).collect();
        assert_eq!(texts, [(2, "금리, 알려줘"), (4, "한도요"), (6, "화면이 5\" 인치예요")]);
        assert_eq!(report.problems, []);
    }

    #[test]
    fn rows_that_are_not_what_they_should_be_are_refused_with_their_line() {
        let long = format!("category,utterance\n대출,{}\n", "가".repeat(2_001));
        for (text, expected) in [
            ("", "u.csv: the file is empty: begin with 'category,utterance'"),
            ("utterance,category\na,b\n", "u.csv:1: the first line is 'utterance,category': it has to be"),
            ("category,utterance\n대출\n", "u.csv:2: the row has 1 cells: it needs 2"),
            ("category,utterance\n대출,금리, 한도\n", "u.csv:2: the row has 3 cells: it needs 2"),
            ("category,utterance\n대출,\n", "u.csv:2: a cell is empty"),
            ("category,utterance\n대출,\"금리\"\" 알려줘\n", "u.csv:2: a quotation mark in this row begins"),
            ("category,utterance\n카드,한도\n대출,\"금리\n카드,분실\n", "u.csv:3: a quotation mark in this row begins"),
            ("category,utterance\n대출,금리\n카드,금리\n", "u.csv:3: '금리' is '카드' here and '대출' in line 2"),
            (&long, "u.csv:2: the utterance is too long: 2000 characters at most"),
        ] {
            let problems = problems(|report| drop(utterances("u.csv", text, report)));
            assert!(problems.len() == 1 && problems[0].starts_with(expected), "{text:.40}: {problems:?}");
        }
    }

    #[test]
    fn tests_may_leave_out_what_they_do_not_measure() {
        let text = "utterance,category,ticket,document\n금리요,대출,AUTO_ANSWER,loan/a.md\n날씨,,,\n";
        let mut report = ImportReport::default();
        let read = tests("t.csv", text, &mut report);
        assert_eq!(read[0].value.ticket, Some(Ticket::AutoAnswer));
        let row =
            TestRow { utterance: "날씨".into(), category: None, ticket: None, intent: None, documents: Vec::new() };
        assert_eq!(read[1], At { line: 3, value: row });
        let text = "utterance,category,ticket,document,intent\n금리요,,,loan/a.md; loan/b.md,COMPLAINT\n";
        let read = tests("t.csv", text, &mut report);
        assert_eq!(read[0].value.documents, ["loan/a.md", "loan/b.md"]);
        assert_eq!(read[0].value.intent, Some(Intent::Complaint));
        let problems = problems(|report| {
            tests("t.csv", "utterance,category,ticket,document\n금리,,ANSWER,\n", report);
        });
        assert!(problems[0].starts_with("t.csv:2: the ticket 'ANSWER' does not exist: use SIMPLE_ANSWER"));
    }

    #[test]
    fn questions_are_grouped_by_category() {
        let text =
            "question,answer,category\n되나요?,\"됩니다.\n내일도요.\",카드\n안 되나요?,네.,대출\n또요?,네.,카드\n";
        let mut report = ImportReport::default();
        let (document, categories) = faq("documents/card_faq.csv", "card_faq.csv", text, &mut report);
        let shape: Vec<_> = document.sections.iter().map(|part| (part.heading.as_str(), part.blocks.len())).collect();
        assert_eq!((document.title.as_str(), document.id.as_str()), ("card faq", "card-faq"));
        assert_eq!(shape, [("카드", 2), ("대출", 1)]);
        assert_eq!(categories.iter().map(|category| category.line).collect::<Vec<_>>(), [2, 4]);
    }
}
