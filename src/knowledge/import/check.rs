//! What the files of a pack say of each other: every name that is referred to exists, and exists once.

use std::collections::HashMap;

use time::Date;

use crate::knowledge::import::ImportReport;
use crate::knowledge::import::csv::At;
use crate::knowledge::import::csv::TestRow;
use crate::knowledge::import::slug;
use crate::knowledge::pack::Category;
use crate::knowledge::pack::Document;
use crate::knowledge::pack::Slot;
use crate::knowledge::pack::Test;
use crate::knowledge::pack::Utterance;

/// Categories: each once, with slots that exist.
/// Slots are unknown where their file cannot be read, and then they are not missed.
pub(super) fn categories(file: &str, categories: &[Category], slots: Option<&[Slot]>, report: &mut ImportReport) {
    for (index, category) in categories.iter().enumerate() {
        let name = &category.name;
        if name.trim().is_empty() || category.domain.trim().is_empty() {
            report.refuse_file(file, None, format!("category '{name}' has no name or no domain"), "fill in both");
        }
        if categories[..index].iter().any(|earlier| earlier.name == *name) {
            report.refuse_file(file, None, format!("category '{name}' is there twice"), "keep one of the two");
        }
        let of_domain = categories[..index].iter().find(|earlier| earlier.domain == category.domain);
        if let Some(earlier) = of_domain.filter(|earlier| earlier.domain_name != category.domain_name) {
            let (domain, names) = (&category.domain, [&earlier.domain_name, &category.domain_name]);
            let found =
                format!("domain '{domain}' is called '{}' by one category and '{}' by '{name}'", names[0], names[1]);
            report.refuse_file(file, None, found, "give it one domain_name everywhere");
        }
        for slot in category.required_slots.iter().chain(&category.optional_slots) {
            if slots.is_some_and(|slots| !slots.iter().any(|known| known.name == *slot)) {
                let found = format!("category '{name}' asks for slot '{slot}', which does not exist");
                report.refuse_file(file, None, found, "add it to slots.toml or correct the name");
            }
        }
    }
}

/// Slots: each once, with a pattern that compiles and fits the slot's own examples.
pub(super) fn slots(file: &str, slots: &[Slot], report: &mut ImportReport) {
    for (index, slot) in slots.iter().enumerate() {
        let name = &slot.name;
        if [name, &slot.label, &slot.question].iter().any(|text| text.trim().is_empty()) {
            let found = format!("slot '{name}' has no name, no label or no question");
            report.refuse_file(file, None, found, "fill in all three");
        }
        if slots[..index].iter().any(|earlier| earlier.name == *name) {
            report.refuse_file(file, None, format!("slot '{name}' is there twice"), "keep one of the two");
        }
        match slot.regex() {
            Ok(None) => {}
            Ok(Some(pattern)) => {
                for example in slot.examples.iter().filter(|example| !pattern.is_match(example)) {
                    let found = format!("slot '{name}': its example '{example}' does not fit its pattern");
                    report.refuse_file(file, None, found, "correct the one or the other");
                }
            }
            Err(regex::Error::CompiledTooBig(bytes)) => {
                let found = format!("slot '{name}': the pattern is too complex");
                report.refuse_file(file, None, found, format!("it may compile to {bytes} bytes at most"));
            }
            Err(error) => {
                let found = format!("slot '{name}': the pattern is not a regular expression ({error})");
                report.refuse_file(file, None, found, "correct it, or leave it out for free text");
            }
        }
    }
}

/// Utterances: their categories exist, and there are two of them at least: one alone can be told from nothing.
pub(super) fn utterances(
    file: &str,
    rows: Vec<At<Utterance>>,
    categories: Option<&[Category]>,
    report: &mut ImportReport,
) -> Vec<Utterance> {
    for row in &rows {
        category_exists(file, Some(row.line), &row.value.category, categories, report);
    }
    if let [first, others @ ..] = &rows[..]
        && others.iter().all(|row| row.value.category == first.value.category)
    {
        let found = format!("all utterances are of '{}'", first.value.category);
        report.refuse_file(file, None, found, "add utterances of a second category: there is nothing to tell apart");
    }
    rows.into_iter().map(|row| row.value).collect()
}

