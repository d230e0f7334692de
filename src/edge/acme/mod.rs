//! Certificates from an authority that issues them by itself (ACME, RFC 8555): ordered, proven, kept and renewed without
//! anybody's doing.
//!
//! [`Acme::run`] is one task for all sites, one order at a time. It knows the authority's directory, how names can be
//! proven here, and the clock; it does not know who serves the certificates: it hands them to whoever made it.
//!
//! Invariants: nothing waits for the authority, at start least of all; the certificate in use stays in use until the next
//! one is there; an authority that refuses is asked more and more rarely, and never before the time it names.

mod account;
mod certificate;
mod challenges;
mod client;
mod doubt;
mod error;
mod keeper;
mod order;
mod schedule;
mod site;
mod status;
mod storage;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::sign::CertifiedKey;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::AcmeChallenge;
use crate::config::Config;
use crate::config::SiteSource;
use crate::telemetry::chain;

pub use crate::edge::certificate::CertificateFacts;

pub use challenges::Challenges;
pub use status::Failure;
pub use status::Method;
pub use status::RenewalBy;
pub use status::Report;
pub use status::SiteReport;
pub use status::Stage;
pub use status::Status;
pub use status::read_report;
pub use storage::StorageError;

use account::Registrar;
use client::Heard;
use doubt::ClockDoubt;
use keeper::Keeper;
use site::Site;
use storage::Storage;

/// Takes a certificate into use for a site's names.
pub type Install = Arc<dyn Fn(&[String], CertifiedKey) + Send + Sync>;

/// The certificates of all sites whose source is `acme`.
pub struct Acme {
    keeper: Keeper,
    sites: Vec<Site>,
    doubt: Option<ClockDoubt>,
}

impl Acme {
    /// Reads what is stored, and asks nobody. `install` is called for each certificate that is issued from now on; those
    /// that were stored are [`Acme::stored`]. `challenges` are what the listeners show.
    pub fn new(config: &Config, clock: Clock, challenges: Challenges, install: Install) -> Self {
        let settings = config.edge.acme.clone();
        let directory = settings.directory.as_str().to_owned();
        let storage = Storage::new(&config.server.data_dir, &directory);
        let earlier = read_report(&config.server.data_dir).unwrap_or_else(|error| {
            tracing::warn!(error = %chain(&error), "the status of the certificates was not read");
            None
        });
        let earlier = earlier.filter(|report| report.directory == directory);
        let sites = config.edge.sites.iter().filter(|site| site.source == SiteSource::Acme);
        let sites: Vec<Site> = sites
            .map(|site| {
                let stored = storage.certificate(&site.names).unwrap_or_else(|error| {
                    tracing::error!(error = %chain(&error), "a stored certificate cannot be used; a new one will be ordered");
                    None
                });
                let earlier = earlier.as_ref().and_then(|report| report.sites.iter().find(|one| one.names == site.names));
                Site::new(&site.names, stored, earlier)
            })
            .collect();
        let report = Report {
            at: clock.now_utc(),
            directory,
            clock_doubt: None,
            sites: sites.iter().map(Site::report).collect(),
        };
        let methods = methods(settings.challenge, &config.server.listen, &config.edge.tls.listen);
        let roots = settings.ca_file.as_deref().map(|path| config.server.resolve(path));
        let status = Status::new(report, storage.clone());
        let registrar = Registrar { settings, roots, storage, heard: Heard::default(), clock };
        Self { keeper: Keeper { registrar, challenges, methods, install, status }, sites, doubt: None }
    }

    /// The stored certificate of the site with these names, to be served from the start. One that has expired is served,
    /// too: the clock may be wrong, and nothing better is there.
    pub fn stored(&self, names: &[String]) -> Option<CertifiedKey> {
        let site = self.sites.iter().find(|site| site.names == names)?;
        site.held.as_ref().map(|held| held.issued.certified.clone())
    }

    /// How things stand, now and while [`Acme::run`] runs.
    pub fn status(&self) -> Status {
        self.keeper.status.clone()
    }

