//! `[edge.access_log]`: one line for each request, and where it goes.

use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeValue;

use crate::config::section::Section;
use crate::config::units::ByteSize;
use crate::config::value::Value;
use crate::config::value::choices;
use crate::config::value::quote_text;

/// One line for each request. Whether there is one at all is [`Log::access`](crate::config::Log::access).
#[derive(Debug, Clone, PartialEq)]
pub struct AccessLog {
    /// Where lines go.
    pub target: AccessLogTarget,
    /// How a line is written to standard output or a file; in the program's log it looks as the log does.
    pub format: AccessLogFormat,
    /// Requests for static files, and of monitoring, have no line.
    pub skip_static: bool,
    /// Begin a new file when the file has this size; zero is never.
    pub file_bytes_max: ByteSize,
    /// Begin a new file when the file is this old; zero is never.
    pub file_age_max: Duration,
    /// Finished files to keep.
    pub kept_files_max: usize,
    /// Finished files are removed after this long; zero is never.
    pub kept_age_max: Duration,
    /// Lines that may wait to be written.
    pub queue_bytes_max: ByteSize,
}

/// Where the access log goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessLogTarget {
    /// Into the program's own log, on standard error.
    Log,
    /// Standard output.
    Stdout,
    /// A file. Relative paths start at `server.data_dir`.
    File(PathBuf),
}

/// How a line of the access log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessLogFormat {
    /// One JSON object, with the members existing log collectors know (wire contract §8).
    Json,
    /// As Apache and nginx write it.
    Combined,
}

impl AccessLog {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let day = Duration::from_hours(24);
        let log = Self {
            target: section.key("target", AccessLogTarget::Log),
            format: section.key("format", AccessLogFormat::Json),
            skip_static: section.key("skip_static", true),
            file_bytes_max: section.within(
                "file_bytes_max",
                ByteSize::mib(100),
                ByteSize::bytes(0)..=ByteSize::gib(1024),
            ),
            file_age_max: section.within("file_age_max", day, Duration::ZERO..=day * 366),
            kept_files_max: section.within("kept_files_max", 30, 0..=100_000),
            kept_age_max: section.within("kept_age_max", day * 90, Duration::ZERO..=day * 3_660),
            queue_bytes_max: section.within("queue_bytes_max", ByteSize::mib(4), ByteSize::kib(64)..=ByteSize::gib(1)),
        };
        if log.target == AccessLogTarget::Log && log.format == AccessLogFormat::Combined {
            let why =
                "format \"combined\" does not fit into the program's log; allowed: with target \"stdout\" or a file";
            section.refuse(&["format", "target"], why.to_owned());
        }
        log
    }
}

impl Value for AccessLogTarget {
    const NOUN: &'static str = "a place for the access log";
    const ALLOWED: &'static str = r#""log", "stdout", or a file with its folder, such as "logs/access.log""#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        match value.as_str()? {
            "log" => Some(Self::Log),
            "stdout" => Some(Self::Stdout),
            // A bare word is a mistyped one of the above rather than a file.
            text if text.contains('/') && !text.ends_with('/') => PathBuf::parse(value).map(Self::File),
            _ => None,
        }
    }

    fn to_toml(&self) -> String {
        match self {
            Self::Log => quote_text("log"),
            Self::Stdout => quote_text("stdout"),
            Self::File(path) => path.to_toml(),
        }
    }
}

choices!(AccessLogFormat: "a format of the access log", {
    "json" => Json,
    "combined" => Combined,
});