/// A name of a category that some file uses. Where their file cannot be read, every name may be right.
pub(super) fn category_exists(
    file: &str,
    line: Option<u32>,
    name: &str,
    categories: Option<&[Category]>,
    report: &mut ImportReport,
) {
    if categories.is_some_and(|categories| !categories.iter().any(|category| category.name == name)) {
        let found = format!("the category '{name}' does not exist");
        report.refuse_file(file, line, found, "use a name of categories.toml");
    }
}

/// A code of a domain that a document uses; empty for none.
pub(super) fn domain_exists(
    file: &str,
    line: Option<u32>,
    code: &str,
    categories: Option<&[Category]>,
    report: &mut ImportReport,
) {
    let is_missing = |categories: &[Category]| !categories.iter().any(|category| category.domain == code);
    if !code.is_empty() && categories.is_some_and(is_missing) {
        let found = format!("the domain '{code}' does not exist");
        report.refuse_file(file, line, found, "use a domain of categories.toml or leave it out");
    }
}

/// The first and the last day a document holds: the first is not after the last.
pub(super) fn dates(
    file: &str,
    line: Option<u32>,
    (from, until): (Option<Date>, Option<Date>),
    report: &mut ImportReport,
) {
    if let (Some(from), Some(until)) = (from, until)
        && from > until
    {
        let found = format!("it ends ({until}) before it begins ({from})");
        report.refuse_file(file, line, found, "correct the dates");
    }
}

/// Documents: ids are unique, categories exist, the first day is not after the last.
/// A document without a domain takes its category's.
pub(super) fn documents(documents: &mut [Document], categories: Option<&[Category]>, report: &mut ImportReport) {
    let mut by_id: HashMap<String, String> = HashMap::new();
    for document in documents {
        let file = format!("documents/{}", document.source);
        if let Some(other) = by_id.insert(document.id.clone(), document.source.clone()) {
            let found = format!("its id '{}' is also that of documents/{other}", document.id);
            report.refuse_file(&file, None, found, "rename one of the two files");
        }
        if let Some(name) = &document.category {
            category_exists(&file, None, name, categories, report);
            let category = categories.into_iter().flatten().find(|category| category.name == *name);
            if let Some(category) = category.filter(|_| document.domain.is_empty()) {
                document.domain.clone_from(&category.domain);
            }
        }
        domain_exists(&file, None, &document.domain, categories, report);
        dates(&file, None, (document.effective_from, document.effective_until), report);
    }
}

/// Test questions: their categories and documents exist. A document is named by its path or its id, and may be one of
/// the `paths` whose document was refused.
pub(super) fn tests(
    file: &str,
    rows: Vec<At<TestRow>>,
    categories: Option<&[Category]>,
    (documents, paths): (&[Document], &[String]),
    report: &mut ImportReport,
) -> Vec<Test> {
    let mut tests = Vec::with_capacity(rows.len());
    for At { line, value: TestRow { utterance, category, ticket, intent, documents: names } } in rows {
        if let Some(name) = &category {
            category_exists(file, Some(line), name, categories, report);
        }
        let mut ids = Vec::with_capacity(names.len());
        for name in names {
            let path = name.strip_prefix("documents/").unwrap_or(&name);
            match documents.iter().find(|document| document.source == path || document.id == name) {
                Some(document) => ids.push(document.id.clone()),
                None if paths.iter().any(|refused| refused == path || slug(refused) == name) => {}
                None => {
                    let found = format!("the document '{name}' does not exist");
                    report.refuse_file(file, Some(line), found, "write its path below documents/");
                }
            }
        }
        tests.push(Test { utterance, category, ticket, intent, documents: ids });
    }
    tests
}
