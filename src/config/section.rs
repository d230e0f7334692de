//! Walks one `[section]` of the file, key by key.
//!
//! A section's struct is read by naming its keys: each call takes one key out of the table, reads it as the
//! field's kind, lets the environment overrule it, and notes what is wrong before going on with the default.
//! What is left in the table at the end is unknown. So a new key is one field and one line:
//!
//! ```text
//! idle_timeout: section.within("idle_timeout", Duration::from_secs(60), SECOND..=HOUR),
//! ```

use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

use crate::config::reader::Origin;
use crate::config::reader::Reader;
use crate::config::reader::Setting;
use crate::config::reader::Unknown;
use crate::config::value::Reading;
use crate::config::value::Refusal;
use crate::config::value::Value;
use crate::config::value::quote;

/// One section while it is being read.
pub(super) struct Section<'a> {
    /// The full name, such as `server.limits`; empty for the whole file.
    path: String,
    /// What has not been asked for yet.
    table: DeTable<'a>,
    reader: &'a mut Reader,
}

impl<'a> Section<'a> {
    /// The file as a whole.
    pub(super) fn root(table: DeTable<'a>, reader: &'a mut Reader) -> Self {
        Self { path: String::new(), table, reader }
    }

    /// Reads a nested section. Name it after the keys of this one, as TOML does.
    pub(super) fn section<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Section<'_>) -> T) -> T {
        let path = self.key_of(name);
        let table = match self.table.remove(name).map(|value| (value.span(), value.into_inner())) {
            None => DeTable::new(),
            Some((_, DeValue::Table(table))) => table,
            Some((span, other)) => {
                let message = format!("{} is not a section; allowed: [{path}]", quote(&other));
                let origin = self.reader.file_origin(span.start);
                self.reader.refuse(origin, &path, message);
                DeTable::new()
            }
        };
        self.reader.add_section(path.clone());
        let mut section = Section { path, table, reader: self.reader };
        let value = read(&mut section);
        section.finish();
        value
    }

    /// Reads an array of tables, each `[[name]]` a table, or `default` if the file and the environment have none. `read` gets
    /// the default a table stands for, or `None` for a table somebody wrote. Tables are numbered from 1, in keys and in
    /// variables: `edge.site.1.names` is `BANK_AICC__EDGE__SITE__1__NAMES`.
    pub(super) fn tables<T>(
        &mut self,
        name: &'static str,
        default: Vec<T>,
        read: impl Fn(&mut Section<'_>, Option<T>) -> T,
    ) -> Vec<T> {
        let path = self.key_of(name);
        let mut tables = match self.table.remove(name).map(|value| (value.span(), value.into_inner())) {
            None => Vec::new(),
            Some((_, DeValue::Array(elements))) if elements.iter().all(|element| element.get_ref().is_table()) => {
                elements.into_iter().filter_map(|element| into_table(element.into_inner())).collect()
            }
            Some((span, other)) => {
                let message = format!("{} is not a list of sections; allowed: [[{path}]]", quote(&other));
                let origin = self.reader.file_origin(span.start);
                self.reader.refuse(origin, &path, message);
                Vec::new()
            }
        };
        while self.reader.has_variables_of(&format!("{path}.{}", tables.len() + 1)) {
            tables.push(DeTable::new());
        }
        self.reader.add_section(path.clone());
        let tables: Vec<(DeTable<'_>, Option<T>)> = if tables.is_empty() {
            default.into_iter().map(|default| (DeTable::new(), Some(default))).collect()
        } else {
            tables.into_iter().map(|table| (table, None)).collect()
        };
        let mut values = Vec::with_capacity(tables.len());
        for (number, (table, default)) in (1..).zip(tables) {
            let mut section = Section { path: format!("{path}.{number}"), table, reader: self.reader };
            values.push(read(&mut section, default));
            section.finish();
        }
        values
    }

    /// Reads a key.
    pub(super) fn key<T: Value>(&mut self, name: &'static str, default: T) -> T {
        self.read(name, default, T::read)
    }

    /// Reads a key whose value has bounds, both included.
    pub(super) fn within<T: Value + PartialOrd>(
        &mut self,
        name: &'static str,
        default: T,
        range: RangeInclusive<T>,
    ) -> T {
        self.read(name, default, |value| read_within(value, &range))
    }

    /// Notes that `keys` do not go together, unless one of them is wrong by itself already. The error stands at
    /// the first of them that was set.
    pub(super) fn refuse(&mut self, keys: &[&str], why: String) {
        let keys: Vec<String> = keys.iter().map(|key| self.key_of(key)).collect();
        self.reader.refuse_together(&keys, why);
    }

    /// A variable of the earlier system, by its own name.
    pub(super) fn legacy_variable(&mut self, name: &str) -> Option<String> {
        self.reader.legacy_variable(name)
    }

    /// Notes what is wrong with one of those.
    pub(super) fn refuse_variable(&mut self, name: &str, why: String) {
        self.reader.refuse(Origin::Environment { variable: name.to_owned() }, name, why);
    }

    /// Notes a key that one of those set, with its value as TOML.
    pub(super) fn note_legacy(&mut self, key: &str, value: String, name: &str) {
        let origin = Origin::Environment { variable: name.to_owned() };
        self.reader.add_setting(Setting { key: key.to_owned(), value, origin });
    }

    /// What remains is unknown.
    pub(super) fn finish(self) {
        for (name, value) in &self.table {
            let key = self.key_of(name.get_ref());
            let is_section = value.get_ref().is_table();
            self.reader.add_unknown(Unknown { key, is_section, offset: name.span().start });
        }
    }

    /// The full key of a name in this section.
    fn key_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Reads a key from the file and from the environment, which has the last word.
    fn read<T: Value>(&mut self, name: &str, default: T, read: impl Fn(&Spanned<DeValue<'_>>) -> Reading<T>) -> T {
        let key = self.key_of(name);
        let in_file = self.table.remove(name);
        let in_file = in_file.map(|found| (self.reader.file_origin(found.span().start), read(&found)));
        let in_environment = self.reader.take_variable(&key);
        let in_environment = in_environment.map(|(origin, text)| (origin, read_variable(&text, read)));
        let (mut origin, mut value) = (Origin::Default, default);
        for (found_in, outcome) in in_file.into_iter().chain(in_environment) {
            match outcome {
                Ok(found) => (origin, value) = (found_in, found),
                Err(refusals) => {
                    for Refusal { message, offset } in refusals {
                        let place = offset.map_or_else(|| found_in.clone(), |offset| self.reader.file_origin(offset));
                        self.reader.refuse(place, &key, message);
                    }
                }
            }
        }
        self.reader.add_setting(Setting { key, value: value.to_toml(), origin });
        value
    }
}

fn into_table(value: DeValue<'_>) -> Option<DeTable<'_>> {
    match value {
        DeValue::Table(table) => Some(table),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_) => None,
    }
}

/// Reads a value and holds it against its bounds; whatever is wrong with it, the error names them.
fn read_within<T: Value + PartialOrd>(value: &Spanned<DeValue<'_>>, range: &RangeInclusive<T>) -> Reading<T> {
    let bounds = || format!("{} to {}", range.start().to_toml(), range.end().to_toml());
    match T::read(value) {
        Ok(found) if range.contains(&found) => Ok(found),
        Ok(found) => {
            let message = format!("{} is out of range; allowed: {}", found.to_toml(), bounds());
            Err(vec![Refusal { message, offset: Some(value.span().start) }])
        }
        Err(refusals) => Err(refusals
            .into_iter()
            .map(|refusal| Refusal { message: format!("{}, {}", refusal.message, bounds()), ..refusal })
            .collect()),
    }
}

/// Reads the text of an environment variable as the first of its meanings that fits.
fn read_variable<T: Value>(text: &str, read: impl Fn(&Spanned<DeValue<'_>>) -> Reading<T>) -> Reading<T> {
    let mut refused = Vec::new();
    for meaning in T::meanings(text) {
        match read(&Spanned::new(0..0, meaning)) {
            Ok(value) => return Ok(value),
            Err(refusals) => refused.push(refusals),
        }
    }
    let first = refused.into_iter().next().unwrap_or_default();
    Err(first.into_iter().map(|refusal| Refusal { offset: None, ..refusal }).collect())
}
