//! The public key that releases are signed with (minisign): a key number of eight bytes and an Ed25519 key.

use std::fs;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign_verify::PublicKey;

/// The key of whoever built this program, if he said which.
const BUILT_IN: Option<&str> = option_env!("BANK_AICC_RELEASE_KEY");
/// The number's place in a key; the algorithm is before it.
const NUMBER: std::ops::Range<usize> = 2..10;

/// Whose signature is good.
pub struct ReleaseKey {
    pub(super) public: PublicKey,
    number: [u8; 8],
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// None was given, and none was built in.
    #[error(
        "whose signature is to be good? This program was built without a key; name the publisher's with --key, as its line \
         (it begins with RW) or as a file"
    )]
    Missing,
    /// It is neither a key nor a file.
    #[error("{0} is neither a minisign public key nor a file that can be read")]
    NoFile(String, #[source] io::Error),
    /// A file that holds none.
    #[error("{0} holds no minisign public key")]
    Malformed(String),
}

impl ReleaseKey {
    /// The one that was given, as base64 or as the name of a file that holds it, or else the one this program was built with.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn find(given: Option<&str>) -> Result<Self, KeyError> {
        let Some(given) = given else {
            let built_in = BUILT_IN.filter(|key| !key.is_empty()).ok_or(KeyError::Missing)?;
            return Self::decode(built_in).ok_or_else(|| KeyError::Malformed("BANK_AICC_RELEASE_KEY".to_owned()));
        };
        if let Some(key) = Self::decode(given) {
            return Ok(key);
        }
        let text = fs::read_to_string(given).map_err(|error| KeyError::NoFile(given.to_owned(), error))?;
        // A comment, and below it the key.
        text.lines().find_map(Self::decode).ok_or_else(|| KeyError::Malformed(given.to_owned()))
    }

    /// Its number, as minisign writes it.
    pub fn id(&self) -> String {
        format!("{:016X}", u64::from_le_bytes(self.number))
    }

    fn decode(line: &str) -> Option<Self> {
        let line = line.trim();
        let public = PublicKey::from_base64(line).ok()?;
        let number = STANDARD.decode(line).ok()?.get(NUMBER)?.try_into().ok()?;
        Some(Self { public, number })
    }
}
