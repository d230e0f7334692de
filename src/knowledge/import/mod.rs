//! Reading a knowledge pack: a folder, a `.zip`, or the files of the demo, which are part of the program.
//!
//! A pack is imported whole or not at all. Every file is looked at before a pack is refused, so one import tells its
//! owner everything that is wrong. Documents are Markdown, CSV, and what word processors write (.docx, .hwpx, .hwp) or
//! print (.pdf); these are read by a child process, whatever they do to it ([`Readers`]).
//! This module knows no database and swaps nothing: it turns files into a [`Pack`].

mod archive;
mod catalogue;
mod check;
mod child;
mod csv;
mod document;
mod docx;
mod extract;
mod format;
mod front_matter;
mod grid;
mod hangul;
mod hwp;
mod hwpx;
mod markdown;
mod marks;
mod numbering;
mod outline;
mod package;
mod pdf;
mod report;
mod settings;
mod source;
mod tables;

use std::borrow::Cow;
use std::path::Path;
use std::path::PathBuf;

pub use child::COMMAND;
pub use child::Readers;
pub use child::read_as_child;
pub use format::Format;
pub use report::FileReport;
pub use report::ImportReport;
pub use report::Problem;
pub use source::Limits;

use crate::knowledge::import::document::DocumentReader;
use crate::knowledge::import::source::Allowance;
use crate::knowledge::import::source::SourceFile;
use crate::knowledge::import::tables::Shelf;
use crate::knowledge::import::tables::Tables;
use crate::knowledge::pack::Pack;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file or folder could not be read.
    #[error("reading {}: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path is neither a folder nor a `.zip`.
    #[error("{} is neither a folder nor a .zip file; give the folder that holds pack.toml", .0.display())]
    NotAPack(PathBuf),
    /// The archive is damaged or of a kind that cannot be read.
    #[error("reading the archive {}: {source}; pack the folder again as a plain .zip", path.display())]
    BrokenArchive {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        source: zip::result::ZipError,
    },
    /// The pack as a whole is over a limit.
    #[error("the pack is too large: it may have {limit}")]
    TooLarge {
        /// What is allowed.
        limit: String,
    },
    /// The files were read and something in them is wrong. The report lists all of it.
    #[error("the knowledge pack was not imported:\n{}", .0.problem_list())]
    Refused(Box<ImportReport>),
}

/// Reads the pack in a folder or `.zip` file, within the default [`Limits`].
///
/// # Errors
/// [`ImportError`]; when files of the pack are at fault, [`ImportError::Refused`] with every problem of every file.
pub fn read(path: &Path, readers: &Readers) -> Result<(Pack, ImportReport), ImportError> {
    read_within(path, Limits::default(), readers)
}

/// As [`read`], within other limits.
///
/// # Errors
/// As [`read`].
pub fn read_within(path: &Path, limits: Limits, readers: &Readers) -> Result<(Pack, ImportReport), ImportError> {
    let mut report = ImportReport::default();
    let unreadable = |source| ImportError::Unreadable { path: path.to_owned(), source };
    let files = if path.metadata().map_err(unreadable)?.is_dir() {
        source::folder(path, limits, &mut report)?
    } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip")) {
        archive::zip(path, limits, &mut report)?
    } else {
        return Err(ImportError::NotAPack(path.to_owned()));
    };
    assemble(&files, DocumentReader::new(readers, limits), report)
}

/// Reads a pack whose files, named by their path inside the pack, are in memory already.
///
/// # Errors
/// As [`read`].
pub fn read_embedded<'a>(
    files: impl Iterator<Item = (String, Cow<'a, [u8]>)>,
    readers: &Readers,
) -> Result<(Pack, ImportReport), ImportError> {
    let mut report = ImportReport::default();
    let limits = Limits::default();
    let mut allowance = Allowance::new(limits);
    let mut kept = Vec::new();
    for (name, bytes) in files {
        allowance.count_file()?;
        // The same limits as for any other pack; what is in the program is not copied.
        if allowance.admit(&name, bytes.len() as u64, &mut report)? {
            kept.push(SourceFile { name: source::composed(&name), bytes });
        }
    }
    kept.sort_by(|a, b| a.name.cmp(&b.name));
    assemble(&kept, DocumentReader::new(readers, limits), report)
}

/// The stable id of a document: its path without the extension, in letters, digits and hyphens.
pub(super) fn slug(source: &str) -> String {
    let path = source.rsplit_once('.').map_or(source, |(path, _)| path);
    let words = path.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// Turns the files into a pack, or into the list of what is wrong with them.
fn assemble(
    files: &[SourceFile<'_>],
    mut reader: DocumentReader<'_>,
    mut report: ImportReport,
) -> Result<(Pack, ImportReport), ImportError> {
    let mut tables = Tables::default();
    let mut shelf = Shelf::default();
    for file in files {
        if let Some(path) = file.name.strip_prefix("documents/") {
            shelf.paths.push(path.to_owned());
            if let Some(read) = reader.read(file, path, &mut report) {
                shelf.documents.push(read.document);
                shelf.categories.extend(read.categories.into_iter().map(|category| (file.name.clone(), category)));
            }
        } else if !is_note(&file.name) && !tables.take(file, &mut report) {
            let remedy = "documents belong into documents/, notes into README.md";
            report.refuse_file(&file.name, None, "this file is no part of a knowledge pack", remedy);
        }
    }
    if shelf.paths.is_empty() {
        let remedy = "add .md, .docx, .pdf, .hwpx, .hwp or .csv files";
        report.refuse_file("documents/", None, "there is no document in it", remedy);
    }
    let pack = tables.into_pack(shelf, &mut report);
    report.finish();
    if report.problems.is_empty() { Ok((pack, report)) } else { Err(ImportError::Refused(Box::new(report))) }
}

/// Files for the people who look after the pack.
fn is_note(name: &str) -> bool {
    !name.contains('/') && ["README", "LICENSE", "CHANGELOG"].iter().any(|note| name.starts_with(note))
}

#[cfg(test)]
mod tests;
