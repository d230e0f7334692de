//! Which upstream gets the next request, and what is known of each.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crate::config::Balance;
use crate::config::WebOrigin;

/// The upstreams of one prefix.
pub(super) struct Upstreams {
    all: Vec<Arc<Upstream>>,
    balance: Balance,
    tolerance: Tolerance,
    turn: AtomicUsize,
}

/// One server behind us.
pub(super) struct Upstream {
    origin: WebOrigin,
    /// `host` or `host:port`.
    address: Arc<str>,
    health: Mutex<Health>,
    in_flight: AtomicUsize,
    requests: AtomicU64,
    failures: AtomicU64,
    retries: AtomicU64,
}

/// When an upstream is left out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tolerance {
    /// Failures in a row; 0 is any number.
    pub(super) fails: u32,
    /// For how long.
    pub(super) fail_timeout: Duration,
}

#[derive(Default)]
struct Health {
    /// Failures in a row.
    failed: u32,
    /// Left out until then, after too many failures. Then one request finds out whether it is back.
    out_until: Option<Instant>,
    /// Checks in a row that failed.
    checks_failed: u32,
    /// Left out until a check succeeds.
    is_ill: bool,
}

/// What was counted for one upstream of one prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamSnapshot {
    /// The prefix, as configured.
    pub prefix: String,
    /// The upstream, as configured.
    pub upstream: String,
    /// It gets requests.
    pub is_up: bool,
    /// Requests and tunnels under way.
    pub in_flight: usize,
    /// Attempts, those that failed and those that were second ones included.
    pub requests: u64,
    /// Attempts that failed, and answers that broke off.
    pub failures: u64,
    /// Attempts after another one had failed.
    pub retries: u64,
}

impl Upstreams {
    /// With what is known of those that were there `earlier`.
    pub(super) fn new(origins: &[WebOrigin], balance: Balance, tolerance: Tolerance, earlier: Option<&Self>) -> Self {
        let known = |origin: &WebOrigin| earlier?.all.iter().find(|upstream| upstream.origin == *origin);
        let all = origins.iter().map(|origin| match known(origin) {
            Some(upstream) => Arc::clone(upstream),
            None => Arc::new(Upstream::new(origin.clone())),
        });
        Self { all: all.collect(), balance, tolerance, turn: AtomicUsize::new(0) }
    }

    pub(super) fn all(&self) -> &[Arc<Upstream>] {
        &self.all
    }

    /// What a health check of one of them found: nothing, or what is wrong.
    pub(super) fn checked(&self, upstream: &Upstream, outcome: Result<(), String>) {
        upstream.checked(outcome, self.tolerance);
    }

    /// Nobody checks them any more, so none of them is ill.
    pub(super) fn without_checks(&self) {
        for upstream in &self.all {
            upstream.lock().is_ill = false;
        }
    }

    /// Those to try for one request, in order.
    pub(super) fn round(&self) -> Round<'_> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % self.all.len().max(1);
        Round { upstreams: self, first, tried: Vec::with_capacity(1), are_all_out: false }
    }

    pub(super) fn snapshot(&self, prefix: &str) -> Vec<UpstreamSnapshot> {
        let now = Instant::now();
        let all = self.all.iter().map(|upstream| UpstreamSnapshot {
            prefix: prefix.to_owned(),
            upstream: upstream.origin.as_str().to_owned(),
            is_up: upstream.is_up(now),
            in_flight: upstream.in_flight.load(Ordering::Relaxed),
            requests: upstream.requests.load(Ordering::Relaxed),
            failures: upstream.failures.load(Ordering::Relaxed),
            retries: upstream.retries.load(Ordering::Relaxed),
        });
        all.collect()
    }
}

/// The upstreams one request tries, each once. If all are left out they are tried all the same, in the order of the configuration.
pub(super) struct Round<'u> {
    upstreams: &'u Upstreams,
    first: usize,
    tried: Vec<usize>,
    are_all_out: bool,
}

impl Round<'_> {
    /// The next one to try.
    pub(super) fn next(&mut self, now: Instant) -> Option<InFlight> {
        let all = &self.upstreams.all;
        let untried = |number: &usize| !self.tried.contains(number);
        let mut up = (0..all.len())
            .map(|offset| (self.first + offset) % all.len())
            .filter(untried)
            .filter(|number| all.get(*number).is_some_and(|upstream| upstream.is_up(now)));
        let chosen = match self.upstreams.balance {
            Balance::RoundRobin => up.next(),
            Balance::LeastConnections => {
                up.min_by_key(|number| all.get(*number).map(|upstream| upstream.in_flight.load(Ordering::Relaxed)))
            }
        };
        self.are_all_out |= chosen.is_none() && self.tried.is_empty();
        let chosen = chosen.or_else(|| self.are_all_out.then(|| (0..all.len()).find(untried)).flatten())?;
        let upstream = all.get(chosen)?;
        let tolerance = self.upstreams.tolerance;
        upstream.begin(now, self.tried.is_empty(), tolerance);
        self.tried.push(chosen);
        Some(InFlight::new(Arc::clone(upstream), tolerance))
    }

    /// Whether one is left to try.
    pub(super) fn has_more(&self, now: Instant) -> bool {
        let all = self.upstreams.all.iter().enumerate();
        let mut untried = all.filter(|(number, _)| !self.tried.contains(number));
        untried.any(|(_, upstream)| self.are_all_out || upstream.is_up(now))
    }
}

