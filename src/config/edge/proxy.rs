//! `[[edge.proxy]]`: paths that another system answers.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::origin::WebOrigin;
use crate::config::section::Section;
use crate::config::value::choices;
use crate::config::value::quote_text;

/// Paths that another system answers, and how it is reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Proxy {
    /// This path and everything below it, without a slash at the end. The longest prefix of a request's path wins, also over the
    /// application's own paths.
    pub prefix: String,
    /// The servers that answer, at least one.
    pub upstreams: Vec<WebOrigin>,
    /// Which of them gets the next request.
    pub balance: Balance,
    /// The upstream is asked for the path without the prefix.
    pub strip_prefix: bool,
    /// Which name the upstream is asked by.
    pub host: HostHeader,
    /// How long opening a connection may take: finding the address, TCP and TLS.
    pub connect_timeout: Duration,
    /// How long an upstream may take nothing of a request.
    pub send_timeout: Duration,
    /// How long an upstream may be silent: before its answer, and in the middle of it.
    pub read_timeout: Duration,
    /// How long a WebSocket may be silent in both directions.
    pub tunnel_idle_timeout: Duration,
    /// Failures in a row after which an upstream is left out; 0 never leaves it out.
    pub fails: u32,
    /// How long it is left out.
    pub fail_timeout: Duration,
    /// Statuses of an upstream that are failures, so that another one is asked where that is safe.
    pub fail_statuses: Vec<u32>,
    /// What upstreams are asked for to see whether they are well; empty asks nothing.
    pub health_path: String,
    /// How often.
    pub health_interval: Duration,
    /// How long the answer may take.
    pub health_timeout: Duration,
    /// PEM file of the authorities that may have issued the certificate of an https upstream; none is the system's.
    pub ca_file: Option<PathBuf>,
    /// Open connections that are kept for the next request, for each upstream.
    pub idle_connections_max: usize,
}

/// Which upstream gets the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// The one with the fewest requests under way.
    LeastConnections,
    /// One after the other.
    RoundRobin,
}

/// Which `Host` an upstream is asked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostHeader {
    /// The name the client asked for.
    Client,
    /// The upstream's own, as it stands in `upstreams`.
    Upstream,
}

impl Proxy {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let timeout = || Duration::from_millis(100)..=Duration::from_hours(1);
        let mut proxy = Self {
            prefix: section.key("prefix", String::new()),
            upstreams: section.key("upstreams", Vec::new()),
            balance: section.key("balance", Balance::LeastConnections),
            strip_prefix: section.key("strip_prefix", false),
            host: section.key("host", HostHeader::Client),
            connect_timeout: section.within("connect_timeout", Duration::from_secs(75), timeout()),
            send_timeout: section.within("send_timeout", Duration::from_mins(5), timeout()),
            read_timeout: section.within("read_timeout", Duration::from_mins(5), timeout()),
            tunnel_idle_timeout: section.within(
                "tunnel_idle_timeout",
                Duration::from_hours(24 * 7),
                Duration::from_millis(100)..=Duration::from_hours(24 * 30),
            ),
            fails: section.within("fails", 1, 0..=1_000),
            fail_timeout: section.within("fail_timeout", Duration::from_secs(10), timeout()),
            fail_statuses: section.key("fail_statuses", Vec::new()),
            health_path: section.key("health_path", String::new()),
            health_interval: section.within("health_interval", Duration::from_secs(5), timeout()),
            health_timeout: section.within("health_timeout", Duration::from_secs(5), timeout()),
            ca_file: section.key("ca_file", None),
            idle_connections_max: section.within("idle_connections_max", 32, 0..=10_000),
        };
        proxy.check(section);
        proxy.prefix.truncate(proxy.prefix.trim_end_matches('/').len());
        proxy
    }

    /// Refuses a prefix that two of them have.
    pub(super) fn check_all(proxies: &[Self], section: &mut Section<'_>) {
        for (number, proxy) in (1..).zip(proxies) {
            let is_same = |other: &Self| other.prefix.eq_ignore_ascii_case(&proxy.prefix);
            let earlier = proxies.iter().take(number - 1).any(is_same);
            if earlier && !proxy.prefix.is_empty() {
                let why = format!(
                    "{} stands twice; allowed: each prefix once, whether in capital or small letters",
                    quote_text(&proxy.prefix)
                );
                section.refuse(&[&format!("proxy.{number}.prefix")], why);
            }
        }
    }

    fn check(&self, section: &mut Section<'_>) {
        if self.prefix.trim_end_matches('/').is_empty() {
            let why = format!(
                "{} would hide every path of this program; allowed: the paths of the other system, one [[edge.proxy]] for each, \
                 such as \"/old/\"",
                quote_text(&self.prefix)
            );
            section.refuse(&["prefix"], why);
        } else if !is_path(&self.prefix) {
            let why = format!(
                "{} is no prefix of a path; allowed: a path such as \"/old/\", as people read it, without % ? # \\ or ..",
                quote_text(&self.prefix)
            );
            section.refuse(&["prefix"], why);
        }
        if self.upstreams.is_empty() {
            let why = r#"[] names no server; allowed: at least one, such as ["http://10.0.0.7:8080"]"#;
            section.refuse(&["upstreams"], why.to_owned());
        }
        let is_repeated =
            |&(number, origin): &(usize, &WebOrigin)| self.upstreams.iter().take(number).any(|o| o == origin);
        if let Some((_, origin)) = self.upstreams.iter().enumerate().find(is_repeated) {
            section.refuse(&["upstreams"], format!("{origin} stands twice; allowed: each server once"));
        }
        if let Some(status) = self.fail_statuses.iter().find(|status| !(400..=599).contains(*status)) {
            section.refuse(&["fail_statuses"], format!("{status} is no status of a failure; allowed: 400 to 599"));
        }
        let is_target =
            |text: &str| text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        if !self.health_path.is_empty() && !is_target(&self.health_path) {
            let why = format!(
                "{} is not what a server can be asked for; allowed: a path such as \"/health\", or \"\" for no checks",
                quote_text(&self.health_path)
            );
            section.refuse(&["health_path"], why);
        }
        if self.ca_file.is_some() && !self.upstreams.iter().any(WebOrigin::is_https) {
            let why = "ca_file is for upstreams that begin with https://, and there is none".to_owned();
            section.refuse(&["ca_file", "upstreams"], why);
        }
    }
}

/// A path as people read it: it begins with a slash, and no part of it is empty or leads upwards.
fn is_path(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
    let is_forbidden = |c: char| c.is_whitespace() || c.is_control() || "%?#\\;".contains(c);
    let parts = text.strip_suffix('/').unwrap_or(text).strip_prefix('/');
    parts.is_some_and(|parts| parts.split('/').all(is_part)) && !text.contains(is_forbidden)
}

choices!(Balance: "a way of balancing", {
    "least_connections" => LeastConnections,
    "round_robin" => RoundRobin,
});

choices!(HostHeader: "a host to ask by", {
    "client" => Client,
    "upstream" => Upstream,
});
