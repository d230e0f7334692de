//! The parts of a document that is an archive of XML files (.docx, .hwpx).
//!
//! Such a file can be small and become huge, so a part is read no further than the limits say, whatever its directory
//! record claims. XML with a document type, and so with entities, is refused, and so is XML nested deeper than any
//! word processor writes: the readers walk it recursively.

use std::borrow::Cow;
use std::io::Cursor;
use std::io::Read;

use roxmltree::Document;
use roxmltree::Node;
use roxmltree::ParsingOptions;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::knowledge::import::extract::Refusal;

/// Bytes of one unpacked part.
const PART_BYTES_MAX: u64 = 64 << 20;
/// Bytes of all unpacked parts together.
const PACKAGE_BYTES_MAX: u64 = 256 << 20;
/// How many times larger a part may become than it is packed, once it is over 1 MiB.
const PART_RATIO_MAX: u64 = 200;
const RATIO_EXEMPT_BYTES: u64 = 1 << 20;
/// Elements within elements.
const XML_DEPTH_MAX: usize = 256;
/// Elements, attributes' texts and texts of one part. A node takes about 100 bytes of memory.
const XML_NODES_MAX: u32 = 4_000_000;

/// A document that is an archive.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    unpacked: u64,
}

impl<'a> Package<'a> {
    /// Opens the archive of a document of the kind `expected`, an extension with its dot.
    pub fn open(bytes: &'a [u8], expected: &str) -> Result<Self, Refusal> {
        let archive = bytes.starts_with(b"PK").then(|| ZipArchive::new(Cursor::new(bytes)));
        match archive {
            Some(Ok(archive)) => Ok(Self { archive, unpacked: 0 }),
            Some(Err(_)) | None => Err(Refusal::other_kind(expected, bytes)),
        }
    }

    /// The names of all parts.
    pub fn names(&self) -> Vec<String> {
        self.archive.file_names().flatten().map(Cow::into_owned).collect()
    }

    /// The text of one part; `None` where there is no such part.
    pub fn part(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        let damaged = || Refusal::damaged(&format!("its part {name} cannot be unpacked"));
        let too_large = || Refusal::new("it unpacks to many times its size", "save it again, or split the document");
        let entry = match self.archive.by_name(name) {
            Ok(entry) => entry,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(ZipError::UnsupportedArchive(reason)) if reason == ZipError::PASSWORD_REQUIRED => {
                return Err(Refusal::new("it is protected by a password", "save it without a password"));
            }
            Err(_) => return Err(damaged()),
        };
        let left = PACKAGE_BYTES_MAX.saturating_sub(self.unpacked);
        let packed = entry.compressed_size().saturating_mul(PART_RATIO_MAX).max(RATIO_EXEMPT_BYTES);
        let allowed = PART_BYTES_MAX.min(left).min(packed);
        let mut bytes = Vec::new();
        // One byte more than allowed tells a part of exactly the limit from a larger one.
        let read = entry.take(allowed + 1).read_to_end(&mut bytes);
        if bytes.len() as u64 > allowed {
            return Err(too_large());
        }
        read.map_err(|_| damaged())?;
        self.unpacked += bytes.len() as u64;
        text(bytes).map(Some).ok_or_else(|| Refusal::damaged(&format!("its part {name} is not text")))
    }
}

/// XML is UTF-8, or UTF-16 with a byte order mark.
fn text(bytes: Vec<u8>) -> Option<String> {
    let unit = |from: fn([u8; 2]) -> u16| {
        let units = bytes[2..].chunks_exact(2).map(|pair| from([pair[0], pair[1]]));
        char::decode_utf16(units).collect::<Result<String, _>>().ok()
    };
    match bytes.get(..2) {
        Some([0xFF, 0xFE]) => unit(u16::from_le_bytes),
        Some([0xFE, 0xFF]) => unit(u16::from_be_bytes),
        Some(_) | None => String::from_utf8(bytes).ok(),
    }
}

/// The XML of one part.
pub(super) fn xml(text: &str) -> Result<Document<'_>, Refusal> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: XML_NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        if matches!(error, roxmltree::Error::DtdDetected) {
            Refusal::new("its XML has a document type definition", "open it in the word processor and save it again")
        } else if matches!(error, roxmltree::Error::NodesLimitReached) {
            Refusal::new("it has too many elements", "split the document")
        } else {
            Refusal::damaged(&format!("its XML cannot be read ({error})"))
        }
    })?;
    if is_deep(&document) {
        return Err(Refusal::new("its XML is nested too deeply", "open it in the word processor and save it again"));
    }
    Ok(document)
}

/// Whether an element is nested deeper than allowed. Walks without recursion.
fn is_deep(document: &Document<'_>) -> bool {
    let mut depth = 0;
    let mut node = document.root();
    loop {
        if let Some(child) = node.first_child() {
            node = child;
            depth += 1;
            if depth > XML_DEPTH_MAX {
                return true;
            }
            continue;
        }
        while node.next_sibling().is_none() {
            let Some(parent) = node.parent() else {
                return false;
            };
            node = parent;
            depth -= 1;
        }
        match node.next_sibling() {
            Some(sibling) => node = sibling,
            None => return false,
        }
    }
}

/// An element's attribute, whatever its prefix.
pub(super) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|attribute| attribute.name() == name).map(|attribute| attribute.value())
}

/// An element's first child of that name, whatever its prefix.
pub(super) fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.is_element() && child.tag_name().name() == name)
}

/// The attribute `val` of an element's child, as WordprocessingML writes nearly all properties.
pub(super) fn value<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    attribute(child(node, name)?, "val")
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// An archive of these parts.
    pub fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(text.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn bombs_are_refused_before_they_are_unpacked() {
        let bytes = archive(&[("a", &" ".repeat(8 << 20)), ("b", &" ".repeat(1 << 20))]);
        let mut package = Package::open(&bytes, ".docx").unwrap();
        assert_eq!(package.part("a").unwrap_err().found, "it unpacks to many times its size");
        assert_eq!(package.part("b").unwrap().unwrap().len(), 1 << 20);
        package.unpacked = PACKAGE_BYTES_MAX - 1;
        assert_eq!(package.part("b").unwrap_err().found, "it unpacks to many times its size");
        assert_eq!(package.part("c").unwrap(), None);
    }

    #[test]
    fn entities_and_deep_xml_are_refused() {
        let entities = "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>";
        assert_eq!(xml(entities).unwrap_err().found, "its XML has a document type definition");
        for (depth, is_refused) in [(250, false), (257, true), (100_000, true)] {
            let text = format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
            assert_eq!(xml(&text).is_err(), is_refused, "{depth}");
        }
        assert!(xml("<a><b></a>").unwrap_err().found.starts_with("the document is damaged"));
    }

    #[test]
    fn utf_16_is_read_by_its_mark() {
        let bytes: Vec<u8> = "\u{feff}<가/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(bytes).as_deref(), Some("<가/>"));
        assert_eq!(text(vec![0xB0, 0xA1]), None);
    }
}
