//! The product's server inside the test process, on a free port, with its own data and a clock that stands still.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use bank_aicc::clock::Clock;
use bank_aicc::config::Config;
use bank_aicc::domain::Timestamp;
use bank_aicc::knowledge::import::Readers;
use bank_aicc::server;
use bank_aicc::server::FirstPack;
use bank_aicc::telemetry;
use sqlx::Connection as _;
use sqlx::Executor as _;
use sqlx::MySqlConnection;
use sqlx::SqliteConnection;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::Administrator;
use super::Customer;
use super::Desk;
use super::Http;
use super::MariaDb;
use super::ModelServer;
use super::Store;
use super::administrator::token_file;
use super::eventually;
use super::program::PROGRAM;
use super::template;

/// Set, the servers write their log to standard error.
const LOG_VARIABLE: &str = "BANK_AICC_TEST_LOG";
/// Monday, 23 November 2026, 09:00:00 in Korea (00:00:00Z): 20,780 days after the epoch.
pub const MONDAY_MORNING: Timestamp = Timestamp::from_unix_ms(20_780 * 86_400_000);

/// A server that is not started yet.
pub struct Setup {
    store: Store,
    settings: BTreeMap<String, String>,
    starts_at: Timestamp,
    /// Data that are there already, instead of a copy of the template's.
    folder: Option<TempDir>,
    database: Option<String>,
}

impl Setup {
    /// A server for existing clients that lets one session and one address say as much as they like, and that is not
    /// slowed down by a busy test machine: no notice that an answer takes a while.
    pub fn new(store: Store) -> Self {
        let settings = [
            ("server.listen", "127.0.0.1:0"),
            ("server.shutdown_timeout", "5s"),
            ("api.legacy_clients", "true"),
            ("api.cors_allowed_origins", "*"),
            ("api.limits.session_messages_per_second", "1000.0"),
            ("api.limits.session_messages_burst", "1000"),
            ("chat.processing_notice_after", "1m"),
            ("edge.rate_limit.enabled", "false"),
            ("storage.connect_timeout", "30s"),
            ("storage.write_timeout", "30s"),
            ("log.access", "false"),
        ];
        let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        Self { store, settings, starts_at: MONDAY_MORNING, folder: None, database: None }
    }

    /// Which database it will use.
    pub fn store(&self) -> Store {
        self.store
    }

    /// With another setting, by its key in `config.toml`.
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.settings.insert(key.to_owned(), value.to_owned());
        self
    }

    /// That asks these models for answers.
    pub fn asking(mut self, models: &[&ModelServer]) -> Self {
        for (number, model) in (1..).zip(models) {
            self = self.with(&format!("llm.endpoint.{number}.url"), &model.url());
            self = self.with(&format!("llm.endpoint.{number}.roles"), "[\"answer\"]");
        }
        self
    }

    /// With an [`Administrator`].
    pub fn administered(self) -> Self {
        self.with("admin.token_file", &token_file())
    }

    /// With a clock that stands at another time, in Unix milliseconds.
    pub fn at(mut self, unix_ms: i64) -> Self {
        self.starts_at = Timestamp::from_unix_ms(unix_ms);
        self
    }

    /// On a data folder as it is.
    pub fn folder(mut self, folder: TempDir) -> Self {
        self.folder = Some(folder);
        self
    }

    /// On a MariaDB database as it is.
    pub fn database(mut self, name: &str) -> Self {
        self.database = Some(name.to_owned());
        self
    }

    /// Starts it and waits until it can answer customers.
    pub async fn start(mut self) -> Server {
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => {
                let folder = tempfile::Builder::new().prefix("bank-aicc-suite-").tempdir().unwrap();
                // Boxed, because the template is itself prepared by a server.
                Box::pin(template::copy_folder(self.store, folder.path())).await;
                folder
            }
        };
        let database = match (self.store, self.database.take()) {
            (Store::Sqlite, _) => None,
            (Store::MariaDb, Some(database)) => Some(database),
            (Store::MariaDb, None) => Some(Box::pin(template::copy_database()).await),
        };
        self.settings.insert("server.data_dir".to_owned(), folder.path().display().to_string());
        if let Some(database) = &database {
            self.settings.insert("storage.url".to_owned(), MariaDb::shared().await.url(database));
        }
        let clock = Clock::manual(self.starts_at);
        let shutdown = CancellationToken::new();
        let (address_known, address) = oneshot::channel();
        let config = configure(&self.settings);
        if std::env::var_os(LOG_VARIABLE).is_some() {
            telemetry::start_logging(&config.log);
        }
        let thread = {
            let (clock, shutdown) = (clock.clone(), shutdown.clone());
            std::thread::spawn(move || run(config, clock, &shutdown, address_known))
        };
        let address = address.await.expect("the server starts");
        let http = Http::at(address);
        // Answered as soon as the knowledge pack is loaded, for which a request does not wait as long as a busy machine may need.
        eventually("the knowledge pack", async || (http.get("/api/v1/greeting").await.status == 200).then_some(()))
            .await;
        let Self { store, settings, .. } = self;
        Server { running: Some(Running { shutdown, thread, folder }), store, settings, database, address, clock, http }
    }
}

/// A running server. Dropped, it shuts down as it does on SIGTERM, and its data are removed.
pub struct Server {
    running: Option<Running>,
    store: Store,
    settings: BTreeMap<String, String>,
    database: Option<String>,
    address: SocketAddr,
    clock: Clock,
    http: Http,
}

