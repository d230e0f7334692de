//! What the readers of word processors' files give back: sections, or the reason why there are none.
//!
//! Also how a file that is not what its name says is recognised, so that a refusal can say what it really is.

use std::io::Cursor;

use serde::Deserialize;
use serde::Serialize;
use zip::ZipArchive;

use crate::knowledge::pack::Section;

/// The contents of one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    /// The title the document gives itself.
    pub title: Option<String>,
    /// Its contents, in reading order.
    pub sections: Vec<Section>,
    /// How many pages it has; 1 where the format has no fixed pages.
    pub pages: u32,
    /// Characters of text.
    pub characters: usize,
    /// Characters that could not be decoded: replaced ones, and those of a font's private meaning.
    pub unreadable: usize,
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What was found.
    pub found: String,
    /// What is allowed, or what to do.
    pub remedy: String,
}

impl Refusal {
    /// A refusal with its way out.
    pub(super) fn new(found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { found: found.into(), remedy: remedy.into() }
    }

    /// The file is damaged; `what` names the part that could not be read.
    pub(super) fn damaged(what: &str) -> Self {
        Self::new(format!("the document is damaged: {what}"), "open it in the word processor and save it again")
    }

    /// The file is of another kind than `expected`, an extension with its dot.
    pub(super) fn other_kind(expected: &str, bytes: &[u8]) -> Self {
        let (kind, remedy) = kind_of(bytes);
        if kind == PROTECTED {
            return Self::new("the document is protected by a password", remedy);
        }
        Self::new(format!("the file is not a {expected} document but {kind}"), remedy)
    }
}

/// The first bytes of a Compound File: old Word, HWP 5, and anything Office protects with a password.
pub(super) const COMPOUND_FILE: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

/// Office puts a protected document, whatever its kind, into a Compound File.
const PROTECTED: &str = "protected";
const AGAIN: &str = "save it in that format from the word processor";

/// What the bytes really are, and what to do about it.
fn kind_of(bytes: &[u8]) -> (&'static str, &'static str) {
    let head = &bytes[..bytes.len().min(1024)];
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start().to_ascii_lowercase();
    let has = |needle: &[u8]| text.windows(needle.len()).any(|window| window == needle);
    if bytes.trim_ascii().is_empty() {
        ("an empty file", "put the document itself into the pack")
    } else if bytes.starts_with(COMPOUND_FILE) {
        compound_kind(bytes)
    } else if bytes.starts_with(b"PK") {
        zip_kind(bytes)
    } else if head.windows(5).any(|window| window == b"%PDF-") {
        ("a PDF", "name it .pdf")
    } else if bytes.starts_with(b"HWP Document File V") {
        ("a document of HWP 3 or older", "open it in a current version of the word processor and save it as .hwpx")
    } else if text.starts_with(b"{\\rtf") {
        ("Rich Text (RTF)", AGAIN)
    } else if has(b"<hwpml") {
        ("HWPML", "save it as .hwpx from the word processor")
    } else if text.starts_with(b"<!doctype html") || has(b"<html") || text.starts_with(b"mime-version:") {
        ("a web page (HTML)", AGAIN)
    } else if text.starts_with(b"<?xml") {
        ("XML", AGAIN)
    } else if [&b"\x89PNG"[..], b"\xFF\xD8\xFF", b"GIF8", b"II*\0", b"MM\0*"]
        .iter()
        .any(|magic| bytes.starts_with(magic))
    {
        ("a picture", "write its text into a document")
    } else if str::from_utf8(head).is_ok() && !head.contains(&0) {
        ("plain text", "name it .md, or save it in that format from the word processor")
    } else {
        ("of a kind that is not known, or damaged", AGAIN)
    }
}

fn compound_kind(bytes: &[u8]) -> (&'static str, &'static str) {
    let Ok(file) = cfb::CompoundFile::open(Cursor::new(bytes)) else {
        return ("a damaged Compound File", AGAIN);
    };
    if file.is_stream("/EncryptedPackage") {
        (PROTECTED, "save it without a password")
    } else if file.is_stream("/FileHeader") {
        ("HWP 5", "name it .hwp")
    } else if file.is_stream("/WordDocument") {
        ("of Word 97-2003 (.doc)", "open it in the word processor and save it as .docx")
    } else if file.is_stream("/Workbook") || file.is_stream("/Book") {
        ("an Excel 97-2003 workbook (.xls)", "copy its text into a document")
    } else if file.is_stream("/PowerPoint Document") {
        ("a PowerPoint 97-2003 presentation (.ppt)", "copy its text into a document")
    } else {
        ("a Compound File of another program", AGAIN)
    }
}

fn zip_kind(bytes: &[u8]) -> (&'static str, &'static str) {
    let Ok(archive) = ZipArchive::new(Cursor::new(bytes)) else {
        return ("a damaged archive", "save it again, or fetch the whole file again");
    };
    let has = |start: &str| archive.file_names().flatten().any(|name| name.starts_with(start));
    if has("word/") {
        ("Word (.docx)", "name it .docx")
    } else if has("Contents/section") {
        ("HWPX", "name it .hwpx")
    } else if has("xl/") {
        ("an Excel workbook (.xlsx)", "copy its text into a document")
    } else if has("ppt/") {
        ("a PowerPoint presentation (.pptx)", "copy its text into a document, or export it as .pdf")
    } else if has("content.xml") {
        ("OpenDocument (.odt)", "save it as .docx from the word processor")
    } else {
        ("an archive (.zip)", "put the documents themselves into the pack")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_under_a_wrong_name_is_called_what_it_is() {
        for (bytes, found) in [
            (&b""[..], "the file is not a .docx document but an empty file"),
            (b"%PDF-1.7\n", "the file is not a .docx document but a PDF"),
            (b"\xEF\xBB\xBF\n<!DOCTYPE html><html>", "the file is not a .docx document but a web page (HTML)"),
            (b"{\\rtf1\\ansi", "the file is not a .docx document but Rich Text (RTF)"),
            (b"HWP Document File V3.00", "the file is not a .docx document but a document of HWP 3 or older"),
            (b"\x89PNG\r\n", "the file is not a .docx document but a picture"),
            (b"PK\x03\x04cut", "the file is not a .docx document but a damaged archive"),
            ("그냥 글".as_bytes(), "the file is not a .docx document but plain text"),
        ] {
            assert_eq!(Refusal::other_kind(".docx", bytes).found, found);
        }
    }

    #[test]
    fn a_compound_file_is_told_by_its_streams() {
        for (stream, found) in [
            ("/EncryptedPackage", "the document is protected by a password"),
            ("/WordDocument", "the file is not a .docx document but of Word 97-2003 (.doc)"),
            ("/Workbook", "the file is not a .docx document but an Excel 97-2003 workbook (.xls)"),
        ] {
            let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
            file.create_stream(stream).unwrap();
            let bytes = file.into_inner().into_inner();
            assert_eq!(Refusal::other_kind(".docx", &bytes).found, found);
        }
    }
}
