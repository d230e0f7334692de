//! `[edge.acme]`: an authority that issues certificates by itself (ACME, RFC 8555).

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use toml::de::DeValue;

use crate::config::edge::Site;
use crate::config::edge::SiteSource;
use crate::config::origin::WebOrigin;
use crate::config::secret::Secret;
use crate::config::secret::read_secret;
use crate::config::section::Section;
use crate::config::server::Server;
use crate::config::value::Value;
use crate::config::value::choices;
use crate::config::value::quote_text;

/// Let's Encrypt.
const DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// An authority that issues certificates by itself. It is asked only for sites whose source is [`SiteSource::Acme`].
#[derive(Debug, Clone, PartialEq)]
pub struct Acme {
    /// Where the authority says what it offers.
    pub directory: AcmeDirectory,
    /// Whom the authority may write to.
    pub contact: Vec<EmailAddress>,
    /// The authority's terms of service were read and agreed to.
    pub terms_agreed: bool,
    /// PEM file of the roots that are trusted for the authority's API; none is the system's.
    pub ca_file: Option<PathBuf>,
    /// How the authority knows its customer (external account binding, RFC 8555 §7.3.4); empty is not at all.
    pub eab_key_id: String,
    /// File that holds the key of `eab_key_id` in base64url and nothing else.
    pub eab_key_file: Option<PathBuf>,
    /// What that file holds, decoded.
    pub eab_key: Option<Secret<Vec<u8>>>,
    /// How names are proven.
    pub challenge: AcmeChallenge,
    /// How often it is looked whether a certificate is to be renewed or a failed order to be repeated.
    pub check_interval: Duration,
}

/// The address of an authority's directory: HTTPS, with any path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeDirectory(String);

/// An e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

/// How names are proven to the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcmeChallenge {
    /// By what the listeners make likely to be reachable; if that fails, by the other.
    Auto,
    /// A page over plain HTTP, port 80 as seen by the authority (RFC 8555 §8.3).
    Http01,
    /// A certificate in a handshake, port 443 as seen by the authority (RFC 8737).
    TlsAlpn01,
}

impl Acme {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let acme = Self {
            directory: section.key("directory", AcmeDirectory(DIRECTORY.to_owned())),
            contact: section.key("contact", Vec::new()),
            terms_agreed: section.key("terms_agreed", false),
            ca_file: section.key("ca_file", None),
            eab_key_id: section.key("eab_key_id", String::new()),
            eab_key_file: section.key("eab_key_file", None),
            eab_key: None,
            challenge: section.key("challenge", AcmeChallenge::Auto),
            check_interval: section.within(
                "check_interval",
                Duration::from_mins(1),
                Duration::from_millis(100)..=Duration::from_hours(1),
            ),
        };
        if acme.eab_key_id.is_empty() != acme.eab_key_file.is_none() {
            let why = "eab_key_id and eab_key_file are given together, or neither".to_owned();
            section.refuse(&["eab_key_file", "eab_key_id"], why);
        }
        acme
    }

    /// Holds the sites against what an authority can do. `section` is the one above, `[edge]`.
    pub(super) fn check_sites(&self, sites: &[Site], section: &mut Section<'_>) {
        let names = |is_wanted: fn(&str) -> bool| -> Vec<&str> {
            let sites = sites.iter().filter(|site| site.source == SiteSource::Acme);
            sites.flat_map(|site| &site.names).map(String::as_str).filter(|name| is_wanted(name)).collect()
        };
        if let Some(name) = names(|_| true).first()
            && !self.terms_agreed
        {
            let name = quote_text(name);
            let why = format!(
                "the site of {name} has source \"acme\"; read the authority's terms of service, and set this to true if \
                 you agree"
            );
            section.refuse(&["acme.terms_agreed"], why);
        }
        if let Some(name) = names(|name| name.starts_with("*.")).first() {
            let name = quote_text(name);
            let why = format!(
                "{name} cannot be proven over HTTP or TLS, so source \"acme\" does not issue it; list the names, or use \
                 source \"files\""
            );
            section.refuse(&["site"], why);
        }
    }

    /// Reads what `eab_key_file` holds.
    pub(in crate::config) fn add_eab_key(&mut self, server: &Server, root: &mut Section<'_>) {
        let Some(file) = &self.eab_key_file else { return };
        let file = server.resolve(file);
        let key = read_secret(&file, "key").and_then(|text| {
            let key = decode_key(text.reveal()).filter(|key| !key.is_empty());
            key.ok_or_else(|| format!("{} is not base64url, in which authorities give such keys", file.display()))
        });
        match key {
            Ok(key) => self.eab_key = Some(Secret::new(key)),
            Err(why) => root.refuse(&["edge.acme.eab_key_file"], why),
        }
    }
}

