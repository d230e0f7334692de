//! Documents of the Hangul word processor in its binary format (.hwp, version 5: "HWP 문서 파일 형식 5.0").
//!
//! A Compound File whose streams are deflated sequences of records. The records that carry text, tables, styles and
//! numberings are read and all others skipped, as the format asks of programs that do not know them.

mod definitions;
mod record;

use std::io::Cursor;
use std::io::Read;

use cfb::CompoundFile;
use flate2::read::DeflateDecoder;

use crate::knowledge::import::extract::COMPOUND_FILE;
use crate::knowledge::import::extract::Extracted;
use crate::knowledge::import::extract::Refusal;
use crate::knowledge::import::grid::Grid;
use crate::knowledge::import::hangul::Markup;
use crate::knowledge::import::hangul::Writer;
use crate::knowledge::import::hwp::record::Record;
use crate::knowledge::import::hwp::record::children;
use crate::knowledge::import::hwp::record::siblings;

/// Bytes of one unpacked stream.
const STREAM_BYTES_MAX: u64 = 64 << 20;
/// Bytes of all unpacked streams together.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// Tables and text boxes within one another. Records can claim 1,023 levels.
const DEPTH_MAX: usize = 32;
const SIGNATURE: &[u8] = b"HWP Document File";

/// Reads one document.
///
/// # Errors
/// When the file is not HWP 5, is protected or damaged, or has no text.
pub(super) fn read(bytes: &[u8]) -> Result<Extracted, Refusal> {
    if !bytes.starts_with(COMPOUND_FILE) {
        return Err(Refusal::other_kind(".hwp", bytes));
    }
    let file = CompoundFile::open(Cursor::new(bytes)).map_err(|_| Refusal::damaged("its directory cannot be read"))?;
    let mut streams = Streams { file, is_deflated: false, unpacked: 0 };
    let Some(header) = streams.raw("/FileHeader")?.filter(|header| header.starts_with(SIGNATURE)) else {
        return Err(Refusal::other_kind(".hwp", bytes));
    };
    streams.is_deflated = is_deflated(&header)?;
    let info = streams.unpacked("/DocInfo")?.ok_or_else(|| Refusal::damaged("it has no DocInfo"))?;
    let definitions = definitions::read(&record::all(&info)?);
    let mut sections = Vec::new();
    while let Some(section) = streams.unpacked(&format!("/BodyText/Section{}", sections.len()))? {
        sections.push(section);
    }
    if sections.is_empty() {
        return Err(Refusal::damaged("it has no sections"));
    }
    let sections = sections.iter().map(|section| record::all(section)).collect::<Result<Vec<_>, _>>()?;
    let paragraphs = sections.iter().flatten().filter(|record| record.tag == record::PARA_HEADER);
    let is_styled = paragraphs.clone().any(|record| definitions.is_heading(markup(record)));
    let mut reader = Reader { writer: Writer::new(&definitions, is_styled), is_too_deep: false };
    for records in &sections {
        reader.paragraphs(records, 0);
    }
    if reader.is_too_deep {
        return Err(Refusal::new(
            "its tables are nested too deeply",
            "open it in the word processor and save it again",
        ));
    }
    reader.writer.outline.finish(1)
}

/// Whether the streams are deflated, by the file's header.
fn is_deflated(header: &[u8]) -> Result<bool, Refusal> {
    let number = |position: usize| header.get(position..)?.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes));
    let (Some(version), Some(flags)) = (number(32), number(36)) else {
        return Err(Refusal::damaged("its header is cut off"));
    };
    if version >> 24 != 5 {
        let found = format!("it is of version {} of the .hwp format, and version 5 is read", version >> 24);
        return Err(Refusal::new(found, "open it in the word processor and save it as .hwpx"));
    }
    for (bits, found, remedy) in [
        (1 << 1, "the document is protected by a password", "save it without a password"),
        (
            1 << 2,
            "it is a document for distribution (배포용 문서), whose text is locked",
            "use the document it was made from",
        ),
        (1 << 4 | 1 << 10, "the document is protected by rights management (DRM)", "save it without protection"),
        (1 << 8, "the document is encrypted with a certificate", "save it without encryption"),
    ] {
        if flags & bits != 0 {
            return Err(Refusal::new(found, remedy));
        }
    }
    Ok(flags & 1 != 0)
}

/// The streams of the file, within limits.
struct Streams<'a> {
    file: CompoundFile<Cursor<&'a [u8]>>,
    is_deflated: bool,
    unpacked: u64,
}

impl Streams<'_> {
    /// A stream as it is stored; `None` where there is none.
    fn raw(&mut self, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        if !self.file.is_stream(name) {
            return Ok(None);
        }
        let damaged = |_| Refusal::damaged(&format!("its stream {name} cannot be read"));
        let stream = self.file.open_stream(name).map_err(damaged)?;
        let mut bytes = Vec::new();
        stream.take(STREAM_BYTES_MAX).read_to_end(&mut bytes).map_err(damaged)?;
        Ok(Some(bytes))
    }

    /// A stream's records; `None` where there is none.
    fn unpacked(&mut self, name: &str) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(stored) = self.raw(name)? else {
            return Ok(None);
        };
        if !self.is_deflated {
            return Ok(Some(stored));
        }
        let allowed = STREAM_BYTES_MAX.min(FILE_BYTES_MAX - self.unpacked);
        let mut bytes = Vec::new();
        // One byte more than allowed tells a stream of exactly the limit from a larger one.
        let read = DeflateDecoder::new(stored.as_slice()).take(allowed + 1).read_to_end(&mut bytes);
        if bytes.len() as u64 > allowed {
            return Err(Refusal::new("it unpacks to many times its size", "save it again, or split the document"));
        }
        read.map_err(|_| Refusal::damaged(&format!("its stream {name} cannot be unpacked")))?;
        self.unpacked += bytes.len() as u64;
        Ok(Some(bytes))
    }
}

