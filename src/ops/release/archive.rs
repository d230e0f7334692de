//! The archive a bundle is: the format ustar (POSIX.1-2001, pax(1)), and of that only plain files with plain names. Anything
//! `tar` would make more of than a file below the folder it is unpacked in is refused.

use std::io;
use std::io::BufRead;
use std::io::Read;
use std::ops::Range;

use crate::ops::release::ReleaseError;

/// Everything in an archive begins at a multiple of this.
const BLOCK_BYTES: usize = 512;
const NAME: Range<usize> = 0..100;
const SIZE: Range<usize> = 124..136;
const CHECKSUM: Range<usize> = 148..156;
const KIND: usize = 156;
const MAGIC: Range<usize> = 257..263;
const PREFIX: Range<usize> = 345..500;
/// What a header of this format is known by.
const USTAR: &[u8] = b"ustar\0";
/// The kind of a plain file.
const FILE: u8 = b'0';

/// A file in an archive.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) size: u64,
}

/// Reads an archive from its beginning to its end. As a reader it is the content of the entry it stands at.
pub(super) struct Archive<R> {
    from: R,
    /// Bytes of the entry that were not read yet.
    left: u64,
    /// Bytes between the entry's end and the next block.
    padding: u64,
}

/// Whether there is the header of an archive, of which nothing is taken.
pub(super) fn begins(from: &mut impl BufRead) -> io::Result<bool> {
    Ok(from.fill_buf()?.get(MAGIC).is_some_and(|magic| magic == USTAR))
}

impl<R: Read> Archive<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, left: 0, padding: 0 }
    }

    /// The next file, or `None` where the archive says that it ends. The one before has to be read and finished.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, ReleaseError> {
        let block = self.block()?;
        if block == [0; BLOCK_BYTES] {
            return Ok(None);
        }
        let damaged = |what: &str| ReleaseError::Tampered(format!("a header in it {what}"));
        if block[MAGIC] != *USTAR {
            return Err(damaged("is of no archive"));
        }
        // The checksum is of the header with spaces in its place.
        let sum: u64 = block
            .iter()
            .enumerate()
            .map(|(at, byte)| u64::from(if CHECKSUM.contains(&at) { b' ' } else { *byte }))
            .sum();
        if octal(&block[CHECKSUM]) != Some(sum) {
            return Err(damaged("does not fit its checksum"));
        }
        let name = text(&block[NAME]).ok_or_else(|| damaged("has a name that is no text"))?;
        let prefix = text(&block[PREFIX]).ok_or_else(|| damaged("has a name that is no text"))?;
        let name = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        if block[KIND] != FILE || !is_plain(&name) {
            return Err(ReleaseError::Foreign(format!("{name:?} in it is no plain file with a plain name")));
        }
        let size = octal(&block[SIZE]).ok_or_else(|| damaged("has no size"))?;
        self.left = size;
        self.padding = size.next_multiple_of(BLOCK_BYTES as u64) - size;
        Ok(Some(Entry { name, size }))
    }

    /// Goes to the end of an entry whose content was read.
    pub(super) fn finish_entry(&mut self, name: &str) -> Result<(), ReleaseError> {
        if self.left > 0 {
            return Err(ReleaseError::Truncated(format!("it ends within {name}")));
        }
        let skipped = io::copy(&mut self.from.by_ref().take(self.padding), &mut io::sink())?;
        if skipped < self.padding {
            return Err(ReleaseError::Truncated(format!("it ends within {name}")));
        }
        Ok(())
    }

    /// Reads on after the archive's end, where nothing may be.
    pub(super) fn finish(mut self) -> Result<(), ReleaseError> {
        let mut rest = [0; BLOCK_BYTES];
        loop {
            match self.from.read(&mut rest)? {
                0 => return Ok(()),
                count if rest[..count].iter().any(|byte| *byte != 0) => {
                    return Err(ReleaseError::Tampered("something follows its end".to_owned()));
                }
                _ => {}
            }
        }
    }

    fn block(&mut self) -> Result<[u8; BLOCK_BYTES], ReleaseError> {
        let mut block = [0; BLOCK_BYTES];
        self.from.read_exact(&mut block).map_err(|error| {
            let is_end = error.kind() == io::ErrorKind::UnexpectedEof;
            let cut = || ReleaseError::Truncated("it ends where a file should follow".to_owned());
            if is_end { cut() } else { error.into() }
        })?;
        Ok(block)
    }
}

impl<R: Read> Read for Archive<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.by_ref().take(self.left).read(buffer)?;
        self.left -= count as u64;
        Ok(count)
    }
}

/// A field's text, which a zero byte or the field's end ends.
fn text(field: &[u8]) -> Option<&str> {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    std::str::from_utf8(&field[..end]).ok()
}

fn octal(field: &[u8]) -> Option<u64> {
    u64::from_str_radix(text(field)?.trim(), 8).ok()
}

/// Whether a name stays below the folder it is unpacked in, whoever unpacks it.
fn is_plain(name: &str) -> bool {
    !name.contains('\\') && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}
