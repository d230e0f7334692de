//! Whether what was brought here, a bundle or a package, is what was published: by checksums, and by the signature of their list.
//!
//! Nothing is trusted before the signature is good: of an unsigned file no more is read than the list and where its entries begin.

mod archive;
mod key;
mod sums;

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;

use minisign_verify::Error as SignatureError;
use minisign_verify::Signature;

use archive::Archive;
use archive::Entry;
use sums::Sums;

pub use key::KeyError;
pub use key::ReleaseKey;

/// The list of checksums.
const SUMS: &str = "SHA256SUMS";
/// Its signature.
const SIGNATURE: &str = "SHA256SUMS.minisig";
/// What the signed comment of a release begins with; the version follows.
const PRODUCT: &str = "bank-aicc ";
/// The longest list or signature that is read.
const LIST_BYTES_MAX: u64 = 1 << 20;

/// A release that is as it was signed.
#[derive(Debug)]
pub struct Release {
    /// The version that the signature names.
    pub version: String,
    /// How many files were compared.
    pub files: usize,
}

/// Why a file is not taken for a release.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// It could not be looked at.
    #[error("{what} cannot be read")]
    Unreadable {
        /// Which file.
        what: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It ends early.
    #[error("it is cut off: {0}; copy it again, and compare its size")]
    Truncated(String),
    /// It is no bundle, or not one of ours.
    #[error("it is no bundle of bank-aicc: {0}")]
    Foreign(String),
    /// Somebody else signed it.
    #[error(
        "it was signed with another key than {0}; ask whoever published it for his key, and compare it by another way"
    )]
    OtherKey(String),
    /// It was changed after it was signed.
    #[error("it was changed after it was signed: {0}; do not install it")]
    Tampered(String),
}

/// Whether this file, a bundle, a package or a list of checksums, is as `key` signed it.
///
/// # Errors
/// [`ReleaseError`].
pub fn verify(path: &Path, key: &ReleaseKey) -> Result<Release, ReleaseError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if name == SUMS {
        return verify_list(path.parent().unwrap_or(Path::new("")), key, None);
    }
    let mut file = BufReader::new(open(path)?);
    match archive::begins(&mut file).map_err(|source| unreadable(path, source))? {
        true => verify_bundle(file, key),
        false if name.ends_with(".bundle") => {
            Err(ReleaseError::Foreign("it does not begin as an archive does".to_owned()))
        }
        false => verify_list(path.parent().unwrap_or(Path::new("")), key, Some(name)),
    }
}

/// An archive whose first two entries are the signature and the list, and which holds the files of the list and no other.
fn verify_bundle(file: impl Read, key: &ReleaseKey) -> Result<Release, ReleaseError> {
    let mut archive = Archive::new(file);
    let signature = text_entry(&mut archive, SIGNATURE)?;
    let list = text_entry(&mut archive, SUMS)?;
    let version = check_signature(&signature, &list, key)?;
    let sums = Sums::parse(&list)?;
    let mut missing: BTreeSet<&str> = sums.names().collect();
    let files = missing.len();
    while let Some(Entry { name, .. }) = archive.next()? {
        if !missing.remove(name.as_str()) {
            return Err(ReleaseError::Tampered(format!("{name} is not in its list, or is there twice")));
        }
        let digest = sums::digest(&mut archive).map_err(ReleaseError::from)?;
        archive.finish_entry(&name)?;
        sums.compare(&name, &digest)?;
    }
    archive.finish()?;
    match missing.first() {
        Some(name) => Err(ReleaseError::Tampered(format!("{name} is in its list and not in it"))),
        None => Ok(Release { version, files }),
    }
}

/// One file beside the list, or all that the list names.
fn verify_list(folder: &Path, key: &ReleaseKey, only: Option<&str>) -> Result<Release, ReleaseError> {
    let read = |name: &str| -> Result<String, ReleaseError> {
        let path = folder.join(name);
        let mut text = String::new();
        let read = open(&path)?.take(LIST_BYTES_MAX).read_to_string(&mut text);
        read.map_err(|source| unreadable(&path, source))?;
        Ok(text)
    };
    let (signature, list) = (read(SIGNATURE)?, read(SUMS)?);
    let version = check_signature(&signature, &list, key)?;
    let sums = Sums::parse(&list)?;
    let names: Vec<&str> = match only {
        Some(name) if !sums.names().any(|listed| listed == name) => {
            let why = format!("{SUMS} beside it, of version {version}, does not name {name}");
            return Err(ReleaseError::Foreign(why));
        }
        Some(name) => vec![name],
        None => sums.names().collect(),
    };
    for &name in &names {
        let path = folder.join(name);
        let digest = sums::digest(&mut open(&path)?).map_err(|source| unreadable(&path, source))?;
        sums.compare(name, &digest)?;
    }
    Ok(Release { version, files: names.len() })
}

/// The version that the signed comment names, if the list is as it was signed.
fn check_signature(signature: &str, list: &str, key: &ReleaseKey) -> Result<String, ReleaseError> {
    let signature = Signature::decode(signature)
        .map_err(|error| ReleaseError::Tampered(format!("{SIGNATURE} cannot be read ({error})")))?;
    key.public.verify(list.as_bytes(), &signature, false).map_err(|error| {
        if matches!(error, SignatureError::UnexpectedKeyId) {
            return ReleaseError::OtherKey(key.id());
        }
        ReleaseError::Tampered(format!("{SIGNATURE} does not fit {SUMS} ({error})"))
    })?;
    let comment = signature.trusted_comment();
    let version = comment.strip_prefix(PRODUCT);
    let version = version.ok_or_else(|| ReleaseError::Foreign(format!("it was signed as {comment:?}")))?;
    Ok(version.to_owned())
}

/// The whole text of the entry that has to be next.
fn text_entry(archive: &mut Archive<impl Read>, expected: &str) -> Result<String, ReleaseError> {
    let entry = archive.next()?;
    let Some(Entry { name, size }) = entry.filter(|entry| entry.name == expected) else {
        return Err(ReleaseError::Foreign(format!("{expected} is not where it should be")));
    };
    if size > LIST_BYTES_MAX {
        return Err(ReleaseError::Foreign(format!("{name} is {size} bytes long")));
    }
    let mut bytes = Vec::new();
    archive.read_to_end(&mut bytes)?;
    archive.finish_entry(&name)?;
    String::from_utf8(bytes).map_err(|_| ReleaseError::Tampered(format!("{name} is no text")))
}

fn open(path: &Path) -> Result<File, ReleaseError> {
    File::open(path).map_err(|source| unreadable(path, source))
}

fn unreadable(path: &Path, source: io::Error) -> ReleaseError {
    ReleaseError::Unreadable { what: path.display().to_string(), source }
}

impl From<io::Error> for ReleaseError {
    fn from(source: io::Error) -> Self {
        Self::Unreadable { what: "the bundle".to_owned(), source }
    }
}
