//! Styles, shapes of paragraphs and numberings of an HWP 5 file.

use crate::knowledge::import::hangul::Definitions;
use crate::knowledge::import::hangul::Head;
use crate::knowledge::import::hangul::Shape;
use crate::knowledge::import::hwp::record;
use crate::knowledge::import::hwp::record::Record;
use crate::knowledge::import::numbering::Format;
use crate::knowledge::import::numbering::Level;

/// Levels of a numbering in this format.
const LEVELS: usize = 7;

/// What the ids in paragraphs stand for: records are counted by their kind, numberings from 1.
pub(super) fn read(records: &[Record<'_>]) -> Definitions {
    let of = |tag| records.iter().filter(move |record| record.tag == tag);
    Definitions {
        styles: (0..).zip(of(record::STYLE).map(style_name)).collect(),
        shapes: (0..).zip(of(record::PARA_SHAPE).map(shape)).collect(),
        numberings: (1..).zip(of(record::NUMBERING).map(levels)).collect(),
    }
}

fn style_name(record: &Record<'_>) -> String {
    record.string(0).map(|(name, _)| name).unwrap_or_default()
}

/// Bits 23 and 24 of the first property say what stands before the paragraph, bits 25 to 27 how deep.
fn shape(record: &Record<'_>) -> Shape {
    let property = record.u32(0).unwrap_or_default();
    let head = match property >> 23 & 3 {
        1 => Head::Outline,
        2 => Head::Number(record.u16(30).map(u32::from).unwrap_or_default()),
        3 => Head::Bullet,
        _ => Head::Plain,
    };
    Shape { head, level: (property >> 25 & 7) as u8 }
}

/// For each level twelve bytes of properties and its text; after all of them the first number of each.
fn levels(record: &Record<'_>) -> Vec<Level> {
    const PROPERTIES_BYTES: usize = 12;
    let mut levels = Vec::new();
    let mut position = 0;
    while levels.len() < LEVELS {
        let Some((text, end)) = record.string(position + PROPERTIES_BYTES) else {
            break;
        };
        let format = format(record.u32(position).unwrap_or_default() >> 5 & 0xF);
        levels.push(Level { start: 1, format, text: text.replace('^', "%") });
        position = end;
    }
    // The number the whole numbering begins with stands before those of the levels.
    for (index, level) in levels.iter_mut().enumerate() {
        level.start = record.u32(position + 2 + 4 * index).filter(|start| *start > 0).unwrap_or(1);
    }
    levels
}

fn format(code: u32) -> Format {
    match code {
        1 => Format::Circled,
        2 => Format::UpperRoman,
        3 => Format::LowerRoman,
        4 | 6 => Format::UpperLetter,
        5 | 7 => Format::LowerLetter,
        8 | 9 => Format::Syllable,
        10 | 11 => Format::Jamo,
        13 | 14 => Format::Ideograph,
        _ => Format::Decimal,
    }
}
