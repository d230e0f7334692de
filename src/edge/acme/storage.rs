//! What outlives the process: the account, and each site's certificate with its key.
//!
//! Every authority has a folder of its own under `tls/acme`, so that a change of `edge.acme.directory` neither loses nor
//! mixes anything. Invariant: a file is whole or not there (written beside, flushed, renamed), and its owner alone reads
//! it. Key and chain are one file, since one without the other is of no use.

use std::fs;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Digest as _;
use sha2::Sha256;

use crate::edge::acme::certificate::Issued;
use crate::edge::private_file;

/// Under the data folder.
const FOLDER: &str = "tls/acme";
const ACCOUNT: &str = "account.json";
const STATUS: &str = "status.json";

/// Why a file of the certificate store could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The system refused.
    #[error("{doing} {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The file is not what was once written.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

/// The account at one authority.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredAccount {
    /// As they were told to the authority last.
    pub(super) contact: Vec<String>,
    /// The key it was bound with; empty is none.
    pub(super) eab_key_id: String,
    /// `instant_acme::AccountCredentials`, which can be used only once in memory.
    pub(super) credentials: serde_json::Value,
}

/// The files about one authority.
#[derive(Debug, Clone)]
pub(super) struct Storage {
    folder: PathBuf,
    status: PathBuf,
}

impl Storage {
    /// Of the authority with this directory. Nothing is made before something is written.
    pub(super) fn new(data_dir: &Path, directory: &str) -> Self {
        let host = directory.split('/').nth(2).unwrap_or_default();
        let digest = hex::encode(Sha256::digest(directory).get(..4).unwrap_or_default());
        let folder = data_dir.join(FOLDER).join(format!("{}-{digest}", file_name(host)));
        Self { folder, status: status_file(data_dir) }
    }

    /// The account, if there is one.
    pub(super) fn account(&self) -> Result<Option<StoredAccount>, StorageError> {
        read_json(&self.folder.join(ACCOUNT))
    }

    pub(super) fn put_account(&self, account: &StoredAccount) -> Result<(), StorageError> {
        write_json(&self.folder.join(ACCOUNT), account)
    }

    /// The certificate of the site with these names, if there is one.
    pub(super) fn certificate(&self, names: &[String]) -> Result<Option<Issued>, StorageError> {
        let path = self.certificate_file(names);
        let Some(pem) = read(&path)? else { return Ok(None) };
        Issued::parse(&pem).map(Some).map_err(|why| StorageError::Damaged { path, why })
    }

    pub(super) fn put_certificate(&self, names: &[String], pem: &str) -> Result<(), StorageError> {
        write(&self.certificate_file(names), pem.as_bytes())
    }

    /// Where a site's certificate is. The first name stays when others are added, so the old certificate is served
    /// until the new one is there.
    pub(super) fn certificate_file(&self, names: &[String]) -> PathBuf {
        let name = names.first().map(String::as_str).unwrap_or_default();
        self.folder.join(format!("{}.pem", file_name(name)))
    }

    /// Writes what other processes read to know how things stand.
    pub(super) fn put_status(&self, status: &impl Serialize) -> Result<(), StorageError> {
        write_json(&self.status, status)
    }
}

/// How things stood when the server wrote it last.
pub(super) fn read_status<T: DeserializeOwned>(data_dir: &Path) -> Result<Option<T>, StorageError> {
    read_json(&status_file(data_dir))
}

fn status_file(data_dir: &Path) -> PathBuf {
    data_dir.join(FOLDER).join(STATUS)
}

/// A host, or an address, as the name of a file.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StorageError> {
    let Some(text) = read(path)? else { return Ok(None) };
    let damaged = |error: serde_json::Error| StorageError::Damaged { path: path.to_owned(), why: error.to_string() };
    serde_json::from_str(&text).map(Some).map_err(damaged)
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), StorageError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| StorageError::Damaged { path: path.to_owned(), why: error.to_string() })?;
    write(path, format!("{text}\n").as_bytes())
}

/// The text of a file; `None` if there is no such file.
fn read(path: &Path) -> Result<Option<String>, StorageError> {
    let failed = |source| StorageError::Io { doing: "reading", path: path.to_owned(), source };
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        tracing::warn!(
            file = %path.display(),
            mode = format!("{mode:03o}"),
            "a file that may hold a private key was open to other users; it is closed now"
        );
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed)?;
    }
    let text = String::from_utf8(bytes);
    text.map(Some).map_err(|_| StorageError::Damaged { path: path.to_owned(), why: "it is not text".to_owned() })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    let failed = |source| StorageError::Io { doing: "writing", path: path.to_owned(), source };
    private_file::write(path, bytes).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::acme::certificate::tests::self_signed;

    const DIRECTORY: &str = "https://ca.bank.example:9000/acme/acme/directory";

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_written_is_read_and_its_owner_s_alone() {
        let data = tempfile::tempdir().unwrap();
        let storage = Storage::new(data.path(), DIRECTORY);
        let names = ["2001:db8::1".to_owned(), "chat.bank.example".to_owned()];
        assert!(storage.certificate(&names).unwrap().is_none() && storage.account().unwrap().is_none());
        let pem = self_signed(&["2001:db8::1", "chat.bank.example"]);
        storage.put_certificate(&names, &pem).unwrap();
        storage.put_certificate(&names, &pem).unwrap();
        assert_eq!(*storage.certificate(&names).unwrap().unwrap().pem, *pem);
        let file = storage.certificate_file(&names);
        assert!(file.ends_with("2001-db8--1.pem"), "{}", file.display());
        assert_eq!(mode(&file), 0o600);
        for folder in [file.parent().unwrap(), &data.path().join("tls/acme"), &data.path().join("tls")] {
            assert_eq!(mode(folder), 0o700, "{}", folder.display());
        }
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing is left beside");
        let elsewhere = Storage::new(data.path(), "https://ca.bank.example:9000/acme/other/directory");
        assert!(elsewhere.certificate(&names).unwrap().is_none(), "another authority's");
    }

    #[test]
    fn damaged_files_are_told_and_open_ones_closed() {
        let data = tempfile::tempdir().unwrap();
        let storage = Storage::new(data.path(), DIRECTORY);
        let names = ["chat.bank.example".to_owned()];
        storage.put_certificate(&names, &self_signed(&["chat.bank.example"])).unwrap();
        let file = storage.certificate_file(&names);
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        assert!(storage.certificate(&names).unwrap().is_some());
        assert_eq!(mode(&file), 0o600);

        for damage in [&b"-----BEGIN"[..], b"", b"\xff\xfe"] {
            fs::write(&file, damage).unwrap();
            let why = storage.certificate(&names).err().unwrap();
            assert!(matches!(why, StorageError::Damaged { .. }), "{why}");
            assert!(why.to_string().contains("chat.bank.example.pem is damaged"), "{why}");
        }
        fs::write(file.with_file_name(ACCOUNT), "{}").unwrap();
        assert!(matches!(storage.account(), Err(StorageError::Damaged { .. })));
    }

    #[test]
    fn what_cannot_be_written_is_told_with_its_place() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("tls"), "a file").unwrap();
        let why = Storage::new(data.path(), DIRECTORY).put_certificate(&["a.example".to_owned()], "").unwrap_err();
        assert!(why.to_string().starts_with("writing ") && why.to_string().ends_with("a.example.pem"), "{why}");
    }
}
