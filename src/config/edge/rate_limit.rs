//! `[edge.rate_limit]`: how many requests one client may send.

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::config::section::Section;
use crate::config::value::quote_text;

/// How many requests one client may send.
#[derive(Debug, Clone, PartialEq)]
pub struct RateLimit {
    /// Requests are counted and, above the limit, refused.
    pub enabled: bool,
    /// What would be refused is counted and logged, and let through.
    pub dry_run: bool,
    /// Clients that are not limited.
    pub exempt: Vec<IpNet>,
    /// Most clients that are remembered in each zone; the one that was silent for the longest time is forgotten first.
    pub clients_max: usize,
    /// What is counted together.
    pub zones: Vec<RateLimitZone>,
}

/// Requests that are counted together, for each client.
#[derive(Debug, Clone, PartialEq)]
pub struct RateLimitZone {
    /// What logs, metrics and the headers of responses call it.
    pub name: String,
    /// Beginnings of the paths that are counted here. The longest that fits, of all zones, decides.
    pub paths: Vec<String>,
    /// Requests a second that one client may send in the long run.
    pub per_second: f64,
    /// Requests beyond that which one client may send at once.
    pub burst: u32,
}

impl RateLimit {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        let rate_limit = Self {
            enabled: section.key("enabled", true),
            dry_run: section.key("dry_run", false),
            exempt: section.key("exempt", Vec::new()),
            clients_max: section.within("clients_max", 160_000, 1..=10_000_000),
            zones: section.tables("zone", default_zones(), RateLimitZone::read),
        };
        rate_limit.check(section);
        rate_limit
    }

    fn check(&self, section: &mut Section<'_>) {
        let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
        for zone in &self.zones {
            if !names.insert(&zone.name) {
                let why = format!("two zones are named {}; allowed: each name once", quote_text(&zone.name));
                section.refuse(&["zone"], why);
            }
            for path in zone.paths.iter().filter(|path| !paths.insert(path.to_ascii_lowercase())) {
                let why = format!("{} is in the paths twice; allowed: each path once", quote_text(path));
                section.refuse(&["zone"], why);
            }
        }
    }
}

impl RateLimitZone {
    fn read(section: &mut Section<'_>, default: Option<Self>) -> Self {
        let default = default.unwrap_or_else(|| Self::new("", &[], 10.0, 20));
        let zone = Self {
            name: section.key("name", default.name),
            paths: section.key("paths", default.paths),
            per_second: section.within("per_second", default.per_second, 0.01..=1_000_000.0),
            burst: section.within("burst", default.burst, 0..=1_000_000),
        };
        zone.check(section);
        zone
    }

    fn new(name: &str, paths: &[&str], per_second: f64, burst: u32) -> Self {
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        Self { name: name.to_owned(), paths, per_second, burst }
    }

    fn check(&self, section: &mut Section<'_>) {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        if !(1..=32).contains(&self.name.len()) || !self.name.bytes().all(is_allowed) {
            let found = quote_text(&self.name);
            let why = format!("{found} is no name of a zone; allowed: 1 to 32 of the characters a-z, 0-9, - and _");
            section.refuse(&["name"], why);
        }
        if self.paths.is_empty() {
            let why = r#"[] counts nothing; allowed: at least one beginning of a path, such as ["/api/"]"#;
            section.refuse(&["paths"], why.to_owned());
        }
        if let Some(path) = self.paths.iter().find(|path| !is_prefix(path)) {
            let found = quote_text(path);
            let why =
                format!("{found} is no beginning of a path; allowed: what begins with / and is written without %");
            section.refuse(&["paths"], why);
        }
    }
}

/// Paths are compared as they are when `%` is decoded, so a rule that has one would never hold.
pub(super) fn is_prefix(path: &str) -> bool {
    path.starts_with('/') && !path.contains("//") && !path.contains(['%', ';', '?', '#', '\\'])
}

/// The limits of the web server this program replaces.
fn default_zones() -> Vec<RateLimitZone> {
    vec![RateLimitZone::new("api", &["/api/"], 10.0, 20), RateLimitZone::new("socket", &["/api/v1/chat/ws/"], 5.0, 5)]
}
