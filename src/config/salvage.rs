//! What is certain of a configuration that is wrong: where the database is, for whoever has to reach it in an emergency.

use std::path::Path;

use crate::config::Config;
use crate::config::ConfigError;
use crate::config::ConfigErrors;
use crate::config::Place;
use crate::config::read_file;
use crate::config::reader::Origin;
use crate::config::reader::variable_of;
use crate::config::utf8;

/// The keys that say where the database is, and what is in a line that sets one of them, however wrong the line is.
const ADDRESS: [(&str, &[&str]); 3] = [
    ("server.data_dir", &["data_dir"]),
    ("storage.url", &["sqlite:", "mysql:", "mariadb:"]),
    ("storage.password_file", &["password_file"]),
];

impl Config {
    /// Reads a file and the environment as [`Config::load`] does, and goes on with the default where a key is wrong, as long as it
    /// is certain where the database is. What is wrong is told beside it.
    ///
    /// # Errors
    /// Everything that is wrong, if it leaves a doubt about the database, or if the file cannot be read.
    pub fn salvage(
        path: &Path,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<(Self, Option<ConfigErrors>), ConfigErrors> {
        let file_name = path.display().to_string();
        let bytes = read_file(path).map_err(|unread| unread.in_file(&file_name))?;
        let (text, unread) = match utf8(bytes.clone()) {
            Ok(text) => (text, None),
            Err(unread) => (String::from_utf8_lossy(&bytes).into_owned(), Some(unread.in_file(&file_name))),
        };
        let (config, errors) = Self::read_whole(&text, &file_name, environment);
        let Some(errors) = unread.or(errors) else { return Ok((config, None)) };
        let is_certain = ADDRESS.iter().all(|(key, words)| config.is_certain(key, words, &text, &errors));
        if is_certain { Ok((config, Some(errors))) } else { Err(errors) }
    }

    /// Whether the value of a key is what somebody set, once, or certainly nobody set any.
    fn is_certain(&self, key: &str, words: &[&str], text: &str, errors: &ConfigErrors) -> bool {
        let variable = variable_of(key);
        // Of two values the first is read, and the other one may be meant.
        let set_lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let set_count = set_lines.filter(|line| words.iter().any(|word| line.contains(word))).count();
        let is_about = |error: &ConfigError| {
            error.key.as_deref() == Some(key) || [key, &variable].iter().any(|name| error.message.contains(*name))
        };
        let setting = self.provenance.settings.iter().find(|setting| setting.key == key);
        let is_read = match setting.map(|setting| &setting.origin) {
            Some(Origin::Environment { .. }) => true,
            Some(Origin::File { line }) => {
                // Where a line is no TOML, what was read of it may be a part of what was meant.
                let is_broken = |error: &ConfigError| {
                    let Place::File { line: at, .. } = &error.place else { return false };
                    error.key.is_none() && *at == Some(*line)
                };
                let is_text = setting.is_some_and(|setting| !setting.value.contains(char::REPLACEMENT_CHARACTER));
                is_text && set_count <= 1 && !errors.iter().any(is_broken)
            }
            Some(Origin::Default) | None => set_count == 0,
        };
        is_read && !errors.iter().any(is_about)
    }
}
