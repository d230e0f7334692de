//! How many requests one client may send, in zones by path.
//!
//! The algorithm is governor's (GCRA), set up to mean what `limit_req zone=… burst=… nodelay` means to nginx: of requests that
//! come at once, the first and `burst` more pass, and then one more for each `1 / per_second`. A zone counts a client by
//! its address, IPv6 by its /64, so that neither many connections nor many addresses of one subscriber help.

mod clients;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use governor::Quota;
use governor::RateLimiter;
use governor::clock::Clock;
use governor::clock::MonotonicClock;
use governor::middleware::StateInformationMiddleware;
use ipnet::IpNet;

use crate::config::RateLimit as Settings;
use crate::config::RateLimitZone;
use crate::edge::ClientAddress;
use crate::edge::Problem;
use crate::edge::client::neighbourhood;
use crate::edge::rate_limit::clients::Clients;
use crate::edge::target;
use crate::telemetry::Kind;
use crate::telemetry::Metrics;
use crate::telemetry::Throttle;

/// What a client may send, and what is left of it (draft-ietf-httpapi-ratelimit-headers-11 §3 and §4).
const POLICY_HEADER: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT_HEADER: HeaderName = HeaderName::from_static("ratelimit");

/// The limits in force. Time is governor's, which no one can set.
pub(super) struct RateLimit<C: Clock = MonotonicClock> {
    rules: ArcSwap<Rules<C>>,
    clock: C,
}

struct Rules<C: Clock> {
    enabled: bool,
    dry_run: bool,
    exempt: Vec<IpNet>,
    /// Beginnings of paths, the longest first, and the zone of each.
    paths: Vec<(String, Arc<Zone<C>>)>,
    zones: Vec<Arc<Zone<C>>>,
}

/// Requests that are counted together.
struct Zone<C: Clock> {
    settings: RateLimitZone,
    clients_max: usize,
    clients: Clients,
    limiter: RateLimiter<IpAddr, Clients, C, StateInformationMiddleware>,
    policy: HeaderValue,
    allowed: AtomicU64,
    refused: AtomicU64,
    dry_run_refused: AtomicU64,
    refusals: Throttle,
}

/// What became of a zone's requests since it began: since the start, or since a reload that changed its limit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ZoneCounts {
    /// The zone's name.
    zone: String,
    /// Requests that were within the limit.
    allowed: u64,
    /// Requests that were refused.
    refused: u64,
    /// Requests that would have been refused, and were let through.
    dry_run_refused: u64,
    /// Clients that were forgotten because there were too many.
    evicted: u64,
    /// Clients that are remembered now.
    clients: usize,
}

/// What a client has left, to be told in the response.
#[derive(Debug)]
pub(super) struct Allowance {
    policy: HeaderValue,
    left: HeaderValue,
}

impl RateLimit {
    /// With its figures among `metrics`.
    pub(super) fn start(settings: &Settings, metrics: &Metrics) -> Arc<Self> {
        let rate_limit = Arc::new(Self::with_clock(settings, MonotonicClock));
        rate_limit.register(metrics);
        rate_limit
    }

    fn register(self: &Arc<Self>, metrics: &Metrics) {
        let own = Arc::clone(self);
        let help = "Requests by zone and decision; dry_run are those above the limit that were let through.";
        metrics.register("edge_rate_limit_requests", help, Kind::Counter, move |samples| {
            for counts in own.counts() {
                let decisions =
                    [("allowed", counts.allowed), ("refused", counts.refused), ("dry_run", counts.dry_run_refused)];
                for (decision, count) in decisions {
                    samples.add(&[("zone", &counts.zone), ("decision", decision)], count);
                }
            }
        });
        let own = Arc::clone(self);
        let help = "Clients that were forgotten because a zone had clients_max of them.";
        metrics.register("edge_rate_limit_evicted", help, Kind::Counter, move |samples| {
            own.counts().iter().for_each(|counts| samples.add(&[("zone", &counts.zone)], counts.evicted));
        });
        let own = Arc::clone(self);
        let help = "Clients that a zone remembers.";
        metrics.register("edge_rate_limit_clients", help, Kind::Gauge, move |samples| {
            own.counts().iter().for_each(|counts| samples.add(&[("zone", &counts.zone)], counts.clients));
        });
    }
}

impl<C: Clock + Clone> RateLimit<C> {
    fn with_clock(settings: &Settings, clock: C) -> Self {
        let rules = Rules::new(settings, &clock, &[]);
        Self { rules: ArcSwap::from_pointee(rules), clock }
    }

    /// Other limits from now on. A zone whose limit is as it was forgets nothing.
    pub(super) fn reload(&self, settings: &Settings) {
        let rules = Rules::new(settings, &self.clock, &self.rules.load().zones);
        self.rules.store(Arc::new(rules));
    }

    /// Counts a request: what its client has left, if that is limited.
    ///
    /// # Errors
    /// 429, if it has nothing left.
    pub(super) fn check<B>(&self, request: &Request<B>) -> Result<Option<Allowance>, Problem> {
        let rules = self.rules.load();
        let Some(ClientAddress(client)) = ClientAddress::of(request.extensions()) else { return Ok(None) };
        let Some(zone) = rules.zone(request.uri().path()) else { return Ok(None) };
        if !rules.enabled || rules.exempt.iter().any(|network| network.contains(&client)) {
            return Ok(None);
        }
        match zone.limiter.check_key(&neighbourhood(client)) {
            Ok(state) => {
                zone.allowed.fetch_add(1, Relaxed);
                Ok((!rules.dry_run).then(|| zone.allowance(state.remaining_burst_capacity())))
            }
            Err(refusal) => {
                let counter = if rules.dry_run { &zone.dry_run_refused } else { &zone.refused };
                counter.fetch_add(1, Relaxed);
                zone.tell(neighbourhood(client), rules.dry_run);
                if rules.dry_run {
                    return Ok(None);
                }
                Err(zone.refusal(refusal.wait_time_from(self.clock.now())))
            }
        }
    }

