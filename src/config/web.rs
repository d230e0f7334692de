//! `[web]`: the screens, and who may show them.

use std::path::PathBuf;

use toml::de::DeValue;

use crate::config::origin::AllowedOrigin;
use crate::config::section::Section;
use crate::config::value::Value;
use crate::config::value::quote_text;

/// The screens, and who may show them.
#[derive(Debug, Clone, PartialEq)]
pub struct Web {
    /// Pages of other origins that may show the chat in a frame.
    pub embed_origins: Vec<AllowedOrigin>,
    /// What customers are told before the first message of who answers; empty is the built-in text.
    pub notice: String,
    /// How the bank looks.
    pub theme: WebTheme,
}

/// How the bank looks. What is left out is the knowledge pack's, or ours.
#[derive(Debug, Clone, PartialEq)]
pub struct WebTheme {
    /// The bank's name.
    pub name: String,
    /// Its first words.
    pub greeting: String,
    /// Its colour.
    pub accent: Option<Colour>,
    /// A picture beside its name.
    pub logo: Option<PathBuf>,
}

impl Web {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            embed_origins: section.key("embed_origins", Vec::new()),
            notice: section.key("notice", String::new()),
            theme: section.section("theme", WebTheme::read),
        }
    }
}

impl WebTheme {
    fn read(section: &mut Section<'_>) -> Self {
        Self {
            name: section.key("name", String::new()),
            greeting: section.key("greeting", String::new()),
            accent: section.key("accent", None),
            logo: section.key("logo", None),
        }
    }
}

/// A colour as style sheets write it, `#0b6156`. The screens choose black or white for the text on it and darken it where it
/// is text itself, so any colour is legible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colour(String);

impl Colour {
    /// As style sheets write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A colour that may be left out: `""` is none.
impl Value for Option<Colour> {
    const NOUN: &'static str = "a colour";
    const ALLOWED: &'static str = r##""#rrggbb", such as "#0b6156", or "" for none"##;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        let digits = || text.strip_prefix('#').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match text {
            "" => Some(None),
            _ if digits().is_some_and(|digits| digits.len() == 6) => Some(Some(Colour(text.to_ascii_lowercase()))),
            _ => None,
        }
    }

    fn to_toml(&self) -> String {
        quote_text(self.as_ref().map_or("", Colour::as_str))
    }
}
