//! Where the files of a pack come from: a folder, or files already in memory. Archives are in `archive`.
//!
//! Everything read here is hostile until proved otherwise: sizes and counts are limited before bytes are kept,
//! links are not followed, and a name is a plain relative path or it is refused.

use std::borrow::Cow;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use unicode_normalization::IsNormalized;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::is_nfc_quick;

use crate::knowledge::import::ImportError;
use crate::knowledge::import::ImportReport;

/// What an import reads at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub file_bytes_max: u64,
    /// Bytes of all files together.
    pub pack_bytes_max: u64,
    /// Files and folders.
    pub files_max: usize,
    /// How many times larger a file of an archive may become than it is packed, once it is over 1 MiB.
    pub archive_ratio_max: u64,
    /// How long reading one document of a binary format may take. A book of a thousand pages takes a few seconds.
    pub document_time_max: Duration,
    /// How long reading all of them may take.
    pub documents_time_max: Duration,
    /// Bytes of address space that reading one document of a binary format may take, beyond what its process has at its
    /// start.
    pub document_memory_max: u64,
    /// Bytes that such a process may answer with: the text of one document and what it is made of.
    pub document_text_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes_max: 20 << 20,
            pack_bytes_max: 500 << 20,
            files_max: 10_000,
            archive_ratio_max: 200,
            document_time_max: Duration::from_secs(30),
            documents_time_max: Duration::from_mins(30),
            document_memory_max: 1 << 30,
            document_text_bytes_max: 64 << 20,
        }
    }
}

/// One file of a pack.
#[derive(Debug, Clone)]
pub(super) struct SourceFile<'a> {
    /// Its path inside the pack, parts joined by `/`, composed (NFC) as people read it.
    pub name: String,
    /// Its contents.
    pub bytes: Cow<'a, [u8]>,
}

/// Counts what was taken so far against the limits.
pub(super) struct Allowance {
    limits: Limits,
    bytes: u64,
    files: usize,
}

impl Allowance {
    /// Nothing taken yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, bytes: 0, files: 0 }
    }

    /// One more file or folder.
    ///
    /// # Errors
    /// [`ImportError::TooLarge`] when there are too many.
    pub fn count_file(&mut self) -> Result<(), ImportError> {
        self.files += 1;
        let files_max = self.limits.files_max;
        if self.files > files_max {
            return Err(ImportError::TooLarge { limit: format!("{files_max} files and folders (files_max)") });
        }
        Ok(())
    }

    /// Reads one file to its end; `None`, with the reason in the report, when it is too large.
    ///
    /// # Errors
    /// [`ImportError::TooLarge`] when the pack as a whole is; [`ImportError::Unreadable`] when reading fails.
    pub fn read(
        &mut self,
        name: &str,
        reader: impl Read,
        report: &mut ImportReport,
    ) -> Result<Option<Vec<u8>>, ImportError> {
        let mut bytes = Vec::new();
        // One byte more than allowed tells a file of exactly the limit from a larger one.
        let read = reader.take(self.limits.file_bytes_max + 1).read_to_end(&mut bytes);
        read.map_err(|source| ImportError::Unreadable { path: PathBuf::from(name), source })?;
        Ok(self.admit(name, bytes.len() as u64, report)?.then_some(bytes))
    }

    /// Counts one file's bytes; false, with the reason in the report, when it is too large.
    ///
    /// # Errors
    /// [`ImportError::TooLarge`] when the pack as a whole is.
    pub fn admit(&mut self, name: &str, length: u64, report: &mut ImportReport) -> Result<bool, ImportError> {
        let Limits { file_bytes_max, pack_bytes_max, .. } = self.limits;
        if length > file_bytes_max {
            let mib = file_bytes_max >> 20;
            report.refuse_file(name, None, "the file is too large", format!("{mib} MiB at most (file_bytes_max)"));
            return Ok(false);
        }
        self.bytes += length;
        if self.bytes > pack_bytes_max {
            let limit = format!("{} MiB in all files together (pack_bytes_max)", pack_bytes_max >> 20);
            return Err(ImportError::TooLarge { limit });
        }
        Ok(true)
    }
}

