//! Which certificate is served for which name, and where it comes from.
//!
//! Each site has a ladder: the certificate of its own source, or else one of the local authority, so that there is always
//! one to serve. A certificate is exchanged between two handshakes; connections that are open keep theirs.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use arc_swap::ArcSwap;
use rustls::server::ClientHello;
use rustls::server::ResolvesServerCert;
use rustls::sign::CertifiedKey;
use time::OffsetDateTime;

use crate::config::SiteSource;
use crate::config::UnknownName;
use crate::edge::acme::Challenges;
use crate::edge::certificate::CertificateFacts;

/// The protocol by which an ACME authority asks for its challenge (RFC 8737).
pub(in crate::edge) const ACME_PROTOCOL: &[u8] = b"acme-tls/1";

/// Where a served certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The site's files.
    Files,
    /// An ACME authority.
    Acme,
    /// The authority of this installation.
    LocalCa,
}

/// A site and what it serves.
#[derive(Debug, Clone)]
pub struct SiteStatus {
    /// Its names.
    pub names: Vec<String>,
    /// Where its certificate should come from.
    pub source: SiteSource,
    /// Where the one it serves comes from, and from when until when that is valid; `None` before there is one.
    pub served: Option<(Origin, OffsetDateTime, OffsetDateTime)>,
    /// What is wrong with it, if anything is.
    pub problem: Option<String>,
}

/// A site as it is kept.
pub(super) struct Site {
    pub(super) names: Vec<String>,
    pub(super) source: SiteSource,
    /// Certificate and key, with [`SiteSource::Files`].
    pub(super) files: Option<(PathBuf, PathBuf)>,
    pub(super) served: Option<Served>,
    pub(super) problem: Option<String>,
}

/// A certificate that is served.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) origin: Origin,
    pub(super) facts: CertificateFacts,
}

/// All certificates.
pub(in crate::edge) struct Certificates {
    sites: Mutex<Vec<Site>>,
    table: ArcSwap<Table>,
    challenges: Challenges,
}

/// What handshakes look up.
#[derive(Default)]
struct Table {
    exact: HashMap<String, Arc<CertifiedKey>>,
    /// By what follows `*.`.
    wild: HashMap<String, Arc<CertifiedKey>>,
    /// For a client that names nobody: it may have come by address.
    nameless: Option<Arc<CertifiedKey>>,
    /// For a client that names somebody else.
    other: Option<Arc<CertifiedKey>>,
}

impl Certificates {
    /// None yet, but those that answer an ACME authority's questions.
    pub(super) fn new(challenges: Challenges) -> Self {
        Self { sites: Mutex::default(), table: ArcSwap::default(), challenges }
    }

    /// What answers an ACME authority's questions.
    pub(super) fn challenges(&self) -> &Challenges {
        &self.challenges
    }

    /// Replaces the sites. One whose names and source stay keeps what it serves.
    pub(super) fn set_sites(&self, mut sites: Vec<Site>, unknown: UnknownName) {
        self.change(unknown, |kept| {
            for site in &mut sites {
                let same = kept.iter_mut().find(|kept| kept.names == site.names && kept.source == site.source);
                if let Some(same) = same {
                    site.served = same.served.take();
                }
            }
            *kept = sites;
        });
    }

    /// Serves a certificate from now on at the site with these names.
    pub(super) fn install(&self, names: &[String], served: Served, unknown: UnknownName) {
        self.change(unknown, |sites| {
            if let Some(site) = sites.iter_mut().find(|site| site.names == names) {
                // The local authority steps in where something is wrong, which stays so.
                if served.origin != Origin::LocalCa || site.source == SiteSource::LocalCa {
                    site.problem = None;
                }
                site.served = Some(served);
            }
        });
    }

    /// Notes what is wrong with a site; whether it was not known before.
    pub(super) fn complain(&self, names: &[String], problem: &str) -> bool {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(site) = sites.iter_mut().find(|site| site.names == names) else { return false };
        let is_news = site.problem.as_deref() != Some(problem);
        site.problem = Some(problem.to_owned());
        is_news
    }

    /// Whether an authority may come with a question.
    pub(super) fn is_challenged(&self) -> bool {
        self.challenges.is_active()
    }

    /// The sites that have files.
    pub(super) fn files(&self) -> Vec<(Vec<String>, (PathBuf, PathBuf))> {
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites.iter().filter_map(|site| Some((site.names.clone(), site.files.clone()?))).collect()
    }

    /// All sites, by their names, with what they serve.
    pub(super) fn all(&self) -> Vec<(Vec<String>, Option<Served>)> {
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites.iter().map(|site| (site.names.clone(), site.served.clone())).collect()
    }

