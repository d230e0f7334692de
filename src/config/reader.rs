//! What all sections share while a configuration is read: the lines of the file, the environment, the keys
//! seen so far and what is wrong with them.

use std::collections::BTreeMap;

use crate::config::error::ConfigError;
use crate::config::error::ConfigErrors;
use crate::config::error::Place;
use crate::config::llm::LEGACY_VARIABLES;
use crate::config::suggest::nearest;

/// Variables that begin like this are ours.
const VARIABLE_PREFIX: &str = "BANK_AICC__";

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// Nobody set it.
    Default,
    /// The file, at a line counted from 1.
    File { line: usize },
    /// An environment variable.
    Environment { variable: String },
}

/// One key that was read.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// The full key.
    pub(super) key: String,
    /// Its value as TOML, secrets masked.
    pub(super) value: String,
    /// Where the value comes from.
    pub(super) origin: Origin,
}

/// Something in the file that no section asked for.
pub(super) struct Unknown {
    /// The full key.
    pub(super) key: String,
    /// It is written as a section.
    pub(super) is_section: bool,
    /// Where its name begins.
    pub(super) offset: usize,
}

/// The state of one reading.
pub(super) struct Reader {
    file_name: String,
    lines: Lines,
    /// Our variables that no key has taken yet.
    environment: BTreeMap<String, String>,
    /// Variables of the earlier system.
    legacy: BTreeMap<String, String>,
    sections: Vec<String>,
    settings: Vec<Setting>,
    unknown: Vec<Unknown>,
    errors: Vec<ConfigError>,
}