impl AcmeDirectory {
    /// As it stands in the configuration.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl EmailAddress {
    /// As it stands in the configuration.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Authorities give keys in base64url without padding; some pad, and some mean plain base64.
fn decode_key(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    URL_SAFE_NO_PAD.decode(text).ok()
}

impl Value for AcmeDirectory {
    const NOUN: &'static str = "the address of an ACME directory";
    const ALLOWED: &'static str = r#""https://host/path" or "https://host:port/path""#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        let host = text.strip_prefix("https://")?.split('/').next()?;
        let is_printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        (is_printable && WebOrigin::parse(&format!("https://{host}")).is_some()).then(|| Self(text.to_owned()))
    }

    fn to_toml(&self) -> String {
        quote_text(&self.0)
    }
}

impl Value for EmailAddress {
    const NOUN: &'static str = "an e-mail address";
    const ALLOWED: &'static str = r#"an address such as "pki@bank.example""#;

    fn parse(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        let (name, host) = text.split_once('@')?;
        // What RFC 8555 §7.3 refuses: several addresses in one, and header fields.
        let is_plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic() && !b"@,?%<>\"".contains(&byte))
        };
        (is_plain(name) && is_plain(host)).then(|| Self(text.to_owned()))
    }

    fn to_toml(&self) -> String {
        quote_text(&self.0)
    }
}

choices!(AcmeChallenge: "a way to prove names", {
    "auto" => Auto,
    "http-01" => Http01,
    "tls-alpn-01" => TlsAlpn01,
});

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::config::Config;

    const SITE: &str = "[[edge.site]]\nnames = ['chat.bank.example']\nsource = 'acme'\n";

    fn refusal(text: &str) -> String {
        Config::parse(text, "config.toml", std::iter::empty()).unwrap_err().to_string()
    }

    #[test]
    fn an_authority_is_read() {
        let text = format!(
            "{SITE}[edge.acme]\ndirectory = 'https://ca.bank.example:9000/acme/acme/directory'\nterms_agreed = true\n\
             contact = ['pki@bank.example']\nchallenge = 'tls-alpn-01'\n"
        );
        let acme = Config::parse(&text, "config.toml", std::iter::empty()).unwrap().edge.acme;
        assert_eq!(acme.directory.as_str(), "https://ca.bank.example:9000/acme/acme/directory");
        assert_eq!(acme.contact.iter().map(EmailAddress::as_str).collect::<Vec<_>>(), ["pki@bank.example"]);
        assert_eq!((acme.challenge, acme.terms_agreed), (AcmeChallenge::TlsAlpn01, true));
    }

    #[test]
    fn what_no_authority_can_do_is_refused_with_its_line() {
        for (text, expected) in [
            (SITE.to_owned(), "edge.acme.terms_agreed: the site of \"chat.bank.example\" has source \"acme\""),
            (
                SITE.replace("chat", "*") + "[edge.acme]\nterms_agreed = true\n",
                "edge.site: \"*.bank.example\" cannot be proven over HTTP or TLS",
            ),
            ("edge.acme.directory = 'http://ca.example/dir'".to_owned(), "config.toml:1: edge.acme.directory: "),
            ("edge.acme.directory = 'https://'".to_owned(), "config.toml:1: edge.acme.directory: "),
            ("edge.acme.directory = 'https://ca.example/a b'".to_owned(), "config.toml:1: edge.acme.directory: "),
            ("edge.acme.contact = ['pki@bank.example, a@b.example']".to_owned(), "is not an e-mail address"),
            ("edge.acme.contact = ['mailto']".to_owned(), "is not an e-mail address"),
            ("edge.acme.challenge = 'dns-01'".to_owned(), "\"auto\", \"http-01\" or \"tls-alpn-01\""),
            ("edge.acme.eab_key_id = 'kid-1'".to_owned(), "config.toml:1: edge.acme.eab_key_id: "),
            ("edge.acme.eab_key_file = 'eab.key'".to_owned(), "config.toml:1: edge.acme.eab_key_file: "),
        ] {
            let said = refusal(&text);
            assert!(said.contains(expected), "{text}: {said}");
        }
    }

    #[test]
    fn the_key_of_a_customer_is_read_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("eab.key");
        let text = format!("[edge.acme]\neab_key_id = 'kid-1'\neab_key_file = '{}'\n", file.display());
        let write = |key: &str| {
            fs::write(&file, key).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        };
        for key in ["aHVudGVyMj8_\n", "aHVudGVyMj8/", "aHVudGVyMg==", "aHVudGVyMg"] {
            write(key);
            let config = Config::parse(&text, "config.toml", std::iter::empty()).unwrap();
            assert!(config.edge.acme.eab_key.as_ref().unwrap().reveal().starts_with(b"hunter2"), "{key}");
            assert!(!format!("{config:?}").contains("aHVu"), "{config:?}");
        }
        for key in ["hunter 2", "====", "aHVudGVyMj8_%"] {
            write(key);
            let said = refusal(&text);
            assert!(said.contains("edge.acme.eab_key_file: ") && said.contains("is not base64url"), "{said}");
            assert!(!said.contains(key), "{said}");
        }
    }
}
