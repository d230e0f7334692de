//! The settings of the earlier system: what becomes of each variable of its `.env` (wire contract §9), and writing that as a
//! configuration with the secrets in files of their own. No value of a variable is ever shown but in what it became.

mod dotenv;
mod table;

use std::fmt;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::config::Config;
use crate::ops::earlier_settings::table::Finding;
use crate::ops::earlier_settings::table::Settings;

pub use table::Outcome;

/// A `.env` is a page of text.
const BYTES_MAX: u64 = 1 << 20;

/// What becomes of the earlier system's settings.
#[derive(Debug)]
pub struct EarlierSettings {
    findings: Vec<Finding>,
    settings: Settings,
}

/// Files that were written.
#[derive(Debug)]
pub struct Written {
    /// The configuration.
    pub settings: PathBuf,
    /// Each secret.
    pub secrets: Vec<PathBuf>,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file is there already.
    #[error(
        "{} exists, and nothing is ever overwritten; look whether it is still needed, and move it away or give --write \
         another name. It must not be /etc/bank-aicc/config.toml: change the values of the same keys there", .0.display()
    )]
    Exists(PathBuf),
    /// A file cannot be made.
    #[error("writing {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// What would be written is no good configuration.
    #[error("the settings do not go together: {0}")]
    Refused(String),
}

impl EarlierSettings {
    /// Reads a `.env`.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn read(file: &Path) -> Result<Self, String> {
        let unread = |why: String| format!("reading {}: {why}", file.display());
        let mut bytes = Vec::new();
        let opened = File::open(file).map_err(|error| unread(error.to_string()))?;
        opened.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| unread(error.to_string()))?;
        if bytes.len() as u64 > BYTES_MAX {
            return Err(unread("it is too long for a .env; allowed: 1MiB".to_owned()));
        }
        let text = String::from_utf8(bytes).map_err(|_| unread("it is not UTF-8; save it as UTF-8".to_owned()))?;
        Ok(Self::of(&text))
    }

    fn of(text: &str) -> Self {
        let (findings, settings) = table::judge(dotenv::read(text));
        Self { findings, settings }
    }

    /// Whether anything has this outcome.
    pub fn has(&self, outcome: Outcome) -> bool {
        self.findings.iter().any(|finding| finding.outcome == outcome)
    }

    /// Writes what they become to a new file, and each secret to a new one beside it, all or nothing.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn write(&self, file: &Path) -> Result<Written, WriteError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| WriteError::File { path, source }
        };
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // In full, because relative paths in a configuration begin elsewhere.
        let folder = fs::canonicalize(folder).map_err(failed(folder))?;
        let secrets: Vec<(PathBuf, &str)> =
            self.settings.secrets().into_iter().map(|(name, secret)| (folder.join(name), secret)).collect();
        let target = folder.join(file.file_name().unwrap_or_default());
        let paths = [&target].into_iter().chain(secrets.iter().map(|(path, _)| path));
        if let Some(taken) = paths.into_iter().find(|path| path.symlink_metadata().is_ok()) {
            return Err(WriteError::Exists(taken.clone()));
        }
        let text = self.settings.to_toml(&folder);
        let mut made = Made(Vec::new());
        for (path, secret) in &secrets {
            made.file(path, 0o600, &format!("{secret}\n")).map_err(failed(path))?;
        }
        // It says where secrets are, so it is read once they are there.
        Config::parse(&text, &target.display().to_string(), std::iter::empty())
            .map_err(|errors| WriteError::Refused(errors.to_string()))?;
        made.file(&target, 0o644, &text).map_err(failed(&target))?;
        made.0.clear();
        Ok(Written { settings: target, secrets: secrets.into_iter().map(|(path, _)| path).collect() })
    }
}

/// Files that are removed again unless all went well.
struct Made(Vec<PathBuf>);

impl Made {
    fn file(&mut self, path: &Path, mode: u32, text: &str) -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
        self.0.push(path.to_owned());
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in &self.0 {
            // Nothing more can be done about it than has been tried.
            let _ = fs::remove_file(path);
        }
    }
}

/// A line for each variable, in the order of the file.
impl fmt::Display for EarlierSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { line, name, outcome, what } in &self.findings {
            writeln!(f, "line {line:<4}{name:<22} {outcome}: {what}")?;
        }
        Ok(())
    }
}
