//! A language model behind OpenAI's API: honest, inventive or obedient, slow, silent, cut off, malformed or gone.
//!
//! It is a real server on a port of its own. It has no model inside: it quotes the passages it is given, and what a
//! model might do wrong it does when a test says so.

mod answers;
mod asked;
mod behaviour;
mod door;
mod figures;
mod player;
mod record;
mod script;
mod speech;

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use answers::Answers;
use door::Door;

use super::Authority;
use super::eventually;

pub use asked::Asked;
pub use asked::Passage;
pub use behaviour::Behaviour;
pub use behaviour::Fault;
pub use behaviour::Form;
pub use behaviour::Mark;
pub use behaviour::Mishap;
pub use behaviour::Pace;
pub use behaviour::Thinking;
pub use behaviour::Words;
pub use record::End;
pub use record::Seen;

/// The model that a server has unless it is told otherwise.
pub const MODEL: &str = "bank-model";

/// The two requests it knows.
const MODELS: &str = "GET /v1/models";
const CHAT: &str = "POST /v1/chat/completions";

/// A server. Clones are handles of the same one; when the last is dropped, it is gone with all its connections.
#[derive(Clone)]
pub struct ModelServer {
    answers: Arc<Answers>,
    door: Arc<Door>,
    secured: Option<Arc<Secured>>,
}

/// The certificate of a server that speaks TLS, issued by an authority nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// For the address and for `localhost`.
    Good,
    /// The same, until yesterday.
    Expired,
    /// For `other.example`.
    OfAnother,
}

/// What trusts the server.
struct Secured {
    folder: TempDir,
    root_pem: String,
}

impl ModelServer {
    /// Over plain HTTP, with [`MODEL`], without a key, honest and quick.
    pub async fn start() -> Self {
        Self::listen(None, None).await
    }

