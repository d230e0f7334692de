//! The settings of `config.toml`, as plain data.
//!
//! One file per `[section]`; each struct says what its keys are, their defaults and their bounds, in one `read`.
//! The file is read to its end before anything is refused: [`ConfigErrors`] holds everything that is wrong, each
//! with its line. Every key can be overruled by a variable: `BANK_AICC__LOG__LEVEL` is `log.level`.
//!
//! A new key is a field with its doc comment, a line in its section's `read`, and a paragraph in `config.toml`;
//! the tests hold the three together.
//!
//! This room opens the configuration, and the files that hold a secret each: passwords and keys. It does not know
//! what the settings are for.

mod admin;
mod api;
mod backup;
mod chat;
mod database;
mod edge;
mod error;
mod knowledge;
mod llm;
mod log;
mod origin;
mod reader;
mod retention;
mod salvage;
mod secret;
mod section;
mod server;
mod storage;
mod suggest;
#[cfg(test)]
mod tests;
mod units;
mod value;
mod web;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::ErrorKind;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use toml::de::DeTable;
use toml::de::DeValue;

use crate::config::reader::Lines;
use crate::config::reader::Origin;
use crate::config::reader::Reader;
use crate::config::reader::Setting;
use crate::config::section::Section;

pub use admin::Admin;
pub use api::Api;
pub use api::ApiLimits;
pub use api::CookieSecure;
pub use backup::Backup;
pub use backup::DailyTime;
pub use backup::refusal_of_recipient;
pub use chat::Chat;
pub use database::Database;
pub use edge::AccessLog;
pub use edge::AccessLogFormat;
pub use edge::AccessLogTarget;
pub use edge::Acme;
pub use edge::AcmeChallenge;
pub use edge::AcmeDirectory;
pub use edge::Balance;
pub use edge::ClientCertificates;
pub use edge::Compression;
pub use edge::ContentCoding;
pub use edge::Edge;
pub use edge::EmailAddress;
pub use edge::FieldValue;
pub use edge::ForwardedHeader;
pub use edge::HeaderLine;
pub use edge::Headers;
pub use edge::HostHeader;
pub use edge::MediaType;
pub use edge::Proxy;
pub use edge::RateLimit;
pub use edge::RateLimitZone;
pub use edge::Site;
pub use edge::SiteSource;
pub use edge::Status;
pub use edge::Tls;
pub use edge::TlsVersion;
pub use edge::UnknownName;
pub use edge::is_host_name;
pub use error::ConfigError;
pub use error::ConfigErrors;
pub use error::Place;
pub use knowledge::Knowledge;
pub use llm::ApiBase;
pub use llm::Llm;
pub use llm::LlmBudget;
pub use llm::LlmEndpoint;
pub use llm::LlmRole;
pub use log::Log;
pub use log::LogFormat;
pub use log::LogLevel;
pub use origin::AllowedOrigin;
pub use origin::WebOrigin;
pub use retention::Retention;
pub use secret::Secret;
pub use secret::read_secret;
pub use server::Server;
pub use server::ServerLimits;
pub use storage::Storage;
pub use units::ByteSize;
pub use units::format_duration;
pub use units::parse_duration;
pub use web::Colour;
pub use web::Web;
pub use web::WebTheme;

/// All settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the program listens, and where it keeps its files.
    pub server: Server,
    /// What it does for whatever it serves.
    pub edge: Edge,
    /// Who may talk to it.
    pub api: Api,
    /// How a conversation is paced.
    pub chat: Chat,
    /// The documents that are answered from.
    pub knowledge: Knowledge,
    /// Language models, if there are any.
    pub llm: Llm,
    /// Who may administer it.
    pub admin: Admin,
    /// The database.
    pub storage: Storage,
    /// How long what is kept in it.
    pub retention: Retention,
    /// Copies of everything.
    pub backup: Backup,
    /// The screens.
    pub web: Web,
    /// What the program tells about itself.
    pub log: Log,
    /// Where each value came from.
    provenance: Provenance,
}

impl Config {
    /// Reads a file, or none, and the environment.
    ///
    /// # Errors
    /// Everything that is wrong. If the file is no TOML, only that: its keys cannot be told apart.
    pub fn load(
        path: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let Some(path) = path else { return Self::parse("", "config.toml", environment) };
        let file_name = path.display().to_string();
        let text = read_file(path).and_then(utf8).map_err(|unread| unread.in_file(&file_name))?;
        let mut config = Self::parse(&text, &file_name, environment)?;
        config.provenance.file = std::path::absolute(path).ok();
        Ok(config)
    }

