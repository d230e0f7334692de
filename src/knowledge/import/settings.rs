//! The TOML files of a pack: `pack.toml`, `categories.toml` and `slots.toml`. Unknown keys are errors.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use crate::knowledge::gates::Gates;
use crate::knowledge::hours::DAYS;
use crate::knowledge::hours::WEEKDAYS;
use crate::knowledge::hours::is_span;
use crate::knowledge::import::ImportReport;
use crate::knowledge::pack::Category;
use crate::knowledge::pack::Pack;
use crate::knowledge::pack::Policy;
use crate::knowledge::pack::Slot;
use crate::knowledge::pack::Thresholds;
use crate::knowledge::pack::Topic;

/// `pack.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackFile {
    name: String,
    language: String,
    greeting: String,
    #[serde(default)]
    hours: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    phones: BTreeMap<String, String>,
    #[serde(default)]
    thresholds: ThresholdsTable,
    #[serde(default)]
    topics: Vec<TopicTable>,
    #[serde(default)]
    gates: Gates,
}

/// The keys of `[phones]` that customers are told.
const PHONES: [&str; 2] = ["customer_center", "emergency"];

/// `[thresholds]`; what is left out keeps its default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ThresholdsTable {
    answer_score_min: Option<f32>,
    category_confidence_min: Option<f32>,
}

