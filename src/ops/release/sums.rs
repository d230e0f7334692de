//! A list of checksums, as `sha256sum` writes and reads it.

use std::collections::BTreeMap;
use std::io;
use std::io::Read;

use sha2::Digest as _;
use sha2::Sha256;

use crate::ops::release::ReleaseError;
use crate::ops::release::SUMS;

/// Hexadecimal digits of a checksum.
const DIGITS: usize = 64;

/// Checksums by file name.
pub(super) struct Sums<'l> {
    by_name: BTreeMap<&'l str, &'l str>,
}

impl<'l> Sums<'l> {
    /// Reads a list that was found to be as it was signed.
    pub(super) fn parse(list: &'l str) -> Result<Self, ReleaseError> {
        let wrong = |line: &str| ReleaseError::Foreign(format!("{SUMS} has a line that is no checksum: {line:?}"));
        let mut by_name = BTreeMap::new();
        for line in list.lines() {
            // Two spaces, or a space and an asterisk, which asks for the same on systems where it makes no difference.
            let (sum, name) = line.split_at_checked(DIGITS).ok_or_else(|| wrong(line))?;
            let name = name.strip_prefix("  ").or_else(|| name.strip_prefix(" *")).ok_or_else(|| wrong(line))?;
            let is_sum = sum.bytes().all(|digit| digit.is_ascii_hexdigit());
            if !is_sum || name.is_empty() || by_name.insert(name, sum).is_some() {
                return Err(wrong(line));
            }
        }
        Ok(Self { by_name })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'l str> {
        self.by_name.keys().copied()
    }

    /// Whether a file of this name has this checksum.
    pub(super) fn compare(&self, name: &str, digest: &str) -> Result<(), ReleaseError> {
        match self.by_name.get(name) {
            Some(sum) if sum.eq_ignore_ascii_case(digest) => Ok(()),
            Some(_) | None => Err(ReleaseError::Tampered(format!("{name} has not the checksum that was signed"))),
        }
    }
}

/// The checksum of everything a reader has.
pub(super) fn digest(from: &mut impl Read) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(hex::encode(hash.finalize())),
            count => hash.update(&buffer[..count]),
        }
    }
}