fn markup(paragraph: &Record<'_>) -> Markup {
    let shape = paragraph.u16(8).unwrap_or_default();
    let style = paragraph.data.get(10).copied().unwrap_or_default();
    Markup { style: u32::from(style), shape: u32::from(shape) }
}

/// Walks the sections.
struct Reader<'d> {
    writer: Writer<'d>,
    is_too_deep: bool,
}

impl Reader<'_> {
    /// The paragraphs of a section or of a list.
    fn paragraphs(&mut self, records: &[Record<'_>], depth: usize) {
        for (paragraph, below) in siblings(records).filter(|(record, _)| record.tag == record::PARA_HEADER) {
            self.writer.paragraph(markup(paragraph), &text(below));
            for (control, below) in controls(below) {
                match control.control() {
                    Some(record::TABLE_CONTROL) => self.table(below, depth + 1),
                    Some(record::DRAWING_CONTROL) => self.boxes(below, depth + 1),
                    Some(record::SECTION_CONTROL) => {
                        control.u16(18).into_iter().for_each(|id| self.writer.number_outline_by(u32::from(id)));
                    }
                    // Headers, footers, notes, comments, fields, equations.
                    Some(_) | None => {}
                }
            }
        }
    }

    /// The text boxes of a drawing, also of one made of several.
    fn boxes(&mut self, records: &[Record<'_>], depth: usize) {
        if self.is_deep(depth) {
            return;
        }
        self.paragraphs(records, depth);
        for (shape, below) in siblings(records) {
            if shape.tag == record::SHAPE_COMPONENT {
                self.boxes(below, depth + 1);
            }
        }
    }

    fn table(&mut self, records: &[Record<'_>], depth: usize) {
        if self.is_deep(depth) {
            return;
        }
        let cells = cells(records);
        if let [cell] = cells.as_slice() {
            // A box around text, which is not a table to its reader.
            self.paragraphs(cell.records, depth);
            return;
        }
        let mut grid = Grid::new();
        for cell in cells {
            let text = self.lines(cell.records, depth);
            grid.put(cell.place, cell.span, text);
        }
        self.writer.table(grid);
    }

    /// The text of a cell, a paragraph a line; a table within it becomes a line for each of its rows.
    fn lines(&mut self, records: &[Record<'_>], depth: usize) -> String {
        if self.is_deep(depth) {
            return String::new();
        }
        let mut lines = Vec::new();
        for (paragraph, below) in siblings(records).filter(|(record, _)| record.tag == record::PARA_HEADER) {
            lines.push(self.writer.labelled(markup(paragraph), &text(below)));
            for (control, below) in controls(below) {
                if control.control() == Some(record::TABLE_CONTROL) {
                    let mut row = None;
                    for cell in cells(below) {
                        let text = self.lines(cell.records, depth + 1);
                        match lines.last_mut().filter(|_| row == Some(cell.place[0])) {
                            Some(line) => *line = format!("{line} {text}"),
                            None => lines.push(text),
                        }
                        row = Some(cell.place[0]);
                    }
                }
            }
        }
        lines.retain(|line| !line.trim().is_empty());
        lines.join("\n")
    }

    fn is_deep(&mut self, depth: usize) -> bool {
        self.is_too_deep |= depth > DEPTH_MAX;
        depth > DEPTH_MAX
    }
}

/// A paragraph's text, from the records below it.
fn text(below: &[Record<'_>]) -> String {
    let texts = children(below).filter(|record| record.tag == record::PARA_TEXT);
    texts.map(|record| record::text(record.data)).collect()
}

fn controls<'r, 'a>(below: &'r [Record<'a>]) -> impl Iterator<Item = (&'r Record<'a>, &'r [Record<'a>])> {
    siblings(below).filter(|(record, _)| record.tag == record::CTRL_HEADER)
}

struct Cell<'r, 'a> {
    place: [usize; 2],
    span: [usize; 2],
    /// Its paragraphs.
    records: &'r [Record<'a>],
}

/// The cells of a table: after its own record, every list and the records up to the next one.
fn cells<'r, 'a>(records: &'r [Record<'a>]) -> Vec<Cell<'r, 'a>> {
    let Some(table) = records.iter().position(|record| record.tag == record::TABLE) else {
        return Vec::new();
    };
    let level = records[table].level;
    let starts_cell = |record: &Record<'_>| record.tag == record::LIST_HEADER && record.level == level;
    let lists: Vec<_> = (table..records.len()).filter(|&index| starts_cell(&records[index])).collect();
    let ends = lists.iter().skip(1).copied().chain([records.len()]);
    let cells = lists.iter().zip(ends).filter_map(|(&start, end)| {
        let [column, row, columns, rows] =
            [8, 10, 12, 14].map(|position| records[start].u16(position).map(usize::from));
        Some(Cell { place: [row?, column?], span: [rows?, columns?], records: &records[start + 1..end] })
    });
    cells.collect()
}

#[cfg(test)]
mod tests;
