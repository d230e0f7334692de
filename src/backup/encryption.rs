//! Encryption to a public key, in the format of age (age-encryption.org/v1), so that the program `age` opens these backups, too.
//!
//! Whoever makes such a backup cannot read it: that takes the private key, which is best kept away from the server.

use std::fs;
use std::io;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use age::DecryptError;
use age::Decryptor;
use age::Encryptor;
use age::secrecy::ExposeSecret as _;
use age::stream::StreamWriter;
pub use age::x25519::Recipient;
use sha2::Digest as _;
use sha2::Sha256;
use tempfile::NamedTempFile;

use crate::backup::BackupError;
use crate::backup::error::at;
use crate::backup::files;

/// What an encrypted file begins with.
const INTRO: &[u8] = b"age-encryption.org/";

/// Private keys, from a file: one, or several after a change of them.
pub struct Identity {
    keys: Vec<age::x25519::Identity>,
    path: PathBuf,
}

impl Identity {
    /// Makes a new key in a file that must not be there yet, readable by its owner alone. The public key that belongs to it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn generate(path: &Path) -> Result<Recipient, BackupError> {
        let key = age::x25519::Identity::generate();
        let recipient = key.to_public();
        let text = format!("# public key: {recipient}\n{}\n", key.to_string().expose_secret());
        let failed = at("writing", path);
        // Half a key is none, and would be in the way of the next attempt. Such a file has mode 0600 from the beginning.
        let mut file = NamedTempFile::new_in(files::folder_of(path)).map_err(&failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(&failed)?;
        files::put_in_place(file, path)?;
        Ok(recipient)
    }

    /// Reads the keys from what [`Identity::generate`] or `age-keygen` wrote.
    ///
    /// # Errors
    /// When the file cannot be read or holds no key.
    pub fn read(path: &Path) -> Result<Self, BackupError> {
        let text = fs::read_to_string(path).map_err(at("reading the private key", path))?;
        let keys: Vec<age::x25519::Identity> = text.lines().filter_map(|line| line.trim().parse().ok()).collect();
        if keys.is_empty() {
            let expected =
                "a line that begins with AGE-SECRET-KEY-1, as `bank-aicc backup keygen` or `age-keygen` writes it";
            return Err(BackupError::File(format!("{} holds no private key: {expected}", path.display())));
        }
        Ok(Self { keys, path: path.to_owned() })
    }
}

/// Encrypts what is written to it. It has to be finished.
pub(super) fn seal<W: Write>(to: W, recipient: &Recipient) -> io::Result<StreamWriter<W>> {
    let recipient: &dyn age::Recipient = recipient;
    let encryptor = Encryptor::with_recipients(std::iter::once(recipient));
    encryptor.map_err(|_| io::Error::other("nothing can be encrypted to this public key"))?.wrap_output(to)
}

/// Reads a backup, decrypted if it is encrypted. `name` is for the errors.
///
/// # Errors
/// When it is encrypted, and not to this key.
pub(super) fn unsealed<'r>(
    mut from: impl Read + 'r,
    name: &str,
    identity: Option<&Identity>,
) -> Result<Box<dyn Read + 'r>, BackupError> {
    let mut intro = Vec::new();
    let path = Path::new(name);
    from.by_ref().take(INTRO.len() as u64).read_to_end(&mut intro).map_err(at("reading", path))?;
    let is_sealed = intro == INTRO;
    let whole = io::Cursor::new(intro).chain(from);
    if !is_sealed {
        return Ok(Box::new(whole));
    }
    let Some(Identity { keys, path }) = identity else { return Err(BackupError::Sealed(name.to_owned())) };
    let keys = keys.iter().map(|key| -> &dyn age::Identity { key });
    let opened = Decryptor::new_buffered(BufReader::new(whole)).and_then(|sealed| sealed.decrypt(keys));
    match opened {
        Ok(reader) => Ok(Box::new(reader)),
        Err(DecryptError::NoMatchingKeys) => {
            Err(BackupError::OtherKey { name: name.to_owned(), identity: path.clone() })
        }
        Err(error) => {
            let why = format!("it cannot be decrypted: {}", words(&error));
            Err(BackupError::Damaged { name: name.to_owned(), why })
        }
    }
}

/// Not age's own words, here and above: with them come their translations, and a macro that puts them together in another order at each
/// build, so that no two programs were the same.
fn words(error: &DecryptError) -> String {
    match error {
        DecryptError::InvalidHeader | DecryptError::InvalidMac => "its header is not as it was written".to_owned(),
        DecryptError::UnknownFormat => "it is of a later version of age".to_owned(),
        DecryptError::Io(error) => error.to_string(),
        DecryptError::DecryptionFailed
        | DecryptError::KeyDecryptionFailed
        | DecryptError::NoMatchingKeys
        | DecryptError::ExcessiveWork { .. } => "its key cannot be read".to_owned(),
    }
}

/// Sums up what is written to it.
pub(super) struct Summed<W> {
    to: W,
    hash: Sha256,
}

impl<W: Write> Summed<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, hash: Sha256::new() }
    }

    /// The SHA-256 of what was written.
    pub(super) fn sum(self) -> [u8; 32] {
        self.hash.finalize().into()
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.to.write(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or(buffer));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
