//! `[api]`: who may talk to the program, and how much one customer may ask of it.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::config::edge::Tls;
use crate::config::origin::AllowedOrigin;
use crate::config::origin::WebOrigin;
use crate::config::section::Section;
use crate::config::server::Server;
use crate::config::units::ByteSize;
use crate::config::value::Value;
use crate::config::value::choices;

/// Who may talk to the program.
#[derive(Debug, Clone, PartialEq)]
pub struct Api {
    /// Serve existing clients, which choose their own session id and send no token (design D11).
    pub legacy_clients: bool,
    /// Networks those clients may come from; empty is this machine alone.
    pub legacy_networks: Vec<IpNet>,
    /// Pages of other origins that may use the API from a browser.
    pub cors_allowed_origins: Vec<AllowedOrigin>,
    /// The address customers see in their browser; none is taken from each request.
    pub public_url: Option<WebOrigin>,
    /// When the session cookie is for TLS only.
    pub session_cookie_secure: CookieSecure,
    /// How much one customer may ask.
    pub limits: ApiLimits,
}

impl Api {
    pub(super) fn read(section: &mut Section<'_>) -> Self {
        Self {
            legacy_clients: section.key("legacy_clients", false),
            legacy_networks: section.key("legacy_networks", Vec::new()),
            cors_allowed_origins: section.key("cors_allowed_origins", Vec::new()),
            public_url: section.key("public_url", None),
            session_cookie_secure: section.key("session_cookie_secure", CookieSecure::Auto),
            limits: section.section("limits", ApiLimits::read),
        }
    }

    /// Whether a page of this origin, as its `Origin` header says, may use the API from a browser.
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.cors_allowed_origins.iter().any(|allowed| allowed.allows(origin))
    }

    /// Whether a client at this address may use the API as existing clients do, without a token.
    pub fn allows_legacy_client(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_there = if self.legacy_networks.is_empty() {
            // Whatever the listeners are: a socket that the service manager hands over may be open to others.
            address.is_loopback()
        } else {
            self.legacy_networks.iter().any(|network| network.contains(&address))
        };
        self.legacy_clients && is_there
    }

    /// Clients without a token can read any session whose id they know, so whoever lets them in from other
    /// machines must say which ones (design D11).
    pub(super) fn check_legacy_clients(&self, server: &Server, tls: &Tls, root: &mut Section<'_>) {
        let listeners = [("server.listen", &server.listen), ("edge.tls.listen", &tls.listen)];
        let mut addresses =
            listeners.into_iter().flat_map(|(key, listen)| listen.iter().map(move |address| (key, address)));
        let reachable = addresses.find(|(_, address)| !address.ip().to_canonical().is_loopback());
        if let Some((key, address)) = reachable
            && self.legacy_clients
            && self.legacy_networks.is_empty()
        {
            let why = format!(
                "true lets clients without a token use any session whose id they know, and other machines reach \
                 {key} {address}; allowed: name the networks of those clients in api.legacy_networks, or \
                 listen on 127.0.0.1 only"
            );
            root.refuse(&["api.legacy_clients", "api.legacy_networks", key], why);
        }
    }
}

/// When the session cookie carries `Secure`, which keeps browsers from sending it over plain HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieSecure {
    /// When the request came over TLS.
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

choices!(CookieSecure: "a choice", {
    "auto" => Auto,
    "always" => Always,
    "never" => Never,
});

/// How much one customer may ask.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiLimits {
    /// Longest message, in characters.
    pub message_chars_max: usize,
    /// Shortest message, in characters.
    pub message_chars_min: usize,
    /// Messages a second that a session may send in the long run.
    pub session_messages_per_second: f64,
    /// Messages a session may send at once before that.
    pub session_messages_burst: u32,
    /// How long a WebSocket may stay silent.
    pub socket_idle_timeout: Duration,
    /// How often a silent WebSocket is asked whether it is still there.
    pub socket_ping_interval: Duration,
    /// How long a client may take to read one frame.
    pub socket_send_timeout: Duration,
    /// Largest WebSocket message of a client.
    pub socket_frame_bytes_max: ByteSize,
    /// Messages of one WebSocket that may wait for their answer.
    pub socket_pending_messages_max: usize,
    /// Longest wait of a long poll.
    pub long_poll_max: Duration,
    /// Events that may wait for one slow reader.
    pub event_queue_max: usize,
    /// Most messages in one page of a conversation.
    pub messages_page_max: u32,
}

