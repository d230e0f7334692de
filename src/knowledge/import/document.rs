//! One file of `documents/`: by its extension it finds its reader, and the report hears what was read.
//!
//! Text formats are read here, binary ones where [`Readers`] says.

use std::time::Duration;
use std::time::Instant;

use crate::knowledge::import::FileReport;
use crate::knowledge::import::ImportReport;
use crate::knowledge::import::Limits;
use crate::knowledge::import::Readers;
use crate::knowledge::import::csv;
use crate::knowledge::import::csv::At;
use crate::knowledge::import::extract::Extracted;
use crate::knowledge::import::extract::Refusal;
use crate::knowledge::import::format::Format;
use crate::knowledge::import::markdown;
use crate::knowledge::import::report::percent;
use crate::knowledge::import::slug;
use crate::knowledge::import::source;
use crate::knowledge::import::source::SourceFile;
use crate::knowledge::pack::Block;
use crate::knowledge::pack::Document;

/// Up to one character in twenty may be unreadable. Ornaments of private fonts, one at the head of each line, stay
/// below that and are no loss; a font whose meaning is lost, of the headings or of the figures in a table, does not,
/// and sentences with holes would be quoted to customers.
const UNREADABLE_PERCENT_MAX: usize = 5;

/// A document, and the line in which each category of a table of questions is named first.
pub(super) struct Read {
    pub document: Document,
    pub categories: Vec<At<String>>,
}

/// Reads the files of `documents/` one after the other.
pub(super) struct DocumentReader<'a> {
    readers: &'a Readers,
    limits: Limits,
    /// Spent in child processes so far.
    time_spent: Duration,
}

impl<'a> DocumentReader<'a> {
    /// Nothing read yet.
    pub fn new(readers: &'a Readers, limits: Limits) -> Self {
        Self { readers, limits, time_spent: Duration::ZERO }
    }

    /// Reads one file, `path` being its path below `documents/`; `None`, with the reason in the report, when it is
    /// refused.
    pub fn read(&mut self, file: &SourceFile<'_>, path: &str, report: &mut ImportReport) -> Option<Read> {
        let extension = extension(path);
        if let Some(format) = Format::of(&extension) {
            let document = self.extract(format, file, path, report)?;
            return Some(Read { document, categories: Vec::new() });
        }
        let read = match extension.as_str() {
            "md" => {
                let text = source::text(file, report)?;
                let document = markdown::document(&file.name, path, &text, report);
                push_text(file, &text, &document, report);
                Read { document, categories: Vec::new() }
            }
            "csv" => {
                let text = source::text(file, report)?;
                let (document, categories) = csv::faq(&file.name, path, &text, report);
                push_text(file, &text, &document, report);
                Read { document, categories }
            }
            unknown => {
                let (found, remedy) = foreign(unknown);
                report.refuse_file(&file.name, None, found, remedy);
                return None;
            }
        };
        Some(read)
    }

    /// Reads a file of a binary format.
    fn extract(
        &mut self,
        format: Format,
        file: &SourceFile<'_>,
        path: &str,
        report: &mut ImportReport,
    ) -> Option<Document> {
        let read = match self.in_time(format, &file.bytes).and_then(readable) {
            Ok(read) => read,
            Err(Refusal { found, remedy }) => {
                report.refuse_file(&file.name, None, found, remedy);
                return None;
            }
        };
        let document = Document {
            id: slug(path),
            source: path.to_owned(),
            title: read.title.unwrap_or_else(|| markdown::stem(path).replace(['-', '_'], " ")),
            category: None,
            domain: String::new(),
            keywords: Vec::new(),
            effective_from: None,
            effective_until: None,
            sections: read.sections,
        };
        report.files.push(FileReport {
            pages: if format.has_pages() { read.pages } else { 0 },
            characters: read.characters,
            unreadable: read.unreadable,
            ..counted(&file.name, &document)
        });
        Some(document)
    }

    fn in_time(&mut self, format: Format, bytes: &[u8]) -> Result<Extracted, Refusal> {
        let Limits { documents_time_max, .. } = self.limits;
        if self.time_spent > documents_time_max {
            let minutes = documents_time_max.as_secs() / 60;
            let found = format!("the documents before it took more than {minutes} minutes (documents_time_max)");
            return Err(Refusal::new(found, "take out the documents that take so long, or split the pack"));
        }
        let begun = Instant::now();
        let read = self.readers.read(format, bytes, &self.limits);
        self.time_spent += begun.elapsed();
        read
    }
}

/// The extension of a file's name in small letters; empty where it has none.
pub(super) fn extension(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default()
}

/// Refuses a document of which too much is lost.
fn readable(read: Extracted) -> Result<Extracted, Refusal> {
    if read.unreadable * 100 > read.characters * UNREADABLE_PERCENT_MAX {
        let share = percent(read.unreadable, read.characters);
        return Err(Refusal::new(
            format!("{share} of its characters cannot be read, and {UNREADABLE_PERCENT_MAX}% is the most"),
            "save it again with its fonts embedded, or save it as .docx or .md",
        ));
    }
    Ok(read)
}

/// Why a file with another extension is no document, and what to do.
fn foreign(extension: &str) -> (String, &'static str) {
    match extension {
        "" => ("the file's name has no extension".to_owned(), "name it by its format, such as .docx or .md"),
        "doc" | "rtf" | "odt" => {
            (format!(".{extension} documents are not read"), "open it in the word processor and save it as .docx")
        }
        "hwt" | "hml" => (format!(".{extension} documents are not read"), "save it as .hwpx from the word processor"),
        _ => (
            format!(".{extension} is not a document format"),
            "documents are .md, .docx, .pdf, .hwpx, .hwp, or .csv with questions and answers",
        ),
    }
}

fn push_text(file: &SourceFile<'_>, text: &str, document: &Document, report: &mut ImportReport) {
    report.files.push(FileReport { characters: text.chars().count(), ..counted(&file.name, document) });
}

/// The report on a document's contents.
fn counted(file: &str, document: &Document) -> FileReport {
    let blocks = || document.sections.iter().flat_map(|section| &section.blocks);
    FileReport {
        file: file.to_owned(),
        sections: document.sections.len(),
        tables: blocks().filter(|block| matches!(block, Block::Table { .. })).count(),
        faq_entries: blocks().filter(|block| matches!(block, Block::Faq { .. })).count(),
        ..FileReport::default()
    }
}
