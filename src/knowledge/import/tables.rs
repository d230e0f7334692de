//! The files of a pack that are not documents, and the pack that comes of them and the documents together.
//!
//! A file that could not be read is told once, with its own line; what other files say of its contents is then not
//! held against them.

use std::collections::BTreeMap;

use crate::knowledge::import::FileReport;
use crate::knowledge::import::ImportReport;
use crate::knowledge::import::catalogue;
use crate::knowledge::import::check;
use crate::knowledge::import::csv;
use crate::knowledge::import::csv::At;
use crate::knowledge::import::settings;
use crate::knowledge::import::source;
use crate::knowledge::import::source::SourceFile;
use crate::knowledge::pack::Document;
use crate::knowledge::pack::Pack;
use crate::knowledge::prompt::PromptKind;

const PACK: &str = "pack.toml";
const CATEGORIES: &str = "categories.toml";
const SLOTS: &str = "slots.toml";
const DOCUMENTS: &str = "documents.csv";
const UTTERANCES: &str = "utterances.csv";
const SYNONYMS: &str = "synonyms.csv";
const OTHERS: &str = "others.csv";
const TESTS: &str = "tests.csv";

/// The files, as text.
#[derive(Default)]
pub(super) struct Tables {
    pack: Table,
    categories: Table,
    slots: Table,
    documents: Table,
    utterances: Table,
    synonyms: Table,
    others: Table,
    tests: Table,
    /// Prompts of language models, by name.
    prompts: BTreeMap<String, String>,
}

/// One file.
#[derive(Default)]
enum Table {
    /// The pack has none.
    #[default]
    Absent,
    /// It is not text; the report says so.
    Unreadable,
    /// Its text.
    Text(String),
}

/// What was read of `documents/`.
#[derive(Default)]
pub(super) struct Shelf {
    /// The paths of all files below `documents/`, also of those that were refused.
    pub paths: Vec<String>,
    /// The documents.
    pub documents: Vec<Document>,
    /// The categories that tables of questions name, each with the table's path in the pack.
    pub categories: Vec<(String, At<String>)>,
}

impl Table {
    /// Reads its text; `None` where there is none or it cannot be read.
    fn read<T>(self, read: impl FnOnce(&str) -> T) -> Option<T> {
        match self {
            Self::Text(text) => Some(read(&text)),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

impl Tables {
    /// Takes a file's text; false for a file that is no part of a pack.
    pub fn take(&mut self, file: &SourceFile<'_>, report: &mut ImportReport) -> bool {
        let place = match file.name.as_str() {
            PACK => &mut self.pack,
            CATEGORIES => &mut self.categories,
            SLOTS => &mut self.slots,
            DOCUMENTS => &mut self.documents,
            UTTERANCES => &mut self.utterances,
            SYNONYMS => &mut self.synonyms,
            OTHERS => &mut self.others,
            TESTS => &mut self.tests,
            _ => return self.take_prompt(file, report),
        };
        let text = source::text(file, report);
        let characters = text.as_deref().map_or(0, |text| text.chars().count());
        report.files.push(FileReport { file: file.name.clone(), characters, ..FileReport::default() });
        *place = text.map_or(Table::Unreadable, Table::Text);
        true
    }

    /// Takes a file of `prompts/`.
    fn take_prompt(&mut self, file: &SourceFile<'_>, report: &mut ImportReport) -> bool {
        let Some(kind) = PromptKind::of_file(&file.name) else { return false };
        let text = source::text(file, report);
        let characters = text.as_deref().map_or(0, |text| text.chars().count());
        report.files.push(FileReport { file: file.name.clone(), characters, ..FileReport::default() });
        let Some(text) = text else { return true };
        match kind.check(&text) {
            Ok(()) => {
                self.prompts.insert(kind.name.to_owned(), text);
            }
            Err((found, remedy)) => report.refuse_file(&file.name, None, found, remedy),
        }
        true
    }

    /// The pack. What is wrong with it goes to the report; then the pack is of no use.
    pub fn into_pack(self, shelf: Shelf, report: &mut ImportReport) -> Pack {
        for (file, table) in [(PACK, &self.pack), (CATEGORIES, &self.categories), (UTTERANCES, &self.utterances)] {
            if matches!(table, Table::Absent) {
                report.refuse_file(file, None, "the file is missing", "every pack needs it");
            }
        }
        let Shelf { paths, mut documents, categories: named } = shelf;
        let slots = match self.slots {
            Table::Absent => Some(Vec::new()),
            Table::Unreadable => None,
            Table::Text(text) => settings::slots(SLOTS, &text, report),
        };
        let categories = self.categories.read(|text| settings::categories(CATEGORIES, text, report)).flatten();
        check::slots(SLOTS, slots.as_deref().unwrap_or_default(), report);
        check::categories(CATEGORIES, categories.as_deref().unwrap_or_default(), slots.as_deref(), report);
        let known = categories.as_deref();
        for (file, At { line, value }) in named {
            check::category_exists(&file, Some(line), &value, known, report);
        }
        let entries = self.documents.read(|text| catalogue::entries(DOCUMENTS, text, &paths, report));
        catalogue::apply(DOCUMENTS, entries.unwrap_or_default(), &mut documents, known, report);
        check::documents(&mut documents, known, report);
        let utterances = self.utterances.read(|text| csv::utterances(UTTERANCES, text, report)).unwrap_or_default();
        let utterances = check::utterances(UTTERANCES, utterances, known, report);
        let tests = self.tests.read(|text| csv::tests(TESTS, text, report)).unwrap_or_default();
        let tests = check::tests(TESTS, tests, known, (&documents, &paths), report);
        let synonyms = self.synonyms.read(|text| csv::synonyms(SYNONYMS, text, report)).unwrap_or_default();
        let others = self.others.read(|text| csv::others(OTHERS, text, report)).unwrap_or_default();
        let pack = self.pack.read(|text| settings::pack(PACK, text, report)).flatten().unwrap_or_default();
        Pack {
            documents,
            categories: categories.unwrap_or_default(),
            slots: slots.unwrap_or_default(),
            utterances,
            synonyms,
            others,
            tests,
            prompts: self.prompts,
            ..pack
        }
    }
}
