//! A machine that gets its certificates from an authority: the product's listeners, a data folder, and a clock that is
//! moved.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use bank_aicc::clock::Clock;
use bank_aicc::config::Config;
use bank_aicc::domain::Timestamp;
use bank_aicc::edge::Assets;
use bank_aicc::edge::Edge;
use bank_aicc::edge::End;
use bank_aicc::edge::Listener;
use bank_aicc::edge::acme::Acme;
use bank_aicc::edge::acme::Challenges;
use bank_aicc::edge::acme::Report;
use bank_aicc::edge::acme::SiteReport;
use bank_aicc::edge::acme::Status;
use bank_aicc::edge::acme::read_report;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::UnixTime;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::CertifiedKey;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::authority::Authority;
use super::eventually;
use super::pebble::Pebble;
use super::soon;

/// A machine. Dropped, it ends.
pub struct Machine {
    folder: TempDir,
    plain: SocketAddr,
    tls: SocketAddr,
    clock: Clock,
    challenges: Challenges,
    end: CancellationToken,
}

/// Certificates being cared for.
pub struct Care {
    /// What was there before anybody was asked.
    pub stored: Option<CertifiedKey>,
    status: Status,
    installed: Arc<Mutex<Vec<CertifiedKey>>>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Machine {
    /// With listeners on free ports, and a clock that shows the time it is.
    pub async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let settings =
            format!("server.data_dir = \"{}\"\nedge.tls.listen = [\"127.0.0.1:0\"]\n", folder.path().display());
        let config = Config::parse(&settings, "test", std::iter::empty()).unwrap();
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = Listener::bind(&[any], &[any]).unwrap();
        let (plain, tls) = (listener.addresses()[0], listener.tls_addresses()[0]);
        let edge = Edge::new(&config, &listener, Clock::system(), |_| false, Assets::default()).unwrap();
        let end = CancellationToken::new();
        let ends = End { begin: end.clone(), now: end.clone() };
        listener.serve(&edge, edge.wrap(axum::Router::new()), &TaskTracker::new(), &ends);
        let clock = Clock::manual(Clock::system().now());
        Self { folder, plain, tls, clock, challenges: edge.challenges(), end }
    }

    /// The same with a clock that shows another time.
    pub async fn start_at(unix_ms: i64) -> Self {
        let mut machine = Self::start().await;
        machine.clock = Clock::manual(Timestamp::from_unix_ms(unix_ms));
        machine
    }

    /// Where pages are served, and handshakes made.
    pub fn addresses(&self) -> (SocketAddr, SocketAddr) {
        (self.plain, self.tls)
    }

    /// Lets time pass.
    pub fn wait(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// Begins to care for one certificate for these names. `more` are settings of `[edge.acme]`.
    pub fn care(&self, authority: &Authority, names: &[&str], more: &str) -> Care {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let config = self.config(authority, &names, more);
        let installed = Arc::new(Mutex::new(Vec::new()));
        let install = {
            let (installed, names) = (Arc::clone(&installed), names.clone());
            Arc::new(move |of: &[String], certificate: CertifiedKey| {
                assert_eq!(of, names);
                installed.lock().unwrap().push(certificate);
            })
        };
        let acme = Acme::new(&config, self.clock.clone(), self.challenges.clone(), install);
        let (stored, status, shutdown) = (acme.stored(&names), acme.status(), CancellationToken::new());
        let task = tokio::spawn(acme.run(shutdown.clone()));
        Care { stored, status, installed, shutdown, task }
    }

    /// What another process can read.
    pub fn report(&self) -> Option<Report> {
        read_report(self.folder.path()).unwrap()
    }

    /// Everything that is stored about certificates.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.folder.path().join("tls/acme")];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files.sort();
        files
    }

    /// The file of the one certificate.
    pub fn certificate_file(&self) -> PathBuf {
        let mut files = self.files().into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "pem"));
        files.next().expect("a stored certificate")
    }

    /// Whether nothing proves a name any more.
    pub fn shows_nothing(&self) -> bool {
        !self.challenges.is_active()
    }

    /// A file in the data folder.
    pub fn put(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn config(&self, authority: &Authority, names: &[String], more: &str) -> Config {
        let (data, plain, tls, directory) = (self.folder.path().display(), self.plain, self.tls, authority.directory());
        let root = authority.pebble().root_file();
        let root = root.display();
        let text = format!(
            "server.listen = [\"{plain}\"]\nserver.data_dir = \"{data}\"\nedge.tls.listen = [\"{tls}\"]\n\
             [[edge.site]]\nnames = {names:?}\nsource = \"acme\"\n\
             [edge.acme]\ndirectory = \"{directory}\"\nterms_agreed = true\nca_file = \"{root}\"\n\
             check_interval = \"100ms\"\n{more}\n"
        );
        Config::parse(&text, "test", std::iter::empty()).unwrap_or_else(|errors| panic!("{errors}"))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

impl Care {
    /// The site as it is now.
    pub fn site(&self) -> SiteReport {
        self.status.report().sites.remove(0)
    }

    /// How all stands.
    pub fn report(&self) -> Report {
        self.status.report()
    }

    /// The certificates that were taken into use so far.
    pub fn installed(&self) -> Vec<CertifiedKey> {
        self.installed.lock().unwrap().clone()
    }

    /// Waits for the certificate with this number, counted from 1.
    pub async fn certificate(&self, number: usize) -> CertifiedKey {
        eventually("a certificate", async || {
            let found = self.installed().get(number - 1).cloned();
            // It is in the report a moment after it is in use.
            found.filter(|_| self.site().certificate.is_some() && self.site().failures == 0)
        })
        .await
    }

    /// Waits for this many failures in a row.
    pub async fn failures(&self, number: u32) -> SiteReport {
        eventually("a failure", async || Some(self.site()).filter(|site| site.failures >= number)).await
    }

    /// Ends it, as the end of the program does.
    pub async fn stop(self) {
        self.shutdown.cancel();
        soon("the end of the task", self.task).await.unwrap();
    }
}

/// Fails unless browsers that trust the authority's root would take a certificate for this name.
pub async fn verify(certificate: &CertifiedKey, name: &str, pebble: &Pebble) {
    let mut roots = RootCertStore::empty();
    let root = pebble.issuing_root().await;
    roots.add(CertificateDer::from_pem_slice(root.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let (leaf, chain) = certificate.cert.split_first().unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    verifier.verify_server_cert(leaf, chain, &name, &[], UnixTime::now()).unwrap();
    certificate.keys_match().unwrap();
}
