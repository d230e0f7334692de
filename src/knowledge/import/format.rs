//! The formats of word processors and printers that are read.

use crate::knowledge::import::docx;
use crate::knowledge::import::extract::Extracted;
use crate::knowledge::import::extract::Refusal;
use crate::knowledge::import::hwp;
use crate::knowledge::import::hwpx;
use crate::knowledge::import::pdf;

/// A binary format of documents. Its files come from anywhere, and reading one is work for a process of its own
/// (`child`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Word.
    Docx,
    /// Hangul up to 2022, HWP 5.
    Hwp,
    /// Hangul, OWPML.
    Hwpx,
    /// PDF.
    Pdf,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Docx, Self::Hwp, Self::Hwpx, Self::Pdf];

    /// The extension of its files, in small letters and without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Docx => "docx",
            Self::Hwp => "hwp",
            Self::Hwpx => "hwpx",
            Self::Pdf => "pdf",
        }
    }

    /// The format of files with this extension.
    pub fn of(extension: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.extension() == extension)
    }

    /// Whether its files say where a page ends.
    pub(super) fn has_pages(self) -> bool {
        match self {
            Self::Docx | Self::Hwp | Self::Hwpx => false,
            Self::Pdf => true,
        }
    }

    /// Reads a file in this process, which a hostile file may end.
    ///
    /// # Errors
    /// Why the file is refused.
    pub(super) fn read(self, bytes: &[u8]) -> Result<Extracted, Refusal> {
        match self {
            Self::Docx => docx::read(bytes),
            Self::Hwp => hwp::read(bytes),
            Self::Hwpx => hwpx::read(bytes),
            Self::Pdf => pdf::read(bytes),
        }
    }
}
