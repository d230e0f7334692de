//! An authority of a test's own: Let's Encrypt's Pebble, with the name server it asks.

use std::fs;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use hyper_rustls::HttpsConnector;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::CertifiedIssuer;
use rcgen::IsCa;
use rcgen::KeyPair;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tempfile::TempDir;

use super::eventually;
use super::watchdog::Watchdog;

/// Where free ports are looked for: below the range that outgoing connections take theirs from.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
const ROOT: &str = "root.pem";
const MISSING: &str = "Pebble is not installed, so certificates cannot be tested. Install it (Debian: `apt-get install \
    pebble`; `tests/run` does).";

/// How it behaves.
pub struct Nature {
    /// The percentage of good nonces that it refuses.
    pub nonces_refused: u32,
    /// Whether names lead to this machine, or nowhere.
    pub is_resolving: bool,
    /// The id and the key (base64url) that a customer must have.
    pub customer: Option<(&'static str, &'static str)>,
}

impl Default for Nature {
    fn default() -> Self {
        Self { nonces_refused: 5, is_resolving: true, customer: None }
    }
}

/// A running Pebble, in strict mode. Dropped, it is killed.
pub struct Pebble {
    identity: Identity,
    api: SocketAddr,
    management: SocketAddr,
    folder: TempDir,
    _running: [Running; 2],
}

/// A client that trusts a throw-away root alone.
pub type TrustingClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A throw-away root, and a certificate of it for this machine.
#[derive(Clone)]
pub struct Identity {
    root: String,
    chain: String,
    key: String,
    roots: Arc<RootCertStore>,
    server: Arc<ServerConfig>,
}

struct Running {
    child: Child,
    watchdog: Watchdog,
}

impl Pebble {
    /// Starts it. Pages are asked for at the port of `plain`, handshakes at that of `tls`.
    pub async fn start(nature: &Nature, plain: SocketAddr, tls: SocketAddr) -> Self {
        let identity = Identity::new();
        let folder = tempfile::Builder::new().prefix("bank-aicc-pebble-").tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let [api, management, names, names_management] = [(); 4].map(|()| free_address());
        let (id, key) = nature.customer.unwrap_or(("nobody", "bm9ib2R5"));
        let config = json!({ "pebble": {
            "listenAddress": api.to_string(),
            "managementListenAddress": management.to_string(),
            "certificate": file("server.pem", &identity.chain),
            "privateKey": file("server.key", &identity.key),
            "httpPort": plain.port(),
            "tlsPort": tls.port(),
            "externalAccountBindingRequired": nature.customer.is_some(),
            "externalAccountMACKeys": { id: key },
        }});
        let config = file("config.json", &config.to_string());

        file(ROOT, &identity.root);
        let mut resolver = Command::new("pebble-challtestsrv");
        resolver.args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""]);
        resolver.args(["-defaultIPv4", if nature.is_resolving { "127.0.0.1" } else { "" }]);
        resolver.args(["-dns01", &names.to_string(), "-management", &names_management.to_string()]);
        let mut pebble = Command::new("pebble");
        pebble.args(["-strict", "-config", &config, "-dnsserver", &names.to_string()]);
        // At full speed, and every order proves its names anew.
        pebble.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0");
        pebble.env("PEBBLE_WFE_NONCEREJECT", nature.nonces_refused.to_string());
        let running = [Running::start(resolver, names).await, Running::start(pebble, api).await];
        Self { identity, api, management, folder, _running: running }
    }

    /// Where its API is.
    pub fn api(&self) -> SocketAddr {
        self.api
    }

    /// What its own HTTPS is trusted by.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The file with the root that its own HTTPS is trusted by.
    pub fn root_file(&self) -> PathBuf {
        self.folder.path().join(ROOT)
    }

    /// The root that it issues certificates under, PEM.
    pub async fn issuing_root(&self) -> String {
        let url = format!("https://{}/roots/0", self.management).parse().unwrap();
        let response = self.identity.client().get(url).await.expect("Pebble's management answers");
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }
}

impl Identity {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &root).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(root.der().clone()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        Self {
            root: root.pem(),
            chain: certificate.pem(),
            key: key.serialize_pem(),
            roots: Arc::new(roots),
            server: Arc::new(server),
        }
    }

    /// To serve HTTPS with.
    pub fn server(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }

    /// To ask such servers with.
    pub fn client(&self) -> TrustingClient {
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(Arc::clone(&self.roots))
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_only().enable_http1().build();
        Client::builder(TokioExecutor::new()).build(connector)
    }
}

impl Running {
    /// Starts a program and waits until it listens.
    async fn start(mut command: Command, address: SocketAddr) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{error}: {command:?}\n{MISSING}"));
        let watchdog = Watchdog::over(child.id(), None);
        eventually("an authority that listens", || {
            let status = child.try_wait().unwrap();
            assert!(status.is_none(), "it ended: {status:?}: {command:?}");
            let is_there = TcpStream::connect(address).is_ok();
            async move { is_there.then_some(()) }
        })
        .await;
        Self { child, watchdog }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Either fails only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.watchdog.dismiss();
    }
}

/// An address nobody listens on, for who has to know it before.
pub fn free_address() -> SocketAddr {
    let port = (0..100)
        .map(|_| rand::random_range(PORTS))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port");
    SocketAddr::from(([127, 0, 0, 1], port))
}