    /// Orders and renews until `shutdown`, which leaves whatever is under way: an authority forgets unfinished orders by
    /// itself. Without a site there is nothing to do.
    pub async fn run(mut self, shutdown: CancellationToken) {
        if self.sites.is_empty() {
            return;
        }
        shutdown.run_until_cancelled(self.keep()).await;
    }

    async fn keep(&mut self) {
        if let Err(error) = self.keeper.status.save().await {
            tracing::warn!(error = %chain(&error), "the status of the certificates was not written");
        }
        self.doubt_clock().await;
        loop {
            for (index, site) in self.sites.iter_mut().enumerate() {
                self.keeper.look_after(index, site).await;
            }
            self.doubt_clock().await;
            // Short sleeps by the clock of the system, long spans by ours: a clock that is set right, or a machine that
            // slept, is noticed at the next look.
            tokio::time::sleep(self.keeper.registrar.settings.check_interval).await;
        }
    }

    /// Says so if the clock seems to be wrong, and again when it does no more.
    async fn doubt_clock(&mut self) {
        let now = self.keeper.registrar.clock.now_utc();
        let held = || self.sites.iter().filter_map(|site| site.held.as_ref());
        let facts = held().map(|held| &held.issued.facts);
        let doubt = ClockDoubt::of(now, self.keeper.registrar.heard.clock_ahead(), facts).or_else(|| {
            let name = held().find(|held| held.is_due_at_once)?.issued.facts.names.first()?.clone();
            Some(ClockDoubt::DueAtOnce { name })
        });
        match (&doubt, &self.doubt) {
            (Some(doubt), Some(known)) if doubt.is_like(known) => {}
            (Some(doubt), _) => tracing::error!(%doubt, "the clock seems to be wrong; set it, best by NTP"),
            (None, Some(_)) => tracing::info!("the clock seems to be right again"),
            (None, None) => {}
        }
        let said = doubt.as_ref().map(ClockDoubt::to_string);
        self.doubt = doubt;
        self.keeper.status.change(now, |report| report.clock_doubt = said).await;
    }
}

impl fmt::Debug for Acme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acme").field("report", &self.status().report()).finish_non_exhaustive()
    }
}

/// How names can be proven, best first. An authority comes to port 443 for a handshake and to port 80 for a page; if we
/// listen on neither, something leads there, and a page gets through more of what may be in between.
fn methods(challenge: AcmeChallenge, plain: &[SocketAddr], tls: &[SocketAddr]) -> Vec<Method> {
    match challenge {
        AcmeChallenge::Http01 => vec![Method::Http01],
        AcmeChallenge::TlsAlpn01 => vec![Method::TlsAlpn01],
        AcmeChallenge::Auto => {
            let has_port = |listeners: &[SocketAddr], port| listeners.iter().any(|listener| listener.port() == port);
            let mut methods = vec![
                (!has_port(tls, 443), Method::TlsAlpn01, !tls.is_empty()),
                (!has_port(plain, 80), Method::Http01, !plain.is_empty()),
            ];
            if !has_port(tls, 443) {
                methods.reverse();
            }
            methods.sort_by_key(|(is_elsewhere, ..)| *is_elsewhere);
            methods.into_iter().filter(|(.., is_possible)| *is_possible).map(|(_, method, _)| method).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_proven_by_what_is_likely_to_be_reached() {
        use Method::Http01;
        use Method::TlsAlpn01;
        let addresses = |ports: &[u16]| ports.iter().map(|port| SocketAddr::from(([0; 4], *port))).collect::<Vec<_>>();
        for (plain, tls, expected) in [
            (&[80][..], &[443][..], &[TlsAlpn01, Http01][..]),
            (&[8080], &[443], &[TlsAlpn01, Http01]),
            (&[80], &[8443], &[Http01, TlsAlpn01]),
            (&[8080, 80], &[], &[Http01]),
            (&[8080], &[8443], &[Http01, TlsAlpn01]),
            (&[], &[8443], &[TlsAlpn01]),
        ] {
            let found = methods(AcmeChallenge::Auto, &addresses(plain), &addresses(tls));
            assert_eq!(found, expected, "{plain:?} {tls:?}");
        }
        assert_eq!(methods(AcmeChallenge::TlsAlpn01, &addresses(&[80]), &[]), [TlsAlpn01]);
    }
}
