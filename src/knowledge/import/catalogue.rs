//! `documents.csv`: what a pack says of the documents that cannot say it themselves.
//!
//! Markdown has front matter. A Word file, a PDF or a table of questions has a row here, which gives it a title of the
//! bank's choice, a category, words customers use for it, and the days from and until which it holds.

use std::collections::HashMap;

use time::Date;

use crate::knowledge::import::ImportReport;
use crate::knowledge::import::check;
use crate::knowledge::import::csv;
use crate::knowledge::import::csv::At;
use crate::knowledge::import::document::extension;
use crate::knowledge::import::front_matter::day;
use crate::knowledge::pack::Category;
use crate::knowledge::pack::Document;

const COLUMNS: [&str; 7] = ["file", "title", "category", "domain", "keywords", "effective_from", "effective_until"];

/// What one row says. Empty where its cell is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The document's path below `documents/`.
    path: String,
    title: String,
    category: String,
    domain: String,
    keywords: Vec<String>,
    effective_from: Option<Date>,
    effective_until: Option<Date>,
}

/// Reads the rows. `paths` are those of all files below `documents/`; a row for none of them is refused, and so is a
/// second row for one, and a row for a document with front matter.
pub(super) fn entries(file: &str, text: &str, paths: &[String], report: &mut ImportReport) -> Vec<At<Entry>> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut entries = Vec::new();
    for At { line, value } in csv::rows(file, text, COLUMNS, report) {
        let [name, title, category, domain, keywords, from, until] = value;
        let path = name.strip_prefix("documents/").unwrap_or(&name).to_owned();
        let mut refuse = |found: String, remedy: &str| report.refuse_file(file, Some(line), found, remedy);
        if !paths.contains(&path) {
            refuse(format!("the document '{name}' does not exist"), "write its path below documents/");
            continue;
        }
        if extension(&path) == "md" {
            let remedy = "write it into the document's front matter, and take out the row";
            refuse(format!("'{name}' is Markdown and says this itself"), remedy);
            continue;
        }
        if let Some(first) = seen.insert(path.clone(), line) {
            refuse(format!("'{name}' stands in line {first} already"), "keep one of the two");
            continue;
        }
        let mut date = |text: &str| {
            day(text).unwrap_or_else(|(found, remedy)| {
                refuse(found, &remedy);
                None
            })
        };
        let (effective_from, effective_until) = (date(&from), date(&until));
        let keywords = keywords.split(';').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let value = Entry { path, title, category, domain, keywords, effective_from, effective_until };
        entries.push(At { line, value });
    }
    entries
}

/// Gives the documents what the rows say of them. A row's mistakes are told with its line, here and nowhere else.
/// `categories` are unknown where their file cannot be read.
pub(super) fn apply(
    file: &str,
    entries: Vec<At<Entry>>,
    documents: &mut [Document],
    categories: Option<&[Category]>,
    report: &mut ImportReport,
) {
    for At { line, value: entry } in entries {
        let known = report.problems.len();
        if !entry.category.is_empty() {
            check::category_exists(file, Some(line), &entry.category, categories, report);
        }
        check::domain_exists(file, Some(line), &entry.domain, categories, report);
        check::dates(file, Some(line), (entry.effective_from, entry.effective_until), report);
        // The document itself may have been refused.
        let Some(document) = documents.iter_mut().find(|document| document.source == entry.path) else { continue };
        if report.problems.len() > known {
            continue;
        }
        if !entry.title.is_empty() {
            document.title = entry.title;
        }
        if !entry.category.is_empty() {
            document.category = Some(entry.category);
        }
        document.domain = entry.domain;
        document.keywords = entry.keywords;
        document.effective_from = entry.effective_from;
        document.effective_until = entry.effective_until;
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const HEADER: &str = "file,title,category,domain,keywords,effective_from,effective_until\n";

    fn category() -> Category {
        Category {
            name: "카드".into(),
            domain: "CARD".into(),
            domain_name: "카드".into(),
            policy: crate::knowledge::pack::Policy::Answer,
            priority: 1,
            required_slots: Vec::new(),
            optional_slots: Vec::new(),
        }
    }

    fn document(source: &str) -> Document {
        Document {
            id: "a".into(),
            source: source.into(),
            title: "문서의 제목".into(),
            category: None,
            domain: String::new(),
            keywords: Vec::new(),
            effective_from: None,
            effective_until: None,
            sections: Vec::new(),
        }
    }

    /// Applies these rows to `card/terms.pdf`, beside which lie a refused `card/broken.docx` and a Markdown document.
    fn applied(rows: &str) -> (Document, Vec<String>) {
        let paths = ["card/terms.pdf", "card/broken.docx", "card/a.md"].map(String::from);
        let mut documents = [document("card/terms.pdf")];
        let mut report = ImportReport::default();
        let entries = entries("documents.csv", &format!("{HEADER}{rows}"), &paths, &mut report);
        apply("documents.csv", entries, &mut documents, Some(&[category()]), &mut report);
        let [document] = documents;
        (document, report.problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_row_gives_its_document_what_the_file_cannot_say() {
        let (read, problems) = applied("card/terms.pdf,카드 약관,카드,CARD,연회비; 할부 ;,2026-01-01,2026-12-31\n");
        assert_eq!(problems, [""; 0]);
        assert_eq!(
            (read.title.as_str(), read.category.as_deref(), read.domain.as_str()),
            ("카드 약관", Some("카드"), "CARD")
        );
        assert_eq!(read.keywords, ["연회비", "할부"]);
        assert_eq!(read.effective_from.zip(read.effective_until), Some((date!(2026 - 01 - 01), date!(2026 - 12 - 31))));
        let (read, problems) = applied("documents/card/terms.pdf,,,,,,\ncard/broken.docx,제목,카드,,,,\n");
        assert_eq!((read.title.as_str(), read.category, problems.len()), ("문서의 제목", None, 0));
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        for (rows, expected) in [
            ("card/none.pdf,,,,,,\n", "documents.csv:2: the document 'card/none.pdf' does not exist: write its path"),
            (",제목,,,,,\n", "documents.csv:2: the document '' does not exist"),
            (
                "card/terms.pdf,,,,,,\ncard/terms.pdf,,,,,,\n",
                "documents.csv:3: 'card/terms.pdf' stands in line 2 already",
            ),
            ("card/a.md,제목,,,,,\n", "documents.csv:2: 'card/a.md' is Markdown and says this itself: write it into"),
            ("card/terms.pdf,,대출,,,,\n", "documents.csv:2: the category '대출' does not exist"),
            ("card/terms.pdf,,,LOAN,,,\n", "documents.csv:2: the domain 'LOAN' does not exist"),
            ("card/terms.pdf,,,,,2026.1.1,\n", "documents.csv:2: '2026.1.1' is not a date: write it like 2026-01-31"),
            ("card/terms.pdf,,,,,,2026-02-30\n", "documents.csv:2: '2026-02-30' is not a date"),
            ("card/terms.pdf,,,,,2026-02-01,2026-01-01\n", "documents.csv:2: it ends (2026-01-01) before it begins"),
            ("card/terms.pdf,제목\n", "documents.csv:2: the row has 2 cells: it needs 7"),
        ] {
            let (_, problems) = applied(rows);
            assert!(problems.len() == 1 && problems[0].starts_with(expected), "{rows}: {problems:?}");
        }
    }
}
