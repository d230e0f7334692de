//! Whose a request is that came through proxies in front: by their word, if they are trusted.

mod elements;

use std::net::IpAddr;

use arc_swap::ArcSwap;
use axum::http::HeaderMap;
use ipnet::IpNet;

use crate::config::Edge as Settings;
use crate::config::ForwardedHeader;
use crate::edge::forwarded::elements::Hop;

/// Proxies between a client and us that are looked at. More are a loop.
const HOPS_MAX: usize = 32;

/// Whose word on the client is believed.
pub(super) struct Proxies {
    rules: ArcSwap<Rules>,
}

struct Rules {
    trusted: Vec<IpNet>,
    header: ForwardedHeader,
}

/// How far the other end of a connection is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// It is no proxy of ours.
    None,
    /// It is one, and says by `Forwarded` whom it speaks for: `X-Forwarded-For` is whatever its client sent.
    Forwarded,
    /// It is one, and says so by `X-Forwarded-For`.
    XForwardedFor,
}

/// What is known of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client {
    /// Its address, canonical.
    pub(super) address: IpAddr,
    /// Whether it came over TLS, if a trusted proxy says so or denies it.
    pub(super) is_secure: Option<bool>,
}

impl Proxies {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { rules: ArcSwap::from_pointee(Rules::new(settings)) }
    }

    /// Other proxies from now on.
    pub(super) fn reload(&self, settings: &Settings) {
        self.rules.store(Rules::new(settings).into());
    }

    /// How far `peer` is believed.
    pub(super) fn trust_in(&self, peer: IpAddr) -> Trust {
        let rules = self.rules.load();
        match rules.header {
            _ if !rules.trust(peer.to_canonical()) => Trust::None,
            ForwardedHeader::XForwardedFor => Trust::XForwardedFor,
            ForwardedHeader::Forwarded => Trust::Forwarded,
        }
    }

    /// Who sent a request that came from `peer`.
    ///
    /// Each proxy adds at the right end the address it was reached from. So the walk goes from the right, as long as
    /// whoever said so is trusted: the client is the first address that is not a trusted proxy's. What cannot be read ends
    /// the walk at the proxy that wrote it; what a client made up stands to the left of that and is never reached.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let rules = self.rules.load();
        let peer = peer.to_canonical();
        if !rules.trust(peer) {
            return Client { address: peer, is_secure: None };
        }
        match rules.header {
            ForwardedHeader::XForwardedFor => {
                let (address, hops) = rules.walk(peer, elements::x_forwarded_for(headers));
                // A chain of proxies may have a word for each address, or one that was handed on.
                Client { address, is_secure: elements::x_forwarded_proto(headers, hops.len()) }
            }
            ForwardedHeader::Forwarded => {
                let (address, hops) = rules.walk(peer, elements::forwarded(headers));
                Client { address, is_secure: hops.last().and_then(|hop| hop.is_secure) }
            }
        }
    }
}

impl Rules {
    fn new(settings: &Settings) -> Self {
        Self { trusted: settings.trusted_proxies.clone(), header: settings.forwarded_header }
    }

    fn trust(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }

    /// The client, and what was believed on the way to it, nearest first.
    fn walk(&self, peer: IpAddr, said: impl Iterator<Item = Hop>) -> (IpAddr, Vec<Hop>) {
        let mut client = peer;
        let mut hops = Vec::new();
        for hop in said.take(HOPS_MAX) {
            hops.push(hop);
            let Some(address) = hop.address else { break };
            client = address.to_canonical();
            if !self.trust(client) {
                break;
            }
        }
        (client, hops)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;
    use axum::http::HeaderValue;

    use super::*;
    use crate::config::Config;

    const PROXY: &str = "10.0.0.1";

    fn proxies(header: ForwardedHeader) -> Proxies {
        let trusted_proxies = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()).into();
        Proxies::new(&Settings { trusted_proxies, forwarded_header: header, ..Config::default().edge })
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let line = |&(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in lines.iter().map(line) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn x_forwarded_for_is_walked_from_the_right() {
        let proxies = proxies(ForwardedHeader::XForwardedFor);
        let long = format!("{}, 192.0.2.1", "a".repeat(8_000));
        let endless = ["10.0.0.9"; 100].join(",");
        for (peer, lines, client) in [
            (PROXY, &["192.0.2.1"][..], "192.0.2.1"),
            ("::ffff:10.0.0.1", &["192.0.2.1"], "192.0.2.1"),
            // Nobody's word but a proxy's.
            ("198.51.100.7", &["192.0.2.1"], "198.51.100.7"),
            // What a client claims stands to the left of what a proxy saw.
            (PROXY, &["127.0.0.1, 192.0.2.1"], "192.0.2.1"),
            (PROXY, &["garbage, 10.9.9.9, 192.0.2.1"], "192.0.2.1"),
            (PROXY, &[&long], "192.0.2.1"),
            // Several proxies, and lines that are joined in order.
            (PROXY, &["192.0.2.1, 10.0.0.3, 10.0.0.2"], "192.0.2.1"),
            (PROXY, &["127.0.0.1", "192.0.2.1, 10.0.0.3", "10.0.0.2"], "192.0.2.1"),
            (PROXY, &["192.0.2.1,, 10.0.0.2 ,"], "192.0.2.1"),
            // Ports, brackets, and addresses in IPv6 clothes.
            (PROXY, &["192.0.2.1:4711"], "192.0.2.1"),
            (PROXY, &["2001:db8::1"], "2001:db8::1"),
            (PROXY, &["[2001:db8::1]"], "2001:db8::1"),
            (PROXY, &["[2001:db8::1]:4711"], "2001:db8::1"),
            (PROXY, &["::ffff:192.0.2.1, ::ffff:10.0.0.2"], "192.0.2.1"),
            ("fd00::1", &["192.0.2.1"], "192.0.2.1"),
            // Everybody is a proxy, or nobody says anything.
            (PROXY, &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (PROXY, &[], PROXY),
            (PROXY, &[""], PROXY),
            (PROXY, &[&endless], "10.0.0.9"),
            // Garbage ends the walk at the last trusted hop.
            (PROXY, &["192.0.2.1, unknown, 10.0.0.2"], "10.0.0.2"),
            (PROXY, &["192.0.2.1, 10.0.0.256"], PROXY),
            (PROXY, &["192.0.2.1, 1.2.3.4:x"], PROXY),
            (PROXY, &["192.0.2.1 10.0.0.2"], PROXY),
            (PROXY, &["한글"], PROXY),
        ] {
            let lines: Vec<_> = lines.iter().map(|&line| ("x-forwarded-for", line)).collect();
            let found = proxies.client(peer.parse().unwrap(), &headers(&lines));
            assert_eq!(found.address.to_string(), client, "{lines:?} from {peer}");
        }
    }

    #[test]
    fn forwarded_is_walked_from_the_right() {
        let proxies = proxies(ForwardedHeader::Forwarded);
        let long = format!("for={}, for=192.0.2.1", "a,".repeat(8_000));
        for (lines, client) in [
            (&["for=192.0.2.1"][..], "192.0.2.1"),
            (&["FOR=192.0.2.1;By=10.0.0.1;proto=https;host=bank.example"], "192.0.2.1"),
            (&["for=\"192.0.2.1:4711\""], "192.0.2.1"),
            (&["for=\"[2001:db8::1]\""], "2001:db8::1"),
            (&["for=\"[2001:db8::1]:_port\";proto=http"], "2001:db8::1"),
            (&["for=\"192.0.2\\.1\""], "192.0.2.1"),
            (&["for=192.0.2.1, for=10.0.0.2"], "192.0.2.1"),
            (&["for=192.0.2.1", "for=10.0.0.3, for=10.0.0.2"], "192.0.2.1"),
            (&["for=192.0.2.1;ext=\"a, for=198.51.100.7\""], "192.0.2.1"),
            (&["for=192.0.2.1;ext=\"a, for=198.51.100.7;b=\\\"\""], "192.0.2.1"),
            // What a client left open cannot swallow what a proxy appended.
            (&["for=\"198.51.100.7, for=192.0.2.1"], "192.0.2.1"),
            (&["for=\"198.51.100.7", "for=192.0.2.1"], "192.0.2.1"),
            (&[&long], "192.0.2.1"),
            // Who hides himself, or is not known, ends the walk.
            (&["for=192.0.2.1, for=_hidden, for=10.0.0.2"], "10.0.0.2"),
            (&["for=192.0.2.1, for=unknown"], PROXY),
            (&["for=192.0.2.1, proto=https"], PROXY),
            (&["for=192.0.2.1, for=2001:db8::1"], PROXY),
            (&["for=192.0.2.1, for=\"10.0.0.2"], PROXY),
            (&["for=192.0.2.1, garbage"], PROXY),
            (&["for=192.0.2.1, for=10.0.0.2;for=10.0.0.3"], PROXY),
            (&[], PROXY),
        ] {
            let lines: Vec<_> = lines.iter().map(|&line| ("forwarded", line)).collect();
            let found = proxies.client(PROXY.parse().unwrap(), &headers(&lines));
            assert_eq!(found.address.to_string(), client, "{lines:?}");
        }
    }

    #[test]
    fn only_the_named_header_is_believed() {
        let both = headers(&[("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.2;proto=https")]);
        let peer = PROXY.parse().unwrap();
        let found = proxies(ForwardedHeader::XForwardedFor).client(peer, &both);
        assert_eq!(found, Client { address: "192.0.2.1".parse().unwrap(), is_secure: None });
        let found = proxies(ForwardedHeader::Forwarded).client(peer, &both);
        assert_eq!(found, Client { address: "192.0.2.2".parse().unwrap(), is_secure: Some(true) });
    }

    #[test]
    fn a_trusted_proxy_says_whether_the_client_came_over_tls() {
        let proxies = proxies(ForwardedHeader::XForwardedFor);
        for (peer, addresses, said, is_secure) in [
            (PROXY, "192.0.2.1", Some("https"), Some(true)),
            (PROXY, "192.0.2.1", Some("HTTP"), Some(false)),
            (PROXY, "192.0.2.1", None, None),
            (PROXY, "192.0.2.1", Some("ftp"), None),
            ("198.51.100.7", "192.0.2.1", Some("https"), None),
            // One word for each address: the one of the proxy that saw the client.
            (PROXY, "192.0.2.1, 10.0.0.2", Some("https, http"), Some(true)),
            (PROXY, "127.0.0.1, 192.0.2.1, 10.0.0.2", Some("https, http, https"), Some(false)),
            // One word, handed on.
            (PROXY, "192.0.2.1, 10.0.0.2", Some("https"), Some(true)),
            // What a client made up, left of what a proxy said.
            (PROXY, "127.0.0.1, 192.0.2.1", Some("https, http"), Some(false)),
        ] {
            let said = said.map(|said| ("x-forwarded-proto", said));
            let lines: Vec<_> = [("x-forwarded-for", addresses)].into_iter().chain(said).collect();
            let found = proxies.client(peer.parse().unwrap(), &headers(&lines));
            assert_eq!(found.is_secure, is_secure, "{lines:?} from {peer}");
        }
    }

    #[test]
    fn other_proxies_hold_from_the_next_request() {
        let proxies = proxies(ForwardedHeader::XForwardedFor);
        proxies.reload(&Config::default().edge);
        let lines = headers(&[("x-forwarded-for", "192.0.2.1")]);
        assert_eq!(proxies.client(PROXY.parse().unwrap(), &lines).address.to_string(), PROXY);
    }
}
