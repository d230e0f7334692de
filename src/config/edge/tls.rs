//! `[edge.tls]`: HTTPS.

use std::net::SocketAddr;
use std::time::Duration;

use crate::config::section::Section;
use crate::config::value::choices;

/// HTTPS.
#[derive(Debug, Clone, PartialEq)]
pub struct Tls {
    /// Addresses to serve HTTPS on; none is plain HTTP alone. Port 0 takes any free port.
    pub listen: Vec<SocketAddr>,
    /// Oldest version of TLS that is spoken.
    pub min_version: TlsVersion,
    /// What a client gets that asks for a name no site has.
    pub unknown_name: UnknownName,
    /// How long a client may take for its handshake.
    pub handshake_timeout: Duration,
    /// Plain HTTP is answered with the address of the same page over HTTPS.
    pub redirect_http: bool,
    /// How long browsers shall remember to come over HTTPS only (HSTS, RFC 6797); zero says nothing of it.
    pub hsts_max_age: Duration,
    /// They shall do so for names below each site's, too.
    pub hsts_include_subdomains: bool,
}

impl Tls {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let year = Duration::from_hours(24 * 365);
        Self {
            listen: section.key("listen", Vec::new()),
            min_version: section.key("min_version", TlsVersion::Tls12),
            unknown_name: section.key("unknown_name", UnknownName::Default),
            handshake_timeout: section.within(
                "handshake_timeout",
                Duration::from_secs(10),
                Duration::from_millis(100)..=Duration::from_mins(5),
            ),
            redirect_http: section.key("redirect_http", true),
            hsts_max_age: section.within("hsts_max_age", year, Duration::ZERO..=year * 2),
            hsts_include_subdomains: section.key("hsts_include_subdomains", true),
        }
    }
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

/// What a client gets that asks for a name no site has, or for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownName {
    /// The first site's certificate.
    Default,
    /// No connection.
    Refuse,
}

choices!(TlsVersion: "a version of TLS", {
    "1.2" => Tls12,
    "1.3" => Tls13,
});

choices!(UnknownName: "an answer to unknown names", {
    "default" => Default,
    "refuse" => Refuse,
});
