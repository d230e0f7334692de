//! The parsed pack: plain data, checked once by `import`, stored as bytes and never edited.

use std::collections::BTreeMap;

use regex::Regex;
use regex::RegexBuilder;
use serde::Deserialize;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;
use time::Date;

use crate::domain::Intent;
use crate::domain::Ticket;
use crate::knowledge::gates::Gates;

/// Everything a bank brings in: its documents, its categories and the words its customers use (지식 팩).
/// The default is the pack of a bank that has not brought anything in yet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Pack {
    /// The bank's name, as customers read it.
    pub name: String,
    /// The language of the documents, for example `ko`.
    pub language: String,
    /// What the assistant says first.
    pub greeting: String,
    /// Agents' working hours in KST, for example `weekdays` to `09:00-18:00`.
    pub hours: BTreeMap<String, String>,
    /// Telephone numbers by name, for example `customer_center` to `1588-0000`.
    pub phones: BTreeMap<String, String>,
    /// When the machine trusts itself.
    pub thresholds: Thresholds,
    /// Questions offered as buttons beside the greeting.
    pub topics: Vec<Topic>,
    /// The documents answers are taken from, ordered by file name.
    pub documents: Vec<Document>,
    /// What inquiries are sorted into.
    pub categories: Vec<Category>,
    /// What may be asked before an agent takes over.
    pub slots: Vec<Slot>,
    /// Examples the classifier learns from.
    pub utterances: Vec<Utterance>,
    /// Words that mean the same, in both directions.
    pub synonyms: Vec<Synonym>,
    /// Other companies and products, which are not ours to answer for.
    pub others: Vec<String>,
    /// Questions with known answers, for measuring.
    pub tests: Vec<Test>,
    /// What a measurement has to reach before the pack is published.
    pub gates: Gates,
    /// Prompts of language models instead of the built-in ones, by [`name`](crate::knowledge::PromptKind).
    pub prompts: BTreeMap<String, String>,
}

/// When the machine trusts itself. Both are from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// How probable it has to be at least that a passage answers.
    pub answer_score_min: f32,
    /// The least confidence with which a category is believed.
    pub category_confidence_min: f32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { answer_score_min: 0.5, category_confidence_min: 0.4 }
    }
}

/// A question offered as a button.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// What the button says.
    pub label: String,
    /// What is sent when it is pressed.
    pub message: String,
}

/// What happens to inquiries of a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// The documents answer.
    Answer,
    /// Details are asked for first.
    Ask,
    /// A person takes it.
    Person,
    /// A person takes it at once, without consent and without questions: fraud that is happening (design D6).
    Urgent,
}

/// A kind of inquiry (문의 유형).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// The name utterances, documents and tests refer to.
    pub name: String,
    /// The code of the business domain it belongs to, for example `LOAN`.
    pub domain: String,
    /// The domain's name as people read it; the code where the pack gives none.
    pub domain_name: String,
    /// What happens to its inquiries.
    pub policy: Policy,
    /// How urgent its inquiries are: the smaller the number, the sooner.
    pub priority: u8,
    /// Slots without which an agent cannot begin.
    pub required_slots: Vec<String>,
    /// Slots that help an agent.
    pub optional_slots: Vec<String>,
}

impl Category {
    /// The domain of inquiries that belong nowhere else (wire contract §7).
    const DEFAULT_DOMAIN: &str = "_DEFAULT";

    /// Whether details are collected under it when no other category was recognised.
    pub fn is_default(&self) -> bool {
        self.domain == Self::DEFAULT_DOMAIN
    }
}

/// One detail a customer may be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// The name categories refer to.
    pub name: String,
    /// What agents read.
    pub label: String,
    /// What the customer is asked.
    pub question: String,
    /// A regular expression found in every good answer, whose first group is the value; empty for free text.
    pub pattern: String,
    /// Good answers.
    pub examples: Vec<String>,
    /// The answer is personal data.
    pub personal: bool,
}

impl Slot {
    /// Compiled size of a pattern. Slots are short; a larger one is a mistake or an attack on memory.
    pub const PATTERN_BYTES_MAX: usize = 1 << 20;

