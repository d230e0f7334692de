//! `[storage]`: the database.

use std::fs;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use crate::config::database::Database;
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::server::Server;

/// The database.
#[derive(Debug, Clone, PartialEq)]
pub struct Storage {
    /// Which database, and how to reach it; the password of `password_file` is in it already.
    pub url: Database,
    /// File that holds the database's password and nothing else.
    pub password_file: Option<PathBuf>,
    /// Connections that read at the same time.
    pub readers: u32,
    /// Writes that may wait for the database.
    pub queue_max: usize,
    /// Most writes in one commit.
    pub batch_max: usize,
    /// How long a write may take, waiting included; and so may a read.
    pub write_timeout: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
}

impl Storage {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let timeout = Duration::from_millis(100)..=Duration::from_mins(5);
        Self {
            url: section.key("url", Database::Sqlite { file: "bank-aicc.db".into() }),
            password_file: section.key("password_file", None),
            readers: section.within("readers", 4, 1..=256),
            queue_max: section.within("queue_max", 8_192, 1..=1_000_000),
            batch_max: section.within("batch_max", 512, 1..=100_000),
            write_timeout: section.within("write_timeout", Duration::from_secs(10), timeout.clone()),
            connect_timeout: section.within("connect_timeout", Duration::from_secs(5), timeout),
        }
    }

    /// Puts the password of `password_file` into `url`.
    pub(super) fn add_password(&mut self, server: &Server, root: &mut Section<'_>) {
        let Some(file) = &self.password_file else { return };
        let file = server.resolve(file);
        let with_password =
            read_password(&file).and_then(|password| self.url.with_password(password.reveal()).map_err(str::to_owned));
        match with_password {
            Ok(url) => self.url = url,
            Err(why) => root.refuse(&["storage.password_file", "storage.url"], why),
        }
    }
}

/// Reads a password that nobody but its owner can read.
fn read_password(path: &Path) -> Result<Secret<String>, String> {
    const BYTES_MAX: u64 = 4 << 10;
    let shown = path.display();
    let unreadable = |error| format!("reading {shown}: {error}");
    // Asked before opening, because opening a pipe would wait for someone to write to it.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(format!("{shown} is not a file; allowed: a file that holds the password and nothing else"));
    }
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!("{shown} is open to other users (mode {mode:03o}); run: chmod 600 {shown}"));
    }
    let mut text = String::new();
    file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    let password = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if password.is_empty() {
        return Err(format!("{shown} is empty; allowed: a file that holds the password and nothing else"));
    }
    if text.len() as u64 > BYTES_MAX || password.contains(char::is_control) {
        return Err(format!("{shown} holds more than one line of text; allowed: the password and nothing else"));
    }
    Ok(Secret::new(password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with this content and mode, in a folder that vanishes with it.
    fn password_file(content: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_password_is_one_line() {
        for (content, expected) in [
            (&b"hunter2"[..], Ok("hunter2")),
            (b"hunter2\n", Ok("hunter2")),
            (b"hunter2\r\n", Ok("hunter2")),
            (b" hunter 2 \n", Ok(" hunter 2 ")),
            (b"", Err("is empty")),
            (b"\n", Err("is empty")),
            (b"hunter2\n\n", Err("more than one line")),
            (b"hunter2\nhunter3\n", Err("more than one line")),
            (b"hunter\x002", Err("more than one line")),
            (b"\xff\xfe", Err("reading ")),
            (&[b'a'; 5_000], Err("more than one line")),
        ] {
            let (_folder, path) = password_file(content, 0o600);
            match (read_password(&path), expected) {
                (Ok(password), Ok(expected)) => assert_eq!(password.reveal(), expected),
                (Err(why), Err(expected)) => {
                    assert!(why.contains(expected) && !why.contains("hunter"), "{why}");
                }
                (outcome, expected) => panic!("{content:?}: {outcome:?} instead of {expected:?}"),
            }
        }
    }

    #[test]
    fn a_password_is_for_its_owner_alone() {
        for (mode, is_closed) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o644, false)] {
            let (_folder, path) = password_file(b"hunter2\n", mode);
            let outcome = read_password(&path);
            assert_eq!(outcome.is_ok(), is_closed, "{mode:o}");
            if let Err(why) = outcome {
                assert!(why.ends_with(&format!("(mode {mode:o}); run: chmod 600 {}", path.display())), "{why}");
            }
        }
    }

    #[test]
    fn a_folder_or_nothing_is_no_password() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_password(folder.path()).unwrap_err().contains("is not a file"));
        let missing = read_password(&folder.path().join("missing")).unwrap_err();
        assert!(missing.starts_with("reading /") && missing.contains("No such file"), "{missing}");
    }
}
