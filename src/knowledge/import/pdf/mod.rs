//! PDF documents (ISO 32000).
//!
//! A PDF says where its glyphs stand and not what they form, so lines, paragraphs, lists, tables and headings are told
//! from positions, sizes and rules: `content` finds the glyphs, `ruled` the tables drawn with rules, `lines` the lines
//! of the other text, `layout` what they form. Pages
//! that are pictures of text are refused: reading them is another program's work.

mod content;
mod font;
mod layout;
mod lines;
mod paragraphs;
mod ruled;
mod rules;

use hayro_syntax::DecryptionError;
use hayro_syntax::LoadPdfError;
use hayro_syntax::Pdf;

use crate::knowledge::import::extract::COMPOUND_FILE;
use crate::knowledge::import::extract::Extracted;
use crate::knowledge::import::extract::Refusal;
use crate::knowledge::import::pdf::content::Painter;
use crate::knowledge::import::pdf::layout::Page;
use crate::knowledge::import::pdf::lines::Spaces;

/// Pages of one document.
const PAGES_MAX: usize = 5_000;
/// A page with fewer characters and a picture over much of it is a picture of text.
const PICTURE_CHARACTERS_MAX: usize = 20;
/// The share of a page that such a picture covers.
const PICTURE_COVER_MIN: f64 = 0.3;

/// Reads one document.
///
/// # Errors
/// When the file is not a PDF, needs a password, is damaged, has pictures instead of text, or its text has no meaning.
pub(super) fn read(bytes: &[u8]) -> Result<Extracted, Refusal> {
    let head = &bytes[..bytes.len().min(1024)];
    if bytes.starts_with(COMPOUND_FILE) || bytes.starts_with(b"PK") || !head.windows(5).any(|window| window == b"%PDF-")
    {
        return Err(Refusal::other_kind(".pdf", bytes));
    }
    // A document with only an owner's password opens without one.
    let pdf = Pdf::new(bytes.to_vec()).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            Refusal::new("the document is protected by a password", "save it without a password")
        }
        LoadPdfError::Decryption(
            DecryptionError::MissingIDEntry
            | DecryptionError::InvalidEncryption
            | DecryptionError::UnsupportedAlgorithm,
        ) => Refusal::new("the document is encrypted in a way that is not known", "save it without encryption"),
        LoadPdfError::Invalid => Refusal::damaged("it cannot be read as a PDF"),
    })?;
    let pages = pdf.pages();
    if pages.len() > PAGES_MAX {
        let found = format!("it has {} pages", pages.len());
        return Err(Refusal::new(found, format!("{PAGES_MAX} pages at most; split it into several documents")));
    }
    let mut contents = Contents::of(pages, Artifacts::LeftOut)?;
    let is_empty = contents.pages.iter().all(|page| page.rows.is_empty() && page.tables.is_empty());
    if is_empty && contents.left_out > 0 {
        contents = Contents::of(pages, Artifacts::Read)?;
    }
    if contents.pictures * 2 > pages.len() {
        return Err(Refusal::new(
            "the pages hold pictures of text and no text",
            "export the document from the word processor, or run text recognition (OCR) on it first",
        ));
    }
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    let extracted = layout::outline(contents.pages).finish(count)?;
    if extracted.unreadable * 10 > extracted.characters * 3 {
        return Err(Refusal::new(
            "most of its characters cannot be told: its fonts do not say what their glyphs mean",
            "export the document again from the word processor, with its fonts embedded",
        ));
    }
    Ok(extracted)
}

/// What becomes of artifacts outside of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Artifacts {
    /// They are headers, footers and page numbers.
    LeftOut,
    /// They are the text: some programs mark everything as artifacts that they give no structure.
    Read,
}

/// What stands on a document's pages.
struct Contents {
    pages: Vec<Page>,
    /// How many of the pages are pictures of text.
    pictures: usize,
    /// How many glyphs of artifacts were left out.
    left_out: usize,
}

impl Contents {
    fn of(pages: &[hayro_syntax::page::Page<'_>], artifacts: Artifacts) -> Result<Self, Refusal> {
        let mut painter = Painter::new();
        let mut contents = Self { pages: Vec::with_capacity(pages.len()), pictures: 0, left_out: 0 };
        for page in pages {
            let painted = painter.paint(page)?;
            let characters = painted.glyphs.iter().filter(|glyph| !glyph.character.is_whitespace()).count();
            if characters < PICTURE_CHARACTERS_MAX && painted.pictures > PICTURE_COVER_MIN * area(page) {
                contents.pictures += 1;
            }
            let spaces = Spaces::of(&painted.glyphs);
            // The head of a table that goes on stays, for there it is needed to tell the table.
            let (tables, mut glyphs) = ruled::tables(painted.glyphs, &painted.rules);
            let count = glyphs.len();
            glyphs.retain(|glyph| artifacts == Artifacts::Read || !glyph.is_artifact);
            contents.left_out += count - glyphs.len();
            contents.pages.push(Page { rows: lines::rows(glyphs, spaces), tables, spaces });
        }
        Ok(contents)
    }
}

/// The area of a page as it is shown.
fn area(page: &hayro_syntax::page::Page<'_>) -> f64 {
    let (width, height) = page.render_dimensions();
    f64::from(width) * f64::from(height)
}

#[cfg(test)]
mod tests;