    /// The file it was loaded from, if there was one.
    pub fn file(&self) -> Option<&Path> {
        self.provenance.file.as_deref()
    }

    /// The files that keys ending in `_file` name, each with its key: passwords, keys and certificates.
    pub fn named_files(&self) -> Vec<(String, PathBuf)> {
        let settings = self.provenance.settings.iter().filter(|setting| setting.key.ends_with("_file"));
        let named = settings.filter_map(|Setting { key, value, .. }| {
            let value = DeValue::parse(value).ok()?;
            let path = value.get_ref().as_str().filter(|path| !path.is_empty())?;
            Some((key.clone(), self.server.resolve(Path::new(path))))
        });
        named.collect()
    }

    /// Reads the text of a file, and the environment. `file_name` is for the errors.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(
        text: &str,
        file_name: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigErrors> {
        let (config, errors) = Self::read_whole(text, file_name, environment);
        errors.map_or(Ok(config), Err)
    }

    /// The settings as they were loaded, as TOML, with where each came from and secrets as `***`. A field that was
    /// changed afterwards is not in it.
    pub fn effective(&self) -> String {
        let mut text = String::new();
        let mut current = "";
        for Setting { key, value, origin } in &self.provenance.settings {
            let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
            if section != current {
                let gap = if text.is_empty() { "" } else { "\n" };
                // Tables of a list are numbered in keys, and only counted in TOML.
                let heading = match section.rsplit_once('.') {
                    Some((list, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => format!("[[{list}]]"),
                    Some(_) | None => format!("[{section}]"),
                };
                text.push_str(&format!("{gap}{heading}\n"));
                current = section;
            }
            let origin = match origin {
                Origin::Default => "default".to_owned(),
                Origin::File { line } => format!("{} line {line}", self.provenance.file_name.escape_debug()),
                Origin::Environment { variable } => format!("environment {variable}"),
            };
            text.push_str(&format!("{name} = {value} # {origin}\n"));
        }
        text
    }

    /// The keys whose values differ in another configuration, or are in one of the two alone.
    pub fn changed_keys(&self, other: &Self) -> Vec<String> {
        let values = |config: &Self| -> BTreeMap<String, String> {
            config.provenance.settings.iter().map(|setting| (setting.key.clone(), setting.value.clone())).collect()
        };
        let (ours, theirs) = (values(self), values(other));
        let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        keys.into_iter().filter(|key| ours.get(*key) != theirs.get(*key)).cloned().collect()
    }

    /// What is wrong with values that are well-formed, as whoever tried them found out: keys such as `server.data_dir`,
    /// each with what was found and what is allowed. Told like everything else that is wrong with a configuration.
    pub fn refuse(&self, wrong: Vec<(&str, String)>) -> ConfigErrors {
        let error = |(key, message): (&str, String)| {
            let setting = self.provenance.settings.iter().find(|setting| setting.key == key);
            let line = match setting.map(|setting| &setting.origin) {
                Some(Origin::Environment { variable }) => {
                    let place = Place::Environment { variable: variable.clone() };
                    return ConfigError { place, key: Some(key.to_owned()), message };
                }
                Some(Origin::File { line }) => Some(*line),
                Some(Origin::Default) | None => None,
            };
            let place = Place::File { name: self.provenance.file_name.clone(), line, column: None };
            ConfigError { place, key: Some(key.to_owned()), message }
        };
        ConfigErrors::new(wrong.into_iter().map(error).collect())
    }

    /// Reads all that can be read, with the defaults for the rest, and what is wrong.
    fn read_whole(
        text: &str,
        file_name: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> (Self, Option<ConfigErrors>) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut reader = Reader::new(text, file_name, environment);
        let mut config = Self::read(Section::root(table.into_inner(), &mut reader));
        let (settings, wrong) = reader.finish();
        config.provenance = Provenance { file_name: file_name.to_owned(), file: None, settings };
        let wrong = if errors.is_empty() { wrong } else { Some(syntax_errors(text, file_name, &errors)) };
        (config, wrong)
    }

    /// Reads the sections, then looks at what they say together.
    fn read(mut root: Section<'_>) -> Self {
        let mut config = Self {
            server: root.section("server", Server::read),
            edge: root.section("edge", Edge::read),
            api: root.section("api", Api::read),
            chat: root.section("chat", Chat::read),
            knowledge: root.section("knowledge", Knowledge::read),
            llm: root.section("llm", Llm::read),
            admin: root.section("admin", Admin::read),
            storage: root.section("storage", Storage::read),
            retention: root.section("retention", Retention::read),
            backup: root.section("backup", Backup::read),
            web: root.section("web", Web::read),
            log: root.section("log", Log::read),
            provenance: Provenance::default(),
        };
        config.api.check_legacy_clients(&config.server, &config.edge.tls, &mut root);
        config.storage.add_password(&config.server, &mut root);
        config.edge.acme.add_eab_key(&config.server, &mut root);
        config.web.add_customer_key(&config.server, &mut root);
        config.llm.add_keys(&config.server, &mut root);
        config.llm.add_legacy(&mut root);
        config.admin.add_token(&config.server, &mut root);
        root.finish();
        config
    }
}

/// What an empty file says.
impl Default for Config {
    fn default() -> Self {
        let mut reader = Reader::new("", "", std::iter::empty());
        let mut config = Self::read(Section::root(DeTable::new(), &mut reader));
        // An empty file is never refused; the tests see to it.
        config.provenance.settings = reader.finish().0;
        config
    }
}

/// Two configurations are equal if they say the same, wherever it came from.
impl PartialEq for Config {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            server,
            edge,
            api,
            chat,
            knowledge,
            llm,
            admin,
            storage,
            retention,
            backup,
            web,
            log,
            provenance: _,
        } = self;
        (server, edge, api, chat) == (&other.server, &other.edge, &other.api, &other.chat)
            && (knowledge, storage, retention) == (&other.knowledge, &other.storage, &other.retention)
            && (llm, admin, backup) == (&other.llm, &other.admin, &other.backup)
            && (web, log) == (&other.web, &other.log)
    }
}