impl Upstream {
    fn new(origin: WebOrigin) -> Self {
        let address = origin.as_str().split_once("://").map_or("", |(_, address)| address).into();
        Self {
            origin,
            address,
            health: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            requests: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            retries: AtomicU64::new(0),
        }
    }

    pub(super) fn origin(&self) -> &WebOrigin {
        &self.origin
    }

    pub(super) fn address(&self) -> &Arc<str> {
        &self.address
    }

    /// It answered a request, well or not.
    fn answered(&self) {
        let mut health = self.lock();
        health.failed = 0;
        if health.out_until.take().is_some() {
            drop(health);
            tracing::info!(upstream = &*self.address, "an upstream answers again");
        }
    }

    /// It did not answer a request, or with a failure.
    fn failed(&self, now: Instant, tolerance: Tolerance) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let mut health = self.lock();
        health.failed = health.failed.saturating_add(1);
        if tolerance.fails > 0 && health.failed >= tolerance.fails {
            let was_in = health.out_until.replace(now + tolerance.fail_timeout).is_none();
            drop(health);
            if was_in {
                let seconds = tolerance.fail_timeout.as_secs_f64();
                tracing::warn!(
                    upstream = &*self.address,
                    fail_timeout_s = seconds,
                    "an upstream failed and is left out"
                );
            }
        }
    }

    /// Its answer did not come to the end.
    pub(super) fn broke_off(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// A check found it well, or says what is wrong.
    fn checked(&self, outcome: Result<(), String>, tolerance: Tolerance) {
        let mut health = self.lock();
        match outcome {
            Ok(()) => {
                let was_out = std::mem::take(&mut *health).is_out();
                drop(health);
                if was_out {
                    tracing::info!(upstream = &*self.address, "an upstream passes its health check again");
                }
            }
            Err(why) => {
                health.checks_failed = health.checks_failed.saturating_add(1);
                let is_too_many = tolerance.fails > 0 && health.checks_failed >= tolerance.fails;
                let is_news = is_too_many && !std::mem::replace(&mut health.is_ill, is_too_many);
                drop(health);
                if is_news {
                    tracing::warn!(
                        upstream = &*self.address,
                        why,
                        "an upstream fails its health check and is left out"
                    );
                }
            }
        }
    }

    fn is_up(&self, now: Instant) -> bool {
        let health = self.lock();
        !health.is_ill && health.out_until.is_none_or(|until| until <= now)
    }

    /// A request goes there. If it was left out, this one finds out whether it is back, and the others wait for what it finds.
    fn begin(&self, now: Instant, is_first: bool, tolerance: Tolerance) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        if !is_first {
            self.retries.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(until) = self.lock().out_until.as_mut() {
            *until = (*until).max(now + tolerance.fail_timeout);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Health {
    fn is_out(&self) -> bool {
        self.is_ill || self.out_until.is_some()
    }
}

/// One request or tunnel on its way to an upstream, as long as it is there.
pub(super) struct InFlight {
    upstream: Arc<Upstream>,
    tolerance: Tolerance,
}

impl InFlight {
    fn new(upstream: Arc<Upstream>, tolerance: Tolerance) -> Self {
        upstream.in_flight.fetch_add(1, Ordering::Relaxed);
        Self { upstream, tolerance }
    }

    /// The upstream answered, well or not.
    pub(super) fn answered(&self) {
        self.upstream.answered();
    }

    /// The upstream did not answer, or with a failure.
    pub(super) fn failed(&self, now: Instant) {
        self.upstream.failed(now, self.tolerance);
    }

    pub(super) fn upstream(&self) -> &Upstream {
        &self.upstream
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.upstream.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAIL_TIMEOUT: Duration = Duration::from_secs(10);

    fn upstreams(count: usize, balance: Balance, fails: u32) -> Upstreams {
        let origins: Vec<_> =
            (0..count).map(|number| WebOrigin::parse(&format!("http://u{number}:80{number}")).unwrap()).collect();
        Upstreams::new(&origins, balance, Tolerance { fails, fail_timeout: FAIL_TIMEOUT }, None)
    }

    /// The address of the first one to try.
    fn first(upstreams: &Upstreams, now: Instant) -> String {
        upstreams.round().next(now).unwrap().upstream().address().to_string()
    }

    #[test]
    fn each_in_turn_and_each_once() {
        let (upstreams, now) = (upstreams(3, Balance::RoundRobin, 1), Instant::now());
        let firsts: Vec<_> = (0..4).map(|_| first(&upstreams, now)).collect();
        assert_eq!(firsts, ["u0:800", "u1:801", "u2:802", "u0:800"]);
        let mut round = upstreams.round();
        let tried: Vec<_> = std::iter::from_fn(|| round.next(now)).collect();
        assert_eq!(tried.len(), 3);
        assert!(!round.has_more(now));
        assert_eq!(upstreams.snapshot("/a").iter().map(|one| one.retries).sum::<u64>(), 2);
    }

    #[test]
    fn the_one_with_the_fewest_requests_is_next() {
        let (upstreams, now) = (upstreams(2, Balance::LeastConnections, 1), Instant::now());
        let busy = upstreams.round().next(now).unwrap();
        let idle = |upstreams: &Upstreams| (0..3).map(|_| first(upstreams, now)).collect::<Vec<_>>();
        assert_eq!(idle(&upstreams), ["u1:801", "u1:801", "u1:801"]);
        assert_eq!(upstreams.snapshot("/a").first().unwrap().in_flight, 1);
        drop(busy);
        let mut both = idle(&upstreams);
        both.sort();
        both.dedup();
        assert_eq!(both.len(), 2, "equals take turns");
    }

    #[test]
    fn one_that_failed_is_left_out_until_its_time_has_passed_and_one_request_tries_it() {
        let (upstreams, now) = (upstreams(2, Balance::RoundRobin, 2), Instant::now());
        let ill = upstreams.round().next(now).unwrap();
        ill.failed(now);
        assert!(ill.upstream().is_up(now), "one failure is forgiven");
        ill.failed(now);
        assert_eq!([first(&upstreams, now), first(&upstreams, now)], ["u1:801", "u1:801"]);
        let later = now + FAIL_TIMEOUT;
        let firsts: Vec<_> = (0..4).map(|_| first(&upstreams, later)).collect();
        assert_eq!(firsts.iter().filter(|address| *address == "u0:800").count(), 1, "{firsts:?}");
        ill.answered();
        let firsts: Vec<_> = (0..4).map(|_| first(&upstreams, later)).collect();
        assert_eq!(firsts.iter().filter(|address| *address == "u0:800").count(), 2, "{firsts:?}");
        ill.failed(later);
        assert!(ill.upstream().is_up(later), "an answer begins the count anew");
    }

    #[test]
    fn if_all_are_left_out_they_are_tried_in_order() {
        let (upstreams, now) = (upstreams(3, Balance::RoundRobin, 1), Instant::now());
        let mut round = upstreams.round();
        while let Some(one) = round.next(now) {
            one.failed(now);
        }
        let mut round = upstreams.round();
        let tried: Vec<_> =
            std::iter::from_fn(|| round.next(now)).map(|one| one.upstream().address().to_string()).collect();
        assert_eq!(tried, ["u0:800", "u1:801", "u2:802"]);
    }

    #[test]
    fn zero_failures_leave_nobody_out() {
        let (upstreams, now) = (upstreams(1, Balance::RoundRobin, 0), Instant::now());
        let one = upstreams.round().next(now).unwrap();
        one.failed(now);
        upstreams.checked(one.upstream(), Err("no".to_owned()));
        assert!(one.upstream().is_up(now));
    }

    #[test]
    fn checks_leave_out_and_take_back() {
        let (upstreams, now) = (upstreams(2, Balance::RoundRobin, 2), Instant::now());
        let ill = Arc::clone(&upstreams.all[0]);
        upstreams.checked(&ill, Err("no".to_owned()));
        assert!(ill.is_up(now));
        upstreams.checked(&ill, Err("no".to_owned()));
        assert!(!ill.is_up(now + FAIL_TIMEOUT * 10), "time does not heal it");
        upstreams.checked(&ill, Ok(()));
        assert!(ill.is_up(now));
        upstreams.checked(&ill, Err("no".to_owned()));
        assert!(ill.is_up(now), "the count began anew");
    }

    #[test]
    fn those_that_stay_are_known_after_a_reload() {
        let (earlier, now) = (upstreams(2, Balance::RoundRobin, 1), Instant::now());
        let running = earlier.round().next(now).unwrap();
        running.failed(now);
        let origins = ["http://u9", "http://u0:800"].map(|origin| WebOrigin::parse(origin).unwrap());
        let reloaded = Upstreams::new(&origins, Balance::LeastConnections, earlier.tolerance, Some(&earlier));
        let [new, known] = &reloaded.snapshot("/a")[..] else { panic!("two") };
        assert_eq!((new.is_up, new.in_flight, known.is_up, known.in_flight, known.failures), (true, 0, false, 1, 1));
    }
}
