//! The records that streams of an HWP 5 file consist of.

use crate::knowledge::import::extract::Refusal;

/// A numbering (문단 번호).
pub(super) const NUMBERING: u16 = 0x17;
/// The shape of paragraphs (문단 모양).
pub(super) const PARA_SHAPE: u16 = 0x19;
/// A style.
pub(super) const STYLE: u16 = 0x1A;
/// The head of a paragraph.
pub(super) const PARA_HEADER: u16 = 0x42;
/// Its text.
pub(super) const PARA_TEXT: u16 = 0x43;
/// Something anchored in it.
pub(super) const CTRL_HEADER: u16 = 0x47;
/// The head of a list of paragraphs: a cell, a text box.
pub(super) const LIST_HEADER: u16 = 0x48;
/// A part of a drawing.
pub(super) const SHAPE_COMPONENT: u16 = 0x4C;
/// The properties of a table.
pub(super) const TABLE: u16 = 0x4D;

/// What is anchored, as stored: the letters of its name backwards.
pub(super) const TABLE_CONTROL: [u8; 4] = *b" lbt";
/// A drawing.
pub(super) const DRAWING_CONTROL: [u8; 4] = *b" osg";
/// The definition of a section.
pub(super) const SECTION_CONTROL: [u8; 4] = *b"dces";

/// Records of one stream. A record takes four bytes in the file and forty in memory.
const RECORDS_MAX: usize = 4_000_000;

/// One record. Those of a higher level that follow it belong to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    /// What it is.
    pub tag: u16,
    /// How deep it is.
    pub level: u16,
    /// Its contents.
    pub data: &'a [u8],
}

impl Record<'_> {
    /// The number at a position of its contents.
    pub fn u16(&self, position: usize) -> Option<u16> {
        self.data.get(position..)?.first_chunk::<2>().map(|bytes| u16::from_le_bytes(*bytes))
    }

    /// The number at a position of its contents.
    pub fn u32(&self, position: usize) -> Option<u32> {
        self.data.get(position..)?.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// What kind of thing it anchors.
    pub fn control(&self) -> Option<[u8; 4]> {
        self.data.first_chunk::<4>().copied()
    }

    /// The string at a position, and the position after it.
    pub fn string(&self, position: usize) -> Option<(String, usize)> {
        let start = position + 2;
        let end = start + 2 * usize::from(self.u16(position)?);
        Some((decoded(self.data.get(start..end)?), end))
    }
}

/// The records of a stream.
///
/// # Errors
/// When the stream ends within a record, or has too many.
pub(super) fn all(mut stream: &[u8]) -> Result<Vec<Record<'_>>, Refusal> {
    const LONG: usize = 0xFFF;
    let mut records = Vec::new();
    while !stream.is_empty() {
        let cut_off = || Refusal::damaged("a record is cut off");
        let (head, rest) = stream.split_first_chunk::<4>().ok_or_else(cut_off)?;
        let head = u32::from_le_bytes(*head);
        let mut rest = rest;
        let mut length = (head >> 20) as usize;
        if length == LONG {
            let (long, after) = rest.split_first_chunk::<4>().ok_or_else(cut_off)?;
            length = u32::from_le_bytes(*long) as usize;
            rest = after;
        }
        let (data, rest) = rest.split_at_checked(length).ok_or_else(cut_off)?;
        records.push(Record { tag: (head & 0x3FF) as u16, level: (head >> 10 & 0x3FF) as u16, data });
        if records.len() > RECORDS_MAX {
            return Err(Refusal::new("it has too many records", "split the document"));
        }
        stream = rest;
    }
    Ok(records)
}

/// The records of the first one's level, each with the records below it.
pub(super) fn siblings<'r, 'a>(records: &'r [Record<'a>]) -> impl Iterator<Item = (&'r Record<'a>, &'r [Record<'a>])> {
    let mut rest = records;
    std::iter::from_fn(move || {
        let (first, after) = rest.split_first()?;
        let end = after.iter().position(|record| record.level <= first.level).unwrap_or(after.len());
        let (below, next) = after.split_at(end);
        rest = next;
        Some((first, below))
    })
}

/// The records directly below.
pub(super) fn children<'r, 'a>(below: &'r [Record<'a>]) -> impl Iterator<Item = &'r Record<'a>> {
    siblings(below).map(|(record, _)| record)
}

/// The text of a paragraph without its control characters, of which most take eight places.
pub(super) fn text(data: &[u8]) -> String {
    let units: Vec<u16> = data.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let mut shown = Vec::with_capacity(units.len());
    let mut position = 0;
    while let Some(&unit) = units.get(position) {
        let [width, sign] = match unit {
            9 => [8, u16::from(b' ')],
            10 => [1, u16::from(b'\n')],
            24 => [1, u16::from(b'-')],
            30 | 31 => [1, u16::from(b' ')],
            0 | 13 | 25..=29 => [1, 0],
            1..=31 => [8, 0],
            _ => [1, unit],
        };
        if sign != 0 {
            shown.push(sign);
        }
        position += usize::from(width);
    }
    String::from_utf16_lossy(&shown)
}

fn decoded(data: &[u8]) -> String {
    let units: Vec<u16> = data.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}
