//! What is done for one site when it is due: asking for the authority's window, ordering, keeping what came of it.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::Account;
use time::OffsetDateTime;

use crate::edge::acme::Install;
use crate::edge::acme::account::Registrar;
use crate::edge::acme::certificate::Issued;
use crate::edge::acme::challenges::Challenges;
use crate::edge::acme::error::AcmeError;
use crate::edge::acme::order::Order;
use crate::edge::acme::order::Progress;
use crate::edge::acme::schedule;
use crate::edge::acme::schedule::Asked;
use crate::edge::acme::schedule::Pause;
use crate::edge::acme::site::Site;
use crate::edge::acme::status::Failure;
use crate::edge::acme::status::Method;
use crate::edge::acme::status::Stage;
use crate::edge::acme::status::Status;
use crate::edge::acme::status::off_thread;
use crate::edge::acme::storage::StorageError;
use crate::telemetry::chain;

/// Orders that are repeated at once, for a nonce that was refused or an account that is gone, before that is a failure.
const REPEATS_MAX: usize = 3;
/// When to ask again for a window that an authority did not tell, and that it does not know of.
const WINDOW_RETRY: Duration = Duration::from_hours(1);
const WINDOW_UNKNOWN: Duration = Duration::from_hours(24);
/// With less left of a certificate's life, somebody has to act.
const ALARMING: Duration = Duration::from_hours(7 * 24);

/// What all sites share.
pub(super) struct Keeper {
    pub(super) registrar: Registrar,
    pub(super) challenges: Challenges,
    /// How names can be proven here, best first.
    pub(super) methods: Vec<Method>,
    pub(super) install: Install,
    pub(super) status: Status,
}

impl Keeper {
    /// Does for a site what is due; `index` is its place in the report.
    pub(super) async fn look_after(&self, index: usize, site: &mut Site) {
        if site.is_unsaved {
            self.save(site).await;
        }
        if site.is_window_due(self.now()) {
            self.ask_window(site).await;
        }
        if site.is_due(self.now()) {
            self.renew(index, site).await;
        }
        let report = site.report();
        self.status
            .change(self.now(), |all| {
                if let Some(place) = all.sites.get_mut(index) {
                    *place = report;
                }
            })
            .await;
    }

    fn now(&self) -> OffsetDateTime {
        self.registrar.clock.now_utc()
    }

    /// Asks when the authority wants the certificate renewed (RFC 9773).
    async fn ask_window(&self, site: &mut Site) {
        let Some(held) = &mut site.held else { return };
        let answer = match (held.issued.id(), self.registrar.restore().await) {
            (Some(id), Ok(Some(account))) => {
                account.renewal_info(&id).await.map(Some).map_err(AcmeError::asked("asking when to renew"))
            }
            (None, _) | (_, Ok(None)) => Ok(None),
            (_, Err(error)) => Err(error),
        };
        let wait = match answer {
            Ok(Some((info, wish))) => {
                let (start, end) = (info.suggested_window.start, info.suggested_window.end);
                if held.follow((start, end)) {
                    let explanation = info.explanation_url.as_deref().unwrap_or_default();
                    let renewal = held.renewal.at();
                    tracing::info!(names = ?site.names, %start, %end, %renewal, explanation, "the authority says when to renew");
                }
                schedule::ask_window_after(wish)
            }
            Ok(None) | Err(AcmeError::Asked { source: instant_acme::Error::Unsupported(_), .. }) => WINDOW_UNKNOWN,
            Err(error) => {
                tracing::info!(error = %chain(&error), "the authority does not say when to renew; the certificate's lifetime does");
                WINDOW_RETRY
            }
        };
        held.window_pause = Some(Pause::new(self.now(), wait));
    }

    async fn renew(&self, index: usize, site: &mut Site) {
        tracing::info!(names = ?site.names, "a certificate is ordered");
        let progress = Progress { status: &self.status, index, clock: &self.registrar.clock };
        progress.enter(Stage::Ordering).await;
        match self.order(site, progress).await {
            Ok((issued, method)) => {
                let now = self.now();
                (self.install)(&site.names, issued.certified.clone());
                site.method = method.or(site.method);
                site.succeeded(issued, now);
                self.save(site).await;
                let report = site.report();
                if let (Some(certificate), Some(next_renewal)) = (report.certificate, report.next_renewal) {
                    let (not_after, issuer) = (certificate.not_after, certificate.issuer);
                    tracing::info!(names = ?site.names, issuer, %not_after, %next_renewal, "a certificate was issued and is served");
                }
            }
            Err(error) => self.give_up(site, &error),
        }
    }

