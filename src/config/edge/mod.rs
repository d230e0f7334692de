//! `[edge]`: what the program does for whatever it serves, as a web server in front of it would.

mod access_log;
mod acme;
mod client_certificates;
mod compression;
mod forwarded;
mod headers;
mod proxy;
mod rate_limit;
mod site;
mod status;
mod tls;

use std::collections::BTreeSet;
use std::net::SocketAddr;

use ipnet::IpNet;

use crate::config::section::Section;

pub use access_log::AccessLog;
pub use access_log::AccessLogFormat;
pub use access_log::AccessLogTarget;
pub use acme::Acme;
pub use acme::AcmeChallenge;
pub use acme::AcmeDirectory;
pub use acme::EmailAddress;
pub use client_certificates::ClientCertificates;
pub use compression::Compression;
pub use compression::ContentCoding;
pub use compression::MediaType;
pub use forwarded::ForwardedHeader;
pub use headers::FieldValue;
pub use headers::HeaderLine;
pub use headers::Headers;
pub use proxy::Balance;
pub use proxy::HostHeader;
pub use proxy::Proxy;
pub use rate_limit::RateLimit;
pub use rate_limit::RateLimitZone;
pub use site::Site;
pub use site::SiteSource;
pub use site::is_host_name;
pub use status::Status;
pub use tls::Tls;
pub use tls::TlsVersion;
pub use tls::UnknownName;

/// What the program does for whatever it serves.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Proxies whose word on the client's address is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where they give it.
    pub forwarded_header: ForwardedHeader,
    /// Load balancers that begin each connection with a PROXY protocol header.
    pub proxy_protocol_from: Vec<IpNet>,
    /// What is compressed on its way out.
    pub compression: Compression,
    /// Headers of every response.
    pub headers: Headers,
    /// How many requests one client may send.
    pub rate_limit: RateLimit,
    /// HTTPS.
    pub tls: Tls,
    /// Clients that show a certificate.
    pub client_certificates: ClientCertificates,
    /// An authority that issues certificates by itself.
    pub acme: Acme,
    /// The names the program answers to, and where their certificates come from.
    pub sites: Vec<Site>,
    /// Paths that another system answers.
    pub proxies: Vec<Proxy>,
    /// One line for each request.
    pub access_log: AccessLog,
    /// Who may look at how the program is doing.
    pub status: Status,
}

impl Edge {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let edge = Self {
            trusted_proxies: section.key("trusted_proxies", Vec::new()),
            forwarded_header: section.key("forwarded_header", ForwardedHeader::XForwardedFor),
            proxy_protocol_from: section.key("proxy_protocol_from", Vec::new()),
            compression: section.section("compression", Compression::read),
            headers: section.section("headers", Headers::read),
            rate_limit: section.section("rate_limit", RateLimit::read),
            tls: section.section("tls", Tls::read),
            client_certificates: section.section("client_certificates", ClientCertificates::read),
            acme: section.section("acme", Acme::read),
            sites: section.tables("site", Vec::new(), |section, _| Site::read(section)),
            proxies: section.tables("proxy", Vec::new(), |section, _| Proxy::read(section)),
            access_log: section.section("access_log", AccessLog::read),
            status: section.section("status", Status::read),
        };
        Proxy::check_all(&edge.proxies, section);
        edge.check_listeners(section);
        edge.check_names(section);
        edge.acme.check_sites(&edge.sites, section);
        edge
    }

    fn check_names(&self, section: &mut Section<'_>) {
        let mut seen = BTreeSet::new();
        let mut names = self.sites.iter().flat_map(|site| &site.names);
        if let Some(name) = names.find(|name| !seen.insert(name.as_str())) {
            section.refuse(&["site"], format!("{name} stands in two sites; allowed: each name once"));
        }
    }

    fn check_listeners(&self, section: &mut Section<'_>) {
        let is_unknown = |address: &&SocketAddr| !self.tls.listen.contains(*address);
        let unknown = self.client_certificates.listeners.iter().find(is_unknown);
        if let Some(address) = unknown {
            let why = format!("{address} is not in edge.tls.listen; allowed: addresses that are");
            section.refuse(&["client_certificates.listeners"], why);
        }
    }
}
