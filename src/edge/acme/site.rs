//! What is known of one site: its certificate, when it is to be renewed, and how its last orders went.

use std::time::Duration;

use time::OffsetDateTime;

use crate::edge::acme::certificate::Issued;
use crate::edge::acme::schedule;
use crate::edge::acme::schedule::Pause;
use crate::edge::acme::status::Failure;
use crate::edge::acme::status::Method;
use crate::edge::acme::status::RenewalBy;
use crate::edge::acme::status::SiteReport;
use crate::edge::acme::status::Stage;

/// One site whose certificate the authority issues.
pub(super) struct Site {
    pub(super) names: Vec<String>,
    pub(super) held: Option<Held>,
    /// The certificate is served, but the disk did not take it yet.
    pub(super) is_unsaved: bool,
    /// How the names were proven last.
    pub(super) method: Option<Method>,
    /// Orders that failed in a row.
    failures: u32,
    failure: Option<Failure>,
    /// No order before it is over.
    pause: Option<Pause>,
}

/// A certificate in use.
pub(super) struct Held {
    pub(super) issued: Issued,
    pub(super) renewal: Renewal,
    /// It was due for renewal as soon as it was issued.
    pub(super) is_due_at_once: bool,
    /// The authority is not asked for its window before this is over.
    pub(super) window_pause: Option<Pause>,
}

/// When a certificate is renewed, and who says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Renewal {
    Lifetime { at: OffsetDateTime },
    Window { window: (OffsetDateTime, OffsetDateTime), at: OffsetDateTime },
}

impl Renewal {
    pub(super) fn at(&self) -> OffsetDateTime {
        match self {
            Self::Lifetime { at } | Self::Window { at, .. } => *at,
        }
    }

    pub(super) fn by(&self) -> RenewalBy {
        match self {
            Self::Lifetime { .. } => RenewalBy::Lifetime,
            Self::Window { .. } => RenewalBy::Authority,
        }
    }
}

impl Held {
    /// Until the authority says otherwise it is renewed by its lifetime.
    pub(super) fn new(issued: Issued) -> Self {
        let (not_before, not_after) = (issued.facts.not_before, issued.facts.not_after);
        let renewal = Renewal::Lifetime { at: schedule::by_lifetime(not_before, not_after, rand::random()) };
        Self { issued, renewal, is_due_at_once: false, window_pause: None }
    }

    /// Follows the authority's window; whether that is news. A window that stays as it was keeps its random point.
    pub(super) fn follow(&mut self, window: (OffsetDateTime, OffsetDateTime)) -> bool {
        if matches!(self.renewal, Renewal::Window { window: known, .. } if known == window) {
            return false;
        }
        let validity = (self.issued.facts.not_before, self.issued.facts.not_after);
        self.renewal = Renewal::Window { window, at: schedule::in_window(window, validity, rand::random()) };
        true
    }
}

impl Site {
    /// With the certificate that was stored, and what is remembered of earlier orders.
    pub(super) fn new(names: &[String], stored: Option<Issued>, earlier: Option<&SiteReport>) -> Self {
        let failure = earlier.and_then(|earlier| earlier.last_error.clone());
        let pause = failure.as_ref().map(|failure| {
            let asked = earlier.and_then(|earlier| earlier.next_retry).filter(|_| failure.is_asked_to_wait);
            let span = asked.and_then(|until| Duration::try_from(until - failure.at).ok());
            Pause::new(failure.at, span.unwrap_or(schedule::AFTER_RESTART))
        });
        Self {
            names: names.to_vec(),
            held: stored.map(Held::new),
            is_unsaved: false,
            method: earlier.and_then(|earlier| earlier.challenge),
            failures: earlier.map_or(0, |earlier| earlier.failures),
            failure,
            pause,
        }
    }

    /// Whether a certificate is to be ordered now.
    pub(super) fn is_due(&self, now: OffsetDateTime) -> bool {
        let is_wanted = match &self.held {
            None => true,
            Some(held) => !held.issued.facts.names_missing(&self.names).is_empty() || now >= held.renewal.at(),
        };
        is_wanted && self.pause.is_none_or(|pause| pause.is_over(now))
    }

    /// Whether the authority is to be asked when it wants the certificate renewed.
    pub(super) fn is_window_due(&self, now: OffsetDateTime) -> bool {
        self.held.as_ref().is_some_and(|held| held.window_pause.is_none_or(|pause| pause.is_over(now)))
    }

    /// How to prove the names this time: first as it went well last, and after a failure by the next of `possible`.
    pub(super) fn methods(&self, possible: &[Method]) -> Vec<Method> {
        let mut methods = possible.to_vec();
        if let Some(at) = possible.iter().position(|method| Some(*method) == self.method) {
            methods.rotate_left(at);
        }
        let turns = usize::try_from(self.failures).unwrap_or(usize::MAX);
        let turns = turns.checked_rem(methods.len()).unwrap_or_default();
        methods.rotate_left(turns);
        methods
    }

    /// Whether the last order went well, or there was none.
    pub(super) fn is_without_failure(&self) -> bool {
        self.failures == 0
    }