    /// The same over TLS.
    pub async fn start_tls(certificate: Certificate) -> Self {
        let authority = Authority::new("Authority of the model");
        let (chain, key) = match certificate {
            Certificate::Good => authority.issue(&["127.0.0.1", "localhost"], 30),
            Certificate::Expired => authority.issue_from(&["127.0.0.1", "localhost"], -30, -1),
            Certificate::OfAnother => authority.issue(&["other.example"], 30),
        };
        let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap())
            .unwrap();
        let secured = Secured { folder: TempDir::new().unwrap(), root_pem: authority.pem().to_owned() };
        fs::write(secured.root_file(), &secured.root_pem).unwrap();
        Self::listen(Some(TlsAcceptor::from(Arc::new(config))), Some(Arc::new(secured))).await
    }

    async fn listen(tls: Option<TlsAcceptor>, secured: Option<Arc<Secured>>) -> Self {
        let answers = Arc::new(Answers::default());
        answers.set_models(&[MODEL]);
        let door = Arc::new(Door::new(Arc::clone(&answers), tls));
        door.open().await;
        Self { answers, door, secured }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// Its base URL, as a configuration has it, with `/v1`.
    pub fn url(&self) -> String {
        let scheme = if self.secured.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/v1", self.address())
    }

    /// The file with its authority's certificate (PEM), as a configuration has it.
    #[track_caller]
    pub fn ca_file(&self) -> PathBuf {
        self.secured.as_ref().expect("it speaks TLS").root_file()
    }

    /// Its authority's certificate (PEM).
    #[track_caller]
    pub fn ca_pem(&self) -> &str {
        &self.secured.as_ref().expect("it speaks TLS").root_pem
    }

    /// Has these models from now on.
    pub fn serves(&self, models: &[&str]) {
        self.answers.set_models(models);
    }

    /// Wants this key from now on, or none.
    pub fn wants_key(&self, key: Option<&str>) {
        self.answers.set_key(key);
    }

    /// Behaves so from now on. `/v1/models` follows only faults that leave no answer to chat about, and the headers' pace.
    pub fn behaves(&self, behaviour: impl Into<Behaviour>) {
        self.answers.set(behaviour.into());
    }

    /// Treats the next requests to chat so, one each, and the rest as it did before. What was left of an earlier list
    /// is forgotten.
    pub fn behaves_next(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.answers.set_next(behaviours.into_iter().collect());
    }

    /// Treats the requests that are meant so from now on, whatever else it was told; the last such word counts.
    pub fn behaves_when(
        &self,
        is_meant: impl Fn(&Asked) -> bool + Send + Sync + 'static,
        behaviour: impl Into<Behaviour>,
    ) {
        self.answers.set_when(Box::new(is_meant), behaviour.into());
    }

    /// Puts this into its answers from now on, as if it had been told to.
    pub fn obeys(&self, canary: &str) {
        self.behaves(Words::Obedient { canary: canary.to_owned() });
    }

    /// Accepts new connections and then leaves them alone, without so much as a handshake; or not any more.
    pub fn is_mute(&self, is_mute: bool) {
        self.door.mute(is_mute);
    }

    /// Refuses connections from now on, as a server that is stopped: answers under way are finished, idle connections
    /// closed. Returns when connections are refused.
    pub async fn stops(&self) {
        self.door.close(false).await;
    }

    /// Refuses connections from now on, as a server that is killed: all its connections break.
    pub async fn dies(&self) {
        self.door.close(true).await;
    }

    /// Listens again, where it did.
    pub async fn comes_back(&self) {
        self.door.open().await;
    }

    /// How many connections it accepted so far.
    pub fn connections(&self) -> usize {
        self.door.connections()
    }

    /// All requests so far, oldest first.
    pub fn seen(&self) -> Vec<Seen> {
        self.answers.record().seen()
    }

    /// The requests to chat so far, oldest first.
    pub fn chats(&self) -> Vec<Seen> {
        self.answers.record().read(|seen| seen.iter().filter(|seen| seen.target == CHAT).cloned().collect())
    }

    /// The last request to chat.
    #[track_caller]
    pub fn last(&self) -> Seen {
        let last = self.answers.record().read(|seen| seen.iter().rfind(|seen| seen.target == CHAT).cloned());
        last.expect("somebody asked")
    }

    /// Requests to chat that are under way. One whose answer the client has read is not.
    pub fn in_flight(&self) -> usize {
        self.answers.record().in_flight().0
    }

    /// How many were under way at most.
    pub fn in_flight_max(&self) -> usize {
        self.answers.record().in_flight().1
    }

    /// Tokens sent so far, to all.
    pub fn tokens(&self) -> usize {
        self.answers.record().read(|seen| seen.iter().map(|seen| seen.tokens.len()).sum())
    }

    /// Requests to chat whose client hung up before the end. What fits into the sockets' buffers counts as sent, so
    /// a quick answer is rarely one of them.
    pub fn hang_ups(&self) -> usize {
        self.count(|seen| seen.end == End::HungUp)
    }

    /// All figures it invented so far, oldest first; those of one answer are in [`Seen::invented`].
    pub fn invented(&self) -> Vec<String> {
        self.answers.record().read(|seen| seen.iter().flat_map(|seen| seen.invented.clone()).collect())
    }

    /// Waits until so many requests to chat were read.
    pub async fn asked(&self, count: usize) {
        let is_there = async || (self.count(|seen| seen.asked.is_some()) >= count).then_some(());
        eventually("requests to the model", is_there).await;
    }

    /// Waits until so many requests to chat were sent a token.
    pub async fn began(&self, count: usize) {
        let has_begun = async || (self.count(|seen| !seen.tokens.is_empty()) >= count).then_some(());
        eventually("answers of the model", has_begun).await;
    }

    /// Waits until so many clients hung up.
    pub async fn hung_up(&self, count: usize) {
        eventually("clients that hang up", async || (self.hang_ups() >= count).then_some(())).await;
    }

    /// Waits until nothing is under way.
    pub async fn idle(&self) {
        eventually("a model at rest", async || (self.in_flight() == 0).then_some(())).await;
    }

    fn count(&self, is_meant: impl Fn(&Seen) -> bool) -> usize {
        self.answers.record().read(|seen| seen.iter().filter(|seen| seen.target == CHAT && is_meant(seen)).count())
    }
}

impl Secured {
    fn root_file(&self) -> PathBuf {
        self.folder.path().join("model-ca.pem")
    }
}
