//! `[log]`: what the program tells about itself.

use std::fmt;

use toml::de::DeValue;

use crate::config::section::Section;
use crate::config::value::Value;
use crate::config::value::choices;
use crate::config::value::quote_text;

/// What the program tells about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// How much is written.
    pub level: LogLevel,
    /// How a line is written.
    pub format: LogFormat,
    /// One line for each request.
    pub access: bool,
}

impl Log {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            level: section.key("level", LogLevel("info".to_owned())),
            format: section.key("format", LogFormat::Json),
            access: section.key("access", true),
        }
    }
}

/// A level, or directives such as `info,bank_aicc::store=debug`. Well-formed by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevel(String);

impl LogLevel {
    /// Reads a level or a list of directives; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];
        let is_target = |target: &str| {
            !target.is_empty() && target.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
        };
        let is_directive = |directive: &str| match directive.split_once('=') {
            Some((target, level)) => is_target(target) && LEVELS.contains(&level),
            None => LEVELS.contains(&directive),
        };
        let directives: Vec<&str> = text.split(',').map(str::trim).collect();
        let bare_count = directives.iter().filter(|directive| !directive.contains('=')).count();
        (bare_count <= 1 && directives.iter().all(|directive| is_directive(directive)))
            .then(|| Self(directives.join(",")))
    }

    /// As `tracing`'s filter reads it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for LogLevel {
    const NOUN: &'static str = "a log level";
    const ALLOWED: &'static str =
        r#""error", "warn", "info", "debug", "trace", or such as "info,bank_aicc::store=debug""#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        Self::parse(value.as_str()?)
    }

    fn to_toml(&self) -> String {
        quote_text(&self.0)
    }
}

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for log collectors.
    Json,
    /// For reading at a terminal.
    Text,
}

choices!(LogFormat: "a log format", {
    "json" => Json,
    "text" => Text,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_directives_are_understood() {
        for (text, expected) in [
            ("info", Some("info")),
            ("info,bank_aicc::store=debug", Some("info,bank_aicc::store=debug")),
            (" warn , hyper=error ", Some("warn,hyper=error")),
            ("bank_aicc=trace", Some("bank_aicc=trace")),
            ("loud", None),
            ("INFO", None),
            ("info,debug", None),
            ("info,", None),
            ("=debug", None),
            ("a b=debug", None),
            ("store=loud", None),
            ("", None),
        ] {
            assert_eq!(LogLevel::parse(text).as_ref().map(LogLevel::as_str), expected, "{text:?}");
        }
    }
}
