//! What is wrong with a configuration: everything at once, each with the place where it can be mended.

use std::fmt;

/// Everything that is wrong with a configuration. `Display` writes one line for each and a closing count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// In the order of their places: the file from top to bottom, then the environment.
    pub(super) fn new(mut errors: Vec<ConfigError>) -> Self {
        errors.sort_by(|a, b| a.place.cmp(&b.place));
        Self(errors)
    }

    /// Each of them, in the order of the file.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.0 {
            writeln!(f, "{error}")?;
        }
        match self.0.len() {
            1 => f.write_str("1 error in the configuration"),
            count => write!(f, "{count} errors in the configuration"),
        }
    }
}

/// One thing that is wrong. It never quotes a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// Where it can be mended.
    pub place: Place,
    /// The full key, such as `api.limits.message_chars_max`; none when the file could not be read at all.
    pub key: Option<String>,
    /// What was found and what is allowed.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, key, message } = self;
        match key {
            Some(key) => write!(f, "{place}: {key}: {message}"),
            None => write!(f, "{place}: {message}"),
        }
    }
}

/// Where something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the file.
    File {
        /// The file's name, as it was given.
        name: String,
        /// The line, counted from 1; none for the file as a whole.
        line: Option<usize>,
        /// The character in the line, counted from 1, where the file is not TOML.
        column: Option<usize>,
    },
    /// In an environment variable.
    Environment {
        /// The variable's name.
        variable: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, line: Some(line), column: Some(column) } => write!(f, "{name}:{line}:{column}"),
            Self::File { name, line: Some(line), column: None } => write!(f, "{name}:{line}"),
            Self::File { name, line: None, column: _ } => f.write_str(name),
            Self::Environment { variable } => f.write_str(variable),
        }
    }
}
