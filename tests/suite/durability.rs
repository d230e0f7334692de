//! What a client was told is stored is stored (design D2, D3): the program and the database are killed under load, at
//! any moment and many times, and two programs share one database, while clients repeat whatever was not acknowledged.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use sqlx::Connection as _;
use sqlx::MySqlConnection;
use sqlx::SqliteConnection;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::support::Acknowledged;
use crate::support::Http;
use crate::support::Insistent;
use crate::support::MariaDb;
use crate::support::OwnMariaDb;
use crate::support::Program;
use crate::support::Setup;
use crate::support::Store;
use crate::support::Stored;
use crate::support::Transport;

/// How long things are killed, in each test. [`SOAK_VARIABLE`] says another number of seconds.
const SPAN: Duration = Duration::from_secs(20);
const SOAK_VARIABLE: &str = "BANK_AICC_TEST_SOAK_SECONDS";
/// How long a program or a database lives after it has started, in milliseconds. A short life ends before the
/// knowledge pack is loaded.
const LIFE_MS: std::ops::Range<u64> = 0..1_500;
/// Conversations at the same time. In each, one client talks over HTTP and one over WebSocket.
const CONVERSATIONS: usize = 3;
/// Messages of a client before both move to a new conversation.
const CONVERSATION_LENGTH: usize = 10;
/// Conversations that begin on two servers at the same moment.
const OPENINGS: usize = 100;
const QUESTIONS: [&str; 5] = [
    "안녕하세요",
    "가온 신용대출 금리가 지금 몇 퍼센트인가요?",
    "체크카드를 잃어버린 것은 아니고 재발급이 궁금해요",
    "영업점은 몇 시까지 하나요?",
    "감사합니다",
];

/// Once the server has ended in good order, the database's file alone holds everything, whoever copies it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_end_the_file_alone_is_whole() {
    let server = Setup::new(Store::Sqlite).start().await;
    server.customer().await.says("영업시간이 어떻게 되나요?").await;
    let folder = server.stop();
    let copied = tempfile::tempdir().unwrap();
    let file = copied.path().join("bank-aicc.db");
    fs::copy(folder.path().join("bank-aicc.db"), &file).unwrap();
    let said = "SELECT body FROM messages WHERE author = 'customer'";
    assert_eq!(Stored::file(&file).texts(said).await, ["영업시간이 어떻게 되나요?"]);
}

/// `kill -9` of the program, on SQLite.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_program_loses_and_doubles_nothing_on_sqlite() {
    let installation = Installation::on_sqlite().await;
    kill_under_load(&installation).await;
    let mut database = SqliteConnection::connect(&installation.sqlite_url()).await.unwrap();
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut database).await.unwrap();
    assert_eq!(verdict, "ok");
}

/// `kill -9` of the program, on MariaDB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_program_loses_and_doubles_nothing_on_mariadb() {
    if !MariaDb::is_wanted() {
        return;
    }
    let maria = MariaDb::shared().await;
    let url = maria.url(&maria.create_database().await);
    kill_under_load(&Installation::on_mariadb(&url).await).await;
}

/// `kill -9` of the database: the program goes on, and works again as soon as the database does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_mariadb_loses_and_doubles_nothing() {
    if !MariaDb::is_wanted() {
        return;
    }
    let mut maria = OwnMariaDb::start().await;
    let installation = Installation::on_mariadb(&maria.url()).await;
    let mut program = installation.start();
    let (address, server) = watch::channel(program.address());
    let crowd = Crowd::start(&server, "db");
    let (deadline, mut rounds) = (Instant::now() + span(), 0);
    while Instant::now() < deadline {
        tokio::time::sleep(random_life()).await;
        maria.signal("KILL");
        maria.ended().await;
        maria.restart().await;
        rounds += 1;
    }
    let acknowledged = crowd.finish().await;
    assert_eq!(*address.borrow(), *server.borrow(), "the program was never started again");
    verify(&installation, *server.borrow(), &acknowledged, rounds).await;
    program.signal("TERM");
    assert!(program.ended().0.success());
}