    /// The compiled pattern; `None` for free text. An imported pack's patterns always compile.
    ///
    /// # Errors
    /// When the pattern is not a regular expression or compiles to more than [`Self::PATTERN_BYTES_MAX`].
    pub fn regex(&self) -> Result<Option<Regex>, regex::Error> {
        if self.pattern.is_empty() {
            return Ok(None);
        }
        RegexBuilder::new(&self.pattern).size_limit(Self::PATTERN_BYTES_MAX).build().map(Some)
    }
}

/// One document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its path below `documents/` as letters, digits and hyphens: stable over imports of the same file.
    pub id: String,
    /// Its path below `documents/`.
    pub source: String,
    /// Its title.
    pub title: String,
    /// The category it belongs to.
    pub category: Option<String>,
    /// The code of the business domain it belongs to; empty where neither it nor its category names one.
    pub domain: String,
    /// Words customers use for it.
    pub keywords: Vec<String>,
    /// The first day (KST) it may be used as an answer.
    pub effective_from: Option<Date>,
    /// The last day (KST) it may be used as an answer.
    pub effective_until: Option<Date>,
    /// Its contents, in reading order.
    pub sections: Vec<Section>,
}

impl Document {
    /// What it is called: its title, and the words customers use for it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [self.title.as_str()].into_iter().chain(self.keywords.iter().map(String::as_str))
    }
}

/// The part of a document under one heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The headings above it from the outermost inwards, joined by ` > `; empty where there is none.
    pub heading: String,
    /// The page it begins on; 1 where the format has no pages.
    pub page: u32,
    /// Its contents.
    pub blocks: Vec<Block>,
}

/// The smallest part of a document that makes sense on its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Block {
    /// Running text.
    Paragraph(String),
    /// Items; those of a numbered list begin with their number.
    List(Vec<String>),
    /// A table. Every row has as many cells as the header.
    Table {
        /// What the columns are.
        header: Vec<String>,
        /// The rows below the header.
        rows: Vec<Vec<String>>,
    },
    /// A question with its answer.
    Faq {
        /// The question.
        question: String,
        /// The answer.
        answer: String,
    },
}

impl Block {
    /// Its texts, in reading order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let (texts, rows): (Vec<&str>, &[Vec<String>]) = match self {
            Self::Paragraph(text) => (vec![text], &[]),
            Self::List(items) => (items.iter().map(String::as_str).collect(), &[]),
            Self::Table { header, rows } => (header.iter().map(String::as_str).collect(), rows),
            Self::Faq { question, answer } => (vec![question, answer], &[]),
        };
        texts.into_iter().chain(rows.iter().flatten().map(String::as_str))
    }
}

/// An example of what customers write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Utterance {
    /// The category it belongs to.
    pub category: String,
    /// What the customer wrote.
    pub utterance: String,
}

/// Two terms that mean the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synonym {
    /// The one.
    pub term: String,
    /// The other.
    pub synonym: String,
}

/// A question whose answer is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Test {
    /// What the customer writes.
    pub utterance: String,
    /// The right category, if there is one.
    pub category: Option<String>,
    /// The right triage, if the pack says.
    pub ticket: Option<Ticket>,
    /// What the customer wants, if the pack says.
    pub intent: Option<Intent>,
    /// [`Document::id`] of the documents of which any one answers; empty where none does.
    pub documents: Vec<String>,
}