/// Every file below `root`, ordered by name.
///
/// # Errors
/// When a folder or file cannot be read, or the pack is too large.
pub(super) fn folder(
    root: &Path,
    limits: Limits,
    report: &mut ImportReport,
) -> Result<Vec<SourceFile<'static>>, ImportError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| ImportError::Unreadable { path, source }
    };
    let mut allowance = Allowance::new(limits);
    let mut files = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(unreadable(&folder))? {
            let entry = entry.map_err(unreadable(&folder))?;
            let path = entry.path();
            let Some(part) = entry.file_name().to_str().map(composed) else {
                let shown = path.to_string_lossy().into_owned();
                report.refuse_file(&shown, None, "the file's name is not UTF-8", "rename the file");
                continue;
            };
            if is_litter(&part) {
                continue;
            }
            allowance.count_file()?;
            let name = if prefix.is_empty() { part } else { format!("{prefix}/{part}") };
            // `file_type` of an entry does not follow links.
            let kind = entry.file_type().map_err(unreadable(&path))?;
            if kind.is_dir() {
                folders.push((path, name));
            } else if kind.is_file() {
                let file = fs::File::open(&path).map_err(unreadable(&path))?;
                if let Some(bytes) = allowance.read(&name, file, report)? {
                    files.push(SourceFile { name, bytes: Cow::Owned(bytes) });
                }
            } else {
                report.refuse_file(&name, None, "it is a link or a device", "put the file itself into the pack");
            }
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// A name in composed form (NFC): some systems store Hangul file names as separate letters.
pub(super) fn composed(name: &str) -> String {
    match is_nfc_quick(name.chars()) {
        IsNormalized::Yes => name.to_owned(),
        IsNormalized::Maybe | IsNormalized::No => name.nfc().collect(),
    }
}

/// Files that desktops leave in folders; nobody means them to be part of a pack.
pub(super) fn is_litter(part: &str) -> bool {
    part.starts_with('.') || part.starts_with("~$") || matches!(part, "Thumbs.db" | "desktop.ini" | "__MACOSX")
}

/// The text of a file: UTF-8, without byte order mark, with plain line ends, composed (NFC).
/// `None`, with the reason in the report, when it is not text.
pub(super) fn text(file: &SourceFile<'_>, report: &mut ImportReport) -> Option<String> {
    let bytes = file.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&file.bytes);
    let text = match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let position = error.valid_up_to();
            let line = line_of(bytes, position);
            let found = format!("byte {} is not UTF-8", position + 1 + (file.bytes.len() - bytes.len()));
            report.refuse_file(&file.name, Some(line), found, "save the file as UTF-8");
            return None;
        }
    };
    if let Some(position) = text.find('\0') {
        let line = line_of(bytes, position);
        report.refuse_file(&file.name, Some(line), "there is a NUL character", "save the file as plain text in UTF-8");
        return None;
    }
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    Some(composed(&text))
}

fn line_of(bytes: &[u8], position: usize) -> u32 {
    let newlines = bytes.iter().take(position).filter(|&&byte| byte == b'\n').count();
    u32::try_from(newlines + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8]) -> (Option<String>, ImportReport) {
        let mut report = ImportReport::default();
        let file = SourceFile { name: "a.md".into(), bytes: Cow::Borrowed(bytes) };
        (text(&file, &mut report), report)
    }

    #[test]
    fn text_is_read_with_mark_and_any_line_ends() {
        for (bytes, expected) in [
            ("\u{feff}가\r\n나\n".as_bytes(), "가\n나\n"),
            ("가\r나".as_bytes(), "가\n나"),
            ("\u{1112}\u{1161}\u{11ab}".as_bytes(), "한"),
            (b"", ""),
        ] {
            assert_eq!(text_of(bytes).0.as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_not_text_is_refused_with_its_place() {
        for (bytes, line, found) in [
            (&b"ok\n\xB0\xA1"[..], 2, "byte 4 is not UTF-8"),
            (b"\xEF\xBB\xBF\xFF", 1, "byte 4 is not UTF-8"),
            (b"\xFF\xFEh\0", 1, "byte 1 is not UTF-8"),
            (b"a\n\nb\0", 3, "there is a NUL character"),
        ] {
            let (text, report) = text_of(bytes);
            assert_eq!(text, None);
            assert_eq!((report.problems[0].line, report.problems[0].found.as_str()), (Some(line), found));
        }
    }

    #[test]
    fn a_file_over_the_limit_is_refused_and_the_pack_over_it_ends_the_import() {
        let limits = Limits { file_bytes_max: 4, pack_bytes_max: 6, ..Limits::default() };
        let mut report = ImportReport::default();
        let mut allowance = Allowance::new(limits);
        assert_eq!(allowance.read("a", &b"1234"[..], &mut report).unwrap(), Some(b"1234".to_vec()));
        assert_eq!(allowance.read("b", &b"12345"[..], &mut report).unwrap(), None);
        assert_eq!(report.problems[0].file, "b");
        assert!(matches!(allowance.read("c", &b"123"[..], &mut report), Err(ImportError::TooLarge { .. })));
    }
}