both_stores! {
    /// Two programs that start at once on one empty database, and then serve the same conversations: neither overrules
    /// the other, and each sees what the other stored.
    async fn two_programs_share_a_database(setup: Setup) {
        let own_mariadb;
        let installation = match setup.store() {
            Store::Sqlite => Installation::on_sqlite().await.emptied(),
            Store::MariaDb => {
                own_mariadb = OwnMariaDb::start().await;
                // As some sites have it; it locks less.
                own_mariadb.execute("SET GLOBAL tx_isolation = 'READ-COMMITTED'").await;
                Installation::on_mariadb(&own_mariadb.url()).await
            }
        };
        let programs = [installation.start(), installation.start()];
        let servers = programs.each_ref().map(|program| watch::channel(program.address()));
        let mut acknowledged = open_at_once(&servers[0].1, &servers[1].1).await;
        // The same conversations on both.
        let crowds = servers.each_ref().map(|(_, server)| Crowd::start(server, "both"));
        tokio::time::sleep(span() / 2).await;
        for crowd in crowds {
            acknowledged.extend(crowd.finish().await);
        }
        for (_, server) in &servers {
            verify(&installation, *server.borrow(), &acknowledged, 0).await;
        }
    }
}

/// Everything the program needs: a folder, a configuration, and a database.
struct Installation {
    folder: TempDir,
    storage_url: String,
}

impl Installation {
    /// On the file that a server of the suite left behind, the knowledge pack already imported.
    async fn on_sqlite() -> Self {
        let folder = Setup::new(Store::Sqlite).start().await.stop();
        Self::new(folder, "sqlite:bank-aicc.db")
    }

    async fn on_mariadb(url: &str) -> Self {
        Self::new(Setup::new(Store::Sqlite).start().await.stop(), url)
    }

    fn new(folder: TempDir, storage_url: &str) -> Self {
        let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/demo-pack");
        let config = format!(
            r#"
            [server]
            listen = ["127.0.0.1:0"]
            data_dir = "{folder}"
            [api]
            legacy_clients = true
            [api.limits]
            session_messages_per_second = 1000.0
            session_messages_burst = 1000
            [knowledge]
            pack = "{pack}"
            reload_interval = "100ms"
            [storage]
            url = "{storage_url}"
            connect_timeout = "2s"
            write_timeout = "5s"
            [log]
            access = false
            [edge.rate_limit]
            enabled = false
            "#,
            folder = folder.path().display(),
            pack = pack.display(),
        );
        fs::write(folder.path().join("config.toml"), config).unwrap();
        Self { folder, storage_url: storage_url.to_owned() }
    }

    /// Without its database.
    fn emptied(self) -> Self {
        for file in ["bank-aicc.db", "bank-aicc.db-wal", "bank-aicc.db-shm"] {
            // Only the first is there for sure.
            let _ = fs::remove_file(self.folder.path().join(file));
        }
        self
    }

    fn start(&self) -> Program {
        let config = self.folder.path().join("config.toml");
        Program::start(&["serve", "--config", config.to_str().unwrap()], &[])
    }

    fn sqlite_url(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("bank-aicc.db").display())
    }

    /// One number from the database.
    async fn count(&self, sql: &'static str) -> i64 {
        if self.storage_url.starts_with("sqlite:") {
            let mut database = SqliteConnection::connect(&self.sqlite_url()).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut database).await.unwrap()
        } else {
            let mut database = MySqlConnection::connect(&self.storage_url).await.unwrap();
            sqlx::query_scalar(sql).fetch_one(&mut database).await.unwrap()
        }
    }
}

/// Clients that talk until they are told to stop.
struct Crowd {
    stop: Arc<AtomicBool>,
    clients: JoinSet<(Vec<Acknowledged>, usize)>,
}

impl Crowd {
    /// Starts them; conversations are named after `name`, clients after the server as well.
    fn start(server: &watch::Receiver<SocketAddr>, name: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for conversation in 0..CONVERSATIONS {
            for transport in [Transport::Http, Transport::WebSocket] {
                let client = format!("{transport:?}_{conversation}_{}", server.borrow().port());
                let client = Insistent::new(&client, transport, server.clone());
                clients.spawn(talk(client, format!("{name}_{conversation}"), Arc::clone(&stop)));
            }
        }
        Self { stop, clients }
    }

    /// Lets each finish what it is saying; everything that was acknowledged.
    async fn finish(mut self) -> Vec<Acknowledged> {
        self.stop.store(true, Ordering::Relaxed);
        let (mut all, mut failures) = (Vec::new(), 0);
        while let Some(client) = self.clients.join_next().await {
            let (acknowledged, failed) = client.unwrap();
            assert!(!acknowledged.is_empty(), "every client gets a word in");
            failures += failed;
            all.extend(acknowledged);
        }
        println!("{} messages acknowledged, {failures} attempts failed", all.len());
        all
    }
}