impl ApiLimits {
    fn read(section: &mut Section<'_>) -> Self {
        let minutes = Duration::from_millis(100)..=Duration::from_mins(5);
        let limits = Self {
            message_chars_max: section.within("message_chars_max", 2_000, 1..=100_000),
            message_chars_min: section.within("message_chars_min", 2, 1..=1_000),
            session_messages_per_second: section.within("session_messages_per_second", 2.0, 0.01..=1_000.0),
            session_messages_burst: section.within("session_messages_burst", 10, 1..=1_000),
            socket_idle_timeout: section.within(
                "socket_idle_timeout",
                Duration::from_hours(7 * 24),
                Duration::from_millis(100)..=Duration::from_hours(30 * 24),
            ),
            socket_ping_interval: section.within(
                "socket_ping_interval",
                Duration::from_secs(30),
                Duration::from_millis(100)..=Duration::from_hours(1),
            ),
            socket_send_timeout: section.within("socket_send_timeout", Duration::from_secs(10), minutes.clone()),
            socket_frame_bytes_max: section.within(
                "socket_frame_bytes_max",
                ByteSize::mib(4),
                ByteSize::kib(1)..=ByteSize::mib(16),
            ),
            socket_pending_messages_max: section.within("socket_pending_messages_max", 32, 1..=1_000),
            long_poll_max: section.within("long_poll_max", Duration::from_secs(25), minutes),
            event_queue_max: section.within("event_queue_max", 64, 1..=65_536),
            messages_page_max: section.within("messages_page_max", 1_000, 1..=10_000),
        };
        limits.check(section);
        limits
    }

    fn check(&self, section: &mut Section<'_>) {
        let Self { message_chars_min, message_chars_max, socket_idle_timeout, .. } = self;
        if message_chars_min > message_chars_max {
            let why =
                format!("message_chars_min {message_chars_min} is more than message_chars_max {message_chars_max}");
            section.refuse(&["message_chars_min", "message_chars_max"], why);
        }
        if self.socket_ping_interval >= *socket_idle_timeout {
            let [ping, idle] = [self.socket_ping_interval, *socket_idle_timeout].map(|span| span.to_toml());
            let why = format!("socket_ping_interval {ping} must be shorter than socket_idle_timeout {idle}");
            section.refuse(&["socket_ping_interval", "socket_idle_timeout"], why);
        }
        // A character is at most four bytes of UTF-8, and the frame has other fields.
        let message_bytes = ByteSize::bytes(*message_chars_max as u64 * 4 + 1_024);
        if self.socket_frame_bytes_max < message_bytes {
            let why = format!(
                "socket_frame_bytes_max {} is too small for a message of message_chars_max {message_chars_max} \
                 characters; allowed: at least {message_bytes}",
                self.socket_frame_bytes_max
            );
            section.refuse(&["socket_frame_bytes_max", "message_chars_max"], why);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn legacy_clients_come_from_the_named_networks() {
        let api = |text: &str| Config::parse(text, "test", std::iter::empty()).unwrap().api;
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let off = api("api.legacy_networks = ['10.0.0.0/8']");
        let on = api("api.legacy_clients = true");
        let named = api("api.legacy_clients = true\napi.legacy_networks = ['10.0.0.0/8', '192.0.2.7']");
        // A socket that was handed over is no listener of the configuration, and others may reach it.
        for (client, is_named, is_here) in [
            ("10.1.2.3", true, false),
            ("::ffff:10.1.2.3", true, false),
            ("192.0.2.7", true, false),
            ("192.0.2.8", false, false),
            ("127.0.0.1", false, true),
            ("::ffff:127.0.0.3", false, true),
            ("::1", false, true),
        ] {
            assert!(!off.allows_legacy_client(address(client)));
            assert_eq!(on.allows_legacy_client(address(client)), is_here, "{client}");
            assert_eq!(named.allows_legacy_client(address(client)), is_named, "{client}");
        }
    }

    #[test]
    fn only_listed_origins_are_allowed() {
        let api = |text: &str| Config::parse(text, "test", std::iter::empty()).unwrap().api;
        let one = api("api.cors_allowed_origins = ['https://a.example']");
        assert!(one.allows_origin("https://a.example"));
        assert!(!one.allows_origin("https://a.example.evil.example"));
        assert!(!api("").allows_origin("https://a.example"));
        assert!(api("api.cors_allowed_origins = ['*']").allows_origin("https://a.example"));
    }
}