    /// Notes a new certificate.
    pub(super) fn succeeded(&mut self, issued: Issued, now: OffsetDateTime) {
        let mut held = Held::new(issued);
        held.is_due_at_once = held.renewal.at() <= now;
        (self.failures, self.failure) = (0, None);
        // Even if our clock or the authority says that it is due already.
        let life = held.issued.facts.not_after - held.issued.facts.not_before;
        self.pause = Some(Pause::new(now, schedule::after_success(life, held.is_due_at_once)));
        self.held = Some(held);
    }

    /// Notes a failure, and does nothing for as long as it asks for. `pause` makes a pause of the failures so far.
    pub(super) fn failed(&mut self, failure: Failure, pause: impl FnOnce(u32) -> Duration) {
        self.failures = self.failures.saturating_add(1);
        self.pause = Some(Pause::new(failure.at, pause(self.failures)));
        self.failure = Some(failure);
    }

    /// How things stand.
    pub(super) fn report(&self) -> SiteReport {
        let held = self.held.as_ref();
        let pause_ends = self.pause.map(|pause| pause.ends_at());
        SiteReport {
            stage: Stage::Waiting,
            certificate: held.map(|held| held.issued.facts.clone()),
            next_renewal: held.map(|held| pause_ends.map_or(held.renewal.at(), |end| end.max(held.renewal.at()))),
            renewal_by: held.map(|held| held.renewal.by()),
            challenge: self.method,
            failures: self.failures,
            last_error: self.failure.clone(),
            next_retry: pause_ends.filter(|_| self.failure.is_some()),
            ..SiteReport::new(&self.names)
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::edge::acme::certificate::tests::self_signed;

    const NOW: OffsetDateTime = datetime!(2026-02-01 00:00 UTC);

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn site(of: &[&str], stored: &[&str]) -> Site {
        Site::new(&names(of), Some(Issued::parse(&self_signed(stored)).unwrap()), None)
    }

    fn failure(at: OffsetDateTime, is_asked_to_wait: bool) -> Failure {
        Failure { at, message: "refused".to_owned(), remedy: None, is_asked_to_wait }
    }

    #[test]
    fn a_certificate_is_due_when_it_is_missing_old_or_lacks_a_name() {
        assert!(Site::new(&names(&["a.example"]), None, None).is_due(NOW));
        let held = site(&["a.example"], &["a.example", "b.example"]);
        assert!(!held.is_due(NOW));
        assert!(held.is_due(datetime!(2026-03-02 00:00 UTC)), "two thirds of its life");
        assert!(site(&["a.example", "b.example"], &["a.example"]).is_due(NOW));
    }

    #[test]
    fn after_a_failure_the_other_way_is_tried_and_what_worked_is_remembered() {
        let possible = [Method::TlsAlpn01, Method::Http01];
        let mut site = site(&["a.example"], &["a.example"]);
        assert_eq!(site.methods(&possible), possible);
        site.failed(failure(NOW, false), |failures| Duration::from_mins(failures.into()));
        assert_eq!(site.methods(&possible), [Method::Http01, Method::TlsAlpn01]);
        assert_eq!(site.methods(&[Method::Http01]), [Method::Http01]);
        assert_eq!(site.methods(&[]), []);
        site.succeeded(Issued::parse(&self_signed(&["a.example"])).unwrap(), NOW);
        site.method = Some(Method::Http01);
        assert_eq!(site.methods(&possible), [Method::Http01, Method::TlsAlpn01]);
    }

    #[test]
    fn a_restart_forgives_a_failure_but_not_a_wish_to_wait() {
        for (is_asked_to_wait, is_due) in [(false, true), (true, false)] {
            let mut before = Site::new(&names(&["a.example"]), None, None);
            before.failed(failure(NOW, is_asked_to_wait), |_| Duration::from_hours(2));
            let report = before.report();
            assert_eq!(report.next_retry, Some(datetime!(2026-02-01 02:00 UTC)));
            let after = Site::new(&names(&["a.example"]), None, Some(&report));
            assert!(!after.is_due(datetime!(2026-02-01 00:00:59 UTC)), "not at once");
            assert_eq!(after.is_due(datetime!(2026-02-01 00:01 UTC)), is_due);
            assert!(after.is_due(datetime!(2026-02-01 02:00 UTC)));
        }
    }

    #[test]
    fn a_certificate_that_is_due_at_once_is_not_renewed_at_once() {
        let late = datetime!(2026-03-15 00:00 UTC);
        let mut site = site(&["a.example"], &["a.example"]);
        site.succeeded(Issued::parse(&self_signed(&["a.example"])).unwrap(), late);
        assert!(site.held.as_ref().unwrap().is_due_at_once);
        assert!(!site.is_due(late + Duration::from_hours(23)) && site.is_due(late + Duration::from_hours(24)));
        assert_eq!(site.report().next_renewal, Some(late + Duration::from_hours(24)));
        assert_eq!(site.report().next_retry, None);
    }

    #[test]
    fn a_window_that_stays_keeps_its_point() {
        let mut site = site(&["a.example"], &["a.example"]);
        let held = site.held.as_mut().unwrap();
        let window = (datetime!(2026-02-10 00:00 UTC), datetime!(2026-02-12 00:00 UTC));
        assert!(held.follow(window));
        let renewal = held.renewal;
        assert!((window.0..=window.1).contains(&renewal.at()) && renewal.by() == RenewalBy::Authority);
        assert!(!held.follow(window));
        assert_eq!(held.renewal, renewal);
        assert!(held.follow((window.0, datetime!(2026-02-11 00:00 UTC))));
    }
}