/// Keeps the database from writing, by a lock that goes with its connection.
pub enum WriteHold {
    /// The file's one write lock.
    Sqlite { _connection: SqliteConnection },
    /// Locks on the tables.
    MariaDb { _connection: MySqlConnection },
}

struct Running {
    shutdown: CancellationToken,
    thread: JoinHandle<()>,
    folder: TempDir,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Which database it uses.
    pub fn store(&self) -> Store {
        self.store
    }

    /// Its data folder.
    pub fn folder(&self) -> &Path {
        self.running.as_ref().expect("it runs").folder.path()
    }

    /// The variables with which the program has the same settings and finds the same data.
    pub fn environment(&self) -> Vec<(String, String)> {
        self.settings.iter().map(|(key, value)| (variable(key), value.clone())).collect()
    }

    /// The name of its MariaDB database.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Any request.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// An existing client: a new session id of its own choice, no token.
    pub async fn customer(&self) -> Customer {
        Customer::new(&self.http)
    }

    /// The same, under this id.
    pub fn customer_named(&self, session: &str) -> Customer {
        Customer::named(&self.http, session)
    }

    /// A customer for whom the server opened a session, with its token.
    pub async fn token_customer(&self) -> Customer {
        Customer::open(&self.http).await
    }

    /// The agents' side.
    pub async fn desk(&self) -> Desk {
        Desk::new(&self.http)
    }

    /// The operator's side; the server was set up [`administered`](Setup::administered).
    pub fn administrator(&self) -> Administrator {
        Administrator::new(&self.http)
    }

    /// Lets time pass.
    pub fn wait(&self, span: Duration) {
        self.clock.advance(span);
    }

    /// Ends it like SIGTERM does; what it leaves behind.
    pub fn stop(mut self) -> TempDir {
        self.end().expect("it runs")
    }

    /// Ends it and starts it again on the same data, at the same time of day, on another port.
    pub async fn restart(mut self) -> Self {
        let folder = self.end().expect("it runs");
        let (settings, database) = (std::mem::take(&mut self.settings), self.database.take());
        Setup { store: self.store, settings, starts_at: self.clock.now(), folder: Some(folder), database }.start().await
    }

    /// Everything the database has written to its files, to look for text in.
    pub async fn stored(&self) -> String {
        // What is no text becomes replacement characters, and the text between stays as it is.
        String::from_utf8_lossy(&self.stored_bytes().await).into_owned()
    }

    async fn stored_bytes(&self) -> Vec<u8> {
        let folder = self.running.as_ref().unwrap().folder.path();
        match &self.database {
            None => files(folder, |name| name.starts_with("bank-aicc.db")),
            Some(database) => {
                let maria = MariaDb::shared().await;
                maria.execute(&format!("FLUSH TABLES {database}.messages, {database}.sessions FOR EXPORT")).await;
                let folder = maria.folder_of(database);
                let mut bytes = files(&folder, |name| name.ends_with(".ibd"));
                bytes.extend(files(folder.parent().unwrap(), |name| name.starts_with("ib_logfile")));
                bytes
            }
        }
    }

    /// Holds up every write to the conversations until the hold is dropped, so that a turn stays under way. SQLite's
    /// writer waits five seconds for it.
    pub async fn hold_writes(&self) -> WriteHold {
        match &self.database {
            None => {
                let folder = self.running.as_ref().unwrap().folder.path();
                let file = format!("sqlite:{}", folder.join("bank-aicc.db").display());
                let mut connection = SqliteConnection::connect(&file).await.unwrap();
                connection.execute("BEGIN IMMEDIATE").await.unwrap();
                WriteHold::Sqlite { _connection: connection }
            }
            Some(database) => {
                let mut connection = MariaDb::shared().await.connect(database).await;
                connection.execute("LOCK TABLES sessions WRITE, messages WRITE").await.unwrap();
                WriteHold::MariaDb { _connection: connection }
            }
        }
    }

    fn end(&mut self) -> Option<TempDir> {
        let Running { shutdown, thread, folder } = self.running.take()?;
        shutdown.cancel();
        let ended = thread.join();
        if ended.is_err() && !std::thread::panicking() {
            panic!("the server panicked");
        }
        Some(folder)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Serves on a runtime of its own, so that nothing the test does on its runtime slows the server down.
fn run(config: Config, clock: Clock, shutdown: &CancellationToken, address_known: oneshot::Sender<SocketAddr>) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let server = server::Server::bind(config, clock, FirstPack::Demo, readers()).await.expect("the server binds");
        if address_known.send(server.addresses()[0]).is_ok() {
            server.run(shutdown.clone()).await;
        }
    });
}

/// This process is no `bank-aicc`; the built program reads documents for it.
fn readers() -> Readers {
    Readers::InChild { program: PROGRAM.into() }
}

fn configure(settings: &BTreeMap<String, String>) -> Config {
    let environment = settings.iter().map(|(key, value)| (variable(key), value.clone()));
    Config::parse("", "test", environment).unwrap_or_else(|errors| panic!("{errors}"))
}

fn variable(key: &str) -> String {
    format!("BANK_AICC__{}", key.to_uppercase().replace('.', "__"))
}

fn files(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if is_wanted(&entry.file_name().to_string_lossy()) {
            bytes.extend(fs::read(entry.path()).unwrap());
        }
    }
    assert!(!bytes.is_empty(), "{} holds the database", folder.display());
    bytes
}