impl Reader {
    /// A reading of `text`. Of the environment only our own variables and the earlier system's are kept.
    pub(super) fn new(text: &str, file_name: &str, environment: impl Iterator<Item = (String, String)>) -> Self {
        let (ours, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            environment.partition(|(variable, _)| variable.starts_with(VARIABLE_PREFIX));
        let is_legacy = |variable: &String| LEGACY_VARIABLES.contains(&variable.as_str());
        Self {
            file_name: file_name.to_owned(),
            lines: Lines::of(text),
            environment: ours,
            legacy: others.into_iter().filter(|(variable, _)| is_legacy(variable)).collect(),
            sections: Vec::new(),
            settings: Vec::new(),
            unknown: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Takes the variable that overrules a key, if it is set.
    pub(super) fn take_variable(&mut self, key: &str) -> Option<(Origin, String)> {
        let (variable, text) = self.environment.remove_entry(&variable_of(key))?;
        Some((Origin::Environment { variable }, text))
    }

    /// A variable of the earlier system.
    pub(super) fn legacy_variable(&mut self, name: &str) -> Option<String> {
        self.legacy.get(name).cloned()
    }

    /// Whether a variable sets a key of this section.
    pub(super) fn has_variables_of(&self, section: &str) -> bool {
        let prefix = format!("{}__", variable_of(section));
        self.environment.range(prefix.clone()..).next().is_some_and(|(variable, _)| variable.starts_with(&prefix))
    }

    /// The origin of what stands at a byte of the file.
    pub(super) fn file_origin(&self, offset: usize) -> Origin {
        Origin::File { line: self.lines.line_at(offset) }
    }

    /// Notes a section that exists.
    pub(super) fn add_section(&mut self, path: String) {
        self.sections.push(path);
    }

    /// Notes a key that exists, and its value.
    pub(super) fn add_setting(&mut self, setting: Setting) {
        self.settings.push(setting);
    }

    /// Notes what nobody asked for.
    pub(super) fn add_unknown(&mut self, unknown: Unknown) {
        self.unknown.push(unknown);
    }

    /// Notes what is wrong with a key.
    pub(super) fn refuse(&mut self, origin: Origin, key: &str, message: String) {
        let place = match origin {
            Origin::Default => Place::File { name: self.file_name.clone(), line: None, column: None },
            Origin::File { line } => Place::File { name: self.file_name.clone(), line: Some(line), column: None },
            Origin::Environment { variable } => Place::Environment { variable },
        };
        self.errors.push(ConfigError { place, key: Some(shown_key(key)), message });
    }

    /// Notes that keys do not go together; see [`crate::config::section::Section::refuse`].
    pub(super) fn refuse_together(&mut self, keys: &[String], why: String) {
        let is_one_of_them = |key: &str| keys.iter().any(|one| one == key);
        if self.errors.iter().any(|error| error.key.as_deref().is_some_and(is_one_of_them)) {
            return;
        }
        let origin_of = |key: &String| self.settings.iter().find(|setting| setting.key == *key).map(|s| &s.origin);
        let origins = keys.iter().filter_map(|key| origin_of(key).map(|origin| (key, origin.clone())));
        let mut set = origins.filter(|(_, origin)| *origin != Origin::Default);
        if let Some((key, origin)) = set.next() {
            self.refuse(origin, key, why);
        } else if let Some(key) = keys.first() {
            self.refuse(Origin::Default, key, why);
        }
    }

    /// The keys that were read, and everything that was wrong.
    pub(super) fn finish(mut self) -> (Vec<Setting>, Option<ConfigErrors>) {
        for Unknown { key, is_section, offset } in std::mem::take(&mut self.unknown) {
            let message = if is_section {
                no_such("section", self.nearest_section(&key).map(|section| format!("[{section}]")))
            } else {
                no_such("key", self.nearest_key(&key).map(str::to_owned))
            };
            self.refuse(self.file_origin(offset), &key, message);
        }
        for variable in std::mem::take(&mut self.environment).into_keys() {
            let key = variable.replacen(VARIABLE_PREFIX, "", 1).replace("__", ".");
            let message = no_such("key", self.nearest_key(&key).map(variable_of));
            let place = Place::Environment { variable: shown_key(&variable) };
            self.errors.push(ConfigError { place, key: None, message });
        }
        (self.settings, (!self.errors.is_empty()).then(|| ConfigErrors::new(self.errors)))
    }

    fn nearest_key(&self, unknown: &str) -> Option<&str> {
        nearest(unknown, self.settings.iter().map(|setting| setting.key.as_str()))
    }

    fn nearest_section(&self, unknown: &str) -> Option<&str> {
        nearest(unknown, self.sections.iter().map(String::as_str))
    }
}

/// Where the lines of a text begin.
pub(super) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Walks the text once.
    pub(super) fn of(text: &str) -> Self {
        let after_breaks = text.bytes().zip(1..).filter(|&(byte, _)| byte == b'\n').map(|(_, after)| after);
        Self { starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    /// The line that holds a byte, counted from 1.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset)
    }

    /// The character of its line that holds a byte of `text`, counted from 1.
    pub(super) fn column_at(&self, text: &str, offset: usize) -> usize {
        let start = self.starts.get(self.line_at(offset).saturating_sub(1)).copied().unwrap_or(0);
        text.get(start..).unwrap_or_default().char_indices().take_while(|&(at, _)| start + at < offset).count() + 1
    }
}

/// The variable that overrules a key: `BANK_AICC__LOG__LEVEL` for `log.level`.
pub(super) fn variable_of(key: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}

/// The sentence about a name that means nothing to us.
fn no_such(kind: &str, meant: Option<String>) -> String {
    match meant {
        Some(meant) => format!("no such {kind}; did you mean {meant}?"),
        None => format!("no such {kind}"),
    }
}

/// A name from outside in one short line.
fn shown_key(key: &str) -> String {
    const CHARS_MAX: usize = 100;
    let shown: String = key.chars().take(CHARS_MAX).flat_map(char::escape_debug).collect();
    if key.chars().nth(CHARS_MAX).is_some() { shown + "…" } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_counted_from_one() {
        let text = "a\n가나\n\nz";
        let lines = Lines::of(text);
        for (offset, line, column) in
            [(0, 1, 1), (1, 1, 2), (2, 2, 1), (5, 2, 2), (8, 2, 3), (9, 3, 1), (10, 4, 1), (11, 4, 2)]
        {
            assert_eq!((lines.line_at(offset), lines.column_at(text, offset)), (line, column), "{offset}");
        }
        assert_eq!((Lines::of("").line_at(0), Lines::of("").column_at("", 0)), (1, 1));
    }
}
