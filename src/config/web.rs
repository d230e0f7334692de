//! `[web]`: the screens, and who may show them.

use std::path::PathBuf;

use toml::de::DeValue;

use crate::config::origin::AllowedOrigin;
use crate::config::secret::Secret;
use crate::config::secret::read_long_secret;
use crate::config::section::Section;
use crate::config::server::Server;
use crate::config::value::Value;
use crate::config::value::quote_text;

/// The screens, and who may show them.
#[derive(Debug, Clone, PartialEq)]
pub struct Web {
    /// Pages of other origins that may show the chat in a frame.
    pub embed_origins: Vec<AllowedOrigin>,
    /// File that holds the key the bank's web site signs its customers' references with, and nothing else.
    pub customer_key_file: Option<PathBuf>,
    /// What that file holds.
    pub customer_key: Option<Secret<String>>,
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
            customer_key_file: section.key("customer_key_file", None),
            customer_key: None,
            notice: section.key("notice", String::new()),
            theme: section.section("theme", WebTheme::read),
        }
    }

    /// Reads what `customer_key_file` holds.
    pub(super) fn add_customer_key(&mut self, server: &Server, root: &mut Section<'_>) {
        let Some(file) = &self.customer_key_file else { return };
        match read_long_secret(&server.resolve(file), "key") {
            Ok(key) => self.customer_key = Some(key),
            Err(why) => root.refuse(&["web.customer_key_file"], why),
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use crate::config::Config;

    #[test]
    fn a_customer_key_is_long_and_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for (key, mode, expected) in [
            ("0123456789abcdef0123456789abcdef\n", 0o600, None),
            ("0123456789abcdef0123456789abcde\n", 0o600, Some("holds 31 bytes; allowed: at least 32")),
            ("0123456789abcdef0123456789abcdef\n", 0o644, Some("is open to other users")),
            ("", 0o600, Some("allowed: a file that holds the key and nothing else")),
        ] {
            fs::write(&path, key).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let text = format!("web.customer_key_file = '{}'", path.display());
            match (Config::parse(&text, "test", std::iter::empty()), expected) {
                (Ok(config), None) => assert_eq!(config.web.customer_key.unwrap().reveal(), key.trim_end()),
                (Err(error), Some(expected)) => {
                    let error = error.to_string();
                    assert!(error.contains("web.customer_key_file") && error.contains(expected), "{error}");
                }
                (outcome, expected) => panic!("{key:?}: {outcome:?} instead of {expected:?}"),
            }
        }
    }
}
