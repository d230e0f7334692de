//! Values that must never be printed.

use std::fmt;
use std::fs;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A value that prints as `***`. Only [`Secret::reveal`] shows it, so every use can be found by name.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one call that needs it.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A URL with its password as `***`. Text that is no proper URL is masked rather too much than too little: it
/// may be one in which something was forgotten.
pub(super) fn mask_url(text: &str) -> String {
    let (text, query) = match text.split_once('?') {
        Some((before, query)) if query.to_ascii_lowercase().contains("pass") => (before, "?***"),
        Some(_) | None => (text, ""),
    };
    let start = text.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = text.split_at(start);
    let masked = match rest.rsplit_once('@') {
        Some((user, host)) => user.split_once(':').map(|(user, _)| format!("{scheme}{user}:***@{host}")),
        None if scheme.is_empty() => None,
        None => {
            let after_address = rest.rsplit_once(']').map_or(rest, |(_, after)| after);
            let (_, port) = after_address.split_once(':').unwrap_or_default();
            let after_port = port.trim_start_matches(|c: char| c.is_ascii_digit());
            let is_port = after_port.is_empty() || after_port.starts_with(['/', '?', '#']);
            rest.strip_suffix(port).filter(|_| !is_port).map(|host| format!("{scheme}{host}***"))
        }
    };
    masked.unwrap_or_else(|| text.to_owned()) + query
}

/// A shorter one could be guessed. 256 bits in hexadecimal are twice as long.
const LONG_BYTES_MIN: usize = 32;

/// The same of a secret that machines made, which is long.
pub(super) fn read_long_secret(path: &Path, noun: &str) -> Result<Secret<String>, String> {
    let secret = read_secret(path, noun)?;
    match secret.reveal().len() {
        LONG_BYTES_MIN.. => Ok(secret),
        bytes => Err(format!(
            "{} holds {bytes} bytes; allowed: at least {LONG_BYTES_MIN}, as `openssl rand -hex 32` makes them",
            path.display()
        )),
    }
}

/// Whether others than its owner may read a file. The service manager shows its credentials to one service alone, in a folder nobody else may
/// enter, by an access list whose mask looks like the group's rights.
fn is_open_to_others(path: &Path, mode: u32) -> bool {
    let others = if path.starts_with("/run/credentials") { 0o007 } else { 0o077 };
    mode & others != 0
}

/// Reads the one line of a file that nobody but its owner can read. `noun` is what it holds.
///
/// # Errors
/// Why it cannot be used, and what to do.
pub fn read_secret(path: &Path, noun: &str) -> Result<Secret<String>, String> {
    const BYTES_MAX: u64 = 4 << 10;
    let shown = path.display();
    let unreadable = |error| format!("reading {shown}: {error}");
    // Asked before opening, because opening a pipe would wait for someone to write to it.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(format!("{shown} is not a file; allowed: a file that holds the {noun} and nothing else"));
    }
    let file = File::open(path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode() & 0o777;
    if is_open_to_others(path, mode) {
        return Err(format!("{shown} is open to other users (mode {mode:03o}); run: chmod 600 {shown}"));
    }
    let mut text = String::new();
    file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    let secret = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if secret.is_empty() {
        return Err(format!("{shown} is empty; allowed: a file that holds the {noun} and nothing else"));
    }
    if text.len() as u64 > BYTES_MAX || secret.contains(char::is_control) {
        return Err(format!("{shown} holds more than one line of text; allowed: the {noun} and nothing else"));
    }
    Ok(Secret::new(secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_password_of_a_url_is_masked() {
        for (text, expected) in [
            ("mysql://user:hunter2@host/db", "mysql://user:***@host/db"),
            ("mysql://user:hunter2@host:3306/db?ssl-mode=required", "mysql://user:***@host:3306/db?ssl-mode=required"),
            ("mysql://user:hunt@er/2?x@host/db", "mysql://user:***@host/db"),
            ("mysql://user@host:3306/db", "mysql://user@host:3306/db"),
            ("mysql://user:hunter2/db", "mysql://user:***"),
            ("mysql://user:hunter2", "mysql://user:***"),
            ("mysql:user:hunter2@host/db", "mysql:***@host/db"),
            ("mysql://user@host/db?Password=hunter2", "mysql://user@host/db?***"),
            ("https://chat.bank.example:8443/x", "https://chat.bank.example:8443/x"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
            ("sqlite:bank-aicc.db", "sqlite:bank-aicc.db"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("", ""),
        ] {
            assert_eq!(mask_url(text), expected, "{text}");
        }
    }

    #[test]
    fn a_credential_of_the_service_manager_is_not_open_to_others() {
        let credential = Path::new("/run/credentials/bank-aicc.service/database");
        assert!(!is_open_to_others(credential, 0o440));
        assert!(is_open_to_others(credential, 0o444));
        let file = Path::new("/etc/bank-aicc/database");
        assert!(!is_open_to_others(file, 0o600));
        assert!(is_open_to_others(file, 0o640));
    }

    #[test]
    fn a_secret_prints_as_stars() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "*** *** Some(***)");
        assert_eq!(*secret.reveal(), "hunter2");
    }

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
            match (read_secret(&path, "password"), expected) {
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
            let outcome = read_secret(&path, "password");
            assert_eq!(outcome.is_ok(), is_closed, "{mode:o}");
            if let Err(why) = outcome {
                assert!(why.ends_with(&format!("(mode {mode:o}); run: chmod 600 {}", path.display())), "{why}");
            }
        }
    }

    #[test]
    fn a_folder_or_nothing_is_no_password() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_secret(folder.path(), "password").unwrap_err().contains("is not a file"));
        let missing = read_secret(&folder.path().join("missing"), "password").unwrap_err();
        assert!(missing.starts_with("reading /") && missing.contains("No such file"), "{missing}");
    }
}
