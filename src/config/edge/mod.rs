//! `[edge]`: what the program does for whatever it serves, as a web server in front of it would.

mod site;
mod tls;

use ipnet::IpNet;

use crate::config::section::Section;

pub use site::Site;
pub use site::SiteSource;
pub use tls::Tls;
pub use tls::TlsVersion;
pub use tls::UnknownName;

/// What the program does for whatever it serves.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Proxies whose word on the client's address is believed (`X-Forwarded-For`, `Forwarded`).
    pub trusted_proxies: Vec<IpNet>,
    /// Load balancers that begin each connection with a PROXY protocol header.
    pub proxy_protocol_from: Vec<IpNet>,
    /// HTTPS.
    pub tls: Tls,
    /// The names the program answers to, and where their certificates come from.
    pub sites: Vec<Site>,
}

impl Edge {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let edge = Self {
            trusted_proxies: section.key("trusted_proxies", Vec::new()),
            proxy_protocol_from: section.key("proxy_protocol_from", Vec::new()),
            tls: section.section("tls", Tls::read),
            sites: section.tables("site", Vec::new(), |section, _| Site::read(section)),
        };
        edge
    }
}