    /// Orders until there is a certificate or a failure that only time or somebody's action changes. Tells also how the names
    /// were proven.
    async fn order(&self, site: &Site, progress: Progress<'_>) -> Result<(Issued, Option<Method>), AcmeError> {
        // Before the authority is asked for what could then not be kept.
        self.status.save().await?;
        let mut methods = site.methods(&self.methods);
        let mut may_switch = site.is_without_failure() && methods.len() > 1;
        let mut earlier = Vec::new();
        let mut account: Option<Account> = None;
        let mut repeats = 0;
        loop {
            match self.order_once(site, &methods, &mut account, progress).await {
                Err(error) if error.is_bad_nonce() && repeats < REPEATS_MAX => repeats += 1,
                Err(error) if error.is_unknown_account() && repeats < REPEATS_MAX => {
                    tracing::warn!("the authority does not know the account any more; a new one is registered");
                    repeats += 1;
                    account = Some(self.registrar.register().await?);
                }
                Err(AcmeError::Unproven(mut unproven)) => {
                    earlier.append(&mut unproven);
                    if !std::mem::take(&mut may_switch) {
                        return Err(AcmeError::Unproven(earlier));
                    }
                    methods.rotate_left(1);
                    let next = methods.first().map(Method::to_string).unwrap_or_default();
                    tracing::info!(names = ?site.names, next, "a name was not proven; another way is tried");
                }
                outcome => return outcome.map(|issued| (issued, methods.first().copied())),
            }
        }
    }

    async fn order_once(
        &self,
        site: &Site,
        methods: &[Method],
        account: &mut Option<Account>,
        progress: Progress<'_>,
    ) -> Result<Issued, AcmeError> {
        let account = match account {
            Some(account) => account,
            None => account.insert(self.registrar.open().await?),
        };
        let order = Order {
            account,
            challenges: &self.challenges,
            names: &site.names,
            methods,
            replaces: site.held.as_ref().and_then(|held| held.issued.id()),
            progress,
        };
        order.issue().await
    }

    fn give_up(&self, site: &mut Site, error: &AcmeError) {
        let now = self.now();
        let asked = match (error.is_rate_limit(), self.registrar.heard.take_retry_after()) {
            (true, span) => Asked::RateLimit(span),
            (false, Some(span)) => Asked::ToWait(span),
            (false, None) => Asked::Nothing,
        };
        let remedy = error.remedy();
        let message = chain(error).to_string();
        let failure = Failure {
            at: now,
            message: message.clone(),
            remedy: remedy.map(str::to_owned),
            is_asked_to_wait: asked != Asked::Nothing,
        };
        site.failed(failure, |failures| schedule::backoff(failures, asked, rand::random()));
        let report = site.report();
        let next_retry = report.next_retry.map(|at| at.to_string()).unwrap_or_default();
        let (names, failures, remedy) = (&site.names, report.failures, remedy.unwrap_or_default());
        let is_served = report.certificate.is_some_and(|held| now + ALARMING < held.not_after);
        if is_served {
            tracing::warn!(?names, error = message, remedy, failures, next_retry, "a certificate was not renewed yet");
        } else {
            tracing::error!(
                ?names,
                error = message,
                remedy,
                failures,
                next_retry,
                "there is no certificate of the authority's"
            );
        }
    }

    /// Stores a certificate. It is served even if the disk does not take it; then it is tried again.
    async fn save(&self, site: &mut Site) {
        let Some(held) = &site.held else { return };
        let (storage, names, pem) = (self.registrar.storage.clone(), site.names.clone(), Arc::clone(&held.issued.pem));
        let saved: Result<(), StorageError> = off_thread(move || storage.put_certificate(&names, &pem)).await;
        if let Err(error) = &saved
            && !site.is_unsaved
        {
            let names = &site.names;
            tracing::error!(?names, error = %chain(error), "a certificate is served but was not stored; this is tried again");
        }
        site.is_unsaved = saved.is_err();
    }
}
