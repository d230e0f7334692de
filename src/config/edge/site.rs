//! `[[edge.site]]`: names the program answers to, and where their certificate comes from.

use std::path::PathBuf;

use crate::config::section::Section;
use crate::config::value::choices;
use crate::config::value::quote_text;

/// Names that share a certificate.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Host names, or IP addresses; the first is the certificate's common name. `*.bank.example` is every name right below.
    pub names: Vec<String>,
    /// Where the certificate comes from.
    pub source: SiteSource,
    /// PEM file of the certificate and its chain, for [`SiteSource::Files`].
    pub certificate_file: Option<PathBuf>,
    /// PEM file of its private key.
    pub key_file: Option<PathBuf>,
}

/// Where a site's certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteSource {
    /// An ACME directory, such as Let's Encrypt.
    Acme,
    /// Files that somebody else keeps up to date.
    Files,
    /// An authority of this installation's own.
    LocalCa,
    /// No TLS: something in front ends it.
    Off,
}

impl Site {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let site = Self {
            names: section.key("names", Vec::new()),
            source: section.key("source", SiteSource::LocalCa),
            certificate_file: section.key("certificate_file", None),
            key_file: section.key("key_file", None),
        };
        site.check(section);
        site
    }

    fn check(&self, section: &mut Section<'_>) {
        let wrong: Vec<&str> = self.names.iter().map(String::as_str).filter(|name| !is_host_name(name)).collect();
        if self.names.is_empty() {
            let why = r#"[] names nothing; allowed: at least one name, such as ["chat.bank.example"]"#;
            section.refuse(&["names"], why.to_owned());
        } else if !wrong.is_empty() {
            let wrong = wrong.into_iter().map(quote_text).collect::<Vec<_>>().join(", ");
            let why = format!("{wrong} is no name; allowed: host names in small letters, *.name, or IP addresses");
            section.refuse(&["names"], why);
        }
        let (has_certificate, has_key) = (self.certificate_file.is_some(), self.key_file.is_some());
        if self.source == SiteSource::Files && !(has_certificate && has_key) {
            let why = "source \"files\" needs both certificate_file and key_file".to_owned();
            section.refuse(&["certificate_file", "key_file", "source"], why);
        }
        if self.source != SiteSource::Files && (has_certificate || has_key) {
            let why = "certificate_file and key_file are for source \"files\"".to_owned();
            section.refuse(&["certificate_file", "key_file", "source"], why);
        }
    }
}

/// A host name of DNS in its written form (RFC 1123 §2.1), perhaps with a wildcard, or an IP address.
pub fn is_host_name(text: &str) -> bool {
    if text.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let is_label = |label: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(is_allowed)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.strip_prefix("*.").unwrap_or(text).split('.').all(is_label)
}

choices!(SiteSource: "a source of certificates", {
    "acme" => Acme,
    "files" => Files,
    "local_ca" => LocalCa,
    "off" => Off,
});