    /// What the site with these names serves.
    pub(super) fn served(&self, names: &[String]) -> Option<Served> {
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites.iter().find(|site| site.names == names)?.served.clone()
    }

    /// How each site stands.
    pub(in crate::edge) fn status(&self) -> Vec<SiteStatus> {
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        let status = |site: &Site| SiteStatus {
            names: site.names.clone(),
            source: site.source,
            served: site.served.as_ref().map(|served| (served.origin, served.facts.not_before, served.facts.not_after)),
            problem: site.problem.clone(),
        };
        sites.iter().map(status).collect()
    }

    fn change(&self, unknown: UnknownName, change: impl FnOnce(&mut Vec<Site>)) {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut sites);
        self.table.store(Arc::new(Table::of(&sites, unknown)));
    }
}

impl Table {
    fn of(sites: &[Site], unknown: UnknownName) -> Self {
        let mut table = Self::default();
        for site in sites {
            let Some(served) = &site.served else { continue };
            for name in &site.names {
                let key = Arc::clone(&served.key);
                match name.strip_prefix("*.") {
                    Some(parent) => table.wild.insert(parent.to_owned(), key),
                    None => table.exact.insert(name.clone(), key),
                };
            }
        }
        let first = || sites.iter().find_map(|site| site.served.as_ref()).map(|served| Arc::clone(&served.key));
        let has_address = |site: &&Site| site.names.iter().any(|name| name.parse::<std::net::IpAddr>().is_ok());
        let by_address = sites.iter().filter(has_address).find_map(|site| site.served.as_ref());
        table.other = if unknown == UnknownName::Default { first() } else { None };
        table.nameless = by_address.map(|served| Arc::clone(&served.key)).or_else(|| table.other.clone());
        table
    }

    fn find(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let Some(name) = name else { return self.nameless.clone() };
        // A name may be written with the dot of the root, and in any case.
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let parent = name.split_once('.').map(|(_, parent)| parent);
        let found = self.exact.get(&name).or_else(|| self.wild.get(parent?));
        found.or(self.other.as_ref()).cloned()
    }
}

impl Served {
    /// A certificate and what it says of itself.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn of(key: Arc<CertifiedKey>, origin: Origin) -> Result<Self, String> {
        let leaf = key.end_entity_cert().map_err(|error| error.to_string())?;
        let facts = CertificateFacts::of(leaf)?;
        Ok(Self { key, origin, facts })
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let is_challenge = hello.alpn().is_some_and(|mut protocols| protocols.any(|name| name == ACME_PROTOCOL));
        if is_challenge {
            return self.challenges.certificate(hello.server_name()?);
        }
        self.table.load().find(hello.server_name())
    }
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::tls::local_ca::LocalCa;

    fn site(authority: &LocalCa, names: &[&str]) -> Site {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let key = authority.issue(&names, OffsetDateTime::UNIX_EPOCH + std::time::Duration::from_hours(1_000_000));
        let served = Some(Served::of(key.unwrap(), Origin::LocalCa).unwrap());
        Site { names, source: SiteSource::LocalCa, files: None, served, problem: None }
    }

    #[test]
    fn names_find_their_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let now = OffsetDateTime::UNIX_EPOCH + std::time::Duration::from_hours(1_000_000);
        let authority = LocalCa::open(folder.path(), "test", now).unwrap();
        let sites = [
            site(&authority, &["chat.bank.example", "www.bank.example"]),
            site(&authority, &["*.branch.example"]),
            site(&authority, &["10.1.2.3"]),
        ];
        let number = |key: Option<Arc<CertifiedKey>>| {
            let key = key?;
            sites.iter().position(|site| site.served.as_ref().is_some_and(|served| Arc::ptr_eq(&served.key, &key)))
        };
        for (name, by_default, refusing) in [
            (Some("chat.bank.example"), Some(0), Some(0)),
            (Some("WWW.bank.example."), Some(0), Some(0)),
            (Some("seoul.branch.example"), Some(1), Some(1)),
            (Some("a.seoul.branch.example"), Some(0), None),
            (Some("branch.example"), Some(0), None),
            (Some("other.example"), Some(0), None),
            (None, Some(2), Some(2)),
        ] {
            assert_eq!(number(Table::of(&sites, UnknownName::Default).find(name)), by_default, "{name:?}");
            assert_eq!(number(Table::of(&sites, UnknownName::Refuse).find(name)), refusing, "{name:?}");
        }
        assert!(Table::of(&sites[..1], UnknownName::Refuse).find(None).is_none());
    }
}
