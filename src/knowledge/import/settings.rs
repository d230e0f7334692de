//! The TOML files of a pack: `pack.toml`, `categories.toml` and `slots.toml`. Unknown keys are errors.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::knowledge::gates::Gates;
use crate::knowledge::import::ImportReport;
use crate::knowledge::pack::Category;
use crate::knowledge::pack::Policy;
use crate::knowledge::pack::Slot;
use crate::knowledge::pack::Thresholds;
use crate::knowledge::pack::Topic;

/// `pack.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PackFile {
    pub name: String,
    pub language: String,
    pub greeting: String,
    #[serde(default)]
    pub hours: BTreeMap<String, String>,
    #[serde(default)]
    pub phones: BTreeMap<String, String>,
    #[serde(default)]
    pub thresholds: ThresholdsTable,
    #[serde(default)]
    pub topics: Vec<TopicTable>,
    #[serde(default)]
    pub gates: Gates,
}

/// `[thresholds]`; what is left out keeps its default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ThresholdsTable {
    answer_score_min: Option<f32>,
    category_confidence_min: Option<f32>,
}

/// `[[topics]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopicTable {
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

/// Reads `pack.toml`; `None`, with the reason in the report, when it cannot be read.
pub(super) fn pack(file: &str, text: &str, report: &mut ImportReport) -> Option<PackFile> {
    let pack: PackFile = toml_of(file, text, report)?;
    for (key, value) in [("name", &pack.name), ("language", &pack.language), ("greeting", &pack.greeting)] {
        if value.trim().is_empty() {
            report.refuse_file(file, None, format!("'{key}' is empty"), "fill it in");
        }
    }
    Some(pack)
}

impl PackFile {
    /// The thresholds, checked.
    pub fn thresholds(&self, file: &str, report: &mut ImportReport) -> Thresholds {
        let default = Thresholds::default();
        let mut checked = |key: &str, value: Option<f32>, default: f32| {
            let value = value.unwrap_or(default);
            if !(0.0..=1.0).contains(&value) {
                report.refuse_file(file, None, format!("thresholds.{key} is {value}"), "write a number from 0 to 1");
            }
            value
        };
        let ThresholdsTable { answer_score_min, category_confidence_min } = self.thresholds;
        Thresholds {
            answer_score_min: checked("answer_score_min", answer_score_min, default.answer_score_min),
            category_confidence_min: checked(
                "category_confidence_min",
                category_confidence_min,
                default.category_confidence_min,
            ),
        }
    }

    /// The gates, checked.
    pub fn gates(&self, file: &str, report: &mut ImportReport) -> Gates {
        for (name, value) in self.gates.iter() {
            if !(0.0..=1.0).contains(&value) {
                report.refuse_file(file, None, format!("gates.{name} is {value}"), "write a number from 0 to 1");
            }
        }
        self.gates
    }

    /// The topics.
    pub fn topics(&self) -> Vec<Topic> {
        let topic = |topic: &TopicTable| Topic { label: topic.label.clone(), message: topic.message.clone() };
        self.topics.iter().map(topic).collect()
    }
}

/// Reads `categories.toml`.
pub(super) fn categories(file: &str, text: &str, report: &mut ImportReport) -> Vec<Category> {
    let tables = toml_of::<CategoriesFile>(file, text, report).map(|file| file.category).unwrap_or_default();
    tables.into_iter().map(Category::from).collect()
}

/// Reads `slots.toml`.
pub(super) fn slots(file: &str, text: &str, report: &mut ImportReport) -> Vec<Slot> {
    let tables = toml_of::<SlotsFile>(file, text, report).map(|file| file.slot).unwrap_or_default();
    tables.into_iter().map(Slot::from).collect()
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

fn toml_of<T: DeserializeOwned>(file: &str, text: &str, report: &mut ImportReport) -> Option<T> {
    match toml::from_str(text) {
        Ok(value) => Some(value),
        Err(error) => {
            let line = error.span().map(|span| {
                let newlines = text.bytes().take(span.start).filter(|&byte| byte == b'\n').count();
                u32::try_from(newlines + 1).unwrap_or(u32::MAX)
            });
            report.refuse_file(
                file,
                line,
                error.message(),
                "correct the TOML; the demo's pack, packaging/demo-pack, shows every key",
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_are_read() {
        let mut report = ImportReport::default();
        let text = "name = '가온은행'\nlanguage = 'ko'\ngreeting = '안녕하세요.'\n[hours]\nweekdays = '09:00-18:00'\n\
                    [thresholds]\nanswer_score_min = 0.5\n[[topics]]\nlabel = '금리'\nmessage = '금리는?'\n";
        let file = pack("pack.toml", text, &mut report).unwrap();
        let thresholds = file.thresholds("pack.toml", &mut report);
        assert_eq!((thresholds.answer_score_min, thresholds.category_confidence_min), (0.5, 0.4));
        assert_eq!(file.topics()[0].label, "금리");
        let categories = categories(
            "categories.toml",
            "[[category]]\nname = '대출'\ndomain = 'LOAN'\ndomain_name = '대출'\npolicy = 'ask'\nrequired_slots = ['금액']\n",
            &mut report,
        );
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
    fn thresholds_outside_their_range_are_refused() {
        for value in ["1.5", "-0.1", "nan", "inf"] {
            let mut report = ImportReport::default();
            let text = format!("name='a'\nlanguage='ko'\ngreeting='b'\n[thresholds]\nanswer_score_min = {value}\n");
            pack("pack.toml", &text, &mut report).unwrap().thresholds("pack.toml", &mut report);
            assert_eq!(report.problems.len(), 1, "{value}");
        }
    }
}
