//! The file: entries with names, written once and read from the beginning to the end.

use std::io;
use std::io::Read;
use std::io::Write;
use std::path::Component;
use std::path::Path;

use sha2::Digest as _;
use sha2::Sha256;

use crate::backup::manifest::Sum;

/// What a Zstandard file begins with (RFC 8878 §3.1.1).
pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The balance of size and speed that Zstandard itself takes.
const LEVEL: i32 = 3;
/// Largest entry that is read: a run of rows with one knowledge pack of the largest size in base64.
const ENTRY_BYTES_MAX: u64 = 2 << 30;
/// Largest first entry: what a backup says of itself.
const FIRST_BYTES_MAX: u64 = 1 << 20;
/// Longest name, in the entry that GNU's tar puts before one whose name has more than 100 bytes.
const NAME_BYTES_MAX: u64 = 4 << 10;

/// Writes entries, and remembers their sums.
pub(super) struct Writer<W: Write> {
    tar: tar::Builder<zstd::Encoder<'static, W>>,
    mtime: u64,
    sums: Vec<Sum>,
}

impl<W: Write> Writer<W> {
    /// Begins. `mtime` is what entries say of when they were made, in Unix seconds.
    pub(super) fn begin(to: W, mtime: u64) -> io::Result<Self> {
        let mut encoder = zstd::Encoder::new(to, LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self { tar: tar::Builder::new(encoder), mtime, sums: Vec::new() })
    }

    /// Writes one entry.
    pub(super) fn entry(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(0o600);
        header.set_mtime(self.mtime);
        header.set_size(content.len() as u64);
        self.tar.append_data(&mut header, name, content)?;
        self.sums.push(sum(name, content));
        Ok(())
    }

    /// The sums of what was written so far.
    pub(super) fn sums(&self) -> Vec<Sum> {
        self.sums.clone()
    }

    /// Writes what is still in memory.
    pub(super) fn end(self) -> io::Result<W> {
        let mut to = self.tar.into_inner()?.finish()?;
        to.flush()?;
        Ok(to)
    }
}

/// Reads entries to the end of the file, and gives each to `visit`, whole. What follows the last one is read, too: the
/// compression's own checksum stands there. No more than `limit` bytes are decompressed.
pub(super) fn read<E: From<io::Error>>(
    from: impl Read,
    limit: u64,
    mut visit: impl FnMut(&str, Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    let refused = |name: &str, why: &str| io::Error::other(format!("{name:?} {why}"));
    let mut archive = tar::Archive::new(zstd::Decoder::new(from)?.take(limit));
    let (mut is_first, mut long_name) = (true, None);
    // Raw, so that names and attributes of any length are not read into memory before they are looked at.
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        let name = match long_name.take() {
            Some(name) => name,
            None => String::from_utf8(entry.path_bytes().into_owned()).map_err(io::Error::other)?,
        };
        let (kind, size) = (entry.header().entry_type(), entry.size());
        let most = match (kind, is_first) {
            (tar::EntryType::GNULongName, _) => NAME_BYTES_MAX,
            (tar::EntryType::Regular, true) => FIRST_BYTES_MAX,
            (tar::EntryType::Regular, false) => ENTRY_BYTES_MAX,
            (_, _) => return Err(refused(&name, "is not a regular file").into()),
        };
        if size > most {
            return Err(refused(&name, "is too large").into());
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        if content.len() as u64 != size {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        if kind == tar::EntryType::GNULongName {
            content.retain(|byte| *byte != 0);
            long_name = Some(String::from_utf8(content).map_err(io::Error::other)?);
            continue;
        }
        if !Path::new(&name).components().all(|component| matches!(component, Component::Normal(_))) {
            return Err(refused(&name, "leads out of its folder").into());
        }
        is_first = false;
        visit(&name, content)?;
    }
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(())
}

/// What identifies an entry.
pub(super) fn sum(name: &str, content: &[u8]) -> Sum {
    Sum { name: name.to_owned(), bytes: content.len() as u64, sha256: hex::encode(Sha256::digest(content)) }
}