/// The first words of many conversations, each said to both servers at the same moment.
async fn open_at_once(one: &watch::Receiver<SocketAddr>, other: &watch::Receiver<SocketAddr>) -> Vec<Acknowledged> {
    let mut clients =
        [("one", one), ("other", other)].map(|(name, server)| Insistent::new(name, Transport::Http, server.clone()));
    let mut acknowledged = Vec::new();
    for number in 0..OPENINGS {
        let session = format!("opening_{number}");
        let [one, other] = &mut clients;
        let (one, other) =
            tokio::join!(one.says(&session, number, "안녕하세요"), other.says(&session, number, "반갑습니다"));
        acknowledged.extend([one, other]);
    }
    acknowledged
}

async fn talk(mut client: Insistent, session: String, stop: Arc<AtomicBool>) -> (Vec<Acknowledged>, usize) {
    let mut acknowledged = Vec::new();
    for (number, text) in QUESTIONS.iter().cycle().enumerate() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let session = format!("{session}_{}", number / CONVERSATION_LENGTH);
        acknowledged.push(client.says(&session, number, text).await);
    }
    (acknowledged, client.failures)
}

async fn kill_under_load(installation: &Installation) {
    let mut program = installation.start();
    let (address, server) = watch::channel(program.address());
    let crowd = Crowd::start(&server, "kill");
    let (deadline, mut rounds) = (Instant::now() + span(), 0);
    while Instant::now() < deadline {
        tokio::time::sleep(random_life()).await;
        program.signal("KILL");
        program.ended();
        program = installation.start();
        address.send_replace(program.address());
        rounds += 1;
    }
    let acknowledged = crowd.finish().await;
    verify(installation, *server.borrow(), &acknowledged, rounds).await;
}

/// Everything that was acknowledged is in the history as it was acknowledged, once, and nothing else is.
async fn verify(installation: &Installation, server: SocketAddr, acknowledged: &[Acknowledged], rounds: usize) {
    println!("{rounds} rounds");
    let mut by_session: BTreeMap<&str, Vec<&Acknowledged>> = BTreeMap::new();
    for message in acknowledged {
        by_session.entry(&message.session).or_default().push(message);
    }
    let http = Http::at(server);
    for (session, acknowledged) in by_session {
        let history = http.get(&format!("/api/v1/sessions/{session}/messages")).await.expect(200);
        verify_conversation(session, history.as_array().unwrap(), &acknowledged);
    }
    let turns = i64::try_from(acknowledged.len()).unwrap();
    assert_eq!(installation.count("SELECT COUNT(*) FROM messages").await, 2 * turns);
    assert_eq!(installation.count("SELECT COUNT(*) FROM decisions").await, turns);
    let names = installation.count("SELECT COUNT(DISTINCT client_message_id) FROM messages").await;
    assert_eq!(names, turns, "each name once");
    let changes = installation.count("SELECT CAST(SUM(version) AS SIGNED) FROM sessions").await;
    assert!(changes >= turns, "a turn was overruled by another: {changes} changes of state, {turns} turns");
}

fn verify_conversation(session: &str, history: &[Value], acknowledged: &[&Acknowledged]) {
    let id = |message: &Value| message["id"].as_i64().unwrap();
    for pair in history.windows(2) {
        assert!(id(&pair[0]) < id(&pair[1]), "{session}: {} before {}", pair[0], pair[1]);
        assert_ne!(pair[0]["role"], pair[1]["role"], "{session}: half a turn: {} before {}", pair[0], pair[1]);
    }
    let places: HashMap<i64, usize> = history.iter().enumerate().map(|(place, message)| (id(message), place)).collect();
    for told in acknowledged {
        let place = *places.get(&told.question).unwrap_or_else(|| panic!("{told:?} is lost"));
        let [question, answer] = &history[place..place + 2] else { panic!("{told:?} has no answer") };
        assert_eq!(question["client_message_id"], told.name.as_str(), "{told:?}");
        assert_eq!(question["message"], told.text.as_str(), "{told:?}");
        assert_eq!(id(answer), told.answer, "{told:?}");
        assert_eq!(answer["message"], told.answer_text.as_str(), "{told:?}");
    }
    assert_eq!(history.len(), 2 * acknowledged.len(), "{session} holds what nobody was told");
}

fn random_life() -> Duration {
    Duration::from_millis(rand::random_range(LIFE_MS))
}

fn span() -> Duration {
    std::env::var(SOAK_VARIABLE).ok().and_then(|seconds| seconds.parse().ok()).map_or(SPAN, Duration::from_secs)
}
