//! `[edge.compression]`: what is compressed on its way out.

use toml::de::DeValue;

use crate::config::section::Section;
use crate::config::units::ByteSize;
use crate::config::value::Value;
use crate::config::value::choices;
use crate::config::value::quote_text;

/// What the replaced web server compressed (wire contract §8), and the two kinds that came after it.
const TYPES: [&str; 20] = [
    "text/html",
    "text/plain",
    "text/css",
    "text/xml",
    "text/javascript",
    "application/json",
    "application/javascript",
    "application/manifest+json",
    "application/xml",
    "application/xml+rss",
    "application/rss+xml",
    "application/atom+xml",
    "application/wasm",
    "application/vnd.ms-fontobject",
    "application/x-font-ttf",
    "font/truetype",
    "font/opentype",
    "font/ttf",
    "font/otf",
    "image/svg+xml",
];

/// What is compressed on its way out.
#[derive(Debug, Clone, PartialEq)]
pub struct Compression {
    /// Whether anything is. Files of the program are sent compressed in any case: that costs nothing.
    pub enabled: bool,
    /// Shortest body that is worth it.
    pub min_bytes: ByteSize,
    /// What it is done with; of those a client likes equally well, the first.
    pub algorithms: Vec<ContentCoding>,
    /// Effort of brotli.
    pub brotli_level: u32,
    /// Effort of gzip.
    pub gzip_level: u32,
    /// Effort of zstd.
    pub zstd_level: u32,
    /// Kinds of content, without parameters.
    pub types: Vec<MediaType>,
}

impl Compression {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            enabled: section.key("enabled", true),
            min_bytes: section.within("min_bytes", ByteSize::kib(1), ByteSize::bytes(1)..=ByteSize::mib(1)),
            algorithms: section
                .key("algorithms", vec![ContentCoding::Brotli, ContentCoding::Zstd, ContentCoding::Gzip]),
            brotli_level: section.within("brotli_level", 4, 0..=11),
            gzip_level: section.within("gzip_level", 6, 1..=9),
            // Above 19 a client needs more memory than it has to grant (RFC 9659 §3).
            zstd_level: section.within("zstd_level", 3, 1..=19),
            types: section.key("types", TYPES.iter().map(|name| MediaType((*name).to_owned())).collect()),
        }
    }
}

/// A way to compress content that clients know by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentCoding {
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
    /// RFC 1952.
    Gzip,
}

choices!(ContentCoding: "a way to compress", {
    "brotli" => Brotli,
    "zstd" => Zstd,
    "gzip" => Gzip,
});

/// A kind of content without parameters, `text/html`, in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType(String);

impl MediaType {
    /// As it stands in a `Content-Type`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for MediaType {
    const NOUN: &'static str = "a kind of content that can be compressed";
    const ALLOWED: &'static str =
        r#""type/subtype", such as "text/html"; not "text/event-stream", whose events must not wait"#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?.to_ascii_lowercase();
        let is_token = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
        };
        let (kind, subtype) = text.split_once('/')?;
        (is_token(kind) && is_token(subtype) && text != "text/event-stream").then_some(Self(text))
    }

    fn to_toml(&self) -> String {
        quote_text(&self.0)
    }
}