    /// What became of requests so far, zone by zone.
    fn counts(&self) -> Vec<ZoneCounts> {
        self.rules.load().zones.iter().map(|zone| zone.counts()).collect()
    }
}

impl<C: Clock + Clone> Rules<C> {
    fn new(settings: &Settings, clock: &C, known: &[Arc<Zone<C>>]) -> Self {
        let zone = |zone: &RateLimitZone| {
            let same = known.iter().find(|known| known.limits_like(zone, settings.clients_max));
            same.cloned().unwrap_or_else(|| Arc::new(Zone::new(zone, settings.clients_max, clock)))
        };
        let zones: Vec<Arc<Zone<C>>> = settings.zones.iter().map(zone).collect();
        let of_zone = |(settings, zone): (&RateLimitZone, &Arc<Zone<C>>)| {
            let paths = settings.paths.clone().into_iter();
            paths.map(|path| (path, Arc::clone(zone))).collect::<Vec<_>>()
        };
        let mut paths: Vec<_> = settings.zones.iter().zip(&zones).flat_map(of_zone).collect();
        paths.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        Self { enabled: settings.enabled, dry_run: settings.dry_run, exempt: settings.exempt.clone(), paths, zones }
    }

    /// The zone of the longest beginning that fits.
    fn zone(&self, path: &str) -> Option<&Zone<C>> {
        let path = target::rule_path(path);
        self.paths.iter().find(|(prefix, _)| target::is_under(&path, prefix)).map(|(_, zone)| &**zone)
    }
}

impl<C: Clock + Clone> Zone<C> {
    fn new(settings: &RateLimitZone, clients_max: usize, clock: &C) -> Self {
        let at_once = NonZeroU32::MIN.saturating_add(settings.burst);
        let interval = Duration::try_from_secs_f64(settings.per_second.recip()).unwrap_or(Duration::MAX);
        // No interval is zero: the rate has an upper bound.
        let quota = Quota::with_period(interval).unwrap_or(Quota::per_second(at_once)).allow_burst(at_once);
        let clients = Clients::new(clients_max);
        let limiter = RateLimiter::new(quota, clients.clone(), clock.clone());
        let window = seconds(interval.saturating_mul(at_once.get())).max(1);
        let policy = format!("\"{}\";q={at_once};w={window}", settings.name);
        Self {
            settings: settings.clone(),
            clients_max,
            clients,
            limiter,
            policy: HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("")),
            allowed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            dry_run_refused: AtomicU64::new(0),
            refusals: Throttle::default(),
        }
    }

    /// Whether it is what these settings ask for, whatever its paths are.
    fn limits_like(&self, settings: &RateLimitZone, clients_max: usize) -> bool {
        let RateLimitZone { name, paths: _, per_second, burst } = settings;
        let own = &self.settings;
        (name, burst, clients_max) == (&own.name, &own.burst, self.clients_max)
            && per_second.to_bits() == own.per_second.to_bits()
    }

    /// What is left after a request that was within the limit, until all of it is there again.
    fn allowance(&self, left: u32) -> Allowance {
        let spent = f64::from((self.settings.burst + 1).saturating_sub(left));
        let full_after = Duration::try_from_secs_f64(spent / self.settings.per_second).unwrap_or(Duration::MAX);
        Allowance { policy: self.policy.clone(), left: self.left(left, seconds(full_after)) }
    }

    fn refusal(&self, wait: Duration) -> Problem {
        let detail = "too many requests from your address in a short time; please try again in a moment";
        // The window may not end later than Retry-After says to come again.
        let window = seconds(wait).max(1);
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail)
            .retry_after(wait)
            .header(POLICY_HEADER, self.policy.clone())
            .header(LIMIT_HEADER, self.left(0, window))
    }

    fn left(&self, requests: u32, seconds: u64) -> HeaderValue {
        let left = format!("\"{}\";r={requests};t={seconds}", self.settings.name);
        // A zone's name has no character that a header cannot hold.
        HeaderValue::try_from(left).unwrap_or(HeaderValue::from_static(""))
    }

    fn tell(&self, client: IpAddr, dry_run: bool) {
        let Some(unsaid) = self.refusals.admit() else { return };
        let zone = self.settings.name.as_str();
        if dry_run {
            tracing::warn!(%client, zone, unsaid, "a request above the rate limit was let through (edge.rate_limit.dry_run)");
        } else {
            tracing::warn!(%client, zone, unsaid, "a request above the rate limit was refused");
        }
    }

    fn counts(&self) -> ZoneCounts {
        ZoneCounts {
            zone: self.settings.name.clone(),
            allowed: self.allowed.load(Relaxed),
            refused: self.refused.load(Relaxed),
            dry_run_refused: self.dry_run_refused.load(Relaxed),
            evicted: self.clients.evicted(),
            clients: self.clients.count(),
        }
    }
}

impl Allowance {
    /// Tells the client.
    pub(super) fn mark(self, headers: &mut HeaderMap) {
        headers.insert(POLICY_HEADER, self.policy);
        headers.insert(LIMIT_HEADER, self.left);
    }
}

/// Whole seconds, rounded up.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
