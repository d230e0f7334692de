//! Keeps each site's certificate good: reads files again when they change, and makes local ones anew in time.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::time::SystemTime;

use rustls::sign::CertifiedKey;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::config;
use crate::config::SiteSource;
use crate::edge::acme::Acme;
use crate::edge::tls::LocalCa;
use crate::edge::tls::Origin;
use crate::edge::tls::Tls;
use crate::edge::tls::TlsError;
use crate::edge::tls::certificate;
use crate::edge::tls::certificates::Served;
use crate::edge::tls::certificates::Site;
use crate::telemetry::chain;

/// How often it is looked at. Files are compared by their time and length, which costs nothing.
const INTERVAL: Duration = Duration::from_secs(5);

/// What a file was like when it was read.
type Seen = Option<(SystemTime, u64)>;

impl Tls {
    /// Gives each site of the configuration a certificate: of its source, or of the local authority.
    pub(super) fn load_sites(&self, acme: Option<&Acme>) -> Result<(), TlsError> {
        let configs = self.configs.load();
        let sites = sites(&configs.settings, &self.data_dir);
        self.certificates.set_sites(sites, configs.settings.tls.unknown_name);
        for (names, files) in self.certificates.files() {
            self.read_files(&names, &files);
        }
        for (names, _) in self.certificates.all() {
            if let Some(key) = acme.and_then(|acme| acme.stored(&names)) {
                self.install_acme(&names, key);
            }
        }
        self.fill_up()
    }

    /// Serves a certificate from an ACME authority.
    pub(super) fn install_acme(&self, names: &[String], key: CertifiedKey) {
        match Served::of(Arc::new(key), Origin::Acme) {
            Ok(served) => self.install(names, served),
            Err(why) => self.complain(names, &format!("the certificate the authority issued cannot be read: {why}")),
        }
    }

    /// Looks after the certificates until shutdown.
    pub async fn keep(self: Arc<Self>, shutdown: CancellationToken) {
        let mut seen: Vec<(PathBuf, Seen)> = Vec::new();
        loop {
            let tls = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || {
                tls.look(&mut seen);
                seen
            });
            match looked.await {
                Ok(what) => seen = what,
                Err(_) => return,
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
        }
    }

    fn look(&self, seen: &mut Vec<(PathBuf, Seen)>) {
        let mut now_seen = Vec::new();
        for (names, files) in self.certificates.files() {
            let is_changed = [&files.0, &files.1].map(|path| {
                let state = state(path);
                let before = seen.iter().find(|(known, _)| known == path).map(|(_, state)| *state);
                now_seen.push((path.clone(), state));
                before.is_some_and(|before| before != state)
            });
            if is_changed.contains(&true) {
                self.read_files(&names, &files);
            }
        }
        *seen = now_seen;
        if let Err(error) = self.fill_up() {
            tracing::error!(error = %chain(&error), "no certificate could be made by the local authority");
        }
    }

    /// Serves what a site's files hold, or keeps what it serves and says why.
    fn read_files(&self, names: &[String], (certificate, key): &(PathBuf, PathBuf)) {
        let read = certificate::from_files(certificate, key)
            .and_then(|key| Served::of(Arc::new(key), Origin::Files))
            .map(|served| (served.facts.fault(names, self.now()), served));
        match read {
            Ok((None, served)) => self.install(names, served),
            // A certificate with a fault does not take the place of one without.
            Ok((Some(fault), served)) => {
                let why = format!("{} {fault}", certificate.display());
                let current = self.certificates.served(names);
                if current.is_some_and(|current| current.facts.fault(names, self.now()).is_none()) {
                    return self.complain(names, &why);
                }
                self.install(names, served);
                if self.certificates.complain(names, &why) {
                    let names = names.join(", ");
                    tracing::error!(
                        names,
                        why,
                        "a certificate is not as it should be, and is shown, since there is no better one"
                    );
                }
            }
            Err(why) => self.complain(names, &why),
        }
    }

    /// A local certificate for each site that has none, or whose local one comes to its end.
    fn fill_up(&self) -> Result<(), TlsError> {
        let now = self.now();
        let needing: Vec<Vec<String>> = self
            .certificates
            .all()
            .into_iter()
            .filter(|(_, served)| match served {
                None => true,
                Some(Served { origin: Origin::LocalCa, facts, .. }) => {
                    now > facts.not_before + (facts.not_after - facts.not_before) * 2 / 3
                }
                Some(_) => false,
            })
            .map(|(names, _)| names)
            .collect();
        if needing.is_empty() {
            return Ok(());
        }
        let authority = LocalCa::open(&self.data_dir, &installation(), now)?;
        for names in needing {
            let key = authority.issue(&names, now)?;
            match Served::of(key, Origin::LocalCa) {
                Ok(served) => self.put(&names, served),
                Err(why) => tracing::error!(names = names.join(", "), why, "a local certificate cannot be read"),
            }
        }
        Ok(())
    }

    fn install(&self, names: &[String], served: Served) {
        let (origin, until) = (served.origin, served.facts.not_after);
        self.put(names, served);
        tracing::info!(names = names.join(", "), ?origin, until = %until.date(), "certificate in use");
    }

    fn put(&self, names: &[String], served: Served) {
        self.certificates.install(names, served, self.configs.load().settings.tls.unknown_name);
    }

    fn complain(&self, names: &[String], why: &str) {
        if self.certificates.complain(names, why) {
            tracing::error!(
                names = names.join(", "),
                why,
                "a certificate is not as it should be and not used: the one before stays, or one of the local authority is shown"
            );
        }
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.clock.now_utc()
    }
}

/// The configured sites; without any, this machine.
fn sites(settings: &config::Edge, data_dir: &Path) -> Vec<Site> {
    let mut sites: Vec<Site> = settings
        .sites
        .iter()
        .filter(|site| site.source != SiteSource::Off)
        .map(|site| {
            let path = |path: &Option<PathBuf>| path.as_ref().map(|path| data_dir.join(path));
            let files = path(&site.certificate_file).zip(path(&site.key_file));
            Site { names: site.names.clone(), source: site.source, files, served: None, problem: None }
        })
        .collect();
    if sites.is_empty() {
        let names = this_machine();
        sites.push(Site { names, source: SiteSource::LocalCa, files: None, served: None, problem: None });
    }
    sites
}

/// Names under which this machine is reached without a configuration.
fn this_machine() -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let own = installation();
    if own != "localhost" && config::is_host_name(&own) {
        names.push(own);
    }
    names
}

/// What people call this machine.
pub(super) fn installation() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    if name.is_empty() { "localhost".to_owned() } else { name }
}

fn state(path: &Path) -> Seen {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