/// Where the values came from.
#[derive(Debug, Clone, Default)]
struct Provenance {
    file_name: String,
    /// Absolute; none for a text that came from elsewhere.
    file: Option<PathBuf>,
    settings: Vec<Setting>,
}

/// Why there is no text of a file, and in which line.
struct Unread {
    line: Option<usize>,
    why: String,
}

impl Unread {
    fn in_file(self, name: &str) -> ConfigErrors {
        let place = Place::File { name: name.to_owned(), line: self.line, column: None };
        ConfigErrors::new(vec![ConfigError { place, key: None, message: self.why }])
    }
}

/// What a configuration file holds.
fn read_file(path: &Path) -> Result<Vec<u8>, Unread> {
    const BYTES_MAX: u64 = 4 << 20;
    let unread = |why: String| Unread { line: None, why };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| {
        let how = if error.kind() == ErrorKind::PermissionDenied {
            "; run the command as the user who runs the server: `sudo runuser -u bank-aicc -- bank-aicc …`"
        } else {
            ""
        };
        unread(format!("opening the file: {error}{how}"))
    })?;
    let read = file.take(BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| unread(format!("reading the file: {error}")))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(unread(format!("the file is too long; allowed: {}", ByteSize::bytes(BYTES_MAX))));
    }
    Ok(bytes)
}

/// The text of a file, or the line that is wrong.
fn utf8(bytes: Vec<u8>) -> Result<String, Unread> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = valid.iter().filter(|&&byte| byte == b'\n').count() + 1;
        Unread { line: Some(line), why: "this line is not UTF-8; save the file as UTF-8".to_owned() }
    })
}

/// What keeps a text from being TOML: the first thing of each line, since the others follow from it.
fn syntax_errors(text: &str, file_name: &str, errors: &[toml::de::Error]) -> ConfigErrors {
    let lines = Lines::of(text);
    let mut errors: Vec<ConfigError> = errors
        .iter()
        .map(|error| {
            let offset = error.span().map(|span| span.start);
            let line = offset.map(|offset| lines.line_at(offset));
            let column = offset.map(|offset| lines.column_at(text, offset));
            let place = Place::File { name: file_name.to_owned(), line, column };
            ConfigError { place, key: None, message: format!("this is not TOML: {}", error.message()) }
        })
        .collect();
    errors.sort_by(|a, b| a.place.cmp(&b.place));
    errors.dedup_by_key(|error| match &error.place {
        Place::File { line, .. } => *line,
        Place::Environment { .. } => None,
    });
    ConfigErrors::new(errors)
}