/// Why bytes are not a pack of this program, or a pack could not be turned into bytes.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The bytes are something else.
    #[error("reading the stored knowledge pack: these {bytes} bytes are not a knowledge pack; import the pack again")]
    NotAPack {
        /// How many bytes were given.
        bytes: usize,
    },
    /// Another version of the program wrote it.
    #[error(
        "reading the stored knowledge pack: it has format {found}, this program reads format {expected}; \
         import the pack again with this version"
    )]
    OtherFormat {
        /// The format of the bytes.
        found: u16,
        /// [`Pack::FORMAT`].
        expected: u16,
    },
    /// The bytes are cut off or changed.
    #[error("reading the stored knowledge pack: it is damaged; restore a backup or import the pack again")]
    Damaged(#[source] postcard::Error),
    /// The pack could not be written as bytes.
    #[error("storing the knowledge pack")]
    Unwritable(#[source] postcard::Error),
}

impl Pack {
    /// The format of [`Self::to_bytes`]. Raised whenever a field of the pack changes.
    pub const FORMAT: u16 = 3;
    /// The format before packs had prompts. A pack without any is still written in it, so that it keeps its digest.
    const FORMAT_WITHOUT_PROMPTS: u16 = 2;

    /// The pack as bytes. The same pack always gives the same bytes.
    ///
    /// # Errors
    /// [`PackError::Unwritable`], which the types of a pack give no reason for.
    pub fn to_bytes(&self) -> Result<Vec<u8>, PackError> {
        let mut bytes = MAGIC.to_vec();
        let has_prompts = !self.prompts.is_empty();
        let format = if has_prompts { Self::FORMAT } else { Self::FORMAT_WITHOUT_PROMPTS };
        bytes.extend_from_slice(&format.to_le_bytes());
        let mut bytes = postcard::to_extend(self, bytes).map_err(PackError::Unwritable)?;
        if !has_prompts {
            // The last field, as an empty map.
            bytes.pop();
        }
        Ok(bytes)
    }

    /// The pack that [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`PackError`] when the bytes are something else, of another format, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PackError> {
        let not_a_pack = PackError::NotAPack { bytes: bytes.len() };
        let Some((format, body)) = bytes.strip_prefix(MAGIC).and_then(|rest| rest.split_first_chunk::<2>()) else {
            return Err(not_a_pack);
        };
        let found = u16::from_le_bytes(*format);
        let with_prompts;
        let body = match found {
            Self::FORMAT => body,
            Self::FORMAT_WITHOUT_PROMPTS => {
                with_prompts = [body, &[0]].concat();
                &with_prompts
            }
            found => return Err(PackError::OtherFormat { found, expected: Self::FORMAT }),
        };
        let (pack, rest) = postcard::take_from_bytes(body).map_err(PackError::Damaged)?;
        if rest.is_empty() { Ok(pack) } else { Err(PackError::Damaged(postcard::Error::DeserializeBadEncoding)) }
    }

    /// SHA-256 of [`Self::to_bytes`] in hexadecimal: the name decisions and indexes know the pack by.
    ///
    /// # Errors
    /// As [`Self::to_bytes`].
    pub fn digest(&self) -> Result<String, PackError> {
        let hash = Sha256::digest(self.to_bytes()?);
        Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether `document` may be used as an answer on `today`, a day in KST.
    pub fn is_in_force(document: &Document, today: Date) -> bool {
        is_within(document.effective_from, document.effective_until, today)
    }
}

/// Whether a day is neither before the first nor after the last; without a first or last there is no bound.
pub(super) fn is_within(first: Option<Date>, last: Option<Date>, day: Date) -> bool {
    first.is_none_or(|first| first <= day) && last.is_none_or(|last| day <= last)
}

const MAGIC: &[u8] = b"AICC-KNOWLEDGE";

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn pack() -> Pack {
        Pack {
            name: "가온은행".into(),
            language: "ko".into(),
            greeting: "안녕하세요.".into(),
            hours: BTreeMap::from([("weekdays".into(), "09:00-18:00".into())]),
            phones: BTreeMap::from([("customer_center".into(), "1588-0000".into())]),
            thresholds: Thresholds::default(),
            topics: vec![Topic { label: "금리".into(), message: "금리가 얼마인가요?".into() }],
            documents: vec![document(Some(date!(2026 - 01 - 01)), Some(date!(2026 - 12 - 31)))],
            categories: Vec::new(),
            slots: Vec::new(),
            utterances: vec![Utterance { category: "대출".into(), utterance: "대출 금리요".into() }],
            synonyms: vec![Synonym { term: "마통".into(), synonym: "마이너스통장".into() }],
            others: vec!["나온은행".into()],
            tests: vec![Test {
                utterance: "금리".into(),
                category: None,
                ticket: Some(Ticket::AutoAnswer),
                intent: None,
                documents: vec!["a".into()],
            }],
            gates: Gates { recall_at_1_min: Some(0.7), ..Gates::default() },
            prompts: BTreeMap::new(),
        }
    }

    fn document(effective_from: Option<Date>, effective_until: Option<Date>) -> Document {
        let blocks = vec![
            Block::Table { header: vec!["구분".into()], rows: vec![vec!["신용대출".into()]] },
            Block::Faq { question: "되나요?".into(), answer: "됩니다.".into() },
        ];
        Document {
            id: "a".into(),
            source: "a.md".into(),
            title: "제목".into(),
            category: None,
            domain: String::new(),
            keywords: vec!["금리".into()],
            effective_from,
            effective_until,
            sections: vec![Section { heading: "안내".into(), page: 1, blocks }],
        }
    }

    #[test]
    fn bytes_are_read_back_as_the_same_pack() {
        let prompts = BTreeMap::from([("answer".into(), "{passages}".into())]);
        for (pack, format) in [(pack(), 2), (Pack { prompts, ..pack() }, 3)] {
            let bytes = pack.to_bytes().unwrap();
            assert_eq!(bytes[MAGIC.len()], format, "a pack without prompts keeps the digest it had");
            assert_eq!(Pack::from_bytes(&bytes).unwrap(), pack);
        }
    }

    #[test]
    fn the_digest_follows_the_contents() {
        let mut changed = pack();
        changed.documents[0].sections[0].heading.push('!');
        assert_eq!(pack().digest().unwrap(), pack().digest().unwrap());
        assert_eq!(pack().digest().unwrap().len(), 64);
        assert_ne!(pack().digest().unwrap(), changed.digest().unwrap());
    }

    #[test]
    fn foreign_old_and_damaged_bytes_are_refused() {
        let good = pack().to_bytes().unwrap();
        let mut other_format = good.clone();
        other_format[MAGIC.len()] = 9;
        let mut longer = good.clone();
        longer.push(0);
        assert!(matches!(Pack::from_bytes(b""), Err(PackError::NotAPack { bytes: 0 })));
        assert!(matches!(Pack::from_bytes(b"PK\x03\x04"), Err(PackError::NotAPack { .. })));
        assert!(matches!(Pack::from_bytes(&other_format), Err(PackError::OtherFormat { found: 9, expected: 3 })));
        assert!(matches!(Pack::from_bytes(&longer), Err(PackError::Damaged(_))));
        for length in MAGIC.len() + 2..good.len() {
            assert!(Pack::from_bytes(&good[..length]).is_err(), "cut to {length} bytes");
        }
    }

    #[test]
    fn a_document_is_in_force_through_its_last_day() {
        let [from, until] = [date!(2026 - 11 - 01), date!(2026 - 11 - 30)];
        for (effective_from, effective_until, today, expected) in [
            (None, None, date!(1999 - 01 - 01), true),
            (Some(from), None, date!(2026 - 10 - 31), false),
            (Some(from), None, date!(2026 - 11 - 01), true),
            (None, Some(until), date!(2026 - 11 - 30), true),
            (None, Some(until), date!(2026 - 12 - 01), false),
            (Some(from), Some(until), date!(2026 - 11 - 15), true),
        ] {
            let document = document(effective_from, effective_until);
            assert_eq!(Pack::is_in_force(&document, today), expected, "{effective_from:?} {effective_until:?} {today}");
        }
    }

    #[test]
    fn a_pattern_that_would_eat_memory_is_refused() {
        let slot = |pattern: &str| Slot {
            name: "amount".into(),
            label: "금액".into(),
            question: "얼마인가요?".into(),
            pattern: pattern.into(),
            examples: Vec::new(),
            personal: false,
        };
        assert!(slot("").regex().unwrap().is_none());
        assert!(slot(r"^\d{4}$").regex().unwrap().is_some());
        assert!(slot(r"(\w{100}){100}").regex().is_err());
        assert!(slot("(").regex().is_err());
    }
}