/// `[[topics]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TopicTable {
    label: String,
    message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoriesFile {
    #[serde(default)]
    category: Vec<CategoryTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryTable {
    name: String,
    domain: String,
    #[serde(default)]
    domain_name: String,
    policy: PolicyWord,
    #[serde(default = "priority_of_the_rest")]
    priority: u8,
    #[serde(default)]
    required_slots: Vec<String>,
    #[serde(default)]
    optional_slots: Vec<String>,
}

/// A category that does not say how urgent it is comes after those that do.
fn priority_of_the_rest() -> u8 {
    u8::MAX
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PolicyWord {
    Answer,
    Ask,
    Person,
    Urgent,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotsFile {
    #[serde(default)]
    slot: Vec<SlotTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotTable {
    name: String,
    label: String,
    question: String,
    #[serde(default)]
    pattern: String,
    #[serde(default)]
    examples: Vec<String>,
    #[serde(default)]
    personal: bool,
}

/// Reads `pack.toml` into what of a pack it holds; `None`, with the reason in the report, when it cannot be read.
pub(super) fn pack(file: &str, text: &str, report: &mut ImportReport) -> Option<Pack> {
    let table: PackFile = toml_of(file, text, report)?;
    for (key, value) in [("name", &table.name), ("language", &table.language), ("greeting", &table.greeting)] {
        if value.trim().is_empty() {
            report.refuse_file(file, None, format!("'{key}' is empty"), "fill it in");
        }
    }
    for name in table.phones.keys().filter(|name| !PHONES.contains(&name.as_str())) {
        let help = format!("name it one of {}: nothing else is told to customers", PHONES.join(", "));
        report.refuse_file(file, None, format!("'phones.{name}' is not known"), &help);
    }
    let topic = |topic: TopicTable| Topic { label: topic.label, message: topic.message };
    Some(Pack {
        name: table.name,
        language: table.language,
        greeting: table.greeting,
        hours: hours(file, text, table.hours, report),
        phones: table.phones,
        thresholds: thresholds(file, &table.thresholds, report),
        topics: table.topics.into_iter().map(topic).collect(),
        gates: gates(file, table.gates, report),
        ..Pack::default()
    })
}

/// The hours, checked.
fn hours(
    file: &str,
    text: &str,
    hours: BTreeMap<String, Spanned<String>>,
    report: &mut ImportReport,
) -> BTreeMap<String, String> {
    let example = "write them like weekdays = \"09:00-18:00\", and leave out a day without";
    if !hours.is_empty() && !hours.contains_key(WEEKDAYS) {
        report.refuse_file(file, None, "[hours] has no 'weekdays'", example);
    }
    for (day, span) in &hours {
        let line = Some(line_at(text, span.span().start));
        if !DAYS.contains(&day.as_str()) {
            let found = format!("hours.{day} is not known");
            report.refuse_file(file, line, found, format!("the days are {}", DAYS.join(", ")));
        } else if !is_span(span.get_ref()) {
            let found = format!("hours.{day} is '{}', which are no hours", span.get_ref());
            report.refuse_file(file, line, found, example);
        }
    }
    hours.into_iter().map(|(day, span)| (day, span.into_inner())).collect()
}

/// The thresholds, checked; what is left out keeps its default.
fn thresholds(file: &str, table: &ThresholdsTable, report: &mut ImportReport) -> Thresholds {
    let default = Thresholds::default();
    let mut checked = |key: &str, value: Option<f32>, default: f32| {
        let value = value.unwrap_or(default);
        if !(0.0..=1.0).contains(&value) {
            report.refuse_file(file, None, format!("thresholds.{key} is {value}"), "write a number from 0 to 1");
        }
        value
    };
    let ThresholdsTable { answer_score_min: score, category_confidence_min: confidence } = table;
    Thresholds {
        answer_score_min: checked("answer_score_min", *score, default.answer_score_min),
        category_confidence_min: checked("category_confidence_min", *confidence, default.category_confidence_min),
    }
}

/// The gates, checked.
fn gates(file: &str, gates: Gates, report: &mut ImportReport) -> Gates {
    for (name, value) in gates.iter() {
        if !(0.0..=1.0).contains(&value) {
            report.refuse_file(file, None, format!("gates.{name} is {value}"), "write a number from 0 to 1");
        }
    }
    gates
}

/// Reads `categories.toml`; `None`, with the reason in the report, when it cannot be read.
pub(super) fn categories(file: &str, text: &str, report: &mut ImportReport) -> Option<Vec<Category>> {
    match toml_of::<CategoriesFile>(file, text, report) {
        Some(tables) => Some(tables.category.into_iter().map(Category::from).collect()),
        None => {
            refuse_the_others(file, text, report);
            None
        }
    }
}

/// Reports the categories that cannot be read beside the first, which is reported already, so that nobody has to find them
/// one by one.
fn refuse_the_others(file: &str, text: &str, report: &mut ImportReport) {
    #[derive(Deserialize)]
    struct Unread {
        #[serde(default)]
        category: Vec<Spanned<toml::Table>>,
    }
    let Ok(Unread { category }) = toml::from_str(text) else { return };
    let unreadable = category.into_iter().filter_map(|table| {
        let line = line_at(text, table.span().start);
        let error = CategoryTable::deserialize(table.into_inner()).err()?;
        Some((line, error))
    });
    for (line, error) in unreadable.skip(1) {
        report.refuse_file(file, Some(line), error.message(), CORRECT_THE_TOML);
    }
}

/// Reads `slots.toml`; `None`, with the reason in the report, when it cannot be read.
pub(super) fn slots(file: &str, text: &str, report: &mut ImportReport) -> Option<Vec<Slot>> {
    let tables: SlotsFile = toml_of(file, text, report)?;
    Some(tables.slot.into_iter().map(Slot::from).collect())
}

impl From<CategoryTable> for Category {
    fn from(table: CategoryTable) -> Self {
        let domain_name = if table.domain_name.is_empty() { table.domain.clone() } else { table.domain_name };
        Self {
            name: table.name,
            domain: table.domain,
            domain_name,
            policy: match table.policy {
                PolicyWord::Answer => Policy::Answer,
                PolicyWord::Ask => Policy::Ask,
                PolicyWord::Person => Policy::Person,
                PolicyWord::Urgent => Policy::Urgent,
            },
            priority: table.priority,
            required_slots: table.required_slots,
            optional_slots: table.optional_slots,
        }
    }
}

impl From<SlotTable> for Slot {
    fn from(table: SlotTable) -> Self {
        let SlotTable { name, label, question, pattern, examples, personal } = table;
        Self { name, label, question, pattern, examples, personal }
    }
}

const CORRECT_THE_TOML: &str = "correct the TOML; the demo's pack, packaging/demo-pack, shows every key";

fn toml_of<T: DeserializeOwned>(file: &str, text: &str, report: &mut ImportReport) -> Option<T> {
    match toml::from_str(text) {
        Ok(value) => Some(value),
        Err(error) => {
            let line = error.span().map(|span| line_at(text, span.start));
            report.refuse_file(file, line, error.message(), CORRECT_THE_TOML);
            None
        }
    }
}

/// The line of a place in a text; the first is 1.
fn line_at(text: &str, offset: usize) -> u32 {
    let newlines = text.bytes().take(offset).filter(|&byte| byte == b'\n').count();
    u32::try_from(newlines + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_read() {
        let mut report = ImportReport::default();
        let text = "name = '가온은행'\nlanguage = 'ko'\ngreeting = '안녕하세요.'\n[hours]\nweekdays = '09:00-18:00'\n\
                    [thresholds]\nanswer_score_min = 0.5\n[[topics]]\nlabel = '금리'\nmessage = '금리는?'\n";
        let read = pack("pack.toml", text, &mut report).unwrap();
        assert_eq!((read.thresholds.answer_score_min, read.thresholds.category_confidence_min), (0.5, 0.4));
        assert_eq!((read.topics[0].label.as_str(), read.hours["weekdays"].as_str()), ("금리", "09:00-18:00"));
        let categories = categories(
            "categories.toml",
            "[[category]]\nname = '대출'\ndomain = 'LOAN'\ndomain_name = '대출'\npolicy = 'ask'\nrequired_slots = ['금액']\n",
            &mut report,
        )
        .unwrap();
        assert_eq!((categories[0].policy, categories[0].priority), (Policy::Ask, 255));
        assert_eq!(report.problems, []);
    }

    #[test]
    fn what_is_misspelt_is_refused_with_its_line() {
        let mut report = ImportReport::default();
        pack("pack.toml", "name = 'a'\nlanguage = 'ko'\ngreetings = 'x'\n", &mut report);
        categories("categories.toml", "[[category]]\nname = 'a'\ndomain = 'A'\npolicy = 'maybe'\n", &mut report);
        slots("slots.toml", "[[slot]]\nname = \n", &mut report);
        let lines: Vec<_> = report.problems.iter().map(|problem| (problem.file.as_str(), problem.line)).collect();
        assert_eq!(lines, [("pack.toml", Some(3)), ("categories.toml", Some(4)), ("slots.toml", Some(2))]);
        assert!(report.problems[0].found.contains("unknown field `greetings`"), "{}", report.problems[0]);
    }

    #[test]
    fn every_category_that_cannot_be_read_is_told() {
        let mut report = ImportReport::default();
        let text = "[[category]]\nname = 'a'\ndomain = 'A'\n\n[[category]]\nname = 'b'\ndomain = 'A'\npolicy = 'ask'\n\n\
                    [[category]]\nname = 'c'\npolicy = 'ask'\n";
        assert!(categories("categories.toml", text, &mut report).is_none());
        let found: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("categories.toml:1: missing field `policy`"), "{found:?}");
        assert!(found[1].contains("categories.toml:10: missing field `domain`"), "{found:?}");
    }

    #[test]
    fn thresholds_outside_their_range_are_refused() {
        for value in ["1.5", "-0.1", "nan", "inf"] {
            let mut report = ImportReport::default();
            let text = format!("name='a'\nlanguage='ko'\ngreeting='b'\n[thresholds]\nanswer_score_min = {value}\n");
            pack("pack.toml", &text, &mut report).unwrap();
            assert_eq!(report.problems.len(), 1, "{value}");
        }
    }

    #[test]
    fn hours_that_are_not_understood_are_refused_with_their_line() {
        for (hours, expected) in [
            (
                "weekdays = '09:00~18:00'",
                "pack.toml:5: hours.weekdays is '09:00~18:00', which are no hours: write them",
            ),
            (
                "weekdays = '09:00-18:00'\nsaturday = '휴무'",
                "pack.toml:6: hours.saturday is '휴무', which are no hours",
            ),
            ("weekdays = '18:00-09:00'", "pack.toml:5: hours.weekdays is '18:00-09:00'"),
            (
                "weekdays = '09:00-18:00'\nholiday = '09:00-18:00'",
                "pack.toml:6: hours.holiday is not known: the days are",
            ),
            ("saturday = '09:00-18:00'", "pack.toml: [hours] has no 'weekdays'"),
        ] {
            let mut report = ImportReport::default();
            let text = format!("name='a'\nlanguage='ko'\ngreeting='b'\n[hours]\n{hours}\n");
            pack("pack.toml", &text, &mut report).unwrap();
            assert_eq!(report.problems.len(), 1, "{hours}: {:?}", report.problems);
            assert!(report.problems[0].to_string().starts_with(expected), "{}", report.problems[0]);
        }
    }
}
