//! How many connections there are, in all and from each client.

use std::collections::HashMap;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::edge::traffic::Traffic;
use crate::telemetry::Throttle;

/// Counts open connections against two limits. The map holds only clients that are connected, so the first limit
/// bounds it.
#[derive(Clone)]
pub(super) struct Connections {
    shared: Arc<Shared>,
}

struct Shared {
    counts: Mutex<Counts>,
    max: usize,
    per_client_max: usize,
    traffic: Arc<Traffic>,
    /// Says that connections are refused, without flooding the log.
    refusals: Throttle,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_client: HashMap<IpAddr, usize>,
}

/// A place for one connection, given back when the last clone is dropped. Whoever upgrades a connection keeps one.
#[derive(Clone)]
pub struct ConnectionPermit {
    _place: Arc<Place>,
}

struct Place {
    shared: Arc<Shared>,
    client: IpAddr,
}

impl Connections {
    pub(super) fn new(max: usize, per_client_max: usize, traffic: Arc<Traffic>) -> Self {
        let (counts, refusals) = (Mutex::default(), Throttle::default());
        Self { shared: Arc::new(Shared { counts, max, per_client_max, traffic, refusals }) }
    }

    /// A place for a connection from `client`, if there is one. Counts it as accepted, and perhaps as refused.
    pub(super) fn admit(&self, client: IpAddr) -> Option<ConnectionPermit> {
        let client = neighbourhood(client);
        let traffic = &self.shared.traffic;
        traffic.accepted.add();
        let mut counts = self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.all >= self.shared.max {
            drop(counts);
            traffic.refused_in_all.add();
            self.tell(client, "server.limits.connections_max");
            return None;
        }
        let of_client = counts.by_client.entry(client).or_default();
        if *of_client >= self.shared.per_client_max {
            drop(counts);
            traffic.refused_of_client.add();
            self.tell(client, "server.limits.connections_per_client_max");
            return None;
        }
        *of_client += 1;
        counts.all += 1;
        drop(counts);
        traffic.open.add();
        Some(ConnectionPermit { _place: Arc::new(Place { shared: Arc::clone(&self.shared), client }) })
    }

    fn tell(&self, client: IpAddr, limit: &str) {
        if let Some(unsaid) = self.shared.refusals.admit() {
            tracing::warn!(%client, limit, unsaid, "a connection was refused, since there are too many");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.traffic.open.remove();
        let mut counts = self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        if let Some(of_client) = counts.by_client.get_mut(&self.client) {
            *of_client -= 1;
            if *of_client == 0 {
                counts.by_client.remove(&self.client);
            }
        }
    }
}

/// One subscriber of an access provider has a whole /64 of IPv6 addresses.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_until_its_last_holder_lets_go() {
        let connections = Connections::new(3, 2, Arc::default());
        let [a, b] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().unwrap());
        let first = connections.admit(a).unwrap();
        let upgraded = first.clone();
        let _second = connections.admit(a).unwrap();
        assert!(connections.admit(a).is_none(), "two for each client");
        let _third = connections.admit(b).unwrap();
        assert!(connections.admit(b).is_none(), "three in all");
        drop(first);
        assert!(connections.admit(a).is_none(), "the upgraded connection is still there");
        drop(upgraded);
        assert!(connections.admit(a).is_some());
    }

    #[test]
    fn one_ipv6_subscriber_is_one_client() {
        let connections = Connections::new(10, 1, Arc::default());
        let _place = connections.admit("2001:db8:0:1::1".parse().unwrap()).unwrap();
        assert!(connections.admit("2001:db8:0:1:ffff::2".parse().unwrap()).is_none());
        assert!(connections.admit("2001:db8:0:2::1".parse().unwrap()).is_some());
    }
}
