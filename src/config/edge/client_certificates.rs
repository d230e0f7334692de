//! `[edge.client_certificates]`: clients that show a certificate of their own (mutual TLS).

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::edge::rate_limit::is_prefix;
use crate::config::section::Section;
use crate::config::value::quote_text;

/// Clients that show a certificate of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientCertificates {
    /// PEM file of the authorities whose certificates are trusted.
    pub ca_file: Option<PathBuf>,
    /// Addresses of `edge.tls.listen` on which only clients with a certificate are served.
    pub listeners: Vec<SocketAddr>,
    /// Beginnings of paths that only clients with a certificate may ask for.
    pub prefixes: Vec<String>,
}

impl ClientCertificates {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let clients = Self {
            ca_file: section.key("ca_file", None),
            listeners: section.key("listeners", Vec::new()),
            prefixes: section.key("prefixes", Vec::new()),
        };
        let asks = !clients.listeners.is_empty() || !clients.prefixes.is_empty();
        if asks && clients.ca_file.is_none() {
            let why = "certificates are asked for, and no authority is trusted to issue them; allowed: a PEM file";
            section.refuse(&["ca_file"], why.to_owned());
        }
        if let Some(wrong) = clients.prefixes.iter().find(|prefix| !is_prefix(prefix)) {
            let why = format!("{} is no beginning of a path; allowed: such as [\"/admin/\"]", quote_text(wrong));
            section.refuse(&["prefixes"], why);
        }
        clients
    }

    /// Whether only clients with a certificate may use the listener at this address. One for all of the machine's addresses,
    /// as a service manager hands over, is meant by each of them.
    pub fn is_required_on(&self, local: SocketAddr) -> bool {
        let is_meant =
            |listed: &SocketAddr| *listed == local || (listed.port() == local.port() && local.ip().is_unspecified());
        self.listeners.iter().any(is_meant)
    }
}
