//! Certificates, configuration and secrets: what belongs to an installation beside its database.

use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use tempfile::NamedTempFile;

use crate::backup::BackupError;
use crate::backup::error::at;
use crate::config::Config;

/// The folder of certificates, in a backup as under the data folder.
pub(super) const TLS: &str = "tls";
/// The folder of the configuration in a backup.
pub(super) const CONFIGURATION: &str = "configuration";

/// Files, whole.
#[derive(Debug, Default)]
pub(super) struct Collected {
    /// By their names in the backup.
    pub(super) files: Vec<(String, Vec<u8>)>,
    /// What belongs to the installation and is not among them, for people.
    pub(super) left_out: Vec<String>,
}

/// Reads all files but the database's. Those that the configuration's `…_file` keys name only if asked for.
pub(super) fn collect(config: &Config, with_secrets: bool) -> Result<Collected, BackupError> {
    let mut collected = Collected::default();
    let tls = config.server.data_dir.join(TLS);
    collected.add_folder(&tls, TLS)?;
    if let Some(path) = config.file()
        && path.is_file()
    {
        let content = fs::read(path).map_err(|error| BackupError::file("reading", path, &error))?;
        collected.files.push((format!("{CONFIGURATION}/config.toml"), content));
    }
    collected.files.push((format!("{CONFIGURATION}/in-effect.toml"), config.effective().into_bytes()));
    for (key, path) in config.named_files() {
        if path.starts_with(&tls) {
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file");
        if with_secrets {
            let content =
                fs::read(&path).map_err(|error| BackupError::file(&format!("reading {key}"), &path, &error))?;
            collected.files.push((format!("{CONFIGURATION}/secrets/{key}/{name}"), content));
        } else {
            collected.left_out.push(format!("{key} ({})", path.display()));
        }
    }
    if let Some(logo) = &config.web.theme.logo {
        collected.left_out.push(format!("web.theme.logo ({})", config.server.resolve(logo).display()));
    }
    collected.left_out.extend(secrets_of_the_environment(&config.effective()));
    Ok(collected)
}

/// The environment's variables that hold a secret, which is masked in the configuration in effect.
fn secrets_of_the_environment(in_effect: &str) -> impl Iterator<Item = String> {
    let from_environment = in_effect.lines().filter_map(|line| line.rsplit_once(" # environment "));
    let secret = from_environment.filter(|(setting, _)| setting.contains("***"));
    secret.map(|(_, variable)| format!("the secret in the environment variable {variable}"))
}

impl Collected {
    fn add_folder(&mut self, folder: &Path, name: &str) -> Result<(), BackupError> {
        let failed = |path: &Path, error: &io::Error| BackupError::file("reading", path, error);
        let mut entries = match fs::read_dir(folder) {
            Ok(entries) => entries.collect::<io::Result<Vec<_>>>().map_err(|error| failed(folder, &error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(folder, &error)),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let kind = entry.file_type().map_err(|error| failed(&path, &error))?;
            match entry.file_name().to_str() {
                Some(own) if kind.is_dir() => self.add_folder(&path, &format!("{name}/{own}"))?,
                Some(own) if kind.is_file() => match fs::read(&path) {
                    Ok(content) => self.files.push((format!("{name}/{own}"), content)),
                    // Replaced or removed since the folder was read.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(failed(&path, &error)),
                },
                Some(_) | None => self.left_out.push(format!("{} (neither a file nor a folder)", path.display())),
            }
        }
        Ok(())
    }
}

/// Where files of a backup are written. Dropped before it is kept, it is removed with all that is in it.
pub(super) struct Staged {
    folder: PathBuf,
    is_kept: bool,
    /// Whether any file was written.
    pub(super) is_used: bool,
}

impl Staged {
    /// At a path, from which what an interrupted attempt left is removed.
    pub(super) fn at(folder: PathBuf) -> Result<Self, BackupError> {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(BackupError::file("removing", &folder, &error))
            }
            Ok(()) | Err(_) => Ok(Self { folder, is_kept: false, is_used: false }),
        }
    }

    /// Makes sure that what was written survives a loss of power.
    pub(super) fn sync(&self) -> Result<(), BackupError> {
        if !self.is_used {
            return Ok(());
        }
        sync_all(&self.folder)?;
        self.folder.parent().map_or(Ok(()), sync_folder)
    }

    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// It stays.
    pub(super) fn keep(&mut self) {
        self.is_kept = true;
    }

    /// Writes a file for its owner alone. `name` may lead into folders, but not out of this one.
    pub(super) fn write(&mut self, name: &str, content: &[u8]) -> Result<(), BackupError> {
        if !Path::new(name).components().all(|component| matches!(component, Component::Normal(_))) {
            return Err(BackupError::File(format!("the backup holds a file {name:?}, which leads out of its folder")));
        }
        let path = self.folder.join(name);
        let failed = |error: io::Error| BackupError::file("writing", &path, &error);
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        }
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        let mut file = file.map_err(failed)?;
        file.write_all(content).and_then(|()| file.sync_all()).map_err(failed)?;
        self.is_used = true;
        Ok(())
    }
}

/// The folder that a path is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Gives a file that was written and flushed its name, which must not be taken, for good.
pub(super) fn put_in_place(finished: NamedTempFile, path: &Path) -> Result<(), BackupError> {
    finished.persist_noclobber(path).map_err(|failed| {
        if failed.error.kind() == io::ErrorKind::AlreadyExists {
            BackupError::Exists(path.to_owned())
        } else {
            BackupError::file("writing", path, &failed.error)
        }
    })?;
    sync_folder(folder_of(path))
}

/// Makes sure that names in a folder survive a loss of power.
pub(super) fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at("writing the folder", folder))
}

/// The same in those below it, too.
fn sync_all(folder: &Path) -> Result<(), BackupError> {
    for entry in fs::read_dir(folder).map_err(at("reading the folder", folder))? {
        let path = entry.map_err(at("reading the folder", folder))?.path();
        if path.is_dir() {
            sync_all(&path)?;
        }
    }
    sync_folder(folder)
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_left_out_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let environment = [
            ("BANK_AICC__SERVER__DATA_DIR", folder.path().to_str().unwrap()),
            ("BANK_AICC__STORAGE__URL", "mysql://aicc:hunter2@db:3306/bank"),
            ("BANK_AICC__LOG__LEVEL", "warn"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut config = Config::parse("", "config.toml", environment.into_iter()).unwrap();
        config.web.theme.logo = Some("/srv/logo.svg".into());
        let expected =
            ["web.theme.logo (/srv/logo.svg)", "the secret in the environment variable BANK_AICC__STORAGE__URL"];
        assert_eq!(collect(&config, false).unwrap().left_out, expected);
    }
}
