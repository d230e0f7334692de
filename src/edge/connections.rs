//! How many connections there are, in all and from each client.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use ipnet::IpNet;

use crate::config::ServerLimits;
use crate::edge::client::neighbourhood;
use crate::edge::traffic::Traffic;
use crate::telemetry::Throttle;

/// Counts open connections against two limits. The map holds only clients that are connected, so the first limit
/// bounds it.
#[derive(Clone)]
pub(super) struct Connections {
    shared: Arc<Shared>,
}

struct Shared {
    book: Mutex<Book>,
    traffic: Arc<Traffic>,
    /// Says that connections are refused, without flooding the log.
    refusals: Throttle,
}

/// What is open, and what it is held against.
struct Book {
    max: usize,
    per_client_max: usize,
    exempt: Vec<IpNet>,
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

/// A place among all connections for one whose client is not known yet.
pub(super) struct Reservation {
    shared: Arc<Shared>,
    /// It has become a permit's.
    is_taken: bool,
}

impl Connections {
    pub(super) fn new(limits: &ServerLimits, traffic: Arc<Traffic>) -> Self {
        let book = Book {
            max: limits.connections_max,
            per_client_max: limits.connections_per_client_max,
            exempt: limits.connections_exempt.clone(),
            all: 0,
            by_client: HashMap::new(),
        };
        Self { shared: Arc::new(Shared { book: Mutex::new(book), traffic, refusals: Throttle::default() }) }
    }

    /// Other limits from now on. Connections that are open stay open, even if there are too many.
    pub(super) fn reload(&self, limits: &ServerLimits) {
        let mut book = self.shared.book();
        (book.max, book.per_client_max) = (limits.connections_max, limits.connections_per_client_max);
        book.exempt.clone_from(&limits.connections_exempt);
    }

    /// A place for a connection of which a load balancer has not said whose it is.
    pub(super) fn reserve(&self, balancer: IpAddr) -> Option<Reservation> {
        let mut book = self.shared.book();
        if book.all >= book.max {
            drop(book);
            self.shared.traffic.accepted.add();
            self.refuse_in_all(balancer);
            return None;
        }
        book.all += 1;
        Some(Reservation { shared: Arc::clone(&self.shared), is_taken: false })
    }

    /// A place for a connection from `client`, if there is one: that which was reserved, or another. Counts it as accepted, and perhaps as refused. Costs a lock
    /// and a look into a map, and hardly more when there is none.
    pub(super) fn admit(&self, client: IpAddr, reservation: Option<Reservation>) -> Option<ConnectionPermit> {
        let traffic = &self.shared.traffic;
        traffic.accepted.add();
        let mut book = self.shared.book();
        if reservation.is_none() && book.all >= book.max {
            drop(book);
            self.refuse_in_all(client);
            return None;
        }
        let is_exempt = book.exempt.iter().any(|network| network.contains(&client));
        let client = neighbourhood(client);
        let of_client = book.by_client.get(&client).copied().unwrap_or_default();
        if of_client >= book.per_client_max && !is_exempt {
            drop(book);
            traffic.refused_of_client.add();
            self.tell(client, "server.limits.connections_per_client_max");
            return None;
        }
        book.by_client.insert(client, of_client + 1);
        match reservation {
            Some(mut reservation) => reservation.is_taken = true,
            None => book.all += 1,
        }
        drop(book);
        traffic.open.add();
        Some(ConnectionPermit { _place: Arc::new(Place { shared: Arc::clone(&self.shared), client }) })
    }

    fn refuse_in_all(&self, client: IpAddr) {
        self.shared.traffic.refused_in_all.add();
        self.tell(client, "server.limits.connections_max");
    }

    fn tell(&self, client: IpAddr, limit: &str) {
        if let Some(unsaid) = self.shared.refusals.admit() {
            tracing::warn!(%client, limit, unsaid, "a connection was refused, since there are too many");
        }
    }
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.is_taken {
            return;
        }
        let mut book = self.shared.book();
        book.all = book.all.saturating_sub(1);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.traffic.open.remove();
        let mut book = self.shared.book();
        book.all = book.all.saturating_sub(1);
        if let Some(of_client) = book.by_client.get_mut(&self.client) {
            *of_client -= 1;
            if *of_client == 0 {
                book.by_client.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn limits(max: usize, per_client_max: usize) -> ServerLimits {
        let limits = Config::default().server.limits;
        ServerLimits { connections_max: max, connections_per_client_max: per_client_max, ..limits }
    }

    fn connections(limits: &ServerLimits) -> Connections {
        Connections::new(limits, Arc::default())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_place_is_taken_until_its_last_holder_lets_go() {
        let connections = connections(&limits(3, 2));
        let [a, b] = ["192.0.2.1", "192.0.2.2"].map(address);
        let first = connections.admit(a, None).unwrap();
        let upgraded = first.clone();
        let _second = connections.admit(a, None).unwrap();
        assert!(connections.admit(a, None).is_none(), "two for each client");
        let _third = connections.admit(b, None).unwrap();
        assert!(connections.admit(b, None).is_none(), "three in all");
        drop(first);
        assert!(connections.admit(a, None).is_none(), "the upgraded connection is still there");
        drop(upgraded);
        let _fourth = connections.admit(a, None).unwrap();
        let traffic = &connections.shared.traffic;
        assert_eq!((traffic.accepted.get(), traffic.open.get()), (7, 3));
        assert_eq!((traffic.refused_in_all.get(), traffic.refused_of_client.get()), (2, 1));
    }

    #[test]
    fn what_waits_for_a_load_balancers_word_counts_among_all() {
        let connections = connections(&limits(1, 1));
        let balancer = address("10.0.0.1");
        let waiting = connections.reserve(balancer);
        assert!(waiting.is_some() && connections.reserve(balancer).is_none());
        assert!(connections.admit(address("192.0.2.1"), None).is_none());
        let _place = connections.admit(address("192.0.2.1"), waiting).unwrap();
        assert!(connections.reserve(balancer).is_none(), "it has that place now");
        assert_eq!(connections.shared.traffic.refused_in_all.get(), 3);
    }

    #[test]
    fn one_ipv6_subscriber_is_one_client() {
        let connections = connections(&limits(10, 1));
        let _place = connections.admit(address("2001:db8:0:1::1"), None).unwrap();
        assert!(connections.admit(address("2001:db8:0:1:ffff::2"), None).is_none());
        assert!(connections.admit(address("2001:db8:0:2::1"), None).is_some());
    }

    #[test]
    fn an_exempt_network_has_only_the_limit_for_all() {
        let exempt = vec!["192.0.2.0/24".parse().unwrap()];
        let connections = connections(&ServerLimits { connections_exempt: exempt, ..limits(4, 1) });
        let branch: Vec<_> = std::iter::from_fn(|| connections.admit(address("192.0.2.7"), None)).collect();
        assert_eq!(branch.len(), 4);
        drop(branch);
        let stranger: Vec<_> = std::iter::from_fn(|| connections.admit(address("198.51.100.7"), None)).collect();
        assert_eq!(stranger.len(), 1);
    }

    #[test]
    fn new_limits_hold_for_the_next_connection() {
        let connections = connections(&limits(10, 1));
        let client = address("192.0.2.1");
        let first = connections.admit(client, None);
        assert!(connections.admit(client, None).is_none());
        connections.reload(&limits(10, 2));
        let second = connections.admit(client, None);
        assert!(first.is_some() && second.is_some());
        connections.reload(&limits(1, 2));
        drop(first);
        assert!(connections.admit(client, None).is_none(), "the second is still there");
    }
}
